//! What one window of a run counted.

use serde::Serialize;
use std::time::Duration;

/// Late packets within this many numbers are told from repeated ones.
const WINDOW: u64 = 64;

/// One stream at one receiver.
#[derive(Clone, Debug)]
pub struct Track {
    pub ssrc: u32,
    pub payload_type: u8,
    /// Without wraps.
    highest: u64,
    seen: u64,
    /// Since the window began: the number before its first, and how many came.
    begin: u64,
    count: u64,
}

impl Track {
    pub fn new(ssrc: u32, payload_type: u8, sequence: u16) -> Self {
        let first = u64::from(sequence) + (1 << 16);
        Self { ssrc, payload_type, highest: first - 1, seen: 0, begin: first - 1, count: 0 }
    }

    /// False: it came before.
    pub fn arrive(&mut self, sequence: u16) -> bool {
        let number = self.highest.wrapping_add_signed(i64::from(sequence.wrapping_sub(self.highest as u16) as i16));
        if number > self.highest {
            let step = number - self.highest;
            self.seen = if step >= WINDOW { 0 } else { self.seen << step } | 1;
            self.highest = number;
        } else {
            let bit = 1u64.checked_shl((self.highest - number) as u32).unwrap_or(0);
            if bit == 0 || self.seen & bit != 0 {
                return false;
            }
            self.seen |= bit;
        }
        self.count += 1;
        true
    }

    pub const fn highest(&self) -> u32 {
        self.highest as u32
    }

    /// Numbers that were to come since the window began, and that came.
    pub const fn window(&self) -> (u64, u64) {
        (self.highest - self.begin, self.count)
    }

    pub const fn begin(&mut self) {
        (self.begin, self.count) = (self.highest, 0);
    }
}

/// All receivers of a window together.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub seconds: f64,
    /// Packets that publishers sent.
    pub sent_video: u64,
    pub sent_audio: u64,
    /// Media packets that receivers got, each once. Repairs and padding are apart.
    pub video: u64,
    pub audio: u64,
    pub padding: u64,
    /// By the numbers of each stream.
    pub expected: u64,
    pub came: u64,
    /// Of those that were decrypted, microseconds from the publisher's write to the kernel's stamp at the receiver.
    pub took_us: Vec<u32>,
    /// Did not authenticate, or fell behind.
    pub unreadable: u64,
}

/// A tally in figures.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seen {
    pub packets: u64,
    pub packets_per_second: f64,
    /// Share of numbers that did not come, 0 to 1.
    pub loss: f64,
    pub latency_ms_p50: f64,
    pub latency_ms_p99: f64,
    pub padding: u64,
}

impl Tally {
    pub fn packets(&self) -> u64 {
        self.video + self.audio
    }

    pub fn loss(&self) -> f64 {
        self.expected.saturating_sub(self.came) as f64 / self.expected.max(1) as f64
    }

    /// Of the pictures that publishers sent, the share that came to `watchers` of each.
    pub fn share_of_video(&self, watchers: usize) -> f64 {
        self.video as f64 / (self.sent_video * watchers as u64).max(1) as f64
    }

    pub fn seen(&mut self) -> Seen {
        self.took_us.sort_unstable();
        Seen {
            packets: self.packets(),
            packets_per_second: self.packets() as f64 / self.seconds.max(1e-9),
            loss: self.loss(),
            latency_ms_p50: percentile(&self.took_us, 50) / 1_000.0,
            latency_ms_p99: percentile(&self.took_us, 99) / 1_000.0,
            padding: self.padding,
        }
    }
}

/// Of sorted values; zero of none.
pub fn percentile(sorted: &[u32], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).or(sorted.last()).copied().map_or(0.0, f64::from)
}

/// The middle of a few figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

pub fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_repeats_and_wraps_are_told_apart() {
        let mut track = Track::new(1, 96, 65_534);
        assert!(track.arrive(65_534) && track.arrive(65_535) && track.arrive(1));
        assert_eq!(track.window(), (4, 3), "number 0 is missing");
        assert!(track.arrive(0), "late");
        assert!(!track.arrive(0) && !track.arrive(1), "twice");
        assert_eq!(track.window(), (4, 4));
        track.begin();
        assert_eq!(track.window(), (0, 0));
        assert!(track.arrive(200), "a long gap");
        assert_eq!(track.window(), (199, 1));
        assert!(!track.arrive(100), "too late to be told from a repeat");
    }

    #[test]
    fn figures_of_none_and_of_few() {
        assert_eq!((percentile(&[], 99), percentile(&[5], 99), percentile(&[1, 2, 3, 4], 50)), (0.0, 5.0, 3.0));
        assert_eq!((median(vec![]), median(vec![3.0, 1.0, 2.0])), (0.0, 2.0));
    }
}
