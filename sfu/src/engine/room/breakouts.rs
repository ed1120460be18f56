//! Breakout rooms: opened by a chair, closed by a chair or by time, and who may go where. How somebody gets from one to another stands in
//! `moving`.

use super::{
    acts::Answer,
    effects::Effects,
    meeting::{Meeting, Outcome},
};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Code, Refusal, UnixMs,
    control::Fact,
    grant::Act,
    id::*,
    limits::{
        BREAKOUT_NAME_BYTES_MAX, BREAKOUT_SECONDS_MAX, BREAKOUT_SECONDS_MIN, BREAKOUT_WARNING_S, BREAKOUTS_MAX, ROOM_PARTICIPANTS_MAX,
    },
    signal::{BreakoutNumber, BreakoutOrder, BreakoutPlan, BreakoutRoom, Breakouts as Told, HelpCall, ServerMessage},
};

/// People of one meeting whose place is remembered: those inside, and as many who left.
const PLACES_MAX: usize = 2 * ROOM_PARTICIPANTS_MAX;

/// Where a person is to be found, and comes back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// By a chair's word.
    pub placed: Option<BreakoutNumber>,
    pub at: Option<BreakoutNumber>,
}

/// The rooms that are open.
#[derive(Debug)]
pub struct Breakouts {
    order: BreakoutOrder,
    /// Each room's call for help, until a chair comes.
    help: BTreeMap<BreakoutNumber, HelpCall>,
    /// When a call last came from each room, answered or not.
    pub called_at_ms: BTreeMap<BreakoutNumber, UnixMs>,
    places: BTreeMap<PersonId, Place>,
    warned: bool,
}

impl Breakouts {
    pub fn new(order: BreakoutOrder) -> Self {
        Self { order, help: BTreeMap::new(), called_at_ms: BTreeMap::new(), places: BTreeMap::new(), warned: false }
    }

    pub fn order(&self) -> &BreakoutOrder {
        &self.order
    }

    pub fn name(&self, of: BreakoutNumber) -> Option<&str> {
        self.order.names.get(usize::from(of.0).checked_sub(1)?).map(String::as_str)
    }

    /// Where somebody who comes belongs: by the ticket of a stay before, or where they stood when they left.
    pub fn landing(&self, person: PersonId, ticket: Option<BreakoutNumber>) -> Option<BreakoutNumber> {
        ticket.or_else(|| self.places.get(&person)?.at).filter(|it| self.name(*it).is_some())
    }

    pub fn placed(&self, person: PersonId) -> Option<BreakoutNumber> {
        self.places.get(&person).and_then(|it| it.placed)
    }

    /// Notes where a person stands; `by_chair`: and belongs.
    pub fn note(&mut self, person: PersonId, at: Option<BreakoutNumber>, by_chair: bool) {
        let full = self.places.len() >= PLACES_MAX && !self.places.contains_key(&person);
        if full {
            return;
        }
        let place = self.places.entry(person).or_default();
        place.at = at;
        if by_chair {
            place.placed = at;
        }
    }

    pub fn call(&mut self, from: BreakoutNumber, call: HelpCall) {
        self.called_at_ms.insert(from, call.at_ms);
        self.help.insert(from, call);
    }

    /// A chair came. True where somebody had called.
    pub fn answer(&mut self, in_room: BreakoutNumber) -> bool {
        self.help.remove(&in_room).is_some()
    }

    /// As this person is told of them.
    pub fn for_person(&self, person: PersonId, chairs: bool) -> Told {
        let room = |(at, name): (usize, &String)| {
            let number = BreakoutNumber(u8::try_from(at + 1).unwrap_or(u8::MAX));
            BreakoutRoom { number, name: name.clone(), help: self.help.get(&number).filter(|_| chairs).cloned() }
        };
        Told {
            rooms: self.order.names.iter().enumerate().map(room).collect(),
            choose: self.order.choose,
            may_return: self.order.may_return,
            ends_at_ms: self.order.ends_at_ms,
            placed: self.placed(person),
        }
    }

