//! A reservation as it is shown: to whom, with which names, and what this person may do with it.

use super::{State, Stored, store};
use crate::{
    Booking, conditions,
    decisions::{Decision, ReasonCode},
    meetings,
    names::names,
    people::{self, People},
    sites::{self, Site, SiteRef},
};
use identity::{Actor, AgencyShort, PersonRef, PersonRole};
use kernel::{Result, Tx};
use serde::Serialize;
use wire::{
    Classification, UnixMs,
    id::{ConditionId, MeetingId, PersonId, ReservationId, SiteId},
};

names! {
    /// An act that is open to this person now.
    May {
        Decide = "decide",
        Withdraw = "withdraw",
        Join = "join",
        FileCondition = "file_condition",
        ReportFault = "report_fault",
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reservation {
    pub id: ReservationId,
    /// `TP-2026-00012`
    pub reference: String,
    pub title: String,
    pub purpose: String,
    pub classification: Classification,
    #[schema(inline)]
    pub state: State,
    pub agency: AgencyShort,
    pub applicant: PersonRef,
    pub chair: PersonRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    pub sites: Vec<SiteUse>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub received_at_ms: UnixMs,
    /// The last millisecond at which it could be applied for (TP-2).
    pub lawful_until_ms: UnixMs,
    pub days_before_use: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decided>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting: Option<MeetingId>,
    pub history: Vec<HistoryRow>,
    pub may: Vec<May>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteUse {
    pub site: SiteRef,
    pub people: Vec<Seated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionRef>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Seated {
    pub person: PersonRef,
    pub seat_no: u8,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ConditionRef {
    pub id: ConditionId,
    pub filed_at_ms: UnixMs,
    /// Every point was sound.
    pub sound: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Decided {
    pub decision: Decision,
    pub by: PersonRef,
    pub at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryRow {
    pub at_ms: UnixMs,
    /// `apply`, `approve`, `refuse`, `withdraw`, `lapse`
    pub act: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Whether the person may know of it: it is their agency's and they administer it, they decide on it, they are in it, they look after a
/// room that it uses, or they audit (SEC-3).
pub fn visible(it: &Stored, actor: &Actor) -> bool {
    administers(it, actor)
        || approves(actor)
        || actor.has(PersonRole::Auditor)
        || [it.applicant, it.chair].contains(&actor.person)
        || sits(it, actor.person, None)
        || (matches!(it.state, State::Approved | State::Displaced) && it.sites.iter().any(|site| actor.facilitates(site.site)))
}

pub fn administers(it: &Stored, actor: &Actor) -> bool {
    it.agency == actor.agency.id && actor.has(PersonRole::UcAdministrator)
}

/// TP-4: the central agency decides.
pub fn approves(actor: &Actor) -> bool {
    actor.is_central() && actor.has(PersonRole::Approver)
}

/// Whether the person has a seat in it, at that site or at any.
pub fn sits(it: &Stored, person: PersonId, site: Option<SiteId>) -> bool {
    it.seated().any(|(at, _, seated)| seated == person && site.is_none_or(|site| site == at))
}

/// Whether the person may file the condition of that site after use (TP-7): its facilitator, or somebody who sat there.
pub fn may_file(it: &Stored, actor: &Actor, site: SiteId) -> bool {
    actor.facilitates(site) || sits(it, actor.person, Some(site))
}

/// The reservation, if the person may know of it.
pub async fn seen(tx: &mut Tx, id: ReservationId, actor: &Actor) -> Result<Stored> {
    let found = store::by_id(tx, id).await?.filter(|it| visible(it, actor));
    found.ok_or_else(|| wire::Code::NotFound.into())
}

/// Each as this person sees it.
pub async fn all(booking: &Booking, tx: &mut Tx, actor: &Actor, of: Vec<Stored>) -> Result<Vec<Reservation>> {
    let sites = sites::all(tx).await?;
    let mut shown = Vec::with_capacity(of.len());
    for it in of {
        shown.push(one(booking, tx, actor, &sites, it).await?);
    }
    Ok(shown)
}

async fn one(booking: &Booking, tx: &mut Tx, actor: &Actor, sites: &[Site], it: Stored) -> Result<Reservation> {
    let history = store::history(tx, it.id).await?;
    let filed = conditions::store::of_reservation(tx, it.id).await?;
    let named =
        it.seated().map(|seat| seat.2).chain([it.applicant, it.chair]).chain(it.decided_by).chain(history.iter().filter_map(|it| it.by));
    let people = People::of(tx, named.collect()).await?;
    let may = may(booking, tx, actor, &it, &filed).await?;
    let decision = match it.state {
        State::Refused => Some(Decision::Refuse),
        State::Submitted | State::Lapsed | State::Returned => None,
        State::Approved | State::Withdrawn | State::Displaced => Some(Decision::Approve),
    };
    let decision = decision.zip(it.decided_by.zip(it.decided_at)).map(|(decision, (by, at_ms))| Decided {
        decision,
        by: people.get(by),
        at_ms,
        reason_code: it.reason_code,
        reason: it.reason.clone(),
    });
    let uses = it.sites.iter().map(|used| SiteUse {
        site: named_site(sites, used.site),
        people: used.seats.iter().map(|(seat_no, person)| Seated { person: people.get(*person), seat_no: *seat_no }).collect(),
        condition: filed.iter().find(|filed| filed.0 == used.site).map(|filed| filed.1.clone()),
    });
    Ok(Reservation {
        sites: uses.collect(),
        agency: people::agency(tx, it.agency).await?,
        applicant: people.get(it.applicant),
        chair: people.get(it.chair),
        history: history
            .into_iter()
            .map(|it| HistoryRow { at_ms: it.at, act: it.act, by: it.by.map(|by| people.name(by)), rule: it.rule })
            .collect(),
        id: it.id,
        reference: it.reference,
        title: it.title,
        purpose: it.purpose,
        classification: it.classification,
        state: it.state,
        contact: it.contact,
        needs: it.needs,
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        received_at_ms: it.received_at,
        lawful_until_ms: it.lawful_until,
        days_before_use: it.days_before_use,
        decision,
        meeting: it.meeting,
        may,
    })
}

/// A site by name; one that is not listed has an id alone.
pub fn named_site(sites: &[Site], id: SiteId) -> SiteRef {
    let unknown = || SiteRef { id, name: String::new(), short_name: String::new() };
    sites.iter().find(|site| site.id == id).map_or_else(unknown, Site::as_ref)
}

async fn may(booking: &Booking, tx: &mut Tx, actor: &Actor, it: &Stored, filed: &[(SiteId, ConditionRef)]) -> Result<Vec<May>> {
    let now = booking.clock.now();
    let mut may = Vec::new();
    if it.state == State::Submitted && approves(actor) && it.agency != actor.agency.id && now < it.slot.starts_at {
        may.push(May::Decide);
    }
    if matches!(it.state, State::Submitted | State::Approved | State::Displaced) && administers(it, actor) && now < it.slot.ends_at {
        may.push(May::Withdraw);
    }
    if !matches!(it.state, State::Approved | State::Displaced) {
        return Ok(may);
    }
    if let Some(meeting) = it.meeting
        && let Some(meeting) = meetings::store::by_id(tx, meeting).await?
        && meetings::rules::may_join(&meeting, actor.person, now, booking.settings.classified_without_e2ee).is_ok()
    {
        may.push(May::Join);
    }
    if it.state == State::Displaced {
        return Ok(may);
    }
    let open = |site: &super::StoredSite| may_file(it, actor, site.site) && !filed.iter().any(|filed| filed.0 == site.site);
    if now >= it.slot.ends_at && it.sites.iter().any(open) {
        may.push(May::FileCondition);
    }
    if now >= it.slot.starts_at && it.sites.iter().any(|site| may_file(it, actor, site.site)) {
        may.push(May::ReportFault);
    }
    Ok(may)
}
