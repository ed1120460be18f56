//! What the recorder is given of a source: one SSRC, one unbroken count, of a camera the best layer that flows.

use super::{
    ForwardEvent,
    layer::Clock,
    rewrite::{Feed, Rewriter},
    ring::Stored,
    source::Source,
};
use crate::engine::{
    api::{Tap, TapPacket},
    negotiated::Codec,
};
use std::{collections::VecDeque, time::Instant};
use wire::id::RecordingId;

/// A source under recording. It outlives mutes, so that its count goes on growing.
#[derive(Debug)]
pub struct Tapped {
    recording: RecordingId,
    ssrc: u32,
    rewriter: Rewriter,
    current: Option<Feed>,
    announced: Option<Codec>,
}

impl Tapped {
    pub fn new(recording: RecordingId) -> Self {
        Self { recording, ssrc: 0, rewriter: Rewriter::new(0, 0), current: None, announced: None }
    }

    pub fn recording(&self) -> RecordingId {
        self.recording
    }

    /// The layer of which a key frame would help, if any.
    pub fn wants(&self, now: Instant, source: &Source) -> Option<u8> {
        let best = source.best(now)?;
        let feed = Feed { source: 0, layer: best, epoch: source.layers[usize::from(best)].epoch };
        let flows = self.current.is_some_and(|current| (current.layer, current.epoch) == (feed.layer, feed.epoch));
        (!source.is_audio() && !flows).then_some(best)
    }

    /// The source ended, or may not be recorded for now.
    pub fn end(&mut self, source: &Source, events: &mut VecDeque<ForwardEvent>) {
        self.current = None;
        if self.announced.take().is_some() {
            events.push_back(ForwardEvent::Tap(Tap::TrackEnded { recording: self.recording, source: source.id }));
        }
    }

    pub fn packet(&mut self, now: Instant, source: &Source, feed: Feed, packet: &Stored, events: &mut VecDeque<ForwardEvent>) {
        if self.current != Some(feed) && !(packet.keyframe() && self.should_cut_to(now, source, feed)) {
            return;
        }
        let layer = &source.layers[usize::from(feed.layer)];
        if self.current != Some(feed) {
            self.rewriter.cut(feed, packet, layer.clock_rate, None);
            self.current = Some(feed);
        }
        if self.announced != Some(packet.codec) {
            if self.ssrc == 0 {
                self.ssrc = layer.ssrc.unwrap_or(1);
            }
            self.announced = Some(packet.codec);
            events.push_back(ForwardEvent::Tap(Tap::Track {
                recording: self.recording,
                source: source.id,
                session: source.session,
                name: String::new(),
                kind: source.kind,
                codec: packet.codec,
                clock_rate: layer.clock_rate,
            }));
        }
        let Some((sequence, timestamp)) = self.rewriter.write(packet) else {
            return;
        };
        events.push_back(ForwardEvent::Tap(Tap::Packet(TapPacket {
            recording: self.recording,
            source: source.id,
            ssrc: self.ssrc,
            sequence,
            timestamp,
            marker: packet.marker,
            arrived: packet.arrived,
            payload: packet.payload.clone(),
        })));
    }

    pub fn sender_report(&self, source: &Source, feed: Feed, clock: Clock, events: &mut VecDeque<ForwardEvent>) {
        let Some(segment) = self.rewriter.segment().filter(|_| self.current == Some(feed) && self.announced.is_some()) else {
            return;
        };
        events.push_back(ForwardEvent::Tap(Tap::SenderReport {
            recording: self.recording,
            source: source.id,
            ssrc: self.ssrc,
            ntp: clock.ntp,
            rtp_timestamp: clock.rtp_timestamp.wrapping_add(segment.timestamp_offset),
            arrived: clock.arrived,
        }));
    }

    fn should_cut_to(&self, now: Instant, source: &Source, feed: Feed) -> bool {
        let Some(current) = self.current else {
            return true;
        };
        let living = source.layers.get(usize::from(current.layer)).is_some_and(|layer| layer.epoch == current.epoch && layer.flows(now));
        !living || feed.layer > current.layer
    }
}
