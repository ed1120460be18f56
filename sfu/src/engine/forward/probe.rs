//! A burst that asks a line for more than is known of it: what came of it.

/// Packets that a burst needs to tell anything.
const PACKETS_MIN: u32 = 8;
/// Less of a burst than this share arrived: it says nothing but that it was too much.
const ARRIVED_MIN: f64 = 0.8;
/// It came slower than it was sent by more than this: the line was full.
const KEPT_UP: f64 = 0.9;
/// What was measured on a full line is not taken to the last bit.
const FULL: f64 = 0.95;
/// Both ends together at least this long apart: shorter says more about clocks than about lines.
const SPAN_US_MIN: i64 = 15_000;

/// Sent and arrived in microseconds, on the clocks of each end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    sent: (i64, i64),
    arrived: (i64, i64),
}

/// The packets of one burst as they are told of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Burst {
    ends: Option<Ends>,
    packets: u32,
    lost: u32,
    bytes: u64,
    first_bytes: u32,
    last_bytes: u32,
}

/// What a line carried, bits per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub bits_per_second: f64,
    /// It would not have carried more.
    pub full: bool,
}

impl Burst {
    pub fn packet(&mut self, sent: i64, arrival: Option<i64>, bytes: u32) {
        let Some(arrival) = arrival else {
            self.lost += 1;
            return;
        };
        self.packets += 1;
        self.bytes += u64::from(bytes);
        self.last_bytes = bytes;
        match &mut self.ends {
            None => {
                self.ends = Some(Ends { sent: (sent, sent), arrived: (arrival, arrival) });
                self.first_bytes = bytes;
            }
            Some(ends) => {
                ends.sent = (ends.sent.0.min(sent), ends.sent.1.max(sent));
                ends.arrived = (ends.arrived.0.min(arrival), ends.arrived.1.max(arrival));
            }
        }
    }

    pub fn found(&self) -> Option<Found> {
        let ends = self.ends.filter(|_| self.packets >= PACKETS_MIN)?;
        let arrived = f64::from(self.packets) / f64::from(self.packets + self.lost);
        let (sent_span, arrived_span) = (ends.sent.1 - ends.sent.0, ends.arrived.1 - ends.arrived.0);
        if arrived < ARRIVED_MIN || sent_span < SPAN_US_MIN || arrived_span < SPAN_US_MIN {
            return None;
        }
        // Between n packets there are n - 1 gaps: the last is not sent within them, the first does not arrive within them.
        let rate = |bytes: u64, span: i64| bytes as f64 * 8_000_000.0 / span as f64;
        let sent = rate(self.bytes - u64::from(self.last_bytes), sent_span);
        let received = rate(self.bytes - u64::from(self.first_bytes), arrived_span);
        let full = received < KEPT_UP * sent;
        Some(Found { bits_per_second: if full { FULL * received } else { sent.min(received) }, full })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(gap_sent: i64, gap_arrived: i64, lost: i64) -> Option<Found> {
        let mut burst = Burst::default();
        for number in 0..30 {
            let arrival = (number % 10 >= lost).then_some(5_000_000 + number * gap_arrived);
            burst.packet(number * gap_sent, arrival, 500);
        }
        burst.found()
    }

    #[test]
    fn tells_what_was_carried_and_whether_that_was_all() {
        let kept_up = burst(1_000, 1_000, 0).unwrap();
        assert!((3_900_000.0..4_100_000.0).contains(&kept_up.bits_per_second) && !kept_up.full, "{kept_up:?}");
        let full = burst(1_000, 2_000, 0).unwrap();
        assert!((1_850_000.0..1_950_000.0).contains(&full.bits_per_second) && full.full, "{full:?}");
        assert_eq!(burst(1_000, 1_000, 4), None, "too much was lost");
        assert_eq!(burst(100, 100, 0), None, "too short");
        assert_eq!(Burst::default().found(), None);
    }
}
