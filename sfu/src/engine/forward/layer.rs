//! One received stream: a microphone, a screen, or one simulcast layer of a camera.

use super::{
    dependency::Structure,
    nack::Generator,
    rate::{Depths, Meter},
    ring::Ring,
    rtcp::ReportBlock,
    sequence::Unwrapper,
};
use crate::engine::negotiated::Codec;
use std::time::{Duration, Instant};

/// Packets behind the highest that can still arrive: what a repair takes at most, at 1 000 packets a second.
const WINDOW: u64 = 1_024;
/// A jump wider than this is a sender that began anew.
const JUMP_MAX: u64 = 8_192;
/// A layer that sent nothing for this long does not flow: three frames at 4 frames a second.
pub const SILENCE: Duration = Duration::from_millis(750);

/// What a packet was to the receive window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    New(u64),
    Duplicate,
    /// Behind the window.
    Late,
}

/// A sender report as it arrived (RFC 3550, section 6.4.1).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub ntp: u64,
    pub rtp_timestamp: u32,
    pub arrived: Instant,
}

#[derive(Debug)]
pub struct Layer {
    /// Changes whenever the stream starts anew, so that nothing of the old one is taken for the new.
    pub epoch: u32,
    /// When it last did.
    pub restarted: Option<Instant>,
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
    pub clock_rate: u32,
    pub clock: Option<Clock>,
    /// Drawn size, from the last key frame.
    pub size: Option<(u16, u16)>,
    /// The first packet of the last key frame, and when it came.
    pub keyframe: Option<(u64, Instant)>,
    pub last_packet: Option<Instant>,
    pub rate: Meter,
    /// The rates of the codec's own layers.
    pub depths: Depths,
    /// What dependency descriptors are read by.
    pub structure: Option<Box<Structure>>,
    /// What is sent now: a sender may change it by payload type at any packet.
    pub codec: Option<Codec>,
    pub nack: Generator,
    pub ring: Ring,
    unwrapper: Unwrapper,
    window: [u64; (WINDOW / 64) as usize],
    /// The number behind the last packet, if that was too late for the window.
    late_next: Option<u16>,
    highest: u64,
    first: u64,
    received: u64,
    reported: (u64, u64),
    transit: Option<i64>,
    jitter: f64,
}

impl Layer {
    pub fn new(epoch: u32, clock_rate: u32) -> Self {
        Self {
            epoch,
            restarted: None,
            ssrc: None,
            rtx_ssrc: None,
            clock_rate,
            clock: None,
            size: None,
            keyframe: None,
            last_packet: None,
            rate: Meter::default(),
            depths: Depths::default(),
            structure: None,
            codec: None,
            nack: Generator::default(),
            ring: Ring::default(),
            unwrapper: Unwrapper::default(),
            window: [0; (WINDOW / 64) as usize],
            late_next: None,
            highest: 0,
            first: 0,
            received: 0,
            reported: (0, 0),
            transit: None,
            jitter: 0.0,
        }
    }

    /// Forgets the stream, keeps its place.
    pub fn restart(&mut self, now: Instant, epoch: u32) {
        *self = Self { restarted: Some(now), ssrc: self.ssrc, rtx_ssrc: self.rtx_ssrc, ..Self::new(epoch, self.clock_rate) };
    }

    pub fn highest(&self) -> u64 {
        self.highest
    }

    pub fn flows(&self, now: Instant) -> bool {
        self.last_packet.is_some_and(|last| now.saturating_duration_since(last) < SILENCE)
    }

    /// The number is so far off that it can only be another stream's.
    pub fn is_far(&self, sequence: u16) -> bool {
        let mut unwrapper = self.unwrapper;
        self.received > 0 && unwrapper.unwrap(sequence).abs_diff(self.highest) > JUMP_MAX
    }

    /// True: the sender must have begun anew. Its number is far off, or the second in a row that is too late for the window (RFC 3550,
    /// appendix A.1). Not for repairs, which are as late as they were asked for.
    pub fn jumped(&mut self, sequence: u16) -> bool {
        let mut unwrapper = self.unwrapper;
        if self.received == 0 || unwrapper.unwrap(sequence) + WINDOW > self.highest {
            self.late_next = None;
            return self.is_far(sequence);
        }
        self.late_next.replace(sequence.wrapping_add(1)) == Some(sequence) || self.is_far(sequence)
    }

    /// Takes a number into the window, once.
    pub fn arrive(&mut self, sequence: u16) -> Arrival {
        let extended = self.unwrapper.unwrap(sequence);
        if self.received == 0 {
            self.highest = extended;
            self.first = extended;
            self.reported.0 = extended.wrapping_sub(1);
        } else if extended > self.highest {
            for fresh in (self.highest + 1..=extended).take(WINDOW as usize) {
                self.clear_bit(fresh);
            }
            if extended - self.highest >= WINDOW {
                self.window = [0; (WINDOW / 64) as usize];
            }
            self.highest = extended;
        } else if self.highest - extended >= WINDOW {
            return Arrival::Late;
        } else if self.bit(extended) {
            return Arrival::Duplicate;
        }
        self.set_bit(extended);
        self.received += 1;
        self.first = self.first.min(extended);
        Arrival::New(extended)
    }

