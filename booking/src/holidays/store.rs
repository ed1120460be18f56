//! Holidays and weekends as stored.

use super::{Basis, Calendar, Certainty, Holiday, Status, act::HolidayDraft};
use crate::sites::Region;
use chrono::{Datelike, NaiveDate, Weekday};
use kernel::{OnConstraint, Result, Text, Tx, clock::date_text, on};
use wire::{Code, Refusal, id::HolidayId};

/// Holidays in one reading: sixteen regions, some thirty days a year, three years.
const HOLIDAYS_MAX: i64 = 2_000;
/// Lists of years in one reading.
const YEARS_MAX: i64 = 500;
/// Changes of weekends on record.
const WEEKENDS_MAX: i64 = 500;

kernel::sql! {
    HOLIDAYS = "SELECT id, region, date, name_ms, name_en, basis, status, source, version FROM holiday
        WHERE date >= $1 AND date <= $2 ORDER BY region, date, name_ms LIMIT $3";
    BY_ID = "SELECT id, region, date, name_ms, name_en, basis, status, source, version FROM holiday WHERE id = $1";
    INSERT = "INSERT INTO holiday (id, region, date, name_ms, name_en, basis, status, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "UPDATE holiday SET date = $3, name_ms = $4, name_en = $5, basis = $6, status = $7, source = $8, version = version + 1
        WHERE id = $1 AND version = $2 RETURNING version";
    DELETE = "DELETE FROM holiday WHERE id = $1 AND version = $2 RETURNING version";
    PUT_YEAR = "INSERT INTO holiday_year (region, year, status, source) VALUES ($1, $2, $3, $4)
        ON CONFLICT (region, year) DO UPDATE SET status = $3, source = $4, version = holiday_year.version + 1";
    PUT_WEEKEND = "INSERT INTO region_weekend (region, effective_from, first_weekday, second_weekday, source) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (region, effective_from) DO UPDATE SET first_weekday = $3, second_weekday = $4, source = $5";
    YEARS = "SELECT region, year, status, source FROM holiday_year WHERE year >= $1 AND year <= $2 ORDER BY region, year LIMIT $3";
    WEEKENDS = "SELECT region, effective_from, first_weekday, second_weekday, source FROM region_weekend ORDER BY region, effective_from LIMIT $1";
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: Text<HolidayId>,
    region: Text<Region>,
    date: Text<NaiveDate>,
    name_ms: String,
    name_en: String,
    basis: Text<Basis>,
    status: Text<Status>,
    source: String,
    version: i64,
}

