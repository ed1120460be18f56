//! Coming, going, losing the line and coming back.

use super::{
    Effect, MediaState, Rooms, Turn,
    door::Passage,
    meeting::Meeting,
    policy,
    roster::{Media, Member, Socket},
};
use crate::engine::{
    api::{Event, Join, Media as Offered},
    negotiated::Negotiated,
    space::Space,
};
use std::time::Instant;
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    control::{Fact, RecordingStop},
    grant::{Act, GrantClaims},
    id::*,
    limits,
    signal::{Door, LeaveReason, Order, RequestId, ServerMessage},
};

/// What a join that may be let in leads to.
#[derive(Debug)]
pub struct Judged {
    /// That the meeting will have.
    classification: Classification,
    /// Sessions of the same person, which give way.
    replaced: Vec<SessionId>,
}

impl Rooms {
    pub(super) fn join(&mut self, join: &Join, turn: Turn) {
        let (request, session) = (join.request, join.session);
        let passed = self.judge(join, turn.now_ms).and_then(|judged| self.passage(join, turn.now_ms).map(|passage| (judged, passage)));
        match passed {
            Err(refusal) => self.effects.event(Event::JoinRefused { request, session, refusal }),
            Ok((_, Passage::Wait)) => self.wait(join, turn),
            Ok((judged, Passage::In)) => self.let_in(join, judged, None, turn),
        }
    }

    /// `media`: of one who waited before the door, whose offer came with an earlier command.
    pub(super) fn let_in(&mut self, join: &Join, judged: Judged, media: Option<Box<Offered>>, turn: Turn) {
        let (request, session, room) = (join.request, join.session, join.grant.room);
        let Judged { classification, replaced } = judged;
        let was_kept = self.is_kept(room);
        self.open(&join.grant, classification, turn);
        self.admit(join, media, turn);
        // The newcomer stands first, so that the meeting does not close in between.
        for old in replaced {
            self.end(old, LeaveReason::Replaced, turn);
        }
        self.say_joined(request, session, join.resumed, turn);
        let Some(meeting) = self.meetings.get(&room) else { return };
        let Some(member) = meeting.roster.get(&session) else { return };
        meeting.tell_others(&mut self.effects, session, &ServerMessage::ParticipantJoined { participant: member.row() });
        self.effects.fact(
            room,
            Fact::Joined {
                session,
                person: member.grant.sub,
                seat: member.grant.seat.clone(),
                room_system: member.grant.room_system.clone(),
            },
        );
        meeting.tell_went_to(member, &mut self.effects);
        if !was_kept && self.is_kept(room) {
            self.tell_waiters(room);
        }
    }

    /// Everything that can be said against a join, before anything is changed for it. Answers with the classification that the meeting
    /// will have and the sessions of the same person that give way.
    pub(super) fn judge(&self, join: &Join, now_ms: UnixMs) -> Result<Judged, Refusal> {
        let (grant, session) = (&join.grant, join.session);
        if self.drain.is_some() {
            return Err(Refusal::new(Code::NodeDraining));
        }
        policy::admits(grant, self.memories.of(grant.room), now_ms)?;
        let meeting = self.meetings.get(&grant.room);
        let classification = self.classification_with(grant, meeting);
        policy::may_be_held(classification, &self.settings)?;
        policy::admits_role(grant.role, classification)?;
        if join.resumed && self.memories.is_buried(session, now_ms) {
            return Err(Refusal::new(Code::ResumeUnknown));
        }
        // Of two sockets that bring the same ticket after a restart the first has made the session.
        if self.rooms_of.contains_key(&session) {
            return Err(Refusal::new(Code::Conflict));
        }
        let others: Vec<_> =
            meeting.iter().flat_map(|it| it.roster.values()).filter(|it| it.grant.sub == grant.sub).map(|it| it.session).collect();
        // A ticket does not win against a session that was made after its own: only a fresh grant does.
        if join.resumed && others.iter().any(|other| *other > session) {
            return Err(Refusal::new(Code::ResumeUnknown));
        }
        if let (Some(own), Some(meeting)) = (&grant.room_system, meeting) {
            policy::one_room_system(own, &meeting.roster)?;
        }
        if meeting.is_some_and(|it| it.roster.len() - others.len() >= self.settings.participants_max) {
            return Err(Refusal::new(Code::RoomFull).with("participants_max", self.settings.participants_max));
        }
        if meeting.is_none() && self.meetings.len() >= super::MEETINGS_MAX {
            return Err(Refusal::new(Code::RoomFull));
        }
        Ok(Judged { classification, replaced: others })
    }

    /// CLASS-6: the highest that the meeting ever had, or that the newcomer's grant says it has by now.
    fn classification_with(&self, grant: &GrantClaims, meeting: Option<&Meeting>) -> Classification {
        let remembered = self.memories.of(grant.room).map_or(Classification::Terbuka, |it| it.classification_min);
        grant.classification.max(remembered).max(meeting.map_or(Classification::Terbuka, |it| it.classification))
    }

