//! What the line towards one subscriber carries: from the arrival times it reports (a queue that grows is seen before it overflows, and is
//! drained), from loss that a lower rate would spare, and from bursts that ask for more than media alone would show.
//!
//! The parts stand in files of their own: [`trend`](super::trend) sees a queue grow, [`arrivals`](super::arrivals) measures what comes through and
//! how long it waits, [`loss`](super::loss) tells congestion from a bad line, [`probe`](super::probe) reads bursts. The controller here adds and
//! multiplies (draft-ietf-rmcat-gcc-02, section 5.5), with three differences: it falls to what truly arrives and drains the queue apart from that, so that
//! it need not fall far below a line that it holds; it grows the faster the longer the line was calm; and it does not believe in more than
//! half again what arrives.

use super::{
    arrivals::Arrivals,
    loss::{Counter, Judge, Share, Verdict},
    probe::Burst,
    rate::Meter,
    sequence::nearest,
    transport_cc,
    trend::{Trend, Usage},
};
use std::time::{Duration, Instant};

pub const MIN_BPS: f64 = 100_000.0;
/// A page of 50 tiles needs less.
pub const MAX_BPS: f64 = 30_000_000.0;
/// Where a line begins that tells us of its arrivals: sound and a page of small pictures at once, the rest after a probe. A line of half of
/// it is found out within a second.
const START_BPS: f64 = 2_000_000.0;
/// Where a line begins that tells of loss alone.
const START_BLIND_BPS: f64 = 10_000_000.0;
/// Growth a second of a line that tells of loss alone.
const GROWTH_BLIND: f64 = 0.08;
/// Sent packets remembered, a power of two: a second of 4 000 packets; feedback comes within 200 ms.
const HISTORY: usize = 4_096;
const DECREASE_INTERVAL: Duration = Duration::from_millis(300);
/// Where a full line is held: the queue is drained apart from this.
const HELD: f64 = 0.96;
/// Where media does not fill the line, what arrives says little about it, and a stalled receiver looks like a queue: one decrease goes no deeper.
const DECREASE_FLOOR: f64 = 0.7;
/// What is sent, where it is less than this share of the estimate, does not fill it.
const FILLED: f64 = 0.8;
/// Packets that are lost while the others wait this long are lost to a queue that is full.
const FULL_MS: f64 = 80.0;
/// With so long a queue nothing is learned of what the line loses by itself.
const STANDING_MS: f64 = 50.0;
/// A receiver that told nothing for this long was itself held up, or was sent nothing: its next arrival times are no trend.
const STALL: Duration = Duration::from_millis(300);
/// Feedback comes some ten times a second for whatever is sent: one that was silent for longer tells nothing.
const HEARD: Duration = Duration::from_secs(2);
/// Growth a second: until the line was ever full; near where it was full (bits, twice as many with each second of calm); at most past that.
const GROWTH_FIRST: f64 = 0.5;
const GROWTH_NEAR_BPS: f64 = 40_000.0;
const GROWTH_MAX: f64 = 0.25;
/// How far above what truly arrives the estimate may be led.
const LEAD: (f64, f64) = (1.5, 100_000.0);
/// A queue is drained until it is this short. A longer one is drained within a second, at no less than this share of the rate, and for no longer
/// than this: what does not go away by then is the way itself.
const DRAINED_MS: f64 = 15.0;
const DRAIN_SHARE_MIN: f64 = 0.35;
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// Where more leaves than the estimate allows (repairs, key frames) and the queue stays, the estimate falls to this share once in this time.
const STILL_FULL: f64 = 0.85;
const STILL_FULL_AFTER: Duration = Duration::from_secs(1);
/// What leaves is less than this share of what arrives: a queue would become shorter.
const WOULD_DRAIN: f64 = 0.9;

/// A thing that learns how much a line carries.
pub trait BandwidthEstimator {
    /// A packet leaves now. `probes`: it is there to ask the line for more.
    fn sent(&mut self, now: Instant, number: u16, bytes: usize, probes: bool);
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
    bytes: u16,
    probes: bool,
}

#[derive(Debug)]
pub struct Estimator {
    start: Instant,
    rate: f64,
    history: Vec<Sent>,
    next: u64,
    leaving: Meter,
    trend: Trend,
    arrivals: Arrivals,
    losses: Counter,
    judge: Judge,
    /// The burst that is under way, and the number of its last packet.
    burst: Option<(Burst, u64)>,
    /// What the line carried when it was last full.
    ceiling: Option<f64>,
    /// Since when a queue is drained.
    draining: Option<Instant>,
    decreased: Option<Instant>,
    updated: Instant,
    told: Option<Instant>,
    /// When the last numbered packet left.
    left: Option<Instant>,
}

