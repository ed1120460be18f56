//! The packets of one layer that were forwarded lately: what retransmissions and late cuts are served from. One ring a layer, shared by
//! all its subscribers, so that its memory is seconds times bitrate and not times subscribers.

use super::picture::{Ids, Picture};
use crate::engine::negotiated::Codec;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// A receiver that asks later than this for a packet has given up its frame.
const AGE: Duration = Duration::from_millis(1_000);
/// Packets: one second of 10 Mbit/s.
const PACKETS_MAX: usize = 1_024;
const PACKETS_FIRST: usize = 64;
/// Payload bytes: what [`PACKETS_MAX`] packets of full size hold; smaller packets never reach it.
const BYTES_MAX: usize = PACKETS_MAX * 1_200;

/// One received packet, as every subscriber and the recorder need it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Extended over wraps, in the source's own space.
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    /// RFC 6464, as received: flag of voice activity and level.
    pub audio_level: Option<u8>,
    /// 3GPP TS 26.114, section 7.4.5.
    pub orientation: Option<u8>,
    pub picture: Picture,
    pub ids: Ids,
    pub arrived: Instant,
    pub payload: Bytes,
}

impl Stored {
    /// A decoder can start here.
    pub fn keyframe(&self) -> bool {
        self.picture.keyframe
    }
}

pub const fn is_audio(codec: Codec) -> bool {
    matches!(codec, Codec::Opus | Codec::Red)
}

#[derive(Debug, Default)]
pub struct Ring {
    /// Sequence `n` stands at `n % len`; the length is a power of two.
    entries: Vec<Option<Stored>>,
    bytes: usize,
    /// Every sequence below is gone.
    tail: u64,
}

impl Ring {
    pub fn push(&mut self, packet: Stored) {
        if packet.sequence < self.tail {
            return;
        }
        if self.entries.is_empty() {
            self.entries.resize_with(PACKETS_FIRST, || None);
            self.tail = packet.sequence.saturating_sub(PACKETS_FIRST as u64 / 2);
        }
        while self.entries.len() < PACKETS_MAX && self.too_small_for(&packet) {
            self.grow();
        }
        let keep_from = (packet.sequence + 1).saturating_sub(self.entries.len() as u64);
        self.drop_below(keep_from);
        self.bytes += packet.payload.len();
        while self.bytes > BYTES_MAX && self.tail < packet.sequence {
            self.drop_below(self.tail + 1);
        }
        let at = self.at(packet.sequence);
        if let Some(old) = self.entries[at].replace(packet) {
            self.bytes -= old.payload.len();
        }
    }

    pub fn get(&self, sequence: u64) -> Option<&Stored> {
        if sequence < self.tail || self.entries.is_empty() {
            return None;
        }
        self.entries[self.at(sequence)].as_ref().filter(|packet| packet.sequence == sequence)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn at(&self, sequence: u64) -> usize {
        sequence as usize & (self.entries.len() - 1)
    }

    fn too_small_for(&self, packet: &Stored) -> bool {
        let falls_out = (packet.sequence + 1).saturating_sub(self.entries.len() as u64);
        let oldest = (self.tail..falls_out).take(self.entries.len()).find_map(|sequence| self.get(sequence));
        oldest.is_some_and(|old| packet.arrived.saturating_duration_since(old.arrived) < AGE)
    }

    fn grow(&mut self) {
        let mut wider: Vec<Option<Stored>> = Vec::new();
        wider.resize_with(self.entries.len() * 2, || None);
        let mask = wider.len() - 1;
        for packet in self.entries.drain(..).flatten() {
            let at = packet.sequence as usize & mask;
            wider[at] = Some(packet);
        }
        self.entries = wider;
    }

    fn drop_below(&mut self, sequence: u64) {
        // A jump wider than the ring empties it: no more steps than entries.
        let steps = sequence.saturating_sub(self.tail).min(self.entries.len() as u64);
        for gone in self.tail..self.tail + steps {
            let at = self.at(gone);
            if self.entries[at].as_ref().is_some_and(|packet| packet.sequence < sequence) {
                self.bytes -= self.entries[at].take().map_or(0, |packet| packet.payload.len());
            }
        }
        self.tail = self.tail.max(sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(sequence: u64, arrived: Instant, bytes: usize) -> Stored {
        Stored {
            sequence,
            timestamp: 0,
            marker: false,
            codec: Codec::Vp8,
            audio_level: None,
            orientation: None,
            picture: Picture::default(),
            ids: Ids::None,
            arrived,
            payload: Bytes::from(vec![0; bytes]),
        }
    }

    #[test]
    fn a_second_is_kept_and_no_more_than_the_bounds() {
        let (start, mut ring) = (Instant::now(), Ring::default());
        for n in 0..5_000u64 {
            ring.push(packet(70_000 + n, start + Duration::from_millis(2 * n), 1_000));
        }
        assert!(ring.get(74_999).is_some() && ring.get(74_500).is_some());
        assert!(ring.get(70_000).is_none());
        assert!(ring.entries.len() <= PACKETS_MAX);
        let mut slow = Ring::default();
        for n in 0..500u64 {
            slow.push(packet(70_000 + n, start + Duration::from_millis(20 * n), 100));
        }
        assert_eq!(slow.entries.len(), PACKETS_FIRST, "50 packets a second need no more");
    }

    proptest! {
        #[test]
        fn bytes_are_counted_and_bounded(steps in proptest::collection::vec((0u64..3_000, 0u64..60, 0usize..9_000), 1..400)) {
            let (start, mut ring, mut base) = (Instant::now(), Ring::default(), 70_000);
            for (n, (jump, back, bytes)) in steps.into_iter().enumerate() {
                base += if jump > 2_900 { jump } else { 1 };
                let sequence = base - back;
                ring.push(packet(sequence, start + Duration::from_millis(n as u64), bytes));
                let held: usize = ring.entries.iter().flatten().map(|packet| packet.payload.len()).sum();
                prop_assert_eq!(held, ring.bytes);
                prop_assert!(held <= BYTES_MAX + bytes && ring.entries.len() <= PACKETS_MAX);
                if sequence >= ring.tail {
                    prop_assert!(ring.get(sequence).is_some());
                }
            }
        }
    }
}
