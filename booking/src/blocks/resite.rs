//! What can become of a booking that lost a room: another site at the same time, or joining from a browser. Proposed to whoever looks after the
//! room, and carried out by one act.

use super::{Displaced, Outcome, act, store, store::Kept, tell};
use crate::{
    faults, holidays,
    overrides::{self, Exemption},
    policy::{self, Bound, Slot},
    reservations::{self, By, State, alternatives, grid::Grid, verdict::Setting},
    sites::{self, Site},
};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date},
    extract::malformed,
};
use serde::Serialize;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{PersonId, ReservationId, SiteId},
    limits::PEOPLE_PER_SITE_MAX,
};

/// A site at which the booking could take place at its own time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SiteProposal {
    pub site: SiteId,
    pub name: String,
    pub seats: i64,
}

/// A time at which the booking's own sites are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FreeTime {
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

/// What is proposed for one booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Proposals {
    /// Sites that are free at its time, and have the seats.
    pub sites: Vec<SiteProposal>,
    /// TP-2: within the lead time, so that another site is recorded as an override.
    pub exempt: bool,
    /// Its people can join from a browser.
    pub online: bool,
    /// The next times at which its own sites are free: for the applicant, who may ask for one.
    pub times: Vec<FreeTime>,
}

pub async fn proposals(tx: &mut Tx, now: UnixMs, lost: &Kept, it: &reservations::Stored) -> Result<Proposals> {
    let sites = sites::all(tx).await?;
    let mut proposed = Vec::new();
    for site in &sites {
        if fits(site, lost, it).is_none() && store::is_free(tx, site.id, site.occupied(it.slot)).await? {
            proposed.push(SiteProposal { site: site.id, name: site.name.clone(), seats: site.seats });
        }
    }
    Ok(Proposals {
        sites: proposed,
        exempt: !lead(tx, now, it.slot).await?,
        online: it.slot.ends_at > now,
        times: times(tx, now, it, &sites).await?,
    })
}

/// Whether a booking of that slot could still be applied for.
async fn lead(tx: &mut Tx, now: UnixMs, slot: Slot) -> Result<bool> {
    let policy = policy::at(tx, now).await?;
    let calendar = holidays::calendar(tx, civil_date(now, MALAYSIA), civil_date(slot.ends_at, MALAYSIA)).await?;
    Ok(policy::verdict(now, slot, policy.lead(), &calendar, MALAYSIA).lawful)
}

async fn times(tx: &mut Tx, now: UnixMs, it: &reservations::Stored, sites: &[Site]) -> Result<Vec<FreeTime>> {
    let own: Vec<&Site> = sites.iter().filter(|site| it.sites.iter().any(|used| used.site == site.id)).collect();
    let grid = Grid::read(tx, &own, alternatives::searched(it.slot), Some(it.id)).await?;
    // The lead time is set aside for it; the rest of the policy is not.
    let setting = Setting::read(tx, now, it.slot).await?;
    let lawful = |slot| policy::refused(&setting.policy, now, slot, &own, &setting.calendar).iter().all(|it| *it == Bound::LeadTime);
    let found = alternatives::alternatives(it.slot, civil_date(now, MALAYSIA), &own, &grid, lawful);
    Ok(found.into_iter().map(|it| FreeTime { starts_at_ms: it.starts_at, ends_at_ms: it.ends_at }).collect())
}

/// Why the site cannot take the people of the one that was lost; whether it is free is the store's to say.
fn fits(site: &Site, lost: &Kept, it: &reservations::Stored) -> Option<&'static str> {
    let people = it.sites.iter().find(|used| used.site == lost.shown.site).map_or(0, |used| used.seats.len());
    if it.sites.iter().any(|used| used.site == site.id) {
        Some("used")
    } else if !site.is_open_for(it.slot) {
        Some("opening_hours")
    } else if usize::try_from(site.seats).unwrap_or(0) < people {
        Some("seats")
    } else {
        None
    }
}

