//! Routes of faults.

use super::{
    FaultAct, FaultDraft, Reporter, Severity, act, rules, store, view,
    view::{Fault, FaultDetail, FaultHint},
};
use crate::{Booking, devices::actor::Device, reservations};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    audit::{self, Entry},
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use wire::{
    Code, Refusal, UnixMs,
    id::{EquipmentId, FaultId, SiteId},
};

/// Shortest and longest target, working minutes: a quarter of an hour, and half a year of working days.
const TARGET_MINUTES: std::ops::RangeInclusive<i64> = 15..=60_000;

/// Reports a fault (TP-6). Everyone who uses the rooms does. Where something critical is out of order (S1), the room is blocked at once.
#[utoipa::path(post, path = "/faults", tag = "telepresence", request_body = FaultDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    responses((status = 201, body = Fault), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<FaultDraft>,
) -> Result<(StatusCode, Json<Fault>)> {
    let (now, draft) = (booking.clock.now(), body.value);
    if let Some(reservation) = draft.reservation {
        reservations::view::seen(&mut booking.db.read().await?, reservation, &actor).await?;
    }
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /faults", key, body_hash: body.body_hash, at: now });
    let by = Reporter::Person { person: actor.person, agency: actor.agency.id, keeper: rules::keeps(&actor, draft.site) };
    let id = act::report(&booking.db, now, by, &draft, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(shown(&booking, &actor, id).await?.fault)))
}

