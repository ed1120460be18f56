//! Tables and properties of the search.

use super::*;
use crate::testing::{NOW, USE, site};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn question(minutes: i64, from: &str, to: &str) -> Question {
    Question { minutes, from: date(from), to: date(to), from_minute: 0, to_minute: 1440 }
}

fn from_use(hours: i64, length: i64) -> Slot {
    let starts_at = USE.saturating_add_ms(hours * HOUR);
    Slot { starts_at, ends_at: starts_at.saturating_add_ms(length * HOUR) }
}

fn starts(found: &[Found]) -> Vec<i64> {
    found.iter().map(|it| (it.starts_at_ms.0 - USE.0) / HOUR).collect()
}

#[test]
fn the_earliest_lawful_comes_first_and_days_off_last() {
    let (one, two) = (site(), site());
    // Tuesday 1 December asks for anything from today on: Friday is the first that is lawful, and the week-end is told after the Monday.
    let (found, more) =
        rank(&question(540, "2026-12-01", "2026-12-07"), NOW, &Policy::first(), &Calendar::default(), &[&one, &two], &Grid::default());
    let dates: Vec<String> = found.iter().map(|it| it.date.to_string()).collect();
    assert_eq!(dates, ["2026-12-04", "2026-12-07", "2026-12-05", "2026-12-06"]);
    assert_eq!(found.iter().map(|it| it.rank).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((found[0].days_before_use, found[0].margin_days, found[1].margin_days), (3, 0, 3));
    assert_eq!(found[2].flags.iter().filter(|it| it.is_rest()).count(), 2, "each site's own");
    assert!(!more);
}

#[test]
fn where_rest_days_are_refused_none_is_told() {
    let (one, two) = (site(), site());
    let mut policy = Policy::first();
    policy.terms.rest_day_use = crate::policy::RestDayUse::Refused;
    let (found, _) = rank(&question(540, "2026-12-01", "2026-12-07"), NOW, &policy, &Calendar::default(), &[&one, &two], &Grid::default());
    assert_eq!(found.iter().map(|it| it.date.to_string()).collect::<Vec<_>>(), ["2026-12-04", "2026-12-07"]);
}

#[test]
fn only_what_is_free_at_every_site_is_told() {
    let (one, two) = (site(), site());
    // 08:00 to 17:00; one site is taken from 9 to 11, the other from 13 to 14.
    let grid = Grid::of(one.id, vec![from_use(0, 2)]).and(two.id, vec![from_use(4, 1)]);
    let (found, _) = rank(&question(120, "2026-12-04", "2026-12-04"), NOW, &Policy::first(), &Calendar::default(), &[&one, &two], &grid);
    assert_eq!(starts(&found), [2, 5], "11 to 13 and 14 to 16");
    let (within, _) = rank(
        &Question { from_minute: 12 * 60, to_minute: 16 * 60, ..question(120, "2026-12-04", "2026-12-04") },
        NOW,
        &Policy::first(),
        &Calendar::default(),
        &[&one, &two],
        &grid,
    );
    assert_eq!(starts(&within), [5]);
}

#[test]
fn nothing_is_found_where_nothing_can_be() {
    let it = site();
    let empty = |question: &Question, grid: &Grid| rank(question, NOW, &Policy::first(), &Calendar::default(), &[&it], grid).0.is_empty();
    assert!(empty(&question(60, "2026-12-01", "2026-12-03"), &Grid::default()), "inside the lead time");
    assert!(empty(&question(60, "2026-12-05", "2026-12-04"), &Grid::default()), "reversed");
    assert!(empty(&question(600, "2026-12-04", "2026-12-04"), &Grid::default()), "longer than the day");
    assert!(empty(&question(60, "2026-12-04", "2026-12-04"), &Grid::of(it.id, vec![from_use(-1, 9)])), "taken all day");
    assert!(
        rank(&question(60, "2026-12-04", "2026-12-04"), NOW, &Policy::first(), &Calendar::default(), &[], &Grid::default()).0.is_empty(),
        "no site"
    );
}

#[test]
fn an_answer_is_bounded() {
    let it = site();
    let (found, more) =
        rank(&question(15, "2026-12-04", "2027-06-30"), NOW, &Policy::first(), &Calendar::default(), &[&it], &Grid::default());
    assert_eq!((found.len(), more), (SLOTS_MAX, true));
}

proptest! {
    /// Whatever is taken: what is told is free, open, lawful and in order, and nothing earlier of its kind was left out.
    #[test]
    fn what_is_told_can_be_had_and_nothing_earlier_could(
        quarters in 1i64..20,
        taken in proptest::collection::vec((0i64..400, 1i64..24, 0usize..2), 0..40),
        ahead in 0i64..3,
    ) {
        let mut sites = [site(), site()];
        sites[1].clear_up_minutes = 15;
        let now = NOW.saturating_add_ms(ahead * 24 * HOUR);
        let mut busy: [Vec<Slot>; 2] = [vec![], vec![]];
        for (from, quarters, at) in taken {
            let starts_at = USE.saturating_add_ms(from * 900_000);
            let it = Slot { starts_at, ends_at: starts_at.saturating_add_ms(quarters * 900_000) };
            if !busy[at].iter().any(|held| held.overlaps(it)) {
                busy[at].push(it);
            }
        }
        let (policy, calendar) = (Policy::first(), Calendar::default());
        let grid = Grid::of(sites[0].id, busy[0].clone()).and(sites[1].id, busy[1].clone());
        let asked = question(quarters * 15, "2026-12-01", "2026-12-12");
        let (found, _) = rank(&asked, now, &policy, &calendar, &[&sites[0], &sites[1]], &grid);
        let can_be_had = |slot: Slot| {
            verdict(now, slot, policy.lead(), &calendar, MALAYSIA).lawful
                && sites.iter().zip(&busy).all(|(site, busy)| {
                    slot.within_hours(480, 1020, MALAYSIA) && busy.iter().all(|it| !it.overlaps(site.occupied(slot)))
                })
        };
        for it in &found {
            let told = Slot { starts_at: it.starts_at_ms, ends_at: it.ends_at_ms };
            prop_assert!(can_be_had(told));
        }
        prop_assert!(found.windows(2).all(|it| (it[0].is_off(), it[0].starts_at_ms) < (it[1].is_off(), it[1].starts_at_ms)));
        // The first of a working day, by trying every quarter of an hour.
        let first = (0..12 * 96).map(|quarter| {
            let starts_at = instant(date("2026-12-01"), 0, MALAYSIA).unwrap().saturating_add_ms(quarter * 900_000);
            Slot { starts_at, ends_at: starts_at.saturating_add_ms(quarters * 900_000) }
        }).find(|slot| !calendar.is_weekend(sites[0].region, civil_date(slot.starts_at, MALAYSIA)) && can_be_had(*slot));
        let told = found.first().filter(|it| !it.is_off()).map(|it| it.starts_at_ms);
        prop_assert_eq!(told, first.map(|it| it.starts_at));
    }
}
