//! Routes of series.

use super::{Asked, LeftOut, apply, judge, store as of_series};
use crate::{
    Booking,
    holidays::DayFlag,
    reservations::{
        Draft,
        drafts::DraftOccurrence,
        http::{application, known},
        store,
        view::{self, Reservation},
    },
};
use axum::{extract::State, http::StatusCode};
use identity::Actor;
use kernel::{
    Result,
    extract::{HashedJson, IdempotencyKey, Json, Path},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    id::{DraftId, SeriesId},
};

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeriesQuestion {
    /// Its own times are not read.
    pub draft: Draft,
    /// Two to twelve.
    pub occurrences: Vec<DraftOccurrence>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeriesRequest {
    /// Its own times are not read.
    pub draft: Draft,
    /// Two to twelve.
    pub occurrences: Vec<DraftOccurrence>,
    /// Applies for those that can be had where some cannot. Without it nothing is stored then.
    #[serde(default)]
    pub accept_partial: bool,
    /// The draft that this was, which is taken out with it.
    #[serde(default)]
    pub draft_id: Option<DraftId>,
}

/// What is said of one occurrence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccurrenceVerdict {
    /// 1 for the first in time.
    pub number: i64,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub lawful: bool,
    pub refusals: Vec<Refusal>,
    pub flags: Vec<DayFlag>,
    pub lawful_until_ms: UnixMs,
    pub days_before_use: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeriesVerdict {
    /// In the order of time.
    pub occurrences: Vec<OccurrenceVerdict>,
    /// So many can be had.
    pub lawful: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Series {
    pub id: SeriesId,
    /// In the order of time; those that were left out are not there.
    pub reservations: Vec<Reservation>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NewSeries {
    pub series: Series,
    /// Those that could not be had.
    pub left_out: Vec<LeftOut>,
}

/// Judges each occurrence by every rule, without storing anything.
#[utoipa::path(post, path = "/series/verdict", tag = "telepresence", request_body = SeriesQuestion,
    responses((status = 200, body = SeriesVerdict), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn verdict(State(booking): State<Arc<Booking>>, actor: Actor, Json(asked): Json<SeriesQuestion>) -> Result<Json<SeriesVerdict>> {
    let known = known(&booking, &actor, &asked.draft, None).await?;
    let mut tx = booking.db.read().await?;
    let judged = judge(&mut tx, booking.clock.now(), application(&booking, &actor, &asked.draft, &known, None), &asked.occurrences).await?;
    let lawful = judged.iter().filter(|it| it.refusals.is_empty()).count() as i64;
    let occurrences = judged.into_iter().map(|it| OccurrenceVerdict {
        number: it.number,
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        lawful: it.refusals.is_empty(),
        refusals: it.refusals,
        flags: it.flags,
        lawful_until_ms: it.lead.lawful_until,
        days_before_use: it.lead.days_before_use,
    });
    Ok(Json(SeriesVerdict { occurrences: occurrences.collect(), lawful }))
}

/// Applies for a series on behalf of one's own agency. Each occurrence is a reservation of its own.
#[utoipa::path(post, path = "/series", tag = "telepresence", request_body = SeriesRequest,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = NewSeries), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<SeriesRequest>,
) -> Result<(StatusCode, Json<NewSeries>)> {
    let now = booking.clock.now();
    let asked = body.value;
    let known = known(&booking, &actor, &asked.draft, None).await?;
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /series", key, body_hash: body.body_hash, at: now });
    let mut application = application(&booking, &actor, &asked.draft, &known, claim.as_ref());
    application.draft_id = asked.draft_id;
    let asked = Asked { application, occurrences: &asked.occurrences, accept_partial: asked.accept_partial };
    let made = apply(&booking.db, now, asked).await?;
    let series = shown(&booking, &actor, made.series).await?;
    Ok((StatusCode::CREATED, Json(NewSeries { series, left_out: made.left_out })))
}

async fn shown(booking: &Booking, actor: &Actor, id: SeriesId) -> Result<Series> {
    let mut tx = booking.db.read().await?;
    of_series::agency(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let of = store::list(&mut tx, store::List::Series(id)).await?;
    let seen: Vec<_> = of.into_iter().filter(|it| view::visible(it, actor)).collect();
    if seen.is_empty() {
        return Err(Code::NotFound.into());
    }
    Ok(Series { id, reservations: view::all(booking, &mut tx, actor, seen).await? })
}

/// A series with those of its occurrences that one may know of.
#[utoipa::path(get, path = "/series/{id}", tag = "telepresence", params(("id" = SeriesId, Path)),
    responses((status = 200, body = Series), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<SeriesId>) -> Result<Json<Series>> {
    shown(&booking, &actor, id).await.map(Json)
}
