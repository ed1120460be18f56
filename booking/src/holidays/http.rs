//! Routes of the calendar.

use super::{
    Certainty, Change, ChangeRequest, Holiday, act,
    store::{self, WeekendRow, YearRow},
};
use crate::{
    Booking, affected,
    reservations::By,
    sites::{self, Region},
};
use axum::extract::State;
use chrono::NaiveDate;
use identity::Actor;
use kernel::{
    Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct YearQuery {
    #[param(minimum = 2000, maximum = 2999)]
    year: i32,
}

/// The calendar of a year, of every state and territory.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HolidaysOfYear {
    pub year: i32,
    pub holidays: Vec<Holiday>,
    /// One for each state and territory.
    pub years: Vec<RegionYear>,
    /// Every weekend on record, the earliest first.
    pub weekends: Vec<Weekend>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegionYear {
    pub region: Region,
    #[schema(inline)]
    pub certainty: Certainty,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Weekend {
    pub region: Region,
    #[schema(value_type = String, format = Date)]
    pub effective_from: NaiveDate,
    /// ISO 8601: 1 is Monday.
    pub first_weekday: i64,
    pub second_weekday: i64,
    pub source: String,
}

impl From<WeekendRow> for Weekend {
    fn from(row: WeekendRow) -> Self {
        let WeekendRow { region, effective_from, first_weekday, second_weekday, source } = row;
        Self { region: region.0, effective_from: effective_from.0, first_weekday, second_weekday, source }
    }
}

async fn of_year(tx: &mut Tx, year: i32) -> Result<HolidaysOfYear> {
    let date = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let (Some(first), Some(last)) = (date(1, 1), date(12, 31)) else {
        return Err(malformed("year", "a_year_of_this_millennium").into());
    };
    let years: Vec<YearRow> = store::years(tx, year).await?;
    let region_year = |region: &Region| match years.iter().find(|it| it.region.0 == *region) {
        Some(it) => RegionYear { region: *region, certainty: it.certainty(), source: Some(it.source.clone()) },
        None => RegionYear { region: *region, certainty: Certainty::Unknown, source: None },
    };
    Ok(HolidaysOfYear {
        year,
        holidays: store::between(tx, first, last).await?,
        years: Region::ALL.iter().map(region_year).collect(),
        weekends: store::weekends(tx).await?.into_iter().map(Weekend::from).collect(),
    })
}

/// The public holidays of a year by state and territory, how far each list is settled, and the weekends.
#[utoipa::path(get, path = "/holidays", tag = "telepresence", params(YearQuery),
    responses((status = 200, body = HolidaysOfYear), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor, Query(query): Query<YearQuery>) -> Result<Json<HolidaysOfYear>> {
    Ok(Json(of_year(&mut booking.db.read().await?, query.year).await?))
}

/// The bookings that a change of the calendar would touch, without making it. For the central agency's approver.
#[utoipa::path(post, path = "/holidays/preview", tag = "central", request_body = Change,
    responses((status = 200, body = affected::Preview), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(State(booking): State<Arc<Booking>>, actor: Actor, Json(change): Json<Change>) -> Result<Json<affected::Preview>> {
    sites::may_edit(&actor)?;
    let mut tx = booking.db.read().await?;
    Ok(Json(act::preview(&mut tx, booking.clock.now(), change).await?))
}

/// Changes the calendar. Refused where it touches bookings that were not shown, with those bookings; they are flagged, never called off.
#[utoipa::path(post, path = "/holidays/changes", tag = "central", request_body = ChangeRequest,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<ChangeRequest>,
) -> Result<axum::http::StatusCode> {
    sites::may_edit(&actor)?;
    let now = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /holidays/changes", key, body_hash: body.body_hash, at: now });
    let by = By { person: actor.person, agency: actor.agency.id };
    act::change(&booking.db, now, by, body.value, claim.as_ref()).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
