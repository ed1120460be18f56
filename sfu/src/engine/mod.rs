//! The engine of one shard: bytes, commands and `now` go in; bytes, events and the next deadline come out. No socket, clock or task; the
//! only randomness in it is that of the key exchange, inside its library.
//!
//! # The contract of the loop around it
//!
//! Every layer of the engine has the same verbs, and the loop is the same around each:
//!
//! 1. Something happens: call **one** of `handle_read`, `handle_command`, `handle_timeout`, with the instant at which it happened. `now` never goes
//!    back from one call to the next.
//! 2. Call `poll_write` until it says none, and send what it gives; call `poll_event` until it says none, and pass on what it gives. Nothing new
//!    appears between two calls of `handle_*`, so several datagrams may be handled before one fetch, as long as the queues hold them.
//! 3. Ask `poll_timeout` when to call `handle_timeout` at the latest. Calling it early or twice is harmless; calling it late makes things
//!    late.
//!
//! Nothing is done by the passing of time alone, so a test drives years in a blink. Nothing is unbounded: each queue has its bound beside it, and
//! a loop that does not fetch loses datagrams, never memory. Input does not panic and does not fail a call: a bad datagram is dropped and
//! counted, and the others go on.
//!
//! # What is inside
//!
//! [`transport`] holds the connections and turns datagrams into plaintext media; [`forward`] decides which packet goes to whom; [`room`]
//! decides who may be there and what they are told. They do not know each other: this file carries what one says to the next.

pub mod api;
pub mod forward;
mod media;
pub mod negotiated;
pub mod room;
#[cfg(test)]
mod simulation;
pub mod space;
#[cfg(test)]
mod tests;
pub mod transport;

use api::{Command, Event, Media, Tap};
use forward::{ForwardEvent, Forwarder, PacketKind};
use media::SessionMedia;
use room::{Effect, MediaState, Rooms};
use space::Space;
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};
use transport::{Certificate, Kind, Path, Plain, Transmit, TransportCounters, TransportEvent, Transports};
use wire::{UnixMs, id::SessionId};

/// Events that wait to be fetched. One command makes a few for each participant of its room; what comes on top is packets for the recorder.
const EVENTS_MAX: usize = 65_536;

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub transport: TransportCounters,
    pub sent: u64,
    pub sent_bytes: u64,
    pub events_dropped: u64,
    /// As it is now.
    pub peers: u64,
}

/// The meetings of one shard with their media.
pub struct Engine {
    transports: Transports,
    forwarder: Forwarder,
    rooms: Rooms,
    /// One for each session that has a place in a room, whether its connection stands or not.
    sessions: HashMap<SessionId, SessionMedia>,
    events: VecDeque<Event>,
    counters: Counters,
    #[cfg(test)]
    probe: simulation::Probe,
}

impl Engine {
    pub fn new(certificate: Certificate, settings: room::Settings, now: Instant, now_ms: UnixMs) -> Self {
        Self {
            transports: Transports::new(certificate, now),
            forwarder: Forwarder::new(now),
            rooms: Rooms::new(settings, now, now_ms),
            sessions: HashMap::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            #[cfg(test)]
            probe: simulation::Probe::default(),
        }
    }

    /// One datagram that came in on a path.
    pub fn handle_read(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        #[cfg(test)]
        self.probe.reads(path, datagram);
        match self.transports.handle_read(now, path, datagram) {
            Some(Plain::Rtp(peer, packet)) => self.forwarder.handle_rtp(now, peer, packet),
            Some(Plain::Rtcp(peer, compound)) => self.forwarder.handle_rtcp(now, peer, &compound),
            None => {}
        }
        self.settle(now, None);
    }

    pub fn handle_command(&mut self, now: Instant, command: Command) {
        let mut media = None;
        match command {
            Command::Join(join) => {
                self.rooms.handle_join(&join, now);
                media = Some(join.media);
            }
            Command::Resume { request, session, media: offered, now_ms } => {
                self.rooms.handle_resume(request, session, offered.as_ref().map(|it| &it.negotiated), now, now_ms);
                media = offered.map(|it| *it);
            }
            Command::Reoffer { request, session, media: offered } => {
                self.rooms.handle_reoffer(request, session, &offered.negotiated, now);
                media = Some(*offered);
            }
            Command::Client { request, session, message, now_ms } => self.rooms.handle_client(request, session, message, now, now_ms),
            Command::Detach { session, now_ms } => self.rooms.handle_detach(session, now, now_ms),
            Command::Control { command, now_ms } => self.rooms.handle_control(command, now, now_ms),
            Command::RecorderFailed { recording, now_ms } => self.rooms.handle_recorder_failed(recording, now_ms),
            Command::RecorderNeedsKeyframe { source } => self.forwarder.request_keyframe(now, source),
            Command::Drain { deadline } => self.rooms.handle_drain(deadline),
        }
        self.settle(now, media);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        self.transports.handle_timeout(now);
        if self.forwarder.poll_timeout().is_some_and(|at| at <= now) {
            self.forwarder.handle_timeout(now);
        }
        if self.rooms.poll_timeout().is_some_and(|at| at <= now) {
            self.rooms.handle_timeout(now);
        }
        self.settle(now, None);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [self.transports.poll_timeout(), self.forwarder.poll_timeout(), self.rooms.poll_timeout()];
        #[cfg(test)]
        let deadlines = self.probe.deadlines(deadlines);
        deadlines.into_iter().flatten().min()
    }

