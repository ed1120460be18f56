//! A service of the test's own with the demonstration's people, and Malaysian dates.

// Each test file takes what it needs of it.
#![allow(dead_code)]

pub mod smtp;

use anyhow::Result;
use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};
use loadtest::node::Node;
use std::path::{Path, PathBuf};

pub fn executable() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_sidang"))
}

pub async fn demonstration(data: &Path) -> Result<Node> {
    Node::start(&executable(), data, &[("DEMO", "1"), ("SIDANG_LOG_FILTER", "warn")]).await
}

fn malaysia() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours are an offset")
}

pub fn today() -> NaiveDate {
    Utc::now().with_timezone(&malaysia()).date_naive()
}

/// An hour of a Malaysian civil day, as milliseconds.
pub fn at(date: NaiveDate, hour: u32) -> i64 {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour of the day");
    let instant: DateTime<FixedOffset> =
        malaysia().from_local_datetime(&date.and_time(time)).single().expect("no daylight saving in Malaysia");
    instant.timestamp_millis()
}

/// The first working day that is at least `days` after today.
pub fn working_day_after(days: i64) -> NaiveDate {
    let mut date = today() + Duration::days(days);
    while date.weekday().number_from_monday() > 5 {
        date += Duration::days(1);
    }
    date
}
