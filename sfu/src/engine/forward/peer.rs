//! One connection: what it sends (uplink) and what it is sent (downlink and slots).

use super::{downlink::Downlink, slot::Slot, transport_cc::Recorder};
use crate::engine::negotiated::{ExtensionIds, Negotiated};
use std::time::{Duration, Instant};
use wire::id::SessionId;

/// Bound SSRCs of one peer: four m-lines, one with four layers, each with its retransmissions, and room for lines of later offers.
pub const BINDINGS_MAX: usize = 32;

/// Whose an SSRC is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub ssrc: u32,
    pub source: u32,
    pub layer: u8,
    /// Carries retransmissions (RFC 4588).
    pub repair: bool,
}

#[derive(Debug, Default)]
pub struct Uplink {
    pub sources: Vec<u32>,
    pub bindings: Vec<Binding>,
    /// One set for all m-lines: within a bundle an id means one thing (RFC 9143, section 9.1).
    pub extensions: ExtensionIds,
    pub recorder: Recorder,
    /// An SSRC of the peer, for feedback that is about all of them.
    pub media_ssrc: u32,
}

impl Uplink {
    pub fn find(&self, ssrc: u32) -> Option<Binding> {
        self.bindings.iter().copied().find(|binding| binding.ssrc == ssrc)
    }

    /// Takes the place of an earlier binding of the same stream.
    pub fn bind(&mut self, binding: Binding) -> bool {
        self.bindings.retain(|old| {
            old.ssrc != binding.ssrc && (old.source, old.layer, old.repair) != (binding.source, binding.layer, binding.repair)
        });
        let room = self.bindings.len() < BINDINGS_MAX;
        if room {
            self.bindings.push(binding);
        }
        room
    }

    pub fn learn_extensions(&mut self, negotiated: &Negotiated) {
        let ids = &mut self.extensions;
        for line in &negotiated.receives {
            let line = &line.extensions;
            ids.mid = ids.mid.or(line.mid);
            ids.rid = ids.rid.or(line.rid);
            ids.repaired_rid = ids.repaired_rid.or(line.repaired_rid);
            ids.audio_level = ids.audio_level.or(line.audio_level);
            ids.transport_cc = ids.transport_cc.or(line.transport_cc);
            ids.dependency_descriptor = ids.dependency_descriptor.or(line.dependency_descriptor);
            ids.video_orientation = ids.video_orientation.or(line.video_orientation);
        }
    }
}

#[derive(Debug, Default)]
pub struct Alarms {
    pub feedback: Option<Instant>,
    pub nack: Option<Instant>,
    pub reports: Option<Instant>,
    pub allocate: Option<Instant>,
    pub probe: Option<Instant>,
    pub pace: Option<Instant>,
}

/// Padding that is being sent to learn the line's width.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub until: Instant,
    pub target_bps: u64,
    /// Padding that is owed for the time that passed, in bits.
    pub owed: u64,
}

#[derive(Debug)]
pub struct Peer {
    pub session: SessionId,
    pub room: u32,
    pub up: Uplink,
    pub down: Downlink,
    /// Audio slots, then video slots.
    pub slots: Vec<Slot>,
    pub alarms: Alarms,
    pub probe: Option<Probe>,
    /// When the last burst began, the estimate then, and how long the next one waits.
    pub probed: Option<(Instant, u64, Duration)>,
    /// The estimate by which the line was split last.
    pub split_by: u64,
}

impl Peer {
    /// Under which SSRC feedback is sent.
    pub fn feedback_ssrc(&self) -> u32 {
        self.slots.first().map_or(1, |slot| slot.line.ssrc)
    }

    pub fn slot_of(&mut self, ssrc: u32) -> Option<usize> {
        self.slots.iter().position(|slot| slot.line.ssrc == ssrc)
    }
}
