//! The VP8 payload descriptor (RFC 7741, section 4.2): read, and written anew with other picture ids.

use super::picture::{Depth, Picture};
use bytes::{BufMut, BytesMut};

/// Bytes by which [`Descriptor::write`] may be longer than what was read: a 7-bit picture id becomes a 15-bit one.
pub const GROWTH_BYTES: usize = 1;
const EXTENDED: u8 = 0x80;
const PICTURE_ID_PRESENT: u8 = 0x80;
const TL0_PRESENT: u8 = 0x40;
const TID_PRESENT: u8 = 0x20;
const KEY_INDEX_PRESENT: u8 = 0x10;
const LONG_PICTURE_ID: u8 = 0x80;
/// RFC 6386, section 9.1.
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];

/// What a forwarder needs to know of one VP8 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes of the descriptor as read.
    length: u8,
    picture_id: Option<u16>,
    long: bool,
    tl0: Option<u8>,
    /// TID (2 bits), Y, KEYIDX (5 bits).
    layers: Option<u8>,
    /// The first packet of a frame.
    begins: bool,
    /// The first packet of a key frame.
    keyframe: bool,
    /// Width and height, where a key frame's header tells them.
    size: Option<(u16, u16)>,
}

impl Descriptor {
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut at = 0;
        let mut byte = || {
            let value = payload.get(at).copied();
            at += 1;
            value
        };
        let first = byte()?;
        let (mut picture_id, mut long, mut tl0, mut layers) = (None, false, None, None);
        if first & EXTENDED != 0 {
            let present = byte()?;
            if present & PICTURE_ID_PRESENT != 0 {
                let high = byte()?;
                long = high & LONG_PICTURE_ID != 0;
                picture_id = Some(if long { u16::from(high & 0x7f) << 8 | u16::from(byte()?) } else { u16::from(high) });
            }
            if present & TL0_PRESENT != 0 {
                tl0 = Some(byte()?);
            }
            if present & (TID_PRESENT | KEY_INDEX_PRESENT) != 0 {
                layers = Some(byte()?).filter(|_| present & TID_PRESENT != 0);
            }
        }
        let frame = payload.get(at..)?;
        // S bit, partition 0, and P = 0 in the frame header (RFC 7741, section 4.3): a key frame starts here.
        let starts = first & 0x10 != 0 && first & 0x07 == 0;
        let keyframe = starts && frame.first().is_some_and(|byte| byte & 0x01 == 0);
        let size = match frame.get(3..10) {
            Some([a, b, c, w0, w1, h0, h1]) if keyframe && [*a, *b, *c] == START_CODE => {
                Some((u16::from_le_bytes([*w0, *w1]) & 0x3fff, u16::from_le_bytes([*h0, *h1]) & 0x3fff))
            }
            _ => None,
        };
        Some(Self { length: at as u8, picture_id, long, tl0, layers, begins: starts, keyframe, size })
    }

    pub fn picture_id(&self) -> Option<u16> {
        self.picture_id
    }

    pub fn tl0(&self) -> Option<u8> {
        self.tl0
    }

    pub fn picture(&self) -> Picture {
        let layers = self.layers.unwrap_or(0);
        let temporal = layers >> 6;
        Picture {
            keyframe: self.keyframe,
            begins: self.begins,
            ends: false,
            depth: Depth { spatial: 0, temporal },
            // Y: it leans on the base layer alone.
            raises_to: if self.begins && layers & 0x20 != 0 { temporal } else { 0 },
            size: self.size,
        }
    }

    /// Appends the payload with the ids moved by the offsets. Picture ids are always written with 15 bits, so that a slot whose sources
    /// count in different widths has one width.
    pub fn write(&self, payload: &[u8], picture_id_offset: u16, tl0_offset: u8, out: &mut BytesMut) {
        let (Some(descriptor), Some(frame)) = (payload.get(..usize::from(self.length)), payload.get(usize::from(self.length)..)) else {
            return out.put_slice(payload);
        };
        let mut at = if self.picture_id.is_some() || self.tl0.is_some() { 2 } else { descriptor.len() };
        out.put_slice(&descriptor[..at]);
        if let Some(id) = self.picture_id {
            out.put_u16(0x8000 | (id.wrapping_add(picture_id_offset) & 0x7fff));
            at += if self.long { 2 } else { 1 };
        }
        if let Some(tl0) = self.tl0 {
            out.put_u8(tl0.wrapping_add(tl0_offset));
            at += 1;
        }
        out.put_slice(&descriptor[at..]);
        out.put_slice(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn descriptors_are_read() {
        let key = [0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 0xff];
        for (name, head, expected) in [
            ("short", &[0x10][..], Some((None, None, true))),
            ("seven bits", &[0x90, 0x80, 0x11], Some((Some(0x11), None, true))),
            ("fifteen bits", &[0x90, 0x80, 0x92, 0x34], Some((Some(0x1234), None, true))),
            ("everything", &[0x90, 0xf0, 0x92, 0x34, 0x56, 0x00], Some((Some(0x1234), Some(0x56), true))),
            ("not the start", &[0x80, 0xc0, 0x01, 0x02], Some((Some(1), Some(2), false))),
            ("second partition", &[0x11], Some((None, None, false))),
        ] {
            let payload = [head, &key[..]].concat();
            let read = Descriptor::parse(&payload);
            assert_eq!(read.map(|d| (d.picture_id(), d.tl0(), d.keyframe)), expected, "{name}");
            if expected.unwrap().2 {
                assert_eq!(read.unwrap().size, Some((640, 360)), "{name}");
            }
        }
        assert!(!Descriptor::parse(&[0x10, 0x01]).unwrap().keyframe, "an interframe");
        assert_eq!(Descriptor::parse(&[0x90, 0x80]), None, "cut short");
    }

    #[test]
    fn ids_are_moved_and_widened() {
        let payload = [0x90, 0xe0, 0x7f, 0xff, 0x20, 0xaa];
        let mut out = BytesMut::new();
        Descriptor::parse(&payload).unwrap().write(&payload, 1, 1, &mut out);
        assert_eq!(out[..], [0x90, 0xe0, 0x80, 0x80, 0x00, 0x20, 0xaa]);
    }

    #[test]
    fn temporal_layers_are_read() {
        for (descriptor, temporal, raises_to) in [
            (&[0x90, 0x20, 0x00][..], 0, 0),
            (&[0x90, 0xe0, 0x81, 0x02, 0x03, 0x80], 2, 0),
            (&[0x90, 0xe0, 0x81, 0x02, 0x03, 0x60], 1, 1),
            (&[0x80, 0x20, 0xa0], 2, 0),
            (&[0x90, 0x10, 0xff], 0, 0),
        ] {
            let picture = Descriptor::parse(&[descriptor, &[0x11]].concat()).unwrap().picture();
            assert_eq!((picture.depth.temporal, picture.raises_to), (temporal, raises_to), "{descriptor:02x?}");
        }
    }

    proptest! {
        #[test]
        fn random_payloads_never_panic_and_read_back(payload in proptest::collection::vec(any::<u8>(), 0..40), pid in any::<u16>(), tl0 in any::<u8>()) {
            let Some(read) = Descriptor::parse(&payload) else { return Ok(()) };
            let mut out = BytesMut::new();
            read.write(&payload, pid, tl0, &mut out);
            prop_assert!(out.len() <= payload.len() + GROWTH_BYTES);
            let again = Descriptor::parse(&out).unwrap();
            prop_assert_eq!(again.picture_id(), read.picture_id().map(|id| id.wrapping_add(pid) & 0x7fff));
            prop_assert_eq!(again.tl0(), read.tl0().map(|id| id.wrapping_add(tl0)));
            prop_assert_eq!((again.keyframe, again.size), (read.keyframe, read.size));
            if read.long || read.picture_id().is_none() {
                let mut same = BytesMut::new();
                read.write(&payload, 0, 0, &mut same);
                prop_assert_eq!(&same[..], &payload[..]);
            }
        }
    }
}
