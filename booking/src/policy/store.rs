//! The versions of the policy, as stored.

use super::{Policy, Terms};
use kernel::{OnConstraint, Result, Text, Tx, extract::malformed, on};
use wire::{UnixMs, id::PersonId};

/// Versions in one reading: more than a service will ever have.
const VERSIONS_MAX: i64 = 200;

macro_rules! select_policy {
    ($rest:literal) => {
        concat!(
            "SELECT version, effective_from_ms, lead_mode, lead_days, region, advance_days_max, slot_minutes_max, rest_day_use, hold_working_days,
                hold_until_minute, remind_after_minutes, escalate_after_minutes, same_day_shift, returned_keeps_receipt, occurrences_max,
                offer_minutes, no_show_warn_minutes, no_show_minutes, extension_minutes_max, condition_overdue_hours, wanted_uses_per_month,
                note, created_by, created_at_ms, withdrawn_at_ms
             FROM policy ",
            $rest
        )
    };
}

kernel::sql! {
    IN_FORCE = select_policy!("WHERE effective_from_ms <= $1 AND withdrawn_at_ms IS NULL ORDER BY effective_from_ms DESC LIMIT 1");
    BY_VERSION = select_policy!("WHERE version = $1");
    ALL = select_policy!("ORDER BY effective_from_ms DESC, version DESC LIMIT $1");
    KEPT_BY = "SELECT policy_version, COUNT(*) FROM reservation GROUP BY policy_version";
    LAST = "SELECT MAX(version) FROM policy";
    INSERT = "INSERT INTO policy (version, effective_from_ms, lead_mode, lead_days, region, advance_days_max, slot_minutes_max, rest_day_use,
            hold_working_days, hold_until_minute, remind_after_minutes, escalate_after_minutes, same_day_shift, returned_keeps_receipt,
            occurrences_max, offer_minutes, no_show_warn_minutes, no_show_minutes, extension_minutes_max, condition_overdue_hours,
            wanted_uses_per_month, note, created_by, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)";
    /// The day of a version that was taken back is free for another: the withdrawn one moves out of the way, by less than a day.
    WITHDRAW = "UPDATE policy SET withdrawn_at_ms = $2, effective_from_ms = effective_from_ms + version
        WHERE version = $1 AND version > 1 AND effective_from_ms > $2 AND withdrawn_at_ms IS NULL RETURNING version";
    RECEIVED = "SELECT r.reference, r.received_at_ms, r.starts_at_ms, r.ends_at_ms,
            (SELECT string_agg(o.site_id, ' ') FROM occupancy o WHERE o.reservation_id = r.id) AS sites
        FROM reservation r WHERE r.received_at_ms >= $1 ORDER BY r.received_at_ms DESC LIMIT $2";
}

#[derive(sqlx::FromRow)]
struct Row {
    version: i64,
    effective_from_ms: i64,
    #[sqlx(flatten)]
    terms: Terms,
    note: Option<String>,
    created_by: Option<Text<PersonId>>,
    created_at_ms: Option<i64>,
    withdrawn_at_ms: Option<i64>,
}

impl From<Row> for Policy {
    fn from(row: Row) -> Self {
        Self { version: row.version, effective_from: UnixMs(row.effective_from_ms), terms: row.terms }
    }
}

/// The version in force at an instant. The first is in force since the epoch and is never withdrawn, so there always is one.
pub async fn at(tx: &mut Tx, now: UnixMs) -> Result<Policy> {
    let row: Row = on!(tx, c => sqlx::query_as(IN_FORCE).bind(now.0.max(0)).fetch_one(c).await)?;
    Ok(row.into())
}

/// The version that a reservation keeps.
pub async fn by_version(tx: &mut Tx, version: i64) -> Result<Option<Policy>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_VERSION).bind(version).fetch_optional(c).await)?;
    Ok(row.map(Policy::from))
}

/// A version with what is known of its making.
pub(super) struct Version {
    pub policy: Policy,
    pub note: Option<String>,
    pub created_by: Option<PersonId>,
    pub created_at: Option<UnixMs>,
    pub withdrawn: bool,
    pub reservations: i64,
}

/// The latest to begin first.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Version>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(ALL).bind(VERSIONS_MAX).fetch_all(c).await)?;
    let kept: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(KEPT_BY).fetch_all(c).await)?;
    let version = |row: Row| Version {
        note: row.note.clone(),
        created_by: row.created_by.map(|it| it.0),
        created_at: row.created_at_ms.map(UnixMs),
        withdrawn: row.withdrawn_at_ms.is_some(),
        reservations: kept.iter().find(|it| it.0 == row.version).map_or(0, |it| it.1),
        policy: row.into(),
    };
    Ok(rows.into_iter().map(version).collect())
}

/// Its number.
pub(super) async fn insert(tx: &mut Tx, policy: &Policy, note: Option<&str>, by: PersonId, now: UnixMs) -> Result<i64> {
    let last: Option<i64> = on!(tx, c => sqlx::query_scalar(LAST).fetch_one(c).await)?;
    let version = last.unwrap_or(0) + 1;
    let terms = &policy.terms;
    on!(tx, c => sqlx::query(INSERT)
        .bind(version).bind(policy.effective_from.0).bind(terms.lead_mode.text()).bind(terms.lead_days).bind(terms.region.text())
        .bind(terms.advance_days_max).bind(terms.slot_minutes_max).bind(terms.rest_day_use.text()).bind(terms.hold_working_days)
        .bind(terms.hold_until_minute).bind(terms.remind_after_minutes).bind(terms.escalate_after_minutes).bind(terms.same_day_shift.text())
        .bind(terms.returned_keeps_receipt).bind(terms.occurrences_max).bind(terms.offer_minutes).bind(terms.no_show_warn_minutes)
        .bind(terms.no_show_minutes).bind(terms.extension_minutes_max).bind(terms.condition_overdue_hours).bind(terms.wanted_uses_per_month)
        .bind(note).bind(Text(by)).bind(now.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| match name {
        "policy_effective_from_ms_key" => Some(malformed("effective_from", "a_day_without_a_version")),
        // Two made at once: the other has the number.
        "policy_pkey" => Some(wire::Refusal::new(wire::Code::Conflict)),
        _ => None,
    })?;
    Ok(version)
}

/// False where it began already, was taken back already, or is the first.
pub(super) async fn withdraw(tx: &mut Tx, version: i64, now: UnixMs) -> Result<bool> {
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(WITHDRAW).bind(version).bind(now.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// An application as it was received; the sites' ids stand side by side.
#[derive(sqlx::FromRow)]
pub(super) struct ReceivedRow {
    pub reference: String,
    pub received_at_ms: i64,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub sites: Option<String>,
}

pub(super) async fn received_since(tx: &mut Tx, since: UnixMs, limit: i64) -> Result<Vec<ReceivedRow>> {
    Ok(on!(tx, c => sqlx::query_as(RECEIVED).bind(since.0).bind(limit).fetch_all(c).await)?)
}
