//! Whole meetings in virtual time: clients that check, shake hands and encrypt, against one engine.

mod breakouts;
mod cases;

use super::{
    api::Join,
    negotiated::{Codec, ExtensionIds, Negotiated, PayloadMap, ReceiveLine, SlotLine},
    transport::testing::{Check, Client, parameters},
    *,
};
use bytes::{Bytes, BytesMut};
use std::{collections::BTreeMap, time::Duration};
use wire::{
    Classification,
    control::Fact,
    grant::{GrantClaims, Role},
    id::*,
    signal::{ClientMessage, LeaveReason, PauseReason, ServerMessage, SlotRequest, SourceKind},
};

const OPUS: u8 = 111;
const VP8: u8 = 96;
const AUDIO_LEVEL: u8 = 1;

fn payload(codec: Codec, payload_type: u8, clock_rate: u32) -> PayloadMap {
    PayloadMap { codec, payload_type, rtx: None, clock_rate, nack: true, transport_cc: false }
}

/// A person with a browser: a microphone, a camera, a slot for each.
struct Participant {
    session: SessionId,
    ufrag: String,
    client: Client,
    path: Path,
    microphone: SourceId,
    camera: SourceId,
    sequence: u16,
    checks: bool,
    /// Decrypted, as they came.
    rtp: Vec<Bytes>,
    rtcp: Vec<BytesMut>,
    told: Vec<ServerMessage>,
    ended: Option<LeaveReason>,
}

impl Participant {
    fn microphone_ssrc(&self) -> u32 {
        u32::from(self.path.remote.port()) * 10 + 1
    }

    fn camera_ssrc(&self) -> u32 {
        self.microphone_ssrc() + 1
    }

    fn negotiated(&self) -> Negotiated {
        let source = |mid: &str, kind, source, payload, ssrc| ReceiveLine {
            mid: mid.into(),
            kind,
            source,
            muted: false,
            payloads: vec![payload],
            rids: Vec::new(),
            ssrcs: vec![(ssrc, None)],
            extensions: ExtensionIds { audio_level: Some(AUDIO_LEVEL), ..Default::default() },
        };
        let slot = |mid: &str, ssrc, payload| SlotLine {
            mid: mid.into(),
            ssrc,
            rtx_ssrc: None,
            first_sequence: 100,
            first_rtx_sequence: 100,
            first_timestamp: 5,
            payloads: vec![payload],
            extensions: ExtensionIds::default(),
        };
        Negotiated {
            receives: vec![
                source("0", SourceKind::Microphone, self.microphone, payload(Codec::Opus, OPUS, 48_000), self.microphone_ssrc()),
                source("1", SourceKind::Camera, self.camera, payload(Codec::Vp8, VP8, 90_000), self.camera_ssrc()),
            ],
            audio_slots: vec![slot("2", 7002, payload(Codec::Opus, OPUS, 48_000))],
            video_slots: vec![slot("3", 7003, payload(Codec::Vp8, VP8, 90_000))],
        }
    }

    fn media(&self) -> Media {
        let mut transport = parameters(&self.ufrag, "theirs");
        transport.remote_fingerprint = self.client.fingerprint();
        Media { transport, negotiated: self.negotiated() }
    }

    fn seal(&mut self, head: [u8; 2], ssrc: u32, timestamp: u32, extension: &[u8], payload: &[u8]) -> Bytes {
        self.sequence += 1;
        let mut packet = head.to_vec();
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(extension);
        packet.extend(payload);
        self.client.srtp.as_mut().expect("keys").seal_rtp(&packet).unwrap().freeze()
    }

    fn received(&self, ssrc: u32) -> Vec<&[u8]> {
        let of_slot = |it: &&Bytes| it[8..12] == ssrc.to_be_bytes();
        self.rtp.iter().filter(of_slot).map(|it| &it[12..]).collect()
    }
}

