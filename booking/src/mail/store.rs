//! Mail as stored.

use super::{Failure, MailState};
use crate::{calendar::invite::Part, notices::Notice};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{MailId, NoticeId, PersonId},
};

/// Mails in one answer.
pub const PAGE_MAX: i64 = 50;
/// Mails of a state are counted this far.
pub const COUNTED_MAX: i64 = 1_000;

macro_rules! select_mail {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.person_id, m.calendar, m.state, m.attempts, m.next_try_at_ms, m.created_at_ms, m.settled_at_ms, m.failure, n.payload
             FROM mail m JOIN notice n ON n.id = m.notice_id ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO mail (id, notice_id, person_id, calendar, state, attempts, next_try_at_ms, created_at_ms)
        VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $5)";
    /// The first of each person's that wait, and none that waits behind it.
    DUE = "SELECT m.id FROM mail m WHERE m.state = 'waiting' AND m.next_try_at_ms <= $1
        AND NOT EXISTS (SELECT 1 FROM mail e WHERE e.person_id = m.person_id AND e.state = 'waiting' AND e.id < m.id)
        ORDER BY m.id LIMIT $2";
    /// Of two processes one gets it.
    CLAIM = "UPDATE mail SET attempts = attempts + 1, next_try_at_ms = $3 WHERE id = $1 AND state = 'waiting' AND next_try_at_ms <= $2 RETURNING id";
    DUE_AT = "SELECT next_try_at_ms FROM mail WHERE id = $1";
    SETTLE = "UPDATE mail SET state = $2, failure = $3, settled_at_ms = $4 WHERE id = $1 AND state = 'waiting'";
    DEFER = "UPDATE mail SET failure = $2, next_try_at_ms = $3 WHERE id = $1 AND state = 'waiting'";
    GIVE_BACK = "UPDATE mail SET failure = $2, next_try_at_ms = $3, attempts = attempts - 1 WHERE id = $1 AND state = 'waiting'";
    RESEND = "UPDATE mail SET state = 'waiting', attempts = 0, failure = NULL, next_try_at_ms = $2, settled_at_ms = NULL WHERE id = $1 RETURNING id";
    BY_ID = select_mail!("WHERE m.id = $1");
    NEWEST = select_mail!("ORDER BY m.id DESC LIMIT $1");
    BEFORE = select_mail!("WHERE m.id < $1 ORDER BY m.id DESC LIMIT $2");
    NEWEST_OF = select_mail!("WHERE m.state = $1 ORDER BY m.id DESC LIMIT $2");
    BEFORE_OF = select_mail!("WHERE m.state = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3");
    COUNT = "SELECT COUNT(*) FROM (SELECT id FROM mail WHERE state = $1 LIMIT $2) counted";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<MailId>,
    person_id: Text<PersonId>,
    calendar: Option<String>,
    state: Text<MailState>,
    attempts: i64,
    next_try_at_ms: i64,
    created_at_ms: i64,
    settled_at_ms: Option<i64>,
    failure: Option<String>,
    payload: String,
}

/// A mail with the notice that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: MailId,
    pub person: PersonId,
    pub notice: Notice,
    pub calendar: Option<Part>,
    pub state: MailState,
    pub attempts: i64,
    /// When it was or is to be tried next.
    pub due_at: UnixMs,
    pub created_at: UnixMs,
    pub settled_at: Option<UnixMs>,
    pub failure: Option<Failure>,
}

impl Row {
    fn stored(self) -> Result<Stored> {
        Ok(Stored {
            id: self.id.0,
            person: self.person_id.0,
            notice: serde_json::from_str(&self.payload)?,
            calendar: self.calendar.as_deref().map(serde_json::from_str).transpose()?,
            state: self.state.0,
            attempts: self.attempts,
            due_at: UnixMs(self.next_try_at_ms),
            created_at: UnixMs(self.created_at_ms),
            settled_at: self.settled_at_ms.map(UnixMs),
            failure: self.failure.and_then(|it| it.parse().ok()),
        })
    }
}

