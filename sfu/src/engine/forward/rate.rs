//! The rate of a stream over the last moment.

use std::time::{Duration, Instant};

const BUCKET: Duration = Duration::from_millis(100);
/// Ten buckets: a second smooths over key frames and is short enough to follow a layer that starts.
const BUCKETS: usize = 10;

#[derive(Clone, Debug)]
pub struct Meter {
    buckets: [u64; BUCKETS],
    /// When the newest bucket began, and the first of all.
    newest: Option<(Instant, Instant)>,
    at: usize,
}

impl Default for Meter {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], newest: None, at: 0 }
    }
}

impl Meter {
    pub fn add(&mut self, now: Instant, bytes: usize) {
        self.turn(now);
        self.buckets[self.at] += bytes as u64;
    }

    /// Bytes of the last second.
    pub fn window_bytes(&mut self, now: Instant) -> u64 {
        self.turn(now);
        self.buckets.iter().sum()
    }

    pub fn bits_per_second(&mut self, now: Instant) -> u64 {
        let Some((_, first)) = self.newest else {
            return 0;
        };
        self.turn(now);
        let span = now.saturating_duration_since(first).clamp(BUCKET, BUCKET * BUCKETS as u32);
        self.buckets.iter().sum::<u64>() * 8_000 / span.as_millis() as u64
    }

    fn turn(&mut self, now: Instant) {
        let Some((began, first)) = self.newest else {
            self.newest = Some((now, now));
            return;
        };
        let steps = (now.saturating_duration_since(began).as_millis() / BUCKET.as_millis()) as usize;
        if steps == 0 {
            return;
        }
        for _ in 0..steps.min(BUCKETS) {
            self.at = (self.at + 1) % BUCKETS;
            self.buckets[self.at] = 0;
        }
        // After silence the meter starts anew, so that a stream that comes back is not thought slow.
        self.newest = if steps >= BUCKETS { Some((now, now)) } else { Some((began + BUCKET * steps as u32, first)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_stream() {
        let (start, mut meter) = (Instant::now(), Meter::default());
        assert_eq!(meter.bits_per_second(start), 0);
        for ms in (0..3_000).step_by(10) {
            meter.add(start + Duration::from_millis(ms), 1_250);
        }
        let rate = meter.bits_per_second(start + Duration::from_millis(2_999));
        assert!((950_000..1_050_000).contains(&rate), "{rate}");
        assert_eq!(meter.bits_per_second(start + Duration::from_secs(5)), 0, "silence");
    }
}
