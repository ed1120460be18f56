//! Password hashes in the database.

use kernel::{Result, Text, Tx, on};
use wire::{UnixMs, id::PersonId};

kernel::sql! {
    FIND = "SELECT hash FROM password WHERE person_id = $1";
    PUT = "INSERT INTO password (person_id, hash, temporary, changed_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, temporary = excluded.temporary, changed_at_ms = excluded.changed_at_ms";
    REPLACE = "UPDATE password SET hash = $3, temporary = FALSE, changed_at_ms = $4 WHERE person_id = $1 AND hash = $2";
}

pub async fn find(tx: &mut Tx, person: PersonId) -> Result<Option<String>> {
    Ok(on!(tx, c => sqlx::query_scalar(FIND).bind(Text(person)).fetch_optional(c).await)?)
}

pub async fn put(tx: &mut Tx, person: PersonId, hash: &str, temporary: bool, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(PUT).bind(Text(person)).bind(hash).bind(temporary).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether `old` was still the hash, and is now replaced.
pub async fn replace(tx: &mut Tx, person: PersonId, old: &str, new: &str, now: UnixMs) -> Result<bool> {
    let rows = on!(tx, c => sqlx::query(REPLACE).bind(Text(person)).bind(old).bind(new).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