    /// When time alone does something next: the warning, then the end.
    pub fn due_at_ms(&self) -> Option<UnixMs> {
        let ends = self.order.ends_at_ms?;
        Some(if self.warned { ends } else { ends.saturating_add_ms(-BREAKOUT_WARNING_S * 1000) })
    }

    /// Whether this person may go there by their own wish.
    fn permits(&self, person: PersonId, to: Option<BreakoutNumber>) -> Result<(), Refusal> {
        let permitted = match to {
            Some(to) if self.name(to).is_none() => return Err(Refusal::new(Code::BreakoutsClosed)),
            Some(to) => self.order.choose || (self.order.may_return && self.placed(person) == Some(to)),
            None => self.order.may_return,
        };
        if permitted { Ok(()) } else { Err(Refusal::new(Code::BreakoutAssigned)) }
    }
}

/// What a chair asks to be opened.
pub struct Opening {
    pub rooms: Vec<BreakoutPlan>,
    pub choose: bool,
    pub may_return: bool,
    pub seconds: Option<u16>,
}

impl Opening {
    /// The names as they are shown.
    fn checked(&self) -> Result<Vec<String>, Refusal> {
        let unusable = |field| {
            Refusal::new(Code::BreakoutUnusable)
                .with("field", field)
                .with("rooms_max", BREAKOUTS_MAX)
                .with("bytes_max", BREAKOUT_NAME_BYTES_MAX)
        };
        if !(1..=BREAKOUTS_MAX).contains(&self.rooms.len()) {
            return Err(unusable("rooms"));
        }
        let names: Vec<_> = self.rooms.iter().map(|it| it.name.trim().to_owned()).collect();
        let usable = |name: &String| !name.is_empty() && name.len() <= BREAKOUT_NAME_BYTES_MAX && !name.chars().any(hidden);
        if !names.iter().all(usable) || names.iter().collect::<BTreeSet<_>>().len() != names.len() {
            return Err(unusable("name"));
        }
        let mut people = BTreeSet::new();
        if !self.rooms.iter().flat_map(|it| &it.sessions).all(|session| people.insert(*session)) {
            return Err(unusable("sessions"));
        }
        if self.seconds.is_some_and(|it| !(BREAKOUT_SECONDS_MIN..=BREAKOUT_SECONDS_MAX).contains(&it)) {
            return Err(bounds_of("seconds", BREAKOUT_SECONDS_MIN));
        }
        Ok(names)
    }
}

