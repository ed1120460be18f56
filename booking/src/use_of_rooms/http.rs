//! The routes of people on the day of use: the facilitator's check-in, the chair's extension, and what is new.

use super::{CheckInBy, Extender, check_in, extend, extension_minutes, undo_check_in};
use crate::{
    Booking,
    devices::panel_http::{ExtensionAsked, HELD_OPEN},
    reservations::{http::shown, view},
};
use axum::extract::State;
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    audit::{self, Watch},
    extract::{Json, Path, Query},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::time::Instant;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{ReservationId, SiteId},
};

/// The routes of the day of use.
pub fn routes() -> OpenApiRouter<Arc<Booking>> {
    OpenApiRouter::new()
        .routes(routes!(facilitator_check_in, facilitator_undo))
        .routes(routes!(extension, chair_extension))
        .routes(routes!(changes))
}

/// The facilitator of the site says that they are here.
#[utoipa::path(post, path = "/reservations/{id}/sites/{site}/check-in", tag = "telepresence",
    params(("id" = ReservationId, Path), ("site" = SiteId, Path)),
    responses((status = 200, body = view::Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn facilitator_check_in(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, site)): Path<(ReservationId, SiteId)>,
) -> Result<Json<view::Reservation>> {
    looks_after(&actor, site)?;
    let by = CheckInBy::Facilitator { person: actor.person, agency: actor.agency.id };
    check_in(&booking.db, booking.clock.now(), id, site, by).await?;
    shown(&booking, &actor, id).await
}

/// The facilitator of the site takes back, within minutes, that they are here: the wrong session was pressed.
#[utoipa::path(delete, path = "/reservations/{id}/sites/{site}/check-in", tag = "telepresence",
    params(("id" = ReservationId, Path), ("site" = SiteId, Path)),
    responses((status = 200, body = view::Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn facilitator_undo(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, site)): Path<(ReservationId, SiteId)>,
) -> Result<Json<view::Reservation>> {
    looks_after(&actor, site)?;
    undo_check_in(&booking.db, booking.clock.now(), id, site, actor.person, actor.agency.id).await?;
    shown(&booking, &actor, id).await
}

fn looks_after(actor: &Actor, site: SiteId) -> Result<()> {
    match actor.facilitates(site) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", vec![PersonRole::Facilitator.text()]).into()),
    }
}

/// How much longer a running session may be made now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExtensionOffer {
    pub ends_at_ms: UnixMs,
    /// In steps of 15; 0: not at all.
    pub minutes_max: i64,
}

/// How much longer the session may be made: for its chair.
#[utoipa::path(get, path = "/reservations/{id}/extension", tag = "telepresence", params(("id" = ReservationId, Path)),
    responses((status = 200, body = ExtensionOffer), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn extension(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<ReservationId>) -> Result<Json<ExtensionOffer>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let stored = view::seen(&mut tx, id, &actor).await?;
    let asks = stored.chair == actor.person && stored.slot.starts_at <= now && now < stored.slot.ends_at;
    let minutes_max = match asks {
        true => extension_minutes(&mut tx, now, id).await?,
        false => 0,
    };
    Ok(Json(ExtensionOffer { ends_at_ms: stored.slot.ends_at, minutes_max }))
}

/// The chair makes the session longer, where nobody needs any of its sites.
#[utoipa::path(post, path = "/reservations/{id}/extension", tag = "telepresence", params(("id" = ReservationId, Path)),
    request_body = ExtensionAsked,
    responses((status = 200, body = view::Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn chair_extension(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(asked): Json<ExtensionAsked>,
) -> Result<Json<view::Reservation>> {
    let by = Extender::Chair { person: actor.person, agency: actor.agency.id };
    extend(&booking.db, booking.clock.now(), id, by, asked.minutes).await?;
    shown(&booking, &actor, id).await
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// The number that was answered last; without it the present one is answered at once.
    #[serde(default)]
    after: Option<i64>,
    /// The reservation or meeting that is shown.
    about: Uuid,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Changes {
    /// To be sent back as `after`.
    pub number: i64,
    /// There was an act upon it: read it anew.
    pub changed: bool,
}

/// Whether anything was done to what a page shows. Held open for some seconds while nothing is; nothing of the act itself is told.
#[utoipa::path(get, path = "/changes", tag = "telepresence", params(ChangesQuery),
    responses((status = 200, body = Changes), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn changes(State(booking): State<Arc<Booking>>, _actor: Actor, Query(query): Query<ChangesQuery>) -> Result<Json<Changes>> {
    let until = Instant::now() + HELD_OPEN;
    let mut watch = Watch::new(&booking.db);
    let about = query.about.to_string();
    let Some(after) = query.after else {
        let number = audit::last_number(&mut booking.db.read().await?).await?;
        return Ok(Json(Changes { number, changed: false }));
    };
    let mut seen = after;
    loop {
        {
            let mut tx = booking.db.read().await?;
            let number = audit::last_number(&mut tx).await?;
            if number > seen && audit::last_about(&mut tx, seen, &about).await?.is_some() {
                return Ok(Json(Changes { number, changed: true }));
            }
            seen = seen.max(number);
        }
        if Instant::now() >= until {
            return Ok(Json(Changes { number: seen, changed: false }));
        }
        let _ = tokio::time::timeout_at(until, watch.changed()).await;
    }
}
