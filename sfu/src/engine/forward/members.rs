//! Peers come, change what they send and receive, and go.

use super::{
    Forwarder, PeerIndex,
    downlink::Downlink,
    peer::{Alarms, Binding, Peer, Uplink},
    room::Room,
    slot::Slot,
    source::{Source, Watcher},
    tap::Tapped,
    timers::Task,
};
use crate::engine::{
    negotiated::{Negotiated, ReceiveLine},
    space::Space,
};
use std::time::Instant;
use wire::{
    id::{RecordingId, SessionId},
    limits::{AUDIO_SLOTS_MAX, OFFER_MEDIA_LINES_MAX, VIDEO_SLOTS_MAX},
    signal::SourceKind,
};

/// Reports to peers that join together are spread over an interval.
const REPORT_SPREAD: u32 = 16;

impl Forwarder {
    pub(super) fn room_index(&mut self, id: Space) -> u32 {
        if let Some(index) = self.rooms_by_id.get(&id) {
            return *index;
        }
        let index = self.rooms.insert(Room::new(id));
        self.rooms_by_id.insert(id, index);
        index
    }

    pub(super) fn forget_room_if_empty(&mut self, index: u32) {
        if let Some(room) = self.rooms.get(index).filter(|room| room.peers.is_empty() && room.recording.is_none()) {
            self.rooms_by_id.remove(&room.id);
            self.rooms.remove(index);
        }
    }

    pub(super) fn admit(&mut self, now: Instant, space: Space, session: SessionId, negotiated: &Negotiated) -> PeerIndex {
        if self.sessions.contains_key(&session) {
            self.dismiss(now, session);
        }
        let room_index = self.room_index(space);
        let transport_cc = negotiated.video_slots.iter().chain(&negotiated.audio_slots).any(|slot| slot.extensions.transport_cc.is_some());
        let index = self.peers.insert(Peer {
            session,
            room: room_index,
            up: Uplink::default(),
            down: Downlink::new(now, session, PeerIndex(0), transport_cc),
            slots: Vec::new(),
            alarms: Alarms::default(),
            probe: None,
            probed: None,
            split_by: 0,
        });
        self.sessions.insert(session, index);
        if let Some(room) = self.rooms.get_mut(room_index) {
            room.peers.push(index);
        }
        if let Some(peer) = self.peers.get_mut(index) {
            peer.down.index = PeerIndex(index);
            let first = super::report::INTERVAL * (1 + index % REPORT_SPREAD) / REPORT_SPREAD;
            self.timers.arm(&mut peer.alarms.reports, now + first, Task::Reports(index));
        }
        self.renegotiate(now, index, negotiated);
        PeerIndex(index)
    }

    pub(super) fn renegotiate(&mut self, now: Instant, index: u32, negotiated: &Negotiated) {
        self.take_slots(now, index, negotiated);
        self.take_lines(now, index, negotiated);
        let room = self.peers.get(index).map(|peer| peer.room);
        let peers = room.and_then(|room| self.rooms.get(room)).map(|room| room.peers.clone()).unwrap_or_default();
        for peer in peers {
            self.resolve(peer);
            self.allocate(now, peer);
        }
        if let Some(room) = room {
            self.fill_audio_slots(now, room);
        }
    }

    fn take_slots(&mut self, now: Instant, index: u32, negotiated: &Negotiated) {
        let Some(peer) = self.peers.get_mut(index) else {
            return;
        };
        let old = std::mem::take(&mut peer.slots);
        let lines = negotiated.audio_slots.iter().take(AUDIO_SLOTS_MAX).map(|line| (line, true));
        let lines = lines.chain(negotiated.video_slots.iter().take(VIDEO_SLOTS_MAX).map(|line| (line, false)));
        let mut old: Vec<Option<Slot>> = old.into_iter().map(Some).collect();
        let mut moved: Vec<(u16, u16)> = Vec::new();
        for (line, audio) in lines {
            let same = |slot: &Option<Slot>| {
                slot.as_ref().is_some_and(|slot| (slot.audio, slot.line.ssrc, &slot.line.mid) == (audio, line.ssrc, &line.mid))
            };
            let place = peer.slots.len() as u16;
            match old.iter().position(same).and_then(|at| Some((at, old[at].take()?))) {
                Some((at, mut slot)) => {
                    slot.line = line.clone();
                    moved.push((at as u16, place));
                    peer.slots.push(slot);
                }
                None => peer.slots.push(Slot::new(line, audio, now)),
            }
        }
        // Watchers name slots by place: all of the peer's are written anew.
        for source in self.sources.values_mut() {
            source.watchers.retain_mut(|watcher| {
                if watcher.peer != index {
                    return true;
                }
                match moved.iter().find(|(from, _)| *from == watcher.slot) {
                    Some((_, to)) => {
                        watcher.slot = *to;
                        true
                    }
                    None => false,
                }
            });
        }
    }

