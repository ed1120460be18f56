//! What happens while nobody decides: those on duty are reminded after some working hours, then daily; before the hold of the sites ends,
//! every approver and the system administrators are told, and before that the applicant. Never at night, and each once.

use super::{store, working::Office};
use crate::{
    holidays,
    names::names,
    notices::{self, About, Notice, audience},
    policy::{self, MALAYSIA, Terms},
    reservations::{self, State, Stored},
};
use chrono::Days;
use identity::{PersonRole, delegations};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::civil_date,
};
use wire::{
    Rule, UnixMs,
    id::{PersonId, ReservationId},
};

/// Working minutes of the hold that are left when everybody is told: half a day, in which one of them can decide.
const ESCALATE_BEFORE_MINUTES: i64 = 240;

/// Working minutes of the hold that are left when the applicant is told: a whole day, in which somebody can still be asked.
const TELL_BEFORE_MINUTES: i64 = 540;
/// No row of rest days and holidays is longer.
const LOOK_AHEAD_MS: i64 = 14 * 86_400_000;

names! {
    ReminderKind {
        Reminder = "reminder",
        Escalation = "escalation",
    }
}

/// How long an application has waited, until when its sites are held, and what was told of it.
#[derive(Clone, Debug)]
pub struct Waiting<'a> {
    pub from: UnixMs,
    pub hold_until: UnixMs,
    pub told: &'a [(ReminderKind, UnixMs)],
}

/// What is due to be told now, if anything: pure.
pub fn due(now: UnixMs, waiting: &Waiting<'_>, terms: &Terms, office: Office<'_>) -> Option<ReminderKind> {
    let waited = office.minutes(waiting.from, now);
    let left = office.minutes(now, waiting.hold_until);
    // Outside working hours only where none are left.
    if !office.is_open(now) && left > 0 {
        return None;
    }
    let escalated = waiting.told.iter().any(|it| it.0 == ReminderKind::Escalation);
    if !escalated && (left <= ESCALATE_BEFORE_MINUTES || waited >= terms.escalate_after_minutes) {
        return Some(ReminderKind::Escalation);
    }
    let day = |at| civil_date(at, MALAYSIA);
    let again = match waiting.told.iter().map(|it| it.1).max() {
        None => waited >= terms.remind_after_minutes,
        Some(last) => day(last) < day(now) && office.is_open(now),
    };
    again.then_some(ReminderKind::Reminder)
}

/// Whether the applicant is to be told now that the hold ends: pure.
pub fn ends_soon(now: UnixMs, hold_until: UnixMs, office: Office<'_>) -> bool {
    let left = office.minutes(now, hold_until);
    left <= TELL_BEFORE_MINUTES && (office.is_open(now) || left == 0)
}

/// Tells the applicants of every application whose sites are held for one working day more, once for each hold. Answers of how many.
pub async fn holds_ending_due(db: &Db, now: UnixMs) -> Result<usize> {
    let mut told = 0;
    let ending = store::holds_ending(&mut db.read().await?, now, now.saturating_add_ms(LOOK_AHEAD_MS)).await?;
    for id in ending {
        // Mostly it is too early: that is found out without holding anybody up.
        if !is_soon(&mut db.read().await?, now, id).await? {
            continue;
        }
        told += usize::from(kernel::transact!(db, tx => {
            let it = reservations::found(tx, id).await?;
            let undecided = matches!(it.state, State::Submitted | State::Returned) && it.holds();
            let Some(expires_at_ms) = it.hold_expires_at.filter(|at| undecided && now < *at) else { return Ok(false) };
            let about = About::of(tx, &it).await?;
            let people = audience::applicants(tx, &it).await?;
            notices::tell(tx, now, &people, &Notice::HoldExpiring { about, expires_at_ms }).await?;
            let entry = Entry::new(now, "reservation.hold_remind", "reservation", id).rule(Rule::Tp4);
            audit::record(tx, entry.detail("reference", it.reference.as_str()).detail("expires_at_ms", expires_at_ms.0));
            Ok(true)
        })?);
    }
    Ok(told)
}

