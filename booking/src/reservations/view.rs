//! A reservation as it is shown: to whom, with which names, and what this person may do with it.

use super::{HistoryAct, State, Stored, act, store, waiting};
use crate::{
    Booking, conditions,
    decisions::{Decision, Field, ReasonCode, returns},
    meetings,
    names::names,
    overrides,
    people::{self, People},
    sites::{self, Site, SiteRef},
    use_of_rooms,
};
use identity::{Actor, AgencyShort, PersonRef, PersonRole};
use kernel::{Result, Tx};
use serde::Serialize;
use std::collections::BTreeSet;
use wire::{
    Classification, UnixMs,
    id::{ConditionId, MeetingId, PersonId, ReservationId, SeriesId, SiteId},
};

names! {
    /// An act that is open to this person now.
    May {
        Decide = "decide",
        Withdraw = "withdraw",
        Amend = "amend",
        Copy = "copy",
        AmendFollowing = "amend_following",
        WithdrawFollowing = "withdraw_following",
        AcceptOffer = "accept_offer",
        DeclineOffer = "decline_offer",
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
    /// Those who join from a browser, without a seat.
    pub online: Vec<PersonRef>,
    /// Counts its changes; goes with whatever changes it.
    pub version: i64,
    /// SEQUENCE of what calendars were sent.
    pub sequence: i64,
    /// Whether its sites are held for it now.
    pub holds: bool,
    /// Until when they are held while nobody decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at_ms: Option<UnixMs>,
    /// Who took it back, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Occurrence>,
    /// Of one in the waiting list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Of one to which a place is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// What is to be put right, where it stands returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// Exceptions from the rules of time that were asked for it, or that it stands by.
    pub exceptions: Vec<overrides::view::Shown>,
    pub history: Vec<HistoryRow>,
    pub may: Vec<May>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteUse {
    pub site: SiteRef,
    pub people: Vec<Seated>,
    /// More people are booked than it seats now (TP-3).
    pub over_capacity: bool,
    /// Minutes kept free before and after the use.
    pub set_up_minutes: i64,
    pub clear_up_minutes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionRef>,
    /// The use before this one is over, and nobody has said yet how the room was left (TP-7).
    pub unverified: bool,
    /// Somebody is there, since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_in_at_ms: Option<UnixMs>,
    /// Nobody came; since then it is no longer theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_show_at_ms: Option<UnixMs>,
    /// This person, who looks after the site, may say now that they are there.
    pub may_check_in: bool,
    /// They said so a moment ago, and may take it back.
    pub may_undo_check_in: bool,
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

/// Who took a reservation back, when and why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Ended {
    pub at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which occurrence of which series it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Occurrence {
    pub id: SeriesId,
    pub number: i64,
    pub of: i64,
}

/// A return that is open.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Returned {
    pub fields: Vec<Field>,
    pub words: String,
    pub by: PersonRef,
    pub at_ms: UnixMs,
    /// Sent again before it, its sites are still held for it.
    pub deadline_ms: UnixMs,
}

impl Returned {
    async fn of(tx: &mut Tx, it: &Stored) -> Result<Option<Self>> {
        let Some(open) = returns::open(tx, it).await? else { return Ok(None) };
        let by = People::of(tx, [open.by].into()).await?.get(open.by);
        Ok(Some(Self { fields: open.fields.into_iter().collect(), words: open.words, by, at_ms: open.at, deadline_ms: open.deadline }))
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Waiting {
    /// Among those who wait for one of its sites at its time; 1 is the next.
    pub place: i64,
    pub since_ms: UnixMs,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Offer {
    pub expires_at_ms: UnixMs,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryRow {
    pub at_ms: UnixMs,
    pub act: HistoryAct,
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
        || decides(it, actor)
        || actor.has(PersonRole::Auditor)
        || [it.applicant, it.chair].contains(&actor.person)
        || sits(it, actor.person, None)
        || it.online.contains(&actor.person)
        || (matches!(it.state, State::Approved | State::Displaced) && it.sites.iter().any(|site| actor.facilitates(site.site)))
}

pub fn administers(it: &Stored, actor: &Actor) -> bool {
    it.agency == actor.agency.id && actor.has(PersonRole::UcAdministrator)
}

/// TP-4: the central agency decides.
pub fn approves(actor: &Actor) -> bool {
    actor.is_central() && actor.has(PersonRole::Approver)
}

/// TP-4: whether the person may decide on this one. Nobody does for their own agency; on what the central agency applies for somebody of another
/// agency does, to whom one of its approvers lends that.
pub fn decides(it: &Stored, actor: &Actor) -> bool {
    it.agency != actor.agency.id && (approves(actor) || actor.decides_on == Some(it.agency))
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

/// The reservation, if the person administers it.
pub async fn administered(tx: &mut Tx, id: ReservationId, actor: &Actor) -> Result<Stored> {
    let found = store::by_id(tx, id).await?.filter(|it| administers(it, actor));
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

/// One, as this person sees it.
pub async fn one_of(booking: &Booking, tx: &mut Tx, actor: &Actor, it: Stored) -> Result<Reservation> {
    let sites = sites::all(tx).await?;
    one(booking, tx, actor, &sites, it).await
}

async fn one(booking: &Booking, tx: &mut Tx, actor: &Actor, sites: &[Site], it: Stored) -> Result<Reservation> {
    let history = store::history(tx, it.id).await?;
    let filed = conditions::store::of_reservation(tx, it.id).await?;
    let named =
        it.seated().map(|seat| seat.2).chain([it.applicant, it.chair]).chain(it.decided_by).chain(history.iter().filter_map(|it| it.by));
    let named = named.chain(it.online.iter().copied()).chain(it.ended.iter().filter_map(|it| it.by));
    let people = People::of(tx, named.collect()).await?;
    let may = may(booking, tx, actor, &it, &filed).await?;
    let returned = Returned::of(tx, &it).await?;
    let exceptions = overrides::of_reservation(tx, it.id).await?;
    let exceptions =
        overrides::view::all(tx, approves(actor).then(|| overrides::http::hand(actor)), booking.clock.now(), exceptions).await?;
    let decision = match it.state {
        State::Refused => Some(Decision::Refuse),
        State::Submitted | State::Lapsed | State::Returned | State::Waiting | State::Offered => None,
        State::Approved | State::Withdrawn | State::Displaced => Some(Decision::Approve),
    };
    let decision = decision.zip(it.decided_by.zip(it.decided_at)).map(|(decision, (by, at_ms))| Decided {
        decision,
        by: people.get(by),
        at_ms,
        reason_code: it.reason_code,
        reason: it.reason.clone(),
    });
    let unverified = unverified(tx, &it, booking.clock.now()).await?;
    let on_the_day = use_of_rooms::uses(tx, it.id).await?;
    let day_of_use = |site: SiteId| on_the_day.iter().find(|it| it.site == site);
    let uses = it.sites.iter().map(|used| SiteUse {
        site: named_site(sites, used.site),
        people: used.seats.iter().map(|(seat_no, person)| Seated { person: people.get(*person), seat_no: *seat_no }).collect(),
        over_capacity: sites.iter().any(|site| site.id == used.site && used.seats.len() as i64 > site.seats),
        set_up_minutes: minutes(used.span.starts_at, it.slot.starts_at),
        clear_up_minutes: minutes(it.slot.ends_at, used.span.ends_at),
        condition: filed.iter().find(|filed| filed.0 == used.site).map(|filed| filed.1.clone()),
        unverified: unverified.contains(&used.site),
        checked_in_at_ms: day_of_use(used.site).and_then(|it| it.checked_in).map(|it| it.0),
        no_show_at_ms: day_of_use(used.site).and_then(|it| it.no_show_at),
        may_check_in: actor.facilitates(used.site)
            && it.state == State::Approved
            && day_of_use(used.site).is_none_or(|it| it.checked_in.is_none() && it.no_show_at.is_none())
            && use_of_rooms::rules::may_check_in(it.slot, booking.clock.now()).is_ok(),
        may_undo_check_in: actor.facilitates(used.site)
            && use_of_rooms::rules::may_undo(day_of_use(used.site).and_then(|it| it.checked_in), it.slot, booking.clock.now()),
    });
    let holds = it.holds();
    let waiting = match it.state {
        State::Waiting => Some(Waiting { place: waiting::place(tx, it.id).await?, since_ms: it.received_at }),
        _ => None,
    };
    Ok(Reservation {
        returned,
        exceptions,
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
        online: it.online.iter().map(|person| people.get(*person)).collect(),
        version: it.version,
        sequence: it.sequence,
        hold_expires_at_ms: it.hold_expires_at.filter(|_| matches!(it.state, State::Submitted | State::Returned)),
        ended: it.ended.map(|ended| Ended { at_ms: ended.at, by: ended.by.map(|by| people.get(by)), reason: ended.reason }),
        series: it.series.map(|series| Occurrence { id: series.id, number: series.number, of: series.of }),
        waiting,
        offer: it.offer_expires_at.filter(|_| it.state == State::Offered).map(|expires_at_ms| Offer { expires_at_ms }),
        holds,
        may,
    })
}

/// Minutes from one instant to a later one.
fn minutes(from: UnixMs, to: UnixMs) -> i64 {
    to.0.saturating_sub(from.0).max(0) / 60_000
}

/// The sites of which nobody has said how the use before this one left them.
async fn unverified(tx: &mut Tx, it: &Stored, now: UnixMs) -> Result<BTreeSet<SiteId>> {
    let mut found = BTreeSet::new();
    if matches!(it.state, State::Approved | State::Displaced) && now < it.slot.ends_at {
        for used in &it.sites {
            if conditions::is_unverified(tx, used.site, it.slot.starts_at, now).await? {
                found.insert(used.site);
            }
        }
    }
    Ok(found)
}

/// A site by name; one that is not listed has an id alone.
pub fn named_site(sites: &[Site], id: SiteId) -> SiteRef {
    let unknown = || SiteRef { id, name: String::new(), short_name: String::new() };
    sites.iter().find(|site| site.id == id).map_or_else(unknown, Site::as_ref)
}

fn of_administrator(it: &Stored, now: UnixMs) -> Vec<May> {
    let amendable = match it.state {
        State::Approved => now < it.slot.ends_at,
        State::Submitted | State::Returned => now < it.slot.starts_at,
        _ => false,
    };
    let table = [(May::Withdraw, act::may_be_withdrawn(it, now)), (May::Amend, amendable), (May::Copy, true)];
    let in_series = it.series.is_some_and(|at| at.number < at.of);
    let offered = it.state == State::Offered && it.offer_expires_at.is_some_and(|at| now < at);
    let table = table.into_iter().chain([
        (May::AmendFollowing, amendable && in_series),
        (May::WithdrawFollowing, act::may_be_withdrawn(it, now) && in_series),
        (May::AcceptOffer, offered),
        (May::DeclineOffer, offered),
    ]);
    table.filter(|it| it.1).map(|it| it.0).collect()
}

async fn may(booking: &Booking, tx: &mut Tx, actor: &Actor, it: &Stored, filed: &[(SiteId, ConditionRef)]) -> Result<Vec<May>> {
    let now = booking.clock.now();
    let mut may = Vec::new();
    if it.state == State::Submitted && decides(it, actor) && now < it.slot.starts_at {
        may.push(May::Decide);
    }
    if administers(it, actor) {
        may.extend(of_administrator(it, now));
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
    if now >= conditions::rules::opens_at(it.slot) && it.sites.iter().any(open) {
        may.push(May::FileCondition);
    }
    if now >= it.slot.starts_at && it.sites.iter().any(|site| may_file(it, actor, site.site)) {
        may.push(May::ReportFault);
    }
    Ok(may)
}
