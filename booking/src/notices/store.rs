//! Notices as stored.

use super::{Key, Notice};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{NoticeId, PersonId},
};

/// Notices in one answer.
pub const PAGE_MAX: i64 = 50;
/// Unread ones are counted this far: the bell says "99+".
pub const UNREAD_COUNTED_MAX: i64 = 100;
/// How long a notice is kept. What it tells of stands in the audit trail for good.
pub const KEPT_MS: i64 = 180 * 86_400_000;
/// Taken out at one time, so that a sweep never holds the writer for long.
const FORGOTTEN_AT_ONCE: i64 = 500;

kernel::sql! {
    INSERT = "INSERT INTO notice (id, person_id, kind, object_id, version, payload, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (person_id, kind, object_id, version) DO NOTHING RETURNING id";
    NEWEST = "SELECT id, payload, at_ms, read_at_ms FROM notice WHERE person_id = $1 ORDER BY id DESC LIMIT $2";
    BEFORE = "SELECT id, payload, at_ms, read_at_ms FROM notice WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    UNREAD = "SELECT COUNT(*) FROM (SELECT id FROM notice WHERE person_id = $1 AND read_at_ms IS NULL LIMIT $2) unread";
    READ = "UPDATE notice SET read_at_ms = $3 WHERE person_id = $1 AND id = $2 AND read_at_ms IS NULL";
    READ_UP_TO = "UPDATE notice SET read_at_ms = $3 WHERE person_id = $1 AND id <= $2 AND read_at_ms IS NULL";
    FORGET_MAIL = "DELETE FROM mail WHERE notice_id IN (SELECT id FROM notice WHERE at_ms < $1 ORDER BY at_ms, id LIMIT $2)";
    FORGET = "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at_ms < $1 ORDER BY at_ms, id LIMIT $2)";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<NoticeId>,
    payload: String,
    at_ms: i64,
    read_at_ms: Option<i64>,
}

/// A notice as it stands in somebody's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: NoticeId,
    pub notice: Notice,
    pub at: UnixMs,
    pub read: bool,
}

/// The id of the new notice; nothing where the person has been told.
pub async fn insert(tx: &mut Tx, person: PersonId, key: &Key, payload: &str, now: UnixMs) -> Result<Option<NoticeId>> {
    let id: Option<Text<NoticeId>> = on!(tx, c => sqlx::query_scalar(INSERT)
        .bind(Text(NoticeId::fresh())).bind(Text(person)).bind(key.kind.text()).bind(&key.object).bind(key.version).bind(payload).bind(now.0)
        .fetch_optional(c).await)?;
    Ok(id.map(|it| it.0))
}

/// Somebody's notices, the newest first, and the last of them where there may be older ones. One of a kind that this executable does not
/// know, written by a later one, is left out.
pub async fn list(tx: &mut Tx, person: PersonId, before: Option<NoticeId>) -> Result<(Vec<Stored>, Option<NoticeId>)> {
    let rows: Vec<Row> = match before {
        None => on!(tx, c => sqlx::query_as(NEWEST).bind(Text(person)).bind(PAGE_MAX).fetch_all(c).await)?,
        Some(before) => on!(tx, c => sqlx::query_as(BEFORE).bind(Text(person)).bind(Text(before)).bind(PAGE_MAX).fetch_all(c).await)?,
    };
    let next = rows.last().filter(|_| i64::try_from(rows.len()).is_ok_and(|it| it >= PAGE_MAX)).map(|it| it.id.0);
    Ok((rows.into_iter().filter_map(stored).collect(), next))
}

fn stored(row: Row) -> Option<Stored> {
    match serde_json::from_str(&row.payload) {
        Ok(notice) => Some(Stored { id: row.id.0, notice, at: UnixMs(row.at_ms), read: row.read_at_ms.is_some() }),
        Err(error) => {
            tracing::warn!(notice.id = %row.id.0, error = %error, "a notice that cannot be read is left out");
            None
        }
    }
}

pub async fn unread(tx: &mut Tx, person: PersonId) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(UNREAD).bind(Text(person)).bind(UNREAD_COUNTED_MAX).fetch_one(c).await)?)
}

pub async fn read(tx: &mut Tx, person: PersonId, ids: &[NoticeId], at: UnixMs) -> Result<()> {
    for id in ids {
        on!(tx, c => sqlx::query(READ).bind(Text(person)).bind(Text(*id)).bind(at.0).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn read_up_to(tx: &mut Tx, person: PersonId, last: NoticeId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(READ_UP_TO).bind(Text(person)).bind(Text(last)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes out notices older than [`KEPT_MS`] with their mail, a bounded number of them.
pub async fn forget_old(tx: &mut Tx, now: UnixMs) -> Result<()> {
    let before = now.0.saturating_sub(KEPT_MS);
    on!(tx, c => sqlx::query(FORGET_MAIL).bind(before).bind(FORGOTTEN_AT_ONCE).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(FORGET).bind(before).bind(FORGOTTEN_AT_ONCE).execute(c).await.map(drop))?;
    Ok(())
}
