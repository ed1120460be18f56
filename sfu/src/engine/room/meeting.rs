//! One meeting that lives: its classification, its roster, its recording, and what everyone is told of them.

use super::{
    Effect, Settings,
    bounds::Bounds,
    breakouts::Breakouts,
    chat::Chat,
    effects::Effects,
    moving::still_open,
    policy,
    polls::Polls,
    recorder::Recording,
    roster::{Member, Roster, Socket},
};
use crate::engine::api::Event;
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Classification, Refusal, Rule, UnixMs,
    control::{Command, Fact, RecordingStop},
    grant::{Act, Role},
    id::*,
    signal::{BreakoutNumber, Door, Floor, LeaveReason, Order, Participant, RoleRules, RoomState, ServerMessage, Waiting},
};

/// Sessions that end by what was just done, and what of it outlives the meeting.
#[derive(Debug, Default)]
pub struct Outcome {
    pub ends: Vec<(SessionId, LeaveReason)>,
    pub remember: Vec<Command>,
    /// Of those who wait before the door.
    pub at_the_door: Option<AtTheDoor>,
    /// Who stands in another room now and is yet to be told its state.
    pub moved: Vec<SessionId>,
}

/// What becomes of people who wait.
#[derive(Debug, PartialEq, Eq)]
pub enum AtTheDoor {
    /// These; without any named, all.
    Admit(Vec<SessionId>),
    Deny(SessionId),
    /// Whoever has not to wait any more comes in.
    AskAgain,
}

impl Outcome {
    pub fn end(session: SessionId, reason: LeaveReason) -> Self {
        Self { ends: vec![(session, reason)], ..Self::default() }
    }
}

#[derive(Debug)]
pub struct Meeting {
    pub id: MeetingId,
    pub classification: Classification,
    /// Rules that it was let to live without.
    pub lacks: Vec<Rule>,
    pub roster: Roster,
    pub recording: Option<Recording>,
    /// By room, the loudest first.
    pub speakers: BTreeMap<Option<BreakoutNumber>, Vec<SessionId>>,
    pub chat: Chat,
    pub polls: Polls,
    pub rules: RoleRules,
    pub floor: Option<Floor>,
    pub spotlight: Vec<SessionId>,
    pub breakouts: Option<Breakouts>,
    pub door: Door,
    /// The highest of the grants seen.
    pub epoch: u32,
}

impl Meeting {
    /// `order`: what was decided about it before, or what the first grant says.
    pub fn new(id: MeetingId, classification: Classification, lacks: Vec<Rule>, order: Order, now_ms: UnixMs) -> Self {
        let Order { door, rules, floor, breakouts } = order;
        Self {
            id,
            classification,
            lacks,
            roster: Roster::new(),
            recording: None,
            speakers: BTreeMap::new(),
            chat: Chat::default(),
            polls: Polls::default(),
            rules,
            floor: floor.map(|it| Floor { holder: None, seconds: it.seconds, ends_at_ms: None }),
            spotlight: Vec::new(),
            breakouts: still_open(breakouts, now_ms),
            door,
            epoch: 0,
        }
    }

    /// What holds for everyone now.
    pub fn bounds(&self) -> Bounds {
        Bounds { classification: self.classification, rules: self.rules.clone(), floor: self.floor.clone() }
    }

    /// Everyone who receives anything, the recorder too.
    pub fn participants(&self) -> Vec<Participant> {
        self.roster.values().map(Member::row).chain(self.recording.as_ref().map(Recording::row)).collect()
    }

    pub fn state_for(&self, member: &Member, waiting: Vec<Waiting>, now_ms: UnixMs) -> RoomState {
        let person = member.grant.sub;
        RoomState {
            room: self.id,
            classification: self.classification,
            lacks: self.lacks.clone(),
            participants: self.participants(),
            slots: member.slots.clone(),
            speakers: self.speakers_in(member.breakout),
            layers: member.layers.clone(),
            recording: self.recording.as_ref().map(|recording| recording.notice.clone()),
            chat: self.chat.for_person(person, member.breakout),
            polls: self.polls.for_person(person),
            rules: self.rules.clone(),
            spotlight: self.spotlight.clone(),
            floor: self.floor.clone(),
            breakouts: self.breakouts_for(member),
            door: self.door,
            lobby: if member.acts.contains(&Act::AdmitOthers) { waiting } else { Vec::new() },
            closes_at_ms: UnixMs::from_seconds(member.grant.closes_at),
            now_ms,
        }
    }

    pub fn tell_all(&self, effects: &mut Effects, message: &ServerMessage) {
        self.tell_where(effects, message, |_| true);
    }

    pub fn tell_others(&self, effects: &mut Effects, but: SessionId, message: &ServerMessage) {
        self.tell_where(effects, message, |session| session != but);
    }

