//! The signalling protocol: JSON text messages on one WebSocket, described for the writer of a second client in
//! `docs/signalling.md`. The client is always the offerer, the server always the answerer; who is seen in which slot changes by
//! [`ServerMessage::Slots`], never by SDP.

use crate::{classification::Classification, grant::*, id::*, refusal::Refusal, rule::Rule, time::UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A request's number, chosen by the client, growing; the answer carries it.
pub type RequestId = u32;

/// What a client sends: a number and one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ClientEnvelope {
    pub id: RequestId,
    pub message: ClientMessage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ClientMessage {
    /// First message of a new session. Answered by `joined` or `refused`.
    Join {
        version: u16,
        room: MeetingId,
        token: String,
        offer: String,
        publish: Vec<PublishIntent>,
        /// That the sender holds the key which the token names (RFC 9449): a room system's alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        proof: Option<String>,
    },
    /// First message on a new socket of an existing session. With an offer where the media transport has to be built anew.
    /// Answered by `joined` (with `resumed: true`) or `refused`.
    Resume {
        version: u16,
        ticket: String,
        #[ts(optional)]
        offer: Option<String>,
        #[serde(default)]
        publish: Vec<PublishIntent>,
    },
    /// A further offer on the same connection: more slots, or an ICE restart. Answered by `answer`.
    Offer {
        offer: String,
        publish: Vec<PublishIntent>,
    },
    /// What each video slot should show and how large it is drawn. Slots not named keep what they show.
    View {
        slots: Vec<SlotRequest>,
    },
    /// Mute or unmute one's own source. A source that the host muted can be unmuted by its owner alone.
    Mute {
        kind: SourceKind,
        muted: bool,
    },
    RaiseHand {
        raised: bool,
    },
    /// `Act::Record`; refused by CLASS-3 in every meeting that is not TERBUKA.
    StartRecording,
    StopRecording,
    /// `Act::MuteOthers`: the server stops forwarding it at once.
    MuteOther {
        session: SessionId,
        kind: SourceKind,
    },
    /// `Act::RemoveOthers`
    Remove {
        session: SessionId,
    },
    /// `Act::RaiseClassification` (CLASS-6)
    RaiseClassification {
        to: Classification,
    },
    /// `Act::EndMeeting`
    EndMeeting,
    Leave,
    /// Keeps the socket's path open and measures it; answered by `pong`.
    Ping,
}

/// What the client will send on an m-line of its offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct PublishIntent {
    /// `a=mid` of the m-line (RFC 5888).
    pub mid: String,
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
    /// The stay ends here at the latest.
    pub closes_at_ms: UnixMs,
    /// The server's clock, to draw times right on a client whose clock is wrong.
    pub now_ms: UnixMs,
}

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
