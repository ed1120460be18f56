//! From one room of a meeting to another: first the media, then everyone's rows, then the whole state for who moved. And what goes across: a
//! call for help from a room, and a line to all of them.

use super::{
    Effect, Rooms, Turn,
    acts::Answer,
    breakouts::Breakouts,
    effects::Effects,
    meeting::{Meeting, Outcome},
    roster::{Member, Socket},
};
use crate::engine::{api::Event, space::Space};
use wire::{
    Code, Refusal, UnixMs,
    control::Fact,
    grant::Act,
    id::*,
    limits::HELP_EVERY_S,
    signal::{BreakoutNumber, Breakouts as Told, HelpCall, ServerMessage},
};

impl Meeting {
    /// Where this member's media goes round.
    pub fn space_of(&self, member: &Member) -> Space {
        Space { meeting: self.id, breakout: member.breakout }
    }

    pub fn breakouts_for(&self, member: &Member) -> Option<Told> {
        self.breakouts.as_ref().map(|it| it.for_person(member.grant.sub, member.acts.contains(&Act::Chair)))
    }

    fn breakout_name(&self, of: Option<BreakoutNumber>) -> Option<String> {
        self.breakouts.as_ref().and_then(|it| it.name(of?)).map(str::to_owned)
    }

    /// In which room this is said, by its name.
    pub fn said_in(&self, member: &Member) -> Option<String> {
        self.breakout_name(member.breakout)
    }

    /// Somebody who came stands straight in a breakout room.
    pub fn tell_went_to(&self, member: &Member, effects: &mut Effects) {
        if let Some(breakout) = self.breakout_name(member.breakout) {
            effects.fact(self.id, Fact::WentTo { session: member.session, person: member.grant.sub, breakout: Some(breakout) });
        }
    }

    /// Each to where they are sent; who is there already stays. Answers with those who moved, who are yet to be told the state of their room.
    pub fn move_all(
        &mut self,
        moves: Vec<(SessionId, Option<BreakoutNumber>)>,
        by_chair: bool,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Vec<SessionId> {
        let mut moved = Vec::new();
        for (session, to) in moves {
            let name = self.breakout_name(to);
            let Some(member) = self.roster.get_mut(&session) else { continue };
            let person = member.grant.sub;
            if let Some(rooms) = &mut self.breakouts {
                rooms.note(person, to, by_chair);
            }
            if member.breakout == to {
                continue;
            }
            member.leave_for(to);
            effects.push(Effect::MovePeer { session, to: Space { meeting: self.id, breakout: to } });
            effects.event(Event::Placed { session, breakout: to });
            effects.fact(self.id, Fact::WentTo { session, person, breakout: name });
            moved.push(session);
        }
        for session in &moved {
            self.speakers.values_mut().for_each(|it| it.retain(|speaker| speaker != session));
        }
        // The floor is the main room's: whoever goes elsewhere gives it back, and is not bound by it there.
        if self.floor.as_ref().and_then(|it| it.holder).is_some_and(|it| moved.contains(&it)) {
            self.free_floor(now_ms, effects);
        }
        let bounds = self.bounds();
        for session in &moved {
            let Some(member) = self.roster.get_mut(session) else { continue };
            let acts = member.rebind(&bounds).then(|| member.acts.clone());
            if let Some(acts) = acts {
                self.tell_acts(effects, *session, acts);
            }
            self.forward(effects, *session);
        }
        self.tell_changed_all(effects, &moved);
        moved
    }

    /// The chairs see who needs them, and where. A room is heard once a minute.
    pub fn call_for_help(&mut self, by: SessionId, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let member = self.asker(by)?;
        let (name, from) = (member.grant.name.clone(), member.breakout);
        let closed = || Refusal::new(Code::BreakoutsClosed);
        let (rooms, from): (&mut Breakouts, _) = self.breakouts.as_mut().zip(from).ok_or_else(closed)?;
        if let Some(before) = rooms.called_at_ms.get(&from) {
            let wait_ms = before.saturating_add_ms(HELP_EVERY_S * 1000).saturating_since_ms(now_ms);
            if wait_ms > 0 {
                return Err(Refusal::new(Code::RateLimited).with("retry_after_s", wait_ms.saturating_add(999) / 1000));
            }
        }
        rooms.call(from, HelpCall { session: by, name, at_ms: now_ms });
        for chair in self.attached().filter(|it| it.acts.contains(&Act::Chair)) {
            effects.message(chair.session, ServerMessage::Breakouts { breakouts: self.breakouts_for(chair), now_ms });
        }
        Ok(Outcome::default())
    }
}

impl Rooms {
    /// Everything as it is seen from the room in which each of them stands now.
    pub(super) fn tell_moved(&mut self, room: MeetingId, moved: &[SessionId], turn: Turn) {
        let Some(meeting) = self.meetings.get(&room) else { return };
        let waiting = self.lobbies.listed(room);
        for member in moved.iter().filter_map(|it| meeting.roster.get(it)).filter(|it| it.socket == Socket::Attached) {
            let state = Box::new(meeting.state_for(member, waiting.clone(), turn.now_ms));
            self.effects.message(member.session, ServerMessage::Moved { state });
        }
    }

    /// When the rooms' time is nearly over, and when it is.
    pub(super) fn schedule_breakouts(&mut self, room: MeetingId) {
        match self.meetings.get(&room).and_then(|it| it.breakouts.as_ref()?.due_at_ms()) {
            Some(at) => self.breakouts.set(room, self.clock.instant_of(at)),
            None => self.breakouts.cancel(room),
        }
    }

    pub(super) fn breakouts_due(&mut self, room: MeetingId, turn: Turn) {
        let Some(outcome) = self.meetings.get_mut(&room).and_then(|it| it.breakouts_due(turn.now_ms, &mut self.effects)) else {
            return self.schedule_breakouts(room);
        };
        for command in outcome.remember {
            self.remember(command, turn);
        }
        self.tell_moved(room, &outcome.moved, turn);
    }
}

/// Whether rooms that were open when nobody was left are open still.
pub fn still_open(breakouts: Option<wire::signal::BreakoutOrder>, now_ms: UnixMs) -> Option<Breakouts> {
    breakouts.filter(|it| it.ends_at_ms.is_none_or(|ends| ends > now_ms)).map(Breakouts::new)
}
