//! A series: dated occurrences of one application, each judged by itself and each a reservation of its own from then on.

pub mod http;
mod store;

use super::{
    Application, Draft, State, Stored,
    act::{self, By, entry, put},
    amendment::{self, Amending, Amendment, Change},
    drafts::DraftOccurrence,
    occupancies, store as reservations,
    verdict::{self, Setting},
};
use crate::{
    holidays::DayFlag,
    policy::{LeadVerdict, Slot},
};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
    idempotency,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{ReservationId, SeriesId},
};

#[cfg(test)]
pub(crate) use store::SQL;

/// Occurrences at least: one is no series.
const OCCURRENCES_MIN: usize = 2;

/// One occurrence with what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// 1 for the first in time.
    pub number: i64,
    pub slot: Slot,
    pub lead: LeadVerdict,
    pub refusals: Vec<Refusal>,
    pub flags: Vec<DayFlag>,
}

/// What was asked for and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    pub series: SeriesId,
    pub reservations: Vec<ReservationId>,
    pub left_out: Vec<LeftOut>,
}

/// An occurrence that could not be had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LeftOut {
    pub number: i64,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub refusals: Vec<Refusal>,
}

/// The slots in the order of time, if there are not too many and not too few.
fn in_order(asked: &[DraftOccurrence], occurrences_max: i64) -> Result<Vec<Slot>> {
    if asked.len() < OCCURRENCES_MIN || asked.len() as i64 > occurrences_max {
        return Err(Refusal::new(Code::RequestMalformed)
            .with("field", "occurrences")
            .with("expected", "some_occurrences")
            .with("occurrences_min", OCCURRENCES_MIN)
            .with("occurrences_max", occurrences_max)
            .into());
    }
    let mut slots: Vec<Slot> = asked.iter().map(|it| it.slot()).collect();
    slots.sort_by_key(|it| (it.starts_at, it.ends_at));
    Ok(slots)
}

/// Every occurrence judged by itself, a taken slot and a sister in the way among the refusals. Nothing is stored.
pub async fn judge(tx: &mut Tx, now: UnixMs, application: Application<'_>, asked: &[DraftOccurrence]) -> Result<Vec<Occurrence>> {
    let slots = in_order(asked, crate::policy::at(tx, now).await?.terms.occurrences_max)?;
    let mut judged: Vec<Occurrence> = Vec::with_capacity(slots.len());
    for (number, slot) in (1i64..).zip(slots) {
        let draft = at(application.draft, slot);
        let (judgement, setting) = verdict::judge(tx, now, Application { draft: &draft, ..application }).await?;
        let mut refusals = judgement.refusals;
        let spans = |slot: Slot| occupancies::spans(&setting.sites, amendment::asked_sites(&draft), slot);
        let mine = spans(slot);
        let in_the_way = judged.iter().find(|other| {
            let theirs = spans(other.slot);
            other.refusals.is_empty() && mine.iter().any(|(site, span)| theirs.get(site).is_some_and(|it| it.overlaps(*span)))
        });
        if let Some(other) = in_the_way {
            refusals.push(Refusal::new(Code::SlotInvalid).with("bound", "occurrence").with("occurrence", other.number));
        }
        judged.push(Occurrence { number, slot, lead: judgement.lead, refusals, flags: setting.flags(&draft) });
    }
    Ok(judged)
}

fn at(draft: &Draft, slot: Slot) -> Draft {
    Draft { starts_at_ms: slot.starts_at, ends_at_ms: slot.ends_at, ..draft.clone() }
}

/// What is asked for: the draft's own times are not read.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub application: Application<'a>,
    pub occurrences: &'a [DraftOccurrence],
    /// The agency has seen which occurrences cannot be had, and takes the others.
    pub accept_partial: bool,
}

/// Applies for all occurrences; where some cannot be had, for the others with consent alone. All of it is one transaction.
pub async fn apply(db: &Db, now: UnixMs, asked: Asked<'_>) -> Result<Made> {
    let id = SeriesId::fresh();
    let outcome = try_apply(db, now, asked, id).await;
    let by = asked.application.by;
    audit::record_refusal(db, outcome, || Entry::new(now, "series.apply", "series", id).by(by.person).on_behalf_of(by.agency)).await
}

