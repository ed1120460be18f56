//! The share of packets that a line loses.

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

    pub const fn get(self) -> f64 {
        self.0
    }

    /// Rounded to the nearest.
    pub fn percent(self) -> u8 {
        (self.0 * 100.0).round() as u8
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
}