    fn take_lines(&mut self, now: Instant, index: u32, negotiated: &Negotiated) {
        let Some(peer) = self.peers.get_mut(index) else {
            return;
        };
        peer.up.learn_extensions(negotiated);
        let lines = &negotiated.receives[..negotiated.receives.len().min(OFFER_MEDIA_LINES_MAX)];
        let gone: Vec<u32> = peer
            .up
            .sources
            .iter()
            .copied()
            .filter(|source| {
                let source = self.sources.get(*source);
                !lines.iter().any(|line| source.is_some_and(|source| source.id == line.source && source.mid == line.mid))
            })
            .collect();
        for source in gone {
            self.end_source(now, source);
        }
        for line in lines {
            let Some(peer) = self.peers.get(index) else {
                return;
            };
            let known = peer.up.sources.iter().copied().find(|at| self.sources.get(*at).is_some_and(|source| source.mid == line.mid));
            match known {
                Some(source) => self.renew_source(now, index, source, line),
                None => self.begin_source(now, index, line),
            }
        }
    }

    /// A further offer: types may have changed, an SSRC may be named anew.
    fn renew_source(&mut self, now: Instant, peer: u32, index: u32, line: &ReceiveLine) {
        if let Some(source) = self.sources.get_mut(index) {
            source.payloads = line.payloads.clone();
        }
        self.bind_named(now, peer, index, line);
    }

