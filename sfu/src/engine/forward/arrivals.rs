//! What arrives: the rate of it over the last moment, and how much longer than at best it takes.

use std::collections::VecDeque;

/// The rate is that of at least this long and this many packets, at most of the longest span.
const SPAN_US: i64 = 200_000;
const PACKETS_MIN: usize = 12;
const SPAN_US_MAX: i64 = 1_000_000;
/// Packets remembered: a second of the widest line.
const PACKETS_MAX: usize = 4_096;
/// The shortest way is looked for over two of these, so that clocks that drift by 100 µs in a second do not look like a queue.
const BASE_US: i64 = 15_000_000;

#[derive(Debug, Default)]
pub struct Arrivals {
    /// Arrival on the receiver's clock in microseconds, and bytes.
    packets: VecDeque<(i64, u32)>,
    /// Shortest ways of the span that runs and of the one before, and when the first began.
    base: Option<(i64, i64, i64)>,
    /// Shortest of those told of together.
    latest: Option<i64>,
}

impl Arrivals {
    /// Those told of from here on were told of together.
    pub fn begin(&mut self) {
        self.latest = None;
    }

    /// One packet, in microseconds: sent on our clock, arrived on the receiver's.
    pub fn packet(&mut self, sent: i64, arrival: i64, bytes: u32) {
        let way = arrival - sent;
        self.latest = Some(self.latest.map_or(way, |latest| latest.min(way)));
        self.base = Some(match self.base {
            None => (way, way, arrival),
            Some((shortest, _, since)) if arrival - since > BASE_US => (way, shortest, arrival),
            Some((shortest, before, since)) => (shortest.min(way), before, since),
        });
        self.packets.push_back((arrival, bytes));
        while self.packets.len() > PACKETS_MAX || self.packets.front().is_some_and(|(at, _)| arrival - at > SPAN_US_MAX) {
            self.packets.pop_front();
        }
    }

    /// How much longer than at best packets take now, in milliseconds: they wait in a queue.
    pub fn queue_ms(&self) -> f64 {
        let (Some(latest), Some((shortest, before, _))) = (self.latest, self.base) else {
            return 0.0;
        };
        (latest - shortest.min(before)).max(0) as f64 / 1_000.0
    }

    /// The way itself became longer: what it takes now is the best.
    pub fn rebase(&mut self) {
        if let (Some(latest), Some(base)) = (self.latest, &mut self.base) {
            (base.0, base.1) = (latest, latest);
        }
    }

    /// Bits per second over the last moment.
    pub fn bits_per_second(&self) -> f64 {
        let Some((last, _)) = self.packets.back() else {
            return 0.0;
        };
        let (mut first, mut bytes) = (*last, 0u64);
        for (count, (at, size)) in self.packets.iter().rev().enumerate() {
            if count >= PACKETS_MIN && last - at > SPAN_US {
                break;
            }
            // The first packet's own bytes arrived before the span began.
            if count > 0 {
                bytes += u64::from(*size);
            }
            first = first.min(*at);
        }
        let span = last - first;
        if span <= 0 { 0.0 } else { bytes as f64 * 8_000_000.0 / span as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_rate_of_the_last_moment_and_the_queue() {
        let mut arrivals = Arrivals::default();
        assert_eq!((arrivals.bits_per_second(), arrivals.queue_ms()), (0.0, 0.0));
        for number in 0..200 {
            arrivals.begin();
            arrivals.packet(number * 2_000, 7_000_000 + number * 2_000, 1_000);
        }
        assert!((3_900_000.0..4_100_000.0).contains(&arrivals.bits_per_second()), "{}", arrivals.bits_per_second());
        assert_eq!(arrivals.queue_ms(), 0.0);
        // A quarter of the width: a quarter of a second later the rate is that, and the queue grows.
        for number in 1..=32 {
            arrivals.begin();
            arrivals.packet(398_000 + number * 2_000, 7_398_000 + number * 8_000, 1_000);
        }
        assert!((950_000.0..1_050_000.0).contains(&arrivals.bits_per_second()), "{}", arrivals.bits_per_second());
        assert_eq!(arrivals.queue_ms(), 192.0);
        arrivals.rebase();
        assert_eq!(arrivals.queue_ms(), 0.0);
    }

    #[test]
    fn clocks_that_drift_are_no_queue() {
        let mut arrivals = Arrivals::default();
        for number in 0..6_000 {
            let sent = number * 20_000;
            arrivals.begin();
            arrivals.packet(sent, sent + sent / 10_000, 100);
        }
        assert!(arrivals.queue_ms() < 4.0, "{}", arrivals.queue_ms());
    }
}
