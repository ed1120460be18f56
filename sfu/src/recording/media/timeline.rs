//! Where a frame stands on the recording's own line of time: milliseconds since its epoch.
//!
//! The first frame of an SSRC is placed by its arrival, the next by their RTP timestamps from there on. That is raw time: it may be wrong by
//! the first packet's delay and drifts as the sender's clock does. The sender reports kept beside the file set it right where tracks are
//! composed; nothing is guessed here.

use std::time::Instant;

/// A sender whose timestamps run this far from their arrival has another clock or none: it is anchored anew. Far above any delay that
/// the reorder buffer and a line add.
const STRAY_MS_MAX: i64 = 2_000;

#[derive(Debug)]
pub struct Timeline {
    epoch: Instant,
    clock_rate: u32,
    anchor: Option<Anchor>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    at_ms: i64,
    /// Ticks since the anchor, at the last timestamp.
    ticks: i64,
    timestamp: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub at_ms: i64,
    /// Time was taken from the arrival.
    pub anchored: bool,
}

impl Timeline {
    pub fn new(epoch: Instant, clock_rate: u32) -> Self {
        Self { epoch, clock_rate: clock_rate.max(1), anchor: None }
    }

    /// Milliseconds since the epoch, 0 before it.
    pub fn at_ms(&self, instant: Instant) -> i64 {
        i64::try_from(instant.saturating_duration_since(self.epoch).as_millis()).unwrap_or(i64::MAX)
    }

    /// The next timestamps are of another clock.
    pub fn splice(&mut self) {
        self.anchor = None;
    }

    /// The place of a frame. It may lie before that of another, where the sender's clock steps back or an anchor is set anew.
    pub fn place(&mut self, timestamp: u32, arrived: Instant) -> Placed {
        let arrived_ms = self.at_ms(arrived);
        let carried = self.anchor.map(|it| it.forward(timestamp)).filter(|it| {
            let at_ms = it.at_ms.saturating_add(it.ticks.saturating_mul(1000) / i64::from(self.clock_rate));
            (at_ms - arrived_ms).abs() <= STRAY_MS_MAX
        });
        let anchored = carried.is_none();
        let anchor = carried.unwrap_or(Anchor { at_ms: arrived_ms, ticks: 0, timestamp });
        self.anchor = Some(anchor);
        Placed { at_ms: (anchor.at_ms + anchor.ticks.saturating_mul(1000) / i64::from(self.clock_rate)).max(0), anchored }
    }
}

impl Anchor {
    /// RTP timestamps wrap: the shorter way round is the way gone (RFC 3550, section 5.1).
    fn forward(self, timestamp: u32) -> Self {
        let step = timestamp.wrapping_sub(self.timestamp).cast_signed();
        Self { ticks: self.ticks.saturating_add(i64::from(step)), timestamp, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ms(it: u64) -> Duration {
        Duration::from_millis(it)
    }

    #[test]
    fn the_first_frame_stands_at_its_arrival_and_the_next_by_their_timestamps() {
        let epoch = Instant::now();
        let mut line = Timeline::new(epoch, 90_000);
        let start = u32::MAX - 4_000;
        assert_eq!(line.place(start, epoch + ms(500)), Placed { at_ms: 500, anchored: true });
        for (number, jitter) in (1..100u32).zip([30u64, 0, 80, 5, 200].into_iter().cycle()) {
            let placed = line.place(start.wrapping_add(number * 3_000), epoch + ms(500 + u64::from(number) * 100 / 3 + jitter));
            assert_eq!(placed, Placed { at_ms: 500 + i64::from(number) * 100 / 3, anchored: false }, "across the wrap");
        }
    }

    #[test]
    fn a_pause_keeps_its_length() {
        let epoch = Instant::now();
        let mut line = Timeline::new(epoch, 48_000);
        line.place(0, epoch);
        assert_eq!(line.place(48_000 * 60, epoch + ms(60_010)), Placed { at_ms: 60_000, anchored: false });
    }

    #[test]
    fn a_clock_that_strays_is_anchored_anew() {
        let epoch = Instant::now();
        let mut line = Timeline::new(epoch, 48_000);
        line.place(0, epoch);
        assert_eq!(line.place(48_000 * 3600, epoch + ms(20)), Placed { at_ms: 20, anchored: true });
        assert_eq!(line.place(48_000 * 3600 + 960, epoch + ms(40)), Placed { at_ms: 40, anchored: false });
    }

    #[test]
    fn a_splice_takes_the_time_from_the_arrival_again() {
        let epoch = Instant::now();
        let mut line = Timeline::new(epoch, 90_000);
        line.place(90_000, epoch + ms(1000));
        assert_eq!(line.place(45_000, epoch + ms(1001)), Placed { at_ms: 500, anchored: false });
        line.splice();
        assert_eq!(line.place(7, epoch + ms(900)), Placed { at_ms: 900, anchored: true });
    }

    #[test]
    fn what_came_before_the_epoch_stands_at_it() {
        let start = Instant::now();
        let mut line = Timeline::new(start + ms(100), 90_000);
        assert_eq!(line.place(0, start).at_ms, 0);
    }
}
