//! The forwarding plane of one shard: plaintext RTP and RTCP in, plaintext RTP and RTCP out. No socket, clock, key or random source.
//!
//! The contract of the loop around it: after every call that takes `now`, drain [`Forwarder::poll_write`] and [`Forwarder::poll_event`],
//! then ask [`Forwarder::poll_timeout`] once. Nothing is produced between calls. The queues are bounded; a caller that does not drain
//! them loses media, never memory.

use super::{api::Tap, negotiated::Negotiated};
use bytes::{Bytes, BytesMut};
use std::time::Instant;
use wire::{
    id::{MeetingId, RecordingId, SessionId, SourceId},
    signal::{SlotRequest, SlotState},
};

/// Room kept behind every outgoing packet for what SRTP and SRTCP append (RFC 7714: 16-byte tag, 4-byte index).
pub const SPARE_BYTES: usize = 32;
/// The CNAME (RFC 3550, section 6.5.1) of everything sent; the answer's `a=ssrc` lines say the same.
pub const CNAME: &str = "sidang";

/// A peer's place in the shard: small and dense, so that the layer below can keep its peers in a `Vec`. Used anew after
/// [`Forwarder::remove_peer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerIndex(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    Rtp,
    Rtcp,
}

/// A packet to encrypt and send, with [`SPARE_BYTES`] of spare capacity.
#[derive(Debug)]
pub struct Outgoing {
    pub peer: SessionId,
    pub index: PeerIndex,
    pub kind: PacketKind,
    pub packet: BytesMut,
}

#[derive(Debug)]
pub enum ForwardEvent {
    /// Who speaks, the loudest first. Only when it changed.
    Speakers { room: MeetingId, sessions: Vec<SessionId> },
    /// Slots whose state changed.
    Slots { peer: SessionId, slots: Vec<SlotState> },
    /// The first packet of a source arrived.
    SourceStarted { room: MeetingId, peer: SessionId, source: SourceId },
    /// For the recorder: `Track` (with an empty name: the roster knows it), `Packet`, `SenderReport`, `TrackEnded`.
    Tap(Tap),
}

/// Counters of one peer since it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerStats {
    pub received_packets: u64,
    pub received_bytes: u64,
    /// Not RTP, of no known line, or beyond a bound.
    pub refused_packets: u64,
    pub duplicate_packets: u64,
    /// Repaired by the peer's retransmissions.
    pub repaired_packets: u64,
    /// Given up by the NACK generator.
    pub lost_packets: u64,
    pub sent_packets: u64,
    pub sent_bytes: u64,
    pub retransmitted_packets: u64,
    pub retransmitted_bytes: u64,
    pub nacks_received: u64,
    pub nacks_sent: u64,
    pub keyframe_requests_received: u64,
    pub keyframe_requests_sent: u64,
    pub rtt_ms: Option<u32>,
    /// What the peer's line is thought to carry towards it.
    pub estimate_bps: u64,
    /// Share of packets lost towards the peer, in 1/256, smoothed over receiver reports.
    pub loss_256: u8,
}

/// The media of all rooms of a shard.
#[derive(Debug, Default)]
pub struct Forwarder {}

#[expect(unused_variables, reason = "the face comes before the body: the parts around it are written against it")]
impl Forwarder {
    pub fn new(now: Instant) -> Self {
        Self::default()
    }

    /// A peer whose connection stands (keys exist). Its lines and slots come from the answer. A session that is already here starts anew.
    pub fn add_peer(&mut self, now: Instant, room: MeetingId, peer: SessionId, negotiated: &Negotiated) -> PeerIndex {
        PeerIndex(0)
    }

    /// A further offer: lines and slots that were there go on undisturbed (by MID), new ones are added, absent ones end.
    pub fn update_peer(&mut self, now: Instant, peer: SessionId, negotiated: &Negotiated) {}

    pub fn remove_peer(&mut self, now: Instant, peer: SessionId) {}

    /// One decrypted RTP packet as it was on the wire, without its authentication tag.
    pub fn handle_rtp(&mut self, now: Instant, peer: SessionId, packet: Bytes) {}

    /// One decrypted RTCP datagram, compound (RFC 3550) or reduced (RFC 5506).
    pub fn handle_rtcp(&mut self, now: Instant, peer: SessionId, compound: &[u8]) {}

    /// What the named video slots show, and how large. Slots not named keep what they show.
    pub fn set_view(&mut self, now: Instant, peer: SessionId, slots: &[SlotRequest]) {}

    /// False: from now on not a byte of the source is forwarded or recorded. Sources start as `ReceiveLine::muted` says.
    pub fn set_source_enabled(&mut self, now: Instant, source: SourceId, enabled: bool) {}

    /// While a recording is set, every enabled source of the room comes out as [`ForwardEvent::Tap`].
    pub fn set_recorder(&mut self, now: Instant, room: MeetingId, recording: Option<RecordingId>) {}

    pub fn request_keyframe(&mut self, now: Instant, source: SourceId) {}

    pub fn handle_timeout(&mut self, now: Instant) {}

    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub fn poll_write(&mut self) -> Option<Outgoing> {
        None
    }

    pub fn poll_event(&mut self) -> Option<ForwardEvent> {
        None
    }

    /// All slots of a peer as they are, for a peer that comes back without its state.
    pub fn slots(&self, peer: SessionId) -> Vec<SlotState> {
        Vec::new()
    }

    /// Who speaks in the room now, the loudest first.
    pub fn speakers(&self, room: MeetingId) -> Vec<SessionId> {
        Vec::new()
    }

    pub fn stats(&self, peer: SessionId) -> Option<PeerStats> {
        None
    }
}
