//! The versions of the lead time, as stored.

use super::LeadTime;
use kernel::{Result, Tx, on};
use wire::UnixMs;

kernel::sql! {
    IN_FORCE = "SELECT version, days FROM lead_time_policy WHERE effective_from_ms <= $1 ORDER BY effective_from_ms DESC LIMIT 1";
}

/// The version in force at an instant. The first is in force since the epoch, so there always is one.
pub async fn lead_time_at(tx: &mut Tx, now: UnixMs) -> Result<LeadTime> {
    let (version, days): (i64, i64) = on!(tx, c => sqlx::query_as(IN_FORCE).bind(now.0.max(0)).fetch_one(c).await)?;
    Ok(LeadTime { version, days })
}
