//! Routes of the policy.

use super::{
    Finding, Policy, PolicyDraft, Terms, act,
    replay::Replay,
    store::{self, Version},
};
use crate::{Booking, people::People, reservations::By, sites::may_edit};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef};
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path},
    idempotency::Claim,
    problem::Problem,
};
use serde::Serialize;
use std::sync::Arc;
use wire::{Code, UnixMs};

crate::names::names! {
    VersionState {
        InForce = "in_force",
        /// It has not begun.
        Coming = "coming",
        /// Another took its place.
        Past = "past",
        /// Taken back before it began.
        Withdrawn = "withdrawn",
    }
}

/// A version of the policy.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyVersion {
    pub version: i64,
    #[schema(inline)]
    pub state: VersionState,
    pub effective_from_ms: UnixMs,
    pub terms: Terms,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_ms: Option<UnixMs>,
    /// Reservations that keep it.
    pub reservations: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Policies {
    /// The version in force now.
    pub in_force: i64,
    /// The latest to begin first.
    pub policies: Vec<PolicyVersion>,
}

async fn all(tx: &mut Tx, now: UnixMs) -> Result<Policies> {
    let in_force = super::at(tx, now).await?.version;
    let versions = store::all(tx).await?;
    let people = People::of(tx, versions.iter().filter_map(|it| it.created_by).collect()).await?;
    let state = |it: &Version| match it {
        it if it.withdrawn => VersionState::Withdrawn,
        it if it.policy.version == in_force => VersionState::InForce,
        it if it.policy.effective_from > now => VersionState::Coming,
        _ => VersionState::Past,
    };
    let shown = versions.into_iter().map(|it| {
        let state = state(&it);
        let Policy { version, effective_from, terms } = it.policy;
        PolicyVersion {
            version,
            state,
            effective_from_ms: effective_from,
            terms,
            note: it.note,
            created_by: it.created_by.map(|by| people.get(by)),
            created_at_ms: it.created_at,
            reservations: it.reservations,
        }
    });
    Ok(Policies { in_force, policies: shown.collect() })
}

/// Every version of the policy: which is in force, which come, which were.
#[utoipa::path(get, path = "/policies", tag = "telepresence",
    responses((status = 200, body = Policies), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor) -> Result<Json<Policies>> {
    Ok(Json(all(&mut booking.db.read().await?, booking.clock.now()).await?))
}

async fn one(booking: &Booking, version: i64) -> Result<Json<PolicyVersion>> {
    let found = all(&mut booking.db.read().await?, booking.clock.now()).await?;
    found.policies.into_iter().find(|it| it.version == version).map(Json).ok_or_else(|| Code::NotFound.into())
}

/// Makes a version that begins on a day to come (TP-2). Refused where nothing could be booked under it, with why. For the central agency's
/// approver.
#[utoipa::path(post, path = "/policies", tag = "central", request_body = PolicyDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = PolicyVersion), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<PolicyDraft>,
) -> Result<(StatusCode, Json<PolicyVersion>)> {
    may_edit(&actor)?;
    let now = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /policies", key, body_hash: body.body_hash, at: now });
    let by = By { person: actor.person, agency: actor.agency.id };
    let version = act::create(&booking.db, now, by, &body.value, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, one(&booking, version).await?))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Findings {
    /// Whether it could be made.
    pub sound: bool,
    pub findings: Vec<Finding>,
}

/// What is wrong with a version, without making it.
#[utoipa::path(post, path = "/policies/lint", tag = "central", request_body = PolicyDraft,
    responses((status = 200, body = Findings), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn lint(State(booking): State<Arc<Booking>>, actor: Actor, Json(draft): Json<PolicyDraft>) -> Result<Json<Findings>> {
    may_edit(&actor)?;
    let findings = act::findings(&mut booking.db.read().await?, booking.clock.now(), &draft).await?;
    Ok(Json(Findings { sound: !findings.iter().any(|it| it.grave), findings }))
}

/// What these terms would have refused among the applications received in the last year. Nothing is stored.
#[utoipa::path(post, path = "/policies/replay", tag = "central", request_body = Terms,
    responses((status = 200, body = Replay), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn replay(State(booking): State<Arc<Booking>>, actor: Actor, Json(terms): Json<Terms>) -> Result<Json<Replay>> {
    may_edit(&actor)?;
    Ok(Json(act::replay(&mut booking.db.read().await?, booking.clock.now(), terms).await?))
}

/// Takes back a version that has not begun.
#[utoipa::path(post, path = "/policies/{version}/withdrawal", tag = "central", params(("version" = i64, Path)),
    responses((status = 200, body = PolicyVersion), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn withdraw(State(booking): State<Arc<Booking>>, actor: Actor, Path(version): Path<i64>) -> Result<Json<PolicyVersion>> {
    may_edit(&actor)?;
    let by = By { person: actor.person, agency: actor.agency.id };
    act::withdraw(&booking.db, booking.clock.now(), by, version).await?;
    one(&booking, version).await
}
