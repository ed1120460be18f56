//! The same request sent twice is carried out once: a key that the sender chose, bound to the person, the route and the body, holds the
//! answer of the first time.
//!
//! The claim and the answer commit with the change. Two that race wait for each other in the database; a refused request leaves nothing, so
//! that it can be tried again under the same key.

use crate::{
    db::{Text, Tx},
    error::{Error, Result},
    extract::IdempotencyKey,
    on,
};
use serde::{Serialize, de::DeserializeOwned};
use wire::{Code, UnixMs, id::PersonId};

/// How long an answer is kept: a client gives up long before, and a day covers a laptop that was closed over night.
pub const KEPT_MS: i64 = 24 * 3_600_000;

/// One request's claim to be the first.
#[derive(Clone, Debug)]
pub struct Claim {
    pub person: PersonId,
    /// `POST /reservations`
    pub route: &'static str,
    pub key: IdempotencyKey,
    pub body_hash: String,
    pub at: UnixMs,
}

crate::sql! {
    CLAIM = "INSERT INTO idempotency (person, route, idempotency_key, body_hash, answer, at_ms) VALUES ($1, $2, $3, $4, '', $5)
        ON CONFLICT (person, route, idempotency_key) DO NOTHING RETURNING at_ms";
    FIND = "SELECT body_hash, answer FROM idempotency WHERE person = $1 AND route = $2 AND idempotency_key = $3";
    ANSWER = "UPDATE idempotency SET answer = $4 WHERE person = $1 AND route = $2 AND idempotency_key = $3";
    FORGET = "DELETE FROM idempotency WHERE at_ms < $1";
}

/// The stored answer where this request was carried out before; nothing where the caller is the first and now owes [`answer`].
pub async fn claim<T: DeserializeOwned>(tx: &mut Tx, claim: &Claim) -> Result<Option<T>> {
    let first: Option<i64> = on!(tx, c => sqlx::query_scalar(CLAIM)
        .bind(Text(claim.person)).bind(claim.route).bind(&claim.key.0).bind(&claim.body_hash).bind(claim.at.0)
        .fetch_optional(c).await)?;
    if first.is_some() {
        return Ok(None);
    }
    let (body_hash, answer): (String, String) = on!(tx, c => sqlx::query_as(FIND)
        .bind(Text(claim.person)).bind(claim.route).bind(&claim.key.0).fetch_one(c).await)?;
    if body_hash != claim.body_hash {
        return Err(Error::from(Code::IdempotencyMismatch));
    }
    Ok(Some(serde_json::from_str(&answer)?))
}

/// Stores the answer of a request that was carried out.
pub async fn answer(tx: &mut Tx, claim: &Claim, answer: &impl Serialize) -> Result<()> {
    let answer = serde_json::to_string(answer)?;
    on!(tx, c => sqlx::query(ANSWER).bind(Text(claim.person)).bind(claim.route).bind(&claim.key.0).bind(answer).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes out answers that are older than [`KEPT_MS`].
pub async fn forget_old(tx: &mut Tx, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(FORGET).bind(now.0.saturating_sub(KEPT_MS)).execute(c).await.map(drop))?;
    Ok(())
}
