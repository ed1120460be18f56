//! Routes of guests: for those who chair a meeting, and for whoever holds a link. A link's secret comes in the body of a request and never in
//! an address.

use super::{GuestDraft, Stored, act};
use crate::{Booking, meetings::http::GrantAnswer, people::People};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef};
use kernel::{
    Result,
    extract::{Json, Path},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::{
    Classification, UnixMs,
    id::{MeetingId, PersonId},
};

pub fn routes() -> OpenApiRouter<Arc<Booking>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(resend))
        .routes(routes!(revoke))
        .routes(routes!(open))
        .routes(routes!(grant))
}

/// A guest as those who chair see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Guest {
    pub id: PersonId,
    pub name: String,
    pub organisation: String,
    pub email: String,
    pub invited_by: PersonRef,
    pub invited_at_ms: UnixMs,
    /// When the last link was first opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at_ms: Option<UnixMs>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Guests {
    pub guests: Vec<Guest>,
}

/// A guest with the link, which is shown this once. It is mailed too, where mail leaves the service.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitedGuest {
    pub guest: Guest,
    pub link: String,
}

async fn shown(booking: &Booking, guests: Vec<Stored>) -> Result<Vec<Guest>> {
    let mut tx = booking.db.read().await?;
    let people = People::of(&mut tx, guests.iter().map(|it| it.invited_by).collect()).await?;
    let guest = |it: Stored| Guest {
        id: it.id,
        name: it.name,
        organisation: it.organisation,
        email: it.email,
        invited_by: people.get(it.invited_by),
        invited_at_ms: it.invited_at,
        opened_at_ms: it.opened_at,
    };
    Ok(guests.into_iter().map(guest).collect())
}

async fn with_link(booking: &Booking, guest: Stored) -> Result<Json<InvitedGuest>> {
    let link = act::link_of(booking, &guest);
    let guest = shown(booking, vec![guest]).await?.pop().ok_or(wire::Code::NotFound)?;
    Ok(Json(InvitedGuest { guest, link }))
}

/// The guests of a meeting, for those who chair it.
#[utoipa::path(get, path = "/meetings/{id}/guests", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = Guests), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Json<Guests>> {
    let found = act::listed(&mut booking.db.read().await?, id, &actor).await?;
    Ok(Json(Guests { guests: shown(&booking, found).await? }))
}

/// Invites somebody from outside the public sector to this one meeting. Refused where its classification lets no guest in (CLASS-4).
#[utoipa::path(post, path = "/meetings/{id}/guests", tag = "meetings", params(("id" = MeetingId, Path)), request_body = GuestDraft,
    responses((status = 201, body = InvitedGuest), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 410, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<MeetingId>,
    Json(draft): Json<GuestDraft>,
) -> Result<(StatusCode, Json<InvitedGuest>)> {
    let guest = act::invite(&booking, &actor, id, &draft).await?;
    Ok((StatusCode::CREATED, with_link(&booking, guest).await?))
}

/// Makes another link and sends it; the one before opens nothing any more.
#[utoipa::path(post, path = "/meetings/{id}/guests/{guest}/link", tag = "meetings",
    params(("id" = MeetingId, Path), ("guest" = PersonId, Path)),
    responses((status = 200, body = InvitedGuest), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 410, body = Problem, content_type = "application/problem+json")))]
pub async fn resend(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, guest)): Path<(MeetingId, PersonId)>,
) -> Result<Json<InvitedGuest>> {
    let guest = act::resend(&booking, &actor, id, guest).await?;
    with_link(&booking, guest).await
}

/// Takes an invitation back; whoever is inside by it is sent away.
#[utoipa::path(delete, path = "/meetings/{id}/guests/{guest}", tag = "meetings",
    params(("id" = MeetingId, Path), ("guest" = PersonId, Path)),
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, guest)): Path<(MeetingId, PersonId)>,
) -> Result<StatusCode> {
    act::revoke(&booking, &actor, id, guest).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a link holds behind its `#`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct GuestLink {
    pub token: String,
}

/// What a guest is shown before the door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Invitation {
    pub meeting: MeetingId,
    pub title: String,
    pub classification: Classification,
    /// Name of whoever invited.
    pub invited_by: String,
    pub name: String,
    pub organisation: String,
    pub opens_at_ms: UnixMs,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub closes_at_ms: UnixMs,
}

/// What the holder of a link is invited to. Needs no account.
#[utoipa::path(post, path = "/invitations/open", tag = "meetings", request_body = GuestLink,
    responses((status = 200, body = Invitation), (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn open(State(booking): State<Arc<Booking>>, Json(link): Json<GuestLink>) -> Result<Json<Invitation>> {
    let (guest, meeting) = act::open(&booking, &link.token).await?;
    let mut tx = booking.db.read().await?;
    let people = People::of(&mut tx, [guest.invited_by].into()).await?;
    Ok(Json(Invitation {
        meeting: meeting.id,
        title: meeting.title,
        classification: meeting.classification,
        invited_by: people.name(guest.invited_by),
        name: guest.name,
        organisation: guest.organisation,
        opens_at_ms: meeting.opens_at,
        starts_at_ms: meeting.slot.starts_at,
        ends_at_ms: meeting.slot.ends_at,
        closes_at_ms: meeting.closes_at,
    }))
}

/// Mints a guest's join grant: inside the window, for one press on Join (MEET-8). Needs no account.
#[utoipa::path(post, path = "/invitations/grant", tag = "meetings", request_body = GuestLink,
    responses((status = 200, body = GrantAnswer), (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn grant(State(booking): State<Arc<Booking>>, Json(link): Json<GuestLink>) -> Result<Json<GrantAnswer>> {
    let grant = act::grant(&booking, &link.token).await?;
    Ok(Json(GrantAnswer { token: grant.token, expires_at_ms: grant.expires_at, signal_url: booking.settings.signal_url.clone() }))
}
