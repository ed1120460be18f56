//! The door of a meeting: who comes in, who waits, who is turned away. One function judges every way in; those who wait stand in `lobby`.

use super::{
    acts::Answer,
    effects::Effects,
    meeting::{AtTheDoor, Meeting, Outcome},
};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Code, Refusal, UnixMs,
    control::{Command, DoorDecision, Fact},
    grant::{Act, LobbyPolicy, Role},
    id::*,
    limits,
    signal::{Door, LeaveReason, ServerMessage},
};

/// People of one meeting who were let in once; beyond it the others wait again.
const ADMITTED_MAX: usize = 2 * limits::ROOM_PARTICIPANTS_MAX;
/// People of one meeting who were turned away within the last minute, or sent back.
const TURNED_AWAY_MAX: usize = 10 * limits::LOBBY_MAX;

/// What was decided at a door about people: who was let in, who was turned away, who was sent back.
#[derive(Debug, Default)]
pub struct DoorBook {
    admitted: BTreeSet<PersonId>,
    denied_until: BTreeMap<PersonId, UnixMs>,
    sent_back: BTreeSet<PersonId>,
}

impl DoorBook {
    pub fn admit(&mut self, person: PersonId) {
        self.sent_back.remove(&person);
        self.denied_until.remove(&person);
        if self.admitted.len() < ADMITTED_MAX {
            self.admitted.insert(person);
        }
    }

    pub fn deny(&mut self, person: PersonId, now_ms: UnixMs) {
        self.denied_until.retain(|_, until| *until > now_ms);
        if self.denied_until.len() < TURNED_AWAY_MAX {
            self.denied_until.insert(person, now_ms.saturating_add_ms(limits::DENIED_S * 1000));
        }
    }

    pub fn send_back(&mut self, person: PersonId) {
        self.admitted.remove(&person);
        if self.sent_back.len() < TURNED_AWAY_MAX {
            self.sent_back.insert(person);
        }
    }

    pub fn was_sent_back(&self, person: PersonId) -> bool {
        self.sent_back.contains(&person)
    }

    pub fn forget(&mut self, person: PersonId) {
        self.admitted.remove(&person);
    }
}

/// Who stands before the door.
#[derive(Clone, Copy, Debug)]
pub struct Comer {
    pub person: PersonId,
    /// As it is by now, whatever the grant says.
    pub role: Role,
    /// By a ticket: the session was inside before, in this life of the node or an earlier one.
    pub resumed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    In,
    Wait,
}

/// The same judgement for officers, guests and room systems, with a new token or a ticket.
pub fn passage(door: &Door, book: Option<&DoorBook>, comer: Comer, now_ms: UnixMs) -> Result<Passage, Refusal> {
    let Comer { person, role, resumed } = comer;
    if door.debrief.is_some_and(|keep| !keep.keeps(role)) {
        return Err(Refusal::new(Code::MeetingEnded));
    }
    if role.chairs() {
        return Ok(Passage::In);
    }
    if let Some(until) = book.and_then(|it| it.denied_until.get(&person)).filter(|until| **until > now_ms) {
        let wait_ms = until.saturating_since_ms(now_ms);
        return Err(Refusal::new(Code::LobbyDenied).with("retry_after_s", wait_ms.saturating_add(999) / 1000));
    }
    // Whoever was sent back has a ticket only of a later stay: the earlier ones were voided.
    if resumed {
        return Ok(Passage::In);
    }
    if book.is_some_and(|it| it.was_sent_back(person)) {
        return Ok(Passage::Wait);
    }
    let known = book.is_some_and(|it| it.admitted.contains(&person));
    if door.locked && !known {
        return Err(Refusal::new(Code::MeetingLocked));
    }
    Ok(if door.lobby.holds(role) && !known { Passage::Wait } else { Passage::In })
}

