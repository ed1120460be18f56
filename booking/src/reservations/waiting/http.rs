//! `POST /reservations/{id}/offer`.

use super::answer;
use crate::{
    Booking,
    reservations::{
        http::{by, shown},
        view::Reservation,
    },
};
use axum::extract::State;
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    extract::{Json, Path},
    problem::Problem,
};
use serde::Deserialize;
use std::sync::Arc;
use wire::id::ReservationId;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OfferAnswer {
    /// No gives the place to the next in the list.
    pub accept: bool,
}

/// Answers the offer of a place from the waiting list.
#[utoipa::path(post, path = "/reservations/{id}/offer", tag = "telepresence", params(("id" = ReservationId, Path)), request_body = OfferAnswer,
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn offer(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(it): Json<OfferAnswer>,
) -> Result<Json<Reservation>> {
    actor.require(&[PersonRole::UcAdministrator])?;
    answer(&booking.db, booking.clock.now(), by(&actor), id, it.accept).await?;
    shown(&booking, &actor, id).await
}