    /// Whoever has no socket now is given the whole state when they come back.
    pub fn tell_where(&self, effects: &mut Effects, message: &ServerMessage, to: impl Fn(SessionId) -> bool) {
        for member in self.attached().filter(|member| to(member.session)) {
            effects.message(member.session, message.clone());
        }
    }

    /// Those who stand in one room of the meeting.
    pub fn tell_room(&self, effects: &mut Effects, room: Option<BreakoutNumber>, message: &ServerMessage) {
        for member in self.attached().filter(|it| it.breakout == room) {
            effects.message(member.session, message.clone());
        }
    }

    pub fn speakers_in(&self, room: Option<BreakoutNumber>) -> Vec<SessionId> {
        self.speakers.get(&room).cloned().unwrap_or_default()
    }

    pub fn attached(&self) -> impl Iterator<Item = &Member> {
        self.roster.values().filter(|member| member.socket == Socket::Attached)
    }

    /// Those who may let people in.
    pub fn door_keepers(&self) -> Vec<SessionId> {
        self.roster.values().filter(|member| member.acts.contains(&Act::AdmitOthers)).map(|member| member.session).collect()
    }

    /// Several rows in one message, so that an act upon a full room is one message to each and not one for each pair.
    pub fn tell_changed_all(&self, effects: &mut Effects, sessions: &[SessionId]) {
        let participants: Vec<_> = sessions.iter().filter_map(|session| self.roster.get(session)).map(Member::row).collect();
        if !participants.is_empty() {
            self.tell_all(effects, &ServerMessage::ParticipantsChanged { participants });
        }
    }

    pub fn tell_changed(&self, effects: &mut Effects, session: SessionId) {
        if let Some(member) = self.roster.get(&session) {
            self.tell_all(effects, &ServerMessage::ParticipantChanged { participant: member.row() });
        }
    }

    /// Says of every source of a session whether it goes to anybody.
    pub fn forward(&self, effects: &mut Effects, session: SessionId) {
        for held in self.roster.get(&session).into_iter().flat_map(|member| &member.sources) {
            effects.push(Effect::Forward { room: self.id, session, source: held.source, on: held.forwarded() });
        }
    }

    /// CLASS-6: first the recorder stops, then everything else becomes stricter.
    pub fn raise(
        &mut self,
        to: Classification,
        by: Option<PersonId>,
        settings: &Settings,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let lacks = policy::may_become(self.classification, to, settings)?;
        if to == self.classification {
            return Ok(());
        }
        if !to.policy().may_be_recorded {
            self.stop_recording(RecordingStop::ClassificationRaised, now_ms, effects);
        }
        let from = std::mem::replace(&mut self.classification, to);
        self.lacks = lacks;
        effects.fact(self.id, Fact::ClassificationRaised { person: by, from, to });
        self.tell_all(effects, &ServerMessage::Classification { classification: to, lacks: self.lacks.clone() });
        if !to.policy().may_chat {
            self.chat.clear();
        }
        self.rebind_all(effects);
        Ok(())
    }

    /// The bounds changed for everyone: who may do what now is told to each, and the rows that changed to all, at one stroke.
    pub fn rebind_all(&mut self, effects: &mut Effects) {
        let bounds = self.bounds();
        let (mut changed, mut acting) = (Vec::new(), Vec::new());
        for (session, member) in &mut self.roster {
            let before = member.sources.clone();
            if member.rebind(&bounds) {
                acting.push((*session, member.acts.clone()));
            }
            if member.sources != before {
                changed.push(*session);
            }
        }
        for (session, acts) in acting {
            self.tell_acts(effects, session, acts);
        }
        for session in &changed {
            self.forward(effects, *session);
        }
        self.tell_changed_all(effects, &changed);
    }

    /// Something about one member changed that decides what they may do.
    pub fn rebind(&mut self, session: SessionId, change: impl FnOnce(&mut Member), effects: &mut Effects) {
        let bounds = self.bounds();
        let Some(member) = self.roster.get_mut(&session) else { return };
        let (before, sources_before) = (member.row(), member.sources.clone());
        change(member);
        let acts = member.rebind(&bounds).then(|| member.acts.clone());
        let (row_changed, sources_changed) = (before != member.row(), sources_before != member.sources);
        if let Some(acts) = acts {
            self.tell_acts(effects, session, acts);
        }
        if sources_changed {
            self.forward(effects, session);
        }
        if row_changed || sources_changed {
            self.tell_changed(effects, session);
        }
    }

    /// The control plane, or a chair, gave somebody another role: also what the next ticket says.
    pub fn set_permitted(&mut self, session: SessionId, role: Role, acts: BTreeSet<Act>, effects: &mut Effects) {
        effects.event(Event::Permitted { session, role, acts: acts.clone() });
        self.rebind(session, |member| member.set_permitted(role, acts), effects);
    }

    pub fn tell_acts(&self, effects: &mut Effects, session: SessionId, acts: BTreeSet<Act>) {
        self.tell_where(effects, &ServerMessage::Acts { acts }, |it| it == session);
    }
}
