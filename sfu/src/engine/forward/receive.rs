//! From a publisher's packet to everyone who watches it.

use super::{
    ForwardEvent, Forwarder,
    layer::{Arrival, Layer},
    nack,
    peer::{Binding, Peer},
    picture,
    red::{self, Block},
    rewrite::Feed,
    ring::Stored,
    rtp::Header,
    slot::Outcome,
    source::{Source, Watcher},
    speakers,
    timers::Task,
    transport_cc,
};
use crate::engine::negotiated::{Codec, ExtensionIds};
use bytes::Bytes;
use smallvec::SmallVec;
use std::time::{Duration, Instant};

/// An SSRC that a stream gives up for another was silent this long, else the other is refused: a stream has one SSRC at a time.
const REBIND_SILENCE: Duration = Duration::from_millis(500);
/// A stream begins anew no more often than this: each time everyone who watches it is served anew.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// A microphone or shared sound: Opus makes 64 000 bytes a second at most (RFC 6716, section 2.1.1); twice that, for headers and for what
/// a line that stood still gives all at once. Sound is forwarded whatever a subscriber's line carries, so that this is what bounds it.
const AUDIO_BYTES_PER_SECOND_MAX: u64 = 128_000;
/// One layer of a picture: 30 Mbit/s, the most that any subscriber's line is thought to carry.
const LAYER_BYTES_PER_SECOND_MAX: u64 = 3_750_000;

/// The extension elements of one packet.
#[derive(Clone, Copy, Debug, Default)]
struct Elements<'a> {
    mid: Option<&'a [u8]>,
    rid: Option<&'a [u8]>,
    repaired_rid: Option<&'a [u8]>,
    transport_cc: Option<u16>,
    audio_level: Option<u8>,
    orientation: Option<u8>,
    dependency: Option<&'a [u8]>,
}

impl<'a> Elements<'a> {
    fn read(ids: &ExtensionIds, header: &Header, packet: &'a [u8]) -> Self {
        let mut elements = Self::default();
        for (id, value) in header.extensions(packet) {
            let id = Some(id);
            if id == ids.transport_cc {
                elements.transport_cc = value.first_chunk().map(|number| u16::from_be_bytes(*number));
            } else if id == ids.audio_level {
                elements.audio_level = value.first().copied();
            } else if id == ids.video_orientation {
                elements.orientation = value.first().copied();
            } else if id == ids.dependency_descriptor {
                elements.dependency = Some(value);
            } else if id == ids.mid {
                elements.mid = Some(value);
            } else if id == ids.rid {
                elements.rid = Some(value);
            } else if id == ids.repaired_rid {
                elements.repaired_rid = Some(value);
            }
        }
        elements
    }
}

