//! What happened, numbered, and kept until the control plane has stored it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use wire::{
    UnixMs,
    control::{Fact, NumberedFact},
    id::{MeetingId, NodeId},
};

/// Facts that wait: a busy node's day without its control plane, some 10 MB. Beyond it comings and goings are given up first, the eldest
/// first; what was decided or refused stays.
const FACTS_MAX: usize = 20_000;
/// One frame: well below what the control plane takes.
const BATCH_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 256 * 1024;

pub struct FactLog {
    pub node: NodeId,
    pub incarnation: uuid::Uuid,
    waiting: Mutex<Waiting>,
    /// Told at each new fact and each one stored.
    pub changed: Notify,
}

#[derive(Default)]
struct Waiting {
    last: i64,
    facts: VecDeque<NumberedFact>,
}

impl FactLog {
    pub fn new(node: NodeId) -> Self {
        Self { node, incarnation: uuid::Uuid::now_v7(), waiting: Mutex::default(), changed: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, room: MeetingId, fact: Fact, at_ms: UnixMs) {
        let mut waiting = self.waiting();
        if waiting.facts.len() >= FACTS_MAX {
            let eldest = waiting.facts.iter().position(|it| is_presence(&it.fact)).unwrap_or(0);
            waiting.facts.remove(eldest);
            metrics::counter!("control_facts_lost_total").increment(1);
        }
        waiting.last += 1;
        let number = waiting.last;
        waiting.facts.push_back(NumberedFact { node: self.node, incarnation: self.incarnation, number, at_ms, room, fact });
        drop(waiting);
        self.changed.notify_one();
    }

    /// The next facts after `number`, as many as go into one frame.
    pub fn after(&self, number: i64) -> Vec<NumberedFact> {
        let mut bytes = 0;
        let waiting = self.waiting();
        let fresh = waiting.facts.iter().filter(|it| it.number > number).take(BATCH_MAX);
        fresh
            .take_while(|it| {
                let first = bytes == 0;
                bytes += serde_json::to_vec(it).map_or(0, |text| text.len());
                first || bytes <= BATCH_BYTES_MAX
            })
            .cloned()
            .collect()
    }

    pub fn stored(&self, number: i64) {
        let mut waiting = self.waiting();
        while waiting.facts.front().is_some_and(|it| it.number <= number) {
            waiting.facts.pop_front();
        }
        drop(waiting);
        self.changed.notify_one();
    }

    pub fn len(&self) -> usize {
        self.waiting().facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

const fn is_presence(fact: &Fact) -> bool {
    matches!(fact, Fact::Joined { .. } | Fact::Left { .. } | Fact::RoomOpened { .. } | Fact::RoomClosed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Classification, Rule, id::PersonId};

    fn refused() -> Fact {
        Fact::RecordingRefused { person: PersonId::fresh(), rule: Rule::Class3, classification: Classification::Sulit }
    }

    fn numbers(facts: &[NumberedFact]) -> Vec<i64> {
        facts.iter().map(|it| it.number).collect()
    }

    #[test]
    fn facts_wait_until_they_are_stored_and_are_said_again_until_then() {
        let (log, room) = (FactLog::new(NodeId::fresh()), MeetingId::fresh());
        for _ in 0..4 {
            log.push(room, Fact::RoomClosed, UnixMs(1));
        }
        assert_eq!(numbers(&log.after(0)), [1, 2, 3, 4]);
        assert_eq!(numbers(&log.after(3)), [4]);
        log.stored(2);
        assert_eq!(numbers(&log.after(0)), [3, 4]);
        log.stored(9);
        assert!(log.is_empty());
        log.push(room, Fact::RoomClosed, UnixMs(1));
        assert_eq!(numbers(&log.after(0)), [5]);
    }

    #[test]
    fn without_a_control_plane_what_was_decided_outlasts_comings_and_goings() {
        let (log, room) = (FactLog::new(NodeId::fresh()), MeetingId::fresh());
        log.push(room, refused(), UnixMs(1));
        for _ in 0..FACTS_MAX + 10 {
            log.push(room, Fact::RoomClosed, UnixMs(1));
        }
        assert_eq!(log.len(), FACTS_MAX);
        assert_eq!(numbers(&log.after(0))[..2], [1, 13]);
        assert_eq!(log.after(0).len(), BATCH_MAX);
    }
}
