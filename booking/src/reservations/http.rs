//! Routes of reservations.

use super::{
    Application, By, Draft, apply, judge, series, store,
    view::{self, Reservation},
    withdraw,
};
use crate::{
    Booking, decisions,
    holidays::DayFlag,
    names::names,
    people::{self, People},
};
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
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    Code, Refusal, UnixMs,
    id::{DraftId, PersonId, ReservationId},
};

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
    /// What is to be known of the day of use at each site.
    pub flags: Vec<DayFlag>,
    /// Until when the slot would be held while nobody decides.
    pub hold_expires_at_ms: UnixMs,
}

/// Judges a draft by every rule, without storing anything.
#[utoipa::path(post, path = "/reservations/verdict", tag = "telepresence", request_body = Draft,
    responses((status = 200, body = Verdict), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn verdict(State(booking): State<Arc<Booking>>, actor: Actor, Json(draft): Json<Draft>) -> Result<Json<Verdict>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let known = people::usable(&mut tx, super::rules::named(&draft).chain([draft.chair]).collect()).await?;
    let (judged, setting) = judge(&mut tx, now, application(&booking, &actor, &draft, &known, None)).await?;
    Ok(Json(Verdict {
        lawful: judged.refusals.is_empty(),
        refusals: judged.refusals,
        earliest_date: date_text(judged.lead.earliest_date),
        lawful_until_ms: judged.lead.lawful_until,
        days_before_use: judged.lead.days_before_use,
        flags: setting.flags(&draft),
        hold_expires_at_ms: setting.hold_until(now, draft.slot()),
    }))
}

pub(super) fn application<'a>(
    booking: &Booking,
    actor: &Actor,
    draft: &'a Draft,
    known: &'a BTreeSet<PersonId>,
    claim: Option<&'a Claim>,
) -> Application<'a> {
    Application {
        by: by(actor),
        may_apply: actor.has(PersonRole::UcAdministrator),
        draft,
        known,
        classified_without_e2ee: booking.settings.classified_without_e2ee,
        claim,
        draft_id: None,
        wait: false,
    }
}

pub(crate) fn by(actor: &Actor) -> By {
    By { person: actor.person, agency: actor.agency.id }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApplyQuery {
    /// The draft that this was, which is taken out with it.
    #[serde(default)]
    draft: Option<DraftId>,
    /// Where nothing but a taken slot is in the way, it waits for it in the waiting list.
    #[serde(default)]
    wait: bool,
}

/// Applies for two or more sites (TP-1 to TP-5) on behalf of one's own agency.
#[utoipa::path(post, path = "/reservations", tag = "telepresence", request_body = Draft,
    params(ApplyQuery, ("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Query(query): Query<ApplyQuery>,
    key: Option<IdempotencyKey>,
    body: HashedJson<Draft>,
) -> Result<(StatusCode, Json<Reservation>)> {
    let now = booking.clock.now();
    let draft = body.value;
    let known = known(&booking, &actor, &draft, None).await?;
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /reservations", key, body_hash: body.body_hash, at: now });
    let mut application = application(&booking, &actor, &draft, &known, claim.as_ref());
    (application.draft_id, application.wait) = (query.draft, query.wait);
    let id = apply(&booking.db, now, application).await?;
    Ok((StatusCode::CREATED, shown(&booking, &actor, id).await?))
}

/// Those of the people named who have an account that can be used. Another applicant is one of the same agency.
pub(super) async fn known(booking: &Booking, actor: &Actor, draft: &Draft, applicant: Option<PersonId>) -> Result<BTreeSet<PersonId>> {
    let mut tx = booking.db.read().await?;
    let mut named: BTreeSet<PersonId> = super::rules::named(draft).chain([draft.chair]).collect();
    if let Some(applicant) = applicant {
        let found = People::of(&mut tx, [applicant].into()).await?.get(applicant);
        if found.agency.id != actor.agency.id {
            return Err(malformed("applicant", "somebody of the same agency").into());
        }
        named.insert(applicant);
    }
    people::usable(&mut tx, named).await
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
            let waiting = store::list(&mut tx, store::List::ToDecide { not_of: actor.agency.id, now: booking.clock.now() }).await?;
            waiting.into_iter().filter(|it| view::decides(it, &actor)).collect()
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

names! {
    /// How much of a series an act is for.
    Scope {
        This = "this",
        ThisAndFollowing = "this_and_following",
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::This
    }
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Withdrawal {
    #[serde(default)]
    pub reason: Option<String>,
    /// Of a series, how much of it.
    #[serde(default)]
    #[schema(inline)]
    pub scope: Scope,
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
    let (now, reason) = (booking.clock.now(), withdrawal.reason.as_deref());
    match withdrawal.scope {
        Scope::This => withdraw(&booking.db, now, by(&actor), id, reason).await?,
        Scope::ThisAndFollowing => series::withdraw_following(&booking.db, now, by(&actor), id, reason).await?,
    }
    shown(&booking, &actor, id).await
}
