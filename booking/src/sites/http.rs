//! `GET /sites`.

use super::Site;
use crate::Booking;
use axum::extract::State;
use identity::Actor;
use kernel::{Result, extract::Json, problem::Problem};
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Sites {
    pub sites: Vec<Site>,
}

/// The sites with a telepresence room (TP-1).
#[utoipa::path(get, path = "/sites", tag = "telepresence",
    responses((status = 200, body = Sites), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor) -> Result<Json<Sites>> {
    let mut tx = booking.db.read().await?;
    Ok(Json(Sites { sites: super::all(&mut tx).await? }))
}
