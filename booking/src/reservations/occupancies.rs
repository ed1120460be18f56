//! What occupies a site, as stored: taken in the order of the sites' ids, moved as a whole, released and never deleted.

use super::store::refusal_of;
use crate::{
    policy::Slot,
    sites::{SITES_MAX, Site},
};
use kernel::{OnConstraint, Result, Text, Tx, on};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    UnixMs,
    id::{PersonId, ReservationId, SiteId},
};

kernel::sql! {
    /// Rivals for a site wait here, in the order of the sites' ids, and not for each other inside the exclusion constraint, where
    /// PostgreSQL would find the circle only after its deadlock timeout.
    LOCK_SITE = "UPDATE site SET seats = seats WHERE id = $1";
    /// The sites of a reservation, and those that applications in the waiting list would want with what it lets go.
    SITES_CONCERNED = "SELECT site_id FROM occupancy WHERE reservation_id = $1
        UNION SELECT o.site_id FROM reservation r JOIN reservation w ON w.state = 'waiting' AND w.id <> r.id
            AND w.starts_at_ms < r.ends_at_ms + $2 AND w.ends_at_ms > r.starts_at_ms - $2
        JOIN occupancy o ON o.reservation_id = w.id WHERE r.id = $1";
    OCCUPY = "INSERT INTO occupancy (id, reservation_id, site_id, kind, starts_at_ms, ends_at_ms, state)
        VALUES ($1, $2, $3, 'reservation', $4, $5, $6)";
    MOVE = "UPDATE occupancy SET starts_at_ms = $3, ends_at_ms = $4, state = $5, removed_at_ms = NULL
        WHERE reservation_id = $1 AND site_id = $2 RETURNING id";
    TAKE_OFF = "UPDATE occupancy SET state = 'released', removed_at_ms = $3 WHERE reservation_id = $1 AND site_id = $2";
    UNSEAT = "DELETE FROM seat WHERE reservation_id = $1";
    SEAT = "INSERT INTO seat (occupancy_id, reservation_id, seat_no, person_id) VALUES ($1, $2, $3, $4)";
    TO_STATE = "UPDATE occupancy SET state = $2 WHERE reservation_id = $1 AND removed_at_ms IS NULL AND state <> $2";
}

/// What is taken of each site for a use in that slot.
pub type Spans = BTreeMap<SiteId, Slot>;

/// The spans of one slot at these of the known sites.
pub fn spans(known: &[Site], asked: impl IntoIterator<Item = SiteId>, slot: Slot) -> Spans {
    let site = |id: SiteId| known.iter().find(|site| site.id == id);
    asked.into_iter().take(SITES_MAX).filter_map(|id| site(id).map(|site| (id, site.occupied(slot)))).collect()
}

/// Locks the sites against rivals, in the order of their ids. Whoever changes what a reservation holds does this first.
pub async fn lock_sites(tx: &mut Tx, sites: impl IntoIterator<Item = SiteId>) -> Result<()> {
    let sorted: BTreeSet<SiteId> = sites.into_iter().collect();
    for site in sorted {
        on!(tx, c => sqlx::query(LOCK_SITE).bind(Text(site)).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// The sites that a change of this reservation can touch, those of the waiting ones among them.
pub async fn concerned(tx: &mut Tx, id: ReservationId) -> Result<BTreeSet<SiteId>> {
    const DAY_MS: i64 = 86_400_000;
    let rows: Vec<Text<SiteId>> = on!(tx, c => sqlx::query_scalar(SITES_CONCERNED).bind(Text(id)).bind(DAY_MS).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// A site of a reservation with its people, seat 1 first.
pub struct Use<'a> {
    pub reservation: ReservationId,
    pub site: SiteId,
    pub span: Slot,
    pub people: &'a [PersonId],
}

/// Takes a site and seats its people. `state` is that of the occupancy: `held`, `approved`, or `released` for one that waits.
pub async fn occupy(tx: &mut Tx, it: &Use<'_>, state: &'static str) -> Result<()> {
    let occupancy = uuid::Uuid::now_v7().to_string();
    on!(tx, c => sqlx::query(OCCUPY)
        .bind(&occupancy).bind(Text(it.reservation)).bind(Text(it.site)).bind(it.span.starts_at.0).bind(it.span.ends_at.0).bind(state)
        .execute(c).await.map(drop))
    .on_constraint(|name| refusal_of(name, Some(it.site), None))?;
    seat(tx, it, &occupancy).await
}

/// As [`occupy`], where the reservation may have this site already: what is taken of it is moved.
pub async fn reoccupy(tx: &mut Tx, it: &Use<'_>, state: &'static str) -> Result<()> {
    let moved: Option<String> = on!(tx, c => sqlx::query_scalar(MOVE)
        .bind(Text(it.reservation)).bind(Text(it.site)).bind(it.span.starts_at.0).bind(it.span.ends_at.0).bind(state)
        .fetch_optional(c).await)
    .on_constraint(|name| refusal_of(name, Some(it.site), None))?;
    match moved {
        Some(occupancy) => seat(tx, it, &occupancy).await,
        None => occupy(tx, it, state).await,
    }
}

async fn seat(tx: &mut Tx, it: &Use<'_>, occupancy: &str) -> Result<()> {
    for (seat_no, person) in (1i64..).zip(it.people) {
        on!(tx, c => sqlx::query(SEAT)
            .bind(occupancy).bind(Text(it.reservation)).bind(seat_no).bind(Text(*person)).execute(c).await.map(drop))
        .on_constraint(|name| refusal_of(name, Some(it.site), Some(*person)))?;
    }
    Ok(())
}

/// Everybody stands up, before they are seated anew.
pub async fn unseat(tx: &mut Tx, id: ReservationId) -> Result<()> {
    on!(tx, c => sqlx::query(UNSEAT).bind(Text(id)).execute(c).await.map(drop))?;
    Ok(())
}

/// A site is taken off the reservation.
pub async fn take_off(tx: &mut Tx, id: ReservationId, site: SiteId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(TAKE_OFF).bind(Text(id)).bind(Text(site)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// `held` and `approved` hold its sites, taken again where the hold had run out; `released` lets them go. Where somebody else has one of
/// them by now it is refused, and nothing is taken.
pub async fn to_state(tx: &mut Tx, id: ReservationId, state: &'static str) -> Result<()> {
    on!(tx, c => sqlx::query(TO_STATE).bind(Text(id)).bind(state).execute(c).await.map(drop))
        .on_constraint(|name| refusal_of(name, None, None))
}
