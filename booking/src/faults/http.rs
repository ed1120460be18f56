//! Routes of faults.

use super::{FaultDraft, FaultState, Severity, store};
use crate::{Booking, people::People, reservations, reservations::view, sites, text};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date},
    extract::{Json, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Rule, UnixMs,
    id::{EquipmentId, FaultId, SiteId},
};

const DESCRIPTION_CHARS_MAX: usize = 2000;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Fault {
    pub id: FaultId,
    /// `F-2026-00012`
    pub reference: String,
    pub site: SiteId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<EquipmentId>,
    pub severity: Severity,
    pub description: String,
    pub state: FaultState,
    pub reported_by: PersonRef,
    pub reported_at_ms: UnixMs,
}

async fn shown(tx: &mut Tx, found: Vec<store::Stored>) -> Result<Vec<Fault>> {
    let people = People::of(tx, found.iter().map(|it| it.reported_by.0).collect()).await?;
    let shown = found.into_iter().map(|it| Fault {
        id: it.id.0,
        reference: it.reference,
        site: it.site_id.0,
        equipment: it.equipment_id.map(|it| it.0),
        severity: it.severity.0,
        description: it.description,
        state: it.state.0,
        reported_by: people.get(it.reported_by.0),
        reported_at_ms: UnixMs(it.reported_at_ms),
    });
    Ok(shown.collect())
}

/// Reports a fault (TP-6). Everyone who uses the rooms does.
#[utoipa::path(post, path = "/faults", tag = "telepresence", request_body = FaultDraft,
    responses((status = 201, body = Fault), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(State(booking): State<Arc<Booking>>, actor: Actor, Json(draft): Json<FaultDraft>) -> Result<(StatusCode, Json<Fault>)> {
    let id = report(&booking, &actor, &draft).await?;
    let mut tx = booking.db.read().await?;
    let stored = store::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let fault = shown(&mut tx, vec![stored]).await?.pop().ok_or(Code::NotFound)?;
    Ok((StatusCode::CREATED, Json(fault)))
}

async fn report(booking: &Booking, actor: &Actor, draft: &FaultDraft) -> Result<FaultId> {
    text::paragraph("description", &draft.description, DESCRIPTION_CHARS_MAX)?;
    let (now, id) = (booking.clock.now(), FaultId::fresh());
    kernel::transact!(booking.db, tx => {
        let site = sites::by_id(tx, draft.site).await?.ok_or_else(|| malformed("site", "known_site"))?;
        if draft.equipment.is_some_and(|equipment| !site.equipment.iter().any(|it| it.id == equipment)) {
            return Err(malformed("equipment", "equipment_of_the_site").into());
        }
        if let Some(reservation) = draft.reservation {
            let used = view::seen(tx, reservation, actor).await?;
            if !used.sites.iter().any(|it| it.site == draft.site) {
                return Err(malformed("reservation", "a_use_of_the_site").into());
            }
        }
        let series = format!("F-{}", civil_date(now, MALAYSIA).format("%Y"));
        let number = reservations::store::next_number(tx, &series).await?;
        store::insert(tx, id, &format!("{series}-{number:05}"), draft, actor.person, now).await?;
        let row = Entry::new(now, "fault.report", "fault", id).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Tp6);
        audit::record(tx, row.detail("site", draft.site.to_string()).detail("severity", draft.severity.text()));
        Ok(id)
    })
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteQuery {
    /// Without it: those that I reported.
    #[param(value_type = Option<String>)]
    site: Option<SiteId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Faults {
    pub faults: Vec<Fault>,
}

/// The faults of a site: all of them for its facilitator, the approver and the auditor; one's own for everyone else.
#[utoipa::path(get, path = "/faults", tag = "telepresence", params(SiteQuery),
    responses((status = 200, body = Faults), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<SiteQuery>) -> Result<Json<Faults>> {
    let mut tx = booking.db.read().await?;
    let over_all = view::approves(&actor) || actor.has(PersonRole::Auditor);
    let found = match query.site {
        Some(site) if over_all || actor.facilitates(site) => store::at_site(&mut tx, site).await?,
        _ => {
            let mut own = store::by_person(&mut tx, actor.person).await?;
            own.retain(|it| query.site.is_none_or(|site| site == it.site_id.0));
            own
        }
    };
    Ok(Json(Faults { faults: shown(&mut tx, found).await? }))
}
