//! The day of use as stored.

use super::{CheckedInBy, UsePolicy};
use crate::policy::{self, Slot};
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{
    Code, Refusal, UnixMs,
    id::{DeviceId, MeetingId, PersonId, ReservationId, SiteId},
};

/// Sessions that one pass of the house looks at: every site's, many times over.
const DUE_MAX: i64 = 200;

kernel::sql! {
    /// Whoever else would change it waits for this transaction, and then finds what it left.
    HOLD = "UPDATE reservation SET state = state WHERE id = $1 AND state IN ('approved', 'displaced') RETURNING starts_at_ms, ends_at_ms";
    CHECK_IN = "INSERT INTO site_use (reservation_id, site_id, checked_in_at_ms, checked_in_by, person_id, device_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (reservation_id, site_id) DO UPDATE SET checked_in_at_ms = $3, checked_in_by = $4, person_id = $5, device_id = $6
        WHERE site_use.checked_in_at_ms IS NULL AND site_use.no_show_at_ms IS NULL RETURNING site_id";
    IN_USE = "UPDATE occupancy SET state = 'in_use' WHERE reservation_id = $1 AND site_id = $2 AND state IN ('approved', 'in_use') RETURNING id";
    /// What another said in the meantime stays.
    UNDO = "UPDATE site_use SET checked_in_at_ms = NULL, checked_in_by = NULL, person_id = NULL, device_id = NULL
        WHERE reservation_id = $1 AND site_id = $2 AND checked_in_by = 'facilitator'";
    NOT_IN_USE = "UPDATE occupancy SET state = 'approved' WHERE reservation_id = $1 AND site_id = $2 AND state = 'in_use'";
    NO_SHOW_OF = "SELECT COUNT(*) FROM site_use WHERE reservation_id = $1 AND no_show_at_ms IS NOT NULL";
    USES = "SELECT site_id, checked_in_at_ms, checked_in_by, no_show_at_ms FROM site_use WHERE reservation_id = $1 ORDER BY site_id";
    /// Approved sessions that have begun and to which nobody has come.
    UNATTENDED = "SELECT r.id FROM reservation r WHERE r.state IN ('approved', 'displaced') AND r.starts_at_ms <= $1 AND r.ends_at_ms > $1
        AND NOT EXISTS (SELECT 1 FROM site_use u WHERE u.reservation_id = r.id AND (u.checked_in_at_ms IS NOT NULL OR u.no_show_at_ms IS NOT NULL))
        ORDER BY r.starts_at_ms LIMIT $2";
    CAME = "SELECT COUNT(*) FROM site_use WHERE reservation_id = $1 AND (checked_in_at_ms IS NOT NULL OR no_show_at_ms IS NOT NULL)";
    /// Sessions that are in its meeting now.
    FLOWING = "SELECT COUNT(*) FROM attendance a JOIN meeting m ON m.id = a.meeting_id WHERE m.reservation_id = $1 AND a.left_at_ms IS NULL";
    WARNED_AT = "SELECT MAX(warned_at_ms) FROM site_use WHERE reservation_id = $1";
    WARN = "INSERT INTO site_use (reservation_id, site_id, warned_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (reservation_id, site_id) DO UPDATE SET warned_at_ms = $3 WHERE site_use.warned_at_ms IS NULL";
    NO_SHOW = "INSERT INTO site_use (reservation_id, site_id, no_show_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (reservation_id, site_id) DO UPDATE SET no_show_at_ms = $3";
    LET_GO = "UPDATE occupancy SET ends_at_ms = $3 WHERE reservation_id = $1 AND site_id = $2 AND state IN ('approved', 'in_use') AND ends_at_ms > $3";
    SPAN = "SELECT site_id, ends_at_ms FROM occupancy WHERE reservation_id = $1 AND state IN ('approved', 'in_use') ORDER BY site_id";
    NEXT_AT = "SELECT MIN(starts_at_ms) FROM occupancy WHERE site_id = $1 AND state <> 'released' AND starts_at_ms >= $2
        AND (reservation_id IS NULL OR reservation_id <> $3)";
    LENGTHEN = "UPDATE occupancy SET ends_at_ms = ends_at_ms + $3 WHERE reservation_id = $1 AND site_id = $2 AND state IN ('approved', 'in_use')";
    /// A change like any other: whoever read it before reads it anew, and calendars are sent a higher SEQUENCE.
    END_LATER = "UPDATE reservation SET ends_at_ms = $2, version = version + 1, sequence = sequence + 1 WHERE id = $1";
    EXTENDED = "SELECT CAST(COALESCE(SUM(minutes), 0) AS BIGINT) FROM use_extension WHERE reservation_id = $1";
    EXTEND = "INSERT INTO use_extension (reservation_id, number, minutes, at_ms, person_id, device_id)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM use_extension WHERE reservation_id = $1), $2, $3, $4, $5)";
    MEETING_OF = "SELECT id FROM meeting WHERE reservation_id = $1";
}

