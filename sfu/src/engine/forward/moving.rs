//! A peer goes from one space of a meeting to another, on the connection that it has.

use super::Forwarder;
use crate::engine::space::Space;
use smallvec::SmallVec;
use std::time::Instant;

impl Forwarder {
    pub(super) fn carry(&mut self, now: Instant, index: u32, to: Space) {
        let Some(from) = self.peers.get(index).map(|peer| peer.room) else {
            return;
        };
        if self.rooms.get(from).is_some_and(|room| room.id == to) {
            return;
        }
        let to = self.room_index(to);
        let left = self.take_out(index, from);
        self.bring_in(now, index, to);
        for peer in left {
            self.resolve(peer);
            self.allocate(now, peer);
        }
        let met = self.rooms.get(to).map(|room| room.peers.clone()).unwrap_or_default();
        for peer in met {
            self.resolve(peer);
            self.allocate(now, peer);
        }
        self.fill_audio_slots(now, from);
        self.fill_audio_slots(now, to);
        self.forget_room_if_empty(from);
    }

    /// Neither what the peer sent nor what it was to be sent goes on: also not what waits before a line, or could be sent again. Answers with
    /// those who stay.
    fn take_out(&mut self, index: u32, from: u32) -> Vec<u32> {
        let Some(peer) = self.peers.get_mut(index) else {
            return Vec::new();
        };
        let own = peer.up.sources.clone();
        let mut shown: SmallVec<[u32; 16]> = SmallVec::new();
        for slot in &mut peer.slots {
            shown.extend([slot.current, slot.target].into_iter().flatten().map(|feed| feed.source).chain(slot.source));
            (slot.wanted, slot.orphaned) = (None, false);
        }
        shown.into_iter().for_each(|source| peer.down.forget(source));
        let Some(room) = self.rooms.get_mut(from) else {
            return Vec::new();
        };
        room.peers.retain(|other| *other != index);
        own.iter().for_each(|source| room.speakers.remove(*source));
        let left = room.peers.clone();
        for peer in &left {
            if let Some(peer) = self.peers.get_mut(*peer) {
                own.iter().for_each(|source| peer.down.forget(*source));
            }
        }
        left
    }

    fn bring_in(&mut self, now: Instant, index: u32, to: u32) {
        let Some(peer) = self.peers.get_mut(index) else {
            return;
        };
        peer.room = to;
        let own = peer.up.sources.clone();
        let Some(room) = self.rooms.get_mut(to) else {
            return;
        };
        room.peers.push(index);
        let recording = room.recording;
        for source in own {
            let Some(it) = self.sources.get_mut(source) else {
                continue;
            };
            it.room = to;
            it.keyframes.forget();
            // Redundancy and key frames are made out of the rings: what was said before was said to others.
            for layer in &mut it.layers {
                layer.ring.clear();
                layer.keyframe = None;
            }
            let heard = it.is_audio() && it.enabled;
            self.tap(now, source, recording);
            if heard {
                self.begin_to_be_heard(now, source);
            }
        }
    }
}
