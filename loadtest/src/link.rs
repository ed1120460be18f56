//! One way of a line: what it loses, how long it takes, how much it carries, how long its queue is. Told the time; tells when a datagram arrives.

use rand::{Rng, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Share of datagrams lost, each by itself, 0 to 1.
    pub loss: f64,
    pub delay: Duration,
    /// What it carries, where that is bounded.
    pub bits_per_second: Option<u64>,
    /// What would wait longer than this is dropped.
    pub queue: Duration,
}

impl Conditions {
    pub const CLEAN: Self = Self { loss: 0.0, delay: Duration::ZERO, bits_per_second: None, queue: Duration::from_millis(300) };
}

#[derive(Debug)]
pub struct Link {
    pub conditions: Conditions,
    /// When the last datagram has left the narrow place.
    free_at: Option<Instant>,
    random: StdRng,
    pub carried: u64,
    pub lost: u64,
}

impl Link {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self { conditions, free_at: None, random: StdRng::seed_from_u64(seed), carried: 0, lost: 0 }
    }

    /// When a datagram of so many bytes arrives; `None`: it does not. Datagrams never overtake each other.
    pub fn carry(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let Conditions { loss, delay, bits_per_second, queue } = self.conditions;
        let begins = self.free_at.map_or(now, |at| at.max(now));
        if begins - now > queue || self.random.random_bool(loss.clamp(0.0, 1.0)) {
            self.lost += 1;
            return None;
        }
        let takes = bits_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(bytes as f64 * 8.0 / rate.max(1) as f64));
        self.free_at = Some(begins + takes);
        self.carried += 1;
        Some(begins + takes + delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_its_share_and_takes_its_time() {
        let (now, delay) = (Instant::now(), Duration::from_millis(50));
        let mut link = Link::new(Conditions { loss: 0.3, delay, ..Conditions::CLEAN }, 1);
        let arrivals: Vec<Instant> = (0..10_000).filter_map(|_| link.carry(now, 100)).collect();
        assert!((6_800..7_200).contains(&arrivals.len()), "{}", arrivals.len());
        assert!(arrivals.iter().all(|at| *at == now + delay));
        assert_eq!((link.carried, link.lost), (arrivals.len() as u64, 10_000 - arrivals.len() as u64));
    }

    #[test]
    fn a_narrow_line_queues_then_drops_and_keeps_the_order() {
        let now = Instant::now();
        let narrow = Conditions { bits_per_second: Some(1_000_000), queue: Duration::from_millis(100), ..Conditions::CLEAN };
        let mut link = Link::new(narrow, 1);
        let arrivals: Vec<Instant> = (0..100).filter_map(|_| link.carry(now, 1_250)).collect();
        // 10 ms each: those that begin within 100 ms.
        assert_eq!(arrivals.len(), 11);
        assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(10)));
        assert_eq!(
            link.carry(now + Duration::from_secs(1), 1_250),
            Some(now + Duration::from_millis(1_010)),
            "an idle line is free at once"
        );
    }
}