impl Estimator {
    pub fn new(now: Instant, transport_cc: bool) -> Self {
        Self {
            start: now,
            rate: if transport_cc { START_BPS } else { START_BLIND_BPS },
            history: if transport_cc { vec![Sent::default(); HISTORY] } else { Vec::new() },
            next: 1 << 16,
            leaving: Meter::default(),
            trend: Trend::default(),
            arrivals: Arrivals::default(),
            losses: Counter::default(),
            judge: Judge::new(now),
            burst: None,
            ceiling: None,
            draining: None,
            decreased: None,
            updated: now,
            told: None,
            left: None,
        }
    }

    /// Whether the peer tells of arrivals at all.
    pub fn hears(&self, now: Instant) -> bool {
        self.told.is_some_and(|told| now.saturating_duration_since(told) < HEARD)
    }

    /// Whether a burst may be told of: the peer tells of arrivals, or was sent nothing of late that it could have told of.
    pub fn answers(&self, now: Instant) -> bool {
        self.hears(now) || self.left.is_none_or(|left| now.saturating_duration_since(left) >= HEARD)
    }

    /// How long ago the line was last found full; `None`: never yet.
    pub fn calm_for(&self, now: Instant) -> Option<Duration> {
        self.decreased.map(|last| now.saturating_duration_since(last))
    }

    /// The packets that ask for more begin. What was told of the burst before it, if its end was lost, is all that is known of it.
    pub fn begin_burst(&mut self) {
        self.finish_burst();
    }

    /// A queue is being drained.
    pub const fn drains(&self) -> bool {
        self.draining.is_some()
    }

    fn us(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.start).as_micros() as i64
    }

    fn may_decrease(&self, now: Instant) -> bool {
        self.decreased.is_none_or(|last| now.saturating_duration_since(last) >= DECREASE_INTERVAL)
    }

    fn decrease(&mut self, now: Instant, to: f64) {
        self.rate = self.rate.min(to.max(MIN_BPS));
        self.decreased = Some(now);
    }

    /// What is sent less what the line loses by itself is what arrives: the other way round.
    fn carried(&self) -> f64 {
        self.arrivals.bits_per_second() / (1.0 - self.judge.inherent())
    }

    fn control(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.updated).as_secs_f64().min(0.5);
        self.updated = now;
        let carried = self.carried();
        let queue_ms = self.arrivals.queue_ms();
        self.watch_drain(now, queue_ms);
        let full = queue_ms > FULL_MS && self.judge.so_far_too_much();
        // A burst makes a queue of its own, and tells itself what the line carries.
        let over = self.trend.usage() == Usage::Over && (self.burst.is_none() || queue_ms > FULL_MS);
        if over || full {
            if self.may_decrease(now) {
                if full {
                    self.judge.doubt_inherent();
                }
                let filled = self.leaving.bits_per_second(now) as f64 >= FILLED * self.published(queue_ms);
                if filled {
                    self.ceiling = Some(carried);
                    self.draining.get_or_insert(now);
                }
                let floor = if filled { 0.0 } else { DECREASE_FLOOR * self.rate };
                self.decrease(now, (HELD * carried).max(floor));
            }
            self.judge.disturb();
            return;
        }
        if queue_ms > STANDING_MS {
            self.judge.disturb();
        }
        let sending = self.leaving.bits_per_second(now) as f64;
        match self.judge.judge(now, self.rate, sending) {
            Verdict::Lower(to) if self.may_decrease(now) => self.decrease(now, to),
            // Not carried out, so that what is lost next tells nothing of it.
            Verdict::Lower(_) => self.judge.disturb(),
            Verdict::Hold => {}
            Verdict::Restore(to) => self.rate = self.rate.max(to),
            Verdict::Grow if self.draining.is_some() || self.trend.usage() == Usage::Under => {}
            Verdict::Grow => self.grow(now, passed, carried),
        }
    }

    /// A queue was seen to grow: it is drained until it is short, or is none.
    fn watch_drain(&mut self, now: Instant, queue_ms: f64) {
        let Some(since) = self.draining else {
            return;
        };
        let lasts = now.saturating_duration_since(since);
        let leaving = self.leaving.bits_per_second(now) as f64;
        if queue_ms <= DRAINED_MS {
            self.draining = None;
        } else if queue_ms > FULL_MS && lasts > STILL_FULL_AFTER && leaving > WOULD_DRAIN * self.arrivals.bits_per_second() {
            self.decrease(now, STILL_FULL * self.rate);
            self.judge.forget_inherent();
            self.draining = Some(now);
        } else if lasts > DRAIN_MAX {
            self.draining = None;
            self.arrivals.rebase();
        }
    }

    fn grow(&mut self, now: Instant, passed: f64, carried: f64) {
        if self.ceiling.is_some_and(|ceiling| self.rate > 1.5 * ceiling) {
            self.ceiling = None;
        }
        let growth = match self.ceiling {
            Some(ceiling) if self.rate > 0.9 * ceiling => {
                let calm = now.saturating_duration_since(self.decreased.unwrap_or(self.start)).as_secs_f64().min(16.0);
                (GROWTH_NEAR_BPS * calm.exp2()).min(GROWTH_MAX * self.rate)
            }
            _ if self.decreased.is_some() => GROWTH_MAX * self.rate,
            _ => GROWTH_FIRST * self.rate,
        };
        let lead = LEAD.0 * carried + LEAD.1;
        if self.rate < lead {
            self.rate = (self.rate + growth * passed).min(lead);
        }
        self.rate = self.rate.min(MAX_BPS);
    }

    /// A burst was told of: what it found is believed where it is more.
    fn finish_burst(&mut self) {
        let Some(found) = self.burst.take().and_then(|(burst, _)| burst.found()) else {
            return;
        };
        // The queue that it made is not held against what comes behind it.
        self.trend.forget();
        if found.bits_per_second > self.rate && self.draining.is_none() {
            self.rate = found.bits_per_second.min(MAX_BPS);
            self.ceiling = found.full.then_some(found.bits_per_second);
        }
    }

    /// The rate, less what drains the queue.
    fn published(&self, queue_ms: f64) -> f64 {
        let share = if self.draining.is_some() { (1.0 - queue_ms / 1_000.0).clamp(DRAIN_SHARE_MIN, 1.0) } else { 1.0 };
        (self.rate * share).max(MIN_BPS)
    }
}

