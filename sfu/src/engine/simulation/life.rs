//! One life of two rooms: who comes, what befalls them, and how it must end. Everything that happens is drawn from one seed.

use super::{
    acts::{Faults, conditions},
    person::{Person, Upward},
    probe::Plant,
    watch::{Seen, Watch},
};
use crate::engine::{
    Engine,
    api::{Command, Event, Join, Tap},
    room,
    transport::Certificate,
};
use bytes::Bytes;
use loadtest::link::Conditions;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use wire::{
    Classification, UnixMs,
    grant::{GrantClaims, LobbyPolicy, Role},
    id::{GrantId, MeetingId, SessionId},
    signal::{ClientMessage, PauseReason, ServerMessage, SlotRequest, SourceKind},
};

const TICK: Duration = Duration::from_millis(1);
/// Steps without time passing, after which something spins (I9).
const STEPS_AT_ONCE: u32 = 1_000;
/// Datagrams that a listener on the way remembers.
const OVERHEARD: usize = 64;
const START_MS: i64 = 1_800_000_000_000;
/// People of one life, those who come again with another page among them: each has its own number in tags and SSRCs.
pub const NUMBERS_MAX: u32 = 250;
/// How long everything must go well, once it does, until all is as it should be.
const HEALING: Duration = Duration::from_secs(6);
const PROVEN: Duration = Duration::from_secs(1);
/// After so long without a connection a page makes a new one.
const RELOAD_AFTER: Duration = Duration::from_secs(3);
/// Sizes are rounded up to this on the way: signatures differ in length from run to run, and the same seed must give the same life.
const SIZE_STEP: usize = 256;

enum Bound {
    Up { who: Option<usize>, datagram: Upward },
    Down { to: SocketAddr, wire: Bytes },
}

pub struct Life {
    pub begun: Instant,
    pub now: Instant,
    pub engine: Engine,
    pub people: Vec<Person>,
    pub rooms: [MeetingId; 2],
    pub rng: StdRng,
    pub faults: Faults,
    pub watch: Watch,
    pub seen: Seen,
    pub numbers: u32,
    under_way: BTreeMap<(Instant, u64), Bound>,
    sent: u64,
    requests: u32,
    /// What went up lately, for whoever listens and sends it again.
    pub overheard: Vec<(usize, Upward)>,
    pub recording: [bool; 2],
}

impl Life {
    pub fn new(seed: u64, faults: Faults, plant: Option<Plant>) -> Self {
        let begun = Instant::now();
        let settings = room::Settings { classified_without_e2ee: true, seed: 7, ..room::Settings::default() };
        let mut engine = Engine::new(Certificate::generate().expect("a certificate"), settings, begun, UnixMs(START_MS));
        (engine.probe.watching, engine.probe.plant, engine.probe.begun) = (true, plant, Some(begun));
        let room = |number: u128| MeetingId(uuid::Uuid::from_u128(0x4001_0000 + number));
        Self {
            begun,
            now: begun,
            engine,
            people: Vec::new(),
            rooms: [room(1), room(2)],
            rng: StdRng::seed_from_u64(seed),
            faults,
            watch: Watch::default(),
            seen: Seen { lives: 1, ..Seen::default() },
            numbers: 0,
            under_way: BTreeMap::new(),
            sent: 0,
            requests: 0,
            overheard: Vec::new(),
            recording: [false; 2],
        }
    }

    /// The whole of it. Panics where something is not as it must be.
    pub fn live(mut self, troubled: Duration) -> Seen {
        for _ in 0..self.rng.random_range(2..5) {
            self.enter();
        }
        let until = self.now + troubled;
        while self.now < until {
            if self.rng.random_bool(0.004) {
                self.act();
            }
            self.tick();
        }
        self.heal();
        self.end();
        self.seen.virtual_time = self.now - self.begun;
        (self.seen.forwarded, self.seen.recorded, self.seen.repeated) = (self.watch.forwarded, self.watch.recorded, self.watch.repaired);
        self.seen
    }

    pub fn trace(seed: u64, faults: Faults, length: Duration) -> u64 {
        let mut life = Self::new(seed, faults, None);
        (0..3).for_each(|_| life.enter());
        let until = life.now + length;
        while life.now < until {
            if life.rng.random_bool(0.004) {
                life.act();
            }
            life.tick();
        }
        life.watch.trace()
    }

