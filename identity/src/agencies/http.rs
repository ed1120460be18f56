//! `GET /agencies`.

use super::AgencyRef;
use crate::{actor::Actor, state::Identity};
use axum::Extension;
use kernel::{Result, extract::Json, problem::Problem};
use serde::Serialize;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Agencies {
    pub agencies: Vec<AgencyRef>,
}

/// The agencies that use the service.
#[utoipa::path(get, path = "/agencies", tag = "people",
    responses((status = 200, body = Agencies), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(Extension(identity): Extension<Identity>, _actor: Actor) -> Result<Json<Agencies>> {
    let mut tx = identity.db().read().await?;
    Ok(Json(Agencies { agencies: super::all(&mut tx).await? }))
}
