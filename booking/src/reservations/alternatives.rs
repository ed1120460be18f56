//! The nearest lawful slots for somebody whose slot was taken: same sites, same length, first free first.

use crate::{policy::Slot, sites::Site};
use chrono::{Days, NaiveDate};
use kernel::clock::{civil_date, instant};
use wire::UnixMs;

/// Alternatives offered: a short list that a person can choose from.
pub const ALTERNATIVES_MAX: usize = 3;
/// Days searched: a room that is full for a month is not helped by a fourth.
pub const DAYS_SEARCHED_MAX: u64 = 31;
const QUARTER_MIN: u32 = 15;

/// The next slots of the same length that are free at all `sites`, from the wanted start on and not before `earliest`.
/// `busy` are the occupancies of those sites in the days searched.
pub fn alternatives(wanted: Slot, earliest: NaiveDate, sites: &[&Site], busy: &[Slot]) -> Vec<Slot> {
    let mut found: Vec<Slot> = Vec::new();
    let Some(first) = sites.first() else { return found };
    let (opens, closes) = hours(sites);
    let from = civil_date(wanted.starts_at, first.zone()).max(earliest);
    for day in (0..DAYS_SEARCHED_MAX).map_while(|ahead| from.checked_add_days(Days::new(ahead))) {
        let mut minute = opens;
        while minute < closes {
            let Some(starts_at) = instant(day, minute, first.zone()) else { break };
            let slot = Slot { starts_at, ends_at: starts_at.saturating_add_ms(wanted.duration_ms()) };
            minute += QUARTER_MIN;
            let after = found.last().map_or(wanted.starts_at, |last| last.ends_at);
            if starts_at < after || !sites.iter().all(|site| site.is_open_for(slot)) {
                continue;
            }
            if busy.iter().all(|taken| !taken.overlaps(slot)) {
                found.push(slot);
                if found.len() == ALTERNATIVES_MAX {
                    return found;
                }
            }
        }
    }
    found
}

/// The stretch of time in which an alternative can lie: what the store has to look through.
pub fn searched(wanted: Slot) -> Slot {
    Slot { starts_at: wanted.starts_at, ends_at: UnixMs(wanted.starts_at.0.saturating_add((DAYS_SEARCHED_MAX as i64 + 8) * 86_400_000)) }
}

fn hours(sites: &[&Site]) -> (u32, u32) {
    let minute = |of: Option<i64>, or| of.and_then(|it| u32::try_from(it).ok()).unwrap_or(or);
    (minute(sites.iter().map(|site| site.opens_minute).min(), 0), minute(sites.iter().map(|site| site.closes_minute).max(), 1440))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("{text}+08:00")).unwrap().timestamp_millis())
    }
    fn slot(from: &str, to: &str) -> Slot {
        Slot { starts_at: at(from), ends_at: at(to) }
    }
    fn site() -> Site {
        Site::sample(1)
    }

    #[test]
    fn the_next_three_after_what_is_taken() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T11:00:00");
        let busy = [wanted, slot("2026-12-04T13:00:00", "2026-12-04T14:00:00")];
        assert_eq!(
            alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site(), &site()], &busy),
            [
                slot("2026-12-04T11:00:00", "2026-12-04T13:00:00"),
                slot("2026-12-04T14:00:00", "2026-12-04T16:00:00"),
                slot("2026-12-05T08:00:00", "2026-12-05T10:00:00"),
            ]
        );
    }

    #[test]
    fn none_lies_before_the_earliest_lawful_day() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T10:00:00");
        let found = alternatives(wanted, "2026-12-06".parse().unwrap(), &[&site()], &[]);
        assert_eq!(found[0], slot("2026-12-06T08:00:00", "2026-12-06T09:00:00"));
    }

    #[test]
    fn none_where_nothing_is_free() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T10:00:00");
        assert_eq!(alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site()], &[searched(wanted)]), []);
    }

    proptest! {
        #[test]
        fn every_alternative_is_free_and_within_hours(quarters in 1i64..36, taken in proptest::collection::vec((0i64..3000, 1i64..40), 0..60)) {
            let wanted = Slot { starts_at: at("2026-12-04T09:00:00"), ends_at: at("2026-12-04T09:00:00").saturating_add_ms(quarters * 900_000) };
            let busy: Vec<Slot> = taken.into_iter().map(|(from, quarters)| {
                let starts_at = wanted.starts_at.saturating_add_ms(from * 900_000);
                Slot { starts_at, ends_at: starts_at.saturating_add_ms(quarters * 900_000) }
            }).collect();
            let site = site();
            for found in alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site], &busy) {
                prop_assert!(found.within_hours(480, 1020, site.zone()));
                prop_assert!(busy.iter().all(|it| !it.overlaps(found)));
                prop_assert_eq!(found.duration_ms(), wanted.duration_ms());
            }
        }
    }
}
