//! Working time: how long somebody has had to act. Nights, rest days and holidays do not count, and nobody is reminded in them.

use crate::{holidays::Calendar, policy::MALAYSIA, sites::Region};
use chrono::{Days, NaiveDate};
use kernel::clock::{civil_date, civil_minute, instant};
use wire::UnixMs;

/// Office hours of those who decide: minutes of the civil day, the last one excluded.
const OFFICE: std::ops::Range<u32> = 480..1020;
/// Days looked through: longer than an application can wait.
const DAYS_MAX: usize = 800;

/// Whose working time.
#[derive(Clone, Copy, Debug)]
pub struct Office<'a> {
    pub calendar: &'a Calendar,
    pub region: Region,
}

impl Office<'_> {
    fn works_on(&self, day: NaiveDate) -> bool {
        self.calendar.is_working(self.region, day)
    }

    /// Whether somebody is at work then.
    pub fn is_open(&self, at: UnixMs) -> bool {
        self.works_on(civil_date(at, MALAYSIA)) && OFFICE.contains(&civil_minute(at, MALAYSIA))
    }

    /// Working minutes from one instant to a later one; none where it is not later.
    pub fn minutes(&self, from: UnixMs, to: UnixMs) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (civil_date(from, MALAYSIA), civil_date(to, MALAYSIA));
        let days = first.iter_days().take(DAYS_MAX).take_while(|day| *day <= last).filter(|day| self.works_on(*day));
        let of_day = |day: NaiveDate| {
            let begins = if day == first { civil_minute(from, MALAYSIA) } else { 0 };
            let ends = if day == last { civil_minute(to, MALAYSIA) } else { OFFICE.end };
            i64::from(ends.min(OFFICE.end)) - i64::from(begins.max(OFFICE.start))
        };
        days.map(|day| of_day(day).max(0)).sum()
    }

    /// That minute of the `count`th working day after an instant.
    pub fn after(&self, from: UnixMs, count: usize, minute: u32) -> Option<UnixMs> {
        let tomorrow = civil_date(from, MALAYSIA).checked_add_days(Days::new(1))?;
        let day = tomorrow.iter_days().take(DAYS_MAX).filter(|day| self.works_on(*day)).nth(count.saturating_sub(1))?;
        instant(day, minute, MALAYSIA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().timestamp_millis())
    }

    #[test]
    fn nights_and_rest_days_do_not_count() {
        let calendar = Calendar::default();
        let office = Office { calendar: &calendar, region: Region::Putrajaya };
        // 2026-12-01 is a Tuesday, the 5th a Saturday.
        for (shows, from, to, minutes) in [
            ("within a day", "2026-12-01T10:00", "2026-12-01T14:00", 240),
            ("from before opening", "2026-12-01T06:00", "2026-12-01T09:00", 60),
            ("until after closing", "2026-12-01T16:00", "2026-12-01T23:00", 60),
            ("over a night", "2026-12-01T16:00", "2026-12-02T09:00", 120),
            ("a whole night", "2026-12-01T17:00", "2026-12-02T08:00", 0),
            ("over a weekend", "2026-12-04T16:00", "2026-12-07T08:30", 90),
            ("on a Saturday", "2026-12-05T08:00", "2026-12-05T17:00", 0),
            ("backwards", "2026-12-02T08:00", "2026-12-01T08:00", 0),
            ("two days", "2026-12-01T08:00", "2026-12-02T17:00", 1080),
        ] {
            assert_eq!(office.minutes(at(from), at(to)), minutes, "{shows}");
        }
        for (text, open) in
            [("2026-12-01T08:00", true), ("2026-12-01T07:59", false), ("2026-12-01T17:00", false), ("2026-12-05T10:00", false)]
        {
            assert_eq!(office.is_open(at(text)), open, "{text}");
        }
    }

    #[test]
    fn a_deadline_is_the_end_of_a_working_day() {
        let calendar = Calendar::default();
        let office = Office { calendar: &calendar, region: Region::Putrajaya };
        for (from, count, expected) in [
            ("2026-12-01T10:00", 2, "2026-12-03T17:00"),
            ("2026-12-03T10:00", 2, "2026-12-07T17:00"),
            ("2026-12-05T10:00", 1, "2026-12-07T17:00"),
        ] {
            assert_eq!(office.after(at(from), count, 1020), Some(at(expected)), "{from}");
        }
    }
}
