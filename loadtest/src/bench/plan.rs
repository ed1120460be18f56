//! What is measured: the situations, and how long.

use super::{
    contestants::{Name, Person},
    generator::publisher::Sends,
};
use std::time::Duration;

/// A number of rooms alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// One sends to so many.
    Lecture(usize),
    /// Everybody sends to everybody.
    Meeting(usize),
}

impl Situation {
    pub const ALL: [Self; 5] = [Self::Lecture(1), Self::Lecture(10), Self::Lecture(50), Self::Lecture(100), Self::Meeting(10)];

    pub fn name(self) -> String {
        match self {
            Self::Lecture(count) => format!("1→{count}"),
            Self::Meeting(count) => format!("{count}×{count}"),
        }
    }

    /// How many get each picture.
    pub const fn watchers(self) -> usize {
        match self {
            Self::Lecture(count) => count,
            Self::Meeting(count) => count - 1,
        }
    }

    /// Connections at most: Janus has two for who sends and receives.
    pub const fn connections(self) -> usize {
        match self {
            Self::Lecture(count) => count + 1,
            Self::Meeting(count) => 2 * count,
        }
    }

    /// Those who send first.
    pub fn people(self, room: u32, sends: Sends) -> Vec<Person> {
        match self {
            Self::Lecture(count) => {
                let viewer = Person { room, sends: None, hears: 3, sees: 1 };
                let mut people = vec![viewer; count + 1];
                people[0] = Person { sends: Some(sends), hears: 0, sees: 0, ..viewer };
                people
            }
            // A client may offer 8 slots for sound.
            Self::Meeting(count) => vec![Person { room, sends: Some(sends), hears: (count - 1).min(8), sees: count - 1 }; count],
        }
    }
}

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Settings {
    pub situations: Vec<Situation>,
    pub contestants: Vec<Name>,
    pub rounds: usize,
    pub window: Duration,
    /// A contestant that estimates lines gets this long to find that they are wide.
    pub warm_max: Duration,
    /// Subscribers of each step of the search; none: no search.
    pub steps: Vec<usize>,
    pub joins: usize,
    pub rush: usize,
    pub memory: bool,
    /// A core for the contestant, another for the generator.
    pub pins: bool,
}

impl Settings {
    pub fn whole() -> Self {
        Self {
            situations: Situation::ALL.to_vec(),
            contestants: vec![Name::Floor, Name::Node, Name::Janus],
            rounds: 3,
            window: Duration::from_secs(5),
            warm_max: Duration::from_secs(30),
            steps: vec![50, 100, 150, 200, 250, 300, 400, 500, 600, 800],
            joins: 100,
            rush: 500,
            memory: true,
            pins: true,
        }
    }

    /// Only that everything works: a few seconds, floor and node.
    pub fn tiny() -> Self {
        Self {
            situations: vec![Situation::Lecture(3), Situation::Meeting(2)],
            contestants: vec![Name::Floor, Name::Node],
            rounds: 1,
            window: Duration::from_millis(300),
            warm_max: Duration::from_secs(2),
            steps: Vec::new(),
            joins: 2,
            rush: 0,
            memory: false,
            pins: false,
            ..Self::whole()
        }
    }
}

/// Subscribers of one room in the search: more of them make more rooms.
pub const ROOM_SUBSCRIBERS: usize = 100;
/// What a step must hold.
pub const LOSS_MAX: f64 = 0.001;
pub const LATENCY_MS_P99_MAX: f64 = 5.0;
