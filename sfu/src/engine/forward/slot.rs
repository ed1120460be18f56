//! A receive-only m-line of a subscriber: it carries one source at a time, under its own SSRC for life (RFC 3550, section 8).

mod padding;
mod repair;

use super::{
    SPARE_BYTES, dependency,
    downlink::Downlink,
    estimate::BandwidthEstimator,
    filter::Filter,
    keyframe,
    loss::Share,
    outbox::Outbox,
    pacer::Class,
    picture::{self, Depth, Ids},
    red,
    repeat::Repeater,
    rewrite::{self, Feed, Rewriter},
    ring::{Stored, is_audio},
    rtcp::SenderInfo,
    rtp::{self, Fields},
    source::Source,
};
use crate::engine::negotiated::{Codec, PayloadMap, SlotLine};
use bytes::{BufMut, BytesMut};
use std::time::{Duration, Instant};
use wire::{
    id::SourceId,
    signal::{SlotRequest, SlotState},
};

/// Sender reports whose echo is awaited: a receiver answers within seconds.
const REPORTS_KEPT: usize = 4;
/// Packets whose last retransmission is remembered, a power of two.
const RESENT_KEPT: usize = 256;
/// Header and extensions at most: 12 bytes, 4 of block, MID of 17, and three elements of 3.
const HEADER_BYTES_MAX: usize = 44;

/// What a video slot is asked to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub source: SourceId,
    pub width: u16,
    pub height: u16,
    pub priority: u8,
}

impl Wanted {
    pub fn from_request(request: &SlotRequest) -> Option<Self> {
        request.source.map(|source| Self { source, width: request.width, height: request.height, priority: request.priority })
    }
}

/// What a packet did to the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ignored,
    Sent,
    /// The slot now shows the packet's feed, and before it showed `left`.
    Cut {
        left: Option<Feed>,
    },
}

/// The payload types under which a codec leaves.
#[derive(Clone, Copy, Debug)]
struct Types {
    codec: Codec,
    payload: u8,
    rtx: Option<u8>,
    /// Of redundant sound around it, where the receiver takes that.
    red: Option<u8>,
}

#[derive(Debug)]
pub struct Slot {
    pub line: SlotLine,
    pub audio: bool,
    /// What flows, and what shall flow from its next key frame on.
    pub current: Option<Feed>,
    pub target: Option<Feed>,
    /// How much of the target's own layers.
    pub target_depth: Depth,
    pub target_since: Instant,
    /// Video: what is asked. Audio slots are filled by loudness.
    pub wanted: Option<Wanted>,
    /// The source meant, where it is in the room.
    pub source: Option<u32>,
    /// The source was here and went.
    pub orphaned: bool,
    /// The line does not carry it.
    pub starved: bool,
    pub reported: SlotState,
    /// Smoothed share lost, in 1/256, from receiver reports.
    pub loss: f32,
    /// A receiver report named the slot: the receiver knows its SSRC.
    pub acknowledged: bool,
    types: Option<Types>,
    rewriter: Rewriter,
    filter: Filter,
    next_rtx: u64,
    mark_next: bool,
    packets: u32,
    octets: u32,
    reports: [Option<(u32, Instant)>; REPORTS_KEPT],
    resent: Vec<(u64, Instant)>,
    /// Sound: what was sent lately.
    repeater: Repeater,
}

impl Slot {
    pub fn new(line: &SlotLine, audio: bool, now: Instant) -> Self {
        Self {
            audio,
            current: None,
            target: None,
            target_depth: Depth::ALL,
            target_since: now,
            wanted: None,
            source: None,
            orphaned: false,
            starved: false,
            reported: SlotState { mid: line.mid.to_string(), source: None, session: None, paused: None },
            loss: 0.0,
            acknowledged: false,
            types: None,
            rewriter: Rewriter::new(line.first_sequence, line.first_timestamp),
            filter: Filter::default(),
            next_rtx: u64::from(line.first_rtx_sequence),
            mark_next: false,
            packets: 0,
            octets: 0,
            reports: [None; REPORTS_KEPT],
            resent: Vec::new(),
            repeater: Repeater::default(),
            line: line.clone(),
        }
    }

