//! TP-2: a booking is made at least three calendar days before the day of use, counted in Malaysian days.

use super::Slot;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use kernel::clock::{civil_date, start_of_day};
use wire::UnixMs;

/// One version of the rule. A reservation keeps the version by which it was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadTime {
    pub version: i64,
    /// Day of use less day of application, at least.
    pub days: i64,
}

/// What the rule says of one slot at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadVerdict {
    pub lawful: bool,
    /// The first day of use (a slot across midnight is judged by the day on which it begins).
    pub use_date: NaiveDate,
    /// Day of use less today.
    pub days_before_use: i64,
    /// The first day that could be applied for now.
    pub earliest_date: NaiveDate,
    /// The last millisecond at which this slot can be applied for.
    pub lawful_until: UnixMs,
}

/// The whole of TP-2. `now` is the instant at which the server receives the complete application; no other clock is asked.
pub fn verdict(now: UnixMs, slot: Slot, policy: LeadTime, zone: Tz) -> LeadVerdict {
    let today = civil_date(now, zone);
    let use_date = civil_date(slot.starts_at, zone);
    let lead = Days::new(policy.days.unsigned_abs());
    let days_before_use = use_date.signed_duration_since(today).num_days();
    let last_day = use_date.checked_sub_days(lead).unwrap_or(NaiveDate::MIN);
    LeadVerdict {
        lawful: days_before_use >= policy.days,
        use_date,
        days_before_use,
        earliest_date: today.checked_add_days(lead).unwrap_or(NaiveDate::MAX),
        lawful_until: end_of_day(last_day, zone),
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
    use crate::policy::MALAYSIA as ZONE;
    use chrono::DateTime;
    use proptest::prelude::*;

    const THREE: LeadTime = LeadTime { version: 1, days: 3 };

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }
    fn hour_from(text: &str) -> Slot {
        Slot { starts_at: at(text), ends_at: at(text).saturating_add_ms(3_600_000) }
    }

    #[test]
    fn the_table_of_boundaries() {
        let table = [
            // what it shows, received, start of use, lawful
            ("1 the last millisecond of the third day before", "2026-12-01T23:59:59.999+08:00", "2026-12-04T09:00:00+08:00", true),
            ("2 the first millisecond of the second day before", "2026-12-02T00:00:00.000+08:00", "2026-12-04T09:00:00+08:00", false),
            (
                "3 forty-eight hours are enough where three dates lie between",
                "2026-12-01T23:59:59+08:00",
                "2026-12-04T00:00:00+08:00",
                true,
            ),
            ("4 nearly seventy-two hours are not, where two do", "2026-12-01T00:00:00+08:00", "2026-12-03T23:30:00+08:00", false),
            ("5 the day of use is Malaysian though UTC is a day behind", "2026-12-01T20:00:00+08:00", "2026-12-04T07:30:00+08:00", true),
            ("6 an applicant in Los Angeles, in time", "2026-12-01T07:59:59.999-08:00", "2026-12-04T09:00:00+08:00", true),
            ("6 an applicant in Los Angeles, too late", "2026-12-01T08:00:00-08:00", "2026-12-04T09:00:00+08:00", false),
            ("7 an applicant in Kiritimati, in time", "2026-12-02T05:59:59.999+14:00", "2026-12-04T09:00:00+08:00", true),
            ("7 an applicant in Kiritimati, too late", "2026-12-02T06:00:00+14:00", "2026-12-04T09:00:00+08:00", false),
            ("9 opened at 23:58, sent at 00:01", "2026-12-02T00:01:00+08:00", "2026-12-04T09:00:00+08:00", false),
            ("10 left the client at 23:59:58, received at 00:00:01", "2026-12-02T00:00:01+08:00", "2026-12-04T09:00:00+08:00", false),
            ("43 leap day, in time", "2028-02-26T23:59:59.999+08:00", "2028-02-29T08:00:00+08:00", true),
            ("43 leap day, too late", "2028-02-27T00:00:00+08:00", "2028-02-29T08:00:00+08:00", false),
            ("43 after a leap day, in time", "2028-02-27T23:59:59.999+08:00", "2028-03-01T08:00:00+08:00", true),
            ("43 across the year, in time", "2026-12-29T23:59:59.999+08:00", "2027-01-01T08:00:00+08:00", true),
            ("43 across the year, too late", "2026-12-30T00:00:00+08:00", "2027-01-01T08:00:00+08:00", false),
            ("Monday at the last second may book Thursday", "2026-11-30T23:59:59+08:00", "2026-12-03T08:00:00+08:00", true),
            ("Tuesday at midnight may not", "2026-12-01T00:00:00+08:00", "2026-12-03T08:00:00+08:00", false),
            ("the same day", "2026-12-04T07:00:00+08:00", "2026-12-04T09:00:00+08:00", false),
            ("the past", "2026-12-05T07:00:00+08:00", "2026-12-04T09:00:00+08:00", false),
        ];
        for (shows, received, starts, lawful) in table {
            assert_eq!(verdict(at(received), hour_from(starts), THREE, ZONE).lawful, lawful, "{shows}");
        }
    }

    #[test]
    fn a_meeting_across_midnight_is_judged_by_its_first_day() {
        let slot = Slot { starts_at: at("2026-12-04T23:30:00+08:00"), ends_at: at("2026-12-05T01:00:00+08:00") };
        assert!(verdict(at("2026-12-01T23:59:59.999+08:00"), slot, THREE, ZONE).lawful);
        assert!(!verdict(at("2026-12-02T00:00:00+08:00"), slot, THREE, ZONE).lawful);
    }

    #[test]
    fn a_refusal_offers_the_nearest_thing_that_would_be_allowed() {
        let late = verdict(at("2026-12-02T00:00:00+08:00"), hour_from("2026-12-04T09:00:00+08:00"), THREE, ZONE);
        assert_eq!(late.days_before_use, 2);
        assert_eq!(late.earliest_date.to_string(), "2026-12-05");
        assert_eq!(late.lawful_until, at("2026-12-01T23:59:59.999+08:00"));
    }

    #[test]
    fn a_version_of_five_days_asks_for_five() {
        let five = LeadTime { version: 2, days: 5 };
        assert!(verdict(at("2026-11-29T23:59:59.999+08:00"), hour_from("2026-12-04T09:00:00+08:00"), five, ZONE).lawful);
        assert!(!verdict(at("2026-11-30T00:00:00+08:00"), hour_from("2026-12-04T09:00:00+08:00"), five, ZONE).lawful);
    }

    proptest! {
        /// Lawful, in time for `lawful_until`, and a day of use not before `earliest_date`: one and the same thing.
        #[test]
        fn three_ways_to_say_it_agree(now in 0i64..4_000_000_000_000, ahead in -400_000_000i64..900_000_000) {
            let slot = Slot { starts_at: UnixMs(now + ahead), ends_at: UnixMs(now + ahead + 900_000) };
            let it = verdict(UnixMs(now), slot, THREE, ZONE);
            prop_assert_eq!(it.lawful, now <= it.lawful_until.0);
            prop_assert_eq!(it.lawful, it.use_date >= it.earliest_date);
        }
    }
}
