//! Routes of meetings and of join grants.

use super::{
    MeetingDraft, act,
    grant::Shown,
    store,
    view::{self, Meeting},
};
use crate::{Booking, calendar, people, policy::Slot};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::{Actor, PersonRole};
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{Code, UnixMs, id::MeetingId, limits::ROOM_PARTICIPANTS_MAX};

/// Days of meetings in one answer.
const LIST_DAYS_MAX: i64 = 100;

/// Makes an online meeting. Its creator is its host.
#[utoipa::path(post, path = "/meetings", tag = "meetings", request_body = MeetingDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = Meeting), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<MeetingDraft>,
) -> Result<(StatusCode, Json<Meeting>)> {
    actor.require(&PersonRole::ALL)?;
    let (now, draft) = (booking.clock.now(), body.value);
    let known = {
        let mut tx = booking.db.read().await?;
        people::usable(&mut tx, draft.people.iter().copied().take(ROOM_PARTICIPANTS_MAX).collect()).await?
    };
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /meetings", key, body_hash: body.body_hash, at: now });
    let creation = act::Creation {
        host: actor.person,
        agency: actor.agency.id,
        draft: &draft,
        known: &known,
        classified_without_e2ee: booking.settings.classified_without_e2ee,
        claim: claim.as_ref(),
    };
    let id = act::create(&booking.db, now, creation).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, id).await?))
}

/// The meeting, if the person is of its group.
pub(crate) async fn seen(tx: &mut Tx, id: MeetingId, actor: &Actor) -> Result<super::Stored> {
    let found = store::by_id(tx, id).await?.filter(|it| it.listed(actor.person).is_some());
    found.ok_or_else(|| Code::NotFound.into())
}

async fn shown(booking: &Booking, actor: &Actor, id: MeetingId) -> Result<Json<Meeting>> {
    let mut tx = booking.db.read().await?;
    let stored = seen(&mut tx, id, actor).await?;
    let mut shown = view::all(booking, &mut tx, actor, vec![stored]).await?;
    shown.pop().map(Json).ok_or_else(|| Code::NotFound.into())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(value_type = i64)]
    from_ms: UnixMs,
    #[param(value_type = i64)]
    to_ms: UnixMs,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meetings {
    pub meetings: Vec<Meeting>,
}

/// The meetings that I host, am listed in, or sit in.
#[utoipa::path(get, path = "/meetings", tag = "meetings", params(ListQuery),
    responses((status = 200, body = Meetings), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<ListQuery>) -> Result<Json<Meetings>> {
    let within = Slot { starts_at: query.from_ms, ends_at: query.to_ms };
    if within.duration_ms() <= 0 || within.duration_ms() > LIST_DAYS_MAX * 86_400_000 {
        return Err(malformed("to_ms", format!("after from_ms, by {LIST_DAYS_MAX} days at most")).into());
    }
    let mut tx = booking.db.read().await?;
    let found = store::of_person(&mut tx, actor.person, within).await?;
    Ok(Json(Meetings { meetings: view::all(&booking, &mut tx, &actor, found).await? }))
}

/// One meeting, for those of its group.
#[utoipa::path(get, path = "/meetings/{id}", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = Meeting), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Json<Meeting>> {
    shown(&booking, &actor, id).await
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct GrantAnswer {
    /// For the first message on the signalling connection, and for nothing else: never in an address, never in a log.
    pub token: String,
    pub expires_at_ms: UnixMs,
    /// Where to open signalling: absolute, or a path of this server.
    pub signal_url: String,
}

/// Mints a join grant: for one of the group, inside the window, for one press on Join (MEET-8).
#[utoipa::path(post, path = "/meetings/{id}/grant", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = GrantAnswer), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 410, body = Problem, content_type = "application/problem+json")))]
pub async fn grant(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Json<GrantAnswer>> {
    let joining = act::Joining {
        person: actor.person,
        agency: actor.agency.id,
        shown: Shown { name: actor.name.clone(), agency: actor.agency.short_name.clone() },
    };
    let grant = act::mint(&booking.db, booking.clock.now(), &booking.keys, &booking.settings, &joining, id).await?;
    Ok(Json(GrantAnswer { token: grant.token, expires_at_ms: grant.expires_at, signal_url: booking.settings.signal_url.clone() }))
}

/// The meeting for one's own calendar (RFC 5545).
#[utoipa::path(get, path = "/meetings/{id}/invitation.ics", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = String, content_type = "text/calendar"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn invitation(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Response> {
    let mut tx = booking.db.read().await?;
    let stored = seen(&mut tx, id, &actor).await?;
    let document = calendar::published(&mut tx, &stored, actor.person, &booking.settings, booking.clock.now()).await?;
    let text = calendar::file(&document)?;
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8; method=PUBLISH"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sidang.ics\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// The public keys under which grants are signed (RFC 7517). For media nodes; nothing in it is secret.
pub async fn jwks(State(booking): State<Arc<Booking>>) -> Result<Response> {
    let body = serde_json::to_vec(booking.keys.published().as_ref())?;
    // Short: a node that meets a new key's name asks again anyway.
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "max-age=60")], body).into_response())
}
