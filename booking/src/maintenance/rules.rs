//! How planned work is told of in time, and which acts fit which state.

use super::{MaintenanceAct, MaintenanceDraft, MaintenanceState};
use crate::policy::Slot;
use kernel::{
    clock::{MALAYSIA, civil_date, start_of_day},
    extract::malformed,
};
use wire::{Code, Refusal, UnixMs};

/// Works planned at once.
pub const OCCURRENCES_MAX: usize = 12;
/// Items of a checklist.
pub const ITEMS_MAX: usize = 30;
/// Days before work that the room's users are told: whoever is displaced can still apply anew within the lead time (TP-2).
pub const NOTICE_DAYS: u64 = 7;

/// The first instant at which work can be planned for now without a reason: a week ahead, from midnight on.
pub fn earliest(now: UnixMs) -> UnixMs {
    let day = civil_date(now, MALAYSIA).checked_add_days(chrono::Days::new(NOTICE_DAYS));
    day.and_then(|day| start_of_day(day, MALAYSIA)).unwrap_or(now)
}

/// What is wrong with the dates, if anything. The first that is wrong tells.
pub fn judge(draft: &MaintenanceDraft, now: UnixMs) -> Result<(), Refusal> {
    let slots: Vec<Slot> = draft.occurrences.iter().map(|it| it.slot()).collect();
    if slots.is_empty() || slots.len() > OCCURRENCES_MAX {
        return Err(malformed("occurrences", format!("1 to {OCCURRENCES_MAX}")));
    }
    if draft.checklist.len() > ITEMS_MAX {
        return Err(malformed("checklist", format!("at most {ITEMS_MAX}")));
    }
    for (place, slot) in slots.iter().enumerate() {
        let bound = |bound: &'static str| Refusal::new(Code::SlotInvalid).with("bound", bound).with("occurrence", place);
        if slot.duration_ms() <= 0 || slot.starts_at < now {
            return Err(bound("empty"));
        }
        if slots.iter().skip(place + 1).any(|other| other.overlaps(*slot)) {
            return Err(bound("overlap"));
        }
        let reasoned = draft.urgent_reason.as_deref().is_some_and(|it| !it.trim().is_empty());
        if slot.starts_at < earliest(now) && !reasoned {
            return Err(Refusal::new(Code::MaintenanceNotice)
                .with("earliest_ms", earliest(now).0)
                .with("occurrence", place)
                .with("days", NOTICE_DAYS));
        }
    }
    Ok(())
}

/// Where an act leads; nothing where it does not fit.
pub const fn next(from: MaintenanceState, act: &MaintenanceAct) -> Option<MaintenanceState> {
    use MaintenanceState::{Cancelled, Done, InWork, Planned};
    match (from, act) {
        (Planned, MaintenanceAct::Start) => Some(InWork),
        (Planned | InWork, MaintenanceAct::Tick { .. } | MaintenanceAct::MoveEnd { .. }) => Some(from),
        (Planned | InWork, MaintenanceAct::Finish { .. }) => Some(Done),
        (Planned, MaintenanceAct::Cancel { .. }) => Some(Cancelled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        maintenance::{Occurrence, WorkOutcome},
        testing::{DAY, HOUR, NOW},
    };
    use wire::id::SiteId;

    fn draft(occurrences: &[(i64, i64)]) -> MaintenanceDraft {
        let at = |hours: i64| NOW.saturating_add_ms(hours * HOUR);
        MaintenanceDraft {
            site: SiteId::fresh(),
            title: "Naik taraf".into(),
            note: None,
            checklist: vec![],
            occurrences: occurrences.iter().map(|(from, to)| Occurrence { starts_at_ms: at(*from), ends_at_ms: at(*to) }).collect(),
            urgent_reason: None,
        }
    }

    #[test]
    fn the_table_of_dates() {
        // NOW is 10:00: midnight a week ahead is 158 hours away.
        let table: [(&[(i64, i64)], Option<Code>); 7] = [
            (&[(158, 160)], None),
            (&[(157, 160)], Some(Code::MaintenanceNotice)),
            (&[], Some(Code::RequestMalformed)),
            (&[(200, 200)], Some(Code::SlotInvalid)),
            (&[(200, 202), (201, 203)], Some(Code::SlotInvalid)),
            (&[(200, 202), (202, 203)], None),
            (&[(-2, 2)], Some(Code::SlotInvalid)),
        ];
        for (occurrences, expected) in table {
            assert_eq!(judge(&draft(occurrences), NOW).err().map(|it| it.code), expected, "{occurrences:?}");
        }
        let urgent = MaintenanceDraft { urgent_reason: Some("Penghawa dingin bocor".into()), ..draft(&[(1, 3)]) };
        assert_eq!(judge(&urgent, NOW), Ok(()));
        let thirteen: Vec<(i64, i64)> = (0..13).map(|week| (200 + week * 168, 202 + week * 168)).collect();
        assert!(judge(&draft(&thirteen), NOW).is_err() && judge(&draft(&thirteen[..12]), NOW).is_ok());
        assert_eq!(earliest(NOW).0 - NOW.0, 7 * DAY - 10 * HOUR);
    }

    #[test]
    fn the_table_of_acts() {
        use MaintenanceState::*;
        let finish = MaintenanceAct::Finish { outcome: WorkOutcome::Done, note: None };
        let cancel = MaintenanceAct::Cancel { reason: "x".into() };
        for (from, act, to) in [
            (Planned, &MaintenanceAct::Start, Some(InWork)),
            (InWork, &MaintenanceAct::Start, None),
            (Planned, &finish, Some(Done)),
            (InWork, &finish, Some(Done)),
            (Done, &finish, None),
            (Planned, &cancel, Some(Cancelled)),
            (InWork, &cancel, None),
            (Cancelled, &cancel, None),
        ] {
            assert_eq!(next(from, act), to, "{from} {act:?}");
        }
    }
}
