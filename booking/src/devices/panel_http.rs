//! The routes of a device. No cookie, no session: each request is signed by the device's key.

use super::{
    EnrolmentState,
    actor::Device,
    enrol,
    proof::Proven,
    schedule::{self, DeviceRef, Schedule},
    store,
};
use crate::{
    Booking,
    meetings::{self, http::GrantAnswer},
    sites::{self, SiteRef},
    use_of_rooms::{self, CheckInBy, Extender},
};
use axum::{extract::State, http::StatusCode};
use kernel::{
    Result,
    audit::Watch,
    extract::{Json, Path, Query},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;
use wire::{Code, UnixMs, id::ReservationId};

/// How long a question for what is new is held open: below the patience of clients and proxies.
pub(crate) const HELD_OPEN: Duration = Duration::from_secs(15);

/// A code to be shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnrolmentShown {
    pub id: Uuid,
    /// Eight letters.
    pub code: String,
    pub expires_at_ms: UnixMs,
    pub now_ms: UnixMs,
    /// The first letters of the key's thumbprint, to be compared on both screens.
    pub fingerprint: String,
}

/// The first letters of a key's thumbprint, as people compare them.
pub(crate) fn fingerprint(jkt: &str) -> String {
    kernel::digest::sha256_hex(jkt.as_bytes()).chars().take(6).collect::<String>().to_uppercase()
}