/// The booking has the seats of the lost site at another, at its own time. Whether its lead time had to be set aside for it.
pub async fn resite(tx: &mut Tx, now: UnixMs, lost: &Kept, to: SiteId, by: By) -> Result<bool> {
    reservations::store::lock_sites(tx, [to]).await?;
    let it = waiting(tx, now, &lost.shown).await?;
    let site = sites::by_id(tx, to).await?.ok_or_else(|| malformed("site", "known_site"))?;
    match fits(&site, lost, &it) {
        None => {}
        Some("seats") => {
            let refusal = Refusal::by(Code::SiteFull, Rule::Tp3).with("site", to.to_string());
            return Err(refusal.with("people_max", site.seats.min(PEOPLE_PER_SITE_MAX as i64)).into());
        }
        Some("opening_hours") => {
            return Err(Refusal::new(Code::SlotInvalid).with("bound", "opening_hours").with("site", to.to_string()).into());
        }
        Some(_) => return Err(malformed("site", "another_site").into()),
    }
    let exempt = !lead(tx, now, it.slot).await?;
    let occupancy = store::occupy_for(tx, it.id, to, site.occupied(it.slot), &lost.occupancy_state).await?;
    store::move_seats(tx, &lost.occupancy, &occupancy).await?;
    store::take_off(tx, &lost.occupancy, now).await?;
    if let Some(room) = store::meeting_of(tx, it.id).await? {
        for (seat_no, person) in store::seats(tx, &occupancy).await? {
            store::reseat(tx, room, person, to, seat_no).await?;
        }
    }
    settled(tx, now, lost, Outcome::Resited, by.person, Some(to), exempt).await?;
    if exempt {
        record_exception(tx, now, lost, &it, to, by).await?;
    }
    Ok(exempt)
}

/// The lead time is not counted again for a room that its people did not choose to leave (TP-2): the service proposes it, the keeper takes it.
async fn record_exception(tx: &mut Tx, now: UnixMs, lost: &Kept, it: &reservations::Stored, to: SiteId, by: By) -> Result<()> {
    let block = store::by_id(tx, lost.shown.block).await?.ok_or(Code::NotFound)?;
    let fault = match block.fault {
        Some(id) => faults::store::by_id(tx, id).await?.map(|it| it.reference),
        None => None,
    };
    let reason = fault.or(block.note).unwrap_or_else(|| block.kind.text().to_owned());
    let record = overrides::Record {
        reservation: it.id,
        agency: it.agency,
        slot: it.slot,
        sites: it.sites.iter().map(|used| used.site).filter(|site| *site != lost.shown.site).chain([to]).collect(),
        exempt: [Exemption::LeadTime].into(),
        reason: &reason,
        asked_by: None,
        confirmed_by: by.into(),
    };
    overrides::record(tx, now, &record).await.map(drop)
}

/// The people of the lost site join from a browser; the booking keeps what other rooms it has.
pub async fn go_online(tx: &mut Tx, now: UnixMs, lost: &Kept, by: PersonId) -> Result<()> {
    let it = waiting(tx, now, &lost.shown).await?;
    for (_, person) in store::seats(tx, &lost.occupancy).await? {
        store::join_online(tx, it.id, person).await?;
    }
    store::clear_seats(tx, &lost.occupancy).await?;
    store::take_off(tx, &lost.occupancy, now).await?;
    settled(tx, now, lost, Outcome::Online, by, None, false).await
}

/// The booking, while it waits for what becomes of it.
async fn waiting(tx: &mut Tx, now: UnixMs, lost: &Displaced) -> Result<reservations::Stored> {
    let state = store::lock_reservation(tx, lost.reservation).await?;
    let it = reservations::store::by_id(tx, lost.reservation).await?.ok_or(Code::NotFound)?;
    match state == State::Displaced.text() && now < it.slot.ends_at {
        true => Ok(it),
        false => Err(Refusal::new(Code::ReservationState).with("state", state).into()),
    }
}

/// It stands again as it stood before, where it has a room and waits for no other.
async fn settled(tx: &mut Tx, now: UnixMs, lost: &Kept, outcome: Outcome, by: PersonId, site: Option<SiteId>, exempt: bool) -> Result<()> {
    let id: ReservationId = lost.shown.reservation;
    act::settle(tx, now, &lost.shown, outcome, by).await?;
    if store::unsettled_of(tx, id).await?.is_empty() && store::holds_any(tx, id).await? {
        store::reservation_to(tx, id, &lost.shown.from_state).await?;
    }
    let (note, act) = match outcome {
        Outcome::Resited => (reservations::HistoryAct::Resite, "reservation.resite"),
        Outcome::Online => (reservations::HistoryAct::GoOnline, "reservation.go_online"),
        Outcome::Restored => (reservations::HistoryAct::Restore, "reservation.restore"),
    };
    reservations::store::touched(tx, id).await?;
    let rule = exempt.then_some(Rule::Tp2);
    reservations::store::note(tx, id, now, note, Some(by), rule).await?;
    let mut row =
        act::standing_now(tx, id, Entry::new(now, act, "reservation", id).by(by).detail("block", lost.shown.block.to_string())).await?;
    if let Some(site) = site {
        row = row.detail("site", site.to_string());
    }
    if exempt {
        row = row.rule(Rule::Tp2).detail("exempt", "lead_time");
    }
    audit::record(tx, row);
    tell::settled(tx, now, id, outcome, site).await
}
