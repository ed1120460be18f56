//! `GET /audit`: the trail, for those whose task it is to read it (SEC-6).

use crate::{
    actor::Actor,
    agencies::AgencyRef,
    people::{PersonRef, people_by_ids},
    role::PersonRole,
    state::Identity,
};
use axum::Extension;
use kernel::{
    Result,
    audit::{self, Filter},
    extract::{Json, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::{
    Rule, UnixMs,
    id::{AgencyId, AuditId, PersonId},
};

const LIMIT_DEFAULT: i64 = 50;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// Only rows before this one: `next` of an earlier answer.
    pub before: Option<i64>,
    /// 1 to 200; 50 where nothing is said.
    pub limit: Option<i64>,
    /// `reservation.approve`
    pub act: Option<String>,
    #[param(value_type = Option<String>)]
    pub rule: Option<Rule>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub person: Option<PersonId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Trail {
    /// The newest first.
    pub rows: Vec<AuditRow>,
    /// For `before`, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditRow {
    pub id: AuditId,
    pub at_ms: UnixMs,
    pub act: String,
    /// Nobody, where the service itself acted or who acted is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<AgencyRef>,
    pub object_kind: String,
    pub object_id: String,
    /// The rule's identifier: `TP-2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// `done` or `refused`
    pub outcome: String,
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

/// The audit trail.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Ask),
    responses((status = 200, body = Trail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(Extension(identity): Extension<Identity>, actor: Actor, Query(ask): Query<Ask>) -> Result<Json<Trail>> {
    actor.require(&[PersonRole::Auditor, PersonRole::SystemAdministrator])?;
    let limit = ask.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=audit::PAGE_MAX).contains(&limit) {
        return Err(malformed("limit", format!("1 to {}", audit::PAGE_MAX)).into());
    }
    let mut tx = identity.db().read().await?;
    let filter = Filter { before: ask.before, act: ask.act, rule: ask.rule, person: ask.person };
    let rows = audit::page(&mut tx, &filter, limit).await?;
    let ids: Vec<PersonId> = rows.iter().filter_map(audit::Row::person).collect();
    let people: BTreeMap<PersonId, PersonRef> = people_by_ids(&mut tx, &ids).await?.into_iter().map(|person| (person.id, person)).collect();
    let mut agencies: BTreeMap<AgencyId, Option<AgencyRef>> = BTreeMap::new();
    for id in rows.iter().filter_map(audit::Row::on_behalf_of) {
        if !agencies.contains_key(&id) {
            agencies.insert(id, crate::agency(&mut tx, id).await?);
        }
    }
    // Numbers have no gaps, and the first is 1: a last row above it has older ones behind it.
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let next = rows.last().map(|row| row.number).filter(|number| full && *number > 1);
    let rows = rows
        .into_iter()
        .map(|row| AuditRow {
            id: row.id(),
            at_ms: UnixMs(row.at_ms),
            person: row.person().and_then(|id| people.get(&id).cloned()),
            on_behalf_of: row.on_behalf_of().and_then(|id| agencies.get(&id).cloned().flatten()),
            details: serde_json::from_str(&row.details).unwrap_or_default(),
            act: row.act,
            object_kind: row.object_kind,
            object_id: row.object_id,
            rule: row.rule,
            outcome: row.outcome,
        })
        .collect();
    Ok(Json(Trail { rows, next }))
}
