//! What a client offers to send and asks to see, and what its slots carry.

use super::SourceKind;
use crate::id::*;
use serde::{Deserialize, Serialize};

/// What the client will send on an m-line of its offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct PublishIntent {
    /// `a=mid` of the m-line (RFC 5888).
    pub mid: String,
    pub kind: SourceKind,
    pub muted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct SlotRequest {
    pub mid: String,
    /// `null` frees the slot.
    pub source: Option<SourceId>,
    /// Pixels drawn: the server sends no larger layer than this needs.
    pub width: u16,
    pub height: u16,
    /// Higher first when the line is short: pinned and speaking tiles.
    #[serde(default)]
    pub priority: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct SlotState {
    pub mid: String,
    /// What it carries. `null`: nothing.
    pub source: Option<SourceId>,
    pub session: Option<SessionId>,
    /// Why nothing flows although a source is set.
    #[ts(optional)]
    pub paused: Option<PauseReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PauseReason {
    /// Its owner, or the host, muted it.
    Muted,
    /// The receiver's line does not carry it now.
    Bandwidth,
    /// It is expected and has not arrived.
    Waiting,
    /// Its sender's connection is lost.
    Disconnected,
}

/// The layers of one's own source that somebody watches. The others need not be sent: to go on with them costs the sender's line and
/// nobody gains. A layer is asked for again at once when somebody needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct SourceLayers {
    pub source: SourceId,
    pub kind: SourceKind,
    /// By `a=rid` (RFC 8851), the lowest first; the lowest is always among them.
    pub rids: Vec<String>,
}
