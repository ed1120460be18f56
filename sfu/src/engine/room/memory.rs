//! What must be known of a meeting when nobody is in it: voided grants, removed people, the highest classification it had, and the
//! sessions that may not come back.

use super::door::DoorBook;
use std::collections::{BTreeMap, HashMap};
use wire::{
    Classification, UnixMs,
    control::Command,
    grant::{Act, Role},
    id::*,
    limits,
    signal::{LeaveReason, Order},
};

/// Longer than any booked window, counted from the last thing that was noted.
const MEMORY_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// Meetings of a day on one shard of which something is noted. Beyond it the one nearest to being forgotten goes: its grants and
/// tickets are long out of date.
const MEETINGS_MAX: usize = 4096;
/// People of one meeting of whom something is noted; beyond it the eldest goes, for the same reason.
const PEOPLE_MAX: usize = 2 * limits::ROOM_PARTICIPANTS_MAX;
/// Sessions that ended within the life of a ticket: a full turnover of twenty full rooms in two minutes.
const TOMBSTONES_MAX: usize = 20 * limits::ROOM_PARTICIPANTS_MAX;

#[derive(Debug)]
pub struct Memory {
    /// Grants below it are void.
    pub epoch_min: u32,
    /// Why, in the words that those who are kept out are told.
    pub ended_by: LeaveReason,
    /// Seconds: until when the window was extended, whatever a grant says.
    pub closes_at: Option<i64>,
    /// CLASS-6
    pub classification_min: Classification,
    /// What was decided about the meeting as a whole, and when.
    order: Option<(UnixMs, Order)>,
    pub book: DoorBook,
    people: BTreeMap<PersonId, Person>,
    forget_at_ms: UnixMs,
}

#[derive(Clone, Debug)]
pub struct Person {
    /// Grants issued before it (seconds) are void.
    pub not_before: i64,
    /// The host removed the person: no grant opens the meeting to them.
    pub banned: bool,
    /// What the control plane made of the person's grant, for grants issued up to that second.
    pub replaced: Option<Replaced>,
    noted_at_ms: UnixMs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub at: i64,
    pub role: Role,
    pub acts: std::collections::BTreeSet<Act>,
}

impl Memory {
    fn new() -> Self {
        Self {
            epoch_min: 0,
            ended_by: LeaveReason::Revoked,
            closes_at: None,
            classification_min: Classification::Terbuka,
            order: None,
            book: DoorBook::default(),
            people: BTreeMap::new(),
            forget_at_ms: UnixMs(0),
        }
    }

    pub fn order(&self) -> Option<&Order> {
        self.order.as_ref().map(|(_, order)| order)
    }

    pub fn person(&self, person: PersonId) -> Option<&Person> {
        self.people.get(&person)
    }

    fn person_mut(&mut self, person: PersonId, now_ms: UnixMs) -> &mut Person {
        if self.people.len() >= PEOPLE_MAX
            && !self.people.contains_key(&person)
            && let Some(eldest) = self.people.iter().min_by_key(|(_, it)| it.noted_at_ms).map(|(id, _)| *id)
        {
            self.people.remove(&eldest);
        }
        let entry =
            self.people.entry(person).or_insert(Person { not_before: i64::MIN, banned: false, replaced: None, noted_at_ms: now_ms });
        entry.noted_at_ms = now_ms;
        entry
    }
}

#[derive(Debug, Default)]
pub struct Memories {
    meetings: HashMap<MeetingId, Memory>,
    /// Until when (wall clock) a session that is over may not be resumed.
    tombstones: HashMap<SessionId, UnixMs>,
}

impl Memories {
    pub fn of(&self, room: MeetingId) -> Option<&Memory> {
        self.meetings.get(&room)
    }

    /// Notes what a command decides for the future.
    pub fn note(&mut self, command: &Command, now_ms: UnixMs) {
        let memory = self.meeting(command.room(), now_ms);
        match command {
            Command::EndRoom { epoch, reason, .. } => {
                if *epoch > memory.epoch_min {
                    memory.epoch_min = *epoch;
                    memory.ended_by = *reason;
                }
            }
            Command::RemovePerson { person, not_before, reason, .. } => {
                match reason {
                    LeaveReason::SentBack => memory.book.send_back(*person),
                    _ => memory.book.forget(*person),
                }
                let person = memory.person_mut(*person, now_ms);
                person.not_before = person.not_before.max(*not_before);
                person.banned |= *reason == LeaveReason::Removed;
            }
            Command::ReadmitPerson { person, .. } => memory.person_mut(*person, now_ms).banned = false,
            Command::KeepOrder { at_ms, order, .. } => {
                if memory.order.as_ref().is_none_or(|(since, _)| since <= at_ms) {
                    memory.order = Some((*at_ms, order.clone()));
                }
            }
            Command::ReplaceGrant { person, role, acts, .. } => {
                memory.person_mut(*person, now_ms).replaced = Some(Replaced { at: now_ms.seconds(), role: *role, acts: acts.clone() });
            }
            Command::ExtendRoom { closes_at, .. } => memory.closes_at = memory.closes_at.max(Some(*closes_at)),
            Command::RaiseClassification { to, .. } => memory.classification_min = memory.classification_min.max(*to),
        }
    }

