//! Routes of drafts.

use super::{DRAFTS_MAX, DraftContent, Keeping, SavedDraft, by_id, copy as copy_of, discard, keep, list as all, rewrite};
use crate::{Booking, reservations::view};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    extract::{HashedJson, IdempotencyKey, Json, Path},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code,
    id::{DraftId, ReservationId},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Drafts {
    /// The one written last first.
    pub drafts: Vec<SavedDraft>,
    /// One person keeps so many.
    pub drafts_max: i64,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewDraft {
    pub content: DraftContent,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DraftRewrite {
    /// The version that was read.
    pub version: i64,
    pub content: DraftContent,
}

/// My drafts.
#[utoipa::path(get, path = "/drafts", tag = "telepresence",
    responses((status = 200, body = Drafts), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Drafts>> {
    actor.require(&[PersonRole::UcAdministrator])?;
    let drafts = all(&mut booking.db.read().await?, actor.person).await?;
    Ok(Json(Drafts { drafts, drafts_max: DRAFTS_MAX }))
}

/// Keeps a draft.
#[utoipa::path(post, path = "/drafts", tag = "telepresence", request_body = NewDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = SavedDraft), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<NewDraft>,
) -> Result<(StatusCode, Json<SavedDraft>)> {
    actor.require(&[PersonRole::UcAdministrator])?;
    let now = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /drafts", key, body_hash: body.body_hash, at: now });
    let id = keep(&booking.db, now, Keeping { person: actor.person, claim: claim.as_ref() }, &body.value.content).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, id).await?))
}

async fn shown(booking: &Booking, actor: &Actor, id: DraftId) -> Result<Json<SavedDraft>> {
    by_id(&mut booking.db.read().await?, actor.person, id).await?.map(Json).ok_or_else(|| Code::NotFound.into())
}

/// One of my drafts.
#[utoipa::path(get, path = "/drafts/{id}", tag = "telepresence", params(("id" = DraftId, Path)),
    responses((status = 200, body = SavedDraft), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<DraftId>) -> Result<Json<SavedDraft>> {
    shown(&booking, &actor, id).await
}

/// Writes one of my drafts anew, if nobody wrote it since it was read.
#[utoipa::path(put, path = "/drafts/{id}", tag = "telepresence", params(("id" = DraftId, Path)), request_body = DraftRewrite,
    responses((status = 200, body = SavedDraft), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<DraftId>,
    Json(new): Json<DraftRewrite>,
) -> Result<Json<SavedDraft>> {
    rewrite(&booking.db, booking.clock.now(), actor.person, id, new.version, &new.content).await?;
    shown(&booking, &actor, id).await
}

/// Throws one of my drafts away.
#[utoipa::path(delete, path = "/drafts/{id}", tag = "telepresence", params(("id" = DraftId, Path)),
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn delete(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<DraftId>) -> Result<StatusCode> {
    discard(&booking.db, booking.clock.now(), actor.person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A draft of the same as a reservation of one's agency, without its time.
#[utoipa::path(post, path = "/reservations/{id}/copy", tag = "telepresence", params(("id" = ReservationId, Path),
        ("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = SavedDraft), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn copy(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    key: Option<IdempotencyKey>,
) -> Result<(StatusCode, Json<SavedDraft>)> {
    actor.require(&[PersonRole::UcAdministrator])?;
    let now = booking.clock.now();
    let of = view::administered(&mut booking.db.read().await?, id, &actor).await?;
    let claim =
        key.map(|key| Claim { person: actor.person, route: "POST /reservations/{id}/copy", key, body_hash: id.to_string(), at: now });
    let draft = copy_of(&booking.db, now, Keeping { person: actor.person, claim: claim.as_ref() }, &of).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, draft).await?))
}
