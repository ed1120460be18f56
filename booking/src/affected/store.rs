//! Live uses, and the flags on them, as stored.

use super::{AFFECTED_MAX, Kind, Use};
use crate::{policy::Slot, reservations::State};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{AgencyId, ReservationId, SiteId},
};

kernel::sql! {
    USES = "SELECT r.id AS reservation_id, r.reference, r.title, r.agency_id, r.state, o.site_id, r.starts_at_ms, r.ends_at_ms,
            (SELECT COUNT(*) FROM seat s WHERE s.occupancy_id = o.id) AS people
        FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        WHERE o.site_id = $1 AND o.state <> 'released' AND o.ends_at_ms > $2 AND r.state IN ('submitted', 'returned', 'approved', 'offered')
        ORDER BY r.starts_at_ms, r.id LIMIT $3";
    RAISE = "INSERT INTO reservation_flag (reservation_id, site_id, kind, raised_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (reservation_id, site_id, kind) DO UPDATE SET raised_at_ms = $4, cleared_at_ms = NULL
        WHERE reservation_flag.cleared_at_ms IS NOT NULL RETURNING raised_at_ms";
    CLEAR = "UPDATE reservation_flag SET cleared_at_ms = $4 WHERE reservation_id = $1 AND site_id = $2 AND kind = $3 AND cleared_at_ms IS NULL
        RETURNING raised_at_ms";
    OPEN = "SELECT f.reservation_id, f.site_id, f.kind, r.reference, r.title, r.agency_id, r.state, r.starts_at_ms, r.ends_at_ms,
            (SELECT COUNT(*) FROM seat s JOIN occupancy o ON o.id = s.occupancy_id WHERE o.reservation_id = r.id AND o.site_id = f.site_id) AS people
        FROM reservation_flag f JOIN reservation r ON r.id = f.reservation_id
        WHERE f.cleared_at_ms IS NULL AND r.ends_at_ms > $1 AND r.state IN ('submitted', 'returned', 'approved', 'offered')
        ORDER BY r.starts_at_ms, r.id LIMIT $2";
}

#[derive(sqlx::FromRow)]
struct UseRow {
    reservation_id: Text<ReservationId>,
    reference: String,
    title: String,
    agency_id: Text<AgencyId>,
    state: Text<State>,
    site_id: Text<SiteId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    people: i64,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    kind: Text<Kind>,
    #[sqlx(flatten)]
    used: UseRow,
}

impl From<UseRow> for Use {
    fn from(row: UseRow) -> Self {
        Self {
            reservation: row.reservation_id.0,
            reference: row.reference,
            title: row.title,
            agency: row.agency_id.0,
            state: row.state.0,
            site: row.site_id.0,
            slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
            people: row.people,
        }
    }
}

/// The live bookings that use these sites and have not ended.
pub async fn uses_of(tx: &mut Tx, sites: impl IntoIterator<Item = SiteId>, now: UnixMs) -> Result<Vec<Use>> {
    let mut uses = Vec::new();
    for site in sites {
        let rows: Vec<UseRow> = on!(tx, c => sqlx::query_as(USES).bind(Text(site)).bind(now.0).bind(AFFECTED_MAX).fetch_all(c).await)?;
        uses.extend(rows.into_iter().map(Use::from));
    }
    Ok(uses)
}

/// True where it was not flagged so already.
pub(super) async fn raise(tx: &mut Tx, (reservation, site, kind): (ReservationId, SiteId, Kind), now: UnixMs) -> Result<bool> {
    let raised: Option<i64> = on!(tx, c => sqlx::query_scalar(RAISE)
        .bind(Text(reservation)).bind(Text(site)).bind(kind.text()).bind(now.0).fetch_optional(c).await)?;
    Ok(raised.is_some())
}

/// True where it was flagged so.
pub(super) async fn clear(tx: &mut Tx, (reservation, site, kind): (ReservationId, SiteId, Kind), now: UnixMs) -> Result<bool> {
    let cleared: Option<i64> = on!(tx, c => sqlx::query_scalar(CLEAR)
        .bind(Text(reservation)).bind(Text(site)).bind(kind.text()).bind(now.0).fetch_optional(c).await)?;
    Ok(cleared.is_some())
}

/// Everything flagged that is still to come.
pub(super) async fn open(tx: &mut Tx, now: UnixMs) -> Result<Vec<super::Hit>> {
    let rows: Vec<OpenRow> = on!(tx, c => sqlx::query_as(OPEN).bind(now.0).bind(AFFECTED_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|row| (row.used.into(), row.kind.0)).collect())
}