    /// The next datagram to send. Media is encrypted here, not before: what is never fetched costs nothing.
    pub fn poll_write(&mut self) -> Option<Transmit> {
        let transmit = self.transports.poll_write().or_else(|| {
            #[cfg(test)]
            if let Some(extra) = self.probe.extra.pop_front() {
                return Some(extra);
            }
            std::iter::from_fn(|| self.forwarder.poll_write()).find_map(|outgoing| {
                #[cfg(test)]
                let outgoing = self.probe.leaves(outgoing)?;
                let kind = match outgoing.kind {
                    PacketKind::Rtp => Kind::Rtp,
                    PacketKind::Rtcp => Kind::Rtcp,
                };
                self.transports.protect(outgoing.peer, kind, outgoing.packet)
            })
        })?;
        self.counters.sent += 1;
        self.counters.sent_bytes += transmit.payload.len() as u64;
        Some(transmit)
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn counters(&self) -> Counters {
        Counters { transport: *self.transports.counters(), peers: self.transports.peers() as u64, ..self.counters }
    }

    /// What the forwarder has counted of a session's media; none while its connection does not stand.
    pub fn stats(&self, session: SessionId) -> Option<forward::PeerStats> {
        self.forwarder.stats(session)
    }

    /// Carries what the layers said to each other until none has anything more to say. It ends, because what a room is told by the
    /// media leads to messages, and what the media is told by a room leads to states of slots, and neither leads back.
    fn settle(&mut self, now: Instant, mut media: Option<Media>) {
        loop {
            if let Some(event) = self.transports.poll_event() {
                self.take_transport_event(now, event);
            } else if let Some(event) = self.forwarder.poll_event() {
                // Before the next effect: what a tap that ends still gives comes before the word that it ended.
                self.take_forward_event(event);
            } else if let Some(effect) = self.rooms.poll_effect() {
                self.take_effect(now, effect, &mut media);
            } else {
                return;
            }
        }
    }

    fn take_transport_event(&mut self, now: Instant, event: TransportEvent) {
        match event {
            TransportEvent::Connected(session) => {
                if let Some(media) = self.sessions.get_mut(&session) {
                    media.connected(now, session, &mut self.forwarder);
                }
                self.rooms.handle_media(session, MediaState::Connected, now);
            }
            TransportEvent::Lost(session) => {
                if let Some(media) = self.sessions.get_mut(&session) {
                    media.disconnected(now, session, &mut self.forwarder);
                }
                self.rooms.handle_media(session, MediaState::Lost, now);
            }
        }
    }

    fn take_effect(&mut self, now: Instant, effect: Effect, media: &mut Option<Media>) {
        #[cfg(test)]
        if self.probe.hides(&effect) {
            return;
        }
        match effect {
            Effect::Event(event) => self.emit(event),
            Effect::AddPeer { space, session, media: waited } => {
                let Some(media) = waited.map(|it| *it).or_else(|| media.take()) else { return };
                self.add(now, space, session, media);
            }
            Effect::ReplacePeer { space, session } => {
                let Some(media) = media.take() else { return };
                self.add(now, space, session, media);
            }
            Effect::MovePeer { session, to } => {
                if let Some(it) = self.sessions.get_mut(&session) {
                    it.move_to(now, session, to, &mut self.forwarder);
                }
            }
            Effect::UpdatePeer { session, .. } => {
                let Some(media) = media.take() else { return };
                self.transports.update_peer(now, session, &media.transport);
                if let Some(it) = self.sessions.get_mut(&session) {
                    it.update(now, session, media.negotiated, &mut self.forwarder);
                }
            }
            Effect::RemovePeer { session, .. } => self.remove(now, session),
            Effect::Forward { session, source, on, .. } => {
                if let Some(it) = self.sessions.get_mut(&session) {
                    it.set_source_enabled(now, source, on, &mut self.forwarder);
                }
            }
            Effect::View { session, slots, .. } => {
                if let Some(it) = self.sessions.get_mut(&session) {
                    it.set_view(now, session, slots, &mut self.forwarder);
                }
            }
            Effect::StartTap { room, recording } => self.forwarder.set_recorder(now, room, Some(recording)),
            Effect::StopTap { room, .. } => self.forwarder.set_recorder(now, room, None),
            // A space of the forwarder is its peers: it went with the last of them.
            Effect::CloseRoom { .. } => {}
        }
    }

    fn take_forward_event(&mut self, event: ForwardEvent) {
        match event {
            ForwardEvent::Speakers { space, sessions } => self.rooms.handle_speakers(space, sessions),
            ForwardEvent::Slots { peer, slots } => self.rooms.handle_slots(peer, slots),
            ForwardEvent::Layers { peer, layers, all } => self.rooms.handle_layers(peer, layers, all),
            ForwardEvent::SourceStarted { .. } => {}
            ForwardEvent::Tap(mut tap) => {
                if let Tap::Track { source, name, .. } = &mut tap
                    && let Some(owner) = self.rooms.source(*source)
                {
                    *name = owner.name;
                }
                self.emit(Event::Tap(tap));
            }
        }
    }

    fn add(&mut self, now: Instant, space: Space, session: SessionId, media: Media) {
        self.remove(now, session);
        self.transports.add_peer(now, session, &media.transport);
        self.sessions.insert(session, SessionMedia::new(space, media.negotiated));
    }

    fn remove(&mut self, now: Instant, session: SessionId) {
        if let Some(mut media) = self.sessions.remove(&session) {
            media.disconnected(now, session, &mut self.forwarder);
        }
        self.transports.remove_peer(now, session);
    }

    fn emit(&mut self, event: Event) {
        #[cfg(test)]
        let event = self.probe.says(event);
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        } else {
            self.counters.events_dropped += 1;
        }
    }
}