impl Forwarder {
    pub(super) fn receive(&mut self, now: Instant, peer_index: u32, packet: &Bytes) {
        let since_start = now.saturating_duration_since(self.start);
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let Some(header) = Header::parse(packet) else {
            peer.down.stats.refused_packets += 1;
            return;
        };
        peer.down.stats.received_packets += 1;
        peer.down.stats.received_bytes += packet.len() as u64;
        let elements = Elements::read(&peer.up.extensions, &header, packet);
        if let Some(number) = elements.transport_cc {
            peer.up.recorder.record(number, since_start);
            peer.up.media_ssrc = header.ssrc;
            self.timers.arm(&mut peer.alarms.feedback, now + transport_cc::INTERVAL, Task::Feedback(peer_index));
        }
        let bound = peer.up.find(header.ssrc).or_else(|| bind(peer, &mut self.sources, now, &header, elements, &mut self.epoch));
        let Some((binding, source)) = bound.and_then(|binding| Some((binding, self.sources.get_mut(binding.source)?))) else {
            peer.down.stats.refused_packets += 1;
            return;
        };
        let payload = packet.slice(header.payload.clone());
        // A packet that repairs carries the number and type of the one it repairs (RFC 4588, section 4).
        let (sequence, codec, payload) = match (source.payload(header.payload_type), binding.repair) {
            (Some((map, false)), false) => (header.sequence, map.codec, payload),
            (Some((map, true)), true) => match payload.first_chunk() {
                Some(number) => (u16::from_be_bytes(*number), map.codec, payload.slice(2..)),
                None => return, // Padding, to measure the line.
            },
            _ => {
                peer.down.stats.refused_packets += 1;
                return;
            }
        };
        let Some((codec, payload, repeated)) = unwrap(source, codec, payload) else {
            peer.down.stats.refused_packets += 1;
            return;
        };
        let (is_audio, nacks, enabled) = (source.is_audio(), source.nacks(), source.enabled);
        let layer = &mut source.layers[usize::from(binding.layer)];
        let mut anew = false;
        let jumped = if binding.repair { layer.is_far(sequence) } else { layer.jumped(sequence) };
        if jumped {
            let lately = layer.restarted.is_some_and(|last| now.saturating_duration_since(last) < RESTART_INTERVAL);
            if binding.repair || lately {
                peer.down.stats.refused_packets += 1;
                return;
            }
            self.epoch += 1;
            layer.restart(now, self.epoch);
            anew = true;
        }
        let (before, first) = (layer.highest(), layer.last_packet.is_none());
        let number = match layer.arrive(sequence) {
            Arrival::New(number) => number,
            Arrival::Duplicate => {
                peer.down.stats.duplicate_packets += 1;
                return;
            }
            Arrival::Late => return,
        };
        let mut want_keyframe = false;
        if nacks && !first && number > before {
            let repairable = layer.nack.advance(now, before, number);
            if repairable && number > before + 1 {
                self.timers.arm(&mut peer.alarms.nack, now + nack::PATIENCE, Task::Nack(peer_index));
            }
            want_keyframe = !repairable && !is_audio;
        } else if let Some(recovered) = layer.nack.arrived(now, number) {
            peer.down.stats.repaired_packets += u64::from(binding.repair);
            if let Some(sample) = recovered.round_trip {
                peer.down.sample_rtt(sample);
            }
        }
        if !binding.repair && number > before {
            layer.time(since_start, header.timestamp);
        }
        // A policed packet is a hole for those who receive: no repair is asked for, none is kept.
        let most = if is_audio { AUDIO_BYTES_PER_SECOND_MAX } else { LAYER_BYTES_PER_SECOND_MAX };
        if layer.rate.window_bytes(now) + packet.len() as u64 > most {
            peer.down.stats.refused_packets += 1;
            return;
        }
        let began = anew || !layer.flows(now);
        layer.last_packet = Some(now);
        layer.rate.add(now, packet.len());
        if !enabled {
            return;
        }
        let dependency = elements.dependency.map(|descriptor| packet.slice_ref(descriptor));
        let (picture, ids) = picture::read(codec, &payload, dependency, &mut layer.structure);
        layer.depths.add(now, picture.depth, packet.len());
        let agreed_first = source.payloads.first().map(|map| map.codec);
        let other_codec = layer.codec.replace(codec).or(agreed_first) != Some(codec);
        let stored = Stored {
            sequence: number,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            audio_level: elements.audio_level,
            orientation: elements.orientation,
            picture,
            ids,
            arrived: now,
            payload,
        };
        let feed = Feed { source: binding.source, layer: binding.layer, epoch: layer.epoch };
        if !is_audio && stored.keyframe() {
            if layer.keyframe.is_none_or(|(last, _)| last < number) {
                layer.keyframe = Some((number, now));
                layer.size = picture.size.or(layer.size);
            }
            source.keyframes.arrived(binding.layer);
        }
        let recovered = recover(layer, &stored, repeated);
        peer.down.stats.repaired_packets += recovered.len() as u64;
        for packet in recovered {
            self.keep(feed, packet.clone());
            self.deliver(now, feed, &packet);
        }
        self.keep(feed, stored.clone());
        self.deliver(now, feed, &stored);
        if is_audio {
            if let Some(room) = self.sources.get(feed.source).map(|source| source.room)
                && let Some(room_state) = self.rooms.get_mut(room)
            {
                room_state.speakers.heard(feed.source, elements.audio_level);
                self.timers.arm(&mut room_state.speakers.alarm, now + speakers::TICK, Task::Speakers(room));
            }
        }
        if want_keyframe {
            self.want_keyframe(now, feed.source, feed.layer);
        }
        if other_codec && !is_audio {
            self.codec_changed(now, feed.source);
        }
        if began {
            self.layer_began(now, feed.source);
        }
        self.finish_cuts(now);
    }

