//! What a slot brought, read as a decoder would read it.

use super::Tag;
use crate::engine::{
    forward::{dependency::Structure, nack::Generator, sequence::Unwrapper},
    negotiated::Codec,
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Instant,
};

/// One packet of a slot, after repair.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    pub timestamp: u32,
    pub picture: Option<u16>,
    pub tl0: Option<u8>,
    pub codec: Codec,
    pub marker: bool,
    pub tag: Tag,
    pub at: Instant,
    pub repaired: bool,
}

#[derive(Default)]
pub struct Inbox {
    pub(super) unwrapper: Unwrapper,
    pub packets: BTreeMap<u64, Received>,
    pub(super) nack: Generator,
    pub(super) highest: u64,
    pub sender_reports: Vec<(Instant, u64, u32)>,
    pub duplicates: u64,
    /// Numbers that came without media.
    pub(super) filled: BTreeSet<u64>,
    /// Sound as it was on the wire.
    pub(super) raw: HashMap<u64, Bytes>,
    /// Whose sound came and when it first did, whichever packet brought it.
    pub heard: BTreeMap<(u32, u32), Instant>,
    pub(super) reported: (u64, usize),
    pub(super) structure: Option<Box<Structure>>,
}

/// What a decoder made of a slot.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Publisher, layer and number of each picture shown, and when it was whole.
    pub frames: Vec<(u32, u8, u32, Instant)>,
    /// Packets that never came.
    pub holes: u64,
    /// Pictures whose last packet did not say so, and never came.
    pub cut_short: usize,
    /// Places where publisher or layer changed.
    pub cuts: usize,
    /// Spatial and temporal layer of each picture shown, and when it was whole.
    pub depths: Vec<(u8, u8, Instant)>,
}

impl Inbox {
    /// Reads a video slot as a decoder would: in the order of the numbers, from key frame to key frame where something is missing.
    /// Panics where the stream is not one that a decoder takes.
    pub fn decode(&self) -> Decoded {
        let decoded = self.decode_where_muted();
        assert_eq!(decoded.cut_short, 0, "the last packet of a picture says so");
        decoded
    }

    /// As [`Self::decode`], where cameras are muted in the middle of a picture: that picture is never whole, and a key frame follows it.
    pub fn decode_where_muted(&self) -> Decoded {
        let mut decoded = Decoded::default();
        let (Some(first), Some(last)) = (self.packets.keys().next(), self.packets.keys().next_back()) else {
            return decoded;
        };
        let (mut previous, mut frame): (Option<Received>, Vec<Received>) = (None, Vec::new());
        let (mut broken, mut order): (bool, Option<Received>) = (true, None);
        // What can be leaned on.
        let mut shown: HashSet<(u32, u8, u8, u32)> = HashSet::new();
        for number in (*first..=*last).filter(|number| !self.filled.contains(number)) {
            let Some(packet) = self.packets.get(&number).copied() else {
                decoded.holes += 1;
                broken = true;
                frame.clear();
                continue;
            };
            let tag = packet.tag;
            if tag.index == 0 {
                frame.clear();
                broken = broken && !(tag.key && tag.spatial == 0);
                if let Some(before) = order.filter(|_| !broken) {
                    let later = packet.timestamp.wrapping_sub(before.timestamp) as i32;
                    let same_picture = tag.spatial > 0;
                    assert!(if same_picture { later == 0 } else { later > 0 }, "timestamps grow: {tag:?} after {:?}", before.tag);
                    assert!(!(before.marker && same_picture), "the last packet of a picture alone says so: {tag:?} after {:?}", before.tag);
                    if !before.marker && !same_picture {
                        assert!(tag.key, "a key frame follows a picture that was cut short: {tag:?} after {:?}", before.tag);
                        decoded.cut_short += 1;
                    }
                    if decoded.holes == 0 && !same_picture && packet.codec == before.codec {
                        go_on(&before, &packet);
                    }
                }
            }
            order = Some(packet);
            frame.push(packet);
            if broken {
                continue;
            }
            let expected = Tag { index: frame.len() as u8 - 1, ..frame[0].tag };
            assert_eq!(tag, expected, "packets of one frame in order");
            if tag.index + 1 == tag.count {
                let own = |frame, spatial| (tag.from, tag.layer, spatial, frame);
                assert!(tag.key || shown.contains(&own(tag.frame - u32::from(tag.leans), tag.spatial)), "{tag:?} leans on nothing");
                assert!(tag.spatial == 0 || shown.contains(&own(tag.frame, tag.spatial - 1)), "{tag:?} has nothing below it");
                shown.insert(own(tag.frame, tag.spatial));
                decoded.cuts += usize::from(previous.is_some_and(|last| (last.tag.from, last.tag.layer) != (tag.from, tag.layer)));
                previous = Some(packet);
                let whole = frame.iter().map(|packet| packet.at).max().unwrap();
                decoded.frames.push((tag.from, tag.layer, tag.frame, whole));
                decoded.depths.push((tag.spatial, tag.temporal, whole));
            }
        }
        decoded
    }
}

/// Ids of two pictures behind each other in one slot.
fn go_on(before: &Received, packet: &Received) {
    let step = |of: Option<u16>| of.map(|id| id.wrapping_add(1));
    match packet.codec {
        Codec::Vp8 => {
            assert_eq!(packet.picture, step(before.picture).map(|id| id & 0x7fff), "ids go on by one");
            let base = u8::from(packet.tag.temporal == 0);
            assert_eq!(packet.tl0, before.tl0.map(|tl0| tl0.wrapping_add(base)), "{:?} after {:?}", packet.tag, before.tag);
        }
        // What is left out leaves a gap, and nothing goes back.
        Codec::Vp9 | Codec::Av1 => {
            let mask = if packet.codec == Codec::Av1 { u16::MAX } else { 0x7fff };
            let gap = packet.picture.unwrap().wrapping_sub(before.picture.unwrap()) & mask;
            assert!((1..=4).contains(&gap), "{gap}: {:?} after {:?}", packet.tag, before.tag);
        }
        _ => assert_eq!(packet.picture, None),
    }
}