async fn shown(booking: &Booking, actor: &Actor, id: FaultId) -> Result<FaultDetail> {
    let mut tx = booking.db.read().await?;
    let found = store::by_id(&mut tx, id).await?.filter(|it| rules::sees(it, actor)).ok_or(Code::NotFound)?;
    view::detail(&mut tx, actor, found, booking.clock.now()).await
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteQuery {
    /// Without it: those of the sites that I look after, that I reported and that were given to me; all of them for the approver and the auditor.
    #[param(value_type = Option<String>, format = Uuid)]
    site: Option<SiteId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Faults {
    pub faults: Vec<Fault>,
}

/// The faults of a site: all of them for its facilitator, the approver and the auditor; one's own for everyone else. What is open first.
#[utoipa::path(get, path = "/faults", tag = "telepresence", params(SiteQuery),
    responses((status = 200, body = Faults), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<SiteQuery>) -> Result<Json<Faults>> {
    let mut tx = booking.db.read().await?;
    let over_all = reservations::view::approves(&actor) || actor.has(PersonRole::Auditor);
    let found = match query.site {
        Some(site) if over_all || actor.facilitates(site) => store::list(&mut tx, store::List::Site(site)).await?,
        None if over_all => store::list(&mut tx, store::List::Everywhere).await?,
        asked => {
            let mut found = store::list(&mut tx, store::List::Person(actor.person)).await?;
            found.retain(|it| asked.is_none_or(|site| site == it.site));
            let looked_after = actor.sites.iter().filter(|site| asked.is_none() && actor.facilitates(**site));
            for site in looked_after {
                found.retain(|it| it.site != *site);
                found.extend(store::list(&mut tx, store::List::Site(*site)).await?);
            }
            found.sort_by_key(|it| (!it.state.is_open(), it.severity, std::cmp::Reverse(it.reported_at)));
            found
        }
    };
    Ok(Json(Faults { faults: view::all(&mut tx, found, booking.clock.now()).await? }))
}

/// One fault with what was done about it.
#[utoipa::path(get, path = "/faults/{id}", tag = "telepresence", params(("id" = FaultId, Path)),
    responses((status = 200, body = FaultDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<FaultId>) -> Result<Json<FaultDetail>> {
    Ok(Json(shown(&booking, &actor, id).await?))
}

/// Does something about a fault: gives it to somebody, changes its severity, begins, waits, goes on, mends, closes, reopens, comments.
#[utoipa::path(post, path = "/faults/{id}/acts", tag = "telepresence", params(("id" = FaultId, Path),
        ("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    request_body = FaultAct,
    responses((status = 200, body = FaultDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn perform(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<FaultId>,
    key: Option<IdempotencyKey>,
    body: HashedJson<FaultAct>,
) -> Result<Json<FaultDetail>> {
    let now = booking.clock.now();
    let body_hash = format!("{id} {}", body.body_hash);
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /faults/{id}/acts", key, body_hash, at: now });
    act::perform(&booking.db, now, &actor, id, &body.value, claim.as_ref()).await?;
    Ok(Json(shown(&booking, &actor, id).await?))
}

/// What is reported at the room's own panel.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct PanelFault {
    #[serde(default)]
    pub equipment: Option<EquipmentId>,
    pub severity: Severity,
    pub description: String,
}

/// Reports that one panel takes in an hour: a person at its screen is not let down, a child playing is.
const PANEL_REPORTS_MAX: i64 = 10;
const PANEL_WITHIN_MS: i64 = 3_600_000;

/// Reports a fault at the room's own panel, where nobody signs in (TP-6). What is critical and out of order blocks the room until the end of the next
/// day, unless the facilitator takes the fault on.
#[utoipa::path(post, path = "/panel/faults", tag = "panel", request_body = PanelFault,
    params(("dpop" = Option<String>, Header, description = "A proof of the device's key (RFC 9449)"),
        ("authorization" = Option<String>, Header, description = "DPoP and the device's credential")),
    responses((status = 201, body = PanelFaultKept), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn report_at_panel(
    State(booking): State<Arc<Booking>>,
    device: Device,
    Json(told): Json<PanelFault>,
) -> Result<(StatusCode, Json<PanelFaultKept>)> {
    let now = booking.clock.now();
    let id = device.stored.id.0;
    let mut tx = booking.db.read().await?;
    if store::from_panel_since(&mut tx, id, now.saturating_add_ms(-PANEL_WITHIN_MS)).await? >= PANEL_REPORTS_MAX {
        return Err(Refusal::new(Code::RateLimited).with("retry_after_s", PANEL_WITHIN_MS / 1000).into());
    }
    drop(tx);
    let draft = FaultDraft {
        site: device.site(),
        equipment: told.equipment,
        reservation: None,
        severity: told.severity,
        description: told.description,
        photographs: Vec::new(),
    };
    let fault = act::report(&booking.db, now, Reporter::Device(id), &draft, None).await?;
    let found = store::by_id(&mut booking.db.read().await?, fault).await?.ok_or(Code::NotFound)?;
    Ok((StatusCode::CREATED, Json(PanelFaultKept { reference: found.reference })))
}

/// Under which name it can be asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PanelFaultKept {
    pub reference: String,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OpenQuery {
    #[param(value_type = String, format = Uuid)]
    site: SiteId,
    #[param(value_type = Option<String>, format = Uuid)]
    equipment: Option<EquipmentId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OpenFaults {
    pub faults: Vec<FaultHint>,
}

/// What is known to be broken at a site, or of one piece of its equipment: so that nothing is reported twice, and nobody is surprised.
#[utoipa::path(get, path = "/faults/open", tag = "telepresence", params(OpenQuery),
    responses((status = 200, body = OpenFaults), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn open(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<OpenQuery>) -> Result<Json<OpenFaults>> {
    let mut tx = booking.db.read().await?;
    let of = query.equipment.map_or(store::List::OpenAt(query.site), store::List::OpenOn);
    let faults = view::hints(&mut tx, &actor, of).await?;
    Ok(Json(OpenFaults { faults }))
}

/// Working minutes within which a fault is mended, by severity.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FaultTargets {
    pub minutes: BTreeMap<Severity, i64>,
}

async fn targets_now(booking: &Booking, now: UnixMs) -> Result<FaultTargets> {
    let targets = store::targets(&mut booking.db.read().await?, now).await?;
    Ok(FaultTargets { minutes: Severity::ALL.iter().map(|severity| (*severity, targets.minutes(*severity))).collect() })
}

/// Within how many working minutes faults are mended.
#[utoipa::path(get, path = "/faults/targets", tag = "telepresence",
    responses((status = 200, body = FaultTargets), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn targets(State(booking): State<Arc<Booking>>, _actor: Actor) -> Result<Json<FaultTargets>> {
    Ok(Json(targets_now(&booking, booking.clock.now()).await?))
}

/// Sets targets, from now on. The central agency's approver does.
#[utoipa::path(put, path = "/faults/targets", tag = "telepresence", request_body = FaultTargets,
    responses((status = 200, body = FaultTargets), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_targets(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Json(wanted): Json<FaultTargets>,
) -> Result<Json<FaultTargets>> {
    if !reservations::view::approves(&actor) {
        actor.require(&[PersonRole::Approver])?;
        return Err(Code::RoleMissing.into());
    }
    if let Some((severity, _)) = wanted.minutes.iter().find(|it| !TARGET_MINUTES.contains(it.1)) {
        return Err(malformed(format!("minutes.{severity}"), "15 to 60000").into());
    }
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        for (severity, minutes) in &wanted.minutes {
            store::set_target(tx, *severity, *minutes, actor.person, now).await?;
            let row = Entry::new(now, "fault_target.set", "fault_target", severity).by(actor.person).on_behalf_of(actor.agency.id);
            audit::record(tx, row.detail("minutes", *minutes));
        }
        Ok(())
    })?;
    Ok(Json(targets_now(&booking, now).await?))
}
