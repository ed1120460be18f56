//! Routes of decisions.

use super::{Answer, act};
use crate::{
    Booking,
    reservations::{
        http::{by, shown},
        view::{self, Reservation},
    },
};
use axum::extract::State;
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    extract::{Json, Path},
    problem::Problem,
};
use std::sync::Arc;
use wire::{Code, Refusal, Rule, id::ReservationId};

/// TP-4: the central agency's approver.
pub fn may_decide(actor: &Actor) -> Result<()> {
    match view::approves(actor) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", PersonRole::Approver.text()).into()),
    }
}

/// Approves or refuses (TP-4); never for one's own agency.
#[utoipa::path(post, path = "/reservations/{id}/decision", tag = "telepresence", params(("id" = ReservationId, Path)), request_body = Answer,
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(answer): Json<Answer>,
) -> Result<Json<Reservation>> {
    may_decide(&actor)?;
    act::decide(&booking.db, booking.clock.now(), by(&actor), id, &answer).await?;
    shown(&booking, &actor, id).await
}
