//! One unbroken stream made of pieces of many: sequence numbers, timestamps and picture ids are moved by offsets that change only
//! at a cut, and close up where packets are left out, so that a decoder never sees the seam.

use super::ring::Stored;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Cuts remembered for retransmissions: a slot that is cut more often within a round trip has worse troubles.
const SEGMENTS_MAX: usize = 8;
/// Places where packets were left out that are remembered for late packets and retransmissions: two seconds of 60 pictures.
const SKIPS_MAX: usize = 128;
/// Late packets of what is left out, within a second of a bad line.
const FILLED_MAX: usize = 128;

/// Where packets come from: a layer of a source, in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    pub source: u32,
    pub layer: u8,
    pub epoch: u32,
}

/// From this number of the feed on so many packets, and pictures whose ids close up, were left out of a segment.
#[derive(Clone, Copy, Debug)]
struct Skip {
    from: u64,
    packets: u64,
    pictures: u16,
}

/// A piece of the written stream.
#[derive(Clone, Debug)]
pub struct Segment {
    pub feed: Feed,
    /// The feed's sequence number at which it begins, and the written one.
    start: u64,
    first: u64,
    pub timestamp_offset: u32,
    picture_offset: u16,
    pub tl0_offset: u8,
    /// The highest of the feed's numbers that was written or left out.
    reached: u64,
    skips: VecDeque<Skip>,
    /// Of the picture that was left out last.
    skipped: Option<u32>,
}

impl Segment {
    /// The feed's number of its first packet.
    pub const fn begins(&self) -> u64 {
        self.start
    }

    /// What was left out before a packet. `None`: too long ago to know.
    fn before(&self, source: u64) -> Option<Skip> {
        let none = Skip { from: self.start, packets: 0, pictures: 0 };
        match self.skips.iter().rev().find(|skip| skip.from <= source) {
            Some(skip) => Some(*skip),
            None => (self.skips.len() < SKIPS_MAX).then_some(none),
        }
    }

    pub fn sequence(&self, source: u64) -> Option<u64> {
        let distance = source.checked_sub(self.start)?;
        Some(self.first + distance - self.before(source)?.packets)
    }

    /// By how much picture ids are moved at a packet.
    pub fn picture_offset(&self, source: u64) -> u16 {
        self.picture_offset.wrapping_sub(self.before(source).map_or(0, |skip| skip.pictures))
    }

    /// The feed's number of what was written as so many after the first.
    fn source(&self, distance: u64) -> Option<u64> {
        let written = self.start + distance;
        let beyond = self.skips.iter().rev().map(|skip| (skip.from, written + skip.packets)).find(|(from, source)| source >= from);
        beyond.map(|(_, source)| source).or_else(|| (self.skips.len() < SKIPS_MAX).then_some(written))
    }
}

#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    /// When the first packet with that timestamp arrived.
    arrived: Instant,
}

#[derive(Debug)]
pub struct Rewriter {
    /// The next number never written so far.
    next: u64,
    first_timestamp: u32,
    last: Option<Last>,
    picture_id: Option<u16>,
    tl0: Option<u8>,
    /// The newest last.
    segments: VecDeque<Segment>,
    /// Written numbers that went out empty.
    filled: VecDeque<u64>,
}

impl Rewriter {
    pub fn new(first_sequence: u16, first_timestamp: u32) -> Self {
        // One wrap up, as `sequence::Unwrapper` counts.
        let next = u64::from(first_sequence) + (1 << 16);
        Self { next, first_timestamp, last: None, picture_id: None, tl0: None, segments: VecDeque::new(), filled: VecDeque::new() }
    }

    /// Highest number written.
    pub fn highest(&self) -> u64 {
        self.next - 1
    }

    /// When the newest frame written so far arrived.
    pub fn last_arrived(&self) -> Option<Instant> {
        self.last.map(|last| last.arrived)
    }

    pub fn last_timestamp(&self) -> Option<u32> {
        self.last.map(|last| last.timestamp)
    }

