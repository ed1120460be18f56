//! Breakout rooms: rooms of one meeting in which its people are apart for a while. Who stands where is the server's to say: nobody is heard,
//! seen or read from another room.

use crate::{id::*, time::UnixMs};
use serde::{Deserialize, Serialize};

/// A breakout room within its meeting, from 1. The main room has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(transparent)]
#[ts(export)]
pub struct BreakoutNumber(pub u8);

/// A room as a chair asks for it, with whoever begins in it. Numbers follow the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct BreakoutPlan {
    /// At most [`limits::BREAKOUT_NAME_BYTES_MAX`](crate::limits::BREAKOUT_NAME_BYTES_MAX).
    pub name: String,
    #[serde(default)]
    pub sessions: Vec<SessionId>,
}

/// The rooms that are open, as one participant is told of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Breakouts {
    /// In the order of their numbers.
    pub rooms: Vec<BreakoutRoom>,
    /// Everyone chooses a room, and may choose another.
    pub choose: bool,
    /// Everyone may go back to the main room before the end, and from there to where a chair placed them.
    pub may_return: bool,
    /// Then everyone is in the main room again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ends_at_ms: Option<UnixMs>,
    /// Where a chair placed this participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub placed: Option<BreakoutNumber>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct BreakoutRoom {
    pub number: BreakoutNumber,
    pub name: String,
    /// Somebody in it called for help and no chair has come yet. Told to those who chair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub help: Option<HelpCall>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct HelpCall {
    pub session: SessionId,
    pub name: String,
    pub at_ms: UnixMs,
}

/// The rooms as they are kept over a restart of the node. Who stood where is in each one's ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakoutOrder {
    /// In the order of their numbers, from 1.
    pub names: Vec<String>,
    pub choose: bool,
    pub may_return: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<UnixMs>,
}
