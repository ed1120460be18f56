//! What the planes tell each other: few commands down, numbered facts up.

use crate::{classification::Classification, grant::*, id::*, rule::Rule, signal::*, time::UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A command of the control plane to a media node. Repeating one is harmless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Nobody stays, and no grant with an epoch below `epoch` is taken any more.
    EndRoom { room: MeetingId, epoch: u32, reason: LeaveReason },
    /// The person's sessions end; no grant issued before `not_before` (seconds) is taken. Whom the host removed (`removed`) has no grant
    /// taken at all; who was sent back (`sent_back`) waits before the door.
    RemovePerson { room: MeetingId, person: PersonId, not_before: i64, reason: LeaveReason },
    /// What the person may do from now on.
    ReplaceGrant { room: MeetingId, person: PersonId, role: Role, acts: BTreeSet<Act> },
    /// The booked window ends later than the grants say (seconds): nobody inside is sent away before.
    ExtendRoom { room: MeetingId, closes_at: i64 },
    /// What the chair decided about the meeting as a whole. Each decision has its own time, so that none is taken for a repetition of an
    /// earlier one; the latest holds.
    KeepOrder { room: MeetingId, at_ms: UnixMs, order: Order },
    /// Somebody whom the host removed may come again.
    ReadmitPerson { room: MeetingId, person: PersonId, at_ms: UnixMs },
    /// CLASS-6
    RaiseClassification { room: MeetingId, to: Classification },
}

impl Command {
    /// The meeting that it is about.
    pub const fn room(&self) -> MeetingId {
        match self {
            Self::EndRoom { room, .. }
            | Self::RemovePerson { room, .. }
            | Self::ReplaceGrant { room, .. }
            | Self::ExtendRoom { room, .. }
            | Self::KeepOrder { room, .. }
            | Self::ReadmitPerson { room, .. }
            | Self::RaiseClassification { room, .. } => *room,
        }
    }
}

/// A command with its number. Numbers grow; a node acknowledges the highest it has carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberedCommand {
    pub number: i64,
    pub command: Command,
}

/// What happened in the media plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    RoomOpened {
        classification: Classification,
    },
    RoomClosed,
    Joined {
        session: SessionId,
        /// Of a room system the device, by the same UUID.
        person: PersonId,
        seat: Option<Seat>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room_system: Option<RoomSystem>,
    },
    Left {
        session: SessionId,
        person: PersonId,
        reason: LeaveReason,
    },
    /// A participant stands in another room of the meeting. Follows `Joined` where somebody comes straight into one.
    WentTo {
        session: SessionId,
        person: PersonId,
        /// Name of the breakout room; absent: the main room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        breakout: Option<String>,
    },
    BreakoutsOpened {
        by: PersonId,
        names: Vec<String>,
    },
    BreakoutsClosed {
        /// Absent: their time was over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<PersonId>,
    },
    RecordingStarted {
        recording: RecordingId,
        person: PersonId,
    },
    RecordingStopped {
        recording: RecordingId,
        reason: RecordingStop,
        duration_ms: i64,
        bytes: i64,
        tracks: Vec<RecordedTrack>,
    },
    RecordingRefused {
        person: PersonId,
        rule: Rule,
        classification: Classification,
    },
    ClassificationRaised {
        person: Option<PersonId>,
        from: Classification,
        to: Classification,
    },
    PersonRemoved {
        by: PersonId,
        person: PersonId,
    },
    MeetingEnded {
        by: PersonId,
    },
    RoleChanged {
        by: PersonId,
        person: PersonId,
        role: Role,
    },
    /// A decision at the door about a person (`admit`, `deny`, `send_back`).
    DoorDecided {
        by: PersonId,
        person: PersonId,
        decision: DoorDecision,
    },
    DoorSet {
        by: PersonId,
        door: Door,
    },
    /// A line to everyone, where the classification lets a chat be kept (CLASS-5). What is said to one person alone is kept nowhere.
    Said {
        number: u32,
        person: PersonId,
        name: String,
        text: String,
        /// Name of the breakout room in which it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        breakout: Option<String>,
    },
    /// Where the classification lets it be kept.
    PollClosed {
        poll: PollSummary,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorDecision {
    Admitted,
    Denied,
    SentBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingStop {
    /// Somebody who may, stopped it.
    Requested,
    RoomClosed,
    /// CLASS-6: the classification was raised; the file is sealed and shown to nobody.
    ClassificationRaised,
    /// The disk is full or failed.
    Failed,
}

/// One source's file in a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RecordedTrack {
    pub source: SourceId,
    pub session: SessionId,
    pub name: String,
    pub kind: SourceKind,
    /// `video/webm; codecs=vp8`, `audio/webm; codecs=opus`
    pub mime: String,
    /// From the start of the recording to the track's first picture or sound.
    #[ts(type = "number")]
    pub starts_after_ms: i64,
    #[ts(type = "number")]
    pub duration_ms: i64,
    #[ts(type = "number")]
    pub bytes: i64,
}

/// A fact with the number under which it is stored once: (`node`, `incarnation`, `number`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberedFact {
    pub node: NodeId,
    /// Drawn anew at each start of the node: facts of an earlier life that were not delivered are lost, and the control plane
    /// closes what that life left open.
    pub incarnation: uuid::Uuid,
    pub number: i64,
    pub at_ms: UnixMs,
    pub room: MeetingId,
    pub fact: Fact,
}

/// Frames on the link between a media node and the control plane (a WebSocket that the node opens, or a channel in one process).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToControl {
    Hello {
        node: NodeId,
        incarnation: uuid::Uuid,
        acknowledged: i64,
    },
    Facts {
        facts: Vec<NumberedFact>,
    },
    /// The node has carried out every command up to this one.
    Acknowledge {
        number: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToNode {
    Commands {
        commands: Vec<NumberedCommand>,
    },
    /// Every fact of the node's present incarnation up to this one is stored.
    Stored {
        number: i64,
    },
}

/// `aud` of everything said on the link between the planes.
pub const LINK_AUDIENCE: &str = "sidang-link";
/// A link token's life, seconds: it bounds the opening of the link, or one frame's way, not the link.
pub const LINK_TOKEN_LIFE_S_MAX: i64 = 60;

/// The claims of a media node's own token ([`NODE_TYP`](crate::grant::NODE_TYP)): `Authorization: Bearer` of the request that opens the link.
/// Signed by the node's key, whose public half the control plane is configured to trust; `kid` is its thumbprint (RFC 7638).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClaims {
    pub aud: String,
    pub sub: NodeId,
    pub iat: i64,
    pub exp: i64,
}

/// The claims of a frame towards a node where the link crosses a network ([`COMMAND_TYP`](crate::grant::COMMAND_TYP)): every text message from the control
/// plane is such a token under its current signing key, so that a node obeys the key and not the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToNodeClaims {
    pub iss: String,
    pub aud: String,
    /// The node that it is for.
    pub sub: NodeId,
    pub iat: i64,
    pub exp: i64,
    pub frame: ToNode,
}
