//! What the line towards one subscriber carries: from the arrival times it reports (a queue that grows is seen before it overflows),
//! from loss, and from padding that fills the line where media alone does not.
//!
//! The detector is a trendline over groups of packets with an adaptive threshold (draft-ietf-rmcat-gcc-02, sections 4 and 5), the
//! controller adds and multiplies (section 5.5). The constants held a line of 1 to 3 Mbit/s
//! with a queue of 300 ms when measured.

use super::{
    loss::{Counter, Share},
    sequence::nearest,
    transport_cc,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

pub const MIN_BPS: f64 = 100_000.0;
/// A page of 50 tiles needs less.
pub const MAX_BPS: f64 = 30_000_000.0;
/// Where a line begins that tells us of its arrivals: sound and a page of small pictures at once, the rest after a probe. A line of half of
/// it is found out within a second.
const START_BPS: f64 = 2_000_000.0;
/// Where a line begins that tells of loss alone.
const START_BLIND_BPS: f64 = 10_000_000.0;
/// Sent packets remembered, a power of two: a second of 4 000 packets; feedback comes within 200 ms.
const HISTORY: usize = 4_096;
const GROUP_US: i64 = 5_000;
const TREND_POINTS: usize = 20;
const TREND_GAIN: f64 = 4.0;
const SMOOTHING: f64 = 0.9;
const THRESHOLD_MS: (f64, f64, f64) = (6.0, 12.5, 600.0);
const RECEIVED_WINDOW_US: i64 = 500_000;
const DECREASE_INTERVAL: Duration = Duration::from_millis(300);
const DECREASE: f64 = 0.85;
/// One decrease goes no deeper: where media does not fill the line, a stalled receiver looks like a queue, and what arrives says little.
const DECREASE_FLOOR: f64 = 0.7;
/// Delay alone takes no more than this away: sound and a small picture. A line that truly carries less shows it by loss.
const DELAY_FLOOR_BPS: f64 = 400_000.0;
/// A receiver that told nothing for this long was itself held up, or was sent nothing: its next arrival times are no trend.
const STALL: Duration = Duration::from_millis(300);
/// Growth a second: until the line was ever full, near where it was full (bits), and past that.
const GROWTH_FIRST: f64 = 0.5;
const GROWTH_NEAR_BPS: f64 = 40_000.0;
const GROWTH_PAST: f64 = 0.2;
/// How far above what truly arrives the estimate may be led.
const LEAD: (f64, f64) = (1.5, 100_000.0);
const LOSS_HIGH: f64 = 0.10;
const LOSS_LOW: f64 = 0.02;
/// Packets that a loss figure needs.
const LOSS_SAMPLE: u32 = 50;

/// A thing that learns how much a line carries.
pub trait BandwidthEstimator {
    fn sent(&mut self, now: Instant, number: u16, bytes: usize);
    /// A transport-wide feedback, from behind its SSRCs.
    fn feedback(&mut self, now: Instant, body: &[u8]);
    /// The share lost that a receiver report tells, 0 to 1: for lines without transport-wide feedback.
    fn loss(&mut self, now: Instant, fraction: f64);
    fn bits_per_second(&self) -> u64;
    /// The share of packets that feedback tells lost, lately.
    fn lost(&self) -> Share;
}

#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    at_us: i64,
    /// The low bits: the table is far shorter than their wrap.
    number: u32,
    /// 0: unknown, or told of already.
    bytes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    last_arrival: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    Normal,
    Over,
    Under,
}

#[derive(Debug)]
pub struct Estimator {
    start: Instant,
    rate: f64,
    history: Vec<Sent>,
    next: u64,
    group: Option<Group>,
    previous: Option<Group>,
    trend: VecDeque<(f64, f64)>,
    deltas: u32,
    accumulated_ms: f64,
    smoothed_ms: f64,
    slope: f64,
    threshold_ms: f64,
    threshold_at_us: i64,
    over_since_us: Option<i64>,
    usage: Usage,
    received: VecDeque<(i64, u32)>,
    received_bytes: u64,
    ceiling: Option<f64>,
    decreased: Option<Instant>,
    updated: Instant,
    told: Option<Instant>,
    lost: u32,
    counted: u32,
    losses: Counter,
}