impl Meeting {
    pub fn lock(&mut self, by: SessionId, locked: bool, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::LockMeeting)?.grant.sub;
        self.set_door(Door { locked, ..self.door }, by, effects);
        Ok(self.keep_order(now_ms))
    }

    pub fn set_lobby(&mut self, by: SessionId, lobby: LobbyPolicy, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::AdmitOthers)?.grant.sub;
        self.set_door(Door { lobby, ..self.door }, by, effects);
        Ok(Outcome { at_the_door: Some(AtTheDoor::AskAgain), ..self.keep_order(now_ms) })
    }

    pub fn request_admit(&mut self, by: SessionId, sessions: Vec<SessionId>) -> Answer {
        self.permit(by, Act::AdmitOthers)?;
        if sessions.len() > limits::LOBBY_MAX {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "sessions"));
        }
        Ok(Outcome { at_the_door: Some(AtTheDoor::Admit(sessions)), ..Outcome::default() })
    }

    pub fn request_deny(&mut self, by: SessionId, session: SessionId) -> Answer {
        self.permit(by, Act::AdmitOthers)?;
        Ok(Outcome { at_the_door: Some(AtTheDoor::Deny(session)), ..Outcome::default() })
    }

    pub fn send_back(&mut self, by: SessionId, session: SessionId, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::AdmitOthers)?.grant.sub;
        let member = self.asker(session)?;
        if member.role.chairs() {
            return Err(Refusal::new(Code::ActForbidden).with("act", "admit_others"));
        }
        let (person, reason) = (member.grant.sub, LeaveReason::SentBack);
        effects.fact(self.id, Fact::DoorDecided { by, person, decision: DoorDecision::SentBack });
        Ok(Outcome {
            ends: vec![(session, reason)],
            remember: vec![Command::RemovePerson { room: self.id, person, not_before: now_ms.seconds() + 1, reason }],
            ..Outcome::default()
        })
    }

    pub fn set_door(&mut self, door: Door, by: PersonId, effects: &mut Effects) {
        if self.door != door {
            self.door = door;
            effects.fact(self.id, Fact::DoorSet { by, door });
            self.tell_all(effects, &ServerMessage::Door { door });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::signal::Debrief;

    #[test]
    fn the_table_of_who_passes() {
        use LobbyPolicy::*;
        use Role::*;
        let (known, back, denied, stranger) = (PersonId::fresh(), PersonId::fresh(), PersonId::fresh(), PersonId::fresh());
        let mut book = DoorBook::default();
        book.admit(known);
        book.admit(back);
        book.send_back(back);
        book.deny(denied, UnixMs(0));
        let at = |locked, lobby, debrief| Door { locked, lobby, debrief };
        let table = [
            (at(false, Off, None), stranger, Member, false, Ok(Passage::In)),
            (at(false, ForGuests, None), stranger, Member, false, Ok(Passage::In)),
            (at(false, ForGuests, None), stranger, Guest, false, Ok(Passage::Wait)),
            (at(false, ForEveryone, None), stranger, Member, false, Ok(Passage::Wait)),
            (at(false, ForEveryone, None), stranger, CoHost, false, Ok(Passage::In)),
            (at(false, ForEveryone, None), stranger, Member, true, Ok(Passage::In)),
            (at(false, ForEveryone, None), known, Member, false, Ok(Passage::In)),
            (at(false, Off, None), back, Member, false, Ok(Passage::Wait)),
            (at(false, Off, None), denied, Member, false, Err(Code::LobbyDenied)),
            (at(true, Off, None), stranger, Member, false, Err(Code::MeetingLocked)),
            (at(true, Off, None), stranger, Member, true, Ok(Passage::In)),
            (at(true, Off, None), known, Guest, false, Ok(Passage::In)),
            (at(true, ForEveryone, None), stranger, Host, false, Ok(Passage::In)),
            (at(false, Off, Some(Debrief::Chairs)), known, Member, true, Err(Code::MeetingEnded)),
            (at(false, Off, Some(Debrief::Officers)), known, Guest, true, Err(Code::MeetingEnded)),
            (at(false, Off, Some(Debrief::Officers)), known, Member, false, Ok(Passage::In)),
        ];
        for (door, person, role, resumed, expected) in table {
            let judged = passage(&door, Some(&book), Comer { person, role, resumed }, UnixMs(1000)).map_err(|it| it.code);
            assert_eq!(judged, expected, "{door:?} {role:?} {resumed}");
        }
        let over = passage(&Door::default(), Some(&book), Comer { person: denied, role: Member, resumed: false }, UnixMs(60_000));
        assert_eq!(over, Ok(Passage::In), "a minute later");
    }
}
