//! What a chair decides for everyone: who may do what, who has the floor, who comes through the door.

use super::BreakoutOrder;
use crate::{
    grant::{Act, LobbyPolicy, Role},
    id::{PersonId, SessionId},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What members and guests may do of what their grants permit: to speak, to show their camera, to share, to chat. Whoever chairs may
/// always. It takes away and never adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct RoleRules {
    pub members: BTreeSet<Act>,
    pub guests: BTreeSet<Act>,
}

impl RoleRules {
    /// The acts that the rules are about.
    pub const ACTS: [Act; 4] = [Act::PublishAudio, Act::PublishVideo, Act::ShareScreen, Act::Chat];

    /// Whether someone of this role may, as far as the rules say.
    pub fn permit(&self, role: Role, act: Act) -> bool {
        match role {
            Role::Host | Role::CoHost => true,
            Role::Member => !Self::ACTS.contains(&act) || self.members.contains(&act),
            Role::Guest => !Self::ACTS.contains(&act) || self.guests.contains(&act),
        }
    }

    /// Only of what the rules are about.
    pub fn is_lawful(&self) -> bool {
        self.members.union(&self.guests).all(|act| Self::ACTS.contains(act))
    }
}

impl Default for RoleRules {
    fn default() -> Self {
        Self { members: Self::ACTS.into(), guests: Self::ACTS.into() }
    }
}

/// The floor is given from one to the next; nobody else but a chair is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Floor {
    /// Who has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub holder: Option<SessionId>,
    /// Each may speak this long; absent: without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seconds: Option<u16>,
    /// Then the holder is silenced and the floor is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ends_at_ms: Option<UnixMs>,
}

/// Who stays when a meeting is over for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Debrief {
    /// Those who chair.
    Chairs,
    /// Everyone but the guests.
    Officers,
}

impl Debrief {
    pub const fn keeps(self, role: Role) -> bool {
        match self {
            Self::Chairs => role.chairs(),
            Self::Officers => !matches!(role, Role::Guest),
        }
    }
}

/// The door of a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Door {
    /// Nobody comes in who was not here when it was locked, but those who chair.
    pub locked: bool,
    pub lobby: LobbyPolicy,
    /// The meeting is over for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub debrief: Option<Debrief>,
}

/// Somebody who waits before the door: seen by those who may let people in, and receiving nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Waiting {
    pub session: SessionId,
    pub person: PersonId,
    pub name: String,
    pub agency: String,
    pub identified: Identified,
    pub since_ms: UnixMs,
    /// Was inside before and was sent back.
    pub sent_back: bool,
}

/// How it is known who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Identified {
    /// An account of an officer.
    Account,
    /// The key of an enrolled room system.
    Device,
    /// Whoever holds the invitation: the name is as the host wrote it.
    Invitation,
}

/// What was decided about a meeting as a whole: it holds when everyone has left, and over a restart of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub door: Door,
    pub rules: RoleRules,
    /// The floor is given; whoever has it then has it no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<FloorRule>,
    /// Breakout rooms that are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakouts: Option<BreakoutOrder>,
}

/// How the floor is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u16>,
}