impl BandwidthEstimator for Estimator {
    fn sent(&mut self, now: Instant, number: u16, bytes: usize, probes: bool) {
        if self.history.is_empty() {
            return;
        }
        let number = nearest(self.next, number);
        self.next = number + 1;
        let at_us = self.us(now);
        self.leaving.add(now, bytes);
        self.left = Some(now);
        self.history[number as usize % HISTORY] = Sent { at_us, number: number as u32, bytes: bytes as u16, probes };
        if probes {
            self.burst.get_or_insert_with(|| (Burst::default(), number)).1 = number;
        }
    }

    fn feedback(&mut self, now: Instant, body: &[u8]) {
        if self.history.is_empty() {
            return;
        }
        if self.told.is_some_and(|told| now.saturating_duration_since(told) > STALL) {
            self.trend.forget();
        }
        self.arrivals.begin();
        let (highest, mut latest) = (self.next.saturating_sub(1), 0);
        let result = transport_cc::read(body, |number, arrival| {
            let number = nearest(highest, number);
            let entry = &mut self.history[number as usize % HISTORY];
            if entry.number != number as u32 || entry.bytes == 0 || number > highest {
                return;
            }
            let sent = std::mem::replace(entry, Sent { bytes: 0, ..*entry });
            latest = latest.max(number);
            self.losses.count(arrival.is_none());
            self.judge.count(arrival.is_none());
            if let Some((burst, _)) = self.burst.as_mut().filter(|_| sent.probes) {
                burst.packet(sent.at_us, arrival, u32::from(sent.bytes));
            }
            if let Some(arrival) = arrival {
                self.arrivals.packet(sent.at_us, arrival, u32::from(sent.bytes));
                self.trend.packet(sent.at_us, arrival);
            }
        });
        if result.is_some() {
            self.told = Some(now);
        }
        if self.burst.as_ref().is_some_and(|(_, last)| latest > *last) {
            self.finish_burst();
        }
        self.control(now);
    }

    fn loss(&mut self, now: Instant, fraction: f64) {
        if self.hears(now) {
            return;
        }
        let passed = now.saturating_duration_since(self.updated).as_secs_f64().min(2.0);
        self.updated = now;
        match self.judge.judge_report(fraction, self.rate) {
            Verdict::Lower(to) => self.decrease(now, to),
            Verdict::Restore(to) => self.rate = self.rate.max(to),
            Verdict::Grow => self.rate = (self.rate * (1.0 + GROWTH_BLIND * passed)).min(MAX_BPS),
            Verdict::Hold => {}
        }
    }

    fn bits_per_second(&self) -> u64 {
        self.published(self.arrivals.queue_ms()) as u64
    }

    fn lost(&self) -> Share {
        self.losses.share()
    }
}

#[cfg(test)]
mod tests;
