//! The split of one subscriber's line among its tiles: a pure function. Sound is reserved first. Then a shared screen is made readable: its
//! sharpness is kept and its rate given up, before anyone's camera gets anything. Then every tile gets the least it can be seen with, a screen all
//! it can use, and the rest is handed out level by level in the order of importance: speech and pins, which the client says as priority, then size.

use smallvec::SmallVec;

/// A tile that does not flow yet, or would change to a larger form, must fit with this to spare, in 1/100: a choice that was just
/// possible would be taken back at the next breath of the line.
const SLACK: u64 = 115;

/// What there is to split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bits per second that it is thought to carry.
    pub estimate: u64,
    /// Reserved for sound.
    pub audio: u64,
    /// It cannot be asked for more than media shows (no stream for padding): the only picture is begun though it may be too much, and what
    /// then is lost or late judges it.
    pub mute: bool,
}

/// One video slot that has a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Higher first. A tile that must keep a steady rate of pictures (sign language) would be put before all others, and kept from the forms
    /// with fewer pictures, here.
    pub priority: u8,
    /// A shared screen: text that must be readable.
    pub screen: bool,
    /// Pixels drawn.
    pub area: u32,
    /// The bit rate of each form that flows and is not larger than needed, the smallest first, growing.
    pub options: SmallVec<[u64; 4]>,
    /// The first of them that a screen can be read in.
    pub readable: usize,
    /// Which of them flows now.
    pub current: Option<usize>,
}

/// Writes the option of each tile into `chosen`; `None`: the line does not carry it. Returns what all of it takes, which is at most
/// the estimate unless sound alone takes more, or the line is mute.
pub fn allocate(line: Line, tiles: &[Tile], chosen: &mut Vec<Option<usize>>) -> u64 {
    chosen.clear();
    chosen.resize(tiles.len(), None);
    let mut order: SmallVec<[usize; 16]> = (0..tiles.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse((tiles[*at].priority, tiles[*at].screen, tiles[*at].area)), *at));
    let mut taken = line.audio;
    let mut raise = |at: usize, chosen: &mut Vec<Option<usize>>| {
        let tile = &tiles[at];
        let next = chosen[at].map_or(0, |level| level + 1);
        let Some(rate) = tile.options.get(next) else {
            return false;
        };
        let before = chosen[at].map_or(0, |level| tile.options[level]);
        let more = rate.saturating_sub(before);
        let needed = if tile.current.is_some_and(|current| current >= next) { more } else { more * SLACK / 100 };
        let fits = taken + needed <= line.estimate;
        if fits {
            taken += more;
            chosen[at] = Some(next);
        }
        fits
    };
    let screens = || order.iter().copied().filter(|at| tiles[*at].screen);
    for at in screens() {
        for _ in 0..=tiles[at].readable {
            raise(at, chosen);
        }
    }
    for at in &order {
        if chosen[*at].is_none() {
            raise(*at, chosen);
        }
    }
    for at in screens() {
        while raise(at, chosen) {}
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
    let first = order.iter().find(|at| !tiles[**at].options.is_empty());
    if let Some(at) = first.filter(|_| line.mute && chosen.iter().all(Option::is_none)) {
        chosen[*at] = Some(0);
        taken += tiles[*at].options[0];
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
        Tile { priority, screen: false, area, options: options.into(), readable: 0, current }
    }

    fn split(estimate: u64, tiles: &[Tile]) -> Vec<Option<usize>> {
        let mut chosen = Vec::new();
        allocate(Line { estimate, audio: 40_000, mute: false }, tiles, &mut chosen);
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
    fn a_screen_is_readable_before_anyone_is_seen() {
        // A small form, and the whole size at a quarter, half and all of its pictures.
        let screen = Tile { screen: true, readable: 1, ..tile(0, 1, &[100_000, 400_000, 700_000, 1_200_000], None) };
        let tiles = [tile(9, 900, CAMERA, None), screen];
        for (estimate, expected) in [
            (60_000, [None, None]),
            (160_000, [None, Some(0)]),
            (560_000, [None, Some(1)]),
            (700_000, [Some(0), Some(1)]),
            (1_100_000, [Some(0), Some(2)]),
            (1_600_000, [Some(0), Some(3)]),
            (4_000_000, [Some(2), Some(3)]),
        ] {
            assert_eq!(split(estimate, &tiles), expected, "{estimate}");
        }
    }

    #[test]
    fn the_only_picture_of_a_line_that_cannot_be_asked_is_begun() {
        let wide = [tile(0, 1, &[3_000_000], None), tile(1, 1, &[], None), tile(0, 2, &[2_500_000], None)];
        let mut chosen = Vec::new();
        let mut line = Line { estimate: 2_000_000, audio: 40_000, mute: true };
        assert_eq!(allocate(line, &wide, &mut chosen), 2_540_000);
        assert_eq!(chosen, [None, None, Some(0)]);
        line.mute = false;
        allocate(line, &wide, &mut chosen);
        assert_eq!(chosen, [None, None, None]);
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
                Tile { priority: priority % 3, screen, area, readable: options.len() / 2, options: options.into(), current }
            }).collect();
            let mut chosen = Vec::new();
            let line = Line { estimate, audio, mute: false };
            let taken = allocate(line, &tiles, &mut chosen);
            let sum: u64 = tiles.iter().zip(&chosen).filter_map(|(tile, level)| level.map(|level| tile.options[level])).sum();
            prop_assert_eq!(taken, sum + audio);
            prop_assert!(sum == 0 || taken <= estimate);
            // The same split again is kept: no flapping on a steady line.
            let settled: Vec<Tile> = tiles.iter().zip(&chosen).map(|(tile, level)| Tile { current: *level, ..tile.clone() }).collect();
            let mut again = Vec::new();
            allocate(line, &settled, &mut again);
            for (first, second) in chosen.iter().zip(&again) {
                prop_assert!(second >= first || tiles.len() > 1);
            }
        }
    }
}
