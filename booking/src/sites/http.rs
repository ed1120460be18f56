//! Routes of sites.

use super::{
    Site,
    act::{self, SiteEdit},
    rules::SiteDraft,
    store,
};
use crate::{Booking, affected, people::People, photographs, reservations::By};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path},
    idempotency::Claim,
    problem::Problem,
};
use serde::Serialize;
use std::sync::Arc;
use wire::{Code, Refusal, Rule, UnixMs, id::SiteId};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Sites {
    pub sites: Vec<Site>,
}

/// TP-1: the central agency adds and changes sites, their calendar and the policy. Its approver does, and nobody else: who runs the service
/// has no say in what may be booked.
pub fn may_edit(actor: &Actor) -> Result<()> {
    match actor.is_central() && actor.has(PersonRole::Approver) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Tp1).with("role", PersonRole::Approver.text()).into()),
    }
}

/// The sites with a telepresence room (TP-1).
#[utoipa::path(get, path = "/sites", tag = "telepresence",
    responses((status = 200, body = Sites), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor) -> Result<Json<Sites>> {
    let mut tx = booking.db.read().await?;
    Ok(Json(Sites { sites: super::all(&mut tx).await? }))
}

/// A site with who looks after it and who changed it last.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteDetail {
    pub site: Site,
    pub facilitators: Vec<PersonRef>,
    pub photographs: Vec<photographs::PhotographRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at_ms: Option<UnixMs>,
}

pub(super) async fn detail(tx: &mut Tx, site: Site) -> Result<SiteDetail> {
    let (changed_by, changed_at_ms) = store::changed(tx, site.id).await?;
    let facilitators = identity::all_facilitators(tx).await?;
    let facilitators = facilitators.into_iter().filter(|it| it.sites.contains(&site.id)).map(|it| it.person).collect();
    let changed_by = match changed_by {
        Some(person) => Some(People::of(tx, [person].into()).await?.get(person)),
        None => None,
    };
    let photographs = photographs::of(tx, photographs::Subject::Site(site.id)).await?;
    Ok(SiteDetail { site, facilitators, photographs, changed_by, changed_at_ms })
}

async fn shown(booking: &Booking, id: SiteId) -> Result<Json<SiteDetail>> {
    let mut tx = booking.db.read().await?;
    let site = super::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?;
    Ok(Json(detail(&mut tx, site).await?))
}

fn by(actor: &Actor) -> By {
    By { person: actor.person, agency: actor.agency.id }
}

/// One site.
#[utoipa::path(get, path = "/sites/{id}", tag = "telepresence", params(("id" = SiteId, Path)),
    responses((status = 200, body = SiteDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, _actor: Actor, Path(id): Path<SiteId>) -> Result<Json<SiteDetail>> {
    shown(&booking, id).await
}

/// Makes a site, which can be applied for at once (TP-1). For the central agency's approver.
#[utoipa::path(post, path = "/sites", tag = "central", request_body = SiteDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = SiteDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<SiteDraft>,
) -> Result<(StatusCode, Json<SiteDetail>)> {
    may_edit(&actor)?;
    let now = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /sites", key, body_hash: body.body_hash, at: now });
    let id = act::create(&booking.db, now, by(&actor), body.value, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, shown(&booking, id).await?))
}

/// The bookings that a change of a site would touch, without making it.
#[utoipa::path(post, path = "/sites/{id}/preview", tag = "central", params(("id" = SiteId, Path)), request_body = SiteDraft,
    responses((status = 200, body = affected::Preview), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<SiteId>,
    Json(draft): Json<SiteDraft>,
) -> Result<Json<affected::Preview>> {
    may_edit(&actor)?;
    let mut tx = booking.db.read().await?;
    Ok(Json(act::preview(&mut tx, booking.clock.now(), id, draft).await?))
}

/// Changes or closes a site. Refused where it has changed since it was read, with the other's change; and where it touches bookings that
/// were not shown, with those bookings.
#[utoipa::path(put, path = "/sites/{id}", tag = "central", params(("id" = SiteId, Path)), request_body = SiteEdit,
    responses((status = 200, body = SiteDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn amend(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<SiteId>,
    Json(edit): Json<SiteEdit>,
) -> Result<Json<SiteDetail>> {
    may_edit(&actor)?;
    act::amend(&booking.db, booking.clock.now(), by(&actor), id, edit).await?;
    shown(&booking, id).await
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Facilitators {
    pub facilitators: Vec<identity::FacilitatorOf>,
}

/// Everybody who can look after a site, with the sites that they look after.
#[utoipa::path(get, path = "/facilitators", tag = "central",
    responses((status = 200, body = Facilitators), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn facilitators(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Facilitators>> {
    may_edit(&actor)?;
    let mut tx = booking.db.read().await?;
    Ok(Json(Facilitators { facilitators: identity::all_facilitators(&mut tx).await? }))
}
