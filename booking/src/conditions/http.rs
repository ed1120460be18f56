//! Routes of condition reports.

use super::{ConditionDraft, PointReport, rules, store};
use crate::{Booking, people::People, reservations::view};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    extract::{Json, Path, Query},
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
    pub filed_by: PersonRef,
    pub filed_at_ms: UnixMs,
}

async fn shown(tx: &mut Tx, found: Vec<store::Stored>) -> Result<Vec<Condition>> {
    let people = People::of(tx, found.iter().map(|it| it.filed_by).collect()).await?;
    let shown = found.into_iter().map(|it| Condition {
        id: it.id,
        reservation: it.reservation,
        site: it.site,
        points: it.points,
        note: it.note,
        filed_by: people.get(it.filed_by),
        filed_at_ms: it.filed_at,
    });
    Ok(shown.collect())
}

/// Files the condition of a room after use (TP-7): its facilitator, or somebody who sat there, after the end, once.
#[utoipa::path(post, path = "/reservations/{id}/sites/{site}/condition", tag = "telepresence",
    params(("id" = ReservationId, Path), ("site" = SiteId, Path)), request_body = ConditionDraft,
    responses((status = 201, body = Condition), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn file(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, site)): Path<(ReservationId, SiteId)>,
    Json(draft): Json<ConditionDraft>,
) -> Result<(StatusCode, Json<Condition>)> {
    let now = booking.clock.now();
    let row = || {
        let row = Entry::new(now, "condition.file", "reservation", id).by(actor.person).on_behalf_of(actor.agency.id);
        row.rule(Rule::Tp7).detail("site", site.to_string())
    };
    let outcome = try_file(&booking, &actor, now, (id, site), &draft, row()).await;
    let condition = audit::record_refusal(&booking.db, outcome, row).await?;
    let mut tx = booking.db.read().await?;
    let stored = store::by_id(&mut tx, condition).await?.ok_or(Code::NotFound)?;
    let condition = shown(&mut tx, vec![stored]).await?.pop().ok_or(Code::NotFound)?;
    Ok((StatusCode::CREATED, Json(condition)))
}

async fn try_file(
    booking: &Booking,
    actor: &Actor,
    now: UnixMs,
    (id, site): (ReservationId, SiteId),
    draft: &ConditionDraft,
    row: Entry,
) -> Result<ConditionId> {
    let condition = ConditionId::fresh();
    kernel::transact!(booking.db, tx => {
        let reservation = view::seen(tx, id, actor).await?;
        if !view::may_file(&reservation, actor, site) {
            return Err(Refusal::by(Code::RoleMissing, Rule::Tp7).with("role", PersonRole::Facilitator.text()).into());
        }
        rules::may_be_filed(&reservation, site, now)?;
        rules::judge(draft)?;
        store::file(tx, condition, (id, site), draft, actor.person, now).await?;
        let unsound: Vec<&str> = draft.points.iter().filter(|it| !it.sound).map(|it| it.point.text()).collect();
        audit::record(tx, row.clone().detail("unsound", unsound));
        Ok(condition)
    })
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteQuery {
    /// Without it: every site that I look after.
    #[param(value_type = Option<String>)]
    site: Option<SiteId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Conditions {
    pub conditions: Vec<Condition>,
    /// Uses that ended without a report, the longest owed first.
    pub due: Vec<DueCondition>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DueCondition {
    pub reservation: ReservationShort,
    pub site: SiteId,
    pub ended_at_ms: UnixMs,
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
    let (mut conditions, mut due) = (Vec::new(), Vec::new());
    for site in sites {
        conditions.extend(store::at_site(&mut tx, site).await?);
        due.extend(store::due(&mut tx, site, now).await?.into_iter().map(|it| DueCondition {
            reservation: ReservationShort { id: it.reservation, reference: it.reference, title: it.title },
            site,
            ended_at_ms: it.ended_at,
        }));
    }
    Ok(Json(Conditions { conditions: shown(&mut tx, conditions).await?, due }))
}
