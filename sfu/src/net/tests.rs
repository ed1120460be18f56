//! A whole node on real sockets: two clients on loopback, joined through the handle.

mod carrier;
mod streams;

use self::carrier::Carrier;
use super::*;
use crate::{
    engine::{
        api::{Command, Join, Media},
        transport::testing::{Check, Client},
    },
    sdp::Keep,
};
use std::net::UdpSocket;
use wire::{
    Classification, UnixMs,
    grant::{GrantClaims, Role},
    id::*,
    signal::{ClientMessage, PublishIntent, SlotRequest, SourceKind},
};

const OFFER: &str = include_str!("../sdp/testdata/chromium.sdp");
const SHARE_SSRC_LINE: &str = "a=ssrc-group:FID ";

fn offer_of(client: &Client) -> String {
    let fingerprint = crate::engine::transport::fingerprint_text(&client.fingerprint());
    let lines = OFFER.lines().map(|it| match it.strip_prefix("a=fingerprint:sha-256 ") {
        Some(_) => format!("a=fingerprint:sha-256 {fingerprint}\r\n"),
        None => format!("{it}\r\n"),
    });
    lines.collect()
}

fn publish() -> Vec<PublishIntent> {
    use SourceKind::*;
    [("0", Microphone), ("1", Camera), ("2", ShareVideo), ("3", ShareAudio)]
        .map(|(mid, kind)| PublishIntent { mid: mid.into(), kind, muted: false })
        .into()
}

fn grant(room: MeetingId) -> GrantClaims {
    let now = handle::now_ms().seconds();
    GrantClaims {
        iss: "booking".into(),
        aud: "node".into(),
        sub: PersonId::fresh(),
        jti: GrantId::fresh(),
        iat: now,
        nbf: now,
        exp: now + 60,
        room,
        epoch: 0,
        classification: Classification::Terbuka,
        role: Role::Member,
        acts: Role::Member.acts(),
        name: "Alya".into(),
        agency: "JDN".into(),
        seat: None,
        room_system: None,
        cnf: None,
        lobby: wire::grant::LobbyPolicy::Off,
        opens_at: now - 60,
        closes_at: now + 3600,
    }
}

struct Person {
    session: SessionId,
    client: Client,
    socket: Carrier,
    media: Media,
}

impl Person {
    async fn join(running: &mut Running, room: MeetingId) -> Self {
        let client = Client::new();
        let (media, answer) = running.handle.answer(&offer_of(&client), &publish(), &Keep::Nothing).unwrap();
        assert!(answer.contains(&format!(" {} {} typ host", media.transport.candidates[0].ip(), media.transport.candidates[0].port())));
        let session = SessionId::fresh();
        let join = Join {
            request: 1,
            session,
            grant: grant(room),
            media: media.clone(),
            resumed: false,
            breakout: None,
            now_ms: handle::now_ms(),
        };
        running.handle.send(Command::Join(Box::new(join))).unwrap();
        loop {
            match running.events.recv().await.expect("the threads run") {
                Event::Joined { session: joined, .. } if joined == session => break,
                Event::JoinRefused { refusal, .. } => panic!("{refusal}"),
                _ => {}
            }
        }
        let socket = Carrier::datagrams(media.transport.candidates[0]);
        Self { session, client, socket, media }
    }

    /// Reads what the node sends until something that is neither an answered check nor a handshake comes.
    fn read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 2048];
        let length = self.socket.recv(&mut buffer).unwrap();
        match buffer[0] {
            0..=3 => None,
            20..=63 => {
                self.client.read(Instant::now(), &buffer[..length]);
                None
            }
            _ => Some(buffer[..length].to_vec()),
        }
    }

    fn check(&mut self) {
        let transport = &self.media.transport;
        let name = format!("{}:{}", transport.local_ufrag, transport.remote_ufrag);
        let check = Check { name, pwd: transport.local_pwd.clone(), nominates: true, ..Check::of("", "") };
        self.socket.send(&check.bytes()).unwrap();
    }

    fn connect(&mut self) {
        self.check();
        self.client.begin(Instant::now());
        while self.client.srtp.is_none() {
            while let Some(datagram) = self.client.poll_transmit() {
                self.socket.send(&datagram).unwrap();
            }
            self.read();
        }
    }

    fn send_key_frame(&mut self, sequence: u16, text: &[u8]) {
        let group = OFFER.split(SHARE_SSRC_LINE).nth(1).unwrap();
        let ssrc: u32 = group.split(' ').next().unwrap().parse().unwrap();
        let mut packet = vec![0x80, 0x80 | 96];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 3000).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend([0x90, 0x80, 0x80, 1, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]);
        packet.extend(text);
        let sealed = self.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
        self.socket.send(&sealed).unwrap();
    }
}

fn node() -> Running {
    let settings = Settings::at("127.0.0.1:0".parse().unwrap());
    start(&settings, None, room::Settings::default(), no_recorder()).unwrap()
}

#[tokio::test]
async fn two_clients_meet_on_a_socket() {
    let mut running = node();
    let room = MeetingId::fresh();
    let mut alya = Person::join(&mut running, room).await;
    let mut badrul = Person::join(&mut running, room).await;
    alya.connect();
    badrul.connect();
    let source = alya.media.negotiated.receives.iter().find(|it| it.kind == SourceKind::ShareVideo).map(|it| it.source);
    let view = ClientMessage::View { slots: vec![SlotRequest { mid: "6".into(), source, width: 640, height: 360, priority: 0 }] };
    running.handle.send(Command::Client { request: 2, session: badrul.session, message: view, now_ms: handle::now_ms() }).unwrap();
    loop {
        let event = running.events.recv().await.expect("the threads run");
        if matches!(event, Event::Message { session, message: wire::signal::ServerMessage::Done { id: 2 } } if session == badrul.session) {
            break;
        }
    }
    alya.send_key_frame(1, b"a slide");
    let slot = badrul.media.negotiated.video_slots.iter().find(|it| &*it.mid == "6").unwrap().ssrc;
    let shown = loop {
        if let Some(packet) = badrul.read()
            && !(192..=223).contains(&packet[1])
        {
            break badrul.client.srtp.as_mut().unwrap().unprotect_rtp(&packet).unwrap();
        }
    };
    assert_eq!(shown[8..12], slot.to_be_bytes());
    assert!(shown.ends_with(b"a slide"));

    running.handle.stop();
    assert!(running.threads.join());
    while running.events.recv().await.is_some() {}
    let late = running.handle.send(Command::Detach { session: alya.session, now_ms: UnixMs(0) });
    assert_eq!(late, Err(Busy));
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let settings = Settings::at(taken.local_addr().unwrap());
    assert!(matches!(start(&settings, None, room::Settings::default(), no_recorder()), Err(NetError::Bind(..))));
}

#[tokio::test]
async fn a_node_that_nobody_listens_to_ends() {
    let running = node();
    drop(running.events);
    loop {
        let client = Client::new();
        let (media, _) = running.handle.answer(&offer_of(&client), &publish(), &Keep::Nothing).unwrap();
        let (session, grant, now_ms) = (SessionId::fresh(), grant(MeetingId::fresh()), handle::now_ms());
        let join = Join { request: 1, session, grant, media, resumed: false, breakout: None, now_ms };
        if running.handle.send(Command::Join(Box::new(join))) == Err(Busy) {
            break;
        }
    }
    assert!(running.threads.join());
}
