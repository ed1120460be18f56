//! How long an undecided application holds its slot: until an hour of a working day before the day of use, so that a slot that nobody will
//! be allowed to use comes back while somebody else can still be told.

use super::{Policy, Slot};
use crate::holidays::Calendar;
use chrono_tz::Tz;
use kernel::clock::{civil_date, instant};
use wire::UnixMs;

impl Policy {
    /// The instant at which the hold of an application for `slot` ends, if it is undecided then. Never after the start; where the rule's own
    /// instant lies before the application came (a short lead time), the start itself.
    pub fn hold_until(&self, received_at: UnixMs, slot: Slot, calendar: &Calendar, zone: Tz) -> UnixMs {
        let use_date = civil_date(slot.starts_at, zone);
        let day = calendar.working_day_before(self.terms.region, use_date, self.terms.hold_working_days);
        let minute = u32::try_from(self.terms.hold_until_minute).unwrap_or(0);
        match instant(day, minute, zone) {
            Some(until) if until > received_at => until.min(slot.starts_at),
            _ => slot.starts_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::MALAYSIA;
    use chrono::DateTime;

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().timestamp_millis())
    }

    #[test]
    fn the_table_of_holds() {
        let table = [
            ("the day before", "2026-11-27T09:00", "2026-12-03T09:00", 1, 1020, "2026-12-02T17:00"),
            ("over a weekend", "2026-11-27T09:00", "2026-12-07T09:00", 1, 1020, "2026-12-04T17:00"),
            ("two working days", "2026-11-27T09:00", "2026-12-07T09:00", 2, 1020, "2026-12-03T17:00"),
            ("until the morning of use", "2026-11-27T09:00", "2026-12-03T09:00", 0, 480, "2026-12-03T08:00"),
            ("never after the start", "2026-11-27T09:00", "2026-12-03T09:00", 0, 1020, "2026-12-03T09:00"),
            ("asked for after it", "2026-12-02T18:00", "2026-12-03T09:00", 1, 1020, "2026-12-03T09:00"),
        ];
        for (shows, received, starts, days, minute, until) in table {
            let mut policy = Policy::first();
            policy.terms.hold_working_days = days;
            policy.terms.hold_until_minute = minute;
            let slot = Slot { starts_at: at(starts), ends_at: at(starts).saturating_add_ms(3_600_000) };
            assert_eq!(policy.hold_until(at(received), slot, &Calendar::default(), MALAYSIA), at(until), "{shows}");
        }
    }
}
