//! The connections of a shard's peers: ICE-lite, DTLS, SRTP. Datagrams in, plaintext RTP and RTCP out, and the other way.
//!
//! A datagram finds its peer by its source address. Addresses get into that table only by an authenticated check; checks themselves find
//! their peer by the user name fragment in them. Whatever came from an address outside the table goes no further, so that the key exchange and
//! the cipher are reached only by those who hold a password of our answer.

mod certificate;
mod dtls;
mod guard;
mod ice;
mod peer;
mod seal;
mod srtp;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError, Fingerprint, fingerprint_text};
pub use dtls::HANDSHAKE_TIME_MAX;
pub use ice::CONSENT_TIME_MAX;

use super::{by_id::ById, negotiated::TransportParameters};
use bytes::{Bytes, BytesMut};
use peer::{Lost, Peer};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};
use wire::id::SessionId;

/// Datagrams of the transport's own (checks answered, flights) that wait to be fetched. The loop fetches after each datagram in, so that more
/// than a few are there only when it does not.
const WRITES_MAX: usize = 4096;
/// Handshake datagrams that are let in a second over all peers of a shard. A handshake costs 0.6 ms and about six datagrams: a tenth of the
/// shard's time at most, so that a crowd at the door does not stall those inside. What is refused is repeated by the client.
const HANDSHAKE_DATAGRAMS_PER_SECOND: u32 = 1000;
/// What may come at once: 40 people joining in the same instant.
const HANDSHAKE_DATAGRAMS_BURST: u32 = 250;

/// What carries the datagrams of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Via {
    #[default]
    Udp,
    /// A stream (RFC 6544), by its number, which no other stream of the process ever has.
    Stream(u64),
}

/// Where a datagram came from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    pub remote: SocketAddr,
    /// The address of ours that it was sent to; the answer comes from there. None where the socket is bound to one address.
    pub local: Option<IpAddr>,
    pub via: Via,
}

impl Path {
    /// From the address that a socket is bound to.
    pub const fn udp(remote: SocketAddr) -> Self {
        Self { remote, local: None, via: Via::Udp }
    }

    pub const fn origin(&self) -> Origin {
        (self.remote, self.via)
    }
}

/// What a peer is known by, apart from the address of ours.
pub type Origin = (SocketAddr, Via);

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub path: Path,
    pub payload: Bytes,
}

/// Media of a peer, decrypted.
#[derive(Debug, PartialEq, Eq)]
pub enum Plain {
    Rtp(SessionId, Bytes),
    Rtcp(SessionId, BytesMut),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportEvent {
    /// Keys exist: media flows both ways.
    Connected(SessionId),
    /// Consent ran out, the handshake failed, or the peer closed. The connection is gone.
    Lost(SessionId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rtp,
    Rtcp,
}

/// What was counted since the start. The names say what happened to datagrams, unless they say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportCounters {
    pub received: u64,
    pub received_bytes: u64,
    pub checks: u64,
    /// Of no protocol that we speak.
    pub refused_unknown: u64,
    /// From an address that no authenticated check came from.
    pub refused_address: u64,
    /// Checks that name nobody or are not authentic.
    pub refused_checks: u64,
    /// Media that is not authentic, comes twice, or comes before there are keys.
    pub refused_media: u64,
    /// Over the rate of handshakes.
    pub refused_handshakes: u64,
    pub writes_dropped: u64,
    pub handshakes_done: u64,
    pub handshakes_failed: u64,
    pub peers_lost: u64,
}

/// A peer's place in the table, and which of those that had the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    index: usize,
    generation: u64,
}

struct Entry {
    place: Place,
    session: SessionId,
    peer: Peer,
    /// The earliest instant for which the heap holds this peer.
    armed: Option<Instant>,
}

/// The connections of a shard.
pub struct Transports {
    certificate: Certificate,
    /// As many as the shard has sessions, whose number is bounded by the rooms.
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    generation: u64,
    by_session: ById<SessionId, usize>,
    by_address: HashMap<Origin, usize>,
    by_ufrag: HashMap<String, usize>,
    /// A peer's deadline is looked at when the heap says so, and put in again if it moved away in the meantime.
    deadlines: BinaryHeap<Reverse<(Instant, Place)>>,
    writes: VecDeque<Transmit>,
    events: VecDeque<TransportEvent>,
    handshakes: Allowance,
    counters: TransportCounters,
}

