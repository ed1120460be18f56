//! Puts the packets of one SSRC back in order. A gap is waited for while a retransmission may fill it, then given up.

use crate::engine::api::TapPacket;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long a gap is waited for: three rounds of NACK and RTX on a line of 200 ms. What waits is lost if the process is killed, so it is
/// short.
const WAIT: Duration = Duration::from_millis(600);
/// Packets that wait behind a gap at most: 600 ms of 8 Mbit/s in packets of 1.2 kB.
const PACKETS_MAX: usize = 512;

#[derive(Debug)]
pub enum Ordered {
    Packet(TapPacket),
    /// Packets are missing before the next.
    Gap,
}

#[derive(Debug, Default)]
pub struct Reorder {
    /// The extended sequence number that comes next; none before the first packet.
    next: Option<u64>,
    waiting: BTreeMap<u64, TapPacket>,
}

impl Reorder {
    /// Takes a packet and gives out what is in order now.
    pub fn push(&mut self, packet: TapPacket, out: &mut Vec<Ordered>) {
        let next = *self.next.get_or_insert(packet.sequence);
        if packet.sequence < next {
            return;
        }
        self.waiting.insert(packet.sequence, packet);
        self.release(out);
        while self.waiting.len() > PACKETS_MAX {
            self.give_up(out);
        }
    }

    /// Gives up the gaps that were waited for long enough.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<Ordered>) {
        while self.waiting.first_key_value().is_some_and(|(_, it)| now.saturating_duration_since(it.arrived) >= WAIT) {
            self.give_up(out);
        }
    }

    /// Gives up all gaps: nothing more comes.
    pub fn drain(&mut self, out: &mut Vec<Ordered>) {
        while !self.waiting.is_empty() {
            self.give_up(out);
        }
    }

    fn give_up(&mut self, out: &mut Vec<Ordered>) {
        if let Some((sequence, _)) = self.waiting.first_key_value() {
            self.next = Some(*sequence);
            out.push(Ordered::Gap);
            self.release(out);
        }
    }

    fn release(&mut self, out: &mut Vec<Ordered>) {
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next.saturating_add(1));
            out.push(Ordered::Packet(packet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::id::{RecordingId, SourceId};

    fn packet(sequence: u64, arrived: Instant) -> TapPacket {
        TapPacket {
            recording: RecordingId(uuid::Uuid::nil()),
            source: SourceId(uuid::Uuid::nil()),
            ssrc: 1,
            sequence,
            timestamp: 0,
            marker: true,
            arrived,
            payload: bytes::Bytes::new(),
        }
    }

    fn text(out: &[Ordered]) -> String {
        out.iter()
            .map(|it| match it {
                Ordered::Packet(packet) => packet.sequence.to_string(),
                Ordered::Gap => "gap".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_table_of_orders() {
        for (arrivals, at_once, after_waiting) in [
            (&[5u64, 6, 7][..], "5 6 7", "5 6 7"),
            (&[5, 7, 6, 8], "5 6 7 8", "5 6 7 8"),
            (&[5, 7, 8], "5", "5 gap 7 8"),
            (&[5, 7, 9], "5", "5 gap 7 gap 9"),
            (&[5, 6, 4, 7], "5 6 7", "5 6 7"),
            (&[5, 7, 7, 6, 6], "5 6 7", "5 6 7"),
            (&[u64::MAX], "18446744073709551615", "18446744073709551615"),
        ] {
            let (mut reorder, now, mut out) = (Reorder::default(), Instant::now(), Vec::new());
            for sequence in arrivals {
                reorder.push(packet(*sequence, now), &mut out);
            }
            assert_eq!(text(&out), at_once, "{arrivals:?}");
            reorder.tick(now + WAIT - Duration::from_millis(1), &mut out);
            assert_eq!(text(&out), at_once, "{arrivals:?}");
            reorder.tick(now + WAIT, &mut out);
            assert_eq!(text(&out), after_waiting, "{arrivals:?}");
        }
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut reorder, now, mut out) = (Reorder::default(), Instant::now(), Vec::new());
        reorder.push(packet(0, now), &mut out);
        for sequence in 1..=2000 {
            reorder.push(packet(2 * sequence, now), &mut out);
            assert!(reorder.waiting.len() <= PACKETS_MAX);
        }
        reorder.drain(&mut out);
        assert_eq!(out.iter().filter(|it| matches!(it, Ordered::Packet(_))).count(), 2001);
    }

    proptest! {
        /// Whatever the order of arrival: what comes out grows, and no packet that came in time is lost.
        #[test]
        fn out_comes_in_order_and_whole(shuffled in Just((0u64..60).collect::<Vec<_>>()).prop_shuffle(), lost in 1u64..60) {
            let (mut reorder, now, mut out) = (Reorder::default(), Instant::now(), Vec::new());
            reorder.push(packet(0, now), &mut out);
            for sequence in shuffled.iter().filter(|it| **it != lost && **it != 0) {
                reorder.push(packet(*sequence, now), &mut out);
            }
            reorder.drain(&mut out);
            let sequences: Vec<u64> = out.iter().filter_map(|it| match it {
                Ordered::Packet(packet) => Some(packet.sequence),
                Ordered::Gap => None,
            }).collect();
            prop_assert_eq!(sequences, (0..60).filter(|it| *it != lost).collect::<Vec<_>>());
            prop_assert_eq!(out.iter().filter(|it| matches!(it, Ordered::Gap)).count(), usize::from(lost != 59));
        }
    }
}