    /// Who was let in and who was turned away.
    pub fn book(&mut self, room: MeetingId, now_ms: UnixMs) -> &mut DoorBook {
        &mut self.meeting(room, now_ms).book
    }

    fn meeting(&mut self, room: MeetingId, now_ms: UnixMs) -> &mut Memory {
        if self.meetings.len() >= MEETINGS_MAX && !self.meetings.contains_key(&room) {
            self.meetings.retain(|_, it| it.forget_at_ms > now_ms);
            if self.meetings.len() >= MEETINGS_MAX
                && let Some(next) = self.meetings.iter().min_by_key(|(_, it)| it.forget_at_ms).map(|(id, _)| *id)
            {
                self.meetings.remove(&next);
            }
        }
        let memory = self.meetings.entry(room).or_insert_with(Memory::new);
        memory.forget_at_ms = memory.forget_at_ms.max(now_ms.saturating_add_ms(MEMORY_LIFE_MS));
        memory
    }

    /// The session is over for good: a ticket of its, still in date, opens nothing.
    pub fn bury(&mut self, session: SessionId, now_ms: UnixMs) {
        if self.tombstones.len() >= TOMBSTONES_MAX {
            self.tombstones.retain(|_, until| *until > now_ms);
        }
        if self.tombstones.len() >= TOMBSTONES_MAX
            && let Some(next) = self.tombstones.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
        {
            self.tombstones.remove(&next);
        }
        self.tombstones.insert(session, now_ms.saturating_add_ms((limits::TICKET_LIFE_S + limits::CLOCK_LEEWAY_S) * 1000));
    }

    pub fn is_buried(&self, session: SessionId, now_ms: UnixMs) -> bool {
        self.tombstones.get(&session).is_some_and(|until| *until > now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise(room: MeetingId, to: Classification) -> Command {
        Command::RaiseClassification { room, to }
    }

    #[test]
    fn what_is_noted_only_grows_stricter() {
        let (room, person) = (MeetingId::fresh(), PersonId::fresh());
        let mut memories = Memories::default();
        for (to, min) in [(Classification::Sulit, Classification::Sulit), (Classification::Terbuka, Classification::Sulit)] {
            memories.note(&raise(room, to), UnixMs(1000));
            assert_eq!(memories.of(room).unwrap().classification_min, min);
        }
        for (not_before, kept) in [(50, 50), (20, 50), (60, 60)] {
            memories.note(&Command::RemovePerson { room, person, not_before, reason: LeaveReason::Removed }, UnixMs(1000));
            assert_eq!(memories.of(room).unwrap().person(person).unwrap().not_before, kept);
        }
        for (epoch, reason, kept) in [
            (3, LeaveReason::Revoked, LeaveReason::Revoked),
            (2, LeaveReason::MeetingEnded, LeaveReason::Revoked),
            (4, LeaveReason::MeetingEnded, LeaveReason::MeetingEnded),
        ] {
            memories.note(&Command::EndRoom { room, epoch, reason }, UnixMs(1000));
            assert_eq!(memories.of(room).unwrap().ended_by, kept);
        }
        assert_eq!(memories.of(room).unwrap().epoch_min, 4);
    }

    #[test]
    fn the_bounds_hold_and_the_eldest_goes_first() {
        let mut memories = Memories::default();
        let rooms: Vec<_> = (0..MEETINGS_MAX + 3).map(|_| MeetingId::fresh()).collect();
        for (at, room) in rooms.iter().enumerate() {
            memories.note(&raise(*room, Classification::Sulit), UnixMs(at as i64));
        }
        assert_eq!(memories.meetings.len(), MEETINGS_MAX);
        assert!(memories.of(rooms[2]).is_none() && memories.of(rooms[3]).is_some());

        let people: Vec<_> = (0..PEOPLE_MAX + 1).map(|_| PersonId::fresh()).collect();
        for (at, person) in people.iter().enumerate() {
            memories.note(
                &Command::RemovePerson { room: rooms[9], person: *person, not_before: 1, reason: LeaveReason::Removed },
                UnixMs(at as i64),
            );
        }
        let memory = memories.of(rooms[9]).unwrap();
        assert_eq!(memory.people.len(), PEOPLE_MAX);
        assert!(memory.person(people[0]).is_none() && memory.person(people[1]).is_some());
    }

    #[test]
    fn a_buried_session_is_forgotten_when_no_ticket_of_its_can_be_in_date() {
        let (session, mut memories) = (SessionId::fresh(), Memories::default());
        memories.bury(session, UnixMs(0));
        assert!(memories.is_buried(session, UnixMs(124_999)));
        assert!(!memories.is_buried(session, UnixMs(125_000)));
        for at in 0..TOMBSTONES_MAX + 10 {
            memories.bury(SessionId::fresh(), UnixMs(at as i64));
        }
        assert!(memories.tombstones.len() <= TOMBSTONES_MAX);
    }
}