struct World {
    start: Instant,
    now: Instant,
    engine: Engine,
    room: MeetingId,
    people: BTreeMap<&'static str, Participant>,
    facts: Vec<Fact>,
    taps: Vec<Tap>,
    requests: u32,
}

impl World {
    fn new() -> Self {
        let start = Instant::now();
        let engine = Engine::new(Certificate::generate().unwrap(), room::Settings::default(), start, UnixMs(1_000_000));
        let room = MeetingId::fresh();
        Self { start, now: start, engine, room, people: BTreeMap::new(), facts: Vec::new(), taps: Vec::new(), requests: 0 }
    }

    fn now_ms(&self) -> UnixMs {
        UnixMs(1_000_000 + i64::try_from((self.now - self.start).as_millis()).unwrap())
    }

    /// Has the answer; the browser has not begun yet.
    fn let_in(&mut self, name: &'static str) {
        let port = 5000 + u16::try_from(self.people.len()).unwrap();
        let person = Participant {
            session: SessionId::fresh(),
            ufrag: format!("of-{name}"),
            client: Client::new(),
            path: Path::udp(([192, 0, 2, 7], port).into()),
            microphone: SourceId::fresh(),
            camera: SourceId::fresh(),
            sequence: 0,
            checks: false,
            rtp: Vec::new(),
            rtcp: Vec::new(),
            told: Vec::new(),
            ended: None,
        };
        let seconds = self.now_ms().seconds();
        let grant = GrantClaims {
            iss: "booking".into(),
            aud: "node".into(),
            sub: PersonId::fresh(),
            jti: GrantId::fresh(),
            iat: seconds,
            nbf: seconds,
            exp: seconds + 60,
            room: self.room,
            epoch: 0,
            classification: Classification::Terbuka,
            role: Role::Host,
            acts: Role::Host.acts(),
            name: name.into(),
            agency: "JDN".into(),
            seat: None,
            room_system: None,
            cnf: None,
            lobby: wire::grant::LobbyPolicy::Off,
            opens_at: seconds - 60,
            closes_at: seconds + 7200,
        };
        let join = Join {
            request: 1,
            session: person.session,
            grant,
            media: person.media(),
            resumed: false,
            breakout: None,
            now_ms: self.now_ms(),
        };
        self.people.insert(name, person);
        self.engine.handle_command(self.now, Command::Join(Box::new(join)));
        self.settle();
    }

    fn begin(&mut self, name: &str) {
        let person = self.people.get_mut(name).unwrap();
        person.checks = true;
        person.client.begin(self.now);
        self.check(name);
        self.settle();
        assert!(self.people[name].client.srtp.is_some(), "{name} has no keys");
    }

    fn join(&mut self, name: &'static str) {
        self.let_in(name);
        self.begin(name);
    }

    fn check(&mut self, name: &str) {
        let person = &self.people[name];
        self.engine.handle_read(self.now, person.path, &Check::of(&person.ufrag, "theirs").bytes());
    }

    fn say(&mut self, name: &str, message: ClientMessage) {
        self.requests += 1;
        let (session, now_ms) = (self.people[name].session, self.now_ms());
        self.engine.handle_command(self.now, Command::Client { request: self.requests, session, message, now_ms });
        self.settle();
    }

