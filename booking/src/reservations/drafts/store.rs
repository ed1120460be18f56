//! Drafts as stored.

use super::SavedDraft;
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{DraftId, PersonId, ReservationId},
};

kernel::sql! {
    INSERT = "INSERT INTO reservation_draft (id, person_id, version, content, copied_from, created_at_ms, updated_at_ms)
        SELECT $1, $2, 1, $3, $4, $5, $5 WHERE (SELECT COUNT(*) FROM reservation_draft WHERE person_id = $2) < $6 RETURNING id";
    REWRITE = "UPDATE reservation_draft SET content = $3, updated_at_ms = $4, version = version + 1 WHERE id = $1 AND version = $2 RETURNING id";
    REMOVE = "DELETE FROM reservation_draft WHERE id = $1 AND person_id = $2 RETURNING id";
    BY_ID = "SELECT id, version, content, copied_from, created_at_ms, updated_at_ms FROM reservation_draft WHERE id = $1 AND person_id = $2";
    OF_PERSON = "SELECT id, version, content, copied_from, created_at_ms, updated_at_ms FROM reservation_draft
        WHERE person_id = $1 ORDER BY updated_at_ms DESC, id DESC LIMIT $2";
}

pub struct New<'a> {
    pub id: DraftId,
    pub person: PersonId,
    pub content: &'a str,
    pub copied_from: Option<ReservationId>,
    pub at: UnixMs,
}

/// False where the person keeps `drafts_max` already.
pub async fn insert(tx: &mut Tx, new: &New<'_>, drafts_max: i64) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(INSERT)
        .bind(Text(new.id)).bind(Text(new.person)).bind(new.content).bind(new.copied_from.map(Text)).bind(new.at.0).bind(drafts_max)
        .fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// False where it is another version by now.
pub async fn rewrite(tx: &mut Tx, id: DraftId, version: i64, content: &str, at: UnixMs) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(REWRITE)
        .bind(Text(id)).bind(version).bind(content).bind(at.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// False where the person has no such draft.
pub async fn remove(tx: &mut Tx, person: PersonId, id: DraftId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(REMOVE).bind(Text(id)).bind(Text(person)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<DraftId>,
    version: i64,
    content: String,
    copied_from: Option<Text<ReservationId>>,
    created_at_ms: i64,
    updated_at_ms: i64,
}

/// One's own draft.
pub async fn by_id(tx: &mut Tx, person: PersonId, id: DraftId) -> Result<Option<SavedDraft>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).bind(Text(person)).fetch_optional(c).await)?;
    match row {
        Some(row) => Ok(Some(saved(tx, row).await?)),
        None => Ok(None),
    }
}

/// One's own drafts, the one written last first.
pub async fn list(tx: &mut Tx, person: PersonId) -> Result<Vec<SavedDraft>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_PERSON).bind(Text(person)).bind(super::DRAFTS_MAX).fetch_all(c).await)?;
    let mut drafts = Vec::with_capacity(rows.len());
    for row in rows {
        drafts.push(saved(tx, row).await?);
    }
    Ok(drafts)
}

async fn saved(tx: &mut Tx, row: Row) -> Result<SavedDraft> {
    let content: super::DraftContent = serde_json::from_str(&row.content)?;
    let named: Vec<PersonId> = content.named().into_iter().collect();
    Ok(SavedDraft {
        id: row.id.0,
        version: row.version,
        people: identity::people_by_ids(tx, &named).await?,
        content,
        copied_from: row.copied_from.map(|it| it.0),
        created_at_ms: UnixMs(row.created_at_ms),
        updated_at_ms: UnixMs(row.updated_at_ms),
    })
}
