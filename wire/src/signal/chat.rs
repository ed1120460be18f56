//! What people write to each other, and the short signs that they give.

use super::BreakoutNumber;
use crate::{id::*, time::UnixMs};
use serde::{Deserialize, Serialize};

/// One line of the chat (MEET-2). Numbers grow within a meeting and are never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ChatLine {
    pub number: u32,
    pub from: ChatPerson,
    /// To this person alone; absent: to everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub to: Option<ChatPerson>,
    pub text: String,
    /// The people whom it names: each is in the meeting when it is said.
    pub mentions: Vec<PersonId>,
    /// Said in this room, and read there alone; absent: in the main room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub breakout: Option<BreakoutNumber>,
    /// A chair says it to all rooms.
    #[serde(default)]
    pub announcement: bool,
    pub at_ms: UnixMs,
}

/// Somebody in the chat. Named by person, because people come back under another session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ChatPerson {
    pub person: PersonId,
    pub name: String,
    pub agency: String,
    /// Came by an invitation and has no account.
    pub guest: bool,
}

/// A sign that is seen for a moment and kept nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Reaction {
    ThumbsUp,
    Clap,
    Heart,
    Laugh,
    Surprise,
    Thinking,
}