    /// Carries everything that is in the air, until nothing is.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(transmit) = self.engine.poll_write() {
                moved = true;
                let Some(person) = self.people.values_mut().find(|it| it.path == transmit.path) else { continue };
                match transmit.payload[0] {
                    0..=3 => {}
                    20..=63 => person.client.read(self.now, &transmit.payload),
                    _ if (192..=223).contains(&transmit.payload[1]) => {
                        person.rtcp.push(person.client.srtp.as_mut().unwrap().unprotect_rtcp(&transmit.payload).unwrap());
                    }
                    _ => person.rtp.push(person.client.srtp.as_mut().unwrap().unprotect_rtp(&transmit.payload).unwrap()),
                }
            }
            while let Some(event) = self.engine.poll_event() {
                moved = true;
                self.take(event);
            }
            let mut datagrams = Vec::new();
            for person in self.people.values_mut().filter(|it| it.checks) {
                datagrams.extend(std::iter::from_fn(|| person.client.poll_transmit()).map(|it| (person.path, it)));
            }
            for (path, datagram) in datagrams {
                moved = true;
                self.engine.handle_read(self.now, path, &datagram);
            }
            if !moved {
                return;
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Message { session, message } => self.of(session).told.push(message),
            Event::Ended { session, reason } => self.of(session).ended = Some(reason),
            Event::Fact { fact, .. } => self.facts.push(fact),
            Event::Tap(tap) => self.taps.push(tap),
            Event::JoinRefused { refusal, .. } => panic!("{refusal}"),
            Event::Joined { .. }
            | Event::Waiting { .. }
            | Event::Permitted { .. }
            | Event::Placed { .. }
            | Event::Reoffered { .. }
            | Event::Remember { .. } => {}
        }
    }

    fn of(&mut self, session: SessionId) -> &mut Participant {
        self.people.values_mut().find(|it| it.session == session).expect("one of them")
    }

    /// Time passes: deadlines are kept, and everyone who is there checks every two seconds.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut next_check = self.now + Duration::from_secs(2);
        while self.now < until {
            let next = self.engine.poll_timeout().map_or(until, |it| it.min(until)).min(next_check).max(self.now);
            self.now = next;
            if self.now >= next_check {
                next_check += Duration::from_secs(2);
                let names: Vec<_> = self.people.iter().filter(|it| it.1.checks).map(|it| *it.0).collect();
                names.iter().for_each(|it| self.check(it));
            }
            self.engine.handle_timeout(self.now);
            self.settle();
        }
    }

    /// 20 ms of speech.
    fn speak(&mut self, name: &str, text: &[u8]) {
        let timestamp = u32::try_from((self.now - self.start).as_millis()).unwrap() * 48;
        let person = self.people.get_mut(name).unwrap();
        // One element of one byte: speech at -20 dBov.
        let level = [0xbe, 0xde, 0, 1, AUDIO_LEVEL << 4, 0x80 | 20, 0, 0];
        let (ssrc, path) = (person.microphone_ssrc(), person.path);
        let sealed = person.seal([0x90, OPUS], ssrc, timestamp, &level, text);
        self.engine.handle_read(self.now, path, &sealed);
        self.settle();
    }

    /// A picture in one packet. A key frame says so in its first byte.
    fn picture(&mut self, name: &str, is_key: bool, text: &[u8]) {
        let timestamp = u32::try_from((self.now - self.start).as_millis()).unwrap() * 90;
        let person = self.people.get_mut(name).unwrap();
        let mut frame = vec![0x90, 0x80, 0x80, 1 + (person.sequence & 0x7f) as u8];
        frame.extend(if is_key { [0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1] } else { [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
        frame.extend(text);
        let (ssrc, path) = (person.camera_ssrc(), person.path);
        let sealed = person.seal([0x80, 0x80 | VP8], ssrc, timestamp, &[], &frame);
        self.engine.handle_read(self.now, path, &sealed);
        self.settle();
    }

    fn view(&mut self, viewer: &str, shown: &str) {
        let source = Some(self.people[shown].camera);
        self.say(
            viewer,
            ClientMessage::View { slots: vec![SlotRequest { mid: "3".into(), source, width: 640, height: 360, priority: 0 }] },
        );
    }
}

fn ends_with(packets: &[&[u8]], text: &[u8]) -> bool {
    packets.iter().any(|it| it.ends_with(text))
}

#[test]
fn two_people_hear_and_see_each_other() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    for _ in 0..50 {
        world.speak("alya", b"a voice");
        world.pass(Duration::from_millis(20));
    }
    assert!(ends_with(&world.people["badrul"].received(7002), b"a voice"));
    assert!(world.people["alya"].received(7002).is_empty(), "nobody hears themselves");

    world.view("badrul", "alya");
    world.picture("alya", true, b"a face");
    world.pass(Duration::from_millis(66));
    world.picture("alya", false, b"a smile");
    let seen = world.people["badrul"].received(7003);
    assert!(ends_with(&seen, b"a face") && ends_with(&seen, b"a smile"), "{seen:?}");
    assert!(world.people["alya"].received(7003).is_empty());
    let slots = world.people["badrul"].told.iter().rev().find_map(|it| match it {
        ServerMessage::Slots { slots } => slots.iter().find(|it| it.mid == "3").cloned(),
        _ => None,
    });
    assert_eq!(slots.map(|it| (it.source, it.paused)), Some((Some(world.people["alya"].camera), None)));
}

#[test]
fn what_was_asked_before_the_connection_stands_is_done_when_it_does() {
    let mut world = World::new();
    world.let_in("alya");
    world.let_in("badrul");
    world.view("badrul", "alya");
    world.begin("badrul");
    world.begin("alya");
    world.picture("alya", true, b"a face");
    assert!(ends_with(&world.people["badrul"].received(7003), b"a face"));
}

#[test]
fn a_muted_source_is_given_to_nobody() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    world.say("alya", ClientMessage::Mute { kind: SourceKind::Camera, muted: true });
    world.picture("alya", true, b"a secret");
    assert!(!ends_with(&world.people["badrul"].received(7003), b"a secret"));
    world.say("alya", ClientMessage::Mute { kind: SourceKind::Camera, muted: false });
    world.pass(Duration::from_millis(100));
    world.picture("alya", true, b"a face");
    assert!(ends_with(&world.people["badrul"].received(7003), b"a face"));
}