impl Transports {
    pub fn new(certificate: Certificate, now: Instant) -> Self {
        Self {
            certificate,
            entries: Vec::new(),
            free: Vec::new(),
            generation: 0,
            by_session: ById::default(),
            by_address: HashMap::new(),
            by_ufrag: HashMap::new(),
            deadlines: BinaryHeap::new(),
            writes: VecDeque::new(),
            events: VecDeque::new(),
            handshakes: Allowance::full(now),
            counters: TransportCounters::default(),
        }
    }

    /// A peer that has our answer, or will. One of the same session that is still there ends without a word.
    pub fn add_peer(&mut self, now: Instant, session: SessionId, parameters: &TransportParameters) {
        self.remove_peer(now, session);
        let Ok(peer) = Peer::new(now, parameters, &self.certificate) else {
            self.events.push_back(TransportEvent::Lost(session));
            return;
        };
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        self.generation += 1;
        let place = Place { index, generation: self.generation };
        self.entries[index] = Some(Entry { place, session, peer, armed: None });
        self.by_session.insert(session, index);
        self.by_ufrag.insert(parameters.local_ufrag.clone(), index);
        self.arm(index);
    }

    /// New credentials on the living connection (RFC 8445, section 9). The same ones again change nothing.
    pub fn update_peer(&mut self, now: Instant, session: SessionId, parameters: &TransportParameters) {
        let Some(&index) = self.by_session.get(&session) else { return };
        let Some(entry) = &mut self.entries[index] else { return };
        if entry.peer.ice.ufrags().any(|it| it == parameters.local_ufrag) {
            return;
        }
        if let Some(forgotten) = entry.peer.ice.restart(now, parameters) {
            self.by_ufrag.remove(&forgotten);
        }
        self.by_ufrag.insert(parameters.local_ufrag.clone(), index);
    }

    pub fn remove_peer(&mut self, _now: Instant, session: SessionId) {
        let Some(index) = self.by_session.remove(&session) else { return };
        let Some(entry) = self.entries[index].take() else { return };
        for ufrag in entry.peer.ice.ufrags() {
            self.by_ufrag.remove(ufrag);
        }
        for address in entry.peer.ice.addresses() {
            // It may be another's by now: a browser that starts anew can do so from the same port.
            if self.by_address.get(address) == Some(&index) {
                self.by_address.remove(address);
            }
        }
        self.free.push(index);
    }

