//! `POST /availability/search`.

use super::{DAYS_MAX, Found, Question, rank, touched};
use crate::{
    Booking,
    policy::{MALAYSIA, Slot, Terms, verdict},
    reservations::{grid::Grid, verdict::Setting, view},
    sites::{SITES_MAX, Site},
    text,
};
use axum::extract::State;
use chrono::{Days, NaiveDate};
use identity::Actor;
use kernel::{
    Result,
    clock::civil_date,
    extract::{Json, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule,
    id::{ReservationId, SiteId},
    limits::SITES_MIN,
};

/// Days looked through where no last day is named.
const DAYS_DEFAULT: u64 = 30;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SearchRequest {
    pub sites: Vec<SiteId>,
    pub minutes: i64,
    /// `YYYY-MM-DD`; the first lawful day where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub from_date: Option<NaiveDate>,
    /// `YYYY-MM-DD`; a month on where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub to_date: Option<NaiveDate>,
    /// Minutes of the day within which it shall lie.
    #[serde(default)]
    pub from_minute: Option<i64>,
    #[serde(default)]
    pub to_minute: Option<i64>,
    /// What this one holds is not in the way: for moving it.
    #[serde(default)]
    pub reservation: Option<ReservationId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SearchAnswer {
    /// The best first.
    pub slots: Vec<Found>,
    /// There is more than is told.
    pub more: bool,
    /// `YYYY-MM-DD`: the first day that can be applied for now (TP-2).
    #[schema(value_type = String, format = Date)]
    pub earliest_date: NaiveDate,
    /// What was looked through, both days included.
    #[schema(value_type = String, format = Date)]
    pub from_date: NaiveDate,
    #[schema(value_type = String, format = Date)]
    pub to_date: NaiveDate,
}

/// "When can all of these sites meet?": slots that can be applied for now, ranked.
#[utoipa::path(post, path = "/availability/search", tag = "telepresence", request_body = SearchRequest,
    responses((status = 200, body = SearchAnswer), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn search(State(booking): State<Arc<Booking>>, actor: Actor, Json(asked): Json<SearchRequest>) -> Result<Json<SearchAnswer>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let today = civil_date(now, MALAYSIA);
    let asked_for = [asked.from_date, asked.to_date].into_iter().flatten();
    let last = asked_for.chain([today]).max().unwrap_or(today).min(NaiveDate::MAX).checked_add_days(Days::new(DAYS_MAX)).unwrap_or(today);
    let setting = Setting::over(&mut tx, now, today, last).await?;
    let sites = sites_asked(&asked, &setting.sites)?;
    if let Some(id) = asked.reservation {
        view::seen(&mut tx, id, &actor).await?;
    }
    let earliest_date =
        verdict(now, Slot { starts_at: now, ends_at: now }, setting.policy.lead(), &setting.calendar, MALAYSIA).earliest_date;
    let question = question(&asked, earliest_date, &setting.policy.terms)?;
    let within = touched(&question).ok_or_else(|| malformed("from_date", "a day of this calendar"))?;
    let grid = Grid::read(&mut tx, &sites, within, asked.reservation).await?;
    let (slots, more) = rank(&question, now, &setting.policy, &setting.calendar, &sites, &grid);
    Ok(Json(SearchAnswer { slots, more, earliest_date, from_date: question.from, to_date: question.to }))
}

fn sites_asked<'a>(asked: &SearchRequest, known: &'a [Site]) -> Result<Vec<&'a Site>> {
    if asked.sites.len() > SITES_MAX {
        return Err(malformed("sites", "fewer_sites").into());
    }
    let sites: Vec<&Site> = known.iter().filter(|site| asked.sites.contains(&site.id)).collect();
    if asked.sites.iter().any(|id| !sites.iter().any(|site| site.id == *id)) {
        return Err(malformed("sites", "known_site").into());
    }
    match sites.len() < SITES_MIN {
        true => Err(Refusal::by(Code::SitesTooFew, Rule::Tp1).with("sites_min", SITES_MIN).with("sites", sites.len()).into()),
        false => Ok(sites),
    }
}

fn question(asked: &SearchRequest, earliest: NaiveDate, terms: &Terms) -> Result<Question> {
    if asked.minutes < 15 || asked.minutes % 15 != 0 || asked.minutes > terms.slot_minutes_max {
        let bound = if asked.minutes > terms.slot_minutes_max { "duration_max" } else { "quarter_hour" };
        return Err(Refusal::new(Code::SlotInvalid)
            .with("bound", bound)
            .with("minutes_max", terms.slot_minutes_max)
            .with("minutes", 15)
            .into());
    }
    let from = text::day("from_date", asked.from_date.unwrap_or(earliest))?;
    let to = text::day("to_date", asked.to_date.or_else(|| from.max(earliest).checked_add_days(Days::new(DAYS_DEFAULT))).unwrap_or(from))?;
    let days = to.signed_duration_since(from).num_days();
    if days < 0 || days >= DAYS_MAX as i64 {
        return Err(malformed("to_date", format!("not before from_date, within {DAYS_MAX} days")).into());
    }
    let minute = |field: &'static str, asked: Option<i64>, otherwise: i64| match asked.unwrap_or(otherwise) {
        it @ 0..=1440 => Ok(it),
        _ => Err(malformed(field, "0 to 1440")),
    };
    Ok(Question {
        minutes: asked.minutes,
        from,
        to,
        from_minute: minute("from_minute", asked.from_minute, 0)?,
        to_minute: minute("to_minute", asked.to_minute, 1440)?,
    })
}