/// The version in force at an instant.
pub async fn policy_at(tx: &mut Tx, now: UnixMs) -> Result<UsePolicy> {
    Ok(UsePolicy::from(&policy::at(tx, now).await?))
}

/// Takes hold of an approved reservation until the transaction ends; nothing where it is not approved (any more).
pub async fn hold(tx: &mut Tx, id: ReservationId) -> Result<Option<Slot>> {
    let row: Option<(i64, i64)> = on!(tx, c => sqlx::query_as(HOLD).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(|(from, to)| Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) }))
}

pub struct CheckIn {
    pub by: CheckedInBy,
    pub person: Option<PersonId>,
    pub device: Option<DeviceId>,
    pub at: UnixMs,
}

/// True where nobody had checked in at the site before.
pub async fn check_in(tx: &mut Tx, id: ReservationId, site: SiteId, it: &CheckIn) -> Result<bool> {
    let first: Option<String> = on!(tx, c => sqlx::query_scalar(CHECK_IN)
        .bind(Text(id)).bind(Text(site)).bind(it.at.0).bind(it.by.text()).bind(it.person.map(Text)).bind(it.device.map(Text))
        .fetch_optional(c).await)?;
    Ok(first.is_some())
}

/// The site is in use. False where the reservation does not hold it.
pub async fn in_use(tx: &mut Tx, id: ReservationId, site: SiteId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(IN_USE).bind(Text(id)).bind(Text(site)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Nobody is checked in at the site any more.
pub async fn undo_check_in(tx: &mut Tx, id: ReservationId, site: SiteId) -> Result<()> {
    for sql in [UNDO, NOT_IN_USE] {
        on!(tx, c => sqlx::query(sql).bind(Text(id)).bind(Text(site)).execute(c).await.map(drop))?;
    }
    Ok(())
}

async fn any(tx: &mut Tx, sql: &'static str, id: ReservationId) -> Result<bool> {
    let count: i64 = on!(tx, c => sqlx::query_scalar(sql).bind(Text(id)).fetch_one(c).await)?;
    Ok(count > 0)
}

pub async fn was_no_show(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    any(tx, NO_SHOW_OF, id).await
}

/// How one site of a reservation was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteUse {
    pub site: SiteId,
    pub checked_in: Option<(UnixMs, CheckedInBy)>,
    pub no_show_at: Option<UnixMs>,
}

pub async fn uses(tx: &mut Tx, id: ReservationId) -> Result<Vec<SiteUse>> {
    type Row = (Text<SiteId>, Option<i64>, Option<Text<CheckedInBy>>, Option<i64>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(USES).bind(Text(id)).fetch_all(c).await)?;
    let one = |(site, at, by, no_show): Row| SiteUse {
        site: site.0,
        checked_in: at.zip(by).map(|(at, by)| (UnixMs(at), by.0)),
        no_show_at: no_show.map(UnixMs),
    };
    Ok(rows.into_iter().map(one).collect())
}

pub async fn unattended(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(UNATTENDED).bind(now.0).bind(DUE_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Somebody came, or it was let go before.
pub async fn settled(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    any(tx, CAME, id).await
}

pub async fn media_flows(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    any(tx, FLOWING, id).await
}

pub async fn warned_at(tx: &mut Tx, id: ReservationId) -> Result<Option<UnixMs>> {
    let at: Option<i64> = on!(tx, c => sqlx::query_scalar(WARNED_AT).bind(Text(id)).fetch_one(c).await)?;
    Ok(at.map(UnixMs))
}

pub async fn warn(tx: &mut Tx, id: ReservationId, site: SiteId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(WARN).bind(Text(id)).bind(Text(site)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Nobody came to the site: kept for the reports, and the site is others' from there on.
pub async fn no_show(tx: &mut Tx, id: ReservationId, site: SiteId, now: UnixMs, released_from: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(NO_SHOW).bind(Text(id)).bind(Text(site)).bind(now.0).execute(c).await.map(drop))
        .on_constraint(|name| (name == "site_use_one_state").then(|| Refusal::new(Code::Conflict)))?;
    on!(tx, c => sqlx::query(LET_GO).bind(Text(id)).bind(Text(site)).bind(released_from.0).execute(c).await.map(drop))?;
    Ok(())
}

/// The sites that it holds, each with the end of what it holds there, clearing up included; in the order of the sites.
pub async fn held(tx: &mut Tx, id: ReservationId) -> Result<Vec<(SiteId, UnixMs)>> {
    let rows: Vec<(Text<SiteId>, i64)> = on!(tx, c => sqlx::query_as(SPAN).bind(Text(id)).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(site, ends)| (site.0, UnixMs(ends))).collect())
}

/// When the next use of a site begins, setting up included.
pub async fn next_at(tx: &mut Tx, site: SiteId, from: UnixMs, not_of: ReservationId) -> Result<Option<UnixMs>> {
    let at: Option<i64> = on!(tx, c => sqlx::query_scalar(NEXT_AT).bind(Text(site)).bind(from.0).bind(Text(not_of)).fetch_one(c).await)?;
    Ok(at.map(UnixMs))
}

/// Holds the site for longer. The schema refuses where another holds it then.
pub async fn lengthen(tx: &mut Tx, id: ReservationId, site: SiteId, by_ms: i64) -> Result<()> {
    on!(tx, c => sqlx::query(LENGTHEN).bind(Text(id)).bind(Text(site)).bind(by_ms).execute(c).await.map(drop))
        .on_constraint(|name| (name == "occupancy_no_double").then(|| Refusal::new(Code::ExtensionTaken).with("site", site.to_string())))
}

pub struct Extension {
    pub minutes: i64,
    pub ends_at: UnixMs,
    pub at: UnixMs,
    pub person: Option<PersonId>,
    pub device: Option<DeviceId>,
}

pub async fn extend(tx: &mut Tx, id: ReservationId, it: &Extension) -> Result<()> {
    on!(tx, c => sqlx::query(END_LATER).bind(Text(id)).bind(it.ends_at.0).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(EXTEND)
        .bind(Text(id)).bind(it.minutes).bind(it.at.0).bind(it.person.map(Text)).bind(it.device.map(Text)).execute(c).await.map(drop))?;
    Ok(())
}

/// Minutes added so far.
pub async fn extended(tx: &mut Tx, id: ReservationId) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(EXTENDED).bind(Text(id)).fetch_one(c).await)?)
}

pub async fn meeting_of(tx: &mut Tx, id: ReservationId) -> Result<Option<MeetingId>> {
    let found: Option<Text<MeetingId>> = on!(tx, c => sqlx::query_scalar(MEETING_OF).bind(Text(id)).fetch_optional(c).await)?;
    Ok(found.map(|it| it.0))
}
