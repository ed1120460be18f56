//! The split of one subscriber's line among its tiles: a pure function. Sound is reserved first; then every tile gets the least it can
//! be seen with, a shared screen all it can use, and the rest is handed out level by level in the order of importance.

use smallvec::SmallVec;

/// A tile that does not flow yet, or would change to a larger layer, must fit with this to spare, in 1/100: a choice that was just
/// possible would be taken back at the next breath of the line.
const SLACK: u64 = 115;

/// One video slot that has a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Higher first.
    pub priority: u8,
    /// A shared screen: text that must be readable.
    pub screen: bool,
    /// Pixels drawn.
    pub area: u32,
    /// The bit rate of each layer that flows and is not larger than needed, the smallest first, growing.
    pub options: SmallVec<[u64; 4]>,
    /// Which of them flows now.
    pub current: Option<usize>,
}

/// Writes the option of each tile into `chosen`; `None`: the line does not carry it. Returns what all of it takes, which is at most
/// `estimate` unless sound alone takes more.
pub fn allocate(estimate: u64, audio: u64, tiles: &[Tile], chosen: &mut Vec<Option<usize>>) -> u64 {
    chosen.clear();
    chosen.resize(tiles.len(), None);
    let mut order: SmallVec<[usize; 16]> = (0..tiles.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse((tiles[*at].priority, tiles[*at].screen, tiles[*at].area)), *at));
    let mut taken = audio;
    let mut raise = |at: usize, chosen: &mut Vec<Option<usize>>| {
        let tile = &tiles[at];
        let next = chosen[at].map_or(0, |level| level + 1);
        let Some(rate) = tile.options.get(next) else {
            return;
        };
        let before = chosen[at].map_or(0, |level| tile.options[level]);
        let more = rate.saturating_sub(before);
        let needed = if tile.current.is_some_and(|current| current >= next) { more } else { more * SLACK / 100 };
        if taken + needed <= estimate {
            taken += more;
            chosen[at] = Some(next);
        }
    };
    for at in &order {
        raise(*at, chosen);
    }
    for at in order.iter().filter(|at| tiles[**at].screen) {
        for _ in 1..tiles[*at].options.len() {
            raise(*at, chosen);
        }
    }
    // Tiles of one importance grow together; a more important one is full before the next begins.
    let mut begin = 0;
    while begin < order.len() {
        let priority = tiles[order[begin]].priority;
        let end = order[begin..].iter().position(|at| tiles[*at].priority != priority).map_or(order.len(), |length| begin + length);
        let levels = order[begin..end].iter().map(|at| tiles[*at].options.len()).max().unwrap_or(0);
        for level in 1..levels {
            for at in &order[begin..end] {
                if chosen[*at] == Some(level - 1) {
                    raise(*at, chosen);
                }
            }
        }
        begin = end;
    }
    taken
}

/// What all tiles would take if the line were wide.
pub fn desired(audio: u64, tiles: &[Tile]) -> u64 {
    audio + tiles.iter().filter_map(|tile| tile.options.last()).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tile(priority: u8, area: u32, options: &[u64], current: Option<usize>) -> Tile {
        Tile { priority, screen: false, area, options: options.into(), current }
    }

    fn split(estimate: u64, tiles: &[Tile]) -> Vec<Option<usize>> {
        let mut chosen = Vec::new();
        allocate(estimate, 40_000, tiles, &mut chosen);
        chosen
    }

    const CAMERA: &[u64] = &[150_000, 500_000, 1_500_000];

    #[test]
    fn the_table() {
        let two = [tile(0, 100, CAMERA, None), tile(0, 200, CAMERA, None)];
        for (name, estimate, tiles, expected) in [
            ("nothing but sound", 100_000, &two[..], vec![None, None]),
            ("one readable: the larger", 300_000, &two, vec![None, Some(0)]),
            ("both readable before one is fine", 700_000, &two, vec![Some(0), Some(0)]),
            ("the larger grows first", 850_000, &two, vec![Some(0), Some(1)]),
            ("all", 5_000_000, &two, vec![Some(2), Some(2)]),
            ("importance before size", 850_000, &[tile(1, 10, CAMERA, None), tile(0, 900, CAMERA, None)], vec![Some(1), Some(0)]),
            ("no layer flows", 5_000_000, &[tile(0, 1, &[], None)], vec![None]),
        ] {
            assert_eq!(split(estimate, tiles), expected, "{name}");
        }
        let screen = Tile { screen: true, ..tile(0, 1, &[200_000, 900_000], None) };
        assert_eq!(split(1_200_000, &[tile(0, 900, CAMERA, None), screen]), vec![Some(0), Some(1)], "text before faces");
    }

    #[test]
    fn what_flows_stays_where_what_does_not_must_fit_with_room() {
        let estimate = 40_000 + 500_000;
        assert_eq!(split(estimate, &[tile(0, 1, CAMERA, None)]), vec![Some(0)]);
        assert_eq!(split(estimate, &[tile(0, 1, CAMERA, Some(1))]), vec![Some(1)]);
        assert_eq!(split(estimate - 1, &[tile(0, 1, CAMERA, Some(1))]), vec![Some(0)]);
    }

    proptest! {
        #[test]
        fn never_more_than_the_line_carries(estimate in 0u64..8_000_000, audio in 0u64..400_000, raw in proptest::collection::vec((any::<u8>(), any::<bool>(), any::<u32>(), proptest::collection::vec(1u64..2_000_000, 0..4), proptest::option::of(0usize..4)), 0..20)) {
            let tiles: Vec<Tile> = raw.into_iter().map(|(priority, screen, area, mut options, current)| {
                options.sort_unstable();
                Tile { priority: priority % 3, screen, area, options: options.into(), current }
            }).collect();
            let mut chosen = Vec::new();
            let taken = allocate(estimate, audio, &tiles, &mut chosen);
            let sum: u64 = tiles.iter().zip(&chosen).filter_map(|(tile, level)| level.map(|level| tile.options[level])).sum();
            prop_assert_eq!(taken, sum + audio);
            prop_assert!(sum == 0 || taken <= estimate);
            // The same split again is kept: no flapping on a steady line.
            let settled: Vec<Tile> = tiles.iter().zip(&chosen).map(|(tile, level)| Tile { current: *level, ..tile.clone() }).collect();
            let mut again = Vec::new();
            allocate(estimate, audio, &settled, &mut again);
            for (first, second) in chosen.iter().zip(&again) {
                prop_assert!(second >= first || tiles.len() > 1);
            }
        }
    }
}