    pub fn now_ms(&self) -> UnixMs {
        UnixMs(START_MS + i64::try_from((self.now - self.begun).as_millis()).expect("a short life"))
    }

    pub fn number(&mut self) -> Option<u32> {
        self.numbers += 1;
        (self.numbers < NUMBERS_MAX).then_some(self.numbers)
    }

    /// Those who are in.
    pub fn present(&self) -> Vec<usize> {
        (0..self.people.len())
            .filter(|at| self.people[*at].joined && self.people[*at].ended.is_none() && !self.people[*at].silent)
            .collect()
    }

    /// Somebody new comes into one of the rooms.
    pub fn enter(&mut self) {
        let Some(number) = self.number() else { return };
        let room = self.rooms[usize::from(self.rng.random_bool(0.3))];
        let mut person = Person::new(number, room, self.now);
        (person.up.conditions, person.down.conditions) = conditions(&mut self.rng, self.faults);
        person.media.rtt = person.up.conditions.delay + person.down.conditions.delay + Duration::from_millis(1);
        person.media.level = self.rng.random_range(20..60);
        person.media.layers = self.rng.random_range(1..=2);
        if self.rng.random_bool(0.5) {
            person.media = person.media.redundant();
        }
        let seconds = self.now_ms().seconds();
        let grant = GrantClaims {
            iss: "booking".into(),
            aud: "node".into(),
            sub: person.subject,
            jti: GrantId(uuid::Uuid::from_u128(u128::from(number))),
            iat: seconds,
            nbf: seconds,
            exp: seconds + 60,
            room,
            epoch: 0,
            classification: Classification::Terbuka,
            role: Role::Host,
            acts: Role::Host.acts(),
            name: format!("Person {number}"),
            agency: "JDN".into(),
            seat: None,
            room_system: None,
            cnf: None,
            lobby: LobbyPolicy::default(),
            opens_at: seconds - 60,
            closes_at: seconds + 7_200,
        };
        self.watch.begins(number, person.session);
        let join = Join {
            request: 1,
            session: person.session,
            grant,
            media: person.negotiated_media(),
            resumed: false,
            breakout: None,
            now_ms: self.now_ms(),
        };
        person.begin(self.now);
        self.people.push(person);
        self.command(Command::Join(Box::new(join)));
        self.show_somebody(self.people.len() - 1);
    }

    pub fn command(&mut self, command: Command) {
        self.engine.handle_command(self.now, command);
        self.drain();
    }

    pub fn say(&mut self, who: usize, message: ClientMessage) {
        self.requests += 1;
        let (request, session, now_ms) = (self.requests, self.people[who].session, self.now_ms());
        self.command(Command::Client { request, session, message, now_ms });
    }

    /// Each slot of somebody is given somebody else of the room, or nobody.
    pub fn show_somebody(&mut self, who: usize) {
        let room = self.people[who].room;
        let others: Vec<usize> = self.present().into_iter().filter(|at| *at != who && self.people[*at].room == room).collect();
        let mids: Vec<String> = self.people[who].media.negotiated.video_slots.iter().map(|it| it.mid.to_string()).collect();
        let mut left = others;
        let slots = mids
            .into_iter()
            .map(|mid| {
                let chosen = (!left.is_empty()).then(|| left.swap_remove(self.rng.random_range(0..left.len())));
                let width = *[160, 320, 640].get(self.rng.random_range(0..3)).expect("of three");
                SlotRequest { mid, source: chosen.map(|at| self.people[at].camera()), width, height: width * 9 / 16, priority: 0 }
            })
            .collect();
        self.say(who, ClientMessage::View { slots });
    }

