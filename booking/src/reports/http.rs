//! Reports over HTTP: figures, the same as CSV, and the agencies' use.

use super::{
    csv,
    figures::{self, Ask, By, Figures, Key},
    month::Month,
    records::{MONTHS_KEPT, Records},
    wanted,
};
use crate::{
    Booking,
    holidays::{self, Calendar},
    policy,
    reservations::view,
    sites,
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use identity::{Actor, PersonRole, agencies::AgencyRef};
use kernel::{
    Result,
    audit::{self, Entry},
    extract::{Json, Path, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use sites::SiteRef;
use std::{collections::BTreeMap, sync::Arc};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, SiteId},
};

/// Months shown where none are named.
const MONTHS_SHOWN: i32 = 12;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The first month, as in `2026-01`; twelve months where nothing is said.
    #[param(value_type = Option<String>)]
    from: Option<Month>,
    /// The last month; this one where nothing is said.
    #[param(value_type = Option<String>)]
    to: Option<Month>,
    #[param(value_type = Option<String>, format = Uuid)]
    agency: Option<AgencyId>,
    #[param(value_type = Option<String>, format = Uuid)]
    site: Option<SiteId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Report {
    pub from: String,
    pub to: String,
    /// The newest row of the audit trail that went in: who makes the figures again from the trail stops there.
    pub audit_row: i64,
    pub total: Figures,
    /// Every month of the span, in order.
    pub months: Vec<ReportRow>,
    pub agencies: Vec<ReportRow>,
    pub sites: Vec<ReportRow>,
    /// The most frequent first.
    pub refusals: Vec<RefusalCount>,
}

/// One month, agency or site.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReportRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteRef>,
    pub figures: Figures,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusalCount {
    /// A rule's identifier, or the code of a refusal that no rule of the source documents asks for.
    pub rule: String,
    pub count: u64,
}

/// The figures of a span of months: all of them for the approver, the auditor and the system administrator, those of the own agency for its UC
/// administrator, those of the own sites for a facilitator.
#[utoipa::path(get, path = "/reports", tag = "reports", params(Asked),
    responses((status = 200, body = Report), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Query(asked): Query<Asked>) -> Result<Json<Report>> {
    Ok(Json(report(&booking, &actor, asked).await?))
}

/// The same figures as CSV: one row for each month, then for each agency, then for each site.
#[utoipa::path(get, path = "/reports.csv", tag = "reports", params(Asked),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn table(State(booking): State<Arc<Booking>>, actor: Actor, Query(asked): Query<Asked>) -> Result<Response> {
    let report = report(&booking, &actor, asked).await?;
    let file = csv::file(report.months.iter().chain(&report.agencies).chain(&report.sites))?;
    let disposition = format!("attachment; filename=\"sidang-{}-{}.csv\"", report.from, report.to);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)], file).into_response())
}

async fn report(booking: &Booking, actor: &Actor, asked: Asked) -> Result<Report> {
    let now = booking.clock.now();
    let ask = allowed(actor, span(&asked, now)?)?;
    let records = booking.reports.up_to_date(&booking.db).await?;
    let mut tx = booking.db.read().await?;
    let (sites, agencies) = (sites::all(&mut tx).await?, identity::agencies::all(&mut tx).await?);
    let calendar = holidays::calendar(&mut tx, ask.first.first_day(), ask.last.plus(1).first_day()).await?;
    Ok(made(&records, &ask, (&sites, &calendar), &agencies, now))
}

/// The report, from what it is made of.
fn made(records: &Records, ask: &Ask, (sites, calendar): (&[sites::Site], &Calendar), agencies: &[AgencyRef], now: UnixMs) -> Report {
    let asked_sites: Vec<&sites::Site> =
        sites.iter().filter(|site| ask.sites.as_ref().is_none_or(|asked| asked.contains(&site.id))).collect();
    let open = |sites: &[&sites::Site], month: Month| -> i64 { sites.iter().map(|site| open_minutes(site, month, calendar)).sum() };
    let of = |by: By| figures::figures(records, ask, by, now);
    let mut total = of(By::Everything).remove(&Key::All).unwrap_or_default();
    total.minutes_open = Some(ask.first.through(ask.last).map(|month| open(&asked_sites, month)).sum());
    let mut by_month = of(By::Month);
    let months = ask.first.through(ask.last).map(|month| {
        let mut figures = by_month.remove(&Key::Month(month)).unwrap_or_default();
        figures.minutes_open = Some(open(&asked_sites, month));
        ReportRow { month: Some(month.to_string()), agency: None, site: None, figures }
    });
    let mut by_site = of(By::Site);
    let site_rows = asked_sites.iter().map(|site| {
        let mut figures = by_site.remove(&Key::Site(site.id)).unwrap_or_default();
        figures.minutes_open = Some(ask.first.through(ask.last).map(|month| open_minutes(site, month, calendar)).sum());
        ReportRow { month: None, agency: None, site: Some(site.as_ref()), figures }
    });
    let mut by_agency = of(By::Agency);
    let agency_rows = agencies.iter().filter_map(|agency| {
        let figures = by_agency.remove(&Key::Agency(agency.id))?;
        Some(ReportRow { month: None, agency: Some(agency.clone()), site: None, figures })
    });
    Report {
        from: ask.first.to_string(),
        to: ask.last.to_string(),
        audit_row: records.last_row(),
        total,
        months: months.collect(),
        sites: site_rows.collect(),
        agencies: agency_rows.collect(),
        refusals: figures::refusals_by_rule(records, ask).into_iter().map(|(rule, count)| RefusalCount { rule, count }).collect(),
    }
}

