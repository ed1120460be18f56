//! Who must be sent what, so that every calendar shows what is: pure.
//!
//! What each person was sent last is the ledger. A plan compares it with who is listed now and with what the event says now. CANCEL goes to
//! exactly those whose last message was a REQUEST and who are listed no more, because nothing else can be read from the ledger.

use super::writer::Method;
use std::collections::{BTreeMap, BTreeSet};
use wire::id::PersonId;

/// What somebody was sent last about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub method: Method,
    pub sequence: u32,
    /// Of what the event said.
    pub fingerprint: String,
}

/// What somebody is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub person: PersonId,
    pub kind: Kind,
    pub sequence: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Invite,
    /// A REQUEST to somebody who has had one.
    Change,
    Cancel,
}

impl Kind {
    pub const fn method(self) -> Method {
        match self {
            Self::Invite | Self::Change => Method::Request,
            Self::Cancel => Method::Cancel,
        }
    }
}

/// The messages that bring everyone up to date. The sequence grows where anybody who was sent something is sent something else, and no
/// person ever sees it go back.
pub fn plan(ledger: &BTreeMap<PersonId, Held>, listed: &BTreeSet<PersonId>, fingerprint: &str) -> Vec<Message> {
    let kinds: Vec<(PersonId, Kind)> = ledger
        .keys()
        .chain(listed)
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter_map(|person| {
            let kind = match (ledger.get(&person), listed.contains(&person)) {
                (None, true) => Kind::Invite,
                (Some(held), true) if held.method == Method::Cancel => Kind::Invite,
                (Some(held), true) if held.fingerprint != fingerprint => Kind::Change,
                (Some(held), false) if held.method == Method::Request => Kind::Cancel,
                (Some(_), _) | (None, false) => return None,
            };
            Some((person, kind))
        })
        .collect();
    let last = ledger.values().map(|it| it.sequence).max();
    let again = kinds.iter().any(|(person, _)| ledger.contains_key(person));
    let sequence = last.unwrap_or(0).saturating_add(u32::from(again));
    kinds.into_iter().map(|(person, kind)| Message { person, kind, sequence }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(n: u128) -> PersonId {
        PersonId(uuid::Uuid::from_u128(n))
    }

    /// What lists and events may do.
    #[derive(Clone, Debug)]
    enum Step {
        List(u128),
        Unlist(u128),
        Change,
        Cancel,
        Restore,
        /// The same again: nothing may happen.
        Nothing,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u128..5).prop_map(Step::List),
            (0u128..5).prop_map(Step::Unlist),
            Just(Step::Change),
            Just(Step::Cancel),
            Just(Step::Restore),
            Just(Step::Nothing),
        ]
    }

    proptest! {
        #[test]
        fn every_calendar_shows_what_is(steps in proptest::collection::vec(step(), 0..60)) {
            let (mut ledger, mut members, mut stands, mut version) = (BTreeMap::new(), BTreeSet::new(), true, 0);
            // What each person's calendar shows: the version, where it shows the event at all.
            let mut calendars: BTreeMap<PersonId, (u32, Option<u32>)> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::List(n) => { members.insert(person(n)); }
                    Step::Unlist(n) => { members.remove(&person(n)); }
                    Step::Change => version += 1,
                    Step::Cancel => stands = false,
                    Step::Restore => stands = true,
                    Step::Nothing => {}
                }
                let listed: BTreeSet<PersonId> = if stands { members.clone() } else { BTreeSet::new() };
                let fingerprint = version.to_string();
                for message in plan(&ledger, &listed, &fingerprint) {
                    let shown = calendars.get(&message.person).copied();
                    if message.kind == Kind::Cancel {
                        prop_assert!(shown.is_some_and(|it| it.1.is_some()), "CANCEL to somebody without a REQUEST");
                    }
                    if let Some((sequence, _)) = shown {
                        prop_assert!(message.sequence > sequence, "a calendar would not notice");
                    }
                    calendars.insert(message.person, (message.sequence, (message.kind != Kind::Cancel).then_some(version)));
                    let held = Held { method: message.kind.method(), sequence: message.sequence, fingerprint: fingerprint.clone() };
                    ledger.insert(message.person, held);
                }
                let showing: BTreeSet<PersonId> = calendars.iter().filter(|it| it.1.1.is_some()).map(|it| *it.0).collect();
                prop_assert_eq!(&showing, &listed);
                prop_assert!(calendars.values().all(|it| it.1.is_none_or(|shown| shown == version)));
                prop_assert!(plan(&ledger, &listed, &fingerprint).is_empty(), "told again although nothing changed");
            }
        }
    }

    #[test]
    fn who_is_new_gets_the_sequence_of_the_others() {
        let held = |sequence| Held { method: Method::Request, sequence, fingerprint: "a".into() };
        let ledger = BTreeMap::from([(person(1), held(4))]);
        let listed = BTreeSet::from([person(1), person(2)]);
        assert_eq!(plan(&ledger, &listed, "a"), [Message { person: person(2), kind: Kind::Invite, sequence: 4 }]);
        let changed = plan(&ledger, &listed, "b");
        assert!(changed.iter().all(|it| it.sequence == 5) && changed.len() == 2);
    }
}
