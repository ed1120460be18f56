//! The routes of the people who look after devices.

use super::{
    DeviceKind, Stored,
    enrol::{self, Entering},
    panel_http::{self, fingerprint},
    store,
};
use crate::{Booking, people::People, reservations::view::named_site, sites, sites::SiteRef};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Result, Tx,
    extract::{Json, Path},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use wire::{
    UnixMs,
    id::{DeviceId, SiteId},
};

/// The routes of those who look after devices, and of the devices themselves.
pub fn routes() -> OpenApiRouter<Arc<Booking>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(enter))
        .routes(routes!(settle))
        .routes(routes!(revoke))
        .routes(routes!(panel_http::ask))
        .routes(routes!(panel_http::standing))
        .routes(routes!(panel_http::credential))
        .routes(routes!(panel_http::schedule))
        .routes(routes!(panel_http::check_in))
        .routes(routes!(panel_http::extend))
        .routes(routes!(panel_http::grant))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Devices {
    pub devices: Vec<DeviceRow>,
    /// Codes that were entered and wait for a second person.
    pub waiting: Vec<WaitingDevice>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub site: SiteRef,
    #[schema(inline)]
    pub kind: DeviceKind,
    pub name: String,
    pub fingerprint: String,
    pub enrolled_by: PersonRef,
    pub confirmed_by: PersonRef,
    pub enrolled_at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at_ms: Option<UnixMs>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WaitingDevice {
    pub id: Uuid,
    pub site: SiteRef,
    #[schema(inline)]
    pub kind: DeviceKind,
    pub name: String,
    /// Must be the one on the device's own screen.
    pub fingerprint: String,
    pub entered_by: PersonRef,
    pub entered_at_ms: UnixMs,
    pub expires_at_ms: UnixMs,
    /// You may confirm it: you are not who entered the code.
    pub may_confirm: bool,
}

const KEEPERS: [PersonRole; 3] = [PersonRole::Facilitator, PersonRole::Approver, PersonRole::SystemAdministrator];

/// The devices of the sites that I look after, and those that wait for a second person.
#[utoipa::path(get, path = "/devices", tag = "devices",
    responses((status = 200, body = Devices), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Devices>> {
    actor.require(&KEEPERS)?;
    Ok(Json(all(&booking, &actor).await?))
}

async fn all(booking: &Booking, actor: &Actor) -> Result<Devices> {
    let mut tx = booking.db.read().await?;
    let mut devices = store::list(&mut tx).await?;
    devices.retain(|it| enrol::looks_after(actor, it.site));
    let entered = |it: store::Enrolment| it.entered.clone().map(|entered| (it, entered));
    let mut waiting: Vec<_> = store::entered(&mut tx, booking.clock.now()).await?.into_iter().filter_map(entered).collect();
    waiting.retain(|(_, entered)| enrol::looks_after(actor, entered.site));
    named(&mut tx, actor, devices, waiting).await
}

async fn named(tx: &mut Tx, actor: &Actor, devices: Vec<Stored>, waiting: Vec<(store::Enrolment, store::Entered)>) -> Result<Devices> {
    let ids = devices.iter().flat_map(|it| [it.enrolled_by, it.confirmed_by]).chain(waiting.iter().map(|it| it.1.by));
    let people = People::of(tx, ids.collect()).await?;
    let sites = sites::all(tx).await?;
    let device = |it: Stored| DeviceRow {
        id: it.id,
        site: named_site(&sites, it.site),
        kind: it.kind,
        name: it.name,
        fingerprint: fingerprint(&it.jkt),
        enrolled_by: people.get(it.enrolled_by),
        confirmed_by: people.get(it.confirmed_by),
        enrolled_at_ms: it.enrolled_at,
        seen_at_ms: it.seen_at,
    };
    let waits = |(it, entered): (store::Enrolment, store::Entered)| WaitingDevice {
        id: it.id,
        site: named_site(&sites, entered.site),
        kind: entered.kind,
        name: entered.name,
        fingerprint: fingerprint(&it.jkt),
        entered_by: people.get(entered.by),
        entered_at_ms: entered.at,
        expires_at_ms: it.expires_at,
        may_confirm: entered.by != actor.person,
    };
    Ok(Devices { devices: devices.into_iter().map(device).collect(), waiting: waiting.into_iter().map(waits).collect() })
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CodeEntered {
    pub code: String,
    pub site: SiteId,
    #[schema(inline)]
    pub kind: DeviceKind,
    pub name: String,
}

/// The code that a device of my site shows. Five wrong ones, and there is a pause.
#[utoipa::path(post, path = "/devices/enrolments", tag = "devices", request_body = CodeEntered,
    responses((status = 201, body = Devices), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn enter(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Json(body): Json<CodeEntered>,
) -> Result<(StatusCode, Json<Devices>)> {
    let entering = Entering { code: &body.code, site: body.site, kind: body.kind, name: &body.name };
    enrol::enter(&booking.db, booking.clock.now(), &actor, &entering).await?;
    Ok((StatusCode::CREATED, Json(all(&booking, &actor).await?)))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Settling {
    /// False: it is not ours.
    pub confirm: bool,
}

/// The second person's word. Nobody confirms what they entered themselves.
#[utoipa::path(post, path = "/devices/enrolments/{id}/confirmation", tag = "devices", request_body = Settling,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Devices), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn settle(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(body): Json<Settling>,
) -> Result<Json<Devices>> {
    enrol::settle(&booking.db, booking.clock.now(), &actor, id, body.confirm).await?;
    Ok(Json(all(&booking, &actor).await?))
}

/// The device is lost or done with: from now on it can do nothing, and is out of the meeting that it was in.
#[utoipa::path(post, path = "/devices/{id}/revocation", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = Devices), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<DeviceId>) -> Result<Json<Devices>> {
    enrol::revoke(&booking.db, booking.clock.now(), &actor, id).await?;
    Ok(Json(all(&booking, &actor).await?))
}
