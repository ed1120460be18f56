//! The VP9 payload descriptor (RFC 9628, section 4.2): read, and written anew with other picture ids.

use super::picture::{Depth, Picture};
use bytes::{BufMut, BytesMut};

/// Bytes by which [`Descriptor::write`] may be longer than what was read: a 7-bit picture id becomes a 15-bit one.
pub const GROWTH_BYTES: usize = 1;
const PICTURE_ID: u8 = 0x80;
const PREDICTED: u8 = 0x40;
const LAYERS: u8 = 0x20;
const FLEXIBLE: u8 = 0x10;
const BEGINS: u8 = 0x08;
const ENDS: u8 = 0x04;
const STRUCTURE: u8 = 0x02;
const LONG_PICTURE_ID: u8 = 0x80;
/// In flexible mode a frame leans on at most three.
const REFERENCES_MAX: usize = 3;

/// What a forwarder needs to know of one VP9 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    first: u8,
    picture_id: Option<u16>,
    long: bool,
    /// Only where the stream's structure is fixed: flexible frames name what they lean on.
    tl0: Option<u8>,
    /// T (3 bits), U, S (3 bits), D.
    layers: Option<u8>,
    size: Option<(u16, u16)>,
    /// Of the descriptor as read.
    bytes: usize,
}

impl Descriptor {
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut bytes = payload.iter().copied();
        let first = bytes.next()?;
        let (mut picture_id, mut long, mut tl0, mut layers) = (None, false, None, None);
        if first & PICTURE_ID != 0 {
            let high = bytes.next()?;
            long = high & LONG_PICTURE_ID != 0;
            picture_id = Some(if long { u16::from(high & 0x7f) << 8 | u16::from(bytes.next()?) } else { u16::from(high) });
        }
        if first & LAYERS != 0 {
            layers = Some(bytes.next()?);
            if first & FLEXIBLE == 0 {
                tl0 = Some(bytes.next()?);
            }
        }
        if first & (FLEXIBLE | PREDICTED) == FLEXIBLE | PREDICTED {
            let mut more = true;
            for _ in 0..REFERENCES_MAX {
                more = bytes.next()? & 0x01 != 0;
                if !more {
                    break;
                }
            }
            if more {
                return None;
            }
        }
        let size = if first & STRUCTURE != 0 { structure(&mut bytes)? } else { None };
        Some(Self { first, picture_id, long, tl0, layers, size, bytes: payload.len() - bytes.len() })
    }

    /// Where the codec's own bytes begin.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn picture_id(&self) -> Option<u16> {
        self.picture_id
    }

    pub fn tl0(&self) -> Option<u8> {
        self.tl0
    }

    pub fn picture(&self) -> Picture {
        let layers = self.layers.unwrap_or(0);
        let depth = Depth { spatial: layers >> 1 & 0x07, temporal: layers >> 5 };
        let begins = self.first & BEGINS != 0;
        let switches = layers & 0x10 != 0;
        Picture {
            keyframe: begins && self.first & PREDICTED == 0 && depth.spatial == 0,
            begins,
            ends: self.first & ENDS != 0,
            depth,
            // U: what comes in higher temporal layers leans on nothing of them before this.
            raises_to: if begins && switches { super::picture::ALL } else { 0 },
            size: self.size,
        }
    }

    /// Appends the payload with the ids moved by the offsets; picture ids always with 15 bits.
    pub fn write(&self, payload: &[u8], picture_id_offset: u16, tl0_offset: u8, out: &mut BytesMut) {
        let mut at = 1;
        out.put_u8(self.first);
        if let Some(id) = self.picture_id {
            out.put_u16(0x8000 | (id.wrapping_add(picture_id_offset) & 0x7fff));
            at += if self.long { 2 } else { 1 };
        }
        if let (Some(layers), Some(tl0)) = (self.layers, self.tl0) {
            out.put_u8(layers);
            out.put_u8(tl0.wrapping_add(tl0_offset));
            at += 2;
        }
        out.put_slice(payload.get(at..).unwrap_or_default());
    }
}

