//! Routes of condition reports.

use super::{ConditionDraft, PointReport, SecondSignature, SignatureDraft, Signer, act, rules, store};
use crate::{
    Booking,
    people::People,
    photographs::{self, PhotographRef, Subject},
    policy, reservations,
    reservations::view,
};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{ConditionId, ReservationId, SiteId},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Condition {
    pub id: ConditionId,
    pub reservation: ReservationId,
    pub site: SiteId,
    pub points: Vec<PointReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of the room and of what did not become a fault.
    pub photographs: Vec<PhotographRef>,
    #[schema(inline)]
    pub filed_as: Signer,
    pub filed_by: PersonRef,
    pub filed_at_ms: UnixMs,
    /// What the other side said to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// This person is the other side, which has not signed yet.
    pub may_sign: bool,
}

/// The other side's signature.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Signature {
    #[schema(inline)]
    pub answer: SecondSignature,
    pub by: PersonRef,
    pub at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

async fn shown(tx: &mut Tx, actor: &Actor, found: Vec<store::Stored>) -> Result<Vec<Condition>> {
    let named = found.iter().map(|it| it.filed_by).chain(found.iter().filter_map(|it| it.signed.as_ref().map(|it| it.by)));
    let people = People::of(tx, named.collect()).await?;
    let mut shown = Vec::with_capacity(found.len());
    for it in found {
        let may_sign = match &it.signed {
            Some(_) => false,
            None => reservations::store::by_id(tx, it.reservation).await?.is_some_and(|of| rules::is_other_side(&it, &of, actor)),
        };
        shown.push(Condition {
            photographs: photographs::of(tx, Subject::Condition(it.id)).await?,
            id: it.id,
            reservation: it.reservation,
            site: it.site,
            points: it.points,
            note: it.note,
            filed_as: it.filed_as,
            filed_by: people.get(it.filed_by),
            filed_at_ms: it.filed_at,
            signature: it.signed.map(|it| Signature { answer: it.answer, by: people.get(it.by), at_ms: it.at, note: it.note }),
            may_sign,
        });
    }
    Ok(shown)
}

async fn one(tx: &mut Tx, actor: &Actor, id: ConditionId) -> Result<Condition> {
    let stored = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    shown(tx, actor, vec![stored]).await?.pop().ok_or_else(|| Code::NotFound.into())
}

/// Files the condition of a room after use (TP-7): its facilitator, or somebody who sat there, from five minutes before the end, once. A point
/// that is not sound can become a fault with it.
#[utoipa::path(post, path = "/reservations/{id}/sites/{site}/condition", tag = "telepresence",
    params(("id" = ReservationId, Path), ("site" = SiteId, Path),
        ("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    request_body = ConditionDraft,
    responses((status = 201, body = Condition), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn file(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, site)): Path<(ReservationId, SiteId)>,
    key: Option<IdempotencyKey>,
    body: HashedJson<ConditionDraft>,
) -> Result<(StatusCode, Json<Condition>)> {
    let at = booking.clock.now();
    // One key for one room's report, whatever the address it was sent to.
    let body_hash = format!("{id}/{site}/{}", body.body_hash);
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /reservations/{id}/sites/{site}/condition", key, body_hash, at });
    let condition = act::file(&booking, &actor, (id, site), &body.value, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(one(&mut booking.db.read().await?, &actor, condition).await?)))
}

/// Confirms a report, or dissents, as the other side: the facilitator where a user filed it, a user where the facilitator did.
#[utoipa::path(post, path = "/conditions/{id}/signature", tag = "telepresence", params(("id" = ConditionId, Path)), request_body = SignatureDraft,
    responses((status = 200, body = Condition), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn sign(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ConditionId>,
    Json(draft): Json<SignatureDraft>,
) -> Result<Json<Condition>> {
    act::sign(&booking, &actor, id, &draft).await?;
    Ok(Json(one(&mut booking.db.read().await?, &actor, id).await?))
}

/// One report, for those who may see it.
#[utoipa::path(get, path = "/conditions/{id}", tag = "telepresence", params(("id" = ConditionId, Path)),
    responses((status = 200, body = Condition), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<ConditionId>) -> Result<Json<Condition>> {
    let mut tx = booking.db.read().await?;
    match super::may_see(&mut tx, &actor, id).await? {
        true => Ok(Json(one(&mut tx, &actor, id).await?)),
        false => Err(Code::NotFound.into()),
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteQuery {
    /// Without it: every site that I look after.
    #[param(value_type = Option<String>, format = Uuid)]
    site: Option<SiteId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Conditions {
    /// The latest first.
    pub conditions: Vec<Condition>,
    /// Uses that ended without a report, the longest owed first.
    pub due: Vec<DueCondition>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DueCondition {
    pub reservation: ReservationShort,
    pub site: SiteId,
    pub ended_at_ms: UnixMs,
    /// When the hours of the policy are over.
    pub overdue_at_ms: UnixMs,
    pub overdue: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReservationShort {
    pub id: ReservationId,
    pub reference: String,
    pub title: String,
}

/// The condition reports of a site and what is owed: for its facilitator, the approver and the auditor.
#[utoipa::path(get, path = "/conditions", tag = "telepresence", params(SiteQuery),
    responses((status = 200, body = Conditions), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<SiteQuery>) -> Result<Json<Conditions>> {
    let sites: Vec<SiteId> = match query.site {
        Some(site) => vec![site],
        None => actor.sites.iter().copied().collect(),
    };
    let over_all = view::approves(&actor) || actor.has(PersonRole::Auditor);
    if !over_all {
        actor.require(&[PersonRole::Facilitator])?;
    }
    if !over_all && !sites.iter().all(|site| actor.facilitates(*site)) {
        return Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("role", PersonRole::Facilitator.text()).into());
    }
    let (mut tx, now) = (booking.db.read().await?, booking.clock.now());
    let hours = policy::at(&mut tx, now).await?.terms.condition_overdue_hours;
    let (mut conditions, mut due) = (Vec::new(), Vec::new());
    for site in sites {
        conditions.extend(store::at_site(&mut tx, site).await?);
        due.extend(store::due(&mut tx, site, now).await?.into_iter().map(|it| {
            let overdue_at_ms = it.ended_at.saturating_add_ms(hours * 3_600_000);
            DueCondition {
                reservation: ReservationShort { id: it.reservation, reference: it.reference, title: it.title },
                site,
                ended_at_ms: it.ended_at,
                overdue_at_ms,
                overdue: overdue_at_ms <= now,
            }
        }));
    }
    Ok(Json(Conditions { conditions: shown(&mut tx, &actor, conditions).await?, due }))
}
