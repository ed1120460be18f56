//! `GET /availability`.

use super::{Day, Occupancy, all_told, of_site, stretches};
use crate::{
    Booking,
    policy::{MALAYSIA, Slot, verdict},
    reservations::{
        taken::{self, Titles},
        verdict::Setting,
    },
    sites::{SITES_MAX, Site},
};
use axum::extract::State;
use chrono::{Days, NaiveDate};
use identity::Actor;
use kernel::{
    Result,
    clock::{civil_date, start_of_day},
    extract::{Json, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{UnixMs, id::SiteId};

/// Days of the grid in one answer: a quarter of a year and the weeks around it.
const AVAILABILITY_DAYS_MAX: i64 = 100;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    #[param(value_type = i64)]
    from_ms: UnixMs,
    #[param(value_type = i64)]
    to_ms: UnixMs,
    /// Sites, their ids with commas between; all of them where it is left out.
    #[serde(default)]
    sites: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Availability {
    /// By site, in the order of time.
    pub occupancies: Vec<Occupancy>,
    /// By site, in the order of time.
    pub days: Vec<Day>,
    /// `YYYY-MM-DD`: the first day that can be applied for now (TP-2).
    #[schema(value_type = String, format = Date)]
    pub earliest_date: NaiveDate,
    /// Nothing that begins before this can be applied for now.
    pub earliest_at_ms: UnixMs,
}

/// What is taken at each site, and what can be applied for.
#[utoipa::path(get, path = "/availability", tag = "telepresence", params(AvailabilityQuery),
    responses((status = 200, body = Availability), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn availability(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Json<Availability>> {
    let within = Slot { starts_at: query.from_ms, ends_at: query.to_ms };
    if within.duration_ms() <= 0 || within.duration_ms() > AVAILABILITY_DAYS_MAX * 86_400_000 {
        return Err(malformed("to_ms", format!("after from_ms, by {AVAILABILITY_DAYS_MAX} days at most")).into());
    }
    let asked = asked(query.sites.as_deref())?;
    read(&booking, &actor, within, asked.as_deref()).await.map(Json)
}

/// The sites named; nothing for all of them.
fn asked(text: Option<&str>) -> Result<Option<Vec<SiteId>>> {
    let Some(text) = text.filter(|it| !it.is_empty()) else { return Ok(None) };
    let ids: std::result::Result<Vec<SiteId>, _> = text.split(',').take(SITES_MAX + 1).map(str::parse).collect();
    match ids {
        Ok(ids) if ids.len() <= SITES_MAX => Ok(Some(ids)),
        _ => Err(malformed("sites", "ids of sites with commas between").into()),
    }
}

/// One range of the index for each site.
pub async fn read(booking: &Booking, actor: &Actor, within: Slot, asked: Option<&[SiteId]>) -> Result<Availability> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let (from, to) = (civil_date(within.starts_at, MALAYSIA), civil_date(within.ends_at, MALAYSIA));
    let today = civil_date(now, MALAYSIA);
    let after = to.max(today).checked_add_days(Days::new(31)).unwrap_or(to);
    let Setting { policy, calendar, sites } = Setting::over(&mut tx, now, from.min(today), after).await?;
    let sites: Vec<Site> = sites.into_iter().filter(|site| asked.is_none_or(|ids| ids.contains(&site.id))).collect();
    let earliest_date = verdict(now, Slot { starts_at: now, ends_at: now }, policy.lead(), &calendar, MALAYSIA).earliest_date;
    let (mut occupancies, mut days) = (Vec::new(), Vec::new());
    for site in &sites {
        let titles = if all_told(actor, site.id) { Titles::All } else { Titles::Of(actor.agency.id) };
        let taken = taken::taken(&mut tx, site.id, within, titles).await?;
        occupancies.extend(taken.into_iter().flat_map(|row| stretches(row, site.id, actor, now)));
        days.extend(of_site(site, within, earliest_date, &calendar));
    }
    let earliest_at_ms = start_of_day(earliest_date, MALAYSIA).unwrap_or(now);
    Ok(Availability { occupancies, days, earliest_date, earliest_at_ms })
}
