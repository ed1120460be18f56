//! What a run found, as it is stored and compared.

use super::{contestants::Name, generator::tally::median};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds since 1970.
    pub taken_at_s: u64,
    pub machine: Machine,
    pub rounds: usize,
    pub window_s: f64,
    pub costs: Vec<Cost>,
    pub capacities: Vec<Capacity>,
    pub joins: Vec<Joins>,
    pub memory: Vec<Memory>,
    pub rush: Option<Rush>,
    /// What was to be measured and was not, and why.
    pub not_measured: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    /// The contestants and the generator had a core each.
    pub pinned: bool,
    /// Of the last minute, when the run began and when it ended. A core is the generator's: 2 is a quiet machine.
    pub load_before: f64,
    pub load_after: f64,
}

/// One contestant in one situation: a window for each round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cost {
    pub situation: String,
    pub contestant: Name,
    pub windows: Vec<Window>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub packets_per_second: f64,
    /// CPU time of the contestant's process, microseconds for each media packet that came to a receiver.
    pub cpu_us_per_packet: f64,
    /// Share of one core.
    pub cpu_share: f64,
    /// Share of the streams' numbers that did not come, 0 to 1.
    pub loss: f64,
    /// Of the pictures that were sent, the share that came to each who watched.
    pub delivered: f64,
    /// Publisher's write to the kernel's stamp at the receiver.
    pub latency_ms_p50: f64,
    pub latency_ms_p99: f64,
    /// What the generator's own sockets dropped: then the generator was too slow.
    pub dropped_by_generator: u64,
}

impl Cost {
    fn middle(&self, of: impl Fn(&Window) -> f64) -> f64 {
        median(self.windows.iter().map(of).collect())
    }

    pub fn cpu_us_per_packet(&self) -> f64 {
        self.middle(|it| it.cpu_us_per_packet)
    }

    /// The least and the most of all windows.
    pub fn cpu_us_range(&self) -> (f64, f64) {
        let figures = || self.windows.iter().map(|it| it.cpu_us_per_packet);
        (figures().fold(f64::INFINITY, f64::min), figures().fold(0.0, f64::max))
    }

    pub fn packets_per_second(&self) -> f64 {
        self.middle(|it| it.packets_per_second)
    }

    pub fn loss(&self) -> f64 {
        self.middle(|it| it.loss)
    }

    pub fn latency_ms_p50(&self) -> f64 {
        self.middle(|it| it.latency_ms_p50)
    }

    pub fn latency_ms_p99(&self) -> f64 {
        self.middle(|it| it.latency_ms_p99)
    }
}

/// The search for the most that one core carries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Capacity {
    pub contestant: Name,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Step {
    pub subscribers: usize,
    /// Loss and latency were within the bounds.
    pub held: bool,
    pub window: Window,
}

impl Capacity {
    /// The last step that held before one that did not.
    pub fn best(&self) -> Option<&Step> {
        self.steps.iter().take_while(|it| it.held).last()
    }

    /// No step failed: there may be more.
    pub fn is_open(&self) -> bool {
        self.steps.iter().all(|it| it.held)
    }
}

/// Joins one after another, offer or request sent to first media packet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Joins {
    pub contestant: Name,
    pub count: usize,
    pub ms_p50: f64,
    pub ms_p99: f64,
    pub ms_max: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Memory {
    pub contestant: Name,
    pub idle_bytes: u64,
    pub subscribers: usize,
    pub slots: usize,
    pub bytes_per_subscriber: u64,
}

/// Many who come at once into meetings that run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rush {
    pub joins: usize,
    pub joined: usize,
    /// Until the last request was answered.
    pub seconds: f64,
    /// Of what those who were inside were to get.
    pub lost: u64,
    pub packets: u64,
    pub dropped_by_generator: u64,
}

impl Figures {
    pub fn cost(&self, situation: &str, contestant: Name) -> Option<&Cost> {
        self.costs.iter().find(|it| it.situation == situation && it.contestant == contestant)
    }

    /// CPU for each packet, one contestant's over another's.
    pub fn ratio(&self, situation: &str, of: Name, over: Name) -> Option<f64> {
        let (of, over) = (self.cost(situation, of)?.cpu_us_per_packet(), self.cost(situation, over)?.cpu_us_per_packet());
        (over > 0.0).then(|| of / over)
    }

    pub fn capacity(&self, contestant: Name) -> Option<&Capacity> {
        self.capacities.iter().find(|it| it.contestant == contestant)
    }

    pub fn joins_of(&self, contestant: Name) -> Option<&Joins> {
        self.joins.iter().find(|it| it.contestant == contestant)
    }
}
