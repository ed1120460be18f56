//! When a site is worked at: its opening hours, on days that are neither rest days nor holidays there.

use super::clock::WorkingDays;
use crate::{
    holidays::{self, Calendar},
    sites::Site,
};
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use kernel::{Result, Tx, clock::civil_date};
use wire::UnixMs;

/// How far ahead of now a due time is looked for by the calendar; beyond, the weekends alone are known.
const AHEAD_DAYS: u64 = 120;

/// The calendar that sites are worked at by, read once for an answer or a sweep.
pub struct WorkCalendar(Calendar);

impl WorkCalendar {
    /// From the day of `from` on.
    pub async fn read(tx: &mut Tx, from: UnixMs, now: UnixMs, zone: Tz) -> Result<Self> {
        let last = civil_date(now, zone);
        let last = last.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(last);
        Ok(Self(holidays::calendar(tx, civil_date(from, zone).min(last), last).await?))
    }

    pub const fn at<'a>(&'a self, site: &'a Site) -> SiteDays<'a> {
        SiteDays { site, calendar: &self.0 }
    }
}

pub struct SiteDays<'a> {
    site: &'a Site,
    calendar: &'a Calendar,
}

impl WorkingDays for SiteDays<'_> {
    fn hours(&self, date: NaiveDate) -> Option<(u32, u32)> {
        if !self.calendar.is_working(self.site.region, date) || self.site.is_closed_on(date) {
            return None;
        }
        let (opens, closes) = self.site.hours_on(date)?;
        Some((u32::try_from(opens).ok()?, u32::try_from(closes).ok()?))
    }

    fn zone(&self) -> Tz {
        self.site.zone()
    }
}