pub async fn insert(tx: &mut Tx, id: MailId, notice: NoticeId, person: PersonId, calendar: Option<&str>, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(notice)).bind(Text(person)).bind(calendar).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn due(tx: &mut Tx, now: UnixMs, limit: i64) -> Result<Vec<MailId>> {
    let rows: Vec<Text<MailId>> = on!(tx, c => sqlx::query_scalar(DUE).bind(now.0).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Takes a mail to send it, until `until`; nothing where another process has it. Its `due_at` is when it was due.
pub async fn claim(tx: &mut Tx, id: MailId, now: UnixMs, until: UnixMs) -> Result<Option<Stored>> {
    let was_due: Option<i64> = on!(tx, c => sqlx::query_scalar(DUE_AT).bind(Text(id)).fetch_optional(c).await)?;
    let claimed: Option<Text<MailId>> =
        on!(tx, c => sqlx::query_scalar(CLAIM).bind(Text(id)).bind(now.0).bind(until.0).fetch_optional(c).await)?;
    if claimed.is_none() {
        return Ok(None);
    }
    let mail = by_id(tx, id).await?;
    Ok(mail.map(|it| Stored { due_at: UnixMs(was_due.unwrap_or(now.0)), ..it }))
}

pub async fn settle(tx: &mut Tx, id: MailId, state: MailState, failure: Option<Failure>, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SETTLE)
        .bind(Text(id)).bind(state.text()).bind(failure.map(Failure::text)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// It is tried again at that time.
pub async fn defer(tx: &mut Tx, id: MailId, failure: Failure, next: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(DEFER).bind(Text(id)).bind(failure.text()).bind(next.0).execute(c).await.map(drop))?;
    Ok(())
}

/// It was not this mail's fault: the attempt does not count.
pub async fn give_back(tx: &mut Tx, id: MailId, failure: Failure, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(GIVE_BACK).bind(Text(id)).bind(failure.text()).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// It waits again, as if it were new. False where there is none.
pub async fn resend(tx: &mut Tx, id: MailId, now: UnixMs) -> Result<bool> {
    let found: Option<Text<MailId>> = on!(tx, c => sqlx::query_scalar(RESEND).bind(Text(id)).bind(now.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

pub async fn by_id(tx: &mut Tx, id: MailId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    row.map(Row::stored).transpose()
}

/// Mails, the newest first, and the last of them where there may be older ones.
pub async fn list(tx: &mut Tx, state: Option<MailState>, before: Option<MailId>) -> Result<(Vec<Stored>, Option<MailId>)> {
    let rows: Vec<Row> = match (state, before) {
        (None, None) => on!(tx, c => sqlx::query_as(NEWEST).bind(PAGE_MAX).fetch_all(c).await)?,
        (None, Some(before)) => on!(tx, c => sqlx::query_as(BEFORE).bind(Text(before)).bind(PAGE_MAX).fetch_all(c).await)?,
        (Some(state), None) => on!(tx, c => sqlx::query_as(NEWEST_OF).bind(state.text()).bind(PAGE_MAX).fetch_all(c).await)?,
        (Some(state), Some(before)) => {
            on!(tx, c => sqlx::query_as(BEFORE_OF).bind(state.text()).bind(Text(before)).bind(PAGE_MAX).fetch_all(c).await)?
        }
    };
    let next = rows.last().filter(|_| i64::try_from(rows.len()).is_ok_and(|it| it >= PAGE_MAX)).map(|it| it.id.0);
    let mails = rows.into_iter().filter_map(|row| row.stored().map_err(|error| tracing::warn!(error = %error, "a mail is left out")).ok());
    Ok((mails.collect(), next))
}

/// How many are in this state, counted to [`COUNTED_MAX`].
pub async fn count(tx: &mut Tx, state: MailState) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(COUNT).bind(state.text()).bind(COUNTED_MAX).fetch_one(c).await)?)
}
