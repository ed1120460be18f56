//! Offsets from UTC over time, and the instant that keeps its hour from one set of them to another. Pure.

use std::collections::BTreeMap;
use wire::UnixMs;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Days looked ahead: longer than the policy lets anybody book (730), with a year to spare.
const DAYS_AHEAD: i64 = 1_100;

/// By how many seconds the civil clock is ahead of UTC, each offset from its instant on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets(BTreeMap<i64, i64>);

impl Offsets {
    /// Those of the time from `now` on, as far as anything is booked. The first stands for what is past too.
    pub fn over(now: UnixMs, offset_s: impl Fn(UnixMs) -> i64) -> Self {
        let mut offsets = BTreeMap::from([(0, offset_s(now))]);
        let mut before = now.0;
        for at in (1..=DAYS_AHEAD).map(|days| now.0.saturating_add(days * DAY_MS)) {
            let new = offset_s(UnixMs(at));
            if new != offset_s(UnixMs(before)) {
                offsets.insert(change(before, at, |at| offset_s(UnixMs(at)) == new), new);
            }
            before = at;
        }
        Self(offsets)
    }

    pub(super) fn of(rows: impl IntoIterator<Item = (i64, i64)>) -> Self {
        Self(rows.into_iter().collect())
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().map(|(from, offset)| (*from, *offset))
    }

    /// Seconds.
    pub fn at(&self, at: UnixMs) -> i64 {
        let found = self.0.range(..=at.0).next_back().or_else(|| self.0.iter().next());
        found.map_or(0, |it| *it.1)
    }

    /// Whether the other says the same of every day to come.
    pub fn agrees_with(&self, now: UnixMs, other: &Self) -> bool {
        (0..=DAYS_AHEAD).map(|days| UnixMs(now.0.saturating_add(days * DAY_MS))).all(|at| self.at(at) == other.at(at))
    }

    /// The instant that has by `new` the hour that `at` has by these. An hour that `new` leaves out is the one after the gap.
    pub fn kept(&self, new: &Self, at: UnixMs) -> UnixMs {
        let wall = at.0.saturating_add(self.at(at) * 1000);
        let by = |offset_s: i64| wall.saturating_sub(offset_s * 1000);
        let first = by(new.at(at));
        UnixMs(by(new.at(UnixMs(first))))
    }
}

/// The minute from which on it is so, between one at which it is not and a later one at which it is.
fn change(mut not: i64, mut so: i64, is_so: impl Fn(i64) -> bool) -> i64 {
    while so - not > MINUTE_MS {
        let middle = not + (so - not) / 2;
        match is_so(middle) {
            true => so = middle,
            false => not = middle,
        }
    }
    so - so.rem_euclid(MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_S: i64 = 3_600;
    const NOW: i64 = 1_796_090_400_000;
    const CHANGE: i64 = NOW + 10 * DAY_MS + 6 * 3_600_000;

    fn from(offset_s: i64) -> Offsets {
        Offsets::over(UnixMs(NOW), |at| if at.0 < CHANGE { 8 * HOUR_S } else { offset_s })
    }

    #[test]
    fn a_change_is_found_to_the_minute() {
        assert_eq!(from(9 * HOUR_S).rows().collect::<Vec<_>>(), [(0, 8 * HOUR_S), (CHANGE, 9 * HOUR_S)]);
        assert_eq!(from(8 * HOUR_S).rows().count(), 1);
    }

    #[test]
    fn an_hour_is_kept_on_both_sides_of_the_change() {
        let old = from(8 * HOUR_S);
        for (offset_s, later) in [(9 * HOUR_S, -HOUR_S), (7 * HOUR_S + 1_800, 1_800)] {
            let new = from(offset_s);
            assert_eq!(old.kept(&new, UnixMs(CHANGE - DAY_MS)), UnixMs(CHANGE - DAY_MS), "before it nothing moves");
            assert_eq!(old.kept(&new, UnixMs(CHANGE + DAY_MS)), UnixMs(CHANGE + DAY_MS + later * 1000));
            assert_eq!(new.kept(&new, UnixMs(CHANGE + DAY_MS)), UnixMs(CHANGE + DAY_MS), "once");
            assert!(!old.agrees_with(UnixMs(NOW), &new) && new.agrees_with(UnixMs(NOW), &new));
        }
    }
}
