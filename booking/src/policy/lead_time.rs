//! TP-2: a booking is made at least three days before the day of use. Counted in Malaysian calendar days unless a version of the policy
//! counts them otherwise.

use super::Slot;
use crate::{holidays::Calendar, names::names, sites::Region};
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use kernel::clock::{civil_date, start_of_day};
use wire::UnixMs;

names! {
    /// How the days before use are counted.
    LeadMode {
        /// Day of use less day of application.
        Calendar = "calendar",
        /// Whole days between the two: one more than calendar days.
        Clear = "clear",
        /// Working days after the day of application, up to and with the day of use.
        Working = "working",
    }
}

/// The rule as one version of the policy has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadTime {
    pub version: i64,
    pub days: i64,
    pub mode: LeadMode,
    /// Whose calendar says what a working day is.
    pub region: Region,
}

/// What the rule says of one slot at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadVerdict {
    pub lawful: bool,
    /// The first day of use (a slot across midnight is judged by the day on which it begins).
    pub use_date: NaiveDate,
    /// Day of use less today, in calendar days.
    pub days_before_use: i64,
    /// The days before use as the rule counts them; compared with the rule's own number.
    pub days_counted: i64,
    /// The first day that could be applied for now.
    pub earliest_date: NaiveDate,
    /// The last millisecond at which this slot can be applied for.
    pub lawful_until: UnixMs,
}

/// Days walked through in search of working days, beyond a week for each that is asked for: longer than any row of holidays.
const WALK_DAYS: i64 = 60;

/// The whole of TP-2. `now` is the instant at which the server receives the complete application; no other clock is asked.
pub fn verdict(now: UnixMs, slot: Slot, rule: LeadTime, calendar: &Calendar, zone: Tz) -> LeadVerdict {
    let today = civil_date(now, zone);
    let use_date = civil_date(slot.starts_at, zone);
    let days_before_use = use_date.signed_duration_since(today).num_days();
    let (days_counted, earliest_date, last_day) = match rule.mode {
        LeadMode::Calendar => (days_before_use, plus(today, rule.days), plus(use_date, -rule.days)),
        LeadMode::Clear => (days_before_use - 1, plus(today, rule.days + 1), plus(use_date, -rule.days - 1)),
        LeadMode::Working => working(today, use_date, rule, calendar),
    };
    LeadVerdict {
        lawful: use_date >= earliest_date,
        use_date,
        days_before_use,
        days_counted,
        earliest_date,
        lawful_until: end_of_day(last_day, zone),
    }
}

/// Working days between, the first day of use that has enough of them, and the last day of application that does.
fn working(today: NaiveDate, use_date: NaiveDate, rule: LeadTime, calendar: &Calendar) -> (i64, NaiveDate, NaiveDate) {
    let is_working = |day: &NaiveDate| calendar.is_working(rule.region, *day);
    let reach = WALK_DAYS + 7 * rule.days;
    // A stretch longer than the reach holds more than enough.
    let counted = calendar.working_days(rule.region, today, use_date.min(plus(today, reach)));
    let mut earliest = today;
    let mut last = use_date;
    if rule.days > 0 {
        let nth = usize::try_from(rule.days - 1).unwrap_or(usize::MAX);
        let ahead = (1..=reach).map(|ahead| plus(today, ahead)).filter(is_working).nth(nth);
        earliest = ahead.unwrap_or(NaiveDate::MAX);
        let back = (0..reach).map(|back| plus(use_date, -back)).filter(is_working).nth(nth);
        last = back.map_or(NaiveDate::MIN, |day| plus(day, -1));
    }
    (counted, earliest, last)
}

/// A day earlier or later, within what the calendar can say.
fn plus(date: NaiveDate, days: i64) -> NaiveDate {
    let count = Days::new(days.unsigned_abs());
    match days < 0 {
        true => date.checked_sub_days(count).unwrap_or(NaiveDate::MIN),
        false => date.checked_add_days(count).unwrap_or(NaiveDate::MAX),
    }
}

