//! The forwarding plane of one shard: plaintext RTP and RTCP in, plaintext RTP and RTCP out. No socket, clock, key or random source.
//!
//! The contract of the loop around it: after every call that takes `now`, drain [`Forwarder::poll_write`] and [`Forwarder::poll_event`],
//! then ask [`Forwarder::poll_timeout`] once. Nothing is produced between calls. The queues are bounded; a caller that does not drain
//! them loses media, never memory.

mod allocate;
mod arrivals;
mod ask;
mod audio;
mod demand;
mod dependency;
mod downlink;
mod estimate;
mod feedback;
mod filter;
mod forms;
mod h264;
mod keyframe;
mod layer;
mod loss;
mod members;
mod moving;
mod nack;
mod outbox;
mod pacer;
mod peer;
mod picture;
mod probe;
pub mod quality;
mod rate;
mod receive;
mod red;
mod repeat;
mod report;
mod rewrite;
mod ring;
mod room;
mod rtcp;
mod rtp;
mod sequence;
mod slab;
mod slot;
mod source;
mod speakers;
mod tap;
#[cfg(test)]
pub(crate) mod tests;
mod timers;
mod transport_cc;
mod trend;
mod view;
mod vp8;
pub(crate) mod vp9;

use self::{
    estimate::BandwidthEstimator,
    forms::Form,
    outbox::Outbox,
    peer::Peer,
    quality::Quality,
    rewrite::Feed,
    room::Room,
    slab::Slab,
    source::{Source, Watcher},
    timers::{Task, Timers, rings},
};
use super::{api::Tap, negotiated::Negotiated, space::Space};
use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};
use wire::{
    id::{RecordingId, SessionId, SourceId},
    signal::{SlotRequest, SlotState, SourceLayers},
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
    Speakers { space: Space, sessions: Vec<SessionId> },
    /// Slots whose state changed.
    Slots { peer: SessionId, slots: Vec<SlotState> },
    /// Which layers of its own source a peer need send, and whether those are all. Only when it changed; at first all of them.
    Layers { peer: SessionId, layers: SourceLayers, all: bool },
    /// The first packet of a source arrived.
    SourceStarted { space: Space, peer: SessionId, source: SourceId },
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
    /// Share of the peer's own sound that its line loses, in 1/256, smoothed over a second's reports.
    pub own_loss_256: u8,
    /// Of sound, on the way to the peer as it reports it, and from the peer.
    pub jitter_ms: u32,
    pub own_jitter_ms: u32,
    /// Pictures that the peer asks to see, and of those the ones that its line does not carry now.
    pub pictures_wanted: u32,
    pub pictures_starved: u32,
    /// None while nothing is known of the line.
    pub quality: Option<Quality>,
}

/// The media of all rooms of a shard.
#[derive(Debug)]
pub struct Forwarder {
    start: Instant,
    peers: Slab<Peer>,
    sources: Slab<Source>,
    rooms: Slab<Room>,
    sessions: HashMap<SessionId, u32>,
    sources_by_id: HashMap<SourceId, u32>,
    rooms_by_id: HashMap<Space, u32>,
    timers: Timers,
    outbox: Outbox,
    /// Bounded by what one call can cause: an event a packet, and one a peer of a room.
    events: VecDeque<ForwardEvent>,
    /// Streams that began, ever: no two have the same.
    epoch: u32,
    /// Slots that were cut by the packet at hand, and what each left.
    cuts: Vec<(Watcher, Option<Feed>)>,
    /// Kept for their memory.
    asked: Vec<u16>,
    tiles: Vec<allocate::Tile>,
    places: Vec<(u16, SmallVec<[Form; 4]>)>,
    chosen: Vec<Option<usize>>,
}