/// Minutes in which a site is open on the working days of a month.
fn open_minutes(site: &sites::Site, month: Month, calendar: &Calendar) -> i64 {
    let working = month.days().filter(|day| !calendar.is_weekend(site.region, *day) && holidays::on(calendar, site, *day).is_none());
    working.filter_map(|day| site.hours_on(day)).map(|(opens, closes)| closes - opens).sum()
}

fn span(asked: &Asked, now: UnixMs) -> Result<Ask> {
    let last = asked.to.unwrap_or_else(|| Month::of(now));
    let first = asked.from.unwrap_or_else(|| last.plus(1 - MONTHS_SHOWN));
    let months = first.to(last) + 1;
    if !(1..=MONTHS_KEPT).contains(&months) {
        return Err(malformed("from", format!("at most {MONTHS_KEPT} months, the first not after the last")).into());
    }
    Ok(Ask { first, last, agency: asked.agency, sites: asked.site.map(|site| vec![site]) })
}

/// The question cut to what the person may see (SEC-3); refused where it names something else.
fn allowed(actor: &Actor, mut ask: Ask) -> Result<Ask> {
    if view::approves(actor) || actor.has(PersonRole::Auditor) || actor.has(PersonRole::SystemAdministrator) {
        return Ok(ask);
    }
    let missing = || Refusal::by(Code::RoleMissing, Rule::Sec3).with("role", PersonRole::Approver.text());
    if actor.has(PersonRole::UcAdministrator) && ask.agency.is_none_or(|agency| agency == actor.agency.id) {
        ask.agency = Some(actor.agency.id);
        return Ok(ask);
    }
    if actor.has(PersonRole::Facilitator) && ask.agency.is_none() {
        let asked = ask.sites.unwrap_or_else(|| actor.sites.iter().copied().collect());
        if !asked.is_empty() && asked.iter().all(|site| actor.facilitates(*site)) {
            ask.sites = Some(asked);
            return Ok(ask);
        }
    }
    Err(missing().into())
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AgenciesUse {
    /// Months in a row below the wanted level before an agency is flagged.
    pub months_below: i32,
    pub agencies: Vec<AgencyUse>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AgencyUse {
    pub agency: AgencyRef,
    pub uses_wanted: i64,
    /// DESK-2: below the wanted level in each of the last six whole months.
    pub low: bool,
    /// The oldest first.
    pub months: Vec<MonthUse>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MonthUse {
    pub month: String,
    pub uses: i64,
}

fn watches(actor: &Actor) -> Result<()> {
    match view::approves(actor) || actor.has(PersonRole::Auditor) || actor.has(PersonRole::SystemAdministrator) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("role", PersonRole::Approver.text()).into()),
    }
}

/// Each agency's use of the last twelve whole months, those below the wanted level first (DESK-2).
#[utoipa::path(get, path = "/reports/use", tag = "reports",
    responses((status = 200, body = AgenciesUse), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn agencies_use(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<AgenciesUse>> {
    watches(&actor)?;
    let records = booking.reports.up_to_date(&booking.db).await?;
    let mut tx = booking.db.read().await?;
    let mut named: BTreeMap<AgencyId, AgencyRef> = identity::agencies::all(&mut tx).await?.into_iter().map(|it| (it.id, it)).collect();
    let now = booking.clock.now();
    let by_policy = policy::at(&mut tx, now).await?.terms.wanted_uses_per_month;
    let found = wanted::of_agencies(&records, &wanted::all(&mut tx).await?, by_policy, MONTHS_SHOWN, now);
    let agencies = found.into_iter().filter_map(|it| {
        let months = it.months.into_iter().map(|(month, uses)| MonthUse { month: month.to_string(), uses }).collect();
        Some(AgencyUse { agency: named.remove(&it.agency)?, uses_wanted: it.wanted, low: it.low, months })
    });
    Ok(Json(AgenciesUse { months_below: wanted::MONTHS_BELOW, agencies: agencies.collect() }))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct WantedUse {
    /// 0 to 1000; at 0 the agency is not watched.
    pub uses_each_month: i64,
}

/// Sets the level of use that is wanted of an agency: the central agency's approver.
#[utoipa::path(put, path = "/reports/use/{agency}", tag = "reports", params(("agency" = AgencyId, Path)), request_body = WantedUse,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn want(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(agency): Path<AgencyId>,
    Json(wanted): Json<WantedUse>,
) -> Result<http::StatusCode> {
    let now = booking.clock.now();
    let row = || Entry::new(now, "agency.want_use", "agency", agency).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Desk2);
    let outcome = try_want(&booking, &actor, now, agency, wanted.uses_each_month, row()).await;
    audit::record_refusal(&booking.db, outcome, row).await?;
    Ok(http::StatusCode::NO_CONTENT)
}

async fn try_want(booking: &Booking, actor: &Actor, now: UnixMs, agency: AgencyId, uses: i64, row: Entry) -> Result<()> {
    if !view::approves(actor) {
        return Err(Refusal::by(Code::RoleMissing, Rule::Desk2).with("role", PersonRole::Approver.text()).into());
    }
    if !(0..=wanted::USES_WANTED_MAX).contains(&uses) {
        return Err(malformed("uses_each_month", format!("0 to {}", wanted::USES_WANTED_MAX)).into());
    }
    kernel::transact!(booking.db, tx => {
        identity::agencies::agency(tx, agency).await?.ok_or(Code::NotFound)?;
        wanted::set(tx, agency, uses, actor.person, now).await?;
        audit::record(tx, row.clone().detail("uses_each_month", uses));
        Ok(())
    })
}