/// The last millisecond of a civil day; 0 for a day that no calendar of ours holds.
fn end_of_day(date: NaiveDate, zone: Tz) -> UnixMs {
    let next = date.checked_add_days(Days::new(1)).and_then(|next| start_of_day(next, zone));
    next.map_or(UnixMs(0), |next| next.saturating_add_ms(-1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        holidays::{Basis, Holiday, Status},
        policy::{MALAYSIA as ZONE, Policy},
    };
    use chrono::DateTime;
    use proptest::prelude::*;
    use wire::id::HolidayId;

    fn three() -> LeadTime {
        Policy::first().lead()
    }
    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }
    fn hour_from(text: &str) -> Slot {
        Slot { starts_at: at(text), ends_at: at(text).saturating_add_ms(3_600_000) }
    }
    fn judged(received: &str, starts: &str, rule: LeadTime) -> LeadVerdict {
        verdict(at(received), hour_from(starts), rule, &Calendar::default(), ZONE)
    }
    #[track_caller]
    fn check(table: &[(&str, &str, bool)]) {
        for (received, starts, lawful) in table {
            assert_eq!(judged(received, starts, three()).lawful, *lawful, "received {received} for {starts}");
        }
    }

    #[test]
    fn vector_01_the_last_millisecond_of_the_third_day_before_is_in_time() {
        check(&[("2026-12-01T23:59:59.999+08:00", "2026-12-04T09:00:00+08:00", true)]);
    }

    #[test]
    fn vector_02_the_first_millisecond_of_the_second_day_before_is_late() {
        check(&[("2026-12-02T00:00:00.000+08:00", "2026-12-04T09:00:00+08:00", false)]);
    }

    #[test]
    fn vector_03_forty_eight_hours_are_enough_where_three_dates_lie_between() {
        check(&[("2026-12-01T23:59:59+08:00", "2026-12-04T00:00:00+08:00", true)]);
    }

    #[test]
    fn vector_04_nearly_seventy_two_hours_are_not_where_two_dates_lie_between() {
        check(&[("2026-12-01T00:00:00+08:00", "2026-12-03T23:30:00+08:00", false)]);
    }

    #[test]
    fn vector_05_the_day_of_use_is_malaysian_though_utc_is_a_day_behind() {
        check(&[("2026-12-01T20:00:00+08:00", "2026-12-04T07:30:00+08:00", true)]);
    }

    #[test]
    fn vector_06_an_applicant_in_los_angeles_has_the_same_verdict() {
        check(&[
            ("2026-12-01T07:59:59.999-08:00", "2026-12-04T09:00:00+08:00", true),
            ("2026-12-01T08:00:00-08:00", "2026-12-04T09:00:00+08:00", false),
        ]);
    }

    #[test]
    fn vector_07_an_applicant_in_kiritimati_has_the_same_verdict() {
        check(&[
            ("2026-12-02T05:59:59.999+14:00", "2026-12-04T09:00:00+08:00", true),
            ("2026-12-02T06:00:00+14:00", "2026-12-04T09:00:00+08:00", false),
        ]);
    }

    #[test]
    fn vector_43_the_lead_is_counted_from_the_first_day_of_use_over_leap_days_years_and_midnights() {
        check(&[
            ("2028-02-26T23:59:59.999+08:00", "2028-02-29T08:00:00+08:00", true),
            ("2028-02-27T00:00:00+08:00", "2028-02-29T08:00:00+08:00", false),
            ("2028-02-27T23:59:59.999+08:00", "2028-03-01T08:00:00+08:00", true),
            ("2026-12-29T23:59:59.999+08:00", "2027-01-01T08:00:00+08:00", true),
            ("2026-12-30T00:00:00+08:00", "2027-01-01T08:00:00+08:00", false),
        ]);
        let night = Slot { starts_at: at("2026-12-04T23:30:00+08:00"), ends_at: at("2026-12-05T01:00:00+08:00") };
        let lawful = |received: &str| verdict(at(received), night, three(), &Calendar::default(), ZONE).lawful;
        assert!(lawful("2026-12-01T23:59:59.999+08:00") && !lawful("2026-12-02T00:00:00+08:00"));
    }

    #[test]
    fn days_and_the_past() {
        check(&[
            ("2026-11-30T23:59:59+08:00", "2026-12-03T08:00:00+08:00", true),
            ("2026-12-01T00:00:00+08:00", "2026-12-03T08:00:00+08:00", false),
            ("2026-12-04T07:00:00+08:00", "2026-12-04T09:00:00+08:00", false),
            ("2026-12-05T07:00:00+08:00", "2026-12-04T09:00:00+08:00", false),
        ]);
    }

    #[test]
    fn a_refusal_offers_the_nearest_thing_that_would_be_allowed() {
        let late = judged("2026-12-02T00:00:00+08:00", "2026-12-04T09:00:00+08:00", three());
        assert_eq!(late.days_before_use, 2);
        assert_eq!(late.earliest_date.to_string(), "2026-12-05");
        assert_eq!(late.lawful_until, at("2026-12-01T23:59:59.999+08:00"));
    }

    #[test]
    fn a_version_of_five_days_asks_for_five() {
        let five = LeadTime { version: 2, days: 5, ..three() };
        assert!(judged("2026-11-29T23:59:59.999+08:00", "2026-12-04T09:00:00+08:00", five).lawful);
        assert!(!judged("2026-11-30T00:00:00+08:00", "2026-12-04T09:00:00+08:00", five).lawful);
    }

    #[test]
    fn clear_days_are_the_whole_days_between() {
        let clear = LeadTime { mode: LeadMode::Clear, ..three() };
        let just = judged("2026-11-30T23:59:59.999+08:00", "2026-12-04T09:00:00+08:00", clear);
        assert!(just.lawful && just.days_counted == 3 && just.days_before_use == 4);
        let late = judged("2026-12-01T00:00:00+08:00", "2026-12-04T09:00:00+08:00", clear);
        assert!(!late.lawful && late.days_counted == 2);
        assert_eq!(late.earliest_date.to_string(), "2026-12-05");
    }

    #[test]
    fn working_days_leave_out_the_weekend_and_the_holidays_of_where_the_central_agency_works() {
        let working = LeadTime { mode: LeadMode::Working, ..three() };
        let christmas = Holiday {
            id: HolidayId::fresh(),
            region: working.region,
            date: "2026-12-25".parse().unwrap(),
            name_ms: "Hari Krismas".into(),
            name_en: "Christmas Day".into(),
            basis: Basis::Fixed,
            status: Status::Gazetted,
            source: String::new(),
            version: 1,
        };
        let calendar = Calendar::default().with_holiday(christmas);
        let at_day = |received: &str, starts: &str| {
            verdict(at(&format!("{received}T10:00:00+08:00")), hour_from(&format!("{starts}T09:00:00+08:00")), working, &calendar, ZONE)
        };
        let table = [
            // Tuesday to Friday: Wednesday, Thursday, Friday.
            ("2026-12-01", "2026-12-04", true, 3),
            // Friday to Tuesday: Monday, Tuesday.
            ("2026-12-04", "2026-12-08", false, 2),
            ("2026-12-04", "2026-12-09", true, 3),
            // Wednesday 23 to Tuesday 29: Thursday, (Christmas), Monday, Tuesday.
            ("2026-12-23", "2026-12-29", true, 3),
            ("2026-12-24", "2026-12-29", false, 2),
        ];
        for (received, starts, lawful, counted) in table {
            let it = at_day(received, starts);
            assert_eq!((it.lawful, it.days_counted), (lawful, counted), "{received} {starts}");
        }
        let late = at_day("2026-12-24", "2026-12-29");
        assert_eq!(late.earliest_date.to_string(), "2026-12-30");
        assert_eq!(late.lawful_until, at("2026-12-23T23:59:59.999+08:00"));
    }

    proptest! {
        /// Lawful, in time for `lawful_until`, and a day of use not before `earliest_date`: one and the same thing, however days are counted.
        #[test]
        fn three_ways_to_say_it_agree(
            now in 0i64..4_000_000_000_000, ahead in -400_000_000i64..1_900_000_000, days in 0i64..9, mode in 0usize..3,
        ) {
            let rule = LeadTime { version: 1, days, mode: LeadMode::ALL[mode], region: three().region };
            let slot = Slot { starts_at: UnixMs(now + ahead), ends_at: UnixMs(now + ahead + 900_000) };
            let it = verdict(UnixMs(now), slot, rule, &Calendar::default(), ZONE);
            prop_assert_eq!(it.lawful, now <= it.lawful_until.0);
            prop_assert_eq!(it.lawful, it.use_date >= it.earliest_date);
            prop_assert_eq!(it.lawful, it.days_counted >= days && it.days_before_use >= 0);
        }
    }
}
