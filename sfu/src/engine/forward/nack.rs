//! The NACK generator of one received stream (RFC 4585, section 6.2.1): which packets are missing and when to ask for each again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Missing packets remembered: at 30 % loss of 1 000 packets a second, one second of them.
const MISSING_MAX: usize = 300;
/// A hole wider than this is a new start, not a loss: a key frame is cheaper than its repair.
const GAP_MAX: u64 = 200;
/// Networks reorder a little: the first request waits this long.
pub const PATIENCE: Duration = Duration::from_millis(8);
/// Requests for one packet: at 30 % loss both ways all but one packet in 700 is repaired by then.
const TRIES_MAX: u8 = 10;
/// A packet older than this is of no use to anyone.
const AGE_MAX: Duration = Duration::from_millis(1_000);
/// Between two requests for one packet at least, whatever the round trip.
const INTERVAL_MIN: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug)]
struct Missing {
    sequence: u64,
    since: Instant,
    next: Instant,
    asked: Option<Instant>,
    tries: u8,
}

#[derive(Debug, Default)]
pub struct Generator {
    /// By sequence, growing.
    missing: VecDeque<Missing>,
}

/// A packet that was missing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// From the only request to the arrival: a sample of the round trip.
    pub round_trip: Option<Duration>,
}

impl Generator {
    /// A packet beyond the highest so far. False: the hole is too wide to repair.
    pub fn advance(&mut self, now: Instant, highest: u64, sequence: u64) -> bool {
        if sequence - highest > GAP_MAX {
            self.missing.clear();
            return false;
        }
        for hole in highest + 1..sequence {
            if self.missing.len() == MISSING_MAX {
                self.missing.pop_front();
            }
            self.missing.push_back(Missing { sequence: hole, since: now, next: now + PATIENCE, asked: None, tries: 0 });
        }
        true
    }

    /// A packet at or below the highest so far, first of its number.
    pub fn arrived(&mut self, now: Instant, sequence: u64) -> Option<Recovered> {
        let at = self.missing.binary_search_by_key(&sequence, |missing| missing.sequence).ok()?;
        let found = self.missing.remove(at)?;
        let round_trip = found.asked.filter(|_| found.tries == 1).map(|asked| now.saturating_duration_since(asked));
        Some(Recovered { round_trip })
    }

    /// Something else brought it along: it is not asked for any more.
    pub fn forget(&mut self, sequence: u64) {
        if let Ok(at) = self.missing.binary_search_by_key(&sequence, |missing| missing.sequence) {
            self.missing.remove(at);
        }
    }

    /// Fills `ask` with what to ask for now, each once in `interval`. Returns how many packets were given up.
    pub fn poll(&mut self, now: Instant, interval: Duration, ask: &mut Vec<u16>) -> usize {
        let before = self.missing.len();
        self.missing.retain(|missing| {
            let spent = missing.tries >= TRIES_MAX && missing.next <= now;
            !spent && now.saturating_duration_since(missing.since) < AGE_MAX
        });
        let given_up = before - self.missing.len();
        let interval = interval.max(INTERVAL_MIN);
        for missing in self.missing.iter_mut().filter(|missing| missing.next <= now) {
            ask.push(missing.sequence as u16);
            missing.asked = Some(now);
            missing.next = now + interval;
            missing.tries += 1;
        }
        given_up
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.missing.iter().map(|missing| missing.next.min(missing.since + AGE_MAX)).min()
    }

    pub fn clear(&mut self) {
        self.missing.clear();
    }
}

/// Between two requests for one packet. Of pictures a repair is large: it is awaited. Of sound it is small and soon too late: a request that
/// was lost itself is made good within the round trip, and who was asked answers once in it.
pub fn interval(rtt: Duration, is_audio: bool) -> Duration {
    if is_audio { rtt / 3 } else { rtt + rtt / 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(60);

    fn ask(generator: &mut Generator, now: Instant) -> (Vec<u16>, usize) {
        let mut asked = Vec::new();
        let given_up = generator.poll(now, interval(RTT, false), &mut asked);
        (asked, given_up)
    }

    #[test]
    fn asks_after_patience_then_once_a_round_trip_then_gives_up() {
        let (start, mut generator) = (Instant::now(), Generator::default());
        assert!(generator.advance(start, 100, 103));
        assert_eq!(ask(&mut generator, start), (vec![], 0));
        let mut now = generator.deadline().unwrap();
        assert_eq!(now, start + PATIENCE);
        assert_eq!(ask(&mut generator, now), (vec![101, 102], 0));
        let recovered = generator.arrived(now + RTT, 101).unwrap();
        assert_eq!(recovered.round_trip, Some(RTT));
        assert_eq!(generator.arrived(now + RTT, 101), None, "once");
        let mut times = 1;
        while let Some(next) = generator.deadline() {
            assert!(next > now);
            let ((asked, given_up), last) = (ask(&mut generator, next), now);
            now = next;
            if given_up == 1 {
                continue;
            }
            assert_eq!(asked, vec![102]);
            assert_eq!(now - last, RTT + RTT / 4);
            times += 1;
        }
        assert_eq!(times, usize::from(TRIES_MAX));
    }

    #[test]
    fn wide_holes_and_floods_stay_bounded() {
        let (start, mut generator) = (Instant::now(), Generator::default());
        assert!(!generator.advance(start, 100, 100 + GAP_MAX + 1));
        let mut highest = 1_000;
        for _ in 0..100 {
            assert!(generator.advance(start, highest, highest + GAP_MAX));
            highest += GAP_MAX;
        }
        assert_eq!(generator.missing.len(), MISSING_MAX);
    }
}
