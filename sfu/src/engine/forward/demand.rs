//! Which layers of a picture anyone watches, so that its sender may leave the others out: a layer that nobody is shown costs a line and an
//! encoder for nothing. What counts is how large a picture is drawn, not what a line carries now: a line that becomes wide finds its layer there.

use super::{ForwardEvent, Forwarder, source::LAYERS_MAX, timers::Task};
use std::time::{Duration, Instant};
use wire::signal::SourceLayers;

/// A layer is given up this long after the last who needed it: pages are arranged anew and back. It is asked for again at once.
const HELD: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_secs(1);

/// What of one source is needed, and what its sender was told.
#[derive(Debug)]
pub struct Demand {
    /// When each layer was last needed.
    needed: [Option<Instant>; LAYERS_MAX],
    layers: usize,
    /// Layers that the sender was told to send, from the lowest; at least one, so that a picture begins at once where nobody watched.
    told: usize,
    pub alarm: Option<Instant>,
}

impl Demand {
    pub fn new(layers: usize) -> Self {
        Self { needed: [None; LAYERS_MAX], layers: layers.min(LAYERS_MAX), told: layers.min(LAYERS_MAX), alarm: None }
    }

    /// Somebody needs this layer, and those below for when the line is short. True: its sender is to be told at once.
    pub fn want(&mut self, now: Instant, layer: usize) -> bool {
        let count = (layer + 1).min(self.layers);
        self.needed[..count].fill(Some(now));
        let more = count > self.told;
        self.told = self.told.max(count);
        more
    }

    /// Whether less is needed than the sender was told, for a while now.
    fn fall(&mut self, now: Instant) -> bool {
        let held = |at: &Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < HELD);
        let count = self.needed.iter().rposition(held).map_or(1, |at| at + 1);
        let less = count < self.told;
        self.told = self.told.min(count);
        less
    }
}

impl Forwarder {
    /// At first everything is sent, and looked at after a while.
    pub(super) fn begin_demand(&mut self, now: Instant, index: u32) {
        if let Some(source) = self.sources.get_mut(index).filter(|source| source.rids.len() > 1) {
            source.demand.want(now, source.layers.len() - 1);
            self.timers.arm(&mut source.demand.alarm, now + TICK, Task::Demand(index));
        }
    }

    pub(super) fn judge_demand(&mut self, now: Instant, index: u32) {
        let Some(source) = self.sources.get_mut(index) else {
            return;
        };
        self.timers.arm(&mut source.demand.alarm, now + TICK, Task::Demand(index));
        // A recording takes the best there is.
        let more = source.tapped.is_some() && source.demand.want(now, source.layers.len() - 1);
        if source.demand.fall(now) || more {
            self.tell_demand(index);
        }
    }

    pub(super) fn tell_demand(&mut self, index: u32) {
        let Some(source) = self.sources.get(index).filter(|source| source.rids.len() > 1) else {
            return;
        };
        let rids = source.rids.iter().take(source.demand.told).map(ToString::to_string).collect();
        let layers = SourceLayers { source: source.id, kind: source.kind, rids };
        let all = source.demand.told >= source.rids.len();
        self.events.push_back(ForwardEvent::Layers { peer: source.session, layers, all });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_at_once_and_less_after_a_while() {
        let (start, mut demand) = (Instant::now(), Demand::new(3));
        assert!(!demand.want(start, 2), "all was said to be needed");
        for ms in (0..9_000).step_by(250) {
            let now = start + Duration::from_millis(ms);
            demand.want(now, 1);
            assert_eq!(demand.fall(now), ms == 5_000, "{ms} ms");
        }
        let now = start + Duration::from_secs(9);
        assert!(demand.want(now, 2) && !demand.want(now, 2));
        assert!(demand.fall(now + HELD) && !demand.fall(now + 2 * HELD));
        assert_eq!(demand.told, 1, "the lowest stays");
        assert!(!Demand::new(1).fall(now));
    }
}