/// The scalability structure: the size of the largest layer, where it is told. `None`: cut short.
fn structure(bytes: &mut impl Iterator<Item = u8>) -> Option<Option<(u16, u16)>> {
    let head = bytes.next()?;
    let mut size = None;
    if head & 0x10 != 0 {
        for _ in 0..=head >> 5 {
            let mut number = || Some(u16::from_be_bytes([bytes.next()?, bytes.next()?]));
            size = Some((number()?, number()?));
        }
    }
    if head & 0x08 != 0 {
        for _ in 0..bytes.next()? {
            let references = bytes.next()? >> 2 & 0x03;
            for _ in 0..references {
                bytes.next()?;
            }
        }
    }
    Some(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use rtc_rtp::packetizer::Depacketizer;

    #[test]
    fn descriptors_are_read() {
        let at = |spatial, temporal| Depth { spatial, temporal };
        for (name, payload, expected) in [
            ("nothing said", &[0x08, 0xaa][..], Some((None, None, at(0, 0), true))),
            ("the middle of a frame", &[0x00, 0xaa], Some((None, None, at(0, 0), false))),
            ("leans on another", &[0x48, 0xaa], Some((None, None, at(0, 0), false))),
            ("seven bits", &[0x88, 0x11, 0xaa], Some((Some(0x11), None, at(0, 0), true))),
            ("fifteen bits", &[0x88, 0x92, 0x34, 0xaa], Some((Some(0x1234), None, at(0, 0), true))),
            ("layers and index", &[0xa8, 0x05, 0x42, 0x07, 0xaa], Some((Some(5), Some(7), at(1, 2), false))),
            ("flexible layers", &[0xb8, 0x05, 0x20, 0xaa], Some((Some(5), None, at(0, 1), true))),
            ("two references", &[0xf8, 0x05, 0x20, 0x03, 0x04, 0xaa], Some((Some(5), None, at(0, 1), false))),
            ("four references", &[0xf8, 0x05, 0x20, 0x03, 0x03, 0x03, 0x02, 0xaa], None),
            ("cut in the id", &[0x88, 0x92], None),
            ("cut in the layers", &[0xa8, 0x05, 0x42], None),
            ("cut in the structure", &[0x0a, 0x30, 0x01], None),
            ("nothing", &[], None),
        ] {
            let read = Descriptor::parse(payload);
            let facts = read.map(|it| (it.picture_id(), it.tl0(), it.picture().depth, it.picture().keyframe));
            assert_eq!(facts, expected, "{name}");
        }
        let switch = Descriptor::parse(&[0xb8, 0x05, 0x30, 0xaa]).unwrap().picture();
        assert_eq!((switch.raises_to, switch.begins, switch.ends), (super::super::picture::ALL, true, false));
    }

    #[test]
    fn the_structure_tells_the_largest_size() {
        // Three spatial layers with sizes, and a group of two pictures of which the second leans on one.
        let payload = [
            &[0x8a, 0x05, 0x58][..],
            &[0x00, 0xf0, 0x00, 0x87, 0x01, 0xe0, 0x01, 0x0e, 0x03, 0xc0, 0x02, 0x1c],
            &[0x02, 0x00, 0x24, 0x01, 0xaa],
        ]
        .concat();
        assert_eq!(Descriptor::parse(&payload).unwrap().picture().size, Some((960, 540)));
        assert_eq!(Descriptor::parse(&payload[..payload.len() - 2]), None, "cut short");
    }

    #[test]
    fn ids_are_moved_and_widened() {
        let payload = [0xa8, 0x7f, 0x42, 0xff, 0xaa];
        let mut out = BytesMut::new();
        Descriptor::parse(&payload).unwrap().write(&payload, 1, 1, &mut out);
        assert_eq!(out[..], [0xa8, 0x80, 0x80, 0x42, 0x00, 0xaa]);
    }

    proptest! {
        /// Another's reader agrees wherever it reads at all.
        #[test]
        fn another_reader_agrees(payload in proptest::collection::vec(any::<u8>(), 1..60)) {
            let mut theirs = rtc_rtp::codec::vp9::Vp9Packet::default();
            let Ok(_) = theirs.depacketize(&Bytes::from(payload.clone())) else { return Ok(()) };
            let Some(ours) = Descriptor::parse(&payload) else { return Ok(()) };
            prop_assert_eq!(ours.picture_id().unwrap_or(0), theirs.picture_id);
            prop_assert_eq!((ours.picture().depth.spatial, ours.picture().depth.temporal), (theirs.sid, theirs.tid));
            prop_assert_eq!((ours.picture().begins, ours.picture().ends), (theirs.b, theirs.e));
        }
    }
}