impl From<Row> for Holiday {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            region: row.region.0,
            date: row.date.0,
            name_ms: row.name_ms,
            name_en: row.name_en,
            basis: row.basis.0,
            status: row.status.0,
            source: row.source,
            version: row.version,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct YearRow {
    pub region: Text<Region>,
    pub year: i64,
    pub status: Text<Status>,
    pub source: String,
}

impl YearRow {
    pub fn certainty(&self) -> Certainty {
        match self.status.0 {
            Status::Provisional => Certainty::Provisional,
            Status::Gazetted => Certainty::Gazetted,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct WeekendRow {
    pub region: Text<Region>,
    pub effective_from: Text<NaiveDate>,
    pub first_weekday: i64,
    pub second_weekday: i64,
    pub source: String,
}

/// The holidays from `from` to `to`, both included.
pub(super) async fn between(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<Holiday>> {
    let rows: Vec<Row> =
        on!(tx, c => sqlx::query_as(HOLIDAYS).bind(date_text(from)).bind(date_text(to)).bind(HOLIDAYS_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Holiday::from).collect())
}

pub(super) async fn by_id(tx: &mut Tx, id: HolidayId) -> Result<Option<Holiday>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Holiday::from))
}

async fn years_between(tx: &mut Tx, from: i32, to: i32) -> Result<Vec<YearRow>> {
    Ok(on!(tx, c => sqlx::query_as(YEARS).bind(i64::from(from)).bind(i64::from(to)).bind(YEARS_MAX).fetch_all(c).await)?)
}

pub(super) async fn years(tx: &mut Tx, year: i32) -> Result<Vec<YearRow>> {
    years_between(tx, year, year).await
}

pub(super) async fn weekends(tx: &mut Tx) -> Result<Vec<WeekendRow>> {
    Ok(on!(tx, c => sqlx::query_as(WEEKENDS).bind(WEEKENDS_MAX).fetch_all(c).await)?)
}

/// What kinds of day there are from `from` to `to`, both included.
pub async fn calendar(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Calendar> {
    let mut calendar = between(tx, from, to).await?.into_iter().fold(Calendar::default(), Calendar::with_holiday);
    for row in years_between(tx, from.year(), to.year()).await? {
        calendar = calendar.with_year(row.region.0, i32::try_from(row.year).unwrap_or(0), row.certainty());
    }
    for row in weekends(tx).await? {
        calendar = calendar.with_weekend(row.region.0, row.effective_from.0, [weekday(row.first_weekday), weekday(row.second_weekday)]);
    }
    Ok(calendar)
}

fn exists(constraint: &str, region: Option<Region>, draft: &HolidayDraft) -> Option<Refusal> {
    let refusal = || Refusal::new(Code::HolidayExists).with("date", date_text(draft.date)).with("region", region.map(Region::text));
    (constraint == "holiday_region_date_name_ms_key").then(refusal)
}

pub(super) async fn insert(tx: &mut Tx, region: Region, draft: &HolidayDraft) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(HolidayId::fresh())).bind(region.text()).bind(date_text(draft.date)).bind(&draft.name_ms).bind(&draft.name_en)
        .bind(draft.basis.text()).bind(draft.status.text()).bind(&draft.source).execute(c).await.map(drop))
    .on_constraint(|name| exists(name, Some(region), draft))
}

pub(super) async fn update(tx: &mut Tx, id: HolidayId, version: i64, draft: &HolidayDraft) -> Result<()> {
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(UPDATE)
        .bind(Text(id)).bind(version).bind(date_text(draft.date)).bind(&draft.name_ms).bind(&draft.name_en)
        .bind(draft.basis.text()).bind(draft.status.text()).bind(&draft.source).fetch_optional(c).await)
    .on_constraint(|name| exists(name, None, draft))?;
    found.map(drop).ok_or_else(|| Code::Conflict.into())
}

pub(super) async fn delete(tx: &mut Tx, id: HolidayId, version: i64) -> Result<()> {
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(DELETE).bind(Text(id)).bind(version).fetch_optional(c).await)?;
    found.map(drop).ok_or_else(|| Code::Conflict.into())
}

pub(super) async fn put_year(tx: &mut Tx, region: Region, year: i32, status: Status, source: &str) -> Result<()> {
    on!(tx, c => sqlx::query(PUT_YEAR)
        .bind(region.text()).bind(i64::from(year)).bind(status.text()).bind(source).execute(c).await.map(drop))?;
    Ok(())
}

pub(super) async fn put_weekend(tx: &mut Tx, region: Region, from: &str, days: (i64, i64), source: &str) -> Result<()> {
    on!(tx, c => sqlx::query(PUT_WEEKEND)
        .bind(region.text()).bind(from).bind(days.0).bind(days.1).bind(source).execute(c).await.map(drop))?;
    Ok(())
}

/// By its number in ISO 8601; the schema keeps it between 1 and 7.
pub(super) fn weekday(number: i64) -> Weekday {
    match number {
        1 => Weekday::Mon,
        2 => Weekday::Tue,
        3 => Weekday::Wed,
        4 => Weekday::Thu,
        5 => Weekday::Fri,
        6 => Weekday::Sat,
        _ => Weekday::Sun,
    }
}
