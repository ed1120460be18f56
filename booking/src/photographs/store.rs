//! Photographs as stored: everything but the pictures.

use super::{PER_SUBJECT_MAX, PhotographRef, Subject, SubjectKind, Uploader};
use kernel::{Result, Text, Tx, on};
use uuid::Uuid;
use wire::{UnixMs, id::PhotographId};

kernel::sql! {
    INSERT = "INSERT INTO photograph (id, uploader_kind, uploader_id, uploaded_at_ms, width, height, bytes, digest, orphan_since_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $4)";
    SENT_SINCE = "SELECT COUNT(*) FROM photograph WHERE uploader_kind = $1 AND uploader_id = $2 AND uploaded_at_ms >= $3";
    BY_ID = "SELECT id, uploader_kind, uploader_id, width, height, uploaded_at_ms, digest, subject_kind, subject_id FROM photograph WHERE id = $1";
    OF_SUBJECT = "SELECT id, width, height, uploaded_at_ms FROM photograph
        WHERE subject_kind = $1 AND subject_id = $2 ORDER BY place LIMIT $3";
    NEXT_PLACE = "SELECT COALESCE(MAX(place) + 1, 0) FROM photograph WHERE subject_kind = $1 AND subject_id = $2";
    ATTACH = "UPDATE photograph SET subject_kind = $4, subject_id = $5, place = $6, orphan_since_ms = NULL
        WHERE id = $1 AND uploader_kind = $2 AND uploader_id = $3 AND subject_kind IS NULL";
    DETACH = "UPDATE photograph SET subject_kind = NULL, subject_id = NULL, place = NULL, orphan_since_ms = $4
        WHERE id = $1 AND subject_kind = $2 AND subject_id = $3";
    ORPHANS = "SELECT id FROM photograph WHERE orphan_since_ms <= $1 ORDER BY orphan_since_ms LIMIT $2";
    FORGET = "DELETE FROM photograph WHERE id = $1 AND orphan_since_ms <= $2";
    IS_KNOWN = "SELECT COUNT(*) FROM photograph WHERE id = $1";
}

/// A photograph that is about to be kept.
#[derive(Clone, Debug)]
pub struct New {
    pub id: PhotographId,
    pub by: Uploader,
    pub at: UnixMs,
    pub width: u32,
    pub height: u32,
    pub bytes: usize,
    pub digest: String,
}

/// A photograph as stored.
#[derive(Clone, Debug)]
pub struct Stored {
    pub shown: PhotographRef,
    pub digest: String,
    pub by: Uploader,
    pub subject: Option<Subject>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<PhotographId>,
    uploader_kind: String,
    uploader_id: Text<Uuid>,
    width: i64,
    height: i64,
    uploaded_at_ms: i64,
    digest: String,
    subject_kind: Option<Text<SubjectKind>>,
    subject_id: Option<Text<Uuid>>,
}

type RefRow = (Text<PhotographId>, i64, i64, i64);

fn shown((id, width, height, at): RefRow) -> PhotographRef {
    let pixels = |it: i64| u32::try_from(it).unwrap_or_default();
    PhotographRef { id: id.0, width: pixels(width), height: pixels(height), uploaded_at_ms: UnixMs(at) }
}

pub async fn insert(tx: &mut Tx, new: &New) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(new.by.kind()).bind(new.by.id()).bind(new.at.0)
        .bind(i64::from(new.width)).bind(i64::from(new.height)).bind(new.bytes as i64).bind(&new.digest)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn sent_since(tx: &mut Tx, by: Uploader, since: UnixMs) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(SENT_SINCE).bind(by.kind()).bind(by.id()).bind(since.0).fetch_one(c).await)?)
}

pub async fn by_id(tx: &mut Tx, id: PhotographId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(|row| Stored {
        shown: shown((row.id, row.width, row.height, row.uploaded_at_ms)),
        digest: row.digest,
        by: match row.uploader_kind.as_str() {
            "device" => Uploader::Device(row.uploader_id.0),
            _ => Uploader::Person(wire::id::PersonId(row.uploader_id.0)),
        },
        subject: row.subject_kind.zip(row.subject_id).map(|(kind, id)| Subject::of(kind.0, id.0)),
    }))
}

pub async fn of(tx: &mut Tx, subject: Subject) -> Result<Vec<PhotographRef>> {
    let rows: Vec<RefRow> = on!(tx, c => sqlx::query_as(OF_SUBJECT)
        .bind(subject.kind().text()).bind(Text(subject.uuid())).bind(PER_SUBJECT_MAX as i64).fetch_all(c).await)?;
    Ok(rows.into_iter().map(shown).collect())
}

pub async fn next_place(tx: &mut Tx, subject: Subject) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(NEXT_PLACE).bind(subject.kind().text()).bind(Text(subject.uuid())).fetch_one(c).await)?)
}

/// Whether it was the uploader's and free.
pub async fn attach(tx: &mut Tx, by: Uploader, id: PhotographId, subject: Subject, place: i64) -> Result<bool> {
    let changed: u64 = on!(tx, c => sqlx::query(ATTACH)
        .bind(Text(id)).bind(by.kind()).bind(by.id()).bind(subject.kind().text()).bind(Text(subject.uuid())).bind(place)
        .execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed == 1)
}

pub async fn detach(tx: &mut Tx, id: PhotographId, subject: Subject, now: UnixMs) -> Result<bool> {
    let changed: u64 = on!(tx, c => sqlx::query(DETACH)
        .bind(Text(id)).bind(subject.kind().text()).bind(Text(subject.uuid())).bind(now.0)
        .execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed == 1)
}

/// Those that nothing has shown since `until` or longer.
pub async fn orphans(tx: &mut Tx, until: UnixMs, limit: i64) -> Result<Vec<PhotographId>> {
    let ids: Vec<Text<PhotographId>> = on!(tx, c => sqlx::query_scalar(ORPHANS).bind(until.0).bind(limit).fetch_all(c).await)?;
    Ok(ids.into_iter().map(|it| it.0).collect())
}

/// Whether it was still an orphan, and is gone now.
pub async fn forget(tx: &mut Tx, id: PhotographId, until: UnixMs) -> Result<bool> {
    let gone: u64 = on!(tx, c => sqlx::query(FORGET).bind(Text(id)).bind(until.0).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(gone == 1)
}

pub async fn is_known(tx: &mut Tx, id: PhotographId) -> Result<bool> {
    let count: i64 = on!(tx, c => sqlx::query_scalar(IS_KNOWN).bind(Text(id)).fetch_one(c).await)?;
    Ok(count > 0)
}