#[test]
fn a_source_muted_before_the_connection_stands_stays_so() {
    let mut world = World::new();
    world.let_in("alya");
    world.say("alya", ClientMessage::Mute { kind: SourceKind::Camera, muted: true });
    world.join("badrul");
    world.view("badrul", "alya");
    world.begin("alya");
    world.picture("alya", true, b"a secret");
    assert!(!ends_with(&world.people["badrul"].received(7003), b"a secret"));
}

#[test]
fn the_recorder_gets_what_was_sent_with_its_owners_name() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.say("alya", ClientMessage::StartRecording);
    world.picture("badrul", true, b"for the record");
    let started = world.taps.iter().position(|it| matches!(it, Tap::Started { .. })).expect("started");
    let camera = world.people["badrul"].camera;
    let track = world.taps.iter().position(|it| matches!(it, Tap::Track { source, name, .. } if *source == camera && name == "badrul"));
    let packet =
        world.taps.iter().position(|it| matches!(it, Tap::Packet(it) if it.source == camera && it.payload.ends_with(b"for the record")));
    assert!(started < track.expect("a track") && track < packet, "{:?}", world.taps);
    world.say("alya", ClientMessage::StopRecording);
    let before = world.taps.len();
    assert!(matches!(world.taps.last(), Some(Tap::Stopped { .. })));
    world.picture("badrul", true, b"off the record");
    assert_eq!(world.taps.len(), before);
}

#[test]
fn a_lost_connection_pauses_and_a_new_one_takes_its_place() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    world.picture("alya", true, b"a face");
    world.people.get_mut("alya").unwrap().checks = false;
    world.pass(transport::CONSENT_TIME_MAX + Duration::from_secs(1));
    assert_eq!(world.engine.counters().peers, 1);
    let paused = world.people["badrul"].told.iter().any(|it| match it {
        ServerMessage::Slots { slots } => slots.iter().any(|it| it.mid == "3" && it.paused == Some(PauseReason::Disconnected)),
        _ => false,
    });
    assert!(paused, "{:?}", world.people["badrul"].told);

    // The same session on a new connection, with the same source.
    let alya = world.people.get_mut("alya").unwrap();
    (alya.client, alya.ufrag) = (Client::new(), "of-alya-again".into());
    let media = Some(Box::new(alya.media()));
    let (session, now_ms) = (alya.session, world.now_ms());
    world.engine.handle_command(world.now, Command::Resume { request: 9, session, media, now_ms });
    world.settle();
    world.begin("alya");
    world.view("badrul", "alya");
    world.picture("alya", true, b"here again");
    assert!(ends_with(&world.people["badrul"].received(7003), b"here again"));
}

