//! Those who wait before a door: they have shown a grant, they receive nothing and see nobody, and they are let in as if they had come
//! at that moment.

use super::{
    Rooms, Turn,
    door::{Comer, Passage, passage},
    meeting::AtTheDoor,
};
use crate::engine::api::{Event, Join};
use std::collections::HashMap;
use wire::{
    Code, Refusal, UnixMs,
    control::{Command, DoorDecision, Fact},
    grant::{GrantClaims, Role},
    id::*,
    limits::LOBBY_MAX,
    signal::{Identified, LeaveReason, ServerMessage, Waiting},
};

/// People before all doors of a shard: each holds a socket and what it offered.
const WAITING_MAX: usize = 5_000;

#[derive(Debug)]
struct Waiter {
    join: Join,
    since_ms: UnixMs,
    sent_back: bool,
}

/// Who waits where. A session waits before one door.
#[derive(Debug, Default)]
pub struct Lobbies {
    /// In the order of coming.
    by_room: HashMap<MeetingId, Vec<Waiter>>,
    rooms_of: HashMap<SessionId, MeetingId>,
}

impl Lobbies {
    pub fn room_of(&self, session: SessionId) -> Option<MeetingId> {
        self.rooms_of.get(&session).copied()
    }

    fn of(&self, room: MeetingId) -> &[Waiter] {
        self.by_room.get(&room).map_or(&[], Vec::as_slice)
    }

    fn take(&mut self, session: SessionId) -> Option<Waiter> {
        let room = self.rooms_of.remove(&session)?;
        let waiters = self.by_room.get_mut(&room)?;
        let at = waiters.iter().position(|it| it.join.session == session)?;
        let waiter = waiters.remove(at);
        if waiters.is_empty() {
            self.by_room.remove(&room);
        }
        Some(waiter)
    }

    fn sessions(&self, room: MeetingId, which: impl Fn(&GrantClaims) -> bool) -> Vec<SessionId> {
        self.of(room).iter().filter(|it| which(&it.join.grant)).map(|it| it.join.session).collect()
    }

    /// As those see it who may let people in.
    pub fn listed(&self, room: MeetingId) -> Vec<Waiting> {
        self.of(room).iter().map(row).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.rooms_of.is_empty()
    }

    pub fn all(&self) -> Vec<SessionId> {
        self.rooms_of.keys().copied().collect()
    }
}

fn row(Waiter { join, since_ms, sent_back }: &Waiter) -> Waiting {
    let grant = &join.grant;
    Waiting {
        session: join.session,
        person: grant.sub,
        name: grant.name.clone(),
        agency: grant.agency.clone(),
        identified: match (&grant.room_system, grant.role) {
            (Some(_), _) => Identified::Device,
            (None, Role::Guest) => Identified::Invitation,
            (None, _) => Identified::Account,
        },
        since_ms: *since_ms,
        sent_back: *sent_back,
    }
}

impl Rooms {
    /// What the door says to this comer now.
    pub(super) fn passage(&self, join: &Join, now_ms: UnixMs) -> Result<Passage, Refusal> {
        let (grant, memory) = (&join.grant, self.memories.of(join.grant.room));
        let replaced = memory.and_then(|it| it.person(grant.sub)).and_then(|it| it.replaced.as_ref()).filter(|it| grant.iat <= it.at);
        let comer = Comer { person: grant.sub, role: replaced.map_or(grant.role, |it| it.role), resumed: join.resumed };
        passage(&self.order(grant).door, memory.map(|it| &it.book), comer, now_ms)
    }

    pub(super) fn wait(&mut self, join: &Join, turn: Turn) {
        let (request, session, room) = (join.request, join.session, join.grant.room);
        let refuse = |refusal| Event::JoinRefused { request, session, refusal };
        // The same person again: the earlier one gives way, and the place in the queue is kept.
        let mut since_ms = turn.now_ms;
        for earlier in self.lobbies.sessions(room, |grant| grant.sub == join.grant.sub) {
            if let Some(waiter) = self.lobbies.take(earlier) {
                since_ms = waiter.since_ms;
                self.turn_away(waiter, Refusal::new(Code::Conflict));
            }
        }
        if self.lobbies.of(room).len() >= LOBBY_MAX || self.lobbies.rooms_of.len() >= WAITING_MAX {
            return self.effects.event(refuse(Refusal::new(Code::LobbyFull).with("waiting_max", LOBBY_MAX)));
        }
        let sent_back = self.memories.of(room).is_some_and(|it| it.book.was_sent_back(join.grant.sub));
        let waiters = self.lobbies.by_room.entry(room).or_default();
        waiters.push(Waiter { join: join.clone(), since_ms, sent_back });
        waiters.sort_by_key(|it| it.since_ms);
        self.lobbies.rooms_of.insert(session, room);
        self.deadlines.set(session, self.clock.instant_of(UnixMs::from_seconds(join.grant.closes_at)));
        let chair_present = self.is_kept(room);
        self.effects.event(Event::Waiting { request, session, since_ms, chair_present });
        self.tell_lobby(room);
    }

    /// The queue anew, to those who may let people in.
    fn tell_lobby(&mut self, room: MeetingId) {
        let Some(meeting) = self.meetings.get(&room) else { return };
        let keepers = meeting.door_keepers();
        let message = ServerMessage::Lobby { waiting: self.lobbies.listed(room) };
        meeting.tell_where(&mut self.effects, &message, |session| keepers.contains(&session));
    }