/// Asks for a code. Any browser may: what comes of it is decided by two people.
#[utoipa::path(post, path = "/panel/enrolments", tag = "panel",
    params(("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)")),
    responses((status = 201, body = EnrolmentShown), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn ask(State(booking): State<Arc<Booking>>, proven: Proven) -> Result<(StatusCode, Json<EnrolmentShown>)> {
    let now = booking.clock.now();
    let shown = enrol::ask(&booking.db, now, &proven.jkt).await?;
    let fingerprint = fingerprint(&proven.jkt);
    let answer = EnrolmentShown { id: shown.id, code: shown.code, expires_at_ms: shown.expires_at, now_ms: now, fingerprint };
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnrolmentStanding {
    #[schema(inline)]
    pub state: EnrolmentState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteRef>,
}

/// How the enrolment stands: for the device that asked for it alone.
#[utoipa::path(get, path = "/panel/enrolments/{id}", tag = "panel",
    params(("id" = Uuid, Path), ("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)")),
    responses((status = 200, body = EnrolmentStanding), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn standing(State(booking): State<Arc<Booking>>, proven: Proven, Path(id): Path<Uuid>) -> Result<Json<EnrolmentStanding>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let found = store::enrolment(&mut tx, id).await?.filter(|it| it.jkt == proven.jkt).ok_or(Code::NotFound)?;
    let open = matches!(found.state, EnrolmentState::Waiting | EnrolmentState::Entered);
    let state = if open && now >= found.expires_at { EnrolmentState::Expired } else { found.state };
    let site = match &found.entered {
        Some(entered) => sites::by_id(&mut tx, entered.site).await?.map(|it| it.as_ref()),
        None => None,
    };
    Ok(Json(EnrolmentStanding { state, site }))
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct CredentialAnswer {
    /// For the header `authorization: DPoP …`; void once another was given.
    pub credential: String,
    pub expires_at_ms: UnixMs,
    pub now_ms: UnixMs,
    pub device: DeviceRef,
}

/// A fresh credential, for whoever holds the key of an enrolled device. The one before it is void from now on.
#[utoipa::path(post, path = "/panel/credential", tag = "panel",
    params(("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)")),
    responses((status = 200, body = CredentialAnswer), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn credential(State(booking): State<Arc<Booking>>, proven: Proven) -> Result<Json<CredentialAnswer>> {
    let now = booking.clock.now();
    let given = enrol::renew(&booking.db, now, &proven.jkt).await?;
    let device = DeviceRef { id: given.device.id, kind: given.device.kind, name: given.device.name };
    Ok(Json(CredentialAnswer { credential: given.text.to_string(), expires_at_ms: given.expires_at, now_ms: now, device }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// The version that is shown: answered once there is another, or after some seconds with the same.
    #[serde(default)]
    after: Option<String>,
}

/// What the device's own site does in the next day. Held open while nothing is new.
#[utoipa::path(get, path = "/panel/schedule", tag = "panel",
    params(AfterQuery, ("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)"),
        ("authorization" = Option<String>, Header, description = "DPoP and the device's credential")),
    responses((status = 200, body = Schedule), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn schedule(State(booking): State<Arc<Booking>>, device: Device, Query(query): Query<AfterQuery>) -> Result<Json<Schedule>> {
    let until = Instant::now() + HELD_OPEN;
    let mut watch = Watch::new(&booking.db);
    let mut seen = None;
    loop {
        let (number, found) = {
            let mut tx = booking.db.read().await?;
            let number = kernel::audit::last_number(&mut tx).await?;
            // Read anew only after an act; and who was revoked meanwhile is told so at once.
            let found = match seen == Some(number) {
                true => None,
                false => {
                    device.still(&mut tx, booking.clock.now()).await?;
                    Some(schedule::of(&booking, &mut tx, &device.stored).await?)
                }
            };
            (number, found)
        };
        seen = Some(number);
        if let Some(found) = found
            && (query.after.as_ref() != Some(&found.version) || Instant::now() >= until)
        {
            return Ok(Json(found));
        }
        if Instant::now() >= until {
            seen = None;
            continue;
        }
        let _ = tokio::time::timeout_at(until, watch.changed()).await;
    }
}

/// Somebody at the panel says that they are here.
#[utoipa::path(post, path = "/panel/reservations/{id}/check-in", tag = "panel",
    params(("id" = ReservationId, Path), ("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)"),
        ("authorization" = Option<String>, Header, description = "DPoP and the device's credential")),
    responses((status = 200, body = Schedule), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn check_in(State(booking): State<Arc<Booking>>, device: Device, Path(id): Path<ReservationId>) -> Result<Json<Schedule>> {
    let by = CheckInBy::Panel(device.stored.id);
    use_of_rooms::check_in(&booking.db, booking.clock.now(), id, device.site(), by).await?;
    shown(&booking, &device).await
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ExtensionAsked {
    /// A multiple of 15.
    pub minutes: i64,
}

/// The session goes on for longer, where nobody needs any of its sites.
#[utoipa::path(post, path = "/panel/reservations/{id}/extension", tag = "panel", request_body = ExtensionAsked,
    params(("id" = ReservationId, Path), ("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)"),
        ("authorization" = Option<String>, Header, description = "DPoP and the device's credential")),
    responses((status = 200, body = Schedule), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn extend(
    State(booking): State<Arc<Booking>>,
    device: Device,
    Path(id): Path<ReservationId>,
    Json(asked): Json<ExtensionAsked>,
) -> Result<Json<Schedule>> {
    let by = Extender::Panel { device: device.stored.id, site: device.site() };
    use_of_rooms::extend(&booking.db, booking.clock.now(), id, by, asked.minutes).await?;
    shown(&booking, &device).await
}

/// A join token for the room system: it joins as the site.
#[utoipa::path(post, path = "/panel/reservations/{id}/grant", tag = "panel",
    params(("id" = ReservationId, Path), ("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)"),
        ("authorization" = Option<String>, Header, description = "DPoP and the device's credential")),
    responses((status = 200, body = GrantAnswer), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 410, body = Problem, content_type = "application/problem+json")))]
pub async fn grant(State(booking): State<Arc<Booking>>, device: Device, Path(id): Path<ReservationId>) -> Result<Json<GrantAnswer>> {
    device.require_room_system()?;
    let grant =
        meetings::act::mint_for_room(&booking.db, booking.clock.now(), &booking.keys, &booking.settings, &device.stored, id).await?;
    Ok(Json(GrantAnswer { token: grant.token, expires_at_ms: grant.expires_at, signal_url: booking.settings.signal_url.clone() }))
}

async fn shown(booking: &Booking, device: &Device) -> Result<Json<Schedule>> {
    Ok(Json(schedule::of(booking, &mut booking.db.read().await?, &device.stored).await?))
}
