//! Series as stored: a row that binds its occurrences.

use super::super::By;
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{AgencyId, SeriesId},
};

kernel::sql! {
    INSERT = "INSERT INTO reservation_series (id, agency_id, created_by, created_at_ms, occurrences) VALUES ($1, $2, $3, $4, $5)";
    AGENCY = "SELECT agency_id FROM reservation_series WHERE id = $1";
}

pub async fn insert(tx: &mut Tx, id: SeriesId, by: By, at: UnixMs, occurrences: usize) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(by.agency)).bind(Text(by.person)).bind(at.0).bind(occurrences as i64)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// Whose it is.
pub async fn agency(tx: &mut Tx, id: SeriesId) -> Result<Option<AgencyId>> {
    let found: Option<Text<AgencyId>> = on!(tx, c => sqlx::query_scalar(AGENCY).bind(Text(id)).fetch_optional(c).await)?;
    Ok(found.map(|it| it.0))
}
