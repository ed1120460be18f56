//! Return for correction: an application is sent back with what is to be put right and in words why. Its sites stay held to a deadline;
//! sent again in time, it keeps the instant of its receipt where nothing else was changed (TP-2), and lapses where it is not.
//!
//! Sending it again is an amendment like any other ([`crate::reservations::amendment`]), which asks here what the lead time is counted from.

use super::{reminders, store, working::Office};
use crate::{
    names::names,
    notices::{self, About, Notice},
    policy::{self, LeadVerdict, MALAYSIA, Slot, Terms},
    reservations::{self, By, Stored, amendment::Change, lapse, verdict::Setting},
};
use kernel::{Db, Error, Result, Tx, audit};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{PersonId, ReservationId},
};

/// Working days that an applicant has, the day of the return not counted. The hold's own end comes first where it is earlier.
const WORKING_DAYS: usize = 2;

names! {
    /// A part of an application that can be sent back.
    Field {
        Title = "title",
        Purpose = "purpose",
        Classification = "classification",
        Sites = "sites",
        Time = "time",
        People = "people",
        Chair = "chair",
        Contact = "contact",
        Needs = "needs",
    }
}

impl Field {
    /// The part to which a change belongs; none for what is nobody's to ask for.
    pub const fn of(change: Change) -> Option<Self> {
        Some(match change {
            Change::Title => Self::Title,
            Change::Purpose => Self::Purpose,
            Change::Classification => Self::Classification,
            Change::Date | Change::Slot | Change::Shortened => Self::Time,
            Change::SiteAdded | Change::SiteRemoved => Self::Sites,
            Change::People | Change::Online => Self::People,
            Change::Chair => Self::Chair,
            Change::Contact => Self::Contact,
            Change::Needs => Self::Needs,
            Change::Applicant => return None,
        })
    }
}

/// A return, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub number: i64,
    pub by: PersonId,
    pub at: UnixMs,
    pub deadline: UnixMs,
    pub words: String,
    pub fields: BTreeSet<Field>,
}

/// Until when the applicant has it: pure.
pub fn deadline(now: UnixMs, it: &Stored, terms: &Terms, office: Office<'_>) -> UnixMs {
    let minute = u32::try_from(terms.hold_until_minute).unwrap_or(0);
    let latest = it.hold_expires_at.filter(|hold| *hold > now).unwrap_or(it.slot.starts_at).min(it.slot.starts_at);
    office.after(now, WORKING_DAYS, minute).map_or(latest, |by_days| by_days.min(latest))
}

/// Whether what is sent again has to come in time anew: pure. It has not where the policy says so and only what was asked for has changed.
pub fn counts_anew(changes: &BTreeSet<Change>, asked: &BTreeSet<Field>, terms: &Terms) -> bool {
    let beyond = changes.iter().any(|change| Field::of(*change).is_none_or(|field| !asked.contains(&field)));
    beyond || !terms.returned_keeps_receipt
}

/// What is said of an application that is sent again, beside what is said of every amendment.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    /// Whether its lead time is counted again, from which instant, and what comes of it.
    pub counted: bool,
    pub received_at: UnixMs,
    pub lead: LeadVerdict,
    pub refusal: Option<Refusal>,
}

/// Judges what is sent again by the return that is open.
pub async fn again(tx: &mut Tx, now: UnixMs, old: &Stored, changes: &BTreeSet<Change>, slot: Slot, setting: &Setting) -> Result<Again> {
    let open = store::open_return(tx, old.id).await?.ok_or_else(|| Error::broken("a returned application without its return"))?;
    let lead_at = |at| policy::verdict(at, slot, setting.policy.lead(), &setting.calendar, MALAYSIA);
    Ok(judge(now, old.received_at, &open, changes, &setting.policy.terms, lead_at))
}

fn judge(
    now: UnixMs,
    received_at: UnixMs,
    open: &Return,
    changes: &BTreeSet<Change>,
    terms: &Terms,
    lead_at: impl Fn(UnixMs) -> LeadVerdict,
) -> Again {
    let anew = counts_anew(changes, &open.fields, terms);
    // Kept, the receipt still has to be in time for another day.
    let received_at = if anew { now.max(received_at) } else { received_at };
    let counted = anew || changes.iter().any(|it| matches!(it, Change::Date | Change::SiteAdded));
    let lead = lead_at(received_at);
    let refusal = match now < open.deadline {
        false => Some(Refusal::new(Code::ReservationState).with("state", "lapsed").with("deadline_ms", open.deadline.0)),
        true if counted && !lead.lawful => Some(
            Refusal::by(Code::LeadTime, Rule::Tp2)
                .with("earliest_date", kernel::clock::date_text(lead.earliest_date))
                .with("lawful_until_ms", lead.lawful_until.0)
                .with("days", terms.lead_days)
                .with("days_before_use", lead.days_before_use)
                // Left as they were, the receipt is kept.
                .with("not_asked", beyond(changes, &open.fields)),
        ),
        true => None,
    };
    Again { counted, received_at, lead, refusal }
}

