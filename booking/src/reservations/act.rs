//! The acts upon a reservation: apply, withdraw, lapse. Each is one transaction with its audit row; `now` is the server's clock.

use super::{
    Draft, Ended, HistoryAct, State, Stored, amendment, drafts, occupancies, rules, store, told,
    verdict::{self, Setting},
    waiting,
};
use crate::{
    meetings::{self, EndReason},
    overrides,
    policy::LeadVerdict,
    text,
};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
    idempotency::{self, Claim},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, DraftId, PersonId, ReservationId, SeriesId, SiteId},
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
    /// The draft that this was: it is taken out with the commit.
    pub draft_id: Option<DraftId>,
    /// Where nothing but a taken slot is in the way, it waits for it.
    pub wait: bool,
}

/// What an application is stored as.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// Its place in the waiting list.
    pub waiting_no: Option<i64>,
    /// The series that it is an occurrence of, and which.
    pub series: Option<(SeriesId, i64)>,
}

/// Applies for sites. Received before midnight and sent again after it, the same request under the same key is the same reservation.
pub async fn apply(db: &Db, now: UnixMs, application: Application<'_>) -> Result<ReservationId> {
    let id = ReservationId::fresh();
    let outcome = with_alternatives(db, now, application.draft, None, try_apply(db, now, application, id).await).await;
    let refused = || entry(now, "reservation.apply", id, application.by);
    audit::record_refusal(db, outcome, refused).await
}

/// Adds to a refusal what could be had instead.
pub(crate) async fn with_alternatives<T>(db: &Db, now: UnixMs, draft: &Draft, but: Option<ReservationId>, outcome: Result<T>) -> Result<T> {
    match outcome {
        Err(Error::Refused(refusal)) => {
            let mut refusals = [refusal];
            verdict::offer_with(&mut db.read().await?, now, draft, but, &mut refusals).await?;
            let [refusal] = refusals;
            Err(Error::Refused(refusal))
        }
        other => other,
    }
}

/// The nearest to the top of the form stands for the rest, which come with it.
pub(super) fn all_of(refusals: &[Refusal]) -> Result<()> {
    match refusals.split_first() {
        Some((first, others)) => Err(Error::Refused(first.clone().with("also", serde_json::to_value(others)?))),
        None => Ok(()),
    }
}

