//! The share of packets that a line loses, and what that says of the rate.

use std::time::{Duration, Instant};

/// Packets behind one sample of the share.
const SAMPLE: u32 = 25;
/// Weight of a new sample: a change is seen within two seconds of sound alone.
const WEIGHT: f64 = 0.3;

/// A share of packets, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    pub const fn new(share: f64) -> Self {
        Self(share.clamp(0.0, 1.0))
    }

    /// Rounded to the nearest.
    pub fn percent(self) -> u8 {
        (self.0 * 100.0).round() as u8
    }

    /// 0 to 1.
    pub const fn share(self) -> f64 {
        self.0
    }

    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

/// Counts packets one by one as they are told of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    lost: u32,
    counted: u32,
    smoothed: Share,
}

impl Counter {
    pub fn count(&mut self, lost: bool) {
        self.lost += u32::from(lost);
        self.counted += 1;
        if self.counted == SAMPLE {
            let sample = f64::from(self.lost) / f64::from(SAMPLE);
            self.smoothed = Share(self.smoothed.0 + WEIGHT * (sample - self.smoothed.0));
            (self.lost, self.counted) = (0, 0);
        }
    }

    pub const fn share(&self) -> Share {
        self.smoothed
    }
}

/// Packets, and time, behind one judgement of a rate.
const JUDGED_PACKETS: u32 = 60;
const JUDGED: Duration = Duration::from_millis(500);
/// A receiver report does not say how many packets it is about: as if it were of these.
const REPORTED_PACKETS: u32 = 100;
/// More than this above what the line loses anyway is taken for too much sent; more than the second, in the whole, for far too much.
const HIGH: f64 = 0.08;
const HUGE: f64 = 0.40;
/// Less than this lets the rate grow.
const LOW: f64 = 0.05;
/// What is sent is lowered to this share to see whether that helps.
const TRIED: f64 = 0.8;
/// A rate that was lowered took so much of the loss away that at most this share is left, if it was the cause.
const LEFT: f64 = 0.75;
/// A line that loses more by itself carries no picture.
const INHERENT_MAX: f64 = 0.5;
/// What is lost at any rate is followed by this share of a difference that chance explains, and by half of one that it does not.
const FOLLOW: f64 = 0.1;

/// What loss says of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Grow,
    Hold,
    /// Found out afterwards whether that helped.
    Lower(f64),
    /// It did not help: the line loses by itself, and had carried this.
    Restore(f64),
}

/// Tells loss by congestion from loss by a bad line: where a lower rate loses as much, the rate was not the reason.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    lost: u32,
    counted: u32,
    since: Instant,
    /// The share that is lost at any rate.
    inherent: f64,
    /// Loss and rate before the rate was lowered.
    trial: Option<(f64, f64)>,
    verdict: Verdict,
}

impl Judge {
    pub const fn new(now: Instant) -> Self {
        Self { lost: 0, counted: 0, since: now, inherent: 0.0, trial: None, verdict: Verdict::Grow }
    }

    pub fn count(&mut self, lost: bool) {
        self.lost += u32::from(lost);
        self.counted += 1;
    }

    /// The share that is lost at any rate.
    pub const fn inherent(&self) -> f64 {
        self.inherent
    }

    /// What was lost since the last judgement is too much already.
    pub fn so_far_too_much(&self) -> bool {
        self.counted >= JUDGED_PACKETS / 2 && f64::from(self.lost) / f64::from(self.counted) > HIGH
    }

    /// A full queue may have been taken for a bad line.
    pub fn doubt_inherent(&mut self) {
        self.inherent /= 2.0;
    }

    /// It was.
    pub const fn forget_inherent(&mut self) {
        self.inherent = 0.0;
    }

    /// Another reason lowered the rate: what is lost now tells nothing of the trial.
    pub fn disturb(&mut self) {
        self.trial = None;
    }