async fn try_apply(db: &Db, now: UnixMs, asked: Asked<'_>, id: SeriesId) -> Result<Made> {
    let Asked { application, occurrences, accept_partial } = asked;
    kernel::transact!(db, tx => {
        if let Some(claim) = application.claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        if !application.may_apply {
            return Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", "uc_administrator").into());
        }
        occupancies::lock_sites(tx, amendment::asked_sites(application.draft)).await?;
        let judged = judge(tx, now, application, occurrences).await?;
        let lawful = judged.iter().filter(|it| it.refusals.is_empty()).count();
        let left_out: Vec<LeftOut> = judged.iter().filter(|it| !it.refusals.is_empty()).map(left_out).collect();
        if lawful == 0 || (!left_out.is_empty() && !accept_partial) {
            return Err(Refusal::new(Code::SeriesPartial)
                .with("lawful", lawful)
                .with("of", judged.len())
                .with("occurrences", serde_json::to_value(&left_out)?)
                .into());
        }
        store::insert(tx, id, application.by, now, judged.len()).await?;
        let mut made = Made { series: id, reservations: Vec::with_capacity(lawful), left_out };
        for it in judged.iter().filter(|it| it.refusals.is_empty()) {
            let draft = at(application.draft, it.slot);
            let setting = Setting::read(tx, now, it.slot).await?;
            let reservation = ReservationId::fresh();
            let kind = act::Kind { waiting_no: None, series: Some((id, it.number)) };
            put(tx, now, &Application { draft: &draft, claim: None, ..application }, &setting, it.lead, reservation, kind).await?;
            made.reservations.push(reservation);
        }
        audit::record(tx, Entry::new(now, "series.apply", "series", id).by(application.by.person).on_behalf_of(application.by.agency)
            .rule(Rule::Tp2)
            .detail("occurrences", judged.len())
            .detail("reservations", made.reservations.len()));
        if let Some(claim) = application.claim {
            idempotency::answer(tx, claim, &made).await?;
        }
        Ok(made)
    })
}

fn left_out(it: &Occurrence) -> LeftOut {
    LeftOut { number: it.number, starts_at_ms: it.slot.starts_at, ends_at_ms: it.slot.ends_at, refusals: it.refusals.clone() }
}

/// This occurrence and those after it that have not begun and have not ended otherwise, with their sites held. What is past is never touched.
async fn following(tx: &mut Tx, now: UnixMs, id: ReservationId, more: BTreeSet<wire::id::SiteId>) -> Result<Vec<Stored>> {
    let this = reservations::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let Some(series) = this.series else { return Ok(vec![act::found_with(tx, id, more).await?]) };
    let mut concerned = more;
    for it in reservations::list(tx, reservations::List::Series(series.id)).await? {
        concerned.extend(occupancies::concerned(tx, it.id).await?);
    }
    occupancies::lock_sites(tx, concerned).await?;
    let all = reservations::list(tx, reservations::List::Series(series.id)).await?;
    Ok(those_after(all, now, id, series.number))
}

/// The occurrence with that number and those after it that have not begun and have not ended otherwise.
fn those_after(all: Vec<Stored>, now: UnixMs, id: ReservationId, number: i64) -> Vec<Stored> {
    let of = |it: &Stored| {
        let open = matches!(it.state, State::Submitted | State::Returned | State::Approved);
        it.series.is_some_and(|at| at.number >= number) && (it.id == id || (open && it.slot.starts_at > now))
    };
    all.into_iter().filter(of).collect()
}

/// What is said of amending this occurrence and those that follow alike, of each by itself. Nothing is stored.
pub async fn judge_following(tx: &mut Tx, now: UnixMs, id: ReservationId, amending: &Amending<'_>) -> Result<Vec<(Stored, Amendment)>> {
    let this = reservations::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let all = match this.series {
        Some(series) => those_after(reservations::list(tx, reservations::List::Series(series.id)).await?, now, id, series.number),
        None => vec![this.clone()],
    };
    let changes = alike(&this, amending)?;
    let mut judged = Vec::with_capacity(all.len());
    for it in all {
        let carried = carried_over(&it, &this, amending.application.draft, &changes);
        let one = Amending { application: Application { draft: &carried, ..amending.application }, version: it.version, ..*amending };
        let amendment = amendment::judge(tx, now, &it, &one).await?;
        judged.push((it, amendment));
    }
    Ok(judged)
}

