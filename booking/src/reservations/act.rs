//! The acts upon a reservation: apply, withdraw, lapse. Each is one transaction with its audit row; `now` is the server's clock.

use super::{Draft, State, Stored, alternatives, rules, store};
use crate::{
    holidays::{self, Calendar},
    media::commands,
    meetings::{self, EndReason},
    policy::{self, MALAYSIA, Policy, Slot, verdict},
    sites::{self, Site},
    text,
};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
    clock::civil_date,
    idempotency::{self, Claim},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    control::Command,
    id::{AgencyId, PersonId, ReservationId},
    signal::LeaveReason,
};

/// Characters of the words of a withdrawal.
const REASON_CHARS_MAX: usize = 1000;

/// Who acts, and for which agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    pub person: PersonId,
    pub agency: AgencyId,
}

/// What an application is judged by besides the rules and the store.
#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    pub by: By,
    /// TP-4: the person is the agency's UC administrator.
    pub may_apply: bool,
    pub draft: &'a Draft,
    /// Those of the people named who have an account.
    pub known: &'a BTreeSet<PersonId>,
    pub classified_without_e2ee: bool,
    /// The request's claim to be carried out once.
    pub claim: Option<&'a Claim>,
}

/// Applies for sites. Received before midnight and sent again after it, the same request under the same key is the same reservation.
pub async fn apply(db: &Db, now: UnixMs, application: Application<'_>) -> Result<ReservationId> {
    let id = ReservationId::fresh();
    let outcome = match try_apply(db, now, application, id).await {
        Err(Error::Refused(refusal)) if refusal.code == Code::SlotTaken => {
            let offered = offer(db, now, application.draft).await?;
            Err(Error::Refused(refusal.with("alternatives", serde_json::to_value(offered)?)))
        }
        other => other,
    };
    let refused = || entry(now, "reservation.apply", id, application.by);
    audit::record_refusal(db, outcome, refused).await
}

async fn try_apply(db: &Db, now: UnixMs, application: Application<'_>, id: ReservationId) -> Result<ReservationId> {
    let Application { by, draft, claim, .. } = application;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let sites = sites::all(tx).await?;
        let policy = policy::at(tx, now).await?;
        let calendar = calendar(tx, now, draft.slot()).await?;
        let judgement = rules::judge(draft, &circumstances(now, &policy, &calendar, &sites, &application));
        if let Some((first, others)) = judgement.refusals.split_first() {
            // The nearest to the top of the form stands for the rest, which come with it.
            return Err(Error::Refused(first.clone().with("also", serde_json::to_value(others)?)));
        }
        store::lock_sites(tx, draft.sites.iter().map(|it| it.site)).await?;
        let series = format!("TP-{}", judgement.lead.use_date.format("%Y"));
        let number = store::next_number(tx, &series).await?;
        let new = store::New {
            id,
            reference: format!("{series}-{number:05}"),
            draft,
            agency: by.agency,
            applicant: by.person,
            received_at: now,
            lead: judgement.lead,
            policy: &policy,
        };
        store::insert(tx, &new).await?;
        store::note(tx, id, now, "apply", Some(by.person), None).await?;
        audit::record(tx, entry(now, "reservation.apply", id, by)
            .rule(Rule::Tp2)
            .detail("reference", new.reference.as_str())
            .detail("policy_version", policy.version)
            .detail("days_before_use", judgement.lead.days_before_use));
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// The kinds of day from today until the day of use, and as far as alternatives are searched.
async fn calendar(tx: &mut Tx, now: UnixMs, slot: Slot) -> Result<Calendar> {
    let date = |at| civil_date(at, MALAYSIA);
    let last = date(slot.starts_at.max(now)).checked_add_days(chrono::Days::new(alternatives::DAYS_SEARCHED_MAX));
    holidays::calendar(tx, date(now.min(slot.starts_at)), last.unwrap_or(chrono::NaiveDate::MAX)).await
}

fn circumstances<'a>(
    now: UnixMs,
    policy: &'a Policy,
    calendar: &'a Calendar,
    sites: &'a [Site],
    application: &Application<'a>,
) -> rules::Circumstances<'a> {
    rules::Circumstances {
        now,
        policy,
        calendar,
        sites,
        known: application.known,
        may_apply: application.may_apply,
        classified_without_e2ee: application.classified_without_e2ee,
    }
}

/// The verdict on a draft: every refusal at once, a taken slot among them. Nothing is stored.
pub async fn judge(tx: &mut Tx, now: UnixMs, application: Application<'_>) -> Result<rules::Judgement> {
    let sites = sites::all(tx).await?;
    let policy = policy::at(tx, now).await?;
    let draft = application.draft;
    let calendar = calendar(tx, now, draft.slot()).await?;
    let mut judgement = rules::judge(draft, &circumstances(now, &policy, &calendar, &sites, &application));
    let taken = match draft.slot().duration_ms() > 0 {
        true => taken_at(tx, draft).await?,
        false => Vec::new(),
    };
    if !taken.is_empty() {
        let offered = serde_json::to_value(offered(tx, now, draft, &sites).await?)?;
        judgement.refusals.extend(
            taken.iter().map(|site| Refusal::new(Code::SlotTaken).with("site", site.to_string()).with("alternatives", offered.clone())),
        );
    }
    Ok(judgement)
}

