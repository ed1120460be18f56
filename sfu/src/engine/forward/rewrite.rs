//! One unbroken stream made of pieces of many: sequence numbers, timestamps and VP8 picture ids are moved by offsets that change only
//! at a cut, so that a decoder never sees the seam.

use super::{ring::Stored, vp8::Descriptor};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Cuts remembered for retransmissions: a slot that is cut more often within a round trip has worse troubles.
const SEGMENTS_MAX: usize = 8;

/// Where packets come from: a layer of a source, in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    pub source: u32,
    pub layer: u8,
    pub epoch: u32,
}

/// A piece of the written stream.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub feed: Feed,
    /// The feed's sequence number at which it begins, and the written one.
    start: u64,
    first: u64,
    pub timestamp_offset: u32,
    pub picture_offset: u16,
    pub tl0_offset: u8,
}

impl Segment {
    /// The feed's number of its first packet.
    pub const fn begins(&self) -> u64 {
        self.start
    }

    pub fn sequence(&self, source: u64) -> Option<u64> {
        source.checked_sub(self.start).map(|distance| self.first + distance)
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
}

impl Rewriter {
    pub fn new(first_sequence: u16, first_timestamp: u32) -> Self {
        // One wrap up, as `sequence::Unwrapper` counts.
        let next = u64::from(first_sequence) + (1 << 16);
        Self { next, first_timestamp, last: None, picture_id: None, tl0: None, segments: VecDeque::new() }
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
        let picture = packet.vp8.as_ref().and_then(Descriptor::picture_id);
        let tl0 = packet.vp8.as_ref().and_then(Descriptor::tl0);
        let segment = Segment {
            feed,
            start: packet.sequence,
            first: self.next,
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
            picture_offset: picture.zip(self.picture_id).map_or(0, |(source, last)| last.wrapping_add(1).wrapping_sub(source)),
            tl0_offset: tl0.zip(self.tl0).map_or(0, |(source, last)| last.wrapping_add(1).wrapping_sub(source)),
        };
        if self.segments.len() == SEGMENTS_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    /// The number and timestamp under which a packet of the current feed goes out. `None`: it lies before the cut.
    pub fn write(&mut self, packet: &Stored) -> Option<(u64, u32)> {
        let segment = self.segments.back()?;
        let sequence = segment.sequence(packet.sequence)?;
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_offset);
        self.next = self.next.max(sequence + 1);
        if self.last.is_none_or(|last| (timestamp.wrapping_sub(last.timestamp) as i32) > 0) {
            self.last = Some(Last { timestamp, arrived: packet.arrived });
            if let Some(descriptor) = &packet.vp8 {
                if let Some(id) = descriptor.picture_id() {
                    self.picture_id = Some(id.wrapping_add(segment.picture_offset) & 0x7fff);
                }
                if let Some(tl0) = descriptor.tl0() {
                    self.tl0 = Some(tl0.wrapping_add(segment.tl0_offset));
                }
            }
        }
        Some((sequence, timestamp))
    }

    /// What a written number was: the segment and the feed's own number.
    pub fn origin(&self, written: u64) -> Option<(&Segment, u64)> {
        if written >= self.next {
            return None;
        }
        let segment = self.segments.iter().rev().find(|segment| segment.first <= written)?;
        Some((segment, segment.start + (written - segment.first)))
    }
}

pub fn ticks(passed: Duration, clock_rate: u32) -> u32 {
    (passed.as_micros() * u128::from(clock_rate) / 1_000_000).min(u128::from(u32::MAX / 4)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::negotiated::Codec;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn packet(sequence: u64, timestamp: u32, picture: u16, arrived: Instant) -> Stored {
        let payload = Bytes::from(vec![0x90, 0xc0, 0x80 | (picture >> 8) as u8, picture as u8, picture as u8, 0x00]);
        Stored {
            sequence,
            timestamp,
            marker: true,
            codec: Codec::Vp8,
            audio_level: None,
            orientation: None,
            vp8: Descriptor::parse(&payload),
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
                    let id = source.vp8.unwrap().picture_id().unwrap().wrapping_add(segment.picture_offset) & 0x7fff;
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
    }
}
