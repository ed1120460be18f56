//! What goes into the engine from the signalling side and what comes out for it. Media bytes go another way (`Engine::handle_read`,
//! `Engine::poll_write`).

use super::negotiated::{Codec, Negotiated, TransportParameters};
use std::{collections::BTreeSet, time::Instant};
use wire::{
    Classification, Refusal, UnixMs,
    control::{Command as ControlCommand, Fact},
    grant::{Act, GrantClaims, Role},
    id::*,
    signal::{BreakoutNumber, ClientMessage, LeaveReason, RequestId, RoomState, ServerMessage, SourceKind},
};

/// What the signalling side, the control link and the recorder ask of the engine.
#[derive(Debug)]
pub enum Command {
    /// A verified grant wants in. Answered by [`Event::Joined`] or [`Event::JoinRefused`], after [`Event::Waiting`] where it has to wait.
    Join(Box<Join>),
    /// A known session comes back on a new socket. Answered by [`Event::Joined`] or [`Event::JoinRefused`] (`resume.unknown`,
    /// `resume.offer_required`). Where the session is unknown (the node restarted) the signalling side sends [`Command::Join`] with the
    /// grant out of the ticket and the session's old id instead.
    Resume {
        request: RequestId,
        session: SessionId,
        media: Option<Box<Media>>,
        now_ms: UnixMs,
    },
    /// A further offer on a living connection. Answered by [`Event::Message`] with `answer` made by the signalling side after
    /// [`Event::Reoffered`].
    Reoffer {
        request: RequestId,
        session: SessionId,
        media: Box<Media>,
    },
    /// Any client message but `join`, `resume` and `offer`. Answered by messages that carry `request`.
    Client {
        request: RequestId,
        session: SessionId,
        message: ClientMessage,
        now_ms: UnixMs,
    },
    /// The session's socket is gone; its media may live on, and it may come back. One that waits before the door is forgotten.
    Detach {
        session: SessionId,
        now_ms: UnixMs,
    },
    Control {
        command: ControlCommand,
        now_ms: UnixMs,
    },
    /// The recorder cannot go on (disk full): the recording stops and everyone is told.
    RecorderFailed {
        recording: RecordingId,
        now_ms: UnixMs,
    },
    /// The recorder lost its place in a source and needs a key frame.
    RecorderNeedsKeyframe {
        source: SourceId,
    },
    /// No new sessions; those inside are told when `deadline` comes.
    Drain {
        deadline: Instant,
    },
}

#[derive(Clone, Debug)]
pub struct Join {
    pub request: RequestId,
    pub session: SessionId,
    pub grant: GrantClaims,
    pub media: Media,
    /// The session lived before in this node or an earlier life of it.
    pub resumed: bool,
    /// Of a ticket: the breakout room in which the session stood.
    pub breakout: Option<BreakoutNumber>,
    pub now_ms: UnixMs,
}

/// One negotiated connection.
#[derive(Debug, Clone)]
pub struct Media {
    pub transport: TransportParameters,
    pub negotiated: Negotiated,
}

/// What the engine says to the signalling side, the control link and the recorder.
#[derive(Debug)]
pub enum Event {
    Joined {
        request: RequestId,
        session: SessionId,
        resumed: bool,
        /// What the grant permits, for the ticket; `acts` is what the meeting leaves of it now.
        permitted: BTreeSet<Act>,
        acts: BTreeSet<Act>,
        state: Box<RoomState>,
    },
    /// The join waits before the door; [`Event::Joined`] or [`Event::JoinRefused`] follows. Said again where something of it changes.
    Waiting {
        request: RequestId,
        session: SessionId,
        since_ms: UnixMs,
        /// Somebody is inside who may let people in.
        chair_present: bool,
    },
    JoinRefused {
        request: RequestId,
        session: SessionId,
        refusal: Refusal,
    },
    Reoffered {
        request: RequestId,
        session: SessionId,
    },
    /// To be sent on the session's socket.
    Message {
        session: SessionId,
        message: ServerMessage,
    },
    /// The session has another role, and its grant permits other acts: what its tickets say from now on.
    Permitted {
        session: SessionId,
        role: Role,
        acts: BTreeSet<Act>,
    },
    /// The session stands in another room of its meeting: what its tickets say from now on.
    Placed {
        session: SessionId,
        breakout: Option<BreakoutNumber>,
    },
    /// The session is over: send `ended`, close the socket, void its tickets.
    Ended {
        session: SessionId,
        reason: LeaveReason,
    },
    /// For the control plane.
    Fact {
        room: MeetingId,
        fact: Fact,
    },
    /// For the recorder.
    Tap(Tap),
    /// Decided in the meeting and true beyond this life of the node (a removal, an end, a raised classification): to be written down, and
    /// said again by [`Command::Control`] after a restart.
    Remember {
        command: ControlCommand,
        now_ms: UnixMs,
    },
}

/// What the recorder is given. It stands in the roster of the meeting as long as it is given anything.
#[derive(Debug)]
pub enum Tap {
    Started {
        recording: RecordingId,
        room: MeetingId,
        by: PersonId,
        classification: Classification,
        now_ms: UnixMs,
    },
    /// Before the first packet of a source. A source that changes its SSRC (a rejoin, another device) comes again.
    Track {
        recording: RecordingId,
        source: SourceId,
        session: SessionId,
        name: String,
        kind: SourceKind,
        codec: Codec,
        clock_rate: u32,
    },
    Packet(TapPacket),
    /// Where the source's RTP clock stands on its sender's wall clock (RFC 3550, section 6.4.1).
    SenderReport {
        recording: RecordingId,
        source: SourceId,
        ssrc: u32,
        ntp: u64,
        rtp_timestamp: u32,
        arrived: Instant,
    },
    /// The source ended; the recording goes on.
    TrackEnded {
        recording: RecordingId,
        source: SourceId,
    },
    Stopped {
        recording: RecordingId,
        room: MeetingId,
        reason: wire::control::RecordingStop,
        now_ms: UnixMs,
    },
}

/// One packet as received and decrypted: possibly out of order, never twice.
#[derive(Debug, Clone)]
pub struct TapPacket {
    pub recording: RecordingId,
    pub source: SourceId,
    pub ssrc: u32,
    /// Extended over wraps: grows by one a packet.
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub arrived: Instant,
    pub payload: bytes::Bytes,
}