    /// For what is asked for again, and for what later packets repeat.
    fn keep(&mut self, feed: Feed, packet: Stored) {
        if let Some(layer) = self.sources.get_mut(feed.source).and_then(|source| source.layers.get_mut(usize::from(feed.layer))) {
            layer.ring.push(packet);
        }
    }

    /// To the recorder and to every slot that watches.
    fn deliver(&mut self, now: Instant, feed: Feed, packet: &Stored) {
        let Some(source) = self.sources.get_mut(feed.source) else {
            return;
        };
        if !source.started {
            source.started = true;
            if let Some(room) = self.rooms.get(source.room) {
                self.events.push_back(ForwardEvent::SourceStarted { space: room.id, peer: source.session, source: source.id });
            }
        }
        if let Some(mut tapped) = source.tapped.take() {
            tapped.packet(now, source, feed, packet, &mut self.events);
            source.tapped = Some(tapped);
        }
        for watcher in &source.watchers {
            let Some(peer) = self.peers.get_mut(watcher.peer) else {
                continue;
            };
            let Some(slot) = peer.slots.get_mut(usize::from(watcher.slot)) else {
                continue;
            };
            if let Outcome::Cut { left } = slot.offer(now, &mut peer.down, &mut self.outbox, source, feed, packet) {
                self.cuts.push((*watcher, left));
            }
            if let Some(at) = peer.down.waits_until(now) {
                self.timers.arm(&mut peer.alarms.pace, at, Task::Pace(watcher.peer));
            }
        }
    }

    /// What waits before a peer's line, as far as it may leave.
    pub(super) fn release(&mut self, now: Instant, peer_index: u32) {
        if let Some(peer) = self.peers.get_mut(peer_index) {
            peer.down.release(now, &mut self.outbox);
            if let Some(at) = peer.down.waits_until(now) {
                self.timers.arm(&mut peer.alarms.pace, at, Task::Pace(peer_index));
            }
        }
    }

    /// After a cut the slot watches its new source alone, and its owner is told.
    pub(super) fn finish_cuts(&mut self, now: Instant) {
        while let Some((watcher, left)) = self.cuts.pop() {
            let current = self.slot(watcher).and_then(|slot| slot.current);
            if let Some(left) = left.filter(|left| current.is_none_or(|current| current.source != left.source))
                && let Some(source) = self.sources.get_mut(left.source)
            {
                source.unwatch(watcher);
            }
            self.tell_slots(now, watcher.peer);
        }
    }

    /// Who asks for the source may be able to show it now, or no longer.
    fn codec_changed(&mut self, now: Instant, source: u32) {
        let Some((id, room)) = self.sources.get(source).map(|source| (source.id, source.room)) else {
            return;
        };
        for peer in self.rooms.get(room).map(|room| room.peers.clone()).unwrap_or_default() {
            let means = |slot: &super::slot::Slot| slot.wanted.is_some_and(|wanted| wanted.source == id);
            if self.peers.get(peer).is_some_and(|peer| peer.slots.iter().any(means)) {
                self.resolve(peer);
                self.allocate(now, peer);
            }
        }
    }

