//! The media of a headless person: packets with a readable mark of who sent them, so that a receiver can tell whose they are.
//! They look like VP8 and Opus to a forwarder (key frames, picture ids, audio levels) and are not meant to be decoded.

use bytes::{BufMut, Bytes, BytesMut};

/// Who sent a packet, and which frame of theirs it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub person: u32,
    pub frame: u32,
}

const MAGIC: u32 = 0x5344_4e47;
const VP8_DESCRIPTOR_BYTES: usize = 4;

impl Mark {
    fn put(self, into: &mut BytesMut) {
        into.put_u32(MAGIC);
        into.put_u32(self.person);
        into.put_u32(self.frame);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 4).map(|it| u32::from_be_bytes([it[0], it[1], it[2], it[3]]));
        (word(0)? == MAGIC).then_some(())?;
        Some(Self { person: word(4)?, frame: word(8)? })
    }

    pub fn of_audio(payload: &[u8]) -> Option<Self> {
        Self::read(payload.get(1..)?)
    }

    /// Only the first packet of a frame carries the mark.
    pub fn of_video(payload: &[u8]) -> Option<Self> {
        let key = payload.get(VP8_DESCRIPTOR_BYTES)? & 1 == 0;
        Self::read(payload.get(VP8_DESCRIPTOR_BYTES + if key { 10 } else { 3 }..)?)
    }
}

/// One packet of 20 ms: a table-of-contents byte (RFC 6716, section 3.1: CELT, 20 ms, mono) and the mark.
pub fn audio(mark: Mark) -> Bytes {
    let mut payload = BytesMut::with_capacity(80);
    payload.put_u8(0b1111_1000);
    mark.put(&mut payload);
    payload.resize(80, 0x55);
    payload.freeze()
}

/// The packets of one frame (RFC 7741): a descriptor with a 15-bit picture id, the frame tag, and on a key frame the start code and size.
pub fn video(mark: Mark, key: bool, bytes: usize) -> Vec<Bytes> {
    const PAYLOAD_BYTES_MAX: usize = 1100;
    let mut frame = BytesMut::with_capacity(bytes + 32);
    frame.put_slice(if key { &[0x10, 0x02, 0x00] } else { &[0x11, 0x02, 0x00] });
    if key {
        frame.put_slice(&[0x9d, 0x01, 0x2a]);
        frame.put_u16_le(640);
        frame.put_u16_le(360);
    }
    mark.put(&mut frame);
    frame.resize(bytes.max(frame.len()), 0xa5);
    let picture = (mark.frame & 0x7fff) as u16 | 0x8000;
    frame
        .chunks(PAYLOAD_BYTES_MAX)
        .enumerate()
        .map(|(index, chunk)| {
            let mut payload = BytesMut::with_capacity(VP8_DESCRIPTOR_BYTES + chunk.len());
            // X; S on the first packet of the frame.
            payload.put_u8(if index == 0 { 0x90 } else { 0x80 });
            payload.put_u8(0x80);
            payload.put_u16(picture);
            payload.put_slice(chunk);
            payload.freeze()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_from_what_was_made_with_it() {
        let mark = Mark { person: 7, frame: 40_000 };
        assert_eq!(Mark::of_audio(&audio(mark)), Some(mark));
        for key in [true, false] {
            let packets = video(mark, key, 3000);
            assert_eq!(packets.len(), 3);
            assert_eq!(Mark::of_video(&packets[0]), Some(mark));
            assert_eq!(Mark::of_video(&packets[1]), None);
        }
        assert_eq!(Mark::of_video(&[]), None);
        assert_eq!(Mark::of_audio(&[1, 2, 3]), None);
    }
}
