//! What a forwarder knows of one packet of a picture, whatever its codec.

use super::{
    dependency::{self, Structure},
    h264, vp8, vp9,
};
use crate::engine::negotiated::Codec;
use bytes::{BufMut, Bytes, BytesMut};

/// Bytes by which a payload may grow when its ids are moved.
pub const GROWTH_BYTES: usize = if vp8::GROWTH_BYTES > vp9::GROWTH_BYTES { vp8::GROWTH_BYTES } else { vp9::GROWTH_BYTES };

/// Of layers, all: what a packet without layers is part of, and what a slot shows that leaves nothing out.
pub const ALL: u8 = u8::MAX;

/// The codec's own layers up to which a picture is shown: spatial (its size) and temporal (its rate), from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    pub spatial: u8,
    pub temporal: u8,
}

impl Depth {
    pub const ALL: Self = Self { spatial: ALL, temporal: ALL };

    pub const fn holds(self, other: Self) -> bool {
        other.spatial <= self.spatial && other.temporal <= self.temporal
    }
}

/// A packet's place in its picture. The default is that of a codec without layers, in the middle of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The first packet of a picture that a decoder can start at.
    pub keyframe: bool,
    /// The first and the last packet of one spatial layer of a picture.
    pub begins: bool,
    pub ends: bool,
    pub depth: Depth,
    /// From here on temporal layers up to this may be shown, whatever was left out before.
    pub raises_to: u8,
    /// Width and height of the largest layer, where a key frame tells them.
    pub size: Option<(u16, u16)>,
}

impl Default for Picture {
    fn default() -> Self {
        Self { keyframe: false, begins: false, ends: false, depth: Depth { spatial: 0, temporal: 0 }, raises_to: 0, size: None }
    }
}

/// The ids in a packet that count on over a slot's seams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    None,
    Vp8(vp8::Descriptor),
    Vp9(vp9::Descriptor),
    /// The dependency descriptor (AV1 RTP, appendix A) as received.
    Dependency(Bytes),
}

impl Ids {
    /// Fifteen bits in VP8 and VP9, sixteen in a dependency descriptor.
    pub fn picture(&self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::Vp8(descriptor) => descriptor.picture_id(),
            Self::Vp9(descriptor) => descriptor.picture_id(),
            Self::Dependency(descriptor) => dependency::frame_number(descriptor),
        }
    }

    pub fn tl0(&self) -> Option<u8> {
        match self {
            Self::None | Self::Dependency(_) => None,
            Self::Vp8(descriptor) => descriptor.tl0(),
            Self::Vp9(descriptor) => descriptor.tl0(),
        }
    }

    /// The bits in which picture ids count.
    pub fn mask(&self) -> u16 {
        if matches!(self, Self::Dependency(_)) { u16::MAX } else { 0x7fff }
    }

    /// Whether a picture that is left out leaves no hole in the ids: VP8's reader takes a hole for a loss. What says itself which picture
    /// leans on which does not mind.
    pub fn closes_up(&self) -> bool {
        matches!(self, Self::Vp8(_))
    }

    /// Appends the payload with the ids moved by the offsets.
    pub fn write(&self, payload: &[u8], picture_offset: u16, tl0_offset: u8, out: &mut BytesMut) {
        match self {
            Self::Vp8(descriptor) => descriptor.write(payload, picture_offset, tl0_offset, out),
            Self::Vp9(descriptor) => descriptor.write(payload, picture_offset, tl0_offset, out),
            Self::None | Self::Dependency(_) => out.put_slice(payload),
        }
    }
}

/// Reads a packet. `dependency` is its dependency descriptor where it has one; `structure` is what the stream's descriptors are read by, and is
/// learned from its key frames.
pub fn read(codec: Codec, payload: &Bytes, dependency: Option<Bytes>, structure: &mut Option<Box<Structure>>) -> (Picture, Ids) {
    if let Some(bytes) = dependency {
        // A packet whose structure is not known yet belongs to pictures that nobody can begin with.
        let picture = dependency::read(&bytes, structure).unwrap_or_default();
        return (picture, Ids::Dependency(bytes));
    }
    match codec {
        Codec::Vp8 => vp8::Descriptor::parse(payload).map_or((Picture::default(), Ids::None), |it| (it.picture(), Ids::Vp8(it))),
        Codec::Vp9 => vp9::Descriptor::parse(payload).map_or((Picture::default(), Ids::None), |it| (it.picture(), Ids::Vp9(it))),
        Codec::H264 => (h264::read(payload), Ids::None),
        Codec::Av1 => (av1(payload), Ids::None),
        Codec::Opus | Codec::Red => (Picture { keyframe: true, begins: true, ends: true, ..Picture::default() }, Ids::None),
    }
}

/// The aggregation header (AV1 RTP, section 4.4): N is set on the first packet of a coded video sequence, Z where it goes on with an OBU.
fn av1(payload: &[u8]) -> Picture {
    const CONTINUES: u8 = 0x80;
    const NEW_SEQUENCE: u8 = 0x08;
    let keyframe = payload.first().is_some_and(|first| first & (CONTINUES | NEW_SEQUENCE) == NEW_SEQUENCE) && payload.len() > 1;
    Picture { keyframe, begins: keyframe, ..Picture::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever comes in: no panic, and what is written again is read as the same picture.
        #[test]
        fn arbitrary_packets_are_read_and_written(payload in proptest::collection::vec(any::<u8>(), 0..120), descriptors in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..6), picture in any::<u16>(), tl0 in any::<u8>()) {
            let payload = Bytes::from(payload);
            for codec in [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1] {
                let (facts, ids) = read(codec, &payload, None, &mut None);
                let mut out = BytesMut::new();
                ids.write(&payload, picture, tl0, &mut out);
                prop_assert!(out.len() <= payload.len() + GROWTH_BYTES);
                let (again, moved) = read(codec, &out.freeze(), None, &mut None);
                prop_assert_eq!(facts, again);
                prop_assert_eq!(moved.picture(), ids.picture().map(|id| id.wrapping_add(picture) & ids.mask()));
                prop_assert_eq!(moved.tl0(), ids.tl0().map(|id| id.wrapping_add(tl0)));
            }
            let mut structure = None;
            for descriptor in descriptors {
                read(Codec::Av1, &payload, Some(Bytes::from(descriptor)), &mut structure);
            }
        }
    }

    #[test]
    fn av1_without_a_descriptor_begins_at_a_sequence() {
        for (payload, keyframe) in
            [(&[0x18, 0x0a][..], true), (&[0x10, 0x32], false), (&[0x98, 0x0a], false), (&[0x18], false), (&[], false)]
        {
            assert_eq!(read(Codec::Av1, &Bytes::copy_from_slice(payload), None, &mut None).0.keyframe, keyframe, "{payload:02x?}");
        }
    }
}
