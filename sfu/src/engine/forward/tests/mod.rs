//! Calls in virtual time: people with cameras, microphones and lossy lines around one forwarder.

mod bounds;
pub(crate) mod client;
mod codecs;
mod demand;
mod hearing;
mod interop;
mod moving;
mod narrow;
mod recording;
mod repair;
mod seeing;
pub(crate) mod sight;
mod talking;

use super::*;
use client::Client;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{collections::BinaryHeap, time::Duration};
use uuid::Uuid;
use wire::id::MeetingId;

/// One way of everybody's line.
const DELAY: Duration = Duration::from_millis(25);

pub fn session(number: u32) -> SessionId {
    SessionId(Uuid::from_u128(0x5e55_0000 + u128::from(number)))
}

pub fn room() -> MeetingId {
    MeetingId(Uuid::from_u128(0x100))
}

/// A datagram under way: RTP if true.
struct OnTheWay {
    at: Instant,
    order: u64,
    to: Destination,
    rtp: bool,
    bytes: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Destination {
    Server(usize),
    Client(usize),
}

impl PartialEq for OnTheWay {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for OnTheWay {}
impl PartialOrd for OnTheWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for OnTheWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

pub struct Call {
    pub now: Instant,
    start: Instant,
    pub forwarder: Forwarder,
    pub clients: Vec<Client>,
    pub events: Vec<ForwardEvent>,
    /// Share of packets lost on the way to the server and from it.
    pub loss: (f64, f64),
    /// One way.
    pub delay: Duration,
    /// Bits per second towards each client; queues 300 ms.
    pub narrow: Option<f64>,
    pub sent: Vec<u64>,
    pub wakes: u64,
    free_at: Vec<Instant>,
    on_the_way: BinaryHeap<OnTheWay>,
    order: u64,
    rng: StdRng,
}

impl Call {
    pub fn new(seed: u64) -> Self {
        println!("seed {seed}");
        let now = Instant::now();
        Self {
            now,
            start: now,
            forwarder: Forwarder::new(now),
            clients: Vec::new(),
            events: Vec::new(),
            loss: (0.0, 0.0),
            delay: DELAY,
            narrow: None,
            sent: Vec::new(),
            wakes: 0,
            free_at: Vec::new(),
            on_the_way: BinaryHeap::new(),
            order: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    pub fn join(&mut self, client: Client) -> usize {
        self.forwarder.add_peer(self.now, room(), client.session, &client.negotiated);
        self.clients.push(client);
        self.sent.push(0);
        self.free_at.push(self.now);
        self.drain();
        self.clients.len() - 1
    }

    pub fn leave(&mut self, who: usize) {
        self.forwarder.remove_peer(self.now, self.clients[who].session);
        self.clients[who].gone = true;
        self.drain();
    }

    pub fn move_to(&mut self, who: usize, to: impl Into<Space>) {
        self.forwarder.move_peer(self.now, self.clients[who].session, to);
        self.drain();
    }

    /// Slot `slot` of `viewer` shows the camera of `publisher`, drawn `width` wide.
    pub fn look(&mut self, viewer: usize, slot: usize, publisher: Option<usize>, width: u16) {
        let request = SlotRequest {
            mid: self.clients[viewer].negotiated.video_slots[slot].mid.to_string(),
            source: publisher.map(|publisher| self.clients[publisher].camera_id()),
            width,
            height: (u32::from(width) * 9 / 16) as u16,
            priority: 0,
        };
        self.forwarder.set_view(self.now, self.clients[viewer].session, &[request]);
        self.drain();
    }

    pub fn enable(&mut self, source: SourceId, enabled: bool) {
        self.forwarder.set_source_enabled(self.now, source, enabled);
        self.drain();
    }

    /// What holds between any two calls.
    fn check(&self) {
        let forwarder = &self.forwarder;
        for (index, source) in (0..).map(|at| (at, forwarder.sources.get(at))).take(64).filter_map(|(at, source)| Some((at, source?))) {
            for watcher in &source.watchers {
                let slot = forwarder.slot(*watcher).expect("a watcher that is here");
                let feeds = [slot.current, slot.target].into_iter().flatten().any(|feed| feed.source == index);
                assert!(feeds || slot.audio && slot.source == Some(index), "nobody watches what he is not shown");
            }
        }
        for (peer, slots) in (0..64).filter_map(|at| Some((at, &forwarder.peers.get(at)?.slots))) {
            for (at, slot) in slots.iter().enumerate() {
                for feed in [slot.current, slot.target].into_iter().flatten() {
                    let source = forwarder.sources.get(feed.source).expect("a source that is here");
                    assert!(source.watchers.contains(&Watcher { peer, slot: at as u16 }), "what is shown is watched");
                    assert!(source.enabled && source.peer != peer);
                    assert_eq!(Some(source.room), forwarder.peers.get(peer).map(|it| it.room), "nothing is shown across rooms");
                }
            }
        }
    }

    /// RTCP from a client, there at once.
    pub fn feedback(&mut self, who: usize, compound: &[u8]) {
        self.forwarder.handle_rtcp(self.now, self.clients[who].session, compound);
        self.drain();
    }

    pub fn run(&mut self, length: Duration) {
        let end = self.now + length;
        while self.now < end {
            self.now += Duration::from_millis(1);
            while self.on_the_way.peek().is_some_and(|next| next.at <= self.now) {
                let Some(next) = self.on_the_way.pop() else { break };
                match (next.to, next.rtp) {
                    (Destination::Server(from), _) if self.clients[from].gone => {}
                    (Destination::Server(from), true) => self.forwarder.handle_rtp(self.now, self.clients[from].session, next.bytes),
                    (Destination::Server(from), false) => self.forwarder.handle_rtcp(self.now, self.clients[from].session, &next.bytes),
                    (Destination::Client(to), rtp) => self.clients[to].receive(self.now, rtp, &next.bytes),
                }
                self.drain();
            }
            if self.forwarder.poll_timeout().is_some_and(|at| at <= self.now) {
                self.wakes += 1;
                self.forwarder.handle_timeout(self.now);
                assert!(self.forwarder.poll_timeout().is_none_or(|at| at > self.now), "one call does all that is due");
                self.drain();
            }
            if (self.now - self.start).as_millis().is_multiple_of(50) {
                self.check();
            }
            for at in 0..self.clients.len() {
                let mut out = Vec::new();
                if !self.clients[at].gone {
                    self.clients[at].step(self.now, &mut out);
                }
                for (rtp, bytes) in out {
                    if !self.rng.random_bool(self.loss.0) {
                        self.post(self.now + self.delay, Destination::Server(at), rtp, bytes);
                    }
                }
            }
        }
    }

    pub fn seconds(&mut self, seconds: f64) {
        self.run(Duration::from_secs_f64(seconds));
    }

    fn post(&mut self, at: Instant, to: Destination, rtp: bool, bytes: Bytes) {
        self.order += 1;
        self.on_the_way.push(OnTheWay { at, order: self.order, to, rtp, bytes });
    }

    fn drain(&mut self) {
        while let Some(outgoing) = self.forwarder.poll_write() {
            assert!(outgoing.packet.capacity() - outgoing.packet.len() >= SPARE_BYTES, "room for the tag");
            assert!(outgoing.packet.len() <= 1_260);
            let to = self.clients.iter().position(|client| client.session == outgoing.peer && !client.gone).expect("a peer that is here");
            self.sent[to] += outgoing.packet.len() as u64;
            let mut at = self.now;
            if let Some(line) = self.narrow {
                let begins = self.free_at[to].max(self.now);
                if begins - self.now > Duration::from_millis(300) {
                    continue;
                }
                at = begins + Duration::from_secs_f64((outgoing.packet.len() + 44) as f64 * 8.0 / line);
                self.free_at[to] = at;
            }
            if !self.rng.random_bool(self.loss.1) {
                self.post(at + self.delay, Destination::Client(to), outgoing.kind == PacketKind::Rtp, outgoing.packet.freeze());
            }
        }
        while let Some(event) = self.forwarder.poll_event() {
            if let ForwardEvent::Layers { peer, layers, .. } = &event
                && let Some(client) = self.clients.iter_mut().find(|client| client.session == *peer && client.heeds)
            {
                client.heed(&layers.rids);
            }
            self.events.push(event);
        }
    }

    /// The last state told of a slot.
    pub fn told(&self, viewer: usize, mid: &str) -> Option<SlotState> {
        let session = self.clients[viewer].session;
        self.events.iter().rev().find_map(|event| match event {
            ForwardEvent::Slots { peer, slots } if *peer == session => slots.iter().find(|slot| slot.mid == mid).cloned(),
            _ => None,
        })
    }
}

impl Forwarder {
    /// Nothing is kept of anybody.
    pub(crate) fn rests(&self) -> bool {
        self.sessions.is_empty() && self.sources_by_id.is_empty() && self.rooms_by_id.is_empty()
    }
}