    pub fn handle_read(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Option<Plain> {
        self.counters.received += 1;
        self.counters.received_bytes += datagram.len() as u64;
        // RFC 7983, section 7.
        match datagram.first() {
            Some(0..=3) => {
                self.handle_check(now, path, datagram);
                None
            }
            Some(20..=63) => {
                self.handle_handshake(now, path, datagram);
                None
            }
            Some(128..=191) => self.handle_media(path, datagram),
            _ => {
                self.counters.refused_unknown += 1;
                None
            }
        }
    }

    fn handle_check(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        self.counters.checks += 1;
        let found = ice::parse(datagram).and_then(|message| {
            let index = *self.by_ufrag.get(&ice::local_ufrag(&message)?)?;
            Some((message, index))
        });
        let Some((mut message, index)) = found else {
            self.counters.refused_checks += 1;
            return;
        };
        let Some(entry) = &mut self.entries[index] else { return };
        let crypto = self.certificate.provider.crypto();
        let checked = entry.peer.ice.handle_check(now, path, &mut message, datagram.len(), crypto);
        let Some(answer) = checked.answer else {
            self.counters.refused_checks += 1;
            return;
        };
        if let Some(address) = checked.held {
            self.by_address.insert(address, index);
        }
        if let Some(address) = checked.dropped
            && self.by_address.get(&address) == Some(&index)
        {
            self.by_address.remove(&address);
        }
        if let Some(ufrag) = checked.retired_ufrag {
            self.by_ufrag.remove(&ufrag);
        }
        self.write(Transmit { path, payload: answer });
        // A check can make a path for a flight that found none.
        self.after(index);
    }

    fn handle_handshake(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        let Some(&index) = self.by_address.get(&path.origin()) else {
            self.counters.refused_address += 1;
            return;
        };
        let Some(entry) = &mut self.entries[index] else { return };
        if !entry.peer.may_handshake() || !self.handshakes.take(now) {
            self.counters.refused_handshakes += 1;
            return;
        }
        match entry.peer.handle_handshake(now, datagram, &self.certificate) {
            Ok(true) => {
                self.counters.handshakes_done += 1;
                self.events.push_back(TransportEvent::Connected(entry.session));
            }
            Ok(false) => {}
            Err(lost) => return self.lose(now, index, lost),
        }
        self.after(index);
    }

    fn handle_media(&mut self, path: Path, datagram: &[u8]) -> Option<Plain> {
        let Some(&index) = self.by_address.get(&path.origin()) else {
            self.counters.refused_address += 1;
            return None;
        };
        let entry = self.entries[index].as_mut()?;
        // RFC 5761, section 4.
        let is_rtcp = matches!(datagram.get(1), Some(192..=223));
        let plain = entry.peer.srtp.as_mut().and_then(|srtp| {
            if is_rtcp {
                srtp.unprotect_rtcp(datagram).ok().map(|it| Plain::Rtcp(entry.session, it))
            } else {
                srtp.unprotect_rtp(datagram).ok().map(|it| Plain::Rtp(entry.session, it))
            }
        });
        if plain.is_none() {
            self.counters.refused_media += 1;
        }
        plain
    }

    /// A packet for a peer, encrypted and with its way; none while it has no keys.
    pub fn protect(&mut self, session: SessionId, kind: Kind, mut packet: BytesMut) -> Option<Transmit> {
        let index = *self.by_session.get(&session)?;
        let peer = &mut self.entries[index].as_mut()?.peer;
        let path = peer.ice.selected()?;
        let srtp = peer.srtp.as_mut()?;
        let sealed = match kind {
            Kind::Rtp => srtp.protect_rtp(&mut packet).map(|()| packet),
            Kind::Rtcp => srtp.protect_rtcp(&packet),
        };
        match sealed {
            Ok(payload) => Some(Transmit { path, payload: payload.freeze() }),
            Err(_) => {
                self.counters.writes_dropped += 1;
                None
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&Reverse((at, place))) = self.deadlines.peek()
            && at <= now
        {
            self.deadlines.pop();
            let Some(entry) = self.entries[place.index].as_mut().filter(|it| it.place == place) else { continue };
            if entry.armed != Some(at) {
                continue;
            }
            entry.armed = None;
            match entry.peer.handle_timeout(now) {
                Ok(()) => self.after(place.index),
                Err(lost) => self.lose(now, place.index, lost),
            }
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.peek().map(|Reverse((at, _))| *at)
    }

    pub fn poll_write(&mut self) -> Option<Transmit> {
        self.writes.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<TransportEvent> {
        self.events.pop_front()
    }

    pub const fn counters(&self) -> &TransportCounters {
        &self.counters
    }

    pub fn peers(&self) -> usize {
        self.by_session.len()
    }

    /// Sends what the peer has to send and notes when it wants to be asked again.
    fn after(&mut self, index: usize) {
        while let Some(transmit) = self.entries[index].as_mut().and_then(|it| it.peer.poll_write()) {
            self.write(transmit);
        }
        self.arm(index);
    }

    fn arm(&mut self, index: usize) {
        let Some(entry) = &mut self.entries[index] else { return };
        let at = entry.peer.poll_timeout();
        if entry.armed.is_none_or(|armed| at < armed) {
            entry.armed = Some(at);
            self.deadlines.push(Reverse((at, entry.place)));
        }
    }

    fn lose(&mut self, now: Instant, index: usize, lost: Lost) {
        while let Some(transmit) = self.entries[index].as_mut().and_then(|it| it.peer.poll_write()) {
            self.write(transmit);
        }
        let Some(entry) = &self.entries[index] else { return };
        let session = entry.session;
        tracing::debug!(session.id = %session, reason = %lost, "connection lost");
        self.counters.peers_lost += 1;
        if entry.peer.srtp.is_none() {
            self.counters.handshakes_failed += 1;
        }
        self.remove_peer(now, session);
        self.events.push_back(TransportEvent::Lost(session));
    }

    fn write(&mut self, transmit: Transmit) {
        if self.writes.len() < WRITES_MAX {
            self.writes.push_back(transmit);
        } else {
            self.counters.writes_dropped += 1;
        }
    }
}

/// A bucket of handshake datagrams that fills with time.
struct Allowance {
    left: u32,
    filled_at: Instant,
}

impl Allowance {
    const INTERVAL: Duration = Duration::from_micros(1_000_000 / HANDSHAKE_DATAGRAMS_PER_SECOND as u64);

    const fn full(now: Instant) -> Self {
        Self { left: HANDSHAKE_DATAGRAMS_BURST, filled_at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled_at);
        let intervals = u32::try_from(passed.as_micros() / Self::INTERVAL.as_micros()).unwrap_or(u32::MAX);
        if intervals >= HANDSHAKE_DATAGRAMS_BURST - self.left.min(HANDSHAKE_DATAGRAMS_BURST) {
            *self = Self::full(now);
        } else {
            self.left += intervals;
            self.filled_at += Self::INTERVAL * intervals;
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}