    /// Judges the rate by what was lost since the last judgement; between two the last one holds, but a rate is changed once. `sending` is
    /// what was sent in that time, bits per second.
    pub fn judge(&mut self, now: Instant, rate: f64, sending: f64) -> Verdict {
        if self.counted < JUDGED_PACKETS || now.saturating_duration_since(self.since) < JUDGED {
            return match self.verdict {
                Verdict::Grow => Verdict::Grow,
                _ => Verdict::Hold,
            };
        }
        let (share, counted) = (f64::from(self.lost) / f64::from(self.counted), self.counted);
        (self.lost, self.counted, self.since) = (0, 0, now);
        self.verdict = self.judge_share(share, counted, rate, sending);
        self.verdict
    }

    /// As [`Self::judge`], of a share that a receiver report tells.
    pub fn judge_report(&mut self, share: f64, rate: f64) -> Verdict {
        self.judge_share(share, REPORTED_PACKETS, rate, rate)
    }

    fn judge_share(&mut self, share: f64, counted: u32, rate: f64, sending: f64) -> Verdict {
        let counted = f64::from(counted.max(1));
        // One standard deviation of a share of so many packets that are lost each by itself.
        let chance = ((share * (1.0 - share)).max(0.25 / counted) / counted).sqrt();
        if let Some((before, carried)) = self.trial.take()
            && share + chance > LEFT * before
        {
            self.inherent = f64::midpoint(share, before).min(INHERENT_MAX);
            return Verdict::Restore(carried);
        }
        if share < self.inherent - 2.0 * chance {
            self.inherent -= (self.inherent - share) / 2.0;
        } else if self.inherent > 0.0 && share < self.inherent + 2.0 * chance {
            self.inherent += FOLLOW * (share - self.inherent);
        }
        let excess = share - self.inherent;
        if excess - 2.0 * chance > HIGH {
            self.trial = Some((share, rate));
            let kept = if excess > HUGE { 1.0 - share } else { TRIED };
            Verdict::Lower(rate.min(sending) * kept)
        } else if excess - chance > LOW {
            Verdict::Hold
        } else {
            Verdict::Grow
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_line_within_a_hundred_packets() {
        let mut counter = Counter::default();
        for number in 0..200 {
            counter.count(number % 10 < 3);
        }
        assert!((20..=36).contains(&counter.share().percent()), "{counter:?}");
        for _ in 0..300 {
            counter.count(false);
        }
        assert_eq!(counter.share().percent(), 0);
    }

    /// Loss judged once a second for a line that carries so much and loses so much by itself.
    fn settle(carries: f64, loses: f64, mut rate: f64) -> (f64, f64) {
        let mut judge = Judge::new(Instant::now());
        let (mut lowest, first) = (rate, rate);
        for _ in 0..40 {
            let arriving = (rate * (1.0 - loses)).min(carries);
            let verdict = judge.judge_share(1.0 - arriving / rate, 1_000, rate, rate);
            match verdict {
                Verdict::Lower(to) | Verdict::Restore(to) => rate = to,
                Verdict::Grow => rate = (rate * 1.02).min(first),
                Verdict::Hold => {}
            }
            lowest = lowest.min(rate);
        }
        (rate, lowest)
    }

    #[test]
    fn a_line_that_loses_by_itself_keeps_its_rate_and_a_full_one_is_relieved() {
        for loses in [0.05, 0.15, 0.3, 0.45] {
            let (rate, lowest) = settle(f64::MAX, loses, 2_000_000.0);
            assert!(rate > 1_900_000.0, "{rate} where {loses} is lost anyway");
            assert!(lowest > 1_000_000.0, "{lowest}: one trial, no collapse");
        }
        for over in [1.3, 2.0, 5.0] {
            let (rate, _) = settle(1_000_000.0, 0.0, 1_000_000.0 * over);
            assert!((800_000.0..1_200_000.0).contains(&rate), "{rate} where a million is carried");
        }
        let (rate, _) = settle(1_000_000.0, 0.2, 3_000_000.0);
        assert!((800_000.0..1_700_000.0).contains(&rate), "{rate} where both are true");
    }
}
