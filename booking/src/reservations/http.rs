//! Routes of reservations and of what is free.

use super::{
    Application, By, Draft, apply, judge, store,
    view::{self, Reservation},
    withdraw,
};
use crate::{Booking, decisions, names::names, people, policy::Slot};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    clock::date_text,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    id::{ReservationId, SiteId},
};

/// Days of the grid in one answer: a quarter of a year and the weeks around it.
const AVAILABILITY_DAYS_MAX: i64 = 100;

/// What is said of a draft. Nothing is stored.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Verdict {
    pub lawful: bool,
    /// All of them at once, in the order of the form; empty where it is lawful.
    pub refusals: Vec<Refusal>,
    /// `YYYY-MM-DD`: the first day that can be applied for now (TP-2).
    pub earliest_date: String,
    /// The last millisecond at which this slot can be applied for.
    pub lawful_until_ms: UnixMs,
    pub days_before_use: i64,
}

/// Judges a draft by every rule, without storing anything.
#[utoipa::path(post, path = "/reservations/verdict", tag = "telepresence", request_body = Draft,
    responses((status = 200, body = Verdict), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn verdict(State(booking): State<Arc<Booking>>, actor: Actor, Json(draft): Json<Draft>) -> Result<Json<Verdict>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let known = people::usable(&mut tx, super::rules::named(&draft).chain([draft.chair]).collect()).await?;
    let judged = judge(&mut tx, now, application(&booking, &actor, &draft, &known, None)).await?;
    Ok(Json(Verdict {
        lawful: judged.refusals.is_empty(),
        refusals: judged.refusals,
        earliest_date: date_text(judged.lead.earliest_date),
        lawful_until_ms: judged.lead.lawful_until,
        days_before_use: judged.lead.days_before_use,
    }))
}

fn application<'a>(
    booking: &Booking,
    actor: &Actor,
    draft: &'a Draft,
    known: &'a std::collections::BTreeSet<wire::id::PersonId>,
    claim: Option<&'a Claim>,
) -> Application<'a> {
    Application {
        by: by(actor),
        may_apply: actor.has(PersonRole::UcAdministrator),
        draft,
        known,
        classified_without_e2ee: booking.settings.classified_without_e2ee,
        claim,
    }
}

pub(crate) fn by(actor: &Actor) -> By {
    By { person: actor.person, agency: actor.agency.id }
}

/// Applies for two or more sites (TP-1 to TP-5) on behalf of one's own agency.
#[utoipa::path(post, path = "/reservations", tag = "telepresence", request_body = Draft,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<Draft>,
) -> Result<(StatusCode, Json<Reservation>)> {
    let now = booking.clock.now();
    let draft = body.value;
    let known = {
        let mut tx = booking.db.read().await?;
        people::usable(&mut tx, super::rules::named(&draft).chain([draft.chair]).collect()).await?
    };
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /reservations", key, body_hash: body.body_hash, at: now });
    let id = apply(&booking.db, now, application(&booking, &actor, &draft, &known, claim.as_ref())).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, id).await?))
}

/// The reservation as this person sees it now.
pub(crate) async fn shown(booking: &Booking, actor: &Actor, id: ReservationId) -> Result<Json<Reservation>> {
    let mut tx = booking.db.read().await?;
    let stored = view::seen(&mut tx, id, actor).await?;
    let mut shown = view::all(booking, &mut tx, actor, vec![stored]).await?;
    shown.pop().map(Json).ok_or_else(|| Code::NotFound.into())
}

