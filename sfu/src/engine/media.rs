//! What a session's media shall be, kept from the moment it is let in. The forwarder knows a peer only while its connection stands; what was
//! decided before that, or while it was away, is told to it then.

use super::{
    forward::Forwarder,
    negotiated::{Mid, Negotiated},
    space::Space,
};
use std::{collections::BTreeMap, time::Instant};
use wire::{
    id::{SessionId, SourceId},
    signal::SlotRequest,
};

pub struct SessionMedia {
    space: Space,
    negotiated: Negotiated,
    connected: bool,
    /// What each slot was last asked to show. No more than the session has slots.
    view: BTreeMap<Mid, SlotRequest>,
    /// Whether each of the session's sources is given to others. No more than it has lines to send on.
    enabled: BTreeMap<SourceId, bool>,
}

impl SessionMedia {
    pub fn new(space: Space, negotiated: Negotiated) -> Self {
        Self { space, negotiated, connected: false, view: BTreeMap::new(), enabled: BTreeMap::new() }
    }

    /// Keys exist: the forwarder is told everything.
    pub fn connected(&mut self, now: Instant, session: SessionId, forwarder: &mut Forwarder) {
        self.connected = true;
        forwarder.add_peer(now, self.space, session, &self.negotiated);
        for (source, enabled) in &self.enabled {
            forwarder.set_source_enabled(now, *source, *enabled);
        }
        let view: Vec<_> = self.view.values().cloned().collect();
        if !view.is_empty() {
            forwarder.set_view(now, session, &view);
        }
    }

    pub fn disconnected(&mut self, now: Instant, session: SessionId, forwarder: &mut Forwarder) {
        if std::mem::take(&mut self.connected) {
            forwarder.remove_peer(now, session);
        }
    }

    /// To another space of the meeting. What was asked to be seen belongs to the one that is left.
    pub fn move_to(&mut self, now: Instant, session: SessionId, to: Space, forwarder: &mut Forwarder) {
        self.space = to;
        self.view.clear();
        if self.connected {
            forwarder.move_peer(now, session, to);
        }
    }

    pub fn update(&mut self, now: Instant, session: SessionId, negotiated: Negotiated, forwarder: &mut Forwarder) {
        self.view.retain(|mid, _| negotiated.video_slots.iter().any(|it| it.mid == *mid));
        self.enabled.retain(|source, _| negotiated.receives.iter().any(|it| it.source == *source));
        self.negotiated = negotiated;
        if self.connected {
            forwarder.update_peer(now, session, &self.negotiated);
        }
    }

    pub fn set_source_enabled(&mut self, now: Instant, source: SourceId, enabled: bool, forwarder: &mut Forwarder) {
        if !self.negotiated.receives.iter().any(|it| it.source == source) {
            return;
        }
        self.enabled.insert(source, enabled);
        if self.connected {
            forwarder.set_source_enabled(now, source, enabled);
        }
    }

    pub fn set_view(&mut self, now: Instant, session: SessionId, slots: Vec<SlotRequest>, forwarder: &mut Forwarder) {
        if self.connected {
            forwarder.set_view(now, session, &slots);
        }
        for slot in slots {
            if let Some(line) = self.negotiated.video_slots.iter().find(|it| *it.mid == *slot.mid) {
                self.view.insert(line.mid.clone(), slot);
            }
        }
    }
}