/// Not seen, or turning the order of what follows (Unicode TR 36, section 3.1).
pub fn hidden(it: char) -> bool {
    it.is_control() || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn bounds_of(field: &'static str, min: u16) -> Refusal {
    Refusal::new(Code::SignalMalformed).with("field", field).with("seconds_min", min).with("seconds_max", BREAKOUT_SECONDS_MAX)
}

impl Meeting {
    pub fn open_breakouts(&mut self, by: SessionId, opening: Opening, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::Chair)?.grant.sub;
        if self.breakouts.is_some() {
            return Err(Refusal::new(Code::BreakoutsOpen));
        }
        let names = opening.checked()?;
        let ends_at_ms = opening.seconds.map(|it| now_ms.saturating_add_ms(i64::from(it) * 1000));
        let order = BreakoutOrder { names: names.clone(), choose: opening.choose, may_return: opening.may_return, ends_at_ms };
        self.breakouts = Some(Breakouts::new(order));
        effects.fact(self.id, Fact::BreakoutsOpened { by, names });
        // Somebody who left while it was being planned is not missed.
        let rooms = (1..).map(BreakoutNumber).zip(opening.rooms);
        let moves: Vec<_> = rooms.flat_map(|(number, room)| room.sessions.into_iter().map(move |it| (it, Some(number)))).collect();
        let moved = self.move_all(moves, true, now_ms, effects);
        self.tell_breakouts(now_ms, effects);
        Ok(Outcome { moved, ..self.keep_order(now_ms) })
    }

    pub fn move_to(
        &mut self,
        by: SessionId,
        sessions: Vec<SessionId>,
        to: Option<BreakoutNumber>,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Answer {
        self.permit(by, Act::Chair)?;
        let rooms = self.breakouts.as_ref().ok_or_else(|| Refusal::new(Code::BreakoutsClosed))?;
        if to.is_some_and(|it| rooms.name(it).is_none()) {
            return Err(Refusal::new(Code::BreakoutsClosed));
        }
        if sessions.len() > ROOM_PARTICIPANTS_MAX {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "sessions"));
        }
        for session in &sessions {
            self.asker(*session)?;
        }
        let moved = self.move_all(sessions.into_iter().map(|it| (it, to)).collect(), true, now_ms, effects);
        if !moved.is_empty() {
            self.tell_breakouts(now_ms, effects);
        }
        Ok(Outcome { moved, ..Outcome::default() })
    }

    /// By one's own wish. A chair's coming answers the call for help.
    pub fn enter_breakout(&mut self, session: SessionId, to: Option<BreakoutNumber>, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let member = self.asker(session)?;
        let (person, chairs) = (member.grant.sub, member.acts.contains(&Act::Chair));
        let rooms = self.breakouts.as_mut().ok_or_else(|| Refusal::new(Code::BreakoutsClosed))?;
        match to {
            Some(to) if chairs && rooms.name(to).is_none() => return Err(Refusal::new(Code::BreakoutsClosed)),
            _ if chairs => {}
            to => rooms.permits(person, to)?,
        }
        let answered = chairs && to.is_some_and(|it| rooms.answer(it));
        let moved = self.move_all(vec![(session, to)], false, now_ms, effects);
        if answered {
            self.tell_breakouts(now_ms, effects);
        }
        Ok(Outcome { moved, ..Outcome::default() })
    }

    pub fn close_breakouts(&mut self, by: SessionId, after_s: u16, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::Chair)?.grant.sub;
        if after_s > BREAKOUT_SECONDS_MAX {
            return Err(bounds_of("after_s", 0));
        }
        let rooms = self.breakouts.as_mut().ok_or_else(|| Refusal::new(Code::BreakoutsClosed))?;
        if after_s > 0 {
            rooms.order.ends_at_ms = Some(now_ms.saturating_add_ms(i64::from(after_s) * 1000));
            rooms.warned = false;
            self.tell_breakouts(now_ms, effects);
            return Ok(self.keep_order(now_ms));
        }
        let moved = self.return_all(Some(by), now_ms, effects);
        Ok(Outcome { moved, ..self.keep_order(now_ms) })
    }

    /// What time does: first the warning, then the end. Answers with those who came back.
    pub fn breakouts_due(&mut self, now_ms: UnixMs, effects: &mut Effects) -> Option<Outcome> {
        let rooms = self.breakouts.as_mut()?;
        let ends_at_ms = rooms.order.ends_at_ms?;
        if now_ms >= ends_at_ms {
            let moved = self.return_all(None, now_ms, effects);
            return Some(Outcome { moved, ..self.keep_order(now_ms) });
        }
        if !rooms.warned && rooms.due_at_ms().is_some_and(|at| now_ms >= at) {
            rooms.warned = true;
            self.tell_all(effects, &ServerMessage::BreakoutsEnding { ends_at_ms, now_ms });
        }
        None
    }

    fn return_all(&mut self, by: Option<PersonId>, now_ms: UnixMs, effects: &mut Effects) -> Vec<SessionId> {
        let everyone = self.roster.keys().map(|session| (*session, None)).collect();
        let moved = self.move_all(everyone, false, now_ms, effects);
        self.breakouts = None;
        // The next rooms bear the same numbers, and what was said in these is not for them.
        self.chat.forget_breakouts();
        effects.fact(self.id, Fact::BreakoutsClosed { by });
        self.tell_breakouts(now_ms, effects);
        moved
    }

    /// Each is told of the rooms as they see them.
    pub fn tell_breakouts(&self, now_ms: UnixMs, effects: &mut Effects) {
        for member in self.attached() {
            effects.message(member.session, ServerMessage::Breakouts { breakouts: self.breakouts_for(member), now_ms });
        }
    }
}
