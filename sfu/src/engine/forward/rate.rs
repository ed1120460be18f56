//! The rate of a stream over the last moment.

use super::picture::Depth;
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

/// Spatial and temporal layers of one stream that are told apart: browsers make three of each.
pub const SPATIALS_MAX: u8 = 4;
pub const TEMPORALS_MAX: u8 = 4;

/// The rates of a codec's own layers. Without any it costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Depths {
    /// By spatial, then temporal layer.
    meters: Vec<Meter>,
}

impl Depths {
    pub fn add(&mut self, now: Instant, depth: Depth, bytes: usize) {
        if self.meters.is_empty() {
            if depth.spatial == 0 && depth.temporal == 0 {
                return;
            }
            self.meters.resize(usize::from(SPATIALS_MAX * TEMPORALS_MAX), Meter::default());
        }
        let at = depth.spatial.min(SPATIALS_MAX - 1) * TEMPORALS_MAX + depth.temporal.min(TEMPORALS_MAX - 1);
        self.meters[usize::from(at)].add(now, bytes);
    }

    /// Spatial and temporal layers that flow, at least one of each.
    pub fn count(&mut self, now: Instant) -> (u8, u8) {
        let mut count = (1, 1);
        for (at, meter) in (0u8..).zip(&mut self.meters) {
            if meter.window_bytes(now) > 0 {
                count = (count.0.max(at / TEMPORALS_MAX + 1), count.1.max(at % TEMPORALS_MAX + 1));
            }
        }
        count
    }

    /// What the layers up to a depth take together.
    pub fn bits_per_second(&mut self, now: Instant, depth: Depth) -> u64 {
        let own = |at: u8| Depth { spatial: at / TEMPORALS_MAX, temporal: at % TEMPORALS_MAX };
        (0u8..).zip(&mut self.meters).filter(|(at, _)| depth.holds(own(*at))).map(|(_, meter)| meter.bits_per_second(now)).sum()
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

    #[test]
    fn layers_are_measured_once_there_are_any() {
        let (start, mut depths) = (Instant::now(), Depths::default());
        let at = |spatial, temporal| Depth { spatial, temporal };
        depths.add(start, at(0, 0), 1_000);
        assert_eq!((depths.count(start), depths.meters.len()), ((1, 1), 0));
        for ms in (0..2_000).step_by(10) {
            let now = start + Duration::from_millis(ms);
            depths.add(now, at(0, (ms / 10 % 2) as u8), 1_250);
            depths.add(now, at(1, 9), 1_250);
        }
        let now = start + Duration::from_millis(1_999);
        assert_eq!(depths.count(now), (2, 4));
        for (depth, expected) in [(at(0, 0), 500_000), (at(0, 1), 1_000_000), (at(1, 1), 1_000_000), (Depth::ALL, 2_000_000)] {
            let rate = depths.bits_per_second(now, depth);
            assert!((expected - 60_000..expected + 60_000).contains(&rate), "{depth:?}: {rate}");
        }
        assert_eq!(depths.count(now + Duration::from_secs(3)), (1, 1));
    }
}