    pub fn post(&mut self, at: Instant, who: Option<usize>, datagram: Upward) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), Bound::Up { who, datagram });
    }

    /// One millisecond.
    fn tick(&mut self) {
        self.now += TICK;
        let mut steps = 0;
        while let Some(entry) = self.under_way.first_entry()
            && entry.key().0 <= self.now
        {
            match entry.remove() {
                Bound::Up { who, datagram } => self.arrive(who, &datagram),
                Bound::Down { to, wire } => self.people.iter_mut().for_each(|it| it.receive(self.now, to, &wire)),
            }
        }
        while self.engine.poll_timeout().is_some_and(|at| at <= self.now) {
            self.engine.handle_timeout(self.now);
            self.drain();
            steps += 1;
            assert!(steps < STEPS_AT_ONCE, "I9: it spins");
        }
        let mut out = Vec::new();
        for who in 0..self.people.len() {
            self.people[who].step(self.now, &mut out);
            for datagram in out.drain(..) {
                let at = if self.overheard.len() < OVERHEARD { self.overheard.len() } else { (self.sent as usize) % OVERHEARD };
                match self.overheard.get_mut(at) {
                    Some(place) => *place = (who, datagram.clone()),
                    None => self.overheard.push((who, datagram.clone())),
                }
                let size = size_of_way(&datagram.wire);
                let arrivals: Vec<Instant> = self.people[who].up.carry(self.now, size).collect();
                for at in arrivals {
                    self.post(at, Some(who), datagram.clone());
                }
            }
        }
    }

    fn arrive(&mut self, who: Option<usize>, datagram: &Upward) {
        let Upward { path, wire, plain } = datagram;
        let genuine = who.is_some() && wire[0] < 4;
        self.watch.arrives(self.now, path.remote, wire.len(), genuine, plain.as_ref(), who.map(|who| &self.people[who]));
        self.engine.handle_read(self.now, *path, wire);
        self.drain();
    }

    /// Everything that the engine has to say and to send.
    fn drain(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.take(event);
        }
        while let Some(transmit) = self.engine.poll_write() {
            self.watch.leaves(transmit.path.remote, transmit.payload.len());
            while let Some(emitted) = self.engine.probe.emitted.pop_front() {
                self.watch.emitted(self.now, self.begun, &emitted, &self.people);
            }
            let to = transmit.path.remote;
            let Some(who) = self.people.iter().position(|it| it.path.remote == to) else { continue };
            let size = size_of_way(&transmit.payload);
            let arrivals: Vec<Instant> = self.people[who].down.carry(self.now, size).collect();
            for at in arrivals {
                self.sent += 1;
                self.under_way.insert((at, self.sent), Bound::Down { to, wire: transmit.payload.clone() });
            }
        }
    }

    fn of(&mut self, session: SessionId) -> &mut Person {
        self.people.iter_mut().find(|it| it.session == session).expect("one of them")
    }

    fn take(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Joined { session, state, .. } => self.of(session).entered(&state, now),
            Event::Message { session, message } => {
                if let ServerMessage::Slots { slots } = &message {
                    let paused = slots.iter().filter(|it| it.paused == Some(PauseReason::Bandwidth)).count();
                    self.seen.pauses_for_bandwidth += paused as u32;
                }
                self.of(session).told(&message);
            }
            Event::Ended { session, reason } => self.of(session).ended = Some(reason),
            Event::Reoffered { session, .. } => self.of(session).restarted(now),
            Event::Tap(tap) => {
                let on = matches!(tap, Tap::Started { .. });
                if let Tap::Started { room, .. } | Tap::Stopped { room, .. } = &tap {
                    let at = usize::from(*room == self.rooms[1]);
                    self.recording[at] = on;
                }
                self.watch.tapped(&tap, &self.people);
            }
            Event::Waiting { .. }
            | Event::Permitted { .. }
            | Event::Placed { .. }
            | Event::JoinRefused { .. }
            | Event::Fact { .. }
            | Event::Remember { .. } => {}
        }
    }

    /// All that troubled them ends; soon everybody knows everybody, hears somebody and sees whom they look at.
    fn heal(&mut self) {
        for at in self.present() {
            let person = &mut self.people[at];
            let delay = Duration::from_millis(20);
            (person.up.conditions, person.down.conditions) =
                (Conditions { delay, ..Conditions::CLEAN }, Conditions { delay, ..Conditions::CLEAN });
            person.media.rtt = 2 * delay;
            person.media.layers_off = [false; 3];
            for kind in [SourceKind::Microphone, SourceKind::Camera] {
                self.say(at, ClientMessage::Mute { kind, muted: false });
            }
            self.show_somebody(at);
        }
        let proof_from = self.now + HEALING;
        let mut reload_at = self.now;
        while self.now < proof_from + PROVEN {
            // As our page does where a connection does not come to be, or is lost.
            if self.now >= reload_at {
                reload_at += RELOAD_AFTER;
                for at in self.present() {
                    if !self.people[at].is_connected() || self.engine.stats(self.people[at].session).is_none() {
                        self.reload(at);
                    }
                }
            }
            self.tick();
        }
        let present = self.present();
        for at in &present {
            let person = &self.people[*at];
            let connected = (person.is_connected(), self.engine.stats(person.session).is_some());
            assert_eq!(connected, (true, true), "whoever is in is connected, once the line is good: {:?}", person.session);
        }
        for at in &present {
            let person = &self.people[*at];
            let known: Vec<_> = person.roster.keys().copied().collect();
            let in_room = self.people.iter().filter(|it| it.room == person.room && it.joined && it.ended.is_none());
            let mut expected: Vec<_> = in_room.map(|it| it.session).collect();
            expected.sort();
            let known: Vec<_> = known.into_iter().filter(|it| expected.contains(it) || !is_recorder(person, *it)).collect();
            assert_eq!(known, expected, "everyone knows who is in");
            let labels = self.people.iter().filter(|it| expected.contains(&it.session)).map(|it| it.classification);
            assert!(labels.clone().all(|it| it == person.classification), "everyone is told the same classification");
            let others: Vec<&Person> =
                present.iter().map(|it| &self.people[*it]).filter(|it| it.room == person.room && it.session != person.session).collect();
            if others.is_empty() {
                continue;
            }
            let hears = person.media.inboxes.values().any(|inbox| inbox.packets.values().any(|it| it.at > proof_from && it.tag.layer == 9));
            let why =
                || (person.session, person.media.audio_off, self.engine.stats(person.session), self.engine.forwarder.speakers(person.room));
            assert!(hears, "everyone hears somebody: {:?}", why());
            let sees = person.media.inboxes.values().any(|inbox| inbox.packets.values().any(|it| it.at > proof_from && it.tag.layer < 9));
            // A line that is thought too narrow for the only picture is not asked for more.
            let slots = self.engine.forwarder.slots(person.session);
            let starved = slots.iter().any(|it| it.paused == Some(PauseReason::Bandwidth));
            assert!(sees || starved, "everyone sees somebody: {:?} {slots:?}", why());
        }
        for person in &self.people {
            for slot in &person.media.negotiated.video_slots {
                // A decoder takes it: pictures in order, from key frame to key frame where the source or the layer changes (I8).
                person.media.inboxes.get(&slot.ssrc).map(crate::engine::forward::tests::client::Inbox::decode_where_muted);
            }
        }
    }

    /// They leave, or are just gone; after a while nothing is left of them (I10).
    fn end(&mut self) {
        for at in self.present() {
            if self.rng.random_bool(0.5) {
                self.say(at, ClientMessage::Leave);
                assert!(self.people[at].ended.is_some(), "who leaves has left");
            }
            self.people[at].silent = true;
        }
        for person in 0..self.people.len() {
            let (session, now_ms) = (self.people[person].session, self.now_ms());
            if self.people[person].ended.is_none() {
                self.command(Command::Detach { session, now_ms });
            }
        }
        self.under_way.clear();
        let mut steps = 0;
        while let Some(at) = self.engine.poll_timeout() {
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.drain();
            steps += 1;
            assert!(steps < 100_000, "I9: it never rests");
        }
        let engine = &self.engine;
        assert!(self.people.iter().all(|it| it.ended.is_some() || !it.joined), "everybody's stay has ended");
        let left = (engine.counters().peers, engine.sessions.len(), engine.forwarder.rests());
        assert_eq!(left, (0, 0, true), "I10: nothing is left of those who were here");
    }
}

fn is_recorder(person: &Person, session: SessionId) -> bool {
    person.roster.get(&session).is_some_and(|it| it.kind == wire::signal::ParticipantKind::Recorder)
}

fn size_of_way(wire: &Bytes) -> usize {
    wire.len().next_multiple_of(SIZE_STEP)
}
