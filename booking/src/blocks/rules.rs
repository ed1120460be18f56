//! The arithmetic of blocks: quarter hours, what is left of a span beside what is taken, and pieces that the schema takes.

use crate::policy::Slot;
use wire::UnixMs;

/// A quarter of an hour: the unit of what occupies a site.
const QUARTER_MS: i64 = 15 * 60_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// The longest row that the schema takes.
const PIECE_MS_MAX: i64 = 31 * DAY_MS;
/// The longest block: a year of rebuilding.
pub const BLOCK_DAYS_MAX: i64 = 366;
/// How far ahead a block without an end takes the site: who is displaced can still apply anew within the lead time (TP-2), and nobody
/// is for a fault that may be mended long before.
pub const STEP_MS: i64 = 7 * DAY_MS;
/// A block without an end is renewed when less than this is left of its last step: once a day.
pub const RENEWED_BELOW_MS: i64 = 6 * DAY_MS;

/// The beginning of the quarter hour.
pub const fn floor(at: UnixMs) -> UnixMs {
    UnixMs(at.0.saturating_sub(at.0.rem_euclid(QUARTER_MS)))
}

/// The end of the quarter hour; an instant on the quarter is its own.
pub const fn ceiling(at: UnixMs) -> UnixMs {
    match at.0.rem_euclid(QUARTER_MS) {
        0 => at,
        over => UnixMs(at.0.saturating_add(QUARTER_MS - over)),
    }
}

/// What of `span` is not in `taken`, in order. `taken` may come in any order and overlap.
pub fn gaps(span: Slot, taken: &[Slot]) -> Vec<Slot> {
    let mut sorted: Vec<Slot> = taken.iter().copied().filter(|it| it.overlaps(span)).collect();
    sorted.sort_by_key(|it| it.starts_at);
    let (mut from, mut gaps) = (span.starts_at, Vec::new());
    for it in sorted {
        if it.starts_at > from {
            gaps.push(Slot { starts_at: from, ends_at: it.starts_at });
        }
        from = from.max(it.ends_at);
    }
    if from < span.ends_at {
        gaps.push(Slot { starts_at: from, ends_at: span.ends_at });
    }
    gaps
}

/// The span in pieces of a month at most.
pub fn pieces(span: Slot) -> Vec<Slot> {
    let mut pieces = Vec::new();
    let mut from = span.starts_at;
    while from < span.ends_at {
        let to = span.ends_at.min(from.saturating_add_ms(PIECE_MS_MAX));
        pieces.push(Slot { starts_at: from, ends_at: to });
        from = to;
    }
    pieces
}

/// What two spans share, if anything.
pub fn shared(a: Slot, b: Slot) -> Option<Slot> {
    a.overlaps(b).then(|| Slot { starts_at: a.starts_at.max(b.starts_at), ends_at: a.ends_at.min(b.ends_at) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slot(from: i64, to: i64) -> Slot {
        Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) }
    }

    #[test]
    fn the_table_of_quarters() {
        for (at, down, up) in [(0, 0, 0), (1, 0, 900_000), (899_999, 0, 900_000), (900_000, 900_000, 900_000), (-1, -900_000, 0)] {
            assert_eq!((floor(UnixMs(at)).0, ceiling(UnixMs(at)).0), (down, up), "{at}");
        }
    }

    #[test]
    fn the_table_of_gaps() {
        let table: [(&[Slot], &[Slot]); 6] = [
            (&[], &[slot(10, 20)]),
            (&[slot(0, 10), slot(20, 30)], &[slot(10, 20)]),
            (&[slot(10, 20)], &[]),
            (&[slot(0, 30)], &[]),
            (&[slot(15, 17), slot(12, 13), slot(16, 18)], &[slot(10, 12), slot(13, 15), slot(18, 20)]),
            (&[slot(5, 12), slot(18, 25)], &[slot(12, 18)]),
        ];
        for (taken, expected) in table {
            assert_eq!(gaps(slot(10, 20), taken), expected, "{taken:?}");
        }
    }

    proptest! {
        /// Gaps and what was taken tile the span; pieces tile what they are of and none is too long.
        #[test]
        fn nothing_is_lost_and_nothing_taken_twice(taken in proptest::collection::vec((0i64..200, 1i64..40), 0..12), days in 1i64..400) {
            let taken: Vec<Slot> = taken.into_iter().map(|(from, length)| slot(from, from + length)).collect();
            let found = gaps(slot(50, 150), &taken);
            for at in 0..200 {
                let within = slot(at, at + 1);
                let count = found.iter().filter(|it| it.overlaps(within)).count();
                let free = (50..150).contains(&at) && !taken.iter().any(|it| it.overlaps(within));
                prop_assert_eq!(count, usize::from(free));
            }
            let cut = pieces(slot(0, days * DAY_MS));
            prop_assert_eq!(cut.iter().map(|it| it.duration_ms()).sum::<i64>(), days * DAY_MS);
            prop_assert!(cut.iter().all(|it| it.duration_ms() <= PIECE_MS_MAX));
            prop_assert!(cut.windows(2).all(|it| it[0].ends_at == it[1].starts_at));
        }
    }
}