async fn try_apply(db: &Db, now: UnixMs, application: Application<'_>, id: ReservationId) -> Result<ReservationId> {
    let Application { draft, claim, .. } = application;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        // Refused before anybody waits for its sites, where it is refused at all.
        let (setting, _) = judged(tx, now, &application).await?;
        occupancies::lock_sites(tx, amendment::asked_sites(draft)).await?;
        // Of many who want one slot all but the first are told so at once, and let go of the sites.
        let taken = verdict::taken(tx, draft, &setting.sites, None).await?;
        let waits = application.wait && !taken.is_empty();
        if !waits {
            all_of(&taken)?;
        }
        // Judged again now that its sites are ours: what they are, and what is taken of them, stays so until the commit.
        let (setting, judgement) = judged(tx, now, &application).await?;
        let waiting_no = match waits {
            true => Some(waiting::next_number(tx).await?),
            false => None,
        };
        put(tx, now, &application, &setting, judgement.lead, id, Kind { waiting_no, series: None }).await?;
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// Judged by everything but a taken slot, and refused where that is to be.
async fn judged(tx: &mut Tx, now: UnixMs, application: &Application<'_>) -> Result<(Setting, rules::Judgement)> {
    let draft = application.draft;
    let setting = Setting::read(tx, now, draft.slot()).await?;
    let mut judgement = rules::judge(draft, &setting.circumstances(now, application));
    overrides::cover(tx, now, application.by.agency, &draft.site_ids(), draft.slot(), None, &mut judgement.refusals).await?;
    all_of(&judgement.refusals)?;
    Ok((setting, judgement))
}

/// Stores an application that was judged, with its row in the trail. The caller holds its sites.
pub(super) async fn put(
    tx: &mut Tx,
    now: UnixMs,
    application: &Application<'_>,
    setting: &Setting,
    lead: LeadVerdict,
    id: ReservationId,
    kind: Kind,
) -> Result<()> {
    let Application { by, draft, .. } = *application;
    // What lets it through where it came too late, or lies outside the sites' hours.
    let mut needed = rules::judge(draft, &setting.circumstances(now, application)).refusals;
    let exception = overrides::cover(tx, now, by.agency, &draft.site_ids(), draft.slot(), None, &mut needed).await?;
    let series = format!("TP-{}", lead.use_date.format("%Y"));
    let number = store::next_number(tx, &series).await?;
    let new = store::New {
        id,
        reference: format!("{series}-{number:05}"),
        draft,
        agency: by.agency,
        applicant: by.person,
        received_at: now,
        lead,
        policy: &setting.policy,
        exception,
        spans: &occupancies::spans(&setting.sites, draft.sites.iter().map(|it| it.site), draft.slot()),
        hold_expires_at: setting.hold_until(now, draft.slot()),
        waiting_no: kind.waiting_no,
        series: kind.series,
    };
    store::insert(tx, &new).await?;
    if let Some(draft) = application.draft_id {
        drafts::remove(tx, by.person, draft).await?;
    }
    store::note(tx, id, now, HistoryAct::Apply, Some(by.person), None).await?;
    if let Some(exception) = exception {
        overrides::used(tx, now, by.into(), exception, id).await?;
    }
    if kind.waiting_no.is_some() {
        store::note(tx, id, now, HistoryAct::Wait, Some(by.person), None).await?;
    }
    let row = entry(now, "reservation.apply", id, by)
        .rule(Rule::Tp2)
        .detail("reference", new.reference.as_str())
        .detail("policy_version", setting.policy.version)
        .detail("days_before_use", lead.days_before_use)
        .detail("sites", draft.sites.iter().map(|it| it.site.to_string()).collect::<Vec<_>>())
        .detail("starts_at_ms", draft.starts_at_ms.0)
        .detail("ends_at_ms", draft.ends_at_ms.0)
        .detail("waits", kind.waiting_no.is_some());
    audit::record(tx, row);
    match kind.waiting_no {
        Some(_) => Ok(()),
        None => told::received(tx, now, id).await,
    }
}

/// Withdraws what was submitted or approved, until its slot is over. Whoever sits in its meeting is told at once.
pub async fn withdraw(db: &Db, now: UnixMs, by: By, id: ReservationId, reason: Option<&str>) -> Result<()> {
    let outcome = try_withdraw(db, now, by, id, reason).await;
    audit::record_refusal(db, outcome, || entry(now, "reservation.withdraw", id, by)).await
}

async fn try_withdraw(db: &Db, now: UnixMs, by: By, id: ReservationId, reason: Option<&str>) -> Result<()> {
    kernel::transact!(db, tx => {
        let stored = found(tx, id).await?;
        withdraw_in(tx, now, by, &stored, reason).await
    })
}

/// The withdrawal inside a transaction that holds the sites.
pub(super) async fn withdraw_in(tx: &mut Tx, now: UnixMs, by: By, it: &Stored, reason: Option<&str>) -> Result<()> {
    if it.agency != by.agency {
        return Err(Code::NotFound.into());
    }
    let reason = text::optional("reason", reason, REASON_CHARS_MAX, text::paragraph)?;
    let ended = Ended { at: now, by: Some(by.person), reason };
    if !may_be_withdrawn(it, now) || !store::withdraw(tx, it.id, it.state, &ended).await? {
        return Err(in_state(it.state));
    }
    occupancies::to_state(tx, it.id, "released").await?;
    if let Some(room) = it.meeting {
        meetings::change::cancel(tx, now, room, EndReason::Withdrawn).await?;
    }
    store::note(tx, it.id, now, HistoryAct::Withdraw, Some(by.person), None).await?;
    let row = entry(now, "reservation.withdraw", it.id, by).detail("reference", it.reference.as_str());
    audit::record(tx, row.detail("reason", ended.reason));
    told::withdrawn(tx, now, it, by.person).await?;
    waiting::freed(tx, now, it).await
}

/// What has not come to an end is taken back until its slot is over.
pub fn may_be_withdrawn(it: &Stored, now: UnixMs) -> bool {
    let open =
        matches!(it.state, State::Submitted | State::Returned | State::Approved | State::Displaced | State::Waiting | State::Offered);
    open && now < it.slot.ends_at
}

/// Lets go of every application whose time came before a decision did. Answers how many.
pub async fn lapse_due(db: &Db, now: UnixMs) -> Result<usize> {
    let due = store::overdue(&mut db.read().await?, now).await?;
    for id in &due {
        kernel::transact!(db, tx => {
            let it = found(tx, *id).await?;
            lapse(tx, now, *id).await?;
            told::lapsed(tx, now, &it).await?;
            waiting::freed(tx, now, &it).await
        })?;
    }
    Ok(due.len())
}

/// Lets go of one that nobody had decided on.
pub(crate) async fn lapse(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<()> {
    if store::lapse(tx, id).await? {
        occupancies::to_state(tx, id, "released").await?;
        store::note(tx, id, now, HistoryAct::Lapse, None, None).await?;
        audit::record(tx, Entry::new(now, "reservation.lapse", "reservation", id));
    }
    Ok(())
}

/// The reservation, for whoever is about to change it: rivals for the same sites wait until this transaction is over, whatever it does, so
/// that nobody waits for somebody who waits for them.
pub(crate) async fn found(tx: &mut Tx, id: ReservationId) -> Result<Stored> {
    found_with(tx, id, []).await
}

/// As [`found`], for a change that may take these sites as well.
pub(crate) async fn found_with(tx: &mut Tx, id: ReservationId, sites: impl IntoIterator<Item = SiteId>) -> Result<Stored> {
    let mut concerned = occupancies::concerned(tx, id).await?;
    concerned.extend(sites);
    occupancies::lock_sites(tx, concerned).await?;
    store::by_id(tx, id).await?.ok_or_else(|| Code::NotFound.into())
}

pub(crate) fn in_state(state: State) -> Error {
    Refusal::new(Code::ReservationState).with("state", state.text()).into()
}

pub(crate) fn entry(now: UnixMs, act: &'static str, id: ReservationId, by: By) -> Entry {
    Entry::new(now, act, "reservation", id).by(by.person).on_behalf_of(by.agency)
}