    /// What was decided about a meeting as a whole, or, before anything was, what the grant says of its door.
    pub(super) fn order(&self, grant: &GrantClaims) -> Order {
        if let Some(meeting) = self.meetings.get(&grant.room) {
            return meeting.order();
        }
        self.memories
            .of(grant.room)
            .and_then(|it| it.order())
            .cloned()
            .unwrap_or_else(|| Order { door: Door { lobby: grant.lobby, ..Door::default() }, ..Order::default() })
    }

    fn open(&mut self, grant: &GrantClaims, classification: Classification, turn: Turn) {
        let (room, order) = (grant.room, self.order(grant));
        // Judged just before; a refusal here would mean that nothing is let to be held, and then nobody came this far.
        let lacks = policy::may_be_held(classification, &self.settings).unwrap_or_else(|_| vec![Rule::Class2]);
        match self.meetings.get_mut(&room) {
            None => {
                self.meetings.insert(room, Meeting::new(room, classification, lacks, order, turn.now_ms));
                self.schedule_breakouts(room);
                self.effects.fact(room, Fact::RoomOpened { classification });
            }
            Some(meeting) => {
                let raised = meeting.classification < classification;
                if raised && meeting.raise(classification, None, &self.settings, turn.now_ms, &mut self.effects).is_ok() {
                    self.remember(wire::control::Command::RaiseClassification { room, to: classification }, turn);
                }
            }
        }
    }

    fn admit(&mut self, join: &Join, media: Option<Box<Offered>>, turn: Turn) {
        let (session, room) = (join.session, join.grant.room);
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        meeting.epoch = meeting.epoch.max(join.grant.epoch);
        let bounds = meeting.bounds();
        let mut member = Member::new(session, join.grant.clone(), &join.media.negotiated, &bounds, turn.now, turn.now_ms);
        let memory = self.memories.of(room);
        let replaced = memory.and_then(|it| it.person(join.grant.sub)).and_then(|it| it.replaced.as_ref());
        if let Some(closes_at) = memory.and_then(|it| it.closes_at) {
            member.grant.closes_at = member.grant.closes_at.max(closes_at);
        }
        if let Some(replaced) = replaced.filter(|it| join.grant.iat <= it.at) {
            member.set_permitted(replaced.role, replaced.acts.clone());
            member.rebind(&bounds);
        }
        if let Some(rooms) = &mut meeting.breakouts {
            member.breakout = rooms.landing(join.grant.sub, join.breakout);
            rooms.note(join.grant.sub, member.breakout, rooms.placed(join.grant.sub).is_none() && join.breakout.is_some());
            member.rebind(&bounds);
        }
        if meeting.door != Door::default() {
            self.memories.book(room, turn.now_ms).admit(join.grant.sub);
        }
        for held in &member.sources {
            self.sources.insert(held.source, session);
        }
        let space = meeting.space_of(&member);
        meeting.roster.insert(session, member);
        self.rooms_of.insert(session, room);
        self.effects.push(Effect::AddPeer { space, session, media });
        meeting.forward(&mut self.effects, session);
        self.schedule(session);
    }

    pub(super) fn resume(&mut self, request: RequestId, session: SessionId, media: Option<&Negotiated>, turn: Turn) {
        let refuse = |code| Event::JoinRefused { request, session, refusal: Refusal::new(code) };
        let Some(room) = self.rooms_of.get(&session).copied() else { return self.effects.event(refuse(Code::ResumeUnknown)) };
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        if media.is_none() && member.media == Media::Lost {
            return self.effects.event(refuse(Code::OfferRequired));
        }
        if let Some(media) = media {
            for held in &member.sources {
                self.sources.remove(&held.source);
            }
            let bounds = meeting.bounds();
            let Some(member) = meeting.roster.get_mut(&session) else { return };
            member.forget_slots();
            member.take_media(media);
            member.rebind(&bounds);
            member.media = Media::Expected;
            for held in &member.sources {
                self.sources.insert(held.source, session);
            }
            let space = Space { meeting: room, breakout: member.breakout };
            self.effects.push(Effect::ReplacePeer { space, session });
            meeting.forward(&mut self.effects, session);
        }
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        member.socket = Socket::Attached;
        let back = member.note_presence(turn.now);
        let row = member.row();
        if back || media.is_some() {
            meeting.tell_others(&mut self.effects, session, &ServerMessage::ParticipantChanged { participant: row });
        }
        self.say_joined(request, session, true, turn);
        self.schedule(session);
    }

    fn say_joined(&mut self, request: RequestId, session: SessionId, resumed: bool, turn: Turn) {
        let Some(room) = self.rooms_of.get(&session).copied() else { return };
        let Some(meeting) = self.meetings.get(&room) else { return };
        let Some(member) = meeting.roster.get(&session) else { return };
        let state = Box::new(meeting.state_for(member, self.lobbies.listed(room), turn.now_ms));
        let (permitted, acts) = (member.permitted.clone(), member.acts.clone());
        self.effects.event(Event::Joined { request, session, resumed, permitted, acts, state });
    }

