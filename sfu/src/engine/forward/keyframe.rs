//! Key frame requests of one source: merged, at most one an interval, repeated until the key frame comes.

use std::time::{Duration, Instant};

/// Browsers' encoders make no second key frame within 300 ms (measured): asking more often is noise.
pub const INTERVAL: Duration = Duration::from_millis(300);
/// A source that never answers is asked ever more seldom, to this.
const INTERVAL_MAX: Duration = Duration::from_secs(3);
/// Requests at the first interval before it grows.
const EAGER_TRIES: u32 = 6;

#[derive(Debug, Default)]
pub struct Requests {
    /// Layers of which a key frame is wanted, a bit each.
    wanted: u8,
    last: Option<Instant>,
    tries: u32,
}

impl Requests {
    pub fn want(&mut self, layer: u8) {
        self.wanted |= 1 << (layer & 7);
    }

    pub fn arrived(&mut self, layer: u8) {
        self.wanted &= !(1 << (layer & 7));
        self.tries = 0;
    }

    pub fn forget(&mut self) {
        self.wanted = 0;
        self.tries = 0;
    }

    /// The layers to ask now.
    pub fn poll(&mut self, now: Instant) -> u8 {
        if self.due(now).is_none_or(|due| now < due) {
            return 0;
        }
        self.last = Some(now);
        self.tries += 1;
        self.wanted
    }

    /// When to ask next; `now` where it was never asked before.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        if self.wanted == 0 {
            return None;
        }
        let doublings = self.tries.saturating_sub(EAGER_TRIES).min(8);
        let interval = (INTERVAL * 2u32.pow(doublings)).min(INTERVAL_MAX);
        Some(self.last.map_or(now, |last| last + interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_throttled_and_repeated() {
        let (start, mut requests) = (Instant::now(), Requests::default());
        assert_eq!(requests.poll(start), 0, "nobody asks");
        requests.want(0);
        requests.want(2);
        requests.want(2);
        assert_eq!(requests.due(start), Some(start));
        assert_eq!(requests.poll(start), 0b101, "at once");
        requests.want(0);
        assert_eq!(requests.poll(start + INTERVAL - Duration::from_millis(1)), 0, "one an interval");
        requests.arrived(2);
        assert_eq!(requests.poll(start + INTERVAL), 0b001, "until it comes");
        requests.arrived(0);
        assert_eq!(requests.due(start), None);
        requests.want(1);
        assert_eq!(requests.poll(start + INTERVAL + Duration::from_millis(100)), 0, "also after an answer");
        assert_eq!(requests.poll(start + 2 * INTERVAL), 0b010);
    }

    #[test]
    fn a_dead_source_is_asked_ever_more_seldom() {
        let (start, mut requests, mut asked) = (Instant::now(), Requests::default(), 0);
        requests.want(0);
        for ms in 0..60_000 {
            asked += u32::from(requests.poll(start + Duration::from_millis(ms)) != 0);
        }
        assert!((20..35).contains(&asked), "{asked}");
    }
}