names! {
    /// Whose reservations.
    View {
        /// My agency's, for its UC administrator.
        Agency = "agency",
        /// What waits for a decision, for an approver.
        ToDecide = "to_decide",
        /// Approved ones at the sites that I look after.
        Site = "site",
        /// Those that I applied for, chair, or sit in.
        Mine = "mine",
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(inline)]
    view: View,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reservations {
    pub reservations: Vec<Reservation>,
}

/// Reservations, by what one is.
#[utoipa::path(get, path = "/reservations", tag = "telepresence", params(ListQuery),
    responses((status = 200, body = Reservations), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<ListQuery>) -> Result<Json<Reservations>> {
    let mut tx = booking.db.read().await?;
    let found = match query.view {
        View::Mine => store::list(&mut tx, store::List::Person(actor.person)).await?,
        View::Agency => {
            actor.require(&[PersonRole::UcAdministrator])?;
            store::list(&mut tx, store::List::Agency(actor.agency.id)).await?
        }
        View::ToDecide => {
            decisions::http::may_decide(&actor)?;
            store::list(&mut tx, store::List::ToDecide { not_of: actor.agency.id, now: booking.clock.now() }).await?
        }
        View::Site => {
            actor.require(&[PersonRole::Facilitator])?;
            let mut found = Vec::new();
            for site in &actor.sites {
                for it in store::list(&mut tx, store::List::Site(*site)).await? {
                    if !found.iter().any(|held: &super::Stored| held.id == it.id) {
                        found.push(it);
                    }
                }
            }
            found.sort_by_key(|it| std::cmp::Reverse(it.slot.starts_at));
            found
        }
    };
    Ok(Json(Reservations { reservations: view::all(&booking, &mut tx, &actor, found).await? }))
}

/// One reservation.
#[utoipa::path(get, path = "/reservations/{id}", tag = "telepresence", params(("id" = ReservationId, Path)),
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<ReservationId>) -> Result<Json<Reservation>> {
    shown(&booking, &actor, id).await
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Withdrawal {
    #[serde(default)]
    pub reason: Option<String>,
}

/// Takes an application back, or an approved use; its meeting ends at once.
#[utoipa::path(post, path = "/reservations/{id}/withdrawal", tag = "telepresence", params(("id" = ReservationId, Path)),
    request_body = Withdrawal,
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn withdrawal(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(withdrawal): Json<Withdrawal>,
) -> Result<Json<Reservation>> {
    actor.require(&[PersonRole::UcAdministrator])?;
    withdraw(&booking.db, booking.clock.now(), by(&actor), id, withdrawal.reason.as_deref()).await?;
    shown(&booking, &actor, id).await
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    from_ms: i64,
    to_ms: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Availability {
    pub occupancies: Vec<Occupancy>,
}

names! {
    OccupancyState {
        Held = "held",
        Approved = "approved",
        InUse = "in_use",
        Blocked = "blocked",
    }
}

/// A stretch in which a site is not free.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Occupancy {
    pub site: SiteId,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub state: OccupancyState,
    /// My agency's.
    pub mine: bool,
    /// Told to its own agency, the approver and the site's facilitator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What is taken at each site.
#[utoipa::path(get, path = "/availability", tag = "telepresence", params(AvailabilityQuery),
    responses((status = 200, body = Availability), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn availability(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Json<Availability>> {
    let within = Slot { starts_at: UnixMs(query.from_ms), ends_at: UnixMs(query.to_ms) };
    if within.duration_ms() <= 0 || within.duration_ms() > AVAILABILITY_DAYS_MAX * 86_400_000 {
        return Err(malformed("to_ms", format!("after from_ms, by {AVAILABILITY_DAYS_MAX} days at most")).into());
    }
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let occupancies = store::availability(&mut tx, within).await?.into_iter().map(|row| occupancy(row, &actor, now));
    Ok(Json(Availability { occupancies: occupancies.collect() }))
}

fn occupancy(row: store::OccupancyRow, actor: &Actor, now: UnixMs) -> Occupancy {
    let mine = row.agency_id.is_some_and(|agency| agency.0 == actor.agency.id);
    let told = mine || view::approves(actor) || actor.facilitates(row.site_id.0);
    let running = row.starts_at_ms <= now.0 && now.0 < row.ends_at_ms;
    Occupancy {
        site: row.site_id.0,
        starts_at_ms: UnixMs(row.starts_at_ms),
        ends_at_ms: UnixMs(row.ends_at_ms),
        state: match row.state.as_str() {
            "held" => OccupancyState::Held,
            "approved" if running => OccupancyState::InUse,
            "approved" => OccupancyState::Approved,
            "in_use" => OccupancyState::InUse,
            _ => OccupancyState::Blocked,
        },
        mine,
        title: row.title.filter(|_| told),
    }
}
