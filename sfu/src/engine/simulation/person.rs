//! A person in a simulated meeting: a browser's transport (checks, handshake, cipher) around the media client of the forwarder's tests, behind
//! a line of its own each way.

use crate::engine::{
    api::Media,
    forward::tests::client::Client as MediaClient,
    transport::{
        Path,
        testing::{Check, Client as TransportClient, parameters},
    },
};
use bytes::{Bytes, BytesMut};
use loadtest::link::{Conditions, Link};
use std::{
    collections::{BTreeMap, HashSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};
use wire::{
    Classification,
    id::{MeetingId, PersonId, SessionId, SourceId},
    signal::{LeaveReason, Participant, RoomState, ServerMessage},
};

/// Browsers check once in this when all is well, and hurry until it is.
const CHECK_EVERY: Duration = Duration::from_secs(2);
const CHECK_HURRIED: Duration = Duration::from_millis(50);
pub const AUDIO_SLOTS: u32 = 3;
pub const VIDEO_SLOTS: u32 = 2;

pub struct Person {
    pub session: SessionId,
    pub subject: PersonId,
    pub room: MeetingId,
    pub path: Path,
    pub transport: TransportClient,
    pub media: MediaClient,
    pub up: Link,
    pub down: Link,
    /// What the browser believes, from what it was told.
    pub roster: BTreeMap<SessionId, Participant>,
    pub classification: Classification,
    pub joined: bool,
    pub ended: Option<LeaveReason>,
    /// The process is gone, or asleep: nothing comes from it any more.
    pub silent: bool,
    ufrag: String,
    next_ufrag: Option<String>,
    restarts: u32,
    check_at: Instant,
    answered: bool,
    /// Ciphertexts that came and were taken: what comes again is refused, what comes first is not.
    taken: HashSet<Bytes>,
    /// The last packet's number of each stream.
    highest: BTreeMap<u32, u16>,
}

/// A datagram on its way up: what is on the wire, and what is in it.
#[derive(Clone)]
pub struct Upward {
    pub path: Path,
    pub wire: Bytes,
    /// Of RTP.
    pub plain: Option<Bytes>,
}

impl Person {
    /// `number` is at once the sender in every tag; each life of a browser has one of its own.
    pub fn new(number: u32, room: MeetingId, now: Instant) -> Self {
        let media = MediaClient::new(number, AUDIO_SLOTS, VIDEO_SLOTS);
        Self {
            session: media.session,
            subject: PersonId(uuid::Uuid::from_u128(0x9e75_0000 + u128::from(number))),
            room,
            path: path(number, 0),
            transport: TransportClient::new(),
            media,
            up: Link::new(Conditions::CLEAN, u64::from(number)),
            down: Link::new(Conditions::CLEAN, u64::from(number) + 1_000),
            roster: BTreeMap::new(),
            classification: Classification::Terbuka,
            joined: false,
            ended: None,
            silent: false,
            ufrag: format!("u{number}"),
            next_ufrag: None,
            restarts: 0,
            check_at: now,
            answered: false,
            taken: HashSet::new(),
            highest: BTreeMap::new(),
        }
    }

    /// The same session in a new page: another connection, other SSRCs, the same sources.
    pub fn reload(&mut self, number: u32, now: Instant) {
        let mut fresh = MediaClient::new(number, AUDIO_SLOTS, VIDEO_SLOTS);
        fresh.session = self.session;
        for (line, before) in fresh.negotiated.receives.iter_mut().zip(&self.media.negotiated.receives) {
            line.source = before.source;
        }
        (fresh.level, fresh.rtt, fresh.layers) = (self.media.level, self.media.rtt, self.media.layers);
        self.media = fresh;
        self.transport = TransportClient::new();
        (self.ufrag, self.next_ufrag, self.restarts, self.answered) = (format!("u{number}"), None, 0, false);
        self.path = path(number, 0);
        self.check_at = now;
        self.taken.clear();
        self.highest.clear();
    }

    pub fn negotiated_media(&self) -> Media {
        self.media_under(&self.ufrag)
    }

    /// What a further offer with new credentials comes to (RFC 8839, section 4.4.3).
    pub fn restart(&mut self) -> Media {
        self.restarts += 1;
        let ufrag = format!("{}r{}", self.ufrag.split('r').next().unwrap_or_default(), self.restarts);
        self.next_ufrag = Some(ufrag.clone());
        self.media_under(&ufrag)
    }

    fn media_under(&self, ufrag: &str) -> Media {
        let mut transport = parameters(ufrag, "theirs");
        transport.remote_fingerprint = self.transport.fingerprint();
        Media { transport, negotiated: self.media.negotiated.clone() }
    }

    /// The answer to the restart is here: checks go on with the new credentials.
    pub fn restarted(&mut self, now: Instant) {
        if let Some(ufrag) = self.next_ufrag.take() {
            self.ufrag = ufrag;
            self.check_at = now;
        }
    }

    /// Another network: another address, and whatever was on its way to the old one is lost.
    pub fn moves(&mut self, number: u32, now: Instant) {
        self.path = path(number, 1);
        (self.check_at, self.answered) = (now, false);
    }

    pub fn begin(&mut self, now: Instant) {
        self.transport.begin(now);
    }

    pub fn is_connected(&self) -> bool {
        self.transport.srtp.is_some()
    }

    pub fn camera(&self) -> SourceId {
        self.media.camera_id()
    }

    /// What the browser sends in this millisecond.
    pub fn step(&mut self, now: Instant, out: &mut Vec<Upward>) {
        if self.silent || self.ended.is_some() || !self.joined {
            return;
        }
        let path = self.path;
        if now >= self.check_at {
            self.check_at = now + if self.answered && self.is_connected() { CHECK_EVERY } else { CHECK_HURRIED };
            let check = Check { nominates: true, ..Check::of(&self.ufrag, "theirs") };
            out.push(Upward { path, wire: check.bytes().into(), plain: None });
        }
        if self.transport.deadline().is_some_and(|at| at <= now) {
            self.transport.on_deadline(now);
        }
        while let Some(wire) = self.transport.poll_transmit() {
            out.push(Upward { path, wire, plain: None });
        }
        let Some(srtp) = &mut self.transport.srtp else { return };
        let mut media = Vec::new();
        self.media.step(now, &mut media);
        for (is_rtp, plain) in media {
            let sealed = if is_rtp {
                let mut sealed = BytesMut::from(&plain[..]);
                srtp.protect_rtp(&mut sealed).map(|()| sealed)
            } else {
                srtp.protect_rtcp(&plain)
            };
            out.push(Upward { path, wire: sealed.expect("keys").freeze(), plain: is_rtp.then_some(plain) });
        }
    }

    /// A datagram of the node's that was sent to `to`.
    pub fn receive(&mut self, now: Instant, to: SocketAddr, wire: &Bytes) {
        if to != self.path.remote || self.silent || self.ended.is_some() {
            return;
        }
        match wire[0] {
            0..=3 => self.answered = true,
            20..=63 => self.transport.read(now, wire),
            _ => {
                let Some(srtp) = &mut self.transport.srtp else { return };
                let is_rtp = !(192..=223).contains(&wire[1]);
                let plain = if is_rtp { srtp.unprotect_rtp(wire) } else { srtp.unprotect_rtcp(wire).map(BytesMut::freeze) };
                match plain {
                    Ok(plain) => {
                        self.taken.insert(wire.clone());
                        if is_rtp {
                            self.highest.insert(ssrc_of(wire), sequence_of(wire));
                        }
                        self.media.receive(now, is_rtp, &plain);
                    }
                    Err(error) => {
                        assert!(!is_rtp || self.taken.contains(wire) || self.is_late(wire), "what the node sends can be read: {error}")
                    }
                }
            }
        }
    }

    /// Farther behind the last of its stream than a window of replays reaches.
    fn is_late(&self, wire: &Bytes) -> bool {
        self.highest.get(&ssrc_of(wire)).is_some_and(|last| (900..32_768).contains(&last.wrapping_sub(sequence_of(wire))))
    }

    pub fn told(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::ParticipantJoined { participant } | ServerMessage::ParticipantChanged { participant } => {
                self.roster.insert(participant.session, participant.clone());
            }
            ServerMessage::ParticipantLeft { session, .. } => {
                self.roster.remove(session);
            }
            ServerMessage::Classification { classification, .. } => self.label(*classification),
            _ => {}
        }
    }

    pub fn entered(&mut self, state: &RoomState, now: Instant) {
        self.joined = true;
        self.check_at = now;
        self.label(state.classification);
        self.roster = state.participants.iter().map(|it| (it.session, it.clone())).collect();
    }

    /// CLASS-6, CLASS-2.
    fn label(&mut self, classification: Classification) {
        assert!(classification >= self.classification, "a classification never falls");
        assert!(classification <= Classification::Sulit, "what may not be held here is not held");
        self.classification = classification;
    }
}

fn sequence_of(wire: &Bytes) -> u16 {
    u16::from_be_bytes([wire[2], wire[3]])
}

fn ssrc_of(wire: &Bytes) -> u32 {
    u32::from_be_bytes([wire[8], wire[9], wire[10], wire[11]])
}

fn path(number: u32, network: u8) -> Path {
    let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7 + network)), 10_000 + number as u16);
    Path::udp(remote)
}