#[test]
fn who_watched_a_session_sees_it_again_on_its_new_connection_without_asking() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    world.picture("alya", true, b"a face");
    let alya = world.people.get_mut("alya").unwrap();
    (alya.client, alya.ufrag) = (Client::new(), "of-alya-again".into());
    let media = Some(Box::new(alya.media()));
    let (session, now_ms) = (alya.session, world.now_ms());
    world.engine.handle_command(world.now, Command::Resume { request: 9, session, media, now_ms });
    world.settle();
    world.begin("alya");
    world.picture("alya", true, b"here again");
    assert!(ends_with(&world.people["badrul"].received(7003), b"here again"));
}

#[test]
fn a_further_offer_leaves_the_connection_as_it_is() {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    world.picture("alya", true, b"a face");
    let badrul = &world.people["badrul"];
    let mut media = badrul.media();
    let another = SlotLine { mid: "4".into(), ssrc: 7004, ..media.negotiated.video_slots[0].clone() };
    media.negotiated.video_slots.push(another);
    let command = Command::Reoffer { request: 5, session: badrul.session, media: Box::new(media) };
    world.engine.handle_command(world.now, command);
    world.settle();
    world.pass(Duration::from_millis(66));
    world.picture("alya", false, b"a smile");
    assert!(ends_with(&world.people["badrul"].received(7003), b"a smile"));
    let source = Some(world.people["alya"].camera);
    let slots = vec![SlotRequest { mid: "4".into(), source, width: 640, height: 360, priority: 0 }];
    world.say("badrul", ClientMessage::View { slots });
    world.pass(Duration::from_millis(400));
    world.picture("alya", true, b"twice");
    assert!(ends_with(&world.people["badrul"].received(7004), b"twice"));
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let mut world = World::new();
    for name in ["alya", "badrul", "chong"] {
        world.join(name);
    }
    for name in ["alya", "badrul", "chong"] {
        world.say(name, ClientMessage::Leave);
        assert_eq!(world.people[name].ended, Some(LeaveReason::Left), "{name}");
        world.people.get_mut(name).unwrap().checks = false;
    }
    assert!(matches!(world.facts.last(), Some(Fact::RoomClosed)), "{:?}", world.facts);
    assert_eq!((world.engine.counters().peers, world.engine.sessions.len()), (0, 0));
    world.pass(Duration::from_secs(3 * 3600));
    assert_eq!(world.engine.transports.poll_timeout(), None);
}

#[test]
fn noise_from_anywhere_changes_nothing() {
    use proptest::{prelude::*, test_runner::TestRunner};
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    let path = world.people["alya"].path;
    let world = std::cell::RefCell::new(world);
    let datagram = (prop_oneof![0u8..4, 20u8..64, 128u8..192, any::<u8>()], proptest::collection::vec(any::<u8>(), 0..300));
    TestRunner::default()
        .run(&(datagram, any::<bool>()), |((first, rest), known)| {
            let mut world = world.borrow_mut();
            let from = if known { path } else { Path::udp("198.51.100.1:9".parse().unwrap()) };
            let now = world.now;
            world.engine.handle_read(now, from, &[&[first][..], &rest].concat());
            world.settle();
            Ok(())
        })
        .unwrap();
    let mut world = world.into_inner();
    world.picture("alya", true, b"a face");
    assert!(ends_with(&world.people["badrul"].received(7003), b"a face"));
}
