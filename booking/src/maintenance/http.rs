//! Routes of planned work.

use super::{Item, MaintenanceAct, MaintenanceDraft, MaintenanceState, Stored, WorkOutcome, act, rules, store};
use crate::{
    Booking,
    blocks::{self, http::Affected},
    faults,
    people::People,
    policy::Slot,
};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef};
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    id::{BlockId, MaintenanceId, SiteId},
};

/// The longest stretch that is asked about: a year and a day, for a calendar.
const ASKED_MS_MAX: i64 = 367 * 86_400_000;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Maintenance {
    pub id: MaintenanceId,
    /// `M-2026-00003`
    pub reference: String,
    /// The same of works planned together.
    pub series: MaintenanceId,
    pub site: SiteId,
    pub block: BlockId,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_reason: Option<String>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub state: MaintenanceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<WorkOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_note: Option<String>,
    pub planned_by: PersonRef,
    pub checklist: Vec<Item>,
    /// Whether this person answers for the room.
    pub keeper: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Maintenances {
    pub maintenance: Vec<Maintenance>,
}

/// What one of the dates would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccurrencePreview {
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub affected: Vec<Affected>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaintenancePreview {
    pub occurrences: Vec<OccurrencePreview>,
    /// Before this, a reason is asked for.
    pub earliest_ms: UnixMs,
    pub refusals: Vec<Refusal>,
}

async fn shown(tx: &mut Tx, actor: &Actor, found: Vec<Stored>) -> Result<Vec<Maintenance>> {
    let people = People::of(tx, found.iter().map(|it| it.planned_by).collect()).await?;
    let mut shown = Vec::with_capacity(found.len());
    for it in found {
        shown.push(Maintenance {
            checklist: store::items(tx, it.id).await?,
            keeper: faults::rules::keeps(actor, it.site),
            planned_by: people.get(it.planned_by),
            id: it.id,
            reference: it.reference,
            series: it.series,
            site: it.site,
            block: it.block,
            title: it.title,
            note: it.note,
            urgent_reason: it.urgent_reason,
            starts_at_ms: it.slot.starts_at,
            ends_at_ms: it.slot.ends_at,
            state: it.state,
            outcome: it.outcome,
            outcome_note: it.outcome_note,
        });
    }
    Ok(shown)
}

async fn by_id(booking: &Booking, actor: &Actor, id: MaintenanceId) -> Result<Maintenance> {
    let mut tx = booking.db.read().await?;
    let found = store::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?;
    shown(&mut tx, actor, vec![found]).await?.pop().ok_or_else(|| Code::NotFound.into())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithinQuery {
    #[param(value_type = Option<String>, format = Uuid)]
    site: Option<SiteId>,
    #[param(value_type = i64)]
    from_ms: UnixMs,
    #[param(value_type = i64)]
    to_ms: UnixMs,
}

/// Planned work within a stretch of time, at one site or at all. Everybody may know when a room is worked on.
#[utoipa::path(get, path = "/maintenance", tag = "telepresence", params(WithinQuery),
    responses((status = 200, body = Maintenances), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<WithinQuery>) -> Result<Json<Maintenances>> {
    let span = Slot { starts_at: query.from_ms, ends_at: query.to_ms };
    if span.duration_ms() <= 0 || span.duration_ms() > ASKED_MS_MAX {
        return Err(malformed("to_ms", "after from_ms, within a year").into());
    }
    let mut tx = booking.db.read().await?;
    let found = store::within(&mut tx, query.site, span).await?;
    Ok(Json(Maintenances { maintenance: shown(&mut tx, &actor, found).await? }))
}

/// Which bookings the work would meet, date by date. Nothing is stored.
#[utoipa::path(post, path = "/maintenance/preview", tag = "telepresence", request_body = MaintenanceDraft,
    responses((status = 200, body = MaintenancePreview), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Json(draft): Json<MaintenanceDraft>,
) -> Result<Json<MaintenancePreview>> {
    blocks::http::keeps(&actor, draft.site)?;
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let mut occurrences = Vec::new();
    for it in draft.occurrences.iter().take(rules::OCCURRENCES_MAX).filter(|it| it.slot().duration_ms() > 0) {
        occurrences.push(OccurrencePreview {
            starts_at_ms: it.starts_at_ms,
            ends_at_ms: it.ends_at_ms,
            affected: blocks::http::would_meet(&mut tx, draft.site, it.slot()).await?,
        });
    }
    let refusals = rules::judge(&draft, now).err().into_iter().collect();
    Ok(Json(MaintenancePreview { occurrences, earliest_ms: rules::earliest(now), refusals }))
}

/// Plans work: every booking that it meets is displaced, and its people are told. Sooner than a week ahead it has a reason.
#[utoipa::path(post, path = "/maintenance", tag = "telepresence", request_body = MaintenanceDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    responses((status = 201, body = Maintenance), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<MaintenanceDraft>,
) -> Result<(StatusCode, Json<Maintenance>)> {
    let (now, draft) = (booking.clock.now(), body.value);
    blocks::http::keeps(&actor, draft.site)?;
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /maintenance", key, body_hash: body.body_hash, at: now });
    let id = act::plan(&booking.db, now, &actor, &draft, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(by_id(&booking, &actor, id).await?)))
}

/// One planned work with its checklist.
#[utoipa::path(get, path = "/maintenance/{id}", tag = "telepresence", params(("id" = MaintenanceId, Path)),
    responses((status = 200, body = Maintenance), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MaintenanceId>) -> Result<Json<Maintenance>> {
    Ok(Json(by_id(&booking, &actor, id).await?))
}

/// Does something about planned work: begins, ticks an item, moves its end, finishes, cancels. Finished early, the room is free at once.
#[utoipa::path(post, path = "/maintenance/{id}/acts", tag = "telepresence", params(("id" = MaintenanceId, Path)), request_body = MaintenanceAct,
    responses((status = 200, body = Maintenance), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn perform(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<MaintenanceId>,
    Json(act): Json<MaintenanceAct>,
) -> Result<Json<Maintenance>> {
    let site = by_id(&booking, &actor, id).await?.site;
    blocks::http::keeps(&actor, site)?;
    act::perform(&booking.db, booking.clock.now(), &actor, id, &act).await?;
    Ok(Json(by_id(&booking, &actor, id).await?))
}