    fn layer_began(&mut self, now: Instant, source: u32) {
        let Some(found) = self.sources.get(source) else {
            return;
        };
        // The slots that mean the source; watchers alone would miss those that wait for it.
        let (room, is_audio) = (found.room, found.is_audio());
        if let Some(tapped) = &found.tapped
            && let Some(layer) = tapped.wants(now, found)
        {
            self.want_keyframe(now, source, layer);
        }
        let peers = self.rooms.get(room).map(|room| room.peers.clone()).unwrap_or_default();
        for peer in peers {
            let means = self.peers.get(peer).is_some_and(|peer| peer.slots.iter().any(|slot| slot.source == Some(source)));
            if means && is_audio {
                self.aim_audio(peer);
            } else if means {
                self.allocate(now, peer);
            }
        }
    }
}

/// The sound in a packet, and what it repeats of those before it (RFC 2198). `None`: not what the line agreed on.
fn unwrap(source: &Source, codec: Codec, payload: Bytes) -> Option<(Codec, Bytes, SmallVec<[Block; 4]>)> {
    if codec != Codec::Red {
        return Some((codec, payload, SmallVec::new()));
    }
    let mut blocks = red::read(&payload)?;
    let of = |block: &Block| source.payload(block.payload_type).map(|(map, _)| map.codec).filter(|codec| *codec != Codec::Red);
    let own = blocks.pop()?;
    let codec = of(&own)?;
    blocks.iter().all(|block| of(block) == Some(codec)).then_some((codec, own.payload, blocks))
}

/// Of what a packet repeats, the packets that did not come themselves, the oldest first. Repetitions are of the packets right before it:
/// one whose time does not lie behind its neighbour's is of something else.
fn recover(layer: &mut Layer, packet: &Stored, repeated: SmallVec<[Block; 4]>) -> SmallVec<[Stored; 2]> {
    let mut recovered = SmallVec::new();
    let count = repeated.len() as u64;
    for (block, number) in repeated.into_iter().zip(packet.sequence.saturating_sub(count)..) {
        let timestamp = packet.timestamp.wrapping_sub(block.offset);
        let neighbour = layer.ring.get(number.saturating_sub(1));
        let late = neighbour.is_none_or(|earlier| (timestamp.wrapping_sub(earlier.timestamp) as i32) > 0);
        if block.offset == 0 || block.payload.is_empty() || !late || !layer.recover(number) {
            continue;
        }
        layer.nack.forget(number);
        recovered.push(Stored { sequence: number, timestamp, marker: false, payload: block.payload, ..packet.clone() });
    }
    recovered
}

/// Gives an unknown SSRC its place: by MID, and RID or repaired RID where there are layers (RFC 9143, section 9.2; RFC 8852). A peer
/// reaches its own lines only.
fn bind(
    peer: &mut Peer,
    sources: &mut super::slab::Slab<Source>,
    now: Instant,
    header: &Header,
    elements: Elements<'_>,
    epoch: &mut u32,
) -> Option<Binding> {
    let mid = elements.mid?;
    let index = peer.up.sources.iter().copied().find(|index| sources.get(*index).is_some_and(|source| source.mid.as_bytes() == mid))?;
    let source = sources.get_mut(index)?;
    let (_, repair) = source.payload(header.payload_type)?;
    let layer = if source.rids.is_empty() {
        0
    } else {
        let rid = if repair { elements.repaired_rid } else { elements.rid }?;
        source.rids.iter().position(|known| known.as_bytes() == rid)?
    };
    let state = source.layers.get_mut(layer)?;
    let bound = if repair { &mut state.rtx_ssrc } else { &mut state.ssrc };
    if !repair && bound.is_some() && state.last_packet.is_some_and(|last| now.saturating_duration_since(last) < REBIND_SILENCE) {
        return None;
    }
    let changes = bound.replace(header.ssrc).is_some();
    if changes && !repair {
        *epoch += 1;
        state.restart(now, *epoch);
    }
    let binding = Binding { ssrc: header.ssrc, source: index, layer: layer as u8, repair };
    peer.up.bind(binding).then_some(binding)
}

impl Forwarder {
    pub(super) fn slot(&self, watcher: Watcher) -> Option<&super::slot::Slot> {
        self.peers.get(watcher.peer)?.slots.get(usize::from(watcher.slot))
    }
}
