//! Routes of overrides.

use super::{
    Exemption, Hand, act, store,
    view::{self, Shown},
};
use crate::{Booking, decisions::http::may_decide, names::names, policy::Slot, reservations};
use axum::{extract::State, http::StatusCode};
use chrono::{Months, NaiveDate};
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    clock::{MALAYSIA, start_of_day},
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    UnixMs,
    id::{AgencyId, OverrideId, ReservationId, SiteId},
};

/// The hand of the signed-in person.
pub fn hand(actor: &Actor) -> Hand {
    Hand { person: actor.person, agency: actor.agency.id, acting_for: actor.acting_for }
}

names! {
    /// Which overrides.
    OverrideView {
        /// Those that wait for a second person.
        Open = "open",
        /// Those confirmed or declined in one month, for its report.
        Month = "month",
        /// Those of my agency that it can still use.
        Agency = "agency",
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OverridesQuery {
    #[param(inline)]
    view: OverrideView,
    /// `YYYY-MM`, with the view of a month.
    month: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Overrides {
    pub overrides: Vec<Shown>,
}

/// Exceptions from the rules of time.
#[utoipa::path(get, path = "/overrides", tag = "decisions", params(OverridesQuery),
    responses((status = 200, body = Overrides), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<OverridesQuery>) -> Result<Json<Overrides>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let readers = [PersonRole::Approver, PersonRole::Auditor, PersonRole::SystemAdministrator];
    let found = match query.view {
        OverrideView::Open => {
            actor.require(&readers)?;
            store::open(&mut tx, now).await?
        }
        OverrideView::Month => {
            actor.require(&readers)?;
            let (from, to) = month(query.month.as_deref().unwrap_or_default())?;
            store::decided_within(&mut tx, from, to).await?
        }
        OverrideView::Agency => {
            actor.require(&[PersonRole::UcAdministrator])?;
            store::unused(&mut tx, actor.agency.id, now, None).await?
        }
    };
    let second = reservations::view::approves(&actor).then(|| hand(&actor));
    Ok(Json(Overrides { overrides: view::all(&mut tx, second, now, found).await? }))
}

/// From the first instant of a month to that of the next.
fn month(text: &str) -> Result<(UnixMs, UnixMs)> {
    let first = format!("{text}-01").parse::<NaiveDate>().ok().filter(|_| text.len() == 7);
    let span = first.and_then(|first| {
        let next = first.checked_add_months(Months::new(1))?;
        Some((start_of_day(first, MALAYSIA)?, start_of_day(next, MALAYSIA)?))
    });
    span.ok_or_else(|| malformed("month", "YYYY-MM").into())
}

/// One exception.
#[utoipa::path(get, path = "/overrides/{id}", tag = "decisions", params(("id" = OverrideId, Path)),
    responses((status = 200, body = Shown), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<OverrideId>) -> Result<Json<Shown>> {
    actor.require(&[PersonRole::Approver, PersonRole::Auditor, PersonRole::SystemAdministrator])?;
    shown(&booking, &actor, id).await
}

async fn shown(booking: &Booking, actor: &Actor, id: OverrideId) -> Result<Json<Shown>> {
    let mut tx = booking.db.read().await?;
    let found = store::by_id(&mut tx, id).await?.ok_or(wire::Code::NotFound)?;
    let second = reservations::view::approves(actor).then(|| hand(actor));
    let mut shown = view::all(&mut tx, second, booking.clock.now(), vec![found]).await?;
    shown.pop().map(Json).ok_or_else(|| wire::Code::NotFound.into())
}

/// What is asked for: for an agency's application to come (`agency`, `sites`, `starts_at_ms`, `ends_at_ms`), or for a reservation that waits
/// for consent (`reservation` alone).
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OverrideWish {
    #[serde(default)]
    pub reservation: Option<ReservationId>,
    #[serde(default)]
    pub agency: Option<AgencyId>,
    #[serde(default)]
    #[schema(value_type = Vec<SiteId>)]
    pub sites: BTreeSet<SiteId>,
    #[serde(default)]
    pub starts_at_ms: Option<UnixMs>,
    #[serde(default)]
    pub ends_at_ms: Option<UnixMs>,
    #[schema(value_type = Vec<Exemption>)]
    pub exempt: BTreeSet<Exemption>,
    pub reason: String,
}

impl OverrideWish {
    fn subject(&self) -> Result<act::Subject> {
        if let Some(id) = self.reservation {
            return Ok(act::Subject::Reservation(id));
        }
        let agency = self.agency.ok_or_else(|| malformed("agency", "an agency, or a reservation"))?;
        let starts_at = self.starts_at_ms.ok_or_else(|| malformed("starts_at_ms", "an instant"))?;
        let ends_at = self.ends_at_ms.ok_or_else(|| malformed("ends_at_ms", "an instant"))?;
        Ok(act::Subject::Use { agency, sites: self.sites.clone(), slot: Slot { starts_at, ends_at } })
    }
}

/// Asks for an exception; a second person confirms it.
#[utoipa::path(post, path = "/overrides", tag = "decisions", request_body = OverrideWish,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = Shown), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<OverrideWish>,
) -> Result<(StatusCode, Json<Shown>)> {
    may_decide(&actor)?;
    let now = booking.clock.now();
    let wish = act::Wish { subject: body.value.subject()?, exempt: body.value.exempt.clone(), reason: body.value.reason.clone() };
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /overrides", key, body_hash: body.body_hash, at: now });
    let id = act::ask(&booking.db, now, hand(&actor), &wish, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, id).await?))
}

names! {
    OverrideDecision {
        Confirm = "confirm",
        Decline = "decline",
    }
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OverrideAnswer {
    pub decision: OverrideDecision,
    /// Needed where it is declined.
    #[serde(default)]
    pub words: Option<String>,
}

/// The second person confirms it, or declines.
#[utoipa::path(post, path = "/overrides/{id}/decision", tag = "decisions", params(("id" = OverrideId, Path)), request_body = OverrideAnswer,
    responses((status = 200, body = Shown), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<OverrideId>,
    Json(answer): Json<OverrideAnswer>,
) -> Result<Json<Shown>> {
    may_decide(&actor)?;
    let confirm = answer.decision == OverrideDecision::Confirm;
    act::decide(&booking.db, booking.clock.now(), hand(&actor), id, confirm, answer.words.as_deref()).await?;
    shown(&booking, &actor, id).await
}