    fn begin_source(&mut self, now: Instant, peer_index: u32, line: &ReceiveLine) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        // An id that is taken belongs to whoever has it; the engine gives each line its own.
        if self.sources_by_id.contains_key(&line.source) {
            return;
        }
        let (session, room_index, epoch) = (peer.session, peer.room, &mut self.epoch);
        let source = Source::new(line, session, peer_index, room_index, || {
            *epoch += 1;
            *epoch
        });
        let index = self.sources.insert(source);
        peer.up.sources.push(index);
        self.sources_by_id.insert(line.source, index);
        self.bind_named(now, peer_index, index, line);
        let recording = self.rooms.get(room_index).and_then(|room| room.recording);
        if let Some(source) = self.sources.get_mut(index) {
            source.tapped = recording.map(Tapped::new);
        }
        self.begin_demand(now, index);
        if !line.muted {
            self.begin_to_be_heard(now, index);
        }
    }

    /// SSRCs that the offer names (RFC 5576), for clients that send no MID. With layers the RID decides.
    fn bind_named(&mut self, now: Instant, peer: u32, index: u32, line: &ReceiveLine) {
        let (Some(peer), Some(source)) = (self.peers.get_mut(peer), self.sources.get_mut(index)) else {
            return;
        };
        let Some((ssrc, rtx)) = line.ssrcs.first().copied().filter(|_| line.rids.is_empty()) else {
            return;
        };
        let layer = &mut source.layers[0];
        if layer.ssrc.is_some_and(|old| old != ssrc) {
            self.epoch += 1;
            layer.restart(now, self.epoch);
        }
        if peer.up.bind(Binding { ssrc, source: index, layer: 0, repair: false }) {
            layer.ssrc = Some(ssrc);
        }
        if let Some(rtx) = rtx
            && peer.up.bind(Binding { ssrc: rtx, source: index, layer: 0, repair: true })
        {
            layer.rtx_ssrc = Some(rtx);
        }
    }

    pub(super) fn begin_to_be_heard(&mut self, now: Instant, index: u32) {
        let Some(source) = self.sources.get(index).filter(|source| source.is_audio()) else {
            return;
        };
        let (room_index, session, share) = (source.room, source.session, source.kind == SourceKind::ShareAudio);
        if let Some(room) = self.rooms.get_mut(room_index) {
            room.speakers.add(index, session, share);
            self.timers.arm(&mut room.speakers.alarm, now + super::speakers::TICK, Task::Speakers(room_index));
        }
    }

    fn end_source(&mut self, now: Instant, index: u32) {
        let Some(mut source) = self.sources.remove(index) else {
            return;
        };
        self.sources_by_id.remove(&source.id);
        if let Some(mut tapped) = source.tapped.take() {
            tapped.end(&source, &mut self.events);
        }
        if let Some(room) = self.rooms.get_mut(source.room) {
            room.speakers.remove(index);
        }
        if let Some(peer) = self.peers.get_mut(source.peer) {
            peer.up.sources.retain(|other| *other != index);
            peer.up.bindings.retain(|binding| binding.source != index);
        }
        let peers = self.rooms.get(source.room).map(|room| room.peers.clone()).unwrap_or_default();
        for peer_index in peers {
            let Some(peer) = self.peers.get_mut(peer_index) else {
                continue;
            };
            for slot in &mut peer.slots {
                if slot.source == Some(index) {
                    slot.source = None;
                    slot.orphaned = !slot.audio;
                }
                slot.current = slot.current.filter(|feed| feed.source != index);
                slot.target = slot.target.filter(|feed| feed.source != index);
            }
            // Its place is another's soon: what waits before the line must not leave under that name.
            peer.down.forget(index);
            self.tell_slots(now, peer_index);
        }
    }

    pub(super) fn dismiss(&mut self, now: Instant, session: SessionId) {
        let Some(index) = self.sessions.remove(&session) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(index) else {
            return;
        };
        let (room_index, sources) = (peer.room, peer.up.sources.clone());
        for at in 0..peer.slots.len() {
            let watcher = Watcher { peer: index, slot: at as u16 };
            for feed in [peer.slots[at].current, peer.slots[at].target].into_iter().flatten() {
                if let Some(source) = self.sources.get_mut(feed.source) {
                    source.unwatch(watcher);
                }
            }
            if let Some(source) = peer.slots[at].source.and_then(|source| self.sources.get_mut(source)) {
                source.unwatch(watcher);
            }
        }
        if let Some(room) = self.rooms.get_mut(room_index) {
            room.peers.retain(|other| *other != index);
        }
        for source in sources {
            self.end_source(now, source);
        }
        self.peers.remove(index);
        self.fill_audio_slots(now, room_index);
        self.forget_room_if_empty(room_index);
    }

    pub(super) fn enable(&mut self, now: Instant, index: u32, enabled: bool) {
        let Some(source) = self.sources.get_mut(index).filter(|source| source.enabled != enabled) else {
            return;
        };
        source.enabled = enabled;
        let (room_index, is_audio) = (source.room, source.is_audio());
        if !enabled {
            source.keyframes.forget();
            for layer in &mut source.layers {
                layer.ring.clear();
                layer.keyframe = None;
            }
            if let Some(mut tapped) = source.tapped.take() {
                tapped.end(source, &mut self.events);
                source.tapped = Some(tapped);
            }
        } else if let Some(layer) = source.tapped.as_ref().and_then(|tapped| tapped.wants(now, source)) {
            self.want_keyframe(now, index, layer);
        }
        if is_audio {
            if enabled {
                self.begin_to_be_heard(now, index);
            } else if let Some(room) = self.rooms.get_mut(room_index) {
                room.speakers.remove(index);
            }
            self.fill_audio_slots(now, room_index);
            return;
        }
        let peers = self.rooms.get(room_index).map(|room| room.peers.clone()).unwrap_or_default();
        for peer in peers {
            let means = |peer: &Peer| peer.slots.iter().any(|slot| slot.shows(index));
            if let Some(peer) = self.peers.get_mut(peer).filter(|_| !enabled) {
                peer.down.forget(index);
            }
            if self.peers.get(peer).is_some_and(means) {
                self.allocate(now, peer);
            }
        }
    }

    pub(super) fn record(&mut self, now: Instant, space: Space, recording: Option<RecordingId>) {
        let room_index = self.room_index(space);
        let Some(room) = self.rooms.get_mut(room_index).filter(|room| room.recording != recording) else {
            return;
        };
        room.recording = recording;
        let sources: Vec<u32> =
            room.peers.iter().filter_map(|peer| self.peers.get(*peer)).flat_map(|peer| peer.up.sources.iter().copied()).collect();
        for index in sources {
            self.tap(now, index, recording);
        }
        self.forget_room_if_empty(room_index);
    }

    /// The source goes to this recorder from now on, or to none. To one that it went to before it goes on with its count.
    pub(super) fn tap(&mut self, now: Instant, index: u32, recording: Option<RecordingId>) {
        let Some(source) = self.sources.get_mut(index) else {
            return;
        };
        if let Some(mut tapped) = source.tapped.take() {
            tapped.end(source, &mut self.events);
            source.parked = Some(tapped);
        }
        let known = |id| source.parked.take().filter(|parked| parked.recording() == id).unwrap_or_else(|| Tapped::new(id));
        source.tapped = recording.map(known);
        let more = recording.is_some() && source.demand.want(now, source.layers.len() - 1);
        if let Some(layer) = source.tapped.as_ref().and_then(|tapped| tapped.wants(now, source)) {
            self.want_keyframe(now, index, layer);
        }
        if more {
            self.tell_demand(index);
        }
    }
}