impl Forwarder {
    pub fn new(now: Instant) -> Self {
        Self {
            start: now,
            peers: Slab::default(),
            sources: Slab::default(),
            rooms: Slab::default(),
            sessions: HashMap::new(),
            sources_by_id: HashMap::new(),
            rooms_by_id: HashMap::new(),
            timers: Timers::default(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            epoch: 0,
            cuts: Vec::new(),
            asked: Vec::new(),
            tiles: Vec::new(),
            places: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// A peer whose connection stands (keys exist). Its lines and slots come from the answer. A session that is already here starts anew.
    pub fn add_peer(&mut self, now: Instant, space: impl Into<Space>, peer: SessionId, negotiated: &Negotiated) -> PeerIndex {
        self.admit(now, space.into(), peer, negotiated)
    }

    /// To another space, on the same connection: its slots, their counts and what is known of its line go with it. From here on nothing of the
    /// space that it leaves reaches it, and nothing that it sent there reaches the other.
    pub fn move_peer(&mut self, now: Instant, peer: SessionId, to: impl Into<Space>) {
        if let Some(index) = self.sessions.get(&peer) {
            self.carry(now, *index, to.into());
        }
    }

    /// A further offer: lines and slots that were there go on undisturbed (by MID), new ones are added, absent ones end.
    pub fn update_peer(&mut self, now: Instant, peer: SessionId, negotiated: &Negotiated) {
        if let Some(index) = self.sessions.get(&peer) {
            self.renegotiate(now, *index, negotiated);
        }
    }

    pub fn remove_peer(&mut self, now: Instant, peer: SessionId) {
        self.dismiss(now, peer);
    }

    /// One decrypted RTP packet as it was on the wire, without its authentication tag.
    pub fn handle_rtp(&mut self, now: Instant, peer: SessionId, packet: Bytes) {
        if let Some(index) = self.sessions.get(&peer) {
            self.receive(now, *index, &packet);
        }
    }

    /// One decrypted RTCP datagram, compound (RFC 3550) or reduced (RFC 5506).
    pub fn handle_rtcp(&mut self, now: Instant, peer: SessionId, compound: &[u8]) {
        if let Some(index) = self.sessions.get(&peer) {
            self.heed(now, *index, compound);
        }
    }

    /// What the named video slots show, and how large. Slots not named keep what they show.
    pub fn set_view(&mut self, now: Instant, peer: SessionId, slots: &[SlotRequest]) {
        if let Some(index) = self.sessions.get(&peer) {
            self.view(now, *index, slots);
        }
    }

    /// False: from now on not a byte of the source is forwarded or recorded. Sources start as `ReceiveLine::muted` says.
    pub fn set_source_enabled(&mut self, now: Instant, source: SourceId, enabled: bool) {
        if let Some(index) = self.sources_by_id.get(&source) {
            self.enable(now, *index, enabled);
        }
    }

    /// While a recording is set, every enabled source of the space comes out as [`ForwardEvent::Tap`].
    pub fn set_recorder(&mut self, now: Instant, space: impl Into<Space>, recording: Option<RecordingId>) {
        self.record(now, space.into(), recording);
    }

    /// Asks the source's sender for a key frame of its best layer; merged with what others ask, at most one request in 300 ms.
    pub fn request_keyframe(&mut self, now: Instant, source: SourceId) {
        let Some(index) = self.sources_by_id.get(&source).copied() else {
            return;
        };
        if let Some(layer) = self.sources.get(index).and_then(|source| source.best(now)) {
            self.want_keyframe(now, index, layer);
        }
    }

    /// Does all that is due. What it does is armed anew later than `now`, so that one call is enough.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, task)) = self.timers.pop_due(now) {
            let peer = |peers: &mut Slab<Peer>, index, alarm: fn(&mut peer::Alarms) -> &mut Option<Instant>| {
                peers.get_mut(index).is_some_and(|peer| rings(alarm(&mut peer.alarms), at))
            };
            match task {
                Task::Feedback(index) if peer(&mut self.peers, index, |alarms| &mut alarms.feedback) => self.send_feedback(index),
                Task::Nack(index) if peer(&mut self.peers, index, |alarms| &mut alarms.nack) => self.send_nacks(now, index),
                Task::Reports(index) if peer(&mut self.peers, index, |alarms| &mut alarms.reports) => self.send_reports(now, index),
                Task::Allocate(index) if peer(&mut self.peers, index, |alarms| &mut alarms.allocate) => self.allocate(now, index),
                Task::Pace(index) if peer(&mut self.peers, index, |alarms| &mut alarms.pace) => self.release(now, index),
                Task::Probe(index) if peer(&mut self.peers, index, |alarms| &mut alarms.probe) => self.pad(now, index),
                Task::Keyframe(index) => {
                    if self.sources.get_mut(index).is_some_and(|source| rings(&mut source.keyframe_alarm, at)) {
                        self.send_keyframe_requests(now, index);
                    }
                }
                Task::Demand(index) => {
                    if self.sources.get_mut(index).is_some_and(|source| rings(&mut source.demand.alarm, at)) {
                        self.judge_demand(now, index);
                    }
                }
                Task::Speakers(index) => {
                    if self.rooms.get_mut(index).is_some_and(|room| rings(&mut room.speakers.alarm, at)) {
                        self.judge_loudness(now, index);
                    }
                }
                _ => {}
            }
        }
    }

    /// When [`Self::handle_timeout`] has something to do next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn poll_write(&mut self) -> Option<Outgoing> {
        self.outbox.pop()
    }

    pub fn poll_event(&mut self) -> Option<ForwardEvent> {
        self.events.pop_front()
    }

    /// All slots of a peer as they were told last, for a peer that comes back without its state.
    pub fn slots(&self, peer: SessionId) -> Vec<SlotState> {
        self.sessions.get(&peer).map(|index| self.all_slots(*index)).unwrap_or_default()
    }

    /// Who speaks in the space now, the loudest first.
    pub fn speakers(&self, space: impl Into<Space>) -> Vec<SessionId> {
        let room = self.rooms_by_id.get(&space.into()).and_then(|index| self.rooms.get(*index));
        room.map(|room| room.speakers.current().to_vec()).unwrap_or_default()
    }

    pub fn stats(&self, peer: SessionId) -> Option<PeerStats> {
        let index = *self.sessions.get(&peer)?;
        let peer = self.peers.get(index)?;
        let asks = || peer.slots.iter().filter(|slot| !slot.audio && slot.source.is_some());
        let (wanted, starved) = (asks().count(), asks().filter(|slot| slot.starved).count());
        Some(PeerStats {
            estimate_bps: peer.down.estimator.bits_per_second(),
            pictures_wanted: wanted as u32,
            pictures_starved: starved as u32,
            quality: self.quality(index, wanted, starved),
            ..peer.down.stats
        })
    }
}
