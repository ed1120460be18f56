//! What else there is for somebody whose slot cannot be had: the next slots at the same sites, then the same slot at other sites.

use super::grid::Grid;
use crate::{policy::Slot, sites::Site};
use chrono::{Days, NaiveDate};
use kernel::clock::{civil_date, instant};
use serde::Serialize;
use wire::{UnixMs, id::SiteId};

/// Alternatives offered of each kind: a short list that a person can choose from.
pub const ALTERNATIVES_MAX: usize = 3;
/// Days searched: a room that is full for a month is not helped by a fourth.
pub const DAYS_SEARCHED_MAX: u64 = 31;
const QUARTER_MIN: u32 = 15;

/// The same slot with other sites in the place of those that are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    #[serde(flatten)]
    pub slot: Slot,
    pub sites: Vec<SiteId>,
}

/// What is offered, the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    pub same_sites: Vec<Slot>,
    pub other_sites: Vec<Elsewhere>,
}

/// The next slots of the same length that are free at all `sites`, from the wanted start on and not before `earliest`; `lawful` says of each
/// what time and place do not. `grid` holds what is taken of those sites in the days searched.
pub fn alternatives(wanted: Slot, earliest: NaiveDate, sites: &[&Site], grid: &Grid, lawful: impl Fn(Slot) -> bool) -> Vec<Slot> {
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
            if starts_at >= after && sites.iter().all(|site| site.is_open_for(slot) && grid.is_free(site, slot)) && lawful(slot) {
                found.push(slot);
                if found.len() == ALTERNATIVES_MAX {
                    return found;
                }
            }
        }
    }
    found
}

/// The wanted slot with a site that can be had in the place of each that cannot: it is taken, closed, or not `lawful` then. Nothing where all the
/// sites asked for can be had, or where there are not enough others.
pub fn elsewhere(wanted: Slot, asked: &[&Site], others: &[&Site], grid: &Grid, lawful: impl Fn(&Site) -> bool) -> Vec<Elsewhere> {
    let fits = |site: &&&Site| site.is_open_for(wanted) && grid.is_free(site, wanted) && lawful(site);
    let kept: Vec<SiteId> = asked.iter().filter(fits).map(|site| site.id).collect();
    let missing = asked.len() - kept.len();
    let spare: Vec<SiteId> = others.iter().filter(fits).map(|site| site.id).collect();
    if missing == 0 || spare.len() < missing {
        return Vec::new();
    }
    // Windows of the spare sites, not all combinations: three of them are enough to choose from.
    let in_place = spare.windows(missing).take(ALTERNATIVES_MAX);
    in_place.map(|with| Elsewhere { slot: wanted, sites: kept.iter().chain(with).copied().collect() }).collect()
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
        crate::testing::site()
    }

    #[test]
    fn the_next_three_after_what_is_taken() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T11:00:00");
        let busy = [wanted, slot("2026-12-04T13:00:00", "2026-12-04T14:00:00")];
        let (one, other) = (site(), site());
        let grid = Grid::of(one.id, busy.to_vec()).and(other.id, vec![]);
        assert_eq!(
            alternatives(wanted, "2026-12-04".parse().unwrap(), &[&one, &other], &grid, |_| true),
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
        let found = alternatives(wanted, "2026-12-06".parse().unwrap(), &[&site()], &Grid::default(), |_| true);
        assert_eq!(found[0], slot("2026-12-06T08:00:00", "2026-12-06T09:00:00"));
    }

    #[test]
    fn none_that_is_not_lawful() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T10:00:00");
        let monday = |slot: Slot| slot.starts_at >= at("2026-12-07T00:00:00");
        let found = alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site()], &Grid::default(), monday);
        assert_eq!(found[0], slot("2026-12-07T08:00:00", "2026-12-07T09:00:00"));
    }

    #[test]
    fn none_where_nothing_is_free() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T10:00:00");
        let site = site();
        assert_eq!(alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site], &Grid::of(site.id, vec![searched(wanted)]), |_| true), []);
    }

    #[test]
    fn the_same_slot_elsewhere_keeps_what_is_free() {
        let wanted = slot("2026-12-04T09:00:00", "2026-12-04T10:00:00");
        let (one, two, three, four) = (site(), site(), site(), site());
        let grid = Grid::of(one.id, vec![wanted]).and(four.id, vec![wanted]);
        let found = elsewhere(wanted, &[&one, &two], &[&three, &four], &grid, |_| true);
        assert_eq!(found, [Elsewhere { slot: wanted, sites: vec![two.id, three.id] }]);
        assert_eq!(elsewhere(wanted, &[&two, &three], &[&one], &grid, |_| true), [], "nothing is missing");
        assert_eq!(elsewhere(wanted, &[&one, &four], &[&two], &grid, |_| true), [], "one spare site does not replace two");
        let holiday = two.id;
        let found = elsewhere(wanted, &[&two, &three], &[&four], &Grid::default(), |site| site.id != holiday);
        assert_eq!(found, [Elsewhere { slot: wanted, sites: vec![three.id, four.id] }], "a site with a holiday is replaced");
    }

    proptest! {
        /// Stretches of one site never overlap: the schema keeps that, and the grid builds on it.
        #[test]
        fn every_alternative_is_free_and_within_hours(quarters in 1i64..36, taken in proptest::collection::vec((0i64..3000, 1i64..40), 0..60)) {
            let wanted = Slot { starts_at: at("2026-12-04T09:00:00"), ends_at: at("2026-12-04T09:00:00").saturating_add_ms(quarters * 900_000) };
            let mut busy: Vec<Slot> = Vec::new();
            for (from, quarters) in taken {
                let starts_at = wanted.starts_at.saturating_add_ms(from * 900_000);
                let it = Slot { starts_at, ends_at: starts_at.saturating_add_ms(quarters * 900_000) };
                if !busy.iter().any(|held| held.overlaps(it)) {
                    busy.push(it);
                }
            }
            let site = site();
            for found in alternatives(wanted, "2026-12-04".parse().unwrap(), &[&site], &Grid::of(site.id, busy.clone()), |_| true) {
                prop_assert!(found.within_hours(480, 1020, site.zone()));
                prop_assert!(busy.iter().all(|it| !it.overlaps(found)));
                prop_assert_eq!(found.duration_ms(), wanted.duration_ms());
            }
        }
    }
}
