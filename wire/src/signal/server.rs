//! What a server says.

use super::*;
use crate::{classification::Classification, grant::Act, id::*, refusal::Refusal, rule::Rule, time::UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ServerMessage {
    /// The session lives. `state` is all there is to know: a late joiner needs no history.
    Joined {
        id: RequestId,
        session: SessionId,
        resumed: bool,
        ticket: String,
        /// Absent where a resume keeps the media transport.
        #[ts(optional)]
        answer: Option<String>,
        acts: BTreeSet<Act>,
        state: Box<RoomState>,
    },
    /// The join waits before the door; `joined` or `refused` follows under the same number. Nothing of the meeting is told until then.
    Waiting {
        id: RequestId,
        since_ms: UnixMs,
        /// Somebody is inside who may let people in.
        chair_present: bool,
    },
    Answer {
        id: RequestId,
        answer: String,
    },
    Done {
        id: RequestId,
    },
    Refused {
        id: RequestId,
        refusal: Refusal,
    },
    /// Replaces the ticket held so far.
    Ticket {
        ticket: String,
    },
    ParticipantJoined {
        participant: Participant,
    },
    /// Replaces what was known of the participant.
    ParticipantChanged {
        participant: Participant,
    },
    /// Several rows anew at one stroke: a rule or a mute for all.
    ParticipantsChanged {
        participants: Vec<Participant>,
    },
    ParticipantLeft {
        session: SessionId,
        reason: LeaveReason,
    },
    /// Replaces what was known of the slots named.
    Slots {
        slots: Vec<SlotState>,
    },
    /// Who speaks, the loudest first.
    Speakers {
        sessions: Vec<SessionId>,
    },
    /// Replaces what was said of one's own source.
    Layers {
        layers: SourceLayers,
    },
    Recording {
        recording: Option<RecordingNotice>,
    },
    Classification {
        classification: Classification,
        lacks: Vec<Rule>,
    },
    /// A new line of the chat, to those whom it is for.
    Chat {
        line: ChatLine,
    },
    Reaction {
        session: SessionId,
        reaction: Reaction,
    },
    /// New, or replaces what was known of the poll of that number.
    Poll {
        poll: Poll,
    },
    Rules {
        rules: RoleRules,
    },
    Spotlight {
        sessions: Vec<SessionId>,
    },
    /// `null`: everyone may speak.
    Floor {
        floor: Option<Floor>,
        now_ms: UnixMs,
    },
    Door {
        door: Door,
    },
    /// `null`: there are none (any more).
    Breakouts {
        breakouts: Option<Breakouts>,
        now_ms: UnixMs,
    },
    /// The rooms close soon: a minute before, or as soon as less is left.
    BreakoutsEnding {
        ends_at_ms: UnixMs,
        now_ms: UnixMs,
    },
    /// This participant stands in another room of the meeting: everything as it is seen from there, in the place of all that was known.
    Moved {
        state: Box<RoomState>,
    },
    /// Everyone who waits, to those who may let them in.
    Lobby {
        waiting: Vec<Waiting>,
    },
    /// The stay ends later than was told.
    Window {
        closes_at_ms: UnixMs,
        now_ms: UnixMs,
    },
    /// What this participant may do now.
    Acts {
        acts: BTreeSet<Act>,
    },
    /// The session is over; the socket closes after it.
    Ended {
        reason: LeaveReason,
    },
    Pong {
        id: RequestId,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct RoomState {
    pub room: MeetingId,
    pub classification: Classification,
    /// Rules that the meeting does not meet and was let to start without, shown on screen (CLASS-4 until end-to-end encryption exists).
    pub lacks: Vec<Rule>,
    pub participants: Vec<Participant>,
    pub slots: Vec<SlotState>,
    pub speakers: Vec<SessionId>,
    /// Of one's own sources those of which not every layer is watched.
    #[serde(default)]
    pub layers: Vec<SourceLayers>,
    #[ts(optional)]
    pub recording: Option<RecordingNotice>,
    /// What the chat still holds of what this participant may read, the eldest first.
    #[serde(default)]
    pub chat: Vec<ChatLine>,
    #[serde(default)]
    pub polls: Vec<Poll>,
    #[serde(default)]
    pub rules: RoleRules,
    #[serde(default)]
    pub spotlight: Vec<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub floor: Option<Floor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub breakouts: Option<Breakouts>,
    #[serde(default)]
    pub door: Door,
    /// Who waits before the door; empty for those who may not let anybody in.
    #[serde(default)]
    pub lobby: Vec<Waiting>,
    /// The stay ends here at the latest.
    pub closes_at_ms: UnixMs,
    /// The server's clock, to draw times right on a client whose clock is wrong.
    pub now_ms: UnixMs,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct RecordingNotice {
    pub recording: RecordingId,
    pub by: SessionId,
    pub by_name: String,
    pub since_ms: UnixMs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LeaveReason {
    /// The person left.
    Left,
    /// The connection was lost and did not come back in time.
    Lost,
    /// The host removed the person.
    Removed,
    /// A chair sent the person back before the door: ask for a new token and wait.
    SentBack,
    /// The host, or the control plane, ended the meeting.
    MeetingEnded,
    /// The booked window closed.
    WindowClosed,
    /// The booking was cancelled or changed.
    Revoked,
    /// The same person joined from another device with a newer grant.
    Replaced,
    /// The node stops.
    NodeStopped,
}
