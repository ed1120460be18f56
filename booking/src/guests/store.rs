//! Guests as stored.

use super::Stored;
use crate::notices::words::Language;
use identity::{AgencyShort, PersonRef};
use kernel::{Result, Text, Tx, on};
use uuid::Uuid;
use wire::{
    UnixMs,
    id::{AgencyId, MeetingId, PersonId},
};

macro_rules! select_guest {
    ($rest:literal) => {
        concat!(
            "SELECT id, meeting_id, name, organisation, email, language, version, invited_by, invited_at_ms, opened_at_ms, revoked_at_ms FROM guest ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO guest (id, meeting_id, name, organisation, email, language, version, token_hash, invited_by, invited_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)";
    LIST = "INSERT INTO meeting_person (meeting_id, person_id, role) VALUES ($1, $2, 'guest')";
    BY_ID = select_guest!("WHERE id = $1");
    /// Of the link that was handed out last.
    BY_LINK = select_guest!("WHERE id = $1 AND token_hash = $2 AND revoked_at_ms IS NULL");
    OF_MEETING = select_guest!("WHERE meeting_id = $1 AND revoked_at_ms IS NULL ORDER BY invited_at_ms, id LIMIT $2");
    RENEW = "UPDATE guest SET version = $2, token_hash = $3, opened_at_ms = NULL WHERE id = $1 AND revoked_at_ms IS NULL AND version = $4";
    OPENED = "UPDATE guest SET opened_at_ms = $2 WHERE id = $1 AND opened_at_ms IS NULL";
    REVOKE = "UPDATE guest SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<PersonId>,
    meeting_id: Text<MeetingId>,
    name: String,
    organisation: String,
    email: String,
    language: String,
    version: i64,
    invited_by: Text<PersonId>,
    invited_at_ms: i64,
    opened_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            meeting: row.meeting_id.0,
            name: row.name,
            organisation: row.organisation,
            email: row.email,
            language: Language::of(&row.language),
            version: u32::try_from(row.version).unwrap_or(u32::MAX),
            invited_by: row.invited_by.0,
            invited_at: UnixMs(row.invited_at_ms),
            opened_at: row.opened_at_ms.map(UnixMs),
            revoked_at: row.revoked_at_ms.map(UnixMs),
        }
    }
}

/// The guest, and its place among the meeting's own people.
pub async fn insert(tx: &mut Tx, it: &Stored, token_hash: &str) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(it.id)).bind(Text(it.meeting)).bind(&it.name).bind(&it.organisation).bind(&it.email).bind(it.language.text())
        .bind(token_hash).bind(Text(it.invited_by)).bind(it.invited_at.0).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(LIST).bind(Text(it.meeting)).bind(Text(it.id)).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: PersonId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Stored::from))
}

pub async fn by_link(tx: &mut Tx, id: PersonId, token_hash: &str) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_LINK).bind(Text(id)).bind(token_hash).fetch_optional(c).await)?;
    Ok(row.map(Stored::from))
}

/// Those who are invited, the first invited first.
pub async fn of_meeting(tx: &mut Tx, meeting: MeetingId) -> Result<Vec<Stored>> {
    let limit = i64::try_from(wire::limits::GUESTS_MAX).unwrap_or(i64::MAX);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_MEETING).bind(Text(meeting)).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// Another link in the place of the one before. False where somebody else did it first, or it was taken back.
pub async fn renew(tx: &mut Tx, it: &Stored, version: u32, token_hash: &str) -> Result<bool> {
    let changed = on!(tx, c => sqlx::query(RENEW)
        .bind(Text(it.id)).bind(i64::from(version)).bind(token_hash).bind(i64::from(it.version)).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed > 0)
}

/// True the first time since the link was handed out.
pub async fn opened(tx: &mut Tx, id: PersonId, at: UnixMs) -> Result<bool> {
    let changed = on!(tx, c => sqlx::query(OPENED).bind(Text(id)).bind(at.0).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed > 0)
}

pub async fn revoke(tx: &mut Tx, id: PersonId, at: UnixMs) -> Result<bool> {
    let changed = on!(tx, c => sqlx::query(REVOKE).bind(Text(id)).bind(at.0).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed > 0)
}

/// Guests among these people, as answers name them: with their organisation, also after they were taken back.
pub async fn refs(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<PersonRef>> {
    let mut found = Vec::new();
    for id in ids {
        if let Some(guest) = by_id(tx, *id).await? {
            let nobody = AgencyId(Uuid::nil());
            let agency = AgencyShort { id: nobody, name: guest.organisation.clone(), short_name: guest.organisation };
            found.push(PersonRef { id: *id, name: guest.name, position: String::new(), agency });
        }
    }
    Ok(found)
}