    /// Takes a number that another packet brought along. False: it came already, or lies outside the window. It does not count as received:
    /// the sender is told what its line loses.
    pub fn recover(&mut self, number: u64) -> bool {
        let missing = number >= self.first && number < self.highest && self.highest - number < WINDOW && !self.bit(number);
        if missing {
            self.set_bit(number);
        }
        missing
    }

    /// Interarrival jitter (RFC 3550, appendix A.8), not for repairs.
    pub fn time(&mut self, since_start: Duration, timestamp: u32) {
        let arrival = since_start.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        // The difference alone counts, modulo 2^32 as the timestamps do.
        let transit = i64::from((arrival as u32).wrapping_sub(timestamp) as i32);
        if let Some(last) = self.transit.replace(transit) {
            let difference = i64::from((transit as i32).wrapping_sub(last as i32)).abs();
            self.jitter += (difference as f64 - self.jitter) / 16.0;
        }
    }

    /// The report on this stream since the last one (RFC 3550, appendix A.3).
    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let ssrc = self.ssrc.filter(|_| self.received > 0)?;
        let expected = self.highest + 1 - self.first;
        let expected_now = self.highest.wrapping_sub(self.reported.0);
        let received_now = self.received - self.reported.1;
        self.reported = (self.highest, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let clock = self.clock.as_ref();
        Some(ReportBlock {
            ssrc,
            fraction_lost: if expected_now == 0 { 0 } else { (lost_now * 256 / expected_now).min(255) as u8 },
            cumulative_lost: (expected as i64 - self.received as i64).clamp(-0x80_0000, 0x7f_ffff) as i32,
            // Counted from the first wrap on: the unwrapper starts one up.
            highest_sequence: (self.highest - (1 << 16)) as u32,
            jitter: self.jitter as u32,
            last_report: clock.map_or(0, |clock| (clock.ntp >> 16) as u32),
            delay: clock.map_or(0, |clock| (now.saturating_duration_since(clock.arrived).as_micros() * 65_536 / 1_000_000) as u32),
        })
    }

    fn bit(&self, sequence: u64) -> bool {
        self.window[(sequence % WINDOW / 64) as usize] >> (sequence % 64) & 1 == 1
    }

    fn set_bit(&mut self, sequence: u64) {
        self.window[(sequence % WINDOW / 64) as usize] |= 1 << (sequence % 64);
    }

    fn clear_bit(&mut self, sequence: u64) {
        self.window[(sequence % WINDOW / 64) as usize] &= !(1 << (sequence % 64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn reports_loss_since_the_last_report() {
        let now = Instant::now();
        let mut layer = Layer::new(1, 48_000);
        layer.ssrc = Some(7);
        assert_eq!(layer.report(now), None);
        for sequence in (0..100u16).filter(|n| n % 4 != 3) {
            layer.arrive(sequence);
        }
        let block = layer.report(now).unwrap();
        assert_eq!((block.ssrc, block.highest_sequence, block.cumulative_lost), (7, 98, 24));
        assert_eq!(block.fraction_lost, (24 * 256 / 99) as u8);
        for sequence in 99..200 {
            layer.arrive(sequence);
        }
        let block = layer.report(now).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 24));
    }

    proptest! {
        #[test]
        fn never_the_same_packet_twice(start in any::<u16>(), steps in proptest::collection::vec(-1_500i32..60, 1..600)) {
            let (mut layer, mut seen, mut at) = (Layer::new(1, 90_000), HashSet::new(), i64::from(start) + (1 << 20));
            for step in steps {
                let number = at + i64::from(step);
                at = at.max(number);
                if let Arrival::New(extended) = layer.arrive(number as u16) {
                    prop_assert!(seen.insert(extended));
                    prop_assert_eq!(extended as u16, number as u16);
                }
            }
        }

        /// In the window nothing is refused that was not there before.
        #[test]
        fn what_is_late_but_within_the_window_is_taken(holes in proptest::collection::hash_set(1u16..900, 0..50)) {
            let mut layer = Layer::new(1, 90_000);
            for sequence in 0..1_000u16 {
                if !holes.contains(&sequence) {
                    prop_assert!(matches!(layer.arrive(sequence), Arrival::New(_)));
                }
            }
            for sequence in &holes {
                prop_assert!(matches!(layer.arrive(*sequence), Arrival::New(_)));
                prop_assert_eq!(layer.arrive(*sequence), Arrival::Duplicate);
            }
        }
    }
}
