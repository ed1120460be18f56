//! Where media goes round.

use wire::{id::MeetingId, signal::BreakoutNumber};

/// The main room of a meeting, or one of its breakout rooms. Nothing of one space is given to anybody in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space {
    pub meeting: MeetingId,
    /// Absent: the main room.
    pub breakout: Option<BreakoutNumber>,
}

impl From<MeetingId> for Space {
    fn from(meeting: MeetingId) -> Self {
        Self { meeting, breakout: None }
    }
}