impl Estimator {
    pub fn new(now: Instant, transport_cc: bool) -> Self {
        Self {
            start: now,
            rate: if transport_cc { START_BPS } else { START_BLIND_BPS },
            history: if transport_cc { vec![Sent::default(); HISTORY] } else { Vec::new() },
            next: 1 << 16,
            group: None,
            previous: None,
            trend: VecDeque::with_capacity(TREND_POINTS + 1),
            deltas: 0,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            slope: 0.0,
            threshold_ms: THRESHOLD_MS.1,
            threshold_at_us: 0,
            over_since_us: None,
            usage: Usage::Normal,
            received: VecDeque::new(),
            received_bytes: 0,
            ceiling: None,
            decreased: None,
            updated: now,
            told: None,
            lost: 0,
            counted: 0,
            losses: Counter::default(),
        }
    }

    /// Whether the peer tells of arrivals at all.
    pub fn hears(&self, now: Instant) -> bool {
        self.told.is_some_and(|told| now.saturating_duration_since(told) < Duration::from_secs(2))
    }

    /// How long ago the line was last found full.
    pub fn calm_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.decreased.unwrap_or(self.start))
    }

    pub fn full_before(&self) -> bool {
        self.decreased.is_some()
    }

    fn forget_trend(&mut self) {
        (self.group, self.previous, self.over_since_us, self.usage) = (None, None, None, Usage::Normal);
        (self.deltas, self.accumulated_ms, self.smoothed_ms, self.slope) = (0, 0.0, 0.0, 0.0);
        self.trend.clear();
    }

    fn us(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.start).as_micros() as i64
    }

    fn arrived(&mut self, sent: Sent, arrival: i64) {
        self.received.push_back((arrival, sent.bytes));
        self.received_bytes += u64::from(sent.bytes);
        let Some(group) = &mut self.group else {
            self.group = Some(Group { first_sent: sent.at_us, last_sent: sent.at_us, last_arrival: arrival });
            return;
        };
        if sent.at_us < group.first_sent {
            return; // Reordered on the way: of no use to the trend.
        }
        if sent.at_us - group.first_sent <= GROUP_US {
            group.last_sent = group.last_sent.max(sent.at_us);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let done = std::mem::replace(group, Group { first_sent: sent.at_us, last_sent: sent.at_us, last_arrival: arrival });
        if let Some(previous) = self.previous.replace(done) {
            let delta = (done.last_arrival - previous.last_arrival) - (done.last_sent - previous.last_sent);
            self.detect(delta as f64 / 1_000.0, done.last_arrival);
        }
    }

    /// One point of the trend (section 5.4 of the draft, with libraries' customary gain).
    fn detect(&mut self, delta_ms: f64, arrival_us: i64) {
        self.deltas = (self.deltas + 1).min(1_000);
        self.accumulated_ms += delta_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        self.trend.push_back((arrival_us as f64 / 1_000.0, self.smoothed_ms));
        if self.trend.len() > TREND_POINTS {
            self.trend.pop_front();
        }
        if self.trend.len() < TREND_POINTS {
            return;
        }
        let count = self.trend.len() as f64;
        let (sum_x, sum_y) = self.trend.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (over, under) = self
            .trend
            .iter()
            .fold((0.0, 0.0), |(over, under), (x, y)| (over + (x - mean_x) * (y - mean_y), under + (x - mean_x) * (x - mean_x)));
        let slope = if under > 0.0 { over / under } else { 0.0 };
        let value = slope * f64::from(self.deltas.min(60)) * TREND_GAIN;
        if value > self.threshold_ms {
            let since = *self.over_since_us.get_or_insert(arrival_us);
            if arrival_us - since > 10_000 && slope >= self.slope {
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

    /// What arrived over the last half second, bits per second.
    fn received_bps(&mut self) -> f64 {
        let Some(newest) = self.received.iter().map(|(at, _)| *at).max() else {
            return 0.0;
        };
        while self.received.front().is_some_and(|(at, _)| newest - at > RECEIVED_WINDOW_US) || self.received.len() > HISTORY {
            self.received_bytes -= self.received.pop_front().map_or(0, |(_, bytes)| u64::from(bytes));
        }
        // A window that has only begun to fill says less than it would full, never more.
        self.received_bytes as f64 * 8_000_000.0 / RECEIVED_WINDOW_US as f64
    }

    fn decrease(&mut self, now: Instant, to: f64) {
        if self.decreased.is_none_or(|last| now.saturating_duration_since(last) >= DECREASE_INTERVAL) && to < self.rate {
            self.rate = to.max(MIN_BPS);
            self.decreased = Some(now);
        }
    }

    fn control(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.updated).as_secs_f64().min(0.5);
        self.updated = now;
        let received = self.received_bps();
        let loss = (self.counted >= LOSS_SAMPLE).then(|| f64::from(self.lost) / f64::from(self.counted));
        if loss.is_some() {
            (self.lost, self.counted) = (0, 0);
        }
        if let Some(loss) = loss.filter(|loss| *loss > LOSS_HIGH) {
            self.decrease(now, self.rate * (1.0 - loss / 2.0));
            return;
        }
        match self.usage {
            Usage::Over => {
                if self.decreased.is_none_or(|last| now.saturating_duration_since(last) >= DECREASE_INTERVAL) {
                    self.ceiling = Some(received);
                }
                self.decrease(now, (DECREASE * received).max(DECREASE_FLOOR * self.rate).max(DELAY_FLOOR_BPS));
            }
            // A queue drains: wait.
            Usage::Under => {}
            Usage::Normal => {
                if self.ceiling.is_some_and(|ceiling| self.rate > 1.2 * ceiling) {
                    self.ceiling = None;
                }
                let growth = match self.ceiling {
                    Some(ceiling) if self.rate > 0.9 * ceiling => GROWTH_NEAR_BPS * passed,
                    _ if self.decreased.is_some() => GROWTH_PAST * self.rate * passed,
                    _ => GROWTH_FIRST * self.rate * passed,
                };
                let lead = LEAD.0 * received + LEAD.1;
                if self.rate < lead {
                    self.rate = (self.rate + growth).min(lead);
                }
                // What arrived without a queue is proof.
                self.rate = self.rate.max(0.95 * received).min(MAX_BPS);
            }
        }
    }
}

impl BandwidthEstimator for Estimator {
    fn sent(&mut self, now: Instant, number: u16, bytes: usize) {
        if self.history.is_empty() {
            return;
        }
        let number = nearest(self.next, number);
        self.next = number + 1;
        let at_us = self.us(now);
        self.history[number as usize % HISTORY] = Sent { at_us, number: number as u32, bytes: bytes as u32 };
    }

    fn feedback(&mut self, now: Instant, body: &[u8]) {
        if self.history.is_empty() {
            return;
        }
        if self.told.is_some_and(|told| now.saturating_duration_since(told) > STALL) {
            self.forget_trend();
        }
        let highest = self.next.saturating_sub(1);
        let result = transport_cc::read(body, |number, arrival| {
            let number = nearest(highest, number);
            let entry = &mut self.history[number as usize % HISTORY];
            if entry.number != number as u32 || entry.bytes == 0 || number > highest {
                return;
            }
            let sent = std::mem::replace(entry, Sent { bytes: 0, ..*entry });
            self.counted += 1;
            self.losses.count(arrival.is_none());
            match arrival {
                Some(arrival) => self.arrived(sent, arrival),
                None => self.lost += 1,
            }
        });
        if result.is_some() {
            self.told = Some(now);
        }
        self.control(now);
    }

    fn loss(&mut self, now: Instant, fraction: f64) {
        if self.hears(now) {
            return;
        }
        let passed = now.saturating_duration_since(self.updated).as_secs_f64().min(2.0);
        self.updated = now;
        if fraction > LOSS_HIGH {
            self.decrease(now, self.rate * (1.0 - fraction / 2.0));
        } else if fraction < LOSS_LOW {
            self.rate = (self.rate * (1.0 + 0.08 * passed)).min(MAX_BPS);
        }
    }

    fn bits_per_second(&self) -> u64 {
        self.rate as u64
    }

    fn lost(&self) -> Share {
        self.losses.share()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::forward::rtcp;
    use bytes::BytesMut;

    /// A line with a bucket: serialises at `bps`, queues up to 300 ms, then drops. Media at `media` bits per second, padded to the estimate.
    struct Line {
        now: Instant,
        start: Instant,
        estimator: Estimator,
        recorder: transport_cc::Recorder,
        free_at: Instant,
        number: u16,
        on_the_way: VecDeque<(Instant, u16)>,
        dropped: u32,
        queue_max: Duration,
    }

    impl Line {
        fn new() -> Self {
            let now = Instant::now();
            Self {
                now,
                start: now,
                estimator: Estimator::new(now, true),
                recorder: transport_cc::Recorder::default(),
                free_at: now,
                number: 0,
                on_the_way: VecDeque::new(),
                dropped: 0,
                queue_max: Duration::ZERO,
            }
        }

        fn run(&mut self, seconds: f64, line_bps: f64, demand: f64) {
            const SIZE: usize = 1_000;
            let end = self.now + Duration::from_secs_f64(seconds);
            let (mut credit, mut feedback_at) = (0.0, self.now);
            while self.now < end {
                self.now += Duration::from_millis(1);
                credit += (self.estimator.bits_per_second() as f64).min(demand) / 1_000.0;
                while credit >= SIZE as f64 * 8.0 {
                    credit -= SIZE as f64 * 8.0;
                    self.estimator.sent(self.now, self.number, SIZE);
                    let begins = self.free_at.max(self.now);
                    let queue = begins - self.now;
                    self.queue_max = self.queue_max.max(queue);
                    if queue < Duration::from_millis(300) {
                        self.free_at = begins + Duration::from_secs_f64(SIZE as f64 * 8.0 / line_bps);
                        self.on_the_way.push_back((self.free_at + Duration::from_millis(20), self.number));
                    } else {
                        self.dropped += 1;
                    }
                    self.number = self.number.wrapping_add(1);
                }
                while self.on_the_way.front().is_some_and(|(at, _)| *at <= self.now) {
                    let (at, number) = self.on_the_way.pop_front().unwrap();
                    self.recorder.record(number, at - self.start);
                }
                if self.now >= feedback_at {
                    feedback_at = self.now + Duration::from_millis(60);
                    let mut out = BytesMut::new();
                    while self.recorder.write(&mut out, 1, 2) {}
                    for packet in rtcp::packets(&out) {
                        let rtcp::Packet::TransportFeedback { body } = packet else { panic!() };
                        self.estimator.feedback(self.now, body);
                    }
                }
            }
        }

        /// The receiver's process does not run: what arrives meanwhile is stamped when it does again.
        fn stall(&mut self, length: Duration, bps: f64) {
            let end = self.now + length;
            while self.now < end {
                self.now += Duration::from_secs_f64(8_000.0 / bps);
                self.estimator.sent(self.now, self.number, 1_000);
                self.on_the_way.push_back((end, self.number));
                self.number = self.number.wrapping_add(1);
            }
        }

        fn rate(&self) -> f64 {
            self.estimator.bits_per_second() as f64
        }
    }

    #[test]
    fn holds_a_line_follows_it_up_and_down() {
        let mut line = Line::new();
        line.run(8.0, 1_000_000.0, f64::MAX);
        assert!((700_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
        line.dropped = 0;
        line.run(10.0, 1_000_000.0, f64::MAX);
        assert!((700_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
        assert!(line.dropped < 20, "{} dropped on a steady line", line.dropped);
        line.run(20.0, 3_000_000.0, f64::MAX);
        assert!((2_000_000.0..3_500_000.0).contains(&line.rate()), "{}", line.rate());
        line.run(2.0, 1_000_000.0, f64::MAX);
        assert!((600_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
    }

    #[test]
    fn a_wide_line_is_not_held_back_and_little_media_proves_little() {
        let mut line = Line::new();
        line.run(8.0, 50_000_000.0, 6_000_000.0);
        assert!(line.rate() > 5_500_000.0, "{}", line.rate());
        assert_eq!(line.dropped, 0);
        let mut idle = Line::new();
        idle.run(8.0, 50_000_000.0, 200_000.0);
        assert!((1_900_000.0..2_100_000.0).contains(&idle.rate()), "{}", idle.rate());
    }

    #[test]
    fn a_receiver_that_stalls_is_no_narrow_line() {
        let mut line = Line::new();
        line.run(4.0, 50_000_000.0, 600_000.0);
        let before = line.rate();
        for _ in 0..5 {
            line.stall(Duration::from_millis(400), 600_000.0);
            line.run(2.0, 50_000_000.0, 600_000.0);
        }
        assert!(line.rate() > 0.9 * before, "{} after {before}", line.rate());
        // Shorter ones may be taken for a queue, but cost neither sound nor picture.
        for _ in 0..20 {
            line.stall(Duration::from_millis(120), 600_000.0);
            line.run(0.5, 50_000_000.0, 600_000.0);
        }
        assert!(line.rate() >= DELAY_FLOOR_BPS, "{}", line.rate());
    }

    #[test]
    fn loss_alone_lowers_a_blind_line_and_calm_raises_it() {
        let start = Instant::now();
        let mut estimator = Estimator::new(start, false);
        let first = estimator.bits_per_second();
        estimator.loss(start + Duration::from_secs(1), 0.3);
        let low = estimator.bits_per_second();
        assert!(low < first * 9 / 10);
        for second in 2..30 {
            estimator.loss(start + Duration::from_secs(second), 0.0);
        }
        assert!(estimator.bits_per_second() > low * 3 / 2);
    }
}
