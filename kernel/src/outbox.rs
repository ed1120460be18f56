//! What must leave the database once a change stands: commands to the media plane, mail. A message commits with the change it tells of, and
//! is delivered at least once, in the order of the commits.
//!
//! Numbers are taken as the transaction commits, without gaps and in the order of commits, so that a receiver which knows the highest number
//! that it has carried out has missed none.

use crate::{
    clock::SharedClock,
    db::{Db, Tx},
    error::Result,
    on,
};
use serde::Serialize;
use std::time::Duration;
use wire::UnixMs;

/// Messages handed out at once: a meeting's end for a room of 500 is one command, so this is many changes.
pub const BATCH_MAX: i64 = 100;
/// How long a dispatcher sleeps where nobody wakes it: another process may have written.
const POLL_MS: u64 = 1_000;
/// The first pause after a delivery that failed, and the longest.
const BACKOFF_MS: (u64, u64) = (500, 30_000);

/// A message kept back until its transaction commits.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    topic: &'static str,
    payload: String,
    at: UnixMs,
}

/// A message as it stands in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    pub number: i64,
    pub topic: String,
    /// JSON, as it was pushed.
    pub payload: String,
    pub created_at_ms: i64,
}

crate::sql! {
    NEXT = "UPDATE ledger SET number = number + 1 WHERE name = 'outbox' RETURNING number";
    SKIP = "UPDATE ledger SET number = number + $1 WHERE name = 'outbox'";
    INSERT = "INSERT INTO outbox (number, topic, payload, created_at_ms) VALUES ($1, $2, $3, $4)";
    OPEN_AFTER = "SELECT number, topic, payload, created_at_ms FROM outbox
        WHERE topic = $1 AND number > $2 AND settled_at_ms IS NULL ORDER BY number LIMIT $3";
    SETTLE_UP_TO = "UPDATE outbox SET settled_at_ms = $1 WHERE topic = $2 AND number <= $3 AND settled_at_ms IS NULL";
    FORGET = "DELETE FROM outbox WHERE settled_at_ms < $1";
}

/// Sends `payload` under `topic` once the transaction has committed.
pub fn push(tx: &mut Tx, at: UnixMs, topic: &'static str, payload: &impl Serialize) -> Result<()> {
    tx.outbox.push(Draft { topic, payload: serde_json::to_string(payload)?, at });
    Ok(())
}

/// Leaves a gap in the numbers: after a restore receivers may have carried out messages whose numbers the backup does not know, and would take
/// new ones under them for carried out.
pub async fn skip(tx: &mut Tx, by: i64) -> Result<()> {
    on!(tx, c => sqlx::query(SKIP).bind(by).execute(c).await.map(drop))?;
    Ok(())
}

pub(crate) async fn write_kept_back(tx: &mut Tx) -> Result<()> {
    for draft in std::mem::take(&mut tx.outbox) {
        let number: i64 = on!(tx, c => sqlx::query_scalar(NEXT).fetch_one(c).await)?;
        on!(tx, c => sqlx::query(INSERT).bind(number).bind(draft.topic).bind(&draft.payload).bind(draft.at.0).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// The next messages of `topic` after `number` that are not settled, at most [`BATCH_MAX`].
pub async fn open_after(tx: &mut Tx, topic: &str, number: i64) -> Result<Vec<Message>> {
    Ok(on!(tx, c => sqlx::query_as(OPEN_AFTER).bind(topic).bind(number).bind(BATCH_MAX).fetch_all(c).await)?)
}

/// Every message of `topic` up to `number` has been carried out.
pub async fn settle_up_to(tx: &mut Tx, topic: &str, number: i64, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SETTLE_UP_TO).bind(at.0).bind(topic).bind(number).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes out what was settled before `before`.
pub async fn forget_settled(tx: &mut Tx, before: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(FORGET).bind(before.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Waits until somebody may have pushed: a commit of this process, or the poll's interval for those of others.
pub async fn changed(db: &Db) {
    let _ = tokio::time::timeout(Duration::from_millis(POLL_MS), db.outbox_rows().notified()).await;
}

/// Carries messages out.
pub trait Deliver: Send + Sync {
    /// `Ok` once the message is carried out for good. It may come again where the process died before that was stored.
    fn deliver(&self, message: &Message) -> impl Future<Output = Result<()>> + Send;
}

/// Delivers the messages of one topic, one after another, for as long as it is polled; one that fails is tried again after a pause that
/// grows, and holds back those behind it. Stop it by dropping the future.
pub async fn dispatch(db: &Db, clock: &SharedClock, topic: &'static str, to: &impl Deliver) {
    let mut failures = 0u32;
    loop {
        match dispatch_batch(db, clock, topic, to).await {
            Ok(0) => {
                failures = 0;
                changed(db).await;
            }
            Ok(_) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                metrics::counter!("sidang_outbox_failures_total", "topic" => topic).increment(1);
                tracing::warn!(topic, failures, error = %error, "a message could not be delivered");
                let pause_ms = (BACKOFF_MS.0 << failures.min(10)).min(BACKOFF_MS.1);
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
        }
    }
}

/// Delivers one batch, settling each message as it is carried out. The number of messages delivered.
pub async fn dispatch_batch(db: &Db, clock: &SharedClock, topic: &'static str, to: &impl Deliver) -> Result<usize> {
    let messages = open_after(&mut db.read().await?, topic, 0).await?;
    for message in &messages {
        to.deliver(message).await?;
        crate::transact!(db, tx => settle_up_to(tx, topic, message.number, clock.now()).await)?;
    }
    Ok(messages.len())
}