/// The parts that were changed without being asked for.
fn beyond(changes: &BTreeSet<Change>, asked: &BTreeSet<Field>) -> Vec<&'static str> {
    let parts: BTreeSet<Field> = changes.iter().filter_map(|it| Field::of(*it)).filter(|field| !asked.contains(field)).collect();
    parts.into_iter().map(Field::text).collect()
}

/// The application is with the approver again; those on duty are told.
pub async fn sent_again(tx: &mut Tx, now: UnixMs, id: ReservationId, by: By) -> Result<()> {
    store::close_return(tx, id, now).await?;
    reservations::store::note(tx, id, now, reservations::HistoryAct::Resubmit, Some(by.person), None).await?;
    audit::record(tx, reservations::entry(now, "reservation.resubmit", id, by));
    let it = reservations::store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let agency = identity::agency(tx, it.agency).await?.map(|it| it.short_name).unwrap_or_default();
    let about = About::of(tx, &it).await?;
    let people = reminders::on_duty(tx, &it, now).await?;
    notices::tell(tx, now, &people, &Notice::ApplicationReceived { about, agency, received_at_ms: now }).await
}

/// What was returned and is still open, of one that stands returned.
pub async fn open(tx: &mut Tx, it: &Stored) -> Result<Option<Return>> {
    match it.state {
        reservations::State::Returned => store::open_return(tx, it.id).await,
        _ => Ok(None),
    }
}

/// Lets go of every application whose deadline passed before it was sent again. Answers how many.
pub async fn lapse_due(db: &Db, now: UnixMs) -> Result<usize> {
    let due = store::returns_over(&mut db.read().await?, now).await?;
    for id in &due {
        kernel::transact!(db, tx => {
            let it = reservations::found(tx, *id).await?;
            match open(tx, &it).await? {
                Some(open) if open.deadline <= now => {
                    lapse(tx, now, *id).await?;
                    reservations::told::lapsed(tx, now, &it).await?;
                    reservations::waiting::freed(tx, now, &it).await
                }
                _ => Ok(()),
            }
        })?;
    }
    Ok(due.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn set<T: Ord + Copy>(of: &[T]) -> BTreeSet<T> {
        of.iter().copied().collect()
    }

    #[test]
    fn every_change_belongs_to_a_part_or_to_nobody() {
        let none: Vec<_> = Change::ALL.iter().filter(|it| Field::of(**it).is_none()).collect();
        assert_eq!(none, [&Change::Applicant]);
        for field in Field::ALL {
            assert!(Change::ALL.iter().any(|it| Field::of(*it) == Some(*field)), "{field}");
        }
    }

    #[test]
    fn the_receipt_is_kept_where_only_what_was_asked_for_changed() {
        let keeps = Policy::first().terms;
        let never = Terms { returned_keeps_receipt: false, ..keeps.clone() };
        let table: &[(&str, &[Change], &[Field], bool)] = &[
            ("what was asked for", &[Change::Purpose], &[Field::Purpose], false),
            ("less than was asked for", &[Change::Purpose], &[Field::Purpose, Field::People], false),
            ("nothing", &[], &[Field::Purpose], false),
            ("something else too", &[Change::Purpose, Change::Title], &[Field::Purpose], true),
            ("the hours, asked for", &[Change::Slot], &[Field::Time], false),
            ("another day, asked for", &[Change::Date], &[Field::Time], false),
            ("another day, not asked for", &[Change::Date], &[Field::People], true),
            ("another applicant", &[Change::Applicant], Field::ALL, true),
        ];
        for (shows, changes, asked, anew) in table {
            assert_eq!(counts_anew(&set(changes), &set(asked), &keeps), *anew, "{shows}");
            assert!(counts_anew(&set(changes), &set(asked), &never), "{shows}, where the policy keeps no receipt");
        }
    }
}
