//! Whether a queue grows: the trend of how much longer each group of packets took than the one before (draft-ietf-rmcat-gcc-02, sections
//! 5.2 to 5.4), as a line through the last groups with a threshold that follows what is usual.

use std::collections::VecDeque;

/// Packets sent within this are one group: they left in one burst.
const GROUP_US: i64 = 5_000;
const POINTS: usize = 20;
/// Where a line is given fewer packets, a queue of half as many points is judged: sound alone makes fifty points a second.
const POINTS_MIN: usize = 8;
const GAIN: f64 = 4.0;
const SMOOTHING: f64 = 0.9;
/// Lowest, first and highest threshold.
const THRESHOLD_MS: (f64, f64, f64) = (6.0, 12.5, 600.0);
/// A trend this long is no accident.
const SUSTAINED_US: i64 = 10_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    #[default]
    Normal,
    /// More is sent than the line carries.
    Over,
    /// A queue drains.
    Under,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    last_arrival: i64,
}

#[derive(Debug)]
pub struct Trend {
    group: Option<Group>,
    previous: Option<Group>,
    points: VecDeque<(f64, f64)>,
    deltas: u32,
    accumulated_ms: f64,
    smoothed_ms: f64,
    slope: f64,
    threshold_ms: f64,
    threshold_at_us: i64,
    over_since_us: Option<i64>,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            group: None,
            previous: None,
            points: VecDeque::with_capacity(POINTS + 1),
            deltas: 0,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            slope: 0.0,
            threshold_ms: THRESHOLD_MS.1,
            threshold_at_us: 0,
            over_since_us: None,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// Nothing from before is compared with what comes; the threshold stays.
    pub fn forget(&mut self) {
        (self.group, self.previous, self.over_since_us, self.usage) = (None, None, None, Usage::Normal);
        (self.deltas, self.accumulated_ms, self.smoothed_ms, self.slope) = (0, 0.0, 0.0, 0.0);
        self.points.clear();
    }

    /// One packet, in microseconds: sent on our clock, arrived on the receiver's. Packets come in the order in which they were sent.
    pub fn packet(&mut self, sent: i64, arrival: i64) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group { first_sent: sent, last_sent: sent, last_arrival: arrival });
            return;
        };
        if sent < group.first_sent {
            return; // Reordered on the way: of no use to the trend.
        }
        if sent - group.first_sent <= GROUP_US {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let done = std::mem::replace(group, Group { first_sent: sent, last_sent: sent, last_arrival: arrival });
        if let Some(previous) = self.previous.replace(done) {
            let delta = (done.last_arrival - previous.last_arrival) - (done.last_sent - previous.last_sent);
            self.point(delta as f64 / 1_000.0, done.last_arrival);
        }
    }

    fn point(&mut self, delta_ms: f64, arrival_us: i64) {
        self.deltas = (self.deltas + 1).min(1_000);
        self.accumulated_ms += delta_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        self.points.push_back((arrival_us as f64 / 1_000.0, self.smoothed_ms));
        if self.points.len() > POINTS {
            self.points.pop_front();
        }
        if self.points.len() < POINTS_MIN {
            return;
        }
        let slope = self.slope_of_points();
        let value = slope * f64::from(self.deltas.min(60)) * GAIN;
        if value > self.threshold_ms {
            let since = *self.over_since_us.get_or_insert(arrival_us);
            if arrival_us - since > SUSTAINED_US && slope >= self.slope {
                self.usage = Usage::Over;
            }
        } else {
            self.over_since_us = None;
            self.usage = if value < -self.threshold_ms { Usage::Under } else { Usage::Normal };
        }
        self.slope = slope;
        // The threshold follows slowly, so that a competitor does not starve us, and never a spike.
        if value.abs() <= self.threshold_ms + 15.0 {
            let gain = if value.abs() < self.threshold_ms { 0.039 } else { 0.0087 };
            let passed_ms = ((arrival_us - self.threshold_at_us) as f64 / 1_000.0).clamp(0.0, 100.0);
            self.threshold_ms =
                (self.threshold_ms + gain * (value.abs() - self.threshold_ms) * passed_ms).clamp(THRESHOLD_MS.0, THRESHOLD_MS.2);
        }
        self.threshold_at_us = arrival_us;
    }

    /// Least squares.
    fn slope_of_points(&self) -> f64 {
        let count = self.points.len() as f64;
        let (sum_x, sum_y) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (above, below) = self
            .points
            .iter()
            .fold((0.0, 0.0), |(above, below), (x, y)| (above + (x - mean_x) * (y - mean_y), below + (x - mean_x) * (x - mean_x)));
        if below > 0.0 { above / below } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets every 10 ms whose delay grows by so many microseconds each.
    fn run(trend: &mut Trend, from: i64, count: i64, grows_us: i64, jitter_us: i64) -> Option<i64> {
        let mut noticed = None;
        for number in 0..count {
            let sent = (from + number) * 10_000;
            let shake = (number * 7_919 % 11 - 5) * jitter_us / 5;
            trend.packet(sent, sent + 20_000 + number * grows_us + shake);
            if trend.usage() == Usage::Over && noticed.is_none() {
                noticed = Some(number);
            }
        }
        noticed
    }

    #[test]
    fn a_growing_queue_is_seen_and_a_shaking_line_is_not() {
        let mut trend = Trend::default();
        assert_eq!(run(&mut trend, 0, 300, 0, 2_000), None);
        let noticed = run(&mut trend, 300, 100, 3_000, 0).expect("thirty per cent too much is seen");
        assert!(noticed < 30, "after {noticed} packets");
        assert_eq!(run(&mut Trend::default(), 0, 100, -3_000, 0), None, "a queue that drains");
    }
}
