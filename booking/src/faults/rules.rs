//! Who may see a fault, who may do what about it, and where that leaves it.

use super::{
    Event, EventKind, FaultState, Severity,
    clock::{Sla, SlaState, Turn},
    store::Stored,
};
use crate::reservations::view;
use identity::{Actor, PersonRole};
use kernel::clock::{DAY_MINUTES, MALAYSIA, civil_date, instant};
use wire::{
    UnixMs,
    id::{PersonId, SiteId},
};

/// Whoever reported a fault may say that it is back within this time after it was mended.
const REOPENED_WITHIN_MS: i64 = 7 * 24 * 3_600_000;

/// Whether the person is answerable for the room: its facilitator, or the central agency's approver.
pub fn keeps(actor: &Actor, site: SiteId) -> bool {
    actor.facilitates(site) || view::approves(actor)
}

pub fn sees(it: &Stored, actor: &Actor) -> bool {
    keeps(actor, it.site) || actor.has(PersonRole::Auditor) || it.reported_by == Some(actor.person) || it.assigned_to == Some(actor.person)
}

/// What this person may do about it now.
pub fn may(it: &Stored, actor: &Actor, now: UnixMs) -> Vec<EventKind> {
    use EventKind::{Assign, Close, Comment, Mend, Reopen, Resume, Start, Wait};
    let (keeper, assignee) = (keeps(actor, it.site), it.assigned_to == Some(actor.person));
    let mut may: Vec<EventKind> = [Assign, EventKind::Severity, Start, Wait, Resume, Mend, Close, Reopen, Comment]
        .into_iter()
        .filter(|act| next(it.state, *act, it.assigned_to).is_some())
        .filter(|act| match act {
            Comment => keeper || assignee || it.reported_by == Some(actor.person),
            Start | Wait | Resume | Mend => keeper || assignee,
            Reopen => keeper || (it.reported_by == Some(actor.person) && now.0 <= it.changed_at.0.saturating_add(REOPENED_WITHIN_MS)),
            _ => keeper,
        })
        .collect();
    may.dedup();
    may
}

/// Where the act leads from that state; nothing where it does not fit there.
pub const fn next(from: FaultState, act: EventKind, assigned_to: Option<PersonId>) -> Option<FaultState> {
    use FaultState::{Assigned, Closed, InWork, Mended, Open, Waiting};
    Some(match (act, from) {
        (EventKind::Assign, Open | Assigned) => Assigned,
        (EventKind::Assign | EventKind::Severity, InWork) => InWork,
        (EventKind::Assign | EventKind::Severity, Waiting) => Waiting,
        (EventKind::Severity, Open) => Open,
        (EventKind::Severity, Assigned) => Assigned,
        (EventKind::Start, Open | Assigned) | (EventKind::Resume, Waiting) => InWork,
        (EventKind::Wait, Open | Assigned | InWork) => Waiting,
        (EventKind::Mend, Open | Assigned | InWork | Waiting) => Mended,
        (EventKind::Close, Mended) => Closed,
        (EventKind::Reopen, Mended | Closed) => match assigned_to {
            Some(_) => Assigned,
            None => Open,
        },
        (EventKind::Comment, same) => same,
        _ => return None,
    })
}

/// Whether the room cannot be used while the fault is open.
pub const fn blocks(severity: Severity, state: FaultState, critical: bool) -> bool {
    critical && state.is_open() && matches!(severity, Severity::S1)
}

/// How long the room is blocked on the word of somebody who does not answer for it: until the end of the next day.
pub fn unconfirmed_until(now: UnixMs) -> UnixMs {
    instant(civil_date(now, MALAYSIA), 2 * DAY_MINUTES, MALAYSIA).unwrap_or(now.saturating_add_ms(24 * 3_600_000))
}

/// The history as the clock reads it.
pub fn turns(events: &[Event]) -> Vec<(UnixMs, Turn)> {
    let severity = |it: &Event| it.value.as_deref().and_then(|text| text.parse::<Severity>().ok());
    let turn = |it: &Event| {
        Some(match it.kind {
            EventKind::Report => Turn::Reported(severity(it)?),
            EventKind::Severity => Turn::Severity(severity(it)?),
            EventKind::Wait => Turn::Waits,
            EventKind::Resume => Turn::Resumes,
            EventKind::Mend => Turn::Mended,
            EventKind::Reopen => Turn::Reopened,
            _ => return None,
        })
    };
    events.iter().filter_map(|it| Some((it.at, turn(it)?))).collect()
}

/// Which reminder is due: one when the time runs out, and one each working day after it has. `before` is the last, and its civil day.
pub fn reminder(sla: &Sla, before: Option<(&str, &str)>, today: &str) -> Option<SlaState> {
    match (sla.state, before) {
        (SlaState::DueSoon, None) => Some(SlaState::DueSoon),
        (SlaState::Overdue, Some(("overdue", day))) if day == today => None,
        (SlaState::Overdue, _) => Some(SlaState::Overdue),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventKind::*;
    use FaultState::{Assigned, Closed, InWork, Mended, Open, Waiting};

    #[test]
    fn the_table_of_acts() {
        let somebody = Some(PersonId::fresh());
        let table = [
            (Open, Assign, Some(Assigned)),
            (Open, Start, Some(InWork)),
            (Open, Wait, Some(Waiting)),
            (Open, Mend, Some(Mended)),
            (Open, Close, None),
            (Open, Reopen, None),
            (Open, Resume, None),
            (Assigned, Start, Some(InWork)),
            (InWork, Start, None),
            (InWork, Assign, Some(InWork)),
            (InWork, Wait, Some(Waiting)),
            (Waiting, Wait, None),
            (Waiting, Start, None),
            (Waiting, Resume, Some(InWork)),
            (Waiting, EventKind::Severity, Some(Waiting)),
            (Waiting, Mend, Some(Mended)),
            (Mended, Mend, None),
            (Mended, Assign, None),
            (Mended, EventKind::Severity, None),
            (Mended, Close, Some(Closed)),
            (Mended, Reopen, Some(Assigned)),
            (Closed, Reopen, Some(Assigned)),
            (Closed, Close, None),
            (Closed, Comment, Some(Closed)),
            (Open, Report, None),
            (Open, Block, None),
        ];
        for (from, act, to) in table {
            assert_eq!(next(from, act, somebody), to, "{from} {act}");
        }
        assert_eq!(next(Closed, Reopen, None), Some(Open));
    }

    #[test]
    fn a_reminder_comes_once_and_then_once_a_working_day() {
        let of = |state| Sla { state, target_minutes: 0, worked_minutes: 0, waited_minutes: 0, left_minutes: 0, due_at_ms: None };
        let table = [
            (SlaState::OnTime, None, None),
            (SlaState::DueSoon, None, Some(SlaState::DueSoon)),
            (SlaState::DueSoon, Some(("due_soon", "2026-12-01")), None),
            (SlaState::Overdue, Some(("due_soon", "2026-12-01")), Some(SlaState::Overdue)),
            (SlaState::Overdue, Some(("overdue", "2026-12-01")), None),
            (SlaState::Overdue, Some(("overdue", "2026-11-30")), Some(SlaState::Overdue)),
            (SlaState::Waiting, None, None),
            (SlaState::Missed, None, None),
        ];
        for (state, before, expected) in table {
            assert_eq!(reminder(&of(state), before, "2026-12-01"), expected, "{state} {before:?}");
        }
    }
}
