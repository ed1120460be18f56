//! The bars that the project set itself, and what a run says of each. A bar is never moved; one that cannot be judged says so.

use super::{
    contestants::Name,
    figures::{Capacity, Figures},
    plan::Situation,
};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

impl Verdict {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    pub name: &'static str,
    pub limit: f64,
    pub unit: &'static str,
    /// More is better.
    pub is_least: bool,
    pub measured: Option<f64>,
    pub verdict: Verdict,
}

impl Bar {
    fn new(name: &'static str, unit: &'static str, (is_least, limit): (bool, f64), measured: Option<f64>) -> Self {
        let verdict = match measured {
            None => Verdict::NotMeasured,
            Some(it) if (is_least && it >= limit) || (!is_least && it <= limit) => Verdict::Met,
            Some(_) => Verdict::Missed,
        };
        Self { name, limit, unit, is_least, measured, verdict }
    }

    fn most(name: &'static str, limit: f64, unit: &'static str, measured: Option<f64>) -> Self {
        Self::new(name, unit, (false, limit), measured)
    }

    pub fn line(&self) -> String {
        let bound = if self.is_least { "at least" } else { "at most" };
        let measured = self.measured.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"));
        format!("{:12} {}: {measured} {} ({bound} {})", self.verdict.text(), self.name, self.unit, self.limit)
    }
}

/// Issue 3, "Bars": those of them that this run measures.
pub fn bars(figures: &Figures) -> Vec<Bar> {
    let lecture = |count: usize| Situation::Lecture(count).name();
    let meeting = Situation::Meeting(10).name();
    let memory = figures.memory.iter().find(|it| it.contestant == Name::Node);
    let joins = figures.joins_of(Name::Node);
    let rush = figures.rush.as_ref().map(|it| it.lost as f64 + (it.joins - it.joined) as f64);
    let latency = figures.cost(&lecture(50), Name::Node).map(|it| it.latency_ms_p99());
    let kib = |bytes: u64| bytes as f64 / 1_024.0;
    vec![
        Bar::most("CPU for each packet, node over floor, 1→100", 1.6, "×", figures.ratio(&lecture(100), Name::Node, Name::Floor)),
        Bar::most("CPU for each packet, node over Janus, 1→50", 0.4, "×", figures.ratio(&lecture(50), Name::Node, Name::Janus)),
        Bar::most("CPU for each packet, node over Janus, 10×10", 0.5, "×", figures.ratio(&meeting, Name::Node, Name::Janus)),
        Bar::new(
            "forwarded on one core, loss ≤ 0.1 %, p99 ≤ 5 ms",
            "packets/s",
            (true, 150_000.0),
            figures.capacity(Name::Node).and_then(Capacity::best).map(|it| it.window.packets_per_second),
        ),
        Bar::most("added latency p99 at 15,000 packets/s", 1.5, "ms", latency),
        Bar::most("join p50, one after another", 15.0, "ms", joins.map(|it| it.ms_p50)),
        Bar::most("join p99, one after another", 40.0, "ms", joins.map(|it| it.ms_p99)),
        Bar::most("500 joins in five seconds: packets lost inside, joins failed", 0.0, "", rush),
        Bar::most("media node alone, idle", 12.0, "MiB", memory.map(|it| kib(it.idle_bytes) / 1_024.0)),
        Bar::most("a subscriber of 25 slots", 250.0, "KiB", memory.map(|it| kib(it.bytes_per_subscriber))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{Cost, Window};

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        assert!(bars(&Figures::default()).iter().all(|it| it.verdict == Verdict::NotMeasured));
        let cost = |contestant, cpu_us_per_packet| Cost {
            situation: "1→100".to_owned(),
            contestant,
            windows: vec![Window { cpu_us_per_packet, ..Window::default() }],
        };
        for (node, verdict) in [(7.9, Verdict::Met), (8.1, Verdict::Missed)] {
            let figures = Figures { costs: vec![cost(Name::Floor, 5.0), cost(Name::Node, node)], ..Figures::default() };
            let bar = &bars(&figures)[0];
            assert_eq!(bar.verdict, verdict, "{}", bar.line());
        }
    }
}
