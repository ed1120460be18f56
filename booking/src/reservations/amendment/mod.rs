//! Amending a reservation: what changes is judged, and either all of it is done in one transaction or the old booking stands whole.

pub mod http;
pub mod rules;
mod store;

use super::{
    Application, Draft, HistoryAct, State, Stored,
    act::{all_of, entry, found_with, with_alternatives},
    occupancies, store as reservations, told,
    verdict::{self, Setting},
    waiting,
};
use crate::{
    decisions::returns,
    meetings, overrides,
    sites::{self, Site},
};
use kernel::{Db, Result, Tx, audit};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, UnixMs,
    id::{OverrideId, PersonId, ReservationId, SiteId},
};

pub use rules::{Amendment, Asked, Change};
#[cfg(test)]
pub(crate) use store::SQL;

/// What is asked for in place of what stands, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Amending<'a> {
    pub application: Application<'a>,
    /// The version that was read.
    pub version: i64,
    pub applicant: Option<PersonId>,
}

impl<'a> Amending<'a> {
    pub(super) fn asked(&self) -> Asked<'a> {
        Asked { draft: self.application.draft, applicant: self.applicant }
    }
}

/// What is said of an amendment before it is sent. Nothing is stored.
pub async fn judge(tx: &mut Tx, now: UnixMs, old: &Stored, amending: &Amending<'_>) -> Result<Amendment> {
    let setting = Setting::read(tx, now, amending.application.draft.slot()).await?;
    let mut amendment = sent_again(tx, now, old, amending, judged(now, old, amending, &setting), &setting).await?;
    excepted(tx, now, old, amending, &mut amendment).await?;
    if amendment.moves() {
        amendment.refusals.extend(verdict::taken(tx, amending.application.draft, &setting.sites, Some(old.id)).await?);
    }
    verdict::offer_with(tx, now, amending.application.draft, Some(old.id), &mut amendment.refusals).await?;
    Ok(amendment)
}

fn judged(now: UnixMs, old: &Stored, amending: &Amending<'_>, setting: &Setting) -> Amendment {
    rules::judge(old, amending.asked(), &setting.circumstances(now, &amending.application))
}

/// Amends. What was approved and is now something else goes back to the approver; its meeting waits for the new approval.
pub async fn amend(db: &Db, now: UnixMs, id: ReservationId, amending: &Amending<'_>) -> Result<()> {
    let by = amending.application.by;
    let outcome = try_amend(db, now, id, amending).await;
    let outcome = with_alternatives(db, now, amending.application.draft, Some(id), outcome).await;
    audit::record_refusal(db, outcome, || entry(now, "reservation.amend", id, by)).await
}

async fn try_amend(db: &Db, now: UnixMs, id: ReservationId, amending: &Amending<'_>) -> Result<()> {
    kernel::transact!(db, tx => {
        let old = found_with(tx, id, asked_sites(amending.application.draft)).await?;
        amend_in(tx, now, &old, amending).await
    })
}

/// The sites asked for, bounded.
pub(super) fn asked_sites(draft: &Draft) -> BTreeSet<SiteId> {
    draft.sites.iter().take(sites::SITES_MAX).map(|it| it.site).collect()
}

/// The amendment inside a transaction that holds the sites of both, the old and the new.
pub(super) async fn amend_in(tx: &mut Tx, now: UnixMs, old: &Stored, amending: &Amending<'_>) -> Result<()> {
    if old.agency != amending.application.by.agency {
        return Err(Code::NotFound.into());
    }
    if old.version != amending.version {
        return Err(Refusal::new(Code::Conflict).with("version", old.version).into());
    }
    let setting = Setting::read(tx, now, amending.application.draft.slot()).await?;
    let mut amendment = sent_again(tx, now, old, amending, judged(now, old, amending, &setting), &setting).await?;
    let exception = excepted(tx, now, old, amending, &mut amendment).await?;
    all_of(&amendment.refusals)?;
    if amendment.changes.is_empty() && old.state != State::Returned {
        return Ok(());
    }
    if let Some(exception) = exception {
        overrides::stand_by(tx, now, amending.application.by.into(), exception, old.id).await?;
    }
    carry_out(tx, now, old, amending, &amendment, &setting).await?;
    match old.state {
        State::Returned => returns::sent_again(tx, now, old.id, amending.application.by).await,
        _ => Ok(()),
    }
}

