//! VP8: the payload descriptor, and frames put together from packets in order (RFC 7741).

use super::{FRAME_BYTES_MAX, Frame};
use crate::engine::api::TapPacket;

/// What the descriptor says that matters here (RFC 7741, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Descriptor {
    /// The packet begins a frame: S set, and partition 0.
    begins_frame: bool,
    /// Where the VP8 bytes begin.
    bytes: usize,
}

/// None where the payload is cut within the descriptor or has nothing after it.
fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    const EXTENDED: u8 = 0x80;
    const BEGINS_PARTITION: u8 = 0x10;
    const PARTITION: u8 = 0x07;
    const PICTURE_ID: u8 = 0x80;
    const TL0PICIDX: u8 = 0x40;
    const TEMPORAL_OR_KEY_INDEX: u8 = 0x30;
    const PICTURE_ID_OF_15_BITS: u8 = 0x80;
    let first = *payload.first()?;
    let mut bytes = 1;
    if first & EXTENDED != 0 {
        let extensions = *payload.get(1)?;
        bytes += 1;
        if extensions & PICTURE_ID != 0 {
            bytes += if payload.get(bytes)? & PICTURE_ID_OF_15_BITS != 0 { 2 } else { 1 };
        }
        bytes += usize::from(extensions & TL0PICIDX != 0) + usize::from(extensions & TEMPORAL_OR_KEY_INDEX != 0);
    }
    let begins_frame = first & BEGINS_PARTITION != 0 && first & PARTITION == 0;
    (payload.len() > bytes).then_some(Descriptor { begins_frame, bytes })
}

/// RFC 6386, section 9.1: the lowest bit of the frame tag is 0 in a key frame.
fn is_key_frame(frame: &[u8]) -> bool {
    frame.first().is_some_and(|it| it & 1 == 0)
}

/// Width and height of a key frame (RFC 6386, section 9.1), without the scaling hints in the upper two bits.
pub fn key_frame_size(frame: &[u8]) -> Option<(u16, u16)> {
    let head = frame.get(..10).filter(|it| is_key_frame(it) && it[3..6] == [0x9d, 0x01, 0x2a])?;
    let size = (u16::from_le_bytes([head[6], head[7]]) & 0x3fff, u16::from_le_bytes([head[8], head[9]]) & 0x3fff);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// What a packet led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Assembled {
    Nothing,
    Frame(Frame),
    /// A frame is lost, and with it what the next ones lean on.
    Broken,
}

/// Puts frames together from packets that come in order, without a gap but those told by [`Assembler::gap`].
#[derive(Debug, Default)]
pub struct Assembler {
    frame: Option<Frame>,
}

impl Assembler {
    /// Packets are missing here. True where a frame had begun.
    pub fn gap(&mut self) {
        self.frame = None;
    }

    pub fn push(&mut self, packet: &TapPacket) -> Assembled {
        // Padding alone fills a probe and holds no frame (RFC 3550, section 5.1).
        if packet.payload.is_empty() {
            return Assembled::Nothing;
        }
        let Some(descriptor) = descriptor(&packet.payload) else {
            self.frame = None;
            return Assembled::Broken;
        };
        let bytes = &packet.payload[descriptor.bytes..];
        // A frame that began and did not end by its marker ends where the next begins: nothing is missing between them.
        let before = match &self.frame {
            Some(frame) if descriptor.begins_frame || frame.timestamp != packet.timestamp => self.frame.take(),
            _ => None,
        };
        match &mut self.frame {
            Some(frame) => frame.data.extend_from_slice(bytes),
            None if descriptor.begins_frame => {
                let key = is_key_frame(bytes);
                self.frame = Some(Frame { timestamp: packet.timestamp, arrived: packet.arrived, key, data: bytes.to_vec() });
            }
            // The middle of a frame whose beginning was lost.
            None => return Assembled::Broken,
        }
        if self.frame.as_ref().is_some_and(|it| it.data.len() > FRAME_BYTES_MAX) {
            self.frame = None;
            return Assembled::Broken;
        }
        match (before, packet.marker) {
            (None, true) => self.frame.take().map_or(Assembled::Nothing, Assembled::Frame),
            (None, false) => Assembled::Nothing,
            (Some(before), false) => Assembled::Frame(before),
            // Two frames end at one packet: the sender forgets its markers. The second is dropped with its followers.
            (Some(_), true) => {
                self.frame = None;
                Assembled::Broken
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use rtc_rtp::packetizer::{Depacketizer, Payloader};
    use std::time::Instant;
    use wire::id::{RecordingId, SourceId};

    const KEY: [u8; 12] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81, 1, 2];

    fn packet(sequence: u64, timestamp: u32, marker: bool, payload: &[u8]) -> TapPacket {
        TapPacket {
            recording: RecordingId(uuid::Uuid::nil()),
            source: SourceId(uuid::Uuid::nil()),
            ssrc: 1,
            sequence,
            timestamp,
            marker,
            arrived: Instant::now(),
            payload: Bytes::copy_from_slice(payload),
        }
    }

    #[test]
    fn the_table_of_descriptors() {
        let some = |begins_frame, bytes| Some(Descriptor { begins_frame, bytes });
        for (payload, read) in [
            (&[0x10, 0xaa][..], some(true, 1)),
            (&[0x00, 0xaa], some(false, 1)),
            (&[0x11, 0xaa], some(false, 1)),
            (&[0x30, 0xaa], some(true, 1)),
            (&[0x90, 0x80, 0x05, 0xaa], some(true, 3)),
            (&[0x90, 0x80, 0x85, 0x05, 0xaa], some(true, 4)),
            (&[0x90, 0xc0, 0x85, 0x05, 0x07, 0xaa], some(true, 5)),
            (&[0x90, 0xe0, 0x85, 0x05, 0x07, 0x20, 0xaa], some(true, 6)),
            (&[0x90, 0xd0, 0x05, 0x07, 0x20, 0xaa], some(true, 5)),
            (&[0x90, 0x00, 0xaa], some(true, 2)),
            (&[0x90, 0x80, 0x85], None),
            (&[0x90, 0x80], None),
            (&[0x90], None),
            (&[0x10], None),
            (&[], None),
        ] {
            assert_eq!(descriptor(payload), read, "{payload:02x?}");
        }
    }

    #[test]
    fn the_size_stands_in_key_frames_only() {
        assert_eq!(key_frame_size(&KEY), Some((640, 360)));
        let mut delta = KEY;
        delta[0] |= 1;
        assert_eq!(key_frame_size(&delta), None);
        assert_eq!(key_frame_size(&KEY[..9]), None);
        let mut other = KEY;
        other[3] = 0;
        assert_eq!(key_frame_size(&other), None);
    }

    #[test]
    fn a_frame_of_three_packets() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.push(&packet(1, 9, false, &[0x10, 0x10, 1])), Assembled::Nothing);
        assert_eq!(assembler.push(&packet(2, 9, false, &[])), Assembled::Nothing);
        assert_eq!(assembler.push(&packet(3, 9, false, &[0x01, 2])), Assembled::Nothing);
        let Assembled::Frame(frame) = assembler.push(&packet(4, 9, true, &[0x00, 3])) else { panic!() };
        assert_eq!((frame.key, frame.timestamp, frame.data.as_slice()), (true, 9, &[0x10, 1, 2, 3][..]));
    }

