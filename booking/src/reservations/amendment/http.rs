//! Routes of amendments.

use super::{Amending, Amendment, Change, amend, judge};
use crate::{
    Booking,
    reservations::{
        Application, Draft, Stored,
        http::{Scope, application, known, shown},
        series,
        view::{self, Reservation},
    },
};
use axum::extract::State;
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    clock::date_text,
    extract::{Json, Path},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    id::{PersonId, ReservationId},
};

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AmendmentQuestion {
    /// The whole of what is asked for from now on.
    pub draft: Draft,
    /// Another applicant, of the same agency.
    #[serde(default)]
    pub applicant: Option<PersonId>,
    /// Of a series, how much of it.
    #[serde(default)]
    #[schema(inline)]
    pub scope: Scope,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AmendmentRequest {
    /// The version that was read; if the reservation has changed since, nothing is done.
    pub version: i64,
    pub draft: Draft,
    /// Another applicant, of the same agency.
    #[serde(default)]
    pub applicant: Option<PersonId>,
    /// Of a series, how much of it. All of it is done, or nothing.
    #[serde(default)]
    #[schema(inline)]
    pub scope: Scope,
}

/// What is said of an amendment. Nothing is stored.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AmendmentVerdict {
    pub lawful: bool,
    pub refusals: Vec<Refusal>,
    /// Nothing in it: nothing would change.
    #[schema(inline)]
    pub changes: Vec<Change>,
    /// What was approved would go back to the approver, and its meeting would wait for the new approval.
    pub needs_approval: bool,
    /// The lead time was judged anew (TP-2).
    pub lead_checked: bool,
    /// `YYYY-MM-DD`: the first day that can be applied for now.
    pub earliest_date: String,
    pub lawful_until_ms: UnixMs,
    pub days_before_use: i64,
    /// The version that was judged.
    pub version: i64,
    /// Of a series whose following occurrences are to change too: what is said of each, this one first. It is lawful where all of them are.
    pub occurrences: Vec<FollowingVerdict>,
}

/// What is said of an amendment of one occurrence of a series.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowingVerdict {
    pub reservation: ReservationId,
    /// 1 for the first of the series.
    pub number: i64,
    /// As it stands.
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub lawful: bool,
    pub refusals: Vec<Refusal>,
    pub needs_approval: bool,
    pub lead_checked: bool,
}

impl FollowingVerdict {
    fn of(it: &Stored, amendment: &Amendment) -> Self {
        Self {
            reservation: it.id,
            number: it.series.map_or(1, |at| at.number),
            starts_at_ms: it.slot.starts_at,
            ends_at_ms: it.slot.ends_at,
            lawful: amendment.refusals.is_empty(),
            refusals: amendment.refusals.clone(),
            needs_approval: amendment.needs_approval,
            lead_checked: amendment.lead_checked,
        }
    }
}

fn told(of: Amendment, version: i64) -> AmendmentVerdict {
    AmendmentVerdict {
        lawful: of.refusals.is_empty(),
        refusals: of.refusals,
        changes: of.changes.into_iter().collect(),
        needs_approval: of.needs_approval,
        lead_checked: of.lead_checked,
        earliest_date: date_text(of.lead.earliest_date),
        lawful_until_ms: of.lead.lawful_until,
        days_before_use: of.lead.days_before_use,
        version,
        occurrences: Vec::new(),
    }
}

fn amending<'a>(application: Application<'a>, version: i64, applicant: Option<PersonId>) -> Amending<'a> {
    Amending { application, version, applicant }
}

/// Judges an amendment by every rule, without storing anything.
#[utoipa::path(post, path = "/reservations/{id}/amendment/verdict", tag = "telepresence", params(("id" = ReservationId, Path)),
    request_body = AmendmentQuestion,
    responses((status = 200, body = AmendmentVerdict), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn verdict(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(asked): Json<AmendmentQuestion>,
) -> Result<Json<AmendmentVerdict>> {
    actor.require(&[PersonRole::UcAdministrator])?;
    let known = known(&booking, &actor, &asked.draft, asked.applicant).await?;
    let mut tx = booking.db.read().await?;
    let old = view::administered(&mut tx, id, &actor).await?;
    let amending = amending(application(&booking, &actor, &asked.draft, &known, None), old.version, asked.applicant);
    let now = booking.clock.now();
    let verdict = match asked.scope {
        Scope::This => told(judge(&mut tx, now, &old, &amending).await?, old.version),
        Scope::ThisAndFollowing => {
            let judged = series::judge_following(&mut tx, now, id, &amending).await?;
            let occurrences: Vec<FollowingVerdict> = judged.iter().map(|(it, amendment)| FollowingVerdict::of(it, amendment)).collect();
            let (_, own) = judged.into_iter().find(|(it, _)| it.id == id).ok_or(Code::NotFound)?;
            AmendmentVerdict { lawful: occurrences.iter().all(|it| it.lawful), occurrences, ..told(own, old.version) }
        }
    };
    Ok(Json(verdict))
}

/// Amends a reservation of one's agency: all of it, or nothing.
#[utoipa::path(put, path = "/reservations/{id}", tag = "telepresence", params(("id" = ReservationId, Path)), request_body = AmendmentRequest,
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(asked): Json<AmendmentRequest>,
) -> Result<Json<Reservation>> {
    actor.require(&[PersonRole::UcAdministrator])?;
    let known = known(&booking, &actor, &asked.draft, asked.applicant).await?;
    let amending = amending(application(&booking, &actor, &asked.draft, &known, None), asked.version, asked.applicant);
    match asked.scope {
        Scope::This => amend(&booking.db, booking.clock.now(), id, &amending).await?,
        Scope::ThisAndFollowing => series::amend_following(&booking.db, booking.clock.now(), id, &amending).await?,
    }
    shown(&booking, &actor, id).await
}