    /// Nothing flows from now on.
    pub fn stop(&mut self) {
        self.current = None;
        self.target = None;
    }

    /// Whether the slot means the source, or still carries it.
    pub fn shows(&self, source: u32) -> bool {
        self.source == Some(source) || self.current.is_some_and(|feed| feed.source == source)
    }

    /// What flows, and how much of its own layers is meant to.
    pub fn flowing(&self) -> Option<(Feed, Depth)> {
        self.current.map(|feed| (feed, self.filter.aimed()))
    }

    /// How much of what flows is meant to.
    pub fn deepen(&mut self, depth: Depth) {
        self.filter.aim(depth);
    }

    /// More of what flows is meant than can be shown before a key frame.
    pub fn needs_keyframe(&self) -> bool {
        self.filter.needs_keyframe()
    }

    /// Whether the slot can carry the codec at all.
    pub fn carries(&self, codec: Codec) -> bool {
        self.map(codec).is_some()
    }

    fn map(&self, codec: Codec) -> Option<&PayloadMap> {
        self.line.payloads.iter().find(|map| map.codec == codec)
    }

    /// One packet of a source the slot watches.
    pub fn offer(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, source: &Source, feed: Feed, packet: &Stored) -> Outcome {
        if self.current == Some(feed) && self.types.is_some_and(|types| types.codec == packet.codec) {
            self.show(now, down, out, source, packet);
            return Outcome::Sent;
        }
        if (self.target != Some(feed) && self.current != Some(feed)) || !packet.keyframe() {
            return Outcome::Ignored;
        }
        self.cut(now, down, out, source, feed, packet)
    }

    /// A key frame of the target that came a moment ago serves as well as the next one, unless pictures newer than it were shown.
    pub fn reuse(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, source: &Source) -> Outcome {
        let Some((feed, layer)) = self.target.and_then(|feed| Some((feed, source.layers.get(usize::from(feed.layer))?))) else {
            return Outcome::Ignored;
        };
        let Some(packet) = layer.keyframe.and_then(|(sequence, _)| layer.ring.get(sequence)) else {
            return Outcome::Ignored;
        };
        let fresh = now.saturating_duration_since(packet.arrived) <= keyframe::INTERVAL;
        if !fresh || layer.epoch != feed.epoch || self.rewriter.last_arrived().is_some_and(|last| last > packet.arrived) {
            return Outcome::Ignored;
        }
        self.cut(now, down, out, source, feed, packet)
    }

    fn cut(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, source: &Source, feed: Feed, packet: &Stored) -> Outcome {
        let Some(map) = self.map(packet.codec) else {
            return Outcome::Ignored;
        };
        let red = self.map(Codec::Red).filter(|_| is_audio(packet.codec)).map(|map| map.payload_type);
        let (types, clock_rate) = (Types { codec: packet.codec, payload: map.payload_type, rtx: map.rtx, red }, map.clock_rate.max(1));
        self.types = Some(types);
        let gap = self.gap_by_sender(source, feed, packet, clock_rate);
        self.rewriter.cut(feed, packet, clock_rate, gap);
        self.filter.begin(if self.target == Some(feed) { self.target_depth } else { self.filter.aimed() });
        let left = self.current.replace(feed).filter(|left| *left != feed);
        self.target = None;
        self.mark_next = is_audio(packet.codec);
        self.show(now, down, out, source, packet);
        // What of the feed came before its key frame's first packet did.
        let layer = &source.layers[usize::from(feed.layer)];
        for later in packet.sequence + 1..=layer.highest() {
            if let Some(packet) = layer.ring.get(later).filter(|packet| !is_audio(packet.codec)) {
                self.show(now, down, out, source, packet);
            }
        }
        Outcome::Cut { left }
    }