/// Amends this occurrence and those that follow alike: all of them, or none. Another date is each occurrence's own matter.
pub async fn amend_following(db: &Db, now: UnixMs, id: ReservationId, amending: &Amending<'_>) -> Result<()> {
    let by = amending.application.by;
    let outcome = try_amend_following(db, now, id, amending).await;
    audit::record_refusal(db, outcome, || entry(now, "reservation.amend", id, by)).await
}

async fn try_amend_following(db: &Db, now: UnixMs, id: ReservationId, amending: &Amending<'_>) -> Result<()> {
    kernel::transact!(db, tx => {
        let all = following(tx, now, id, amendment::asked_sites(amending.application.draft)).await?;
        let this = all.iter().find(|it| it.id == id).ok_or(Code::NotFound)?;
        let changes = alike(this, amending)?;
        for it in &all {
            let carried = carried_over(it, this, amending.application.draft, &changes);
            let version = if it.id == id { amending.version } else { it.version };
            let one = Amending { application: Application { draft: &carried, ..amending.application }, version, ..*amending };
            amendment::amend_in(tx, now, it, &one).await.map_err(|error| of_occurrence(error, it))?;
        }
        Ok(())
    })
}

/// What changes in each of them.
fn alike(this: &Stored, amending: &Amending<'_>) -> Result<BTreeSet<Change>> {
    let changes = amendment::rules::changes(this, amending.asked());
    match changes.contains(&Change::Date) {
        true => Err(Refusal::new(Code::RequestMalformed).with("field", "scope").with("expected", "the_same_date").into()),
        false => Ok(changes),
    }
}

/// What changed in the one changes in the other; the rest of it stays its own.
fn carried_over(of: &Stored, this: &Stored, new: &Draft, changes: &BTreeSet<Change>) -> Draft {
    if of.id == this.id {
        return new.clone();
    }
    let later = |new: UnixMs, old: UnixMs| new.0.saturating_sub(old.0);
    let (earlier, longer) = (later(new.starts_at_ms, this.slot.starts_at), later(new.ends_at_ms, this.slot.ends_at));
    let mut draft = of.as_draft();
    for change in changes {
        match change {
            Change::Title => draft.title.clone_from(&new.title),
            Change::Purpose => draft.purpose.clone_from(&new.purpose),
            Change::Classification => draft.classification = new.classification,
            Change::SiteAdded | Change::SiteRemoved | Change::People => draft.sites.clone_from(&new.sites),
            Change::Online => draft.online.clone_from(&new.online),
            Change::Chair => draft.chair = new.chair,
            Change::Contact => draft.contact.clone_from(&new.contact),
            Change::Needs => draft.needs.clone_from(&new.needs),
            Change::Slot | Change::Shortened => {
                draft.starts_at_ms = draft.starts_at_ms.saturating_add_ms(earlier);
                draft.ends_at_ms = draft.ends_at_ms.saturating_add_ms(longer);
            }
            Change::Date | Change::Applicant => {}
        }
    }
    draft
}

/// Which occurrence it was that could not be changed.
fn of_occurrence(error: Error, it: &Stored) -> Error {
    match (error, it.series) {
        (Error::Refused(refusal), Some(series)) => {
            Error::Refused(refusal.with("occurrence", series.number).with("reservation", it.id.to_string()))
        }
        (error, _) => error,
    }
}

/// Withdraws this occurrence and those that follow.
pub async fn withdraw_following(db: &Db, now: UnixMs, by: By, id: ReservationId, reason: Option<&str>) -> Result<()> {
    let outcome = kernel::transact!(db, tx => {
        for it in &following(tx, now, id, BTreeSet::new()).await? {
            act::withdraw_in(tx, now, by, it, reason).await.map_err(|error| of_occurrence(error, it))?;
        }
        Ok(())
    });
    audit::record_refusal(db, outcome, || entry(now, "reservation.withdraw", id, by)).await
}

#[cfg(test)]
mod tests;