    #[test]
    fn a_frame_without_its_beginning_is_broken() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.push(&packet(1, 9, true, &[0x00, 3])), Assembled::Broken);
        assembler.push(&packet(2, 10, false, &[0x10, 0x10]));
        assembler.gap();
        assert_eq!(assembler.push(&packet(4, 10, true, &[0x00, 3])), Assembled::Broken);
    }

    #[test]
    fn a_frame_without_a_marker_ends_where_the_next_begins() {
        let mut assembler = Assembler::default();
        assembler.push(&packet(1, 9, false, &[0x10, 0x11]));
        let Assembled::Frame(frame) = assembler.push(&packet(2, 10, false, &[0x10, 0x12])) else { panic!() };
        assert_eq!((frame.timestamp, frame.data.as_slice()), (9, &[0x11][..]));
    }

    #[test]
    fn a_frame_is_bounded() {
        let mut assembler = Assembler::default();
        assembler.push(&packet(0, 9, false, &[0x10, 0x10]));
        let mut broken = 0;
        for sequence in 1..1000 {
            broken += usize::from(assembler.push(&packet(sequence, 9, false, &[0; 1400])) == Assembled::Broken);
            assert!(assembler.frame.as_ref().is_none_or(|it| it.data.len() <= FRAME_BYTES_MAX));
        }
        assert!(broken > 0);
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_can_make_it_panic(payloads in proptest::collection::vec((any::<Vec<u8>>(), any::<bool>(), 0u32..4), 0..40)) {
            let mut assembler = Assembler::default();
            for (at, (payload, marker, timestamp)) in payloads.iter().enumerate() {
                if let Assembled::Frame(frame) = assembler.push(&packet(at as u64, *timestamp, *marker, payload)) {
                    key_frame_size(&frame.data);
                }
            }
        }

        /// Another's packetizer and descriptor reader agree with ours.
        #[test]
        fn frames_come_back_out_of_another_packetizer(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..5000), 1..6)) {
            let mut payloader = rtc_rtp::codec::vp8::Vp8Payloader::default();
            payloader.enable_picture_id = true;
            let mut assembler = Assembler::default();
            let mut sequence = 0;
            for (number, frame) in frames.iter().enumerate() {
                let payloads = payloader.payload(1200, &Bytes::copy_from_slice(frame)).unwrap();
                for (at, payload) in payloads.iter().enumerate() {
                    let mut theirs = rtc_rtp::codec::vp8::Vp8Packet::default();
                    let rest = theirs.depacketize(payload).unwrap();
                    let ours = descriptor(payload).unwrap();
                    prop_assert_eq!(ours.begins_frame, theirs.s == 1 && theirs.pid == 0);
                    prop_assert_eq!(&payload[ours.bytes..], &rest[..]);
                    let marker = at + 1 == payloads.len();
                    let out = assembler.push(&packet(sequence, number as u32, marker, payload));
                    sequence += 1;
                    match out {
                        Assembled::Frame(out) => prop_assert_eq!((marker, &out.data), (true, frame)),
                        other => prop_assert_eq!((marker, other), (false, Assembled::Nothing)),
                    }
                }
            }
        }
    }
}
