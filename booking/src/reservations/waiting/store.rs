//! The waiting list as stored: an application in it has a number, and numbers only grow.

use super::super::taken::SPAN_MS_MAX;
use crate::policy::Slot;
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{ReservationId, SiteId},
};

/// Waiting applications looked at where something became free: the first of them that fits gets it.
const CANDIDATES_MAX: i64 = 32;
/// Waiting applications looked at in one round of the housekeeping.
const DUE_MAX: i64 = 200;
/// What a room needs around a use is less than this.
const AROUND_MS: i64 = 4 * 3_600_000;

kernel::sql! {
    CANDIDATES = "SELECT r.id FROM reservation r WHERE r.state = 'waiting' AND r.starts_at_ms < $2 AND r.ends_at_ms > $1
            AND EXISTS (SELECT 1 FROM occupancy o WHERE o.reservation_id = r.id AND o.site_id = $3 AND o.removed_at_ms IS NULL)
        ORDER BY r.waiting_no LIMIT $4";
    NUMBER = "SELECT waiting_no FROM reservation WHERE id = $1";
    OFFER = "UPDATE reservation SET state = 'offered', version = version + 1, offer_expires_at_ms = $2 WHERE id = $1 AND state = 'waiting' RETURNING id";
    ACCEPT = "UPDATE reservation SET state = 'submitted', version = version + 1, offer_expires_at_ms = NULL, waiting_no = NULL
        WHERE id = $1 AND state = 'offered' RETURNING id";
    /// Those whose time is over, and those whose sites are all free: the rest of a long list is not touched.
    DUE = "SELECT r.id FROM reservation r WHERE (r.state = 'offered' AND r.offer_expires_at_ms <= $1)
            OR (r.state = 'waiting' AND (r.hold_expires_at_ms <= $1 OR NOT EXISTS (SELECT 1 FROM occupancy p
                JOIN occupancy o ON o.site_id = p.site_id AND o.state <> 'released' AND o.starts_at_ms < p.ends_at_ms
                    AND o.ends_at_ms > p.starts_at_ms AND o.starts_at_ms > p.starts_at_ms - $3
                WHERE p.reservation_id = r.id AND p.removed_at_ms IS NULL)))
        ORDER BY r.waiting_no LIMIT $2";
    PLACE = "SELECT COUNT(*) FROM reservation a JOIN reservation b ON b.state = 'waiting' AND b.waiting_no < a.waiting_no
            AND b.starts_at_ms < a.ends_at_ms AND b.ends_at_ms > a.starts_at_ms
        WHERE a.id = $1 AND EXISTS (SELECT 1 FROM occupancy p JOIN occupancy q ON q.site_id = p.site_id
            WHERE p.reservation_id = a.id AND q.reservation_id = b.id)";
}

/// The number of whoever comes to the list now.
pub async fn next_number(tx: &mut Tx) -> Result<i64> {
    super::super::store::next_number(tx, "waiting").await
}

/// Those who wait for one of the sites around that time, in their order.
pub async fn candidates(tx: &mut Tx, sites: &BTreeSet<SiteId>, slot: Slot) -> Result<Vec<ReservationId>> {
    let (from, to) = (slot.starts_at.0.saturating_sub(AROUND_MS), slot.ends_at.0.saturating_add(AROUND_MS));
    let mut found: Vec<(i64, ReservationId)> = Vec::new();
    for site in sites {
        let ids: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(CANDIDATES)
            .bind(from).bind(to).bind(Text(*site)).bind(CANDIDATES_MAX).fetch_all(c).await)?;
        for Text(id) in ids {
            if !found.iter().any(|it| it.1 == id) {
                let number: Option<i64> = on!(tx, c => sqlx::query_scalar(NUMBER).bind(Text(id)).fetch_one(c).await)?;
                found.push((number.unwrap_or(i64::MAX), id));
            }
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|it| it.1).collect())
}

/// False where it does not wait any more.
pub async fn offer(tx: &mut Tx, id: ReservationId, expires_at: UnixMs) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(OFFER).bind(Text(id)).bind(expires_at.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// False where nothing is offered to it any more.
pub async fn accept(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(ACCEPT).bind(Text(id)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Those that time may have moved, in their order.
pub async fn due(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let ids: Vec<Text<ReservationId>> =
        on!(tx, c => sqlx::query_scalar(DUE).bind(now.0).bind(DUE_MAX).bind(SPAN_MS_MAX).fetch_all(c).await)?;
    Ok(ids.into_iter().map(|it| it.0).collect())
}

/// Its place among those who wait for one of its sites at its time: 1 is the next.
pub async fn place(tx: &mut Tx, id: ReservationId) -> Result<i64> {
    let before: i64 = on!(tx, c => sqlx::query_scalar(PLACE).bind(Text(id)).fetch_one(c).await)?;
    Ok(before + 1)
}
