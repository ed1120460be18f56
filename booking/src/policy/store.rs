//! The versions of the policy, as stored.

use super::{Policy, Terms};
use kernel::{Result, Tx, on};
use wire::UnixMs;

macro_rules! select_policy {
    ($rest:literal) => {
        concat!(
            "SELECT version, effective_from_ms, lead_mode, lead_days, region, advance_days_max, slot_minutes_max, rest_day_use, hold_working_days,
                hold_until_minute, remind_after_minutes, escalate_after_minutes, same_day_shift, returned_keeps_receipt, occurrences_max,
                offer_minutes, no_show_warn_minutes, no_show_minutes, extension_minutes_max, condition_overdue_hours, wanted_uses_per_month
             FROM policy ",
            $rest
        )
    };
}

kernel::sql! {
    IN_FORCE = select_policy!("WHERE effective_from_ms <= $1 AND withdrawn_at_ms IS NULL ORDER BY effective_from_ms DESC LIMIT 1");
    BY_VERSION = select_policy!("WHERE version = $1");
}

#[derive(sqlx::FromRow)]
struct Row {
    version: i64,
    effective_from_ms: i64,
    #[sqlx(flatten)]
    terms: Terms,
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