    pub(super) fn reoffer(&mut self, request: RequestId, session: SessionId, media: &Negotiated, turn: Turn) {
        let Some(room) = self.rooms_of.get(&session).copied() else { return };
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        if let Err(wait) = member.messages.take(turn.now) {
            return self.effects.refused(session, request, super::rate_limited(wait));
        }
        let before = member.sources.clone();
        let bounds = meeting.bounds();
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        member.take_media(media);
        member.rebind(&bounds);
        for held in before.iter().filter(|held| !member.sources.iter().any(|it| it.source == held.source)) {
            self.sources.remove(&held.source);
        }
        for held in &member.sources {
            self.sources.insert(held.source, session);
        }
        let changed = before != member.sources;
        self.effects.push(Effect::UpdatePeer { room, session });
        meeting.forward(&mut self.effects, session);
        self.effects.event(Event::Reoffered { request, session });
        if changed {
            meeting.tell_changed(&mut self.effects, session);
        }
    }

    pub(super) fn set_presence(&mut self, session: SessionId, socket: Option<Socket>, media: Option<MediaState>, now: Instant) {
        let Some(meeting) = self.rooms_of.get(&session).and_then(|room| self.meetings.get_mut(room)) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        if let Some(socket) = socket {
            member.socket = socket;
        }
        match media {
            Some(MediaState::Connected) => member.media = Media::Connected,
            Some(MediaState::Lost) => member.media = Media::Lost,
            None => {}
        }
        if member.note_presence(now) {
            meeting.tell_changed(&mut self.effects, session);
        }
        self.schedule(session);
    }

    /// The session is over. The meeting closes with the last one.
    pub(super) fn end(&mut self, session: SessionId, reason: LeaveReason, turn: Turn) {
        let Some(room) = self.rooms_of.remove(&session) else { return };
        self.deadlines.cancel(session);
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let Some(member) = meeting.roster.remove(&session) else { return };
        for held in &member.sources {
            self.sources.remove(&held.source);
        }
        // One whose line was lost may still come back by a ticket in date; everyone else comes anew or not at all.
        if reason != LeaveReason::Lost {
            self.memories.bury(session, turn.now_ms);
        }
        meeting.forget(session, turn.now_ms, &mut self.effects);
        self.effects.push(Effect::RemovePeer { room, session });
        self.effects.event(Event::Ended { session, reason });
        meeting.tell_all(&mut self.effects, &ServerMessage::ParticipantLeft { session, reason });
        self.effects.fact(room, Fact::Left { session, person: member.grant.sub, reason });
        if meeting.roster.is_empty() {
            meeting.stop_recording(RecordingStop::RoomClosed, turn.now_ms, &mut self.effects);
            self.meetings.remove(&room);
            self.floors.cancel(room);
            self.breakouts.cancel(room);
            self.effects.push(Effect::CloseRoom { room });
            self.effects.fact(room, Fact::RoomClosed);
        }
        if member.acts.contains(&Act::AdmitOthers) && !self.is_kept(room) {
            self.tell_waiters(room);
        }
    }

    /// When the next thing happens to a session by time alone: its window closes, or it has been away too long.
    pub(super) fn schedule(&mut self, session: SessionId) {
        let Some(member) =
            self.rooms_of.get(&session).and_then(|room| self.meetings.get(room)).and_then(|meeting| meeting.roster.get(&session))
        else {
            return;
        };
        let closes = self.clock.instant_of(UnixMs::from_seconds(member.grant.closes_at));
        let lost = member.away_since.map(|since| since + self.settings.detached_for);
        self.deadlines.set(session, lost.map_or(closes, |lost| lost.min(closes)));
    }

    /// When a floor's time is over.
    pub(super) fn schedule_floor(&mut self, room: MeetingId) {
        match self.meetings.get(&room).and_then(|it| it.floor_ends_at_ms()) {
            Some(ends_at_ms) => self.floors.set(room, self.clock.instant_of(ends_at_ms)),
            None => self.floors.cancel(room),
        }
    }

    /// What time alone does to a session, inside or before the door.
    pub(super) fn expire(&mut self, session: SessionId, turn: Turn) {
        if self.lobbies.room_of(session).is_some() {
            return self.refuse_waiter(session, Refusal::by(Code::WindowClosed, Rule::Meet8));
        }
        let Some(member) =
            self.rooms_of.get(&session).and_then(|room| self.meetings.get(room)).and_then(|meeting| meeting.roster.get(&session))
        else {
            return;
        };
        let closes_at_ms = UnixMs::from_seconds(member.grant.closes_at);
        if turn.now_ms >= closes_at_ms {
            self.end(session, LeaveReason::WindowClosed, turn);
        } else if member.away_since.is_some_and(|since| turn.now >= since + self.settings.detached_for) {
            self.end(session, LeaveReason::Lost, turn);
        } else {
            self.schedule(session);
        }
    }
}

const _: () = assert!(limits::DETACHED_S_MAX < limits::TICKET_LIFE_S as u64, "a ticket outlives the seat that it resumes");