    pub fn segment(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// From this packet on the stream is made of `feed`. The timestamp goes on by the time that passed, or by `gap` ticks where the
    /// sender's own clock tells it.
    pub fn cut(&mut self, feed: Feed, packet: &Stored, clock_rate: u32, gap: Option<u32>) {
        let timestamp = self.last.map_or(self.first_timestamp, |last| {
            let passed = packet.arrived.saturating_duration_since(last.arrived);
            let ticks = gap.unwrap_or_else(|| ticks(passed, clock_rate));
            last.timestamp.wrapping_add(ticks.max(1))
        });
        let (picture, tl0) = (packet.ids.picture(), packet.ids.tl0());
        let segment = Segment {
            feed,
            start: packet.sequence,
            first: self.next,
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
            picture_offset: picture.zip(self.picture_id).map_or(0, |(source, last)| last.wrapping_add(1).wrapping_sub(source)),
            tl0_offset: tl0.zip(self.tl0).map_or(0, |(source, last)| last.wrapping_add(1).wrapping_sub(source)),
            reached: packet.sequence,
            skips: VecDeque::new(),
            skipped: None,
        };
        if self.segments.len() == SEGMENTS_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    /// The number and timestamp under which a packet of the current feed goes out. `None`: it lies before the cut.
    pub fn write(&mut self, packet: &Stored) -> Option<(u64, u32)> {
        let segment = self.segments.back_mut()?;
        let sequence = segment.sequence(packet.sequence)?;
        segment.reached = segment.reached.max(packet.sequence);
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_offset);
        self.next = self.next.max(sequence + 1);
        if self.last.is_none_or(|last| (timestamp.wrapping_sub(last.timestamp) as i32) > 0) {
            self.last = Some(Last { timestamp, arrived: packet.arrived });
            if let Some(id) = packet.ids.picture() {
                self.picture_id = Some(id.wrapping_add(segment.picture_offset(packet.sequence)) & packet.ids.mask());
            }
            if let Some(tl0) = packet.ids.tl0() {
                self.tl0 = Some(tl0.wrapping_add(segment.tl0_offset));
            }
        }
        Some((sequence, timestamp))
    }

    /// Leaves a packet of the current feed out: those behind it close up. One that comes when those behind it are written already has its
    /// place: the number and timestamp under which something empty must fill it.
    pub fn skip(&mut self, packet: &Stored) -> Option<(u64, u32)> {
        let segment = self.segments.back_mut()?;
        if packet.sequence <= segment.reached {
            let place = (segment.sequence(packet.sequence)?, packet.timestamp.wrapping_add(segment.timestamp_offset));
            self.next = self.next.max(place.0 + 1);
            if self.filled.len() == FILLED_MAX {
                self.filled.pop_front();
            }
            self.filled.push_back(place.0);
            return Some(place);
        }
        segment.reached = packet.sequence;
        let last = segment.skips.back().copied().unwrap_or(Skip { from: segment.start, packets: 0, pictures: 0 });
        let closes_up = packet.ids.closes_up() && segment.skipped.replace(packet.timestamp) != Some(packet.timestamp);
        let skip =
            Skip { from: packet.sequence + 1, packets: last.packets + 1, pictures: last.pictures.wrapping_add(u16::from(closes_up)) };
        if last.from == packet.sequence && !segment.skips.is_empty() {
            segment.skips.pop_back();
        } else if segment.skips.len() == SKIPS_MAX {
            segment.skips.pop_front();
        }
        segment.skips.push_back(skip);
        None
    }

    /// Whether a written number went out empty.
    pub fn is_filled(&self, written: u64) -> bool {
        self.filled.contains(&written)
    }

    /// What a written number was: the segment and the feed's own number.
    pub fn origin(&self, written: u64) -> Option<(&Segment, u64)> {
        if written >= self.next {
            return None;
        }
        let segment = self.segments.iter().rev().find(|segment| segment.first <= written)?;
        Some((segment, segment.source(written - segment.first)?))
    }
}

pub fn ticks(passed: Duration, clock_rate: u32) -> u32 {
    (passed.as_micros() * u128::from(clock_rate) / 1_000_000).min(u128::from(u32::MAX / 4)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        forward::{
            picture::{Ids, Picture},
            vp8::Descriptor,
        },
        negotiated::Codec,
    };
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, HashMap};

    fn packet(sequence: u64, timestamp: u32, picture: u16, arrived: Instant) -> Stored {
        let payload = Bytes::from(vec![0x90, 0xc0, 0x80 | (picture >> 8) as u8, picture as u8, picture as u8, 0x00]);
        Stored {
            sequence,
            timestamp,
            marker: true,
            codec: Codec::Vp8,
            audio_level: None,
            orientation: None,
            picture: Picture::default(),
            ids: Ids::Vp8(Descriptor::parse(&payload).unwrap()),
            arrived,
            payload,
        }
    }