    /// A packet of what flows: sent, or left out where it lies deeper than what is shown.
    fn show(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, source: &Source, packet: &Stored) {
        if self.filter.admits(packet) {
            self.send(now, down, out, source, packet);
        } else if let Some((sequence, timestamp)) = self.rewriter.skip(packet) {
            self.fill(now, down, out, sequence, timestamp);
        }
    }

    /// A packet without media, for a number that was left open and is not needed.
    fn fill(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, sequence: u64, timestamp: u32) {
        let Some(types) = self.types else {
            return;
        };
        let mut buffer = BytesMut::with_capacity(HEADER_BYTES_MAX + 1 + SPARE_BYTES);
        let fields = Fields { marker: false, payload_type: types.payload, sequence: sequence as u16, timestamp, ssrc: self.line.ssrc };
        let number = [0, 0];
        let elements = self.line.extensions.transport_cc.map(|id| (id, number.as_slice()));
        rtp::write(&mut buffer, fields, elements.as_slice());
        buffer[0] |= 0x20;
        buffer.put_u8(1);
        down.post(now, out, Class::Picture, None, buffer);
    }

    /// Between two layers of one source the sender's reports tell the distance better than the arrivals.
    fn gap_by_sender(&self, source: &Source, feed: Feed, packet: &Stored, clock_rate: u32) -> Option<u32> {
        let segment = self.rewriter.segment().filter(|segment| segment.feed.source == feed.source)?;
        let old = source.layers.get(usize::from(segment.feed.layer)).filter(|layer| layer.epoch == segment.feed.epoch)?;
        let (old, new) = (old.clock?, source.layers.get(usize::from(feed.layer))?.clock?);
        let last = self.rewriter.last_timestamp()?.wrapping_sub(segment.timestamp_offset);
        let rate = i128::from(clock_rate);
        let since = |clock: super::layer::Clock, timestamp: u32| i128::from(timestamp.wrapping_sub(clock.rtp_timestamp) as i32);
        let between = ((i128::from(new.ntp) - i128::from(old.ntp)) * rate) >> 32;
        let gap = between + since(new, packet.timestamp) - since(old, last);
        let passed = packet.arrived.saturating_duration_since(self.rewriter.last_arrived()?);
        let expected = i128::from(rewrite::ticks(passed, clock_rate));
        // A clock that disagrees with the arrivals by half a second is wrong.
        ((gap - expected).abs() < rate / 2).then_some(gap.max(1) as u32)
    }

    fn send(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, source: &Source, packet: &Stored) {
        let Some((sequence, timestamp)) = self.rewriter.write(packet) else {
            return;
        };
        let (Some(types), Some(segment)) = (self.types, self.rewriter.segment()) else {
            return;
        };
        let (feed, begins, ids) = (segment.feed, segment.begins(), (segment.picture_offset(packet.sequence), segment.tl0_offset));
        let marker = packet.marker || self.filter.ends_picture(packet) || std::mem::take(&mut self.mark_next);
        let fields =
            Fields { marker, payload_type: types.red.unwrap_or(types.payload), sequence: sequence as u16, timestamp, ssrc: self.line.ssrc };
        let mut buffer = self.head(fields, packet, ids.0);
        match (types.red, source.layers.get(usize::from(feed.layer))) {
            (Some(_), Some(layer)) => {
                let repeats = red::repeats(self.lost(down), down.estimator.bits_per_second());
                red::write(&mut buffer, types.payload, &red::gather(&layer.ring, packet, begins, repeats), &packet.payload);
            }
            _ => packet.ids.write(&packet.payload, ids.0, ids.1, &mut buffer),
        }
        let (length, class) = (buffer.len(), if self.audio { Class::Sound } else { Class::Picture });
        if self.audio {
            down.number(now, &mut buffer);
            if self.repeats() {
                self.repeater.keep(sequence, &buffer);
            }
        }
        down.post(now, out, class, Some(feed.source), buffer);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(packet.payload.len() as u32);
        down.earn(now, length);
    }

