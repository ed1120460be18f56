//! Who was in a meeting, and what was kept of it: from the facts of the media plane, for the host and for whoever audits.
//!
//! | | |
//! |---|---|
//! | [`store`] | stays, and the kept lines and polls, as stored |
//! | [`csv`] | the stays for a spreadsheet |
//! | [`http`] | the routes |

pub mod csv;
pub mod http;
pub(crate) mod store;

#[cfg(test)]
pub(crate) use store::SQL;
#[cfg(test)]
mod tests;

use identity::PersonRef;
use serde::Serialize;
use wire::{UnixMs, grant::Role};

/// One stay in a meeting: somebody's, or a room system's for everyone who sat in the room.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Stay {
    /// Of a room system: absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// From which room, where the person had a seat or it is the room's own system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    pub room_system: bool,
    pub joined_at_ms: UnixMs,
    /// Breakout rooms in which the person stood, and the main room again, in order; empty where the person never left the main room.
    pub rooms: Vec<StayRoom>,
    /// Absent while the stay lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at_ms: Option<UnixMs>,
    /// Why it ended (`left`, `lost`, `removed`, `meeting_ended`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// From when on somebody stood in a room of the meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StayRoom {
    /// Name of the breakout room; absent: the main room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakout: Option<String>,
    pub from_ms: UnixMs,
}

/// One line of the chat that was said to everyone (CLASS-5: of a TERBUKA meeting alone).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeptLine {
    pub name: String,
    pub text: String,
    /// Name of the breakout room in which it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakout: Option<String>,
    pub at_ms: UnixMs,
}

/// What a poll came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeptPoll {
    pub question: String,
    pub anonymous: bool,
    pub closed_at_ms: UnixMs,
    pub choices: Vec<KeptChoice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeptChoice {
    pub choice: String,
    pub votes: u32,
    /// By whom; empty where the poll was anonymous.
    pub names: Vec<String>,
}
