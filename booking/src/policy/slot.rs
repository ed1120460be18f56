//! A slot: a half-open stretch of time, in quarter hours. Its rules are of the room, not of the applicant.

use super::Terms;
use chrono_tz::Tz;
use kernel::clock::{civil_date, civil_minute};
use wire::UnixMs;

/// A quarter of an hour: the unit of the schema's own check.
const QUARTER_MS: i64 = 15 * 60 * 1000;
/// From `starts_at`, included, to `ends_at`, excluded: 10:00 to 11:00 touches 11:00 to 12:00 and does not overlap it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Slot {
    #[serde(rename = "starts_at_ms")]
    pub starts_at: UnixMs,
    #[serde(rename = "ends_at_ms")]
    pub ends_at: UnixMs,
}

/// What is wrong with a slot itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotFault {
    /// It ends when it begins, or before.
    Empty,
    QuarterHour,
    TooLong,
    /// It is further ahead than may be booked.
    TooFar,
    /// It is not within one day's opening hours.
    OpeningHours,
}

impl SlotFault {
    pub const fn bound(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::QuarterHour => "quarter_hour",
            Self::TooLong => "duration_max",
            Self::TooFar => "advance_max",
            Self::OpeningHours => "opening_hours",
        }
    }
}

impl Slot {
    pub const fn duration_ms(self) -> i64 {
        self.ends_at.0.saturating_sub(self.starts_at.0)
    }

    pub const fn overlaps(self, other: Self) -> bool {
        self.starts_at.0 < other.ends_at.0 && other.starts_at.0 < self.ends_at.0
    }

    /// What is wrong with it wherever it is held.
    pub fn faults(self, now: UnixMs, terms: &Terms) -> Vec<SlotFault> {
        let mut faults = Vec::new();
        if self.duration_ms() <= 0 {
            faults.push(SlotFault::Empty);
        } else if self.duration_ms() > terms.slot_minutes_max * 60_000 {
            faults.push(SlotFault::TooLong);
        }
        if self.starts_at.0.rem_euclid(QUARTER_MS) != 0 || self.ends_at.0.rem_euclid(QUARTER_MS) != 0 {
            faults.push(SlotFault::QuarterHour);
        }
        if self.starts_at.0 > now.0.saturating_add(terms.advance_days_max * 86_400_000) {
            faults.push(SlotFault::TooFar);
        }
        faults
    }

    /// Whether it lies within one day's opening hours of a place. Hours may end with the day (minute 1440).
    pub fn within_hours(self, opens_minute: i64, closes_minute: i64, zone: Tz) -> bool {
        let last = self.ends_at.saturating_add_ms(-1);
        civil_date(self.starts_at, zone) == civil_date(last, zone)
            && i64::from(civil_minute(self.starts_at, zone)) >= opens_minute
            && i64::from(civil_minute(last, zone)) < closes_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{MALAYSIA as ZONE, Policy};
    use chrono::DateTime;

    fn slot(from: &str, to: &str) -> Slot {
        let at = |text: &str| UnixMs(DateTime::parse_from_rfc3339(&format!("{text}+08:00")).unwrap().timestamp_millis());
        Slot { starts_at: at(from), ends_at: at(to) }
    }

    #[test]
    fn vector_42_the_table_of_slots() {
        let terms = &Policy::first().terms;
        let now = slot("2026-12-01T00:00:00", "2026-12-01T00:15:00").starts_at;
        let table: [(Slot, &[SlotFault]); 9] = [
            (slot("2026-12-04T09:00:00", "2026-12-04T10:00:00"), &[]),
            (slot("2026-12-04T09:00:00", "2026-12-04T09:00:00"), &[SlotFault::Empty]),
            (slot("2026-12-04T10:00:00", "2026-12-04T09:00:00"), &[SlotFault::Empty]),
            (slot("2026-12-04T09:00:01", "2026-12-04T10:00:00"), &[SlotFault::QuarterHour]),
            (slot("2026-12-04T09:00:00", "2026-12-04T10:07:00"), &[SlotFault::QuarterHour]),
            (slot("2026-12-04T08:00:00", "2026-12-04T17:00:00"), &[]),
            (slot("2026-12-04T08:00:00", "2026-12-04T17:15:00"), &[SlotFault::TooLong]),
            (slot("2026-12-04T09:00:00", "2026-12-05T10:00:00"), &[SlotFault::TooLong]),
            (slot("2027-12-04T09:00:00", "2027-12-04T10:00:00"), &[SlotFault::TooFar]),
        ];
        for (slot, faults) in table {
            assert_eq!(slot.faults(now, terms), faults, "{slot:?}");
        }
        let wild = Slot { starts_at: UnixMs(i64::MIN), ends_at: UnixMs(i64::MAX) };
        assert!(!wild.faults(now, terms).is_empty());
    }

    #[test]
    fn the_table_of_opening_hours() {
        let table = [
            ("2026-12-04T08:00:00", "2026-12-04T17:00:00", true),
            ("2026-12-04T07:45:00", "2026-12-04T09:00:00", false),
            ("2026-12-04T16:00:00", "2026-12-04T17:15:00", false),
            ("2026-12-04T16:00:00", "2026-12-05T09:00:00", false),
        ];
        for (from, to, within) in table {
            assert_eq!(slot(from, to).within_hours(480, 1020, ZONE), within, "{from} {to}");
        }
        assert!(slot("2026-12-04T23:00:00", "2026-12-05T00:00:00").within_hours(0, 1440, ZONE), "hours may end with the day");
    }

    #[test]
    fn back_to_back_does_not_overlap() {
        let (first, second) = (slot("2026-12-04T09:00:00", "2026-12-04T10:00:00"), slot("2026-12-04T10:00:00", "2026-12-04T11:00:00"));
        assert!(!first.overlaps(second) && !second.overlaps(first) && first.overlaps(first));
    }
}