    proptest! {
        /// Frames of one packet each, from sources that start anywhere, cut anywhere: the written stream counts one by one.
        #[test]
        fn a_cut_leaves_no_seam(pieces in proptest::collection::vec((any::<u16>(), any::<u32>(), 0u16..0x8000, 1u64..60, 0u64..2_000), 1..12)) {
            let (mut now, mut rewriter) = (Instant::now(), Rewriter::new(7, 1_000));
            let (mut expected, mut previous, mut ids): (u64, Option<(u32, Instant)>, Option<u16>) = ((1 << 16) + 7, None, None);
            let mut origins: HashMap<u64, (u32, u64)> = HashMap::new();
            for (number, (sequence, timestamp, picture, length, pause_ms)) in pieces.into_iter().enumerate() {
                now += Duration::from_millis(pause_ms);
                let feed = Feed { source: number as u32, layer: 0, epoch: 1 };
                for step in 0..length {
                    let source = packet(70_000 + u64::from(sequence) + step, timestamp.wrapping_add(3_000 * step as u32), (picture + step as u16) & 0x7fff, now);
                    if step == 0 {
                        rewriter.cut(feed, &source, 90_000, None);
                        prop_assert!(rewriter.write(&packet(source.sequence - 1, 0, 0, now)).is_none(), "before the cut");
                    }
                    let (written, stamp) = rewriter.write(&source).unwrap();
                    prop_assert_eq!(written, expected);
                    if let Some((last, at)) = previous {
                        let gap = stamp.wrapping_sub(last) as i32;
                        prop_assert!(gap > 0);
                        if step == 0 {
                            prop_assert_eq!(gap as u32, ticks(now - at, 90_000).max(1));
                        }
                    }
                    let segment = rewriter.segment().unwrap();
                    let id = source.ids.picture().unwrap().wrapping_add(segment.picture_offset(source.sequence)) & 0x7fff;
                    if let Some(last) = ids {
                        prop_assert_eq!(id, (last + 1) & 0x7fff);
                    }
                    origins.insert(written, (feed.source, source.sequence));
                    (expected, previous, ids) = (expected + 1, Some((stamp, now)), Some(id));
                    now += Duration::from_millis(33);
                }
            }
            for (written, origin) in origins {
                if let Some((segment, sequence)) = rewriter.origin(written) {
                    prop_assert_eq!((segment.feed.source, sequence), origin);
                }
            }
            prop_assert!(rewriter.origin(expected).is_none());
        }

        /// Pictures of one to three packets of which some are left out, arriving in any order within a few packets: every number is written
        /// once, none is left open, what was written is found again, and the ids of the pictures that are shown go on by one.
        #[test]
        fn what_is_left_out_leaves_no_hole(pictures in proptest::collection::vec((1u64..4, any::<bool>()), 2..80), delays in proptest::collection::vec(0u64..6, 240)) {
            let (now, mut rewriter) = (Instant::now(), Rewriter::new(9, 1_000));
            let mut packets: Vec<(u64, Stored, bool, bool)> = Vec::new();
            let mut sequence = 70_000;
            for (at, (count, shown)) in pictures.iter().enumerate() {
                for part in 0..*count {
                    // The first packet begins the segment.
                    let delay = if sequence == 70_000 { 0 } else { delays[packets.len()] };
                    let packet = packet(sequence, 3_000 * at as u32, (32_760 + at as u16) & 0x7fff, now);
                    packets.push((sequence + delay, packet, *shown || at == 0, part == 0));
                    sequence += 1;
                }
            }
            packets.sort_by_key(|(arrives, packet, ..)| (*arrives, packet.sequence));
            let in_order = packets.windows(2).all(|pair| pair[0].1.sequence < pair[1].1.sequence);
            rewriter.cut(Feed { source: 1, layer: 0, epoch: 1 }, &packets[0].1, 90_000, None);
            let (mut written, mut ids, mut filled): (BTreeMap<u64, u64>, Vec<u16>, usize) = (BTreeMap::new(), Vec::new(), 0);
            for (_, packet, shown, begins) in &packets {
                let place = if *shown { rewriter.write(packet) } else { rewriter.skip(packet) };
                filled += usize::from(!shown && place.is_some());
                if let Some((number, _)) = place {
                    prop_assert_eq!(written.insert(number, packet.sequence), None, "one number, one packet");
                }
                if *shown && *begins {
                    let offset = rewriter.segment().unwrap().picture_offset(packet.sequence);
                    ids.push(packet.ids.picture().unwrap().wrapping_add(offset) & 0x7fff);
                }
            }
            let (first, last) = (*written.keys().next().unwrap(), *written.keys().next_back().unwrap());
            prop_assert_eq!(last - first + 1, written.len() as u64, "no hole");
            prop_assert!(!in_order || filled == 0);
            for (number, source) in written {
                prop_assert_eq!(rewriter.origin(number).map(|origin| origin.1), Some(source));
            }
            prop_assert!(!in_order || ids.windows(2).all(|pair| pair[1] == (pair[0] + 1) & 0x7fff));
        }
    }
}
