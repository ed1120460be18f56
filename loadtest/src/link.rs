//! One way of a line: what it loses, how long it takes, how much it carries, how long its queue is. Told the time; tells when a datagram arrives.
//! The same model stands on the wire ([`relay`](crate::relay)) and in the simulation of whole meetings (`sfu/src/engine/simulation`).

use rand::{Rng, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};

/// Loss that comes in runs: the model of Gilbert and Elliott with two states, of which one loses all and the other none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// Share of datagrams lost over time, 0 to 1.
    pub share: f64,
    /// Datagrams in a run, on average; at least 1.
    pub run: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Share of datagrams lost, each by itself, 0 to 1.
    pub loss: f64,
    pub bursts: Option<Bursts>,
    pub delay: Duration,
    /// On top of the delay, up to this and any of it as likely as any other; datagrams keep their order.
    pub jitter: Duration,
    /// Share of datagrams that those behind them overtake, by up to [`REORDERED_BY`] more.
    pub reordered: f64,
    /// Share of datagrams that come twice.
    pub duplicated: f64,
    /// What it carries, where that is bounded.
    pub bits_per_second: Option<u64>,
    /// What would wait longer than this is dropped.
    pub queue: Duration,
    /// Nothing comes through.
    pub broken: bool,
}

/// How much later an overtaken datagram comes, at most.
pub const REORDERED_BY: Duration = Duration::from_millis(40);

impl Conditions {
    pub const CLEAN: Self = Self {
        loss: 0.0,
        bursts: None,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        reordered: 0.0,
        duplicated: 0.0,
        bits_per_second: None,
        queue: Duration::from_millis(300),
        broken: false,
    };
}

#[derive(Debug)]
pub struct Link {
    pub conditions: Conditions,
    /// When the last datagram has left the narrow place.
    free_at: Option<Instant>,
    /// No datagram that keeps its order comes before this.
    ordered_from: Option<Instant>,
    in_burst: bool,
    random: StdRng,
    pub carried: u64,
    pub lost: u64,
}

impl Link {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self { conditions, free_at: None, ordered_from: None, in_burst: false, random: StdRng::seed_from_u64(seed), carried: 0, lost: 0 }
    }

    /// When a datagram of so many bytes arrives: not at all, once or twice.
    pub fn carry(&mut self, now: Instant, bytes: usize) -> impl Iterator<Item = Instant> + use<> {
        let first = self.carry_once(now, bytes);
        let again = first.filter(|_| self.happens(self.conditions.duplicated)).map(|at| at + self.up_to(REORDERED_BY));
        first.into_iter().chain(again)
    }

    fn carry_once(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let Conditions { loss, bursts, delay, jitter, reordered, bits_per_second, queue, broken, .. } = self.conditions;
        let begins = self.free_at.map_or(now, |at| at.max(now));
        // Each is drawn whatever the others say, so that one condition more does not change what the others do.
        let (is_lost, in_run, is_late) = (self.happens(loss), self.is_in_run(bursts), self.happens(reordered));
        let (jitter, late) = (self.up_to(jitter), self.up_to(REORDERED_BY));
        if broken || begins - now > queue || is_lost || in_run {
            self.lost += 1;
            return None;
        }
        let takes = bits_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(bytes as f64 * 8.0 / rate.max(1) as f64));
        self.free_at = Some(begins + takes);
        self.carried += 1;
        let arrives = begins + takes + delay + jitter;
        if is_late {
            return Some(arrives + late);
        }
        let arrives = self.ordered_from.map_or(arrives, |from| from.max(arrives));
        self.ordered_from = Some(arrives);
        Some(arrives)
    }

    fn is_in_run(&mut self, bursts: Option<Bursts>) -> bool {
        let Some(Bursts { share, run }) = bursts else {
            self.in_burst = false;
            return false;
        };
        let ends = 1.0 / run.max(1.0);
        let begins = ends * share / (1.0 - share).max(f64::EPSILON);
        self.in_burst = if self.in_burst { !self.happens(ends) } else { self.happens(begins) };
        self.in_burst
    }

    fn happens(&mut self, share: f64) -> bool {
        self.random.random_bool(share.clamp(0.0, 1.0))
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.random.random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(conditions: Conditions, count: usize, every: Duration) -> (Instant, Vec<Option<Instant>>, Link) {
        let (now, mut link) = (Instant::now(), Link::new(conditions, 1));
        let mut at = now;
        let arrivals = (0..count)
            .map(|_| {
                at += every;
                link.carry(at, 100).next()
            })
            .collect();
        (now, arrivals, link)
    }

    #[test]
    fn loses_its_share_and_takes_its_time() {
        let delay = Duration::from_millis(50);
        let (now, arrivals, link) = arrivals(Conditions { loss: 0.3, delay, ..Conditions::CLEAN }, 10_000, Duration::ZERO);
        let arrived: Vec<Instant> = arrivals.into_iter().flatten().collect();
        assert!((6_800..7_200).contains(&arrived.len()), "{}", arrived.len());
        assert!(arrived.iter().all(|at| *at == now + delay));
        assert_eq!((link.carried, link.lost), (arrived.len() as u64, 10_000 - arrived.len() as u64));
    }

    #[test]
    fn a_narrow_line_queues_then_drops_and_keeps_the_order() {
        let now = Instant::now();
        let narrow = Conditions { bits_per_second: Some(1_000_000), queue: Duration::from_millis(100), ..Conditions::CLEAN };
        let mut link = Link::new(narrow, 1);
        let arrivals: Vec<Instant> = (0..100).flat_map(|_| link.carry(now, 1_250)).collect();
        // 10 ms each: those that begin within 100 ms.
        assert_eq!(arrivals.len(), 11);
        assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(10)));
        let later = link.carry(now + Duration::from_secs(1), 1_250).next();
        assert_eq!(later, Some(now + Duration::from_millis(1_010)), "an idle line is free at once");
    }

    #[test]
    fn runs_of_loss_are_as_long_and_as_many_as_asked() {
        let conditions = Conditions { bursts: Some(Bursts { share: 0.05, run: 8.0 }), ..Conditions::CLEAN };
        let (_, arrivals, link) = arrivals(conditions, 200_000, Duration::from_millis(1));
        let share = link.lost as f64 / 200_000.0;
        assert!((0.04..0.06).contains(&share), "{share}");
        let runs = arrivals.windows(2).filter(|pair| pair[0].is_some() && pair[1].is_none()).count();
        let mean = link.lost as f64 / runs as f64;
        assert!((7.0..9.0).contains(&mean), "{mean}");
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jitter = Duration::from_millis(100);
        let in_order = |arrivals: &[Option<Instant>]| arrivals.windows(2).filter(|pair| pair[0] > pair[1]).count();
        let (_, jittered, _) = arrivals(Conditions { jitter, ..Conditions::CLEAN }, 5_000, Duration::from_millis(5));
        assert_eq!(in_order(&jittered), 0);
        let (_, mixed, _) = arrivals(Conditions { reordered: 0.05, ..Conditions::CLEAN }, 5_000, Duration::from_millis(5));
        assert!((100..500).contains(&in_order(&mixed)), "{}", in_order(&mixed));
    }

    #[test]
    fn some_come_twice_and_through_a_broken_line_none() {
        let now = Instant::now();
        let mut link = Link::new(Conditions { duplicated: 0.1, ..Conditions::CLEAN }, 1);
        let arrived = (0..10_000).flat_map(|_| link.carry(now, 100)).count();
        assert!((10_900..11_100).contains(&arrived), "{arrived}");
        link.conditions.broken = true;
        assert_eq!(link.carry(now, 100).count(), 0);
    }
}
