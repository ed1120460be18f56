//! A token bucket in virtual time: so many at once, so many a second after that.

use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub struct TokenBucket {
    burst: u32,
    every: Duration,
    /// The instant at which the bucket was, or will be, full (the virtual scheduling form of the leaky bucket).
    full_at: Instant,
}

impl TokenBucket {
    pub fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        Self { burst: burst.max(1), every: Duration::from_secs(1) / per_second.max(1), full_at: now }
    }

    /// Takes one token, or says how long until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let base = self.full_at.max(now);
        let spent = base.saturating_duration_since(now);
        let room = self.every * self.burst;
        let after = spent + self.every;
        if after > room {
            return Err(after - room);
        }
        self.full_at = base + self.every;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_at_a_time() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(3, 10, start);
        assert_eq!((0..5).map(|_| bucket.take(start).is_ok()).collect::<Vec<_>>(), [true, true, true, false, false]);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(100)));
        assert!(bucket.take(start + Duration::from_millis(99)).is_err());
        assert!(bucket.take(start + Duration::from_millis(100)).is_ok());
        assert!(bucket.take(start + Duration::from_millis(100)).is_err());
        assert_eq!(
            (0..5).filter(|_| bucket.take(start + Duration::from_secs(60)).is_ok()).count(),
            3,
            "rest does not pile up beyond the burst"
        );
    }
}