/// What was returned is sent again by amending it: what its lead time is counted from is the return's matter.
async fn sent_again(
    tx: &mut Tx,
    now: UnixMs,
    old: &Stored,
    amending: &Amending<'_>,
    mut amendment: Amendment,
    setting: &Setting,
) -> Result<Amendment> {
    if old.state != State::Returned {
        return Ok(amendment);
    }
    let again = returns::again(tx, now, old, &amendment.changes, amending.application.draft.slot(), setting).await?;
    amendment.refusals.retain(|it| it.code != Code::LeadTime);
    amendment.refusals.extend(again.refusal);
    Ok(Amendment { lead: again.lead, lead_checked: again.counted, received_at: again.received_at, ..amendment })
}

/// Takes out of the refusals what a confirmed override lets through, and answers which.
async fn excepted(
    tx: &mut Tx,
    now: UnixMs,
    old: &Stored,
    amending: &Amending<'_>,
    amendment: &mut Amendment,
) -> Result<Option<OverrideId>> {
    let draft = amending.application.draft;
    overrides::cover(tx, now, old.agency, &draft.site_ids(), draft.slot(), Some(old.id), &mut amendment.refusals).await
}

async fn carry_out(
    tx: &mut Tx,
    now: UnixMs,
    old: &Stored,
    amending: &Amending<'_>,
    amendment: &Amendment,
    setting: &Setting,
) -> Result<()> {
    let Application { by, draft, .. } = amending.application;
    let state = if old.state == State::Approved && !amendment.needs_approval { State::Approved } else { State::Submitted };
    let received = match amendment.lead_checked {
        true => Some(store::Received { at: amendment.received_at, lead: amendment.lead, policy_version: setting.policy.version }),
        false => None,
    };
    let hold_expires_at = match state {
        State::Approved => old.hold_expires_at,
        _ => Some(setting.hold_until(now, draft.slot())),
    };
    let amended = store::Amended { draft, state, applicant: amending.applicant.unwrap_or(old.applicant), hold_expires_at };
    if !store::amend(tx, old, &amended, received.as_ref()).await? {
        return Err(Code::Conflict.into());
    }
    take_places(tx, now, old, draft, if state == State::Approved { "approved" } else { "held" }, &setting.sites).await?;
    reservations::online_anew(tx, old.id, &draft.online).await?;
    if let Some(meeting) = old.meeting {
        let new = reservations::by_id(tx, old.id).await?.ok_or(Code::NotFound)?;
        meetings::follow::follow(tx, now, meeting, old, &new).await?;
    }
    reservations::note(tx, old.id, now, HistoryAct::Amend, Some(by.person), rules::rule(amendment)).await?;
    let changes: Vec<&str> = amendment.changes.iter().map(|it| it.text()).collect();
    let mut row = entry(now, "reservation.amend", old.id, by)
        .detail("reference", old.reference.as_str())
        .detail("version", old.version + 1)
        .detail("changes", changes)
        .detail("sites", draft.sites.iter().map(|it| it.site.to_string()).collect::<Vec<_>>())
        .detail("starts_at_ms", draft.starts_at_ms.0)
        .detail("ends_at_ms", draft.ends_at_ms.0)
        .detail("needs_approval", amendment.needs_approval);
    if let Some(rule) = rules::rule(amendment) {
        row = row.rule(rule);
    }
    if let Some(received) = &received {
        row = row.detail("policy_version", received.policy_version).detail("days_before_use", received.lead.days_before_use);
    }
    audit::record(tx, row);
    if amendment.needs_approval {
        told::received(tx, now, old.id).await?;
    }
    waiting::freed(tx, now, old).await
}

/// Moves what is taken of the sites and seats everybody anew, the sites in their order. Each row moves past nothing but itself, so that the
/// schema judges each move alone; where one is refused the whole transaction is.
async fn take_places(tx: &mut Tx, now: UnixMs, old: &Stored, draft: &Draft, state: &'static str, sites: &[Site]) -> Result<()> {
    occupancies::unseat(tx, old.id).await?;
    let asked = asked_sites(draft);
    for gone in old.sites.iter().filter(|it| !asked.contains(&it.site)) {
        occupancies::take_off(tx, old.id, gone.site, now).await?;
    }
    let moved = old.slot != draft.slot();
    let spans = occupancies::spans(sites, asked, draft.slot());
    for site in reservations::in_order(draft) {
        // What the room needs around the use is kept as it was taken where the use is not moved.
        let kept = old.sites.iter().find(|it| it.site == site.site && !moved).map(|it| it.span);
        let span = kept.or_else(|| spans.get(&site.site).copied()).unwrap_or(draft.slot());
        let place = occupancies::Use { reservation: old.id, site: site.site, span, people: &site.people };
        occupancies::reoccupy(tx, &place, state).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
