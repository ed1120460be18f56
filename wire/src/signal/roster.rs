//! Who is in a meeting, and what each of them sends.

use super::BreakoutNumber;
use crate::{grant::*, id::*, time::UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A row of the roster. Whoever receives media has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Participant {
    pub session: SessionId,
    pub kind: ParticipantKind,
    pub person: PersonId,
    pub name: String,
    pub agency: String,
    pub role: Role,
    #[ts(optional)]
    pub seat: Option<Seat>,
    /// Of a room system: whose room it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room_system: Option<RoomSystem>,
    #[ts(optional)]
    pub hand_raised_at_ms: Option<UnixMs>,
    /// What a chair allowed this participant beyond the rules for the role.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[ts(as = "Option<BTreeSet<Act>>", optional)]
    pub allowed: BTreeSet<Act>,
    /// The breakout room in which the participant is; absent: the main room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub breakout: Option<BreakoutNumber>,
    pub joined_at_ms: UnixMs,
    /// False while the connection is lost and may come back.
    pub connected: bool,
    pub sources: Vec<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ParticipantKind {
    Person,
    /// A site's room system: everyone who sits there, in one row.
    RoomSystem,
    /// The media plane's recorder: it receives, so it stands in the roster.
    Recorder,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Source {
    pub source: SourceId,
    pub kind: SourceKind,
    pub muted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SourceKind {
    Microphone,
    Camera,
    ShareVideo,
    ShareAudio,
}

impl SourceKind {
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Microphone | Self::ShareAudio)
    }

    /// The act that permits sending it.
    pub const fn act(self) -> Act {
        match self {
            Self::Microphone => Act::PublishAudio,
            Self::Camera => Act::PublishVideo,
            Self::ShareVideo | Self::ShareAudio => Act::ShareScreen,
        }
    }
}
