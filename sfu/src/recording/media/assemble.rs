//! Frames put together from packets in order, whatever the codec.

use super::{FRAME_BYTES_MAX, Frame};
use crate::engine::api::TapPacket;

/// What one packet holds of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub begins_frame: bool,
    /// The frame that begins can be decoded without any before it.
    pub key: bool,
    /// The codec's own bytes.
    pub bytes: &'a [u8],
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
#[derive(Debug)]
pub struct Assembler {
    /// Reads one packet's payload; none where it is not of the codec.
    read: fn(&[u8]) -> Option<Piece<'_>>,
    frame: Option<Frame>,
}

impl Assembler {
    pub fn new(read: fn(&[u8]) -> Option<Piece<'_>>) -> Self {
        Self { read, frame: None }
    }

    /// Packets are missing here. True where a frame had begun.
    pub fn gap(&mut self) {
        self.frame = None;
    }

    pub fn push(&mut self, packet: &TapPacket) -> Assembled {
        // Padding alone fills a probe and holds no frame (RFC 3550, section 5.1).
        if packet.payload.is_empty() {
            return Assembled::Nothing;
        }
        let Some(piece) = (self.read)(&packet.payload) else {
            self.frame = None;
            return Assembled::Broken;
        };
        // A frame that began and did not end by its marker ends where the next begins: nothing is missing between them.
        let before = match &self.frame {
            Some(frame) if piece.begins_frame || frame.timestamp != packet.timestamp => self.frame.take(),
            _ => None,
        };
        match &mut self.frame {
            Some(frame) => frame.data.extend_from_slice(piece.bytes),
            None if piece.begins_frame => {
                let data = piece.bytes.to_vec();
                self.frame = Some(Frame { timestamp: packet.timestamp, arrived: packet.arrived, key: piece.key, data });
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
    use super::{
        super::{vp8, vp9},
        *,
    };
    use bytes::Bytes;
    use proptest::prelude::*;
    use rtc_rtp::packetizer::{Depacketizer, Payloader};
    use std::time::Instant;
    use wire::id::{RecordingId, SourceId};

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
    fn a_frame_of_three_packets() {
        let mut assembler = Assembler::new(vp8::piece);
        assert_eq!(assembler.push(&packet(1, 9, false, &[0x10, 0x10, 1])), Assembled::Nothing);
        assert_eq!(assembler.push(&packet(2, 9, false, &[])), Assembled::Nothing);
        assert_eq!(assembler.push(&packet(3, 9, false, &[0x01, 2])), Assembled::Nothing);
        let Assembled::Frame(frame) = assembler.push(&packet(4, 9, true, &[0x00, 3])) else { panic!() };
        assert_eq!((frame.key, frame.timestamp, frame.data.as_slice()), (true, 9, &[0x10, 1, 2, 3][..]));
    }

    #[test]
    fn a_frame_without_its_beginning_is_broken() {
        let mut assembler = Assembler::new(vp8::piece);
        assert_eq!(assembler.push(&packet(1, 9, true, &[0x00, 3])), Assembled::Broken);
        assembler.push(&packet(2, 10, false, &[0x10, 0x10]));
        assembler.gap();
        assert_eq!(assembler.push(&packet(4, 10, true, &[0x00, 3])), Assembled::Broken);
    }

    #[test]
    fn a_frame_without_a_marker_ends_where_the_next_begins() {
        let mut assembler = Assembler::new(vp8::piece);
        assembler.push(&packet(1, 9, false, &[0x10, 0x11]));
        let Assembled::Frame(frame) = assembler.push(&packet(2, 10, false, &[0x10, 0x12])) else { panic!() };
        assert_eq!((frame.timestamp, frame.data.as_slice()), (9, &[0x11][..]));
    }

    #[test]
    fn a_frame_is_bounded() {
        let mut assembler = Assembler::new(vp8::piece);
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
            for read in [vp8::piece, vp9::piece] {
                let mut assembler = Assembler::new(read);
                for (at, (payload, marker, timestamp)) in payloads.iter().enumerate() {
                    if let Assembled::Frame(frame) = assembler.push(&packet(at as u64, *timestamp, *marker, payload)) {
                        vp8::key_frame_size(&frame.data);
                        vp9::key_frame_size(&frame.data);
                    }
                }
            }
        }

        /// Another's packetizer and descriptor reader agree with ours.
        #[test]
        fn frames_come_back_out_of_another_packetizer(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..5000), 1..6)) {
            let mut payloader = rtc_rtp::codec::vp8::Vp8Payloader::default();
            payloader.enable_picture_id = true;
            let mut assembler = Assembler::new(vp8::piece);
            let mut sequence = 0;
            for (number, frame) in frames.iter().enumerate() {
                let payloads = payloader.payload(1200, &Bytes::copy_from_slice(frame)).unwrap();
                for (at, payload) in payloads.iter().enumerate() {
                    let mut theirs = rtc_rtp::codec::vp8::Vp8Packet::default();
                    let rest = theirs.depacketize(payload).unwrap();
                    let ours = vp8::piece(payload).unwrap();
                    prop_assert_eq!(ours.begins_frame, theirs.s == 1 && theirs.pid == 0);
                    prop_assert_eq!(ours.bytes, &rest[..]);
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

        #[test]
        fn frames_of_vp9_come_back_out_of_another_packetizer(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..5000), 1..6)) {
            let mut payloader = rtc_rtp::codec::vp9::Vp9Payloader::default();
            let mut assembler = Assembler::new(vp9::piece);
            let mut sequence = 0;
            for (number, frame) in frames.iter().enumerate() {
                let payloads = payloader.payload(1200, &Bytes::copy_from_slice(frame)).unwrap();
                for (at, payload) in payloads.iter().enumerate() {
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