async fn is_soon(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<bool> {
    let Some(hold_until) = reservations::store::by_id(tx, id).await?.and_then(|it| it.hold_expires_at) else { return Ok(false) };
    let region = policy::at(tx, now).await?.terms.region;
    let calendar = holidays::calendar(tx, civil_date(now, MALAYSIA), civil_date(hold_until, MALAYSIA)).await?;
    Ok(ends_soon(now, hold_until, Office { calendar: &calendar, region }))
}

/// Reminds of every application that has waited for too long. Answers how many were reminded of.
pub async fn remind_due(db: &Db, now: UnixMs) -> Result<usize> {
    let mut told = 0;
    let waiting = store::waiting(&mut db.read().await?, now).await?;
    for id in waiting {
        told += usize::from(kernel::transact!(db, tx => {
            let it = reservations::found(tx, id).await?;
            match it.state == State::Submitted && now < it.slot.starts_at {
                true => remind(tx, now, &it).await,
                false => Ok(false),
            }
        })?);
    }
    Ok(told)
}

async fn remind(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<bool> {
    let policy = policy::at(tx, now).await?;
    let calendar = holidays::calendar(tx, civil_date(it.received_at, MALAYSIA), civil_date(it.slot.ends_at, MALAYSIA)).await?;
    let office = Office { calendar: &calendar, region: policy.terms.region };
    let from = store::waiting_from(tx, it).await?;
    let told = store::told(tx, it.id, from).await?;
    let waiting = Waiting { from, hold_until: it.hold_expires_at.unwrap_or(it.slot.starts_at), told: &told };
    let Some(kind) = due(now, &waiting, &policy.terms, office) else { return Ok(false) };
    if !store::tell(tx, it.id, from, told.len(), kind, now).await? {
        return Ok(false);
    }
    let about = About::of(tx, it).await?;
    let (people, notice) = match kind {
        ReminderKind::Reminder => {
            (on_duty(tx, it, now).await?, Notice::DecisionReminder { about, received_at_ms: it.received_at, remind_at_ms: now })
        }
        ReminderKind::Escalation => {
            (everybody(tx, it, now).await?, Notice::DecisionEscalated { about, received_at_ms: it.received_at, escalated_at_ms: now })
        }
    };
    notices::tell(tx, now, &people, &notice).await?;
    let entry = Entry::new(now, "decision.remind", "reservation", it.id).rule(Rule::Tp4);
    audit::record(tx, entry.detail("kind", kind.text()).detail("people", people.len()));
    Ok(true)
}

/// Those who decide today: approvers, and the delegates of those who are away. None of the agency that applies.
pub async fn on_duty(tx: &mut Tx, it: &Stored, now: UnixMs) -> Result<Vec<PersonId>> {
    let approvers = identity::holders(tx, PersonRole::Approver, None).await?;
    let mut people = delegations::on_duty(tx, &approvers, now).await?;
    people.extend(delegations::deciding_on(tx, it.agency, now).await?);
    not_of(tx, it, people).await
}

async fn everybody(tx: &mut Tx, it: &Stored, now: UnixMs) -> Result<Vec<PersonId>> {
    let mut people = identity::holders(tx, PersonRole::Approver, None).await?;
    people.extend(delegations::on_duty(tx, &people, now).await?);
    people.extend(delegations::deciding_on(tx, it.agency, now).await?);
    let mut people = not_of(tx, it, people).await?;
    people.extend(identity::holders(tx, PersonRole::SystemAdministrator, None).await?);
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// Nobody decides for their own agency.
async fn not_of(tx: &mut Tx, it: &Stored, people: Vec<PersonId>) -> Result<Vec<PersonId>> {
    let found = identity::people_by_ids(tx, &people).await?;
    Ok(found.into_iter().filter(|person| person.agency.id != it.agency).map(|person| person.id).collect())
}

/// The last day for which an application's calendar is read, from the first.
pub fn around(from: UnixMs, to: UnixMs) -> (chrono::NaiveDate, chrono::NaiveDate) {
    let (first, last) = (civil_date(from, MALAYSIA), civil_date(to, MALAYSIA));
    (first, last.checked_add_days(Days::new(14)).unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{holidays::Calendar, policy::Policy, sites::Region};
    use chrono::DateTime;

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().timestamp_millis())
    }

    #[test]
    fn nobody_is_told_at_night_and_nothing_twice() {
        use ReminderKind::*;
        let calendar = Calendar::default();
        let office = Office { calendar: &calendar, region: Region::Putrajaya };
        let terms = Terms { escalate_after_minutes: 10_000, ..Policy::first().terms };
        // Received on Tuesday 1 December at 10:00; held until Thursday the 10th at 17:00.
        type Told = &'static [(ReminderKind, &'static str)];
        let table: &[(&str, &str, Told, Option<ReminderKind>)] = &[
            ("three working hours", "2026-12-01T13:59", &[], None),
            ("four working hours", "2026-12-01T14:00", &[], Some(Reminder)),
            ("the same day again", "2026-12-01T16:59", &[(Reminder, "2026-12-01T14:00")], None),
            ("the night after", "2026-12-01T23:00", &[(Reminder, "2026-12-01T14:00")], None),
            ("after midnight", "2026-12-02T00:30", &[(Reminder, "2026-12-01T14:00")], None),
            ("the next morning", "2026-12-02T08:00", &[(Reminder, "2026-12-01T14:00")], Some(Reminder)),
            ("a Saturday", "2026-12-05T10:00", &[(Reminder, "2026-12-04T08:00")], None),
            ("the Monday after", "2026-12-07T08:00", &[(Reminder, "2026-12-04T08:00")], Some(Reminder)),
            ("more than half a day of hold left", "2026-12-10T12:59", &[(Reminder, "2026-12-10T08:00")], None),
            ("half a day of hold left", "2026-12-10T13:00", &[(Reminder, "2026-12-10T08:00")], Some(Escalation)),
            ("told already", "2026-12-10T13:01", &[(Reminder, "2026-12-10T08:00"), (Escalation, "2026-12-10T13:00")], None),
        ];
        for (shows, now, told, expected) in table {
            let told: Vec<_> = told.iter().map(|(kind, text)| (*kind, at(text))).collect();
            let waiting = Waiting { from: at("2026-12-01T10:00"), hold_until: at("2026-12-10T17:00"), told: &told };
            assert_eq!(due(at(now), &waiting, &terms, office), *expected, "{shows}");
        }
    }

    #[test]
    fn the_applicant_is_told_with_a_working_day_left() {
        let calendar = Calendar::default();
        let office = Office { calendar: &calendar, region: Region::Putrajaya };
        // Held until Monday 7 December at 17:00.
        for (shows, now, told) in [
            ("more than a working day before", "2026-12-04T16:59", false),
            ("the night before", "2026-12-06T23:00", false),
            ("on the day itself, before work", "2026-12-07T07:59", false),
            ("a whole working day before", "2026-12-07T08:00", true),
            ("late in the day", "2026-12-07T16:00", true),
        ] {
            assert_eq!(ends_soon(at(now), at("2026-12-07T17:00"), office), told, "{shows}");
        }
        // Held until the morning of use, before work: the last working minute was the day before.
        assert!(ends_soon(at("2026-12-07T16:00"), at("2026-12-08T07:00"), office));
        assert!(ends_soon(at("2026-12-07T18:00"), at("2026-12-08T07:00"), office), "late rather than never");
    }

    #[test]
    fn it_is_escalated_after_the_policys_hours_too() {
        let calendar = Calendar::default();
        let office = Office { calendar: &calendar, region: Region::Putrajaya };
        let terms = Policy::first().terms;
        let waiting = Waiting {
            from: at("2026-12-01T08:00"),
            hold_until: at("2026-12-10T17:00"),
            told: &[(ReminderKind::Reminder, at("2026-12-01T12:00"))],
        };
        assert_eq!(due(at("2026-12-01T15:59"), &waiting, &terms, office), None);
        assert_eq!(due(at("2026-12-01T16:00"), &waiting, &terms, office), Some(ReminderKind::Escalation));
    }
}
