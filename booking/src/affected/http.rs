//! `GET /affected`: the bookings that a change left flagged.

use super::{Affected, preview, store};
use crate::{Booking, sites};
use axum::extract::State;
use identity::Actor;
use kernel::{Result, extract::Json, problem::Problem};
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AffectedBookings {
    pub affected: Vec<Affected>,
}

/// The bookings to come that do not fit their site any more, for the central agency.
#[utoipa::path(get, path = "/affected", tag = "central",
    responses((status = 200, body = AffectedBookings), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<AffectedBookings>> {
    sites::may_edit(&actor)?;
    let mut tx = booking.db.read().await?;
    let sites = sites::all(&mut tx).await?;
    let hits = store::open(&mut tx, booking.clock.now()).await?;
    Ok(Json(AffectedBookings { affected: preview(&mut tx, &sites, &hits).await?.affected }))
}
