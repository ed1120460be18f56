//! The queue of those who decide: what waits, the most urgent first. Urgent is what loses its sites first, then what is used first, then what
//! came first.

use super::{
    consents::{self, Consent, ConsentAnswer},
    returns, store,
};
use crate::{
    names::names,
    people, policy,
    reservations::{self, State, Stored, rules, verdict::Setting, view::named_site},
    sites::SiteRef,
};
use identity::AgencyShort;
use kernel::{Result, Tx};
use serde::Serialize;
use wire::{
    Classification, UnixMs,
    id::{AgencyId, ReservationId, SiteId},
};

names! {
    /// Which part of the queue.
    QueueView {
        /// What waits for the approver.
        Waiting = "waiting",
        /// What waits for its applicant, who is to put it right.
        Returned = "returned",
    }
}

names! {
    /// Where the consent of those who look after the rooms stands.
    ConsentState {
        NotNeeded = "not_needed",
        Waiting = "waiting",
        Given = "given",
        Withheld = "withheld",
    }
}

/// One application in the queue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QueueRow {
    pub id: ReservationId,
    pub reference: String,
    pub title: String,
    pub classification: Classification,
    pub agency: AgencyShort,
    pub sites: Vec<SiteRef>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub received_at_ms: UnixMs,
    pub days_before_use: i64,
    /// Since when it is with the approver; of one that is returned, since when it is with its applicant.
    pub waiting_from_ms: UnixMs,
    /// Until when its sites are held; of one that is returned, the applicant's deadline.
    pub held_until_ms: UnixMs,
    /// Its sites are held now.
    pub holds: bool,
    pub people: i64,
    pub consent: ConsentState,
    /// It stands by an exception from a rule.
    pub excepted: bool,
    /// What was told of it while it waits.
    pub reminders: i64,
}

/// The most restrictive word on the sites that need one: pure.
pub fn consent_state(needed: &[SiteId], it: &Stored, consents: &[Consent]) -> ConsentState {
    let answer = |site: &SiteId| {
        let of = consents.iter().find(|consent| consent.site == *site && consent.slot == it.slot);
        of.and_then(|it| it.answered.as_ref()).map(|it| it.answer)
    };
    let answers: Vec<Option<ConsentAnswer>> = needed.iter().map(answer).collect();
    match () {
        () if answers.is_empty() => ConsentState::NotNeeded,
        () if answers.contains(&Some(ConsentAnswer::Withheld)) => ConsentState::Withheld,
        () if answers.contains(&None) => ConsentState::Waiting,
        () => ConsentState::Given,
    }
}

/// What an approver of another agency than `not_of` has before them.
pub async fn list(
    tx: &mut Tx,
    now: UnixMs,
    view: QueueView,
    not_of: AgencyId,
    site: Option<SiteId>,
    agency: Option<AgencyId>,
) -> Result<Vec<QueueRow>> {
    let state = match view {
        QueueView::Waiting => State::Submitted,
        QueueView::Returned => State::Returned,
    };
    let mut found = Vec::new();
    for id in store::queue(tx, state, not_of, now).await? {
        if let Some(it) = reservations::store::by_id(tx, id).await?
            && site.is_none_or(|site| it.sites.iter().any(|used| used.site == site))
            && agency.is_none_or(|agency| it.agency == agency)
        {
            found.push(it);
        }
    }
    let span = found.iter().map(|it| it.slot).reduce(|one, other| crate::policy::Slot {
        starts_at: one.starts_at.min(other.starts_at),
        ends_at: one.ends_at.max(other.ends_at),
    });
    let Some(span) = span else { return Ok(Vec::new()) };
    let day = |at| kernel::clock::civil_date(at, crate::policy::MALAYSIA);
    let setting = Setting::over(tx, now, day(span.starts_at), day(span.ends_at)).await?;
    let mut rows = Vec::with_capacity(found.len());
    for it in found {
        rows.push(row(tx, &setting, it).await?);
    }
    Ok(rows)
}

async fn row(tx: &mut Tx, setting: &Setting, it: Stored) -> Result<QueueRow> {
    let needed = needed(tx, &it, setting).await?;
    let consents = store::consents(tx, it.id).await?;
    let open = returns::open(tx, &it).await?;
    let waiting_from = match &open {
        Some(open) => open.at,
        None => store::waiting_from(tx, &it).await?,
    };
    let held_until = open.map_or(it.hold_expires_at.unwrap_or(it.slot.starts_at), |open| open.deadline);
    let exceptions = crate::overrides::of_reservation(tx, it.id).await?;
    Ok(QueueRow {
        agency: people::agency(tx, it.agency).await?,
        sites: it.sites.iter().map(|used| named_site(&setting.sites, used.site)).collect(),
        people: rules::named(&it.as_draft()).count() as i64,
        consent: consent_state(&needed, &it, &consents),
        excepted: exceptions.iter().any(|it| it.state == crate::overrides::OverrideState::Confirmed),
        reminders: store::told(tx, it.id, waiting_from).await?.len() as i64,
        holds: it.holds(),
        waiting_from_ms: waiting_from,
        held_until_ms: held_until,
        id: it.id,
        reference: it.reference,
        title: it.title,
        classification: it.classification,
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        received_at_ms: it.received_at,
        days_before_use: it.days_before_use,
    })
}

/// The sites whose consent is needed for a use, by the version of the policy that it keeps.
pub async fn needed(tx: &mut Tx, it: &Stored, setting: &Setting) -> Result<Vec<SiteId>> {
    let version = store::policy_of(tx, it.id).await?;
    let kept = policy::by_version(tx, version).await?;
    let terms = kept.map_or_else(|| setting.policy.terms.clone(), |it| it.terms);
    Ok(consents::needed(&consents::flags(it, &setting.sites, &setting.calendar), &terms))
}
