//! Who is heard: the loudest sources fill the audio slots of everyone but their owner.

use super::{ForwardEvent, Forwarder, rewrite::Feed, source::Watcher, speakers::TICK, timers::Task};
use smallvec::SmallVec;
use std::time::Instant;

impl Forwarder {
    pub(super) fn judge_loudness(&mut self, now: Instant, room_index: u32) {
        let Some(room) = self.rooms.get_mut(room_index) else {
            return;
        };
        let (order, speaking) = room.speakers.tick();
        if !room.speakers.is_silent() {
            self.timers.arm(&mut room.speakers.alarm, now + TICK, Task::Speakers(room_index));
        }
        if speaking {
            let sessions = room.speakers.current().to_vec();
            self.events.push_back(ForwardEvent::Speakers { space: room.id, sessions });
        }
        if order {
            self.fill_audio_slots(now, room_index);
        }
    }

    /// Gives everyone in the room the first of the order that fit. Whoever keeps a place keeps the slot.
    pub(super) fn fill_audio_slots(&mut self, now: Instant, room_index: u32) {
        let Some(room) = self.rooms.get(room_index) else {
            return;
        };
        let (peers, order) = (room.peers.clone(), room.speakers.order().to_vec());
        for peer_index in peers {
            let Some(peer) = self.peers.get_mut(peer_index) else {
                continue;
            };
            let places = peer.slots.iter().filter(|slot| slot.audio).count();
            let own = &peer.up.sources;
            let chosen: SmallVec<[u32; 8]> = order.iter().copied().filter(|source| !own.contains(source)).take(places).collect();
            let mut missing: SmallVec<[u32; 8]> =
                chosen.iter().copied().filter(|source| !peer.slots.iter().any(|slot| slot.audio && slot.source == Some(*source))).collect();
            missing.reverse();
            let mut left: SmallVec<[(u32, Watcher); 8]> = SmallVec::new();
            for (at, slot) in peer.slots.iter_mut().enumerate().filter(|(_, slot)| slot.audio) {
                if slot.source.is_some_and(|source| chosen.contains(&source)) {
                    continue;
                }
                if let Some(source) = slot.source.take() {
                    left.push((source, Watcher { peer: peer_index, slot: at as u16 }));
                    slot.stop();
                }
                slot.source = missing.pop();
            }
            for (source, watcher) in left {
                if let Some(source) = self.sources.get_mut(source) {
                    source.unwatch(watcher);
                }
            }
            self.aim_audio(peer_index);
            self.tell_slots(now, peer_index);
        }
    }

    /// Audio slots take their source from its next packet on.
    pub(super) fn aim_audio(&mut self, peer_index: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        for (at, slot) in peer.slots.iter_mut().enumerate().filter(|(_, slot)| slot.audio) {
            let Some((index, source)) = slot.source.and_then(|index| Some((index, self.sources.get_mut(index)?))) else {
                continue;
            };
            let feed = Feed { source: index, layer: 0, epoch: source.layers[0].epoch };
            if slot.current != Some(feed) {
                slot.current = None;
                slot.target = Some(feed);
            }
            source.watch(Watcher { peer: peer_index, slot: at as u16 });
        }
    }
}