async fn taken_at(tx: &mut Tx, draft: &Draft) -> Result<Vec<wire::id::SiteId>> {
    let asked: BTreeSet<_> = draft.sites.iter().take(sites::SITES_MAX).map(|it| it.site).collect();
    let mut taken = Vec::new();
    for site in asked {
        if !store::busy(tx, site, draft.slot()).await?.is_empty() {
            taken.push(site);
        }
    }
    Ok(taken)
}

async fn offer(db: &Db, now: UnixMs, draft: &Draft) -> Result<Vec<Slot>> {
    let mut tx = db.read().await?;
    let sites = sites::all(&mut tx).await?;
    offered(&mut tx, now, draft, &sites).await
}

/// The nearest lawful slots at the same sites.
async fn offered(tx: &mut Tx, now: UnixMs, draft: &Draft, sites: &[Site]) -> Result<Vec<Slot>> {
    let asked: Vec<&Site> = sites.iter().filter(|site| draft.sites.iter().any(|it| it.site == site.id)).collect();
    let lead = policy::at(tx, now).await?.lead();
    let calendar = calendar(tx, now, draft.slot()).await?;
    let earliest = verdict(now, draft.slot(), lead, &calendar, MALAYSIA).earliest_date;
    let mut busy = Vec::new();
    for site in &asked {
        let from = draft.slot().starts_at.max(kernel::clock::start_of_day(earliest, MALAYSIA).unwrap_or(now));
        busy.extend(store::busy(tx, site.id, alternatives::searched(Slot { starts_at: from, ..draft.slot() })).await?);
    }
    Ok(alternatives::alternatives(draft.slot(), earliest, &asked, &busy))
}

/// Withdraws what was submitted or approved, until its slot is over. Whoever sits in its meeting is told at once.
pub async fn withdraw(db: &Db, now: UnixMs, by: By, id: ReservationId, reason: Option<&str>) -> Result<()> {
    let outcome = try_withdraw(db, now, by, id, reason).await;
    audit::record_refusal(db, outcome, || entry(now, "reservation.withdraw", id, by)).await
}

async fn try_withdraw(db: &Db, now: UnixMs, by: By, id: ReservationId, reason: Option<&str>) -> Result<()> {
    kernel::transact!(db, tx => {
        let stored = found(tx, id).await?;
        if stored.agency != by.agency {
            return Err(Code::NotFound.into());
        }
        text::optional("reason", reason, REASON_CHARS_MAX, text::paragraph)?;
        let open = matches!(stored.state, State::Submitted | State::Approved | State::Displaced) && now < stored.slot.ends_at;
        if !open || !store::end(tx, id, stored.state, State::Withdrawn).await? {
            return Err(in_state(stored.state));
        }
        store::occupancies_to(tx, id, "released").await?;
        if let Some(room) = stored.meeting
            && let Some(epoch) = meetings::store::end(tx, room, now, EndReason::Withdrawn).await?
        {
            commands::push(tx, now, &Command::EndRoom { room, epoch, reason: LeaveReason::Revoked })?;
        }
        store::note(tx, id, now, "withdraw", Some(by.person), None).await?;
        audit::record(tx, entry(now, "reservation.withdraw", id, by).detail("reference", stored.reference.as_str()));
        Ok(())
    })
}

/// Lets go of every application whose time came before a decision did. Answers how many.
pub async fn lapse_due(db: &Db, now: UnixMs) -> Result<usize> {
    kernel::transact!(db, tx => {
        let due = store::overdue(tx, now).await?;
        for id in &due {
            lapse(tx, now, *id).await?;
        }
        Ok(due.len())
    })
}

/// Lets go of one that was still submitted.
pub(crate) async fn lapse(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<()> {
    if store::end(tx, id, State::Submitted, State::Lapsed).await? {
        store::occupancies_to(tx, id, "released").await?;
        store::note(tx, id, now, "lapse", None, None).await?;
        audit::record(tx, Entry::new(now, "reservation.lapse", "reservation", id));
    }
    Ok(())
}

pub(crate) async fn found(tx: &mut Tx, id: ReservationId) -> Result<Stored> {
    store::by_id(tx, id).await?.ok_or_else(|| Code::NotFound.into())
}

pub(crate) fn in_state(state: State) -> Error {
    Refusal::new(Code::ReservationState).with("state", state.text()).into()
}

pub(crate) fn entry(now: UnixMs, act: &'static str, id: ReservationId, by: By) -> Entry {
    Entry::new(now, act, "reservation", id).by(by.person).on_behalf_of(by.agency)
}
