//! A meeting as a story: people come, say things, lose their line; what the rooms answered can be asked for afterwards.

use super::super::*;
use crate::engine::{
    api::{Media, Tap},
    negotiated::{ExtensionIds, ReceiveLine, SlotLine, TransportParameters},
};
use std::collections::BTreeSet;
use wire::{
    Classification,
    control::Fact,
    grant::{Act, GrantClaims, Role},
    signal::{BreakoutNumber, Participant, RoomState},
};

pub const START_MS: i64 = 1_800_000_000_000;

pub struct Scene {
    pub rooms: Rooms,
    pub room: MeetingId,
    pub now: Instant,
    start: Instant,
    /// All that came out, in order.
    pub log: Vec<Effect>,
    request: RequestId,
}

/// What one gets by asking for entry.
pub struct Entry {
    pub session: SessionId,
    pub answer: Result<Box<RoomState>, Refusal>,
    pub acts: BTreeSet<Act>,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(Settings { classified_without_e2ee: true, ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Self {
        let now = Instant::now();
        Self { rooms: Rooms::new(settings, now, UnixMs(START_MS)), room: MeetingId::fresh(), now, start: now, log: Vec::new(), request: 0 }
    }

    pub fn now_ms(&self) -> UnixMs {
        UnixMs(START_MS + i64::try_from((self.now - self.start).as_millis()).unwrap())
    }

    pub fn grant(&self, role: Role, classification: Classification) -> GrantClaims {
        let now = self.now_ms().seconds();
        GrantClaims {
            iss: "https://sidang.example".into(),
            aud: "media".into(),
            sub: PersonId::fresh(),
            jti: GrantId::fresh(),
            iat: now,
            nbf: now,
            exp: now + 90,
            room: self.room,
            epoch: 1,
            classification,
            role,
            acts: role.acts_under(classification),
            name: "Aminah binti Yusof".into(),
            agency: "JDN".into(),
            seat: None,
            room_system: None,
            cnf: None,
            lobby: wire::grant::LobbyPolicy::Off,
            opens_at: now - 600,
            closes_at: now + 3600,
        }
    }

    fn drain(&mut self) -> usize {
        let from = self.log.len();
        while let Some(effect) = self.rooms.poll_effect() {
            self.log.push(effect);
        }
        from
    }

    pub fn join(&mut self, grant: GrantClaims) -> Entry {
        self.join_as(SessionId::fresh(), grant, false, &media())
    }

    pub fn join_as(&mut self, session: SessionId, grant: GrantClaims, resumed: bool, media: &Negotiated) -> Entry {
        self.bring(session, grant, resumed, None, media)
    }

    /// By a ticket that says in which breakout room the session stood, to a node that knows nothing of it.
    pub fn join_in(&mut self, session: SessionId, grant: GrantClaims, breakout: Option<BreakoutNumber>) -> Entry {
        self.bring(session, grant, true, breakout, &media())
    }

    fn bring(
        &mut self,
        session: SessionId,
        grant: GrantClaims,
        resumed: bool,
        breakout: Option<BreakoutNumber>,
        media: &Negotiated,
    ) -> Entry {
        self.request += 1;
        let join = Join {
            request: self.request,
            session,
            grant,
            media: Media { transport: transport(), negotiated: media.clone() },
            resumed,
            breakout,
            now_ms: self.now_ms(),
        };
        self.rooms.handle_join(&join, self.now);
        self.entry(session)
    }

    pub fn enter(&mut self, role: Role, classification: Classification) -> SessionId {
        let grant = self.grant(role, classification);
        let entry = self.join(grant);
        assert!(entry.answer.is_ok(), "{:?}", entry.answer);
        entry.session
    }

    pub fn resume(&mut self, session: SessionId, media: Option<&Negotiated>) -> Entry {
        self.request += 1;
        let (now, now_ms) = (self.now, self.now_ms());
        self.rooms.handle_resume(self.request, session, media, now, now_ms);
        self.entry(session)
    }

    fn entry(&mut self, session: SessionId) -> Entry {
        let from = self.drain();
        let request = self.request;
        self.log[from..]
            .iter()
            .find_map(|effect| match effect {
                Effect::Event(Event::Joined { request: of, state, acts, .. }) if *of == request => {
                    Some(Entry { session, answer: Ok(state.clone()), acts: acts.clone() })
                }
                Effect::Event(Event::JoinRefused { request: of, refusal, .. }) if *of == request => {
                    Some(Entry { session, answer: Err(refusal.clone()), acts: BTreeSet::new() })
                }
                _ => None,
            })
            .expect("every join and resume is answered")
    }

    /// What the session is answered, and where its effects begin in the log.
    pub fn ask(&mut self, session: SessionId, message: ClientMessage) -> Result<(), Refusal> {
        self.request += 1;
        let (now, now_ms, request) = (self.now, self.now_ms(), self.request);
        self.rooms.handle_client(request, session, message, now, now_ms);
        let from = self.drain();
        self.log[from..]
            .iter()
            .find_map(|effect| match effect {
                Effect::Event(Event::Message { session: to, message }) => match message {
                    ServerMessage::Done { id } | ServerMessage::Pong { id } if *id == request => {
                        assert_eq!(*to, session, "an answer goes to who asked");
                        Some(Ok(()))
                    }
                    ServerMessage::Refused { id, refusal } if *id == request => {
                        assert_eq!(*to, session, "a refusal goes to who asked");
                        Some(Err(refusal.clone()))
                    }
                    _ => None,
                },
                _ => None,
            })
            .expect("every message is answered")
    }

    pub fn control(&mut self, command: ControlCommand) {
        let (now, now_ms) = (self.now, self.now_ms());
        self.rooms.handle_control(command, now, now_ms);
        self.drain();
    }

    pub fn detach(&mut self, session: SessionId) {
        let (now, now_ms) = (self.now, self.now_ms());
        self.rooms.handle_detach(session, now, now_ms);
        self.drain();
    }

    pub fn media(&mut self, session: SessionId, state: MediaState) {
        self.rooms.handle_media(session, state, self.now);
        self.drain();
    }

    /// Asks for entry and is made to wait.
    pub fn knock(&mut self, grant: GrantClaims) -> SessionId {
        self.request += 1;
        let session = SessionId::fresh();
        let media = Media { transport: transport(), negotiated: media() };
        let join = Join { request: self.request, session, grant, media, resumed: false, breakout: None, now_ms: self.now_ms() };
        self.rooms.handle_join(&join, self.now);
        let from = self.drain();
        let waits = |it: &Effect| matches!(it, Effect::Event(Event::Waiting { session: of, .. }) if *of == session);
        assert!(self.log[from..].iter().any(waits), "{:?}", &self.log[from..]);
        assert!(!self.log[from..].iter().any(|it| matches!(it, Effect::AddPeer { .. })), "nobody before the door has media");
        session
    }

    /// What somebody who knocked was answered in the end.
    pub fn answered(&self, session: SessionId) -> Option<Result<&RoomState, &Refusal>> {
        self.log.iter().find_map(|it| match it {
            Effect::Event(Event::Joined { session: of, state, .. }) if *of == session => Some(Ok(&**state)),
            Effect::Event(Event::JoinRefused { session: of, refusal, .. }) if *of == session => Some(Err(refusal)),
            _ => None,
        })
    }

    /// The whole state as this member would be given it on coming back.
    pub fn state_of(&mut self, session: SessionId) -> Box<RoomState> {
        self.resume(session, None).answer.unwrap()
    }

    /// What was decided that outlives this life of the node, said to another one.
    pub fn remembered_by(&self, other: &mut Scene) {
        other.room = self.room;
        for effect in &self.log {
            if let Effect::Event(Event::Remember { command, .. }) = effect {
                other.control(command.clone());
            }
        }
    }

    /// Lets time pass, stopping at every deadline on the way.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.rooms.poll_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.rooms.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    pub fn mark(&mut self) -> usize {
        self.drain()
    }

    pub fn facts(&self) -> Vec<&Fact> {
        self.log.iter().filter_map(|it| if let Effect::Event(Event::Fact { fact, .. }) = it { Some(fact) } else { None }).collect()
    }

    pub fn told(&self, session: SessionId) -> Vec<&ServerMessage> {
        self.log
            .iter()
            .filter_map(|it| match it {
                Effect::Event(Event::Message { session: to, message }) if *to == session => Some(message),
                _ => None,
            })
            .collect()
    }

    pub fn ended(&self, session: SessionId) -> Option<LeaveReason> {
        self.log.iter().find_map(|it| match it {
            Effect::Event(Event::Ended { session: of, reason }) if *of == session => Some(*reason),
            _ => None,
        })
    }

    pub fn taps(&self) -> Vec<&Tap> {
        self.log.iter().filter_map(|it| if let Effect::Event(Event::Tap(tap)) = it { Some(tap) } else { None }).collect()
    }

    /// The roster as a newcomer of the same meeting would be given it.
    pub fn roster(&self) -> Vec<Participant> {
        self.rooms.meetings.get(&self.room).map(Meeting::participants).unwrap_or_default()
    }
}

pub fn transport() -> TransportParameters {
    TransportParameters {
        local_ufrag: "u".into(),
        local_pwd: "p".into(),
        remote_ufrag: "u".into(),
        remote_pwd: "p".into(),
        remote_fingerprint: [0; 32],
        candidates: Vec::new(),
    }
}

pub fn sends(kind: SourceKind) -> ReceiveLine {
    ReceiveLine {
        mid: format!("{kind:?}").into(),
        kind,
        source: SourceId::fresh(),
        muted: false,
        payloads: Vec::new(),
        rids: Vec::new(),
        ssrcs: Vec::new(),
        extensions: ExtensionIds::default(),
    }
}

pub fn slot(mid: &str) -> SlotLine {
    SlotLine {
        mid: mid.into(),
        ssrc: 1,
        rtx_ssrc: None,
        first_sequence: 0,
        first_rtx_sequence: 0,
        first_timestamp: 0,
        payloads: Vec::new(),
        extensions: ExtensionIds::default(),
    }
}

/// What the browser client offers.
pub fn media() -> Negotiated {
    use SourceKind::*;
    Negotiated {
        receives: [Microphone, Camera, ShareVideo, ShareAudio].map(sends).into(),
        audio_slots: vec![slot("a0"), slot("a1")],
        video_slots: vec![slot("v0"), slot("v1")],
    }
}

pub fn code(answer: Result<impl std::fmt::Debug, Refusal>) -> Option<(Code, Option<wire::Rule>)> {
    answer.err().map(|refusal| (refusal.code, refusal.rule))
}
