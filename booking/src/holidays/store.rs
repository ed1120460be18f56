//! Holidays and weekends as stored.

use super::{Basis, Calendar, Certainty, Holiday, Status};
use crate::sites::Region;
use chrono::{Datelike, NaiveDate, Weekday};
use kernel::{Result, Text, Tx, clock::date_text, on};
use wire::id::HolidayId;

/// Holidays in one reading: sixteen regions, some thirty days a year, three years.
const HOLIDAYS_MAX: i64 = 2_000;
/// Lists of years in one reading.
const YEARS_MAX: i64 = 500;
/// Changes of weekends on record.
const WEEKENDS_MAX: i64 = 500;

kernel::sql! {
    HOLIDAYS = "SELECT id, region, date, name_ms, name_en, basis, status, source, version FROM holiday
        WHERE date >= $1 AND date <= $2 ORDER BY region, date, name_ms LIMIT $3";
    YEARS = "SELECT region, year, status FROM holiday_year WHERE year >= $1 AND year <= $2 ORDER BY region, year LIMIT $3";
    WEEKENDS = "SELECT region, effective_from, first_weekday, second_weekday FROM region_weekend ORDER BY region, effective_from LIMIT $1";
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

/// What kinds of day there are from `from` to `to`, both included.
pub async fn calendar(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Calendar> {
    let rows: Vec<Row> =
        on!(tx, c => sqlx::query_as(HOLIDAYS).bind(date_text(from)).bind(date_text(to)).bind(HOLIDAYS_MAX).fetch_all(c).await)?;
    let years: Vec<(Text<Region>, i64, Text<Status>)> = on!(tx, c => sqlx::query_as(YEARS)
        .bind(i64::from(from.year())).bind(i64::from(to.year())).bind(YEARS_MAX).fetch_all(c).await)?;
    let weekends: Vec<(Text<Region>, Text<NaiveDate>, i64, i64)> =
        on!(tx, c => sqlx::query_as(WEEKENDS).bind(WEEKENDS_MAX).fetch_all(c).await)?;
    let mut calendar = rows.into_iter().map(Holiday::from).fold(Calendar::default(), Calendar::with_holiday);
    for (region, year, status) in years {
        let certainty = match status.0 {
            Status::Provisional => Certainty::Provisional,
            Status::Gazetted => Certainty::Gazetted,
        };
        calendar = calendar.with_year(region.0, i32::try_from(year).unwrap_or(0), certainty);
    }
    for (region, from, first, second) in weekends {
        calendar = calendar.with_weekend(region.0, from.0, [weekday(first), weekday(second)]);
    }
    Ok(calendar)
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