    /// What the slot's packets lose, by the receiver's reports or by its arrival times, whichever knows of more.
    fn lost(&self, down: &Downlink) -> Share {
        down.estimator.lost().max(Share::new(f64::from(self.loss) / 256.0))
    }

    /// Whether the receiver asks for what it misses.
    fn repeats(&self) -> bool {
        self.line.payloads.first().is_some_and(|map| map.nack)
    }

    /// A packet as far as its payload, with room for it and a place for its transport-wide number.
    fn head(&self, fields: Fields, packet: &Stored, picture_offset: u16) -> BytesMut {
        let ids = &self.line.extensions;
        let dependency = match (&packet.ids, ids.dependency_descriptor) {
            (Ids::Dependency(descriptor), Some(id)) => Some((id, dependency::moved(descriptor, picture_offset))),
            _ => None,
        };
        let payload_max = packet.payload.len() + picture::GROWTH_BYTES.max(red::GROWTH_BYTES * usize::from(self.audio));
        // In the two-byte form each of the others takes one more.
        let head_max = HEADER_BYTES_MAX + dependency.as_ref().map_or(0, |(_, descriptor)| descriptor.len() + 8);
        let mut buffer = BytesMut::with_capacity(head_max + 2 + payload_max + SPARE_BYTES);
        let (level, orientation) = (packet.audio_level.map(|level| [level]), packet.orientation.map(|orientation| [orientation]));
        let mut elements: [(u8, &[u8]); 5] = [(0, &[]); 5];
        if let Some(id) = ids.transport_cc {
            elements[0] = (id, &[0, 0]);
        }
        if let (Some(id), Some(level)) = (ids.audio_level, &level) {
            elements[1] = (id, level);
        }
        if let (Some(id), Some(orientation)) = (ids.video_orientation, &orientation) {
            elements[2] = (id, orientation);
        }
        if let Some(id) = ids.mid.filter(|_| !self.acknowledged) {
            elements[3] = (id, self.line.mid.as_bytes());
        }
        if let Some((id, descriptor)) = &dependency {
            elements[4] = (*id, descriptor);
        }
        rtp::write(&mut buffer, fields, &elements);
        buffer
    }

    /// The report on what flows: the publisher's wall clock, the slot's timestamps, so that sound and picture of one person stay together.
    pub fn sender_report(&mut self, now: Instant, source: Option<&Source>) -> Option<SenderInfo> {
        let feed = self.current?;
        let layer = source?.layers.get(usize::from(feed.layer)).filter(|layer| layer.epoch == feed.epoch)?;
        let (clock, segment) = (layer.clock?, self.rewriter.segment()?);
        let passed = now.saturating_duration_since(clock.arrived);
        let ntp = clock.ntp.wrapping_add(((passed.as_nanos() << 32) / 1_000_000_000) as u64);
        let rtp_timestamp =
            clock.rtp_timestamp.wrapping_add(rewrite::ticks(passed, layer.clock_rate)).wrapping_add(segment.timestamp_offset);
        self.reports.rotate_right(1);
        self.reports[0] = Some(((ntp >> 16) as u32, now));
        Some(SenderInfo { ssrc: self.line.ssrc, ntp, rtp_timestamp, packets: self.packets, octets: self.octets })
    }

    /// The round trip that the echo of a sender report tells (RFC 3550, section 6.4.1).
    pub fn round_trip(&self, now: Instant, last_report: u32, delay: u32) -> Option<Duration> {
        let (_, sent) = self.reports.iter().flatten().find(|(ntp, _)| *ntp == last_report && last_report != 0)?;
        let held = Duration::from_micros(u64::from(delay) * 1_000_000 / 65_536);
        Some(now.saturating_duration_since(*sent).saturating_sub(held))
    }
}
