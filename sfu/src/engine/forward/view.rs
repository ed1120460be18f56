//! Who is seen: what each video slot is asked to show, in the layer that its size needs and the line carries.

use super::{
    ForwardEvent, Forwarder,
    allocate::{self, Line, Tile},
    estimate::BandwidthEstimator,
    forms::Form,
    picture::Depth,
    rewrite::Feed,
    slot::{Outcome, Wanted},
    source::Watcher,
    timers::Task,
};
use smallvec::SmallVec;
use std::time::{Duration, Instant};
use wire::{
    limits::VIDEO_SLOTS_MAX,
    signal::{PauseReason, SlotRequest, SlotState, SourceKind},
};

/// The line is split anew this often while anything is shown, and whenever something changes.
pub const INTERVAL: Duration = Duration::from_millis(250);
/// Kept for each filled audio slot: Opus with header, extension and tag.
const AUDIO_BPS: u64 = 50_000;
/// A slot shows its old source until the new one's key frame, but no longer.
const OLD_SHOWN_MAX: Duration = Duration::from_secs(1);
/// A source that is silent for longer is awaited: a still screen is sent once in a few seconds.
const AWAITED_AFTER: Duration = Duration::from_secs(5);

impl Forwarder {
    pub(super) fn view(&mut self, now: Instant, peer_index: u32, requests: &[SlotRequest]) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        for request in requests.iter().take(VIDEO_SLOTS_MAX) {
            if let Some(slot) = peer.slots.iter_mut().find(|slot| !slot.audio && *slot.line.mid == *request.mid) {
                slot.wanted = Wanted::from_request(request);
            }
        }
        self.resolve(peer_index);
        self.allocate(now, peer_index);
    }

    /// Finds the sources that the slots ask for: in the same room, another's, a picture of a codec the slot carries.
    pub(super) fn resolve(&mut self, peer_index: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        for slot in peer.slots.iter_mut().filter(|slot| !slot.audio) {
            let found = slot.wanted.and_then(|wanted| self.sources_by_id.get(&wanted.source)).copied().filter(|index| {
                self.sources.get(*index).is_some_and(|source| {
                    let shown = source.is_carried(|codec| slot.carries(codec));
                    source.room == peer.room && source.peer != peer_index && !source.is_audio() && shown
                })
            });
            if found.is_some() || slot.wanted.is_none() {
                slot.orphaned = false;
            }
            slot.source = found;
        }
    }

    pub(super) fn allocate(&mut self, now: Instant, peer_index: u32) {
        let mut tiles = std::mem::take(&mut self.tiles);
        let mut places = std::mem::take(&mut self.places);
        let mut chosen = std::mem::take(&mut self.chosen);
        tiles.clear();
        places.clear();
        self.split(now, peer_index, &mut tiles, &mut places, &mut chosen);
        (self.tiles, self.places, self.chosen) = (tiles, places, chosen);
        self.finish_cuts(now);
        self.tell_slots(now, peer_index);
    }

    fn split(
        &mut self,
        now: Instant,
        peer_index: u32,
        tiles: &mut Vec<Tile>,
        places: &mut Vec<(u16, SmallVec<[Form; 4]>)>,
        chosen: &mut Vec<Option<usize>>,
    ) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let audio = AUDIO_BPS * peer.slots.iter().filter(|slot| slot.audio && slot.source.is_some()).count() as u64;
        let mut shown = false;
        let mut more: SmallVec<[u32; 8]> = SmallVec::new();
        for (at, slot) in peer.slots.iter_mut().enumerate().filter(|(_, slot)| !slot.audio) {
            let Some((index, source)) = slot.source.and_then(|index| Some((index, self.sources.get_mut(index)?))) else {
                continue;
            };
            let Some(wanted) = slot.wanted.filter(|_| source.enabled) else {
                continue;
            };
            shown = true;
            if source.demand.want(now, source.layer_for(wanted.width, wanted.height)) {
                more.push(index);
            }
            if source.needs_dependencies() && slot.line.extensions.dependency_descriptor.is_none() {
                continue;
            }
            let forms = source.forms(now, wanted.width, wanted.height);
            let current = slot.flowing().filter(|(feed, _)| feed.source == index);
            let current = current.and_then(|(feed, depth)| forms.place(Form { layer: feed.layer, depth }));
            let area = u32::from(wanted.width) * u32::from(wanted.height);
            let screen = source.kind == SourceKind::ShareVideo;
            tiles.push(Tile { priority: wanted.priority, screen, area, options: forms.rates, readable: forms.readable, current });
            places.push((at as u16, forms.forms));
        }
        let estimate = peer.down.estimator.bits_per_second();
        peer.split_by = estimate;
        let mute = !peer.slots.iter().any(|slot| !slot.audio && slot.can_pad());
        allocate::allocate(Line { estimate, audio, mute }, tiles, chosen);
        if shown {
            self.timers.arm(&mut peer.alarms.allocate, now + INTERVAL, Task::Allocate(peer_index));
        }
        more.into_iter().for_each(|source| self.tell_demand(source));
        let desired = allocate::desired(audio, tiles);
        if desired + desired / 8 > estimate {
            self.consider_probe(now, peer_index, desired + desired / 4, estimate);
        }
        let mut aims: SmallVec<[(u16, Option<(Feed, Depth)>, bool); 16]> = SmallVec::new();
        let Some(peer) = self.peers.get(peer_index) else {
            return;
        };
        for (at, slot) in peer.slots.iter().enumerate().filter(|(_, slot)| !slot.audio) {
            let place = places.iter().position(|(slot, _)| usize::from(*slot) == at);
            let source = slot.source.and_then(|index| Some((index, self.sources.get(index)?)));
            let aim = match (place, source) {
                (Some(place), Some((index, source))) => match chosen[place] {
                    Some(level) => {
                        let Form { layer, depth } = places[place].1[level];
                        (Some((Feed { source: index, layer, epoch: source.layers[usize::from(layer)].epoch }, depth)), false)
                    }
                    None => (None, !tiles[place].options.is_empty()),
                },
                _ => (None, false),
            };
            aims.push((at as u16, aim.0, aim.1));
        }
        for (slot, feed, starved) in aims {
            self.aim(now, Watcher { peer: peer_index, slot }, feed, starved);
        }
    }

    /// What the slot shall show from the next key frame on.
    fn aim(&mut self, now: Instant, watcher: Watcher, aim: Option<(Feed, Depth)>, starved: bool) {
        let Some(slot) = self.peers.get_mut(watcher.peer).and_then(|peer| peer.slots.get_mut(usize::from(watcher.slot))) else {
            return;
        };
        slot.starved = starved;
        let before: SmallVec<[u32; 2]> = [slot.current, slot.target].into_iter().flatten().map(|feed| feed.source).collect();
        let enabled = slot.source.and_then(|index| self.sources.get(index)).is_some_and(|source| source.enabled);
        match aim {
            // Nothing is meant, it may not be shown, or the line does not carry it: at once.
            None if !enabled || starved => slot.stop(),
            // It does not flow now: there is no key frame to wait for.
            None => slot.target = None,
            Some((feed, depth)) if slot.current == Some(feed) => {
                slot.target = None;
                slot.deepen(depth);
            }
            Some((feed, depth)) => {
                if slot.target != Some(feed) {
                    slot.target_since = now;
                }
                (slot.target, slot.target_depth) = (Some(feed), depth);
            }
        }
        let foreign = slot.current.is_some_and(|current| slot.source != Some(current.source));
        if foreign && (slot.target.is_none() || now.saturating_duration_since(slot.target_since) > OLD_SHOWN_MAX) {
            slot.current = None;
        }
        let after: SmallVec<[u32; 2]> = [slot.current, slot.target].into_iter().flatten().map(|feed| feed.source).collect();
        let (target, grows) = (slot.target, slot.current.filter(|_| slot.needs_keyframe()));
        for gone in before.iter().filter(|source| !after.contains(source)) {
            if let Some(source) = self.sources.get_mut(*gone) {
                source.unwatch(watcher);
            }
        }
        for watched in after {
            if let Some(source) = self.sources.get_mut(watched) {
                source.watch(watcher);
            }
        }
        let Some(target) = target else {
            if let Some(feed) = grows {
                self.want_keyframe(now, feed.source, feed.layer);
            }
            return;
        };
        let Some((peer, source)) = self.peers.get_mut(watcher.peer).zip(self.sources.get(target.source)) else {
            return;
        };
        let Some(slot) = peer.slots.get_mut(usize::from(watcher.slot)) else {
            return;
        };
        let outcome = slot.reuse(now, &mut peer.down, &mut self.outbox, source);
        if let Some(at) = peer.down.waits_until(now) {
            self.timers.arm(&mut peer.alarms.pace, at, Task::Pace(watcher.peer));
        }
        match outcome {
            Outcome::Cut { left } => self.cuts.push((watcher, left)),
            _ => self.want_keyframe(now, target.source, target.layer),
        }
    }

    /// Tells the peer of slots that are other than it was told.
    pub(super) fn tell_slots(&mut self, now: Instant, peer_index: u32) {
        let Some(peer) = self.peers.get(peer_index) else {
            return;
        };
        let mut changed: Vec<(usize, SlotState)> = Vec::new();
        for at in 0..peer.slots.len() {
            if let Some(state) = self.slot_state(now, peer_index, at).filter(|state| *state != peer.slots[at].reported) {
                changed.push((at, state));
            }
        }
        if changed.is_empty() {
            return;
        }
        let session = peer.session;
        if let Some(peer) = self.peers.get_mut(peer_index) {
            for (at, state) in &changed {
                peer.slots[*at].reported = state.clone();
            }
        }
        self.events.push_back(ForwardEvent::Slots { peer: session, slots: changed.into_iter().map(|(_, state)| state).collect() });
    }

    /// `None`: between two sources; what was told still holds.
    fn slot_state(&self, now: Instant, peer_index: u32, at: usize) -> Option<SlotState> {
        let slot = self.peers.get(peer_index)?.slots.get(at)?;
        let state = |source, session, paused| Some(SlotState { mid: slot.line.mid.to_string(), source, session, paused });
        let Some(source) = slot.source.and_then(|index| self.sources.get(index)) else {
            let paused = if slot.orphaned { PauseReason::Disconnected } else { PauseReason::Waiting };
            return state(slot.wanted.map(|wanted| wanted.source), None, slot.wanted.map(|_| paused));
        };
        let flows = slot.current.filter(|feed| slot.source == Some(feed.source));
        let paused = match flows {
            _ if !source.enabled => Some(PauseReason::Muted),
            _ if slot.audio => None,
            Some(feed) => {
                let last = source.layers.get(usize::from(feed.layer)).and_then(|layer| layer.last_packet);
                let alive = last.is_some_and(|last| now.saturating_duration_since(last) < AWAITED_AFTER);
                (!alive).then_some(PauseReason::Waiting)
            }
            None if slot.current.is_some() => return None,
            None if slot.starved => Some(PauseReason::Bandwidth),
            None => Some(PauseReason::Waiting),
        };
        state(Some(source.id), Some(source.session), paused)
    }

    pub(super) fn all_slots(&self, peer_index: u32) -> Vec<SlotState> {
        self.peers.get(peer_index).map(|peer| peer.slots.iter().map(|slot| slot.reported.clone()).collect()).unwrap_or_default()
    }
}