    /// Somebody who may let people in came, or the last one went: those who wait are told.
    pub(super) fn tell_waiters(&mut self, room: MeetingId) {
        let chair_present = self.is_kept(room);
        for waiter in self.lobbies.of(room) {
            let (request, session, since_ms) = (waiter.join.request, waiter.join.session, waiter.since_ms);
            self.effects.event(Event::Waiting { request, session, since_ms, chair_present });
        }
    }

    pub(super) fn is_kept(&self, room: MeetingId) -> bool {
        self.meetings.get(&room).is_some_and(|it| !it.door_keepers().is_empty())
    }

    fn turn_away(&mut self, waiter: Waiter, refusal: Refusal) {
        let Join { request, session, .. } = waiter.join;
        self.deadlines.cancel(session);
        self.effects.event(Event::JoinRefused { request, session, refusal });
    }

    /// Carries out what a member decided about those who wait.
    pub(super) fn at_the_door(&mut self, by: SessionId, room: MeetingId, decision: AtTheDoor, turn: Turn) {
        let person = self.meetings.get(&room).and_then(|it| it.roster.get(&by)).map(|it| it.grant.sub);
        match decision {
            AtTheDoor::Admit(named) => {
                let waiting = self.lobbies.sessions(room, |_| true);
                for session in waiting.into_iter().filter(|it| named.is_empty() || named.contains(it)) {
                    self.let_waiter_in(session, person, turn);
                }
            }
            AtTheDoor::Deny(session) => {
                if self.lobbies.room_of(session) != Some(room) {
                    return;
                }
                let Some(waiter) = self.lobbies.take(session) else { return };
                let denied = waiter.join.grant.sub;
                self.memories.book(room, turn.now_ms).deny(denied, turn.now_ms);
                self.decided(room, person, denied, DoorDecision::Denied);
                self.turn_away(waiter, Refusal::new(Code::LobbyDenied).with("retry_after_s", wire::limits::DENIED_S));
            }
            AtTheDoor::AskAgain => self.ask_again(room, turn),
        }
        self.tell_lobby(room);
    }

    /// Whoever has not to wait any more, by what was decided since, comes in or is sent away.
    pub(super) fn ask_again(&mut self, room: MeetingId, turn: Turn) {
        for session in self.lobbies.sessions(room, |_| true) {
            let Some(waiter) = self.lobbies.of(room).iter().find(|it| it.join.session == session) else { continue };
            match self.passage(&waiter.join, turn.now_ms) {
                Ok(Passage::Wait) => {}
                Ok(Passage::In) => self.let_waiter_in(session, None, turn),
                // The door was locked behind them: who already waits goes on waiting to be let in.
                Err(refusal) if refusal.code == Code::MeetingLocked => {}
                Err(refusal) => {
                    if let Some(waiter) = self.lobbies.take(session) {
                        self.turn_away(waiter, refusal);
                    }
                }
            }
        }
    }

    fn let_waiter_in(&mut self, session: SessionId, by: Option<PersonId>, turn: Turn) {
        let Some(waiter) = self.lobbies.take(session) else { return };
        self.deadlines.cancel(session);
        let (room, person) = (waiter.join.grant.room, waiter.join.grant.sub);
        match self.judge(&waiter.join, turn.now_ms) {
            Err(refusal) => self.turn_away(waiter, refusal),
            Ok(judged) => {
                self.memories.book(room, turn.now_ms).admit(person);
                self.decided(room, by, person, DoorDecision::Admitted);
                let media = Box::new(waiter.join.media.clone());
                self.let_in(&waiter.join, judged, Some(media), turn);
            }
        }
    }

    /// The person who let somebody in stands in the audit trail.
    fn decided(&mut self, room: MeetingId, by: Option<PersonId>, person: PersonId, decision: DoorDecision) {
        if let Some(by) = by {
            self.effects.fact(room, Fact::DoorDecided { by, person, decision });
        }
    }

    /// The socket of one who waits is gone.
    pub(super) fn leave_lobby(&mut self, session: SessionId) {
        let Some(room) = self.lobbies.room_of(session) else { return };
        self.lobbies.take(session);
        self.deadlines.cancel(session);
        self.tell_lobby(room);
    }

    pub(super) fn refuse_waiter(&mut self, session: SessionId, refusal: Refusal) {
        let Some(room) = self.lobbies.room_of(session) else { return };
        if let Some(waiter) = self.lobbies.take(session) {
            self.turn_away(waiter, refusal);
        }
        self.tell_lobby(room);
    }

    /// What a command from the control plane, or a removal, means for those who wait.
    pub(super) fn command_at_the_door(&mut self, command: &Command, turn: Turn) {
        let room = command.room();
        let (sessions, refusal) = match command {
            Command::EndRoom { epoch, reason, .. } => {
                let code = if *reason == LeaveReason::MeetingEnded { Code::MeetingEnded } else { Code::GrantRevoked };
                (self.lobbies.sessions(room, |grant| grant.epoch < *epoch), Refusal::new(code))
            }
            Command::RemovePerson { person, not_before, .. } => {
                (self.lobbies.sessions(room, |grant| grant.sub == *person && grant.iat < *not_before), Refusal::new(Code::GrantRevoked))
            }
            Command::KeepOrder { .. } => return self.ask_again(room, turn),
            _ => return,
        };
        for session in sessions {
            self.refuse_waiter(session, refusal.clone());
        }
    }
}
