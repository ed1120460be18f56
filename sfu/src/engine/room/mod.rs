//! The rules of the meetings on one shard: who is in, what they may do, what everyone sees of it. No packet comes here.
//!
//! Used as every layer of the engine: `handle_*` take what happened and when; [`Rooms::poll_effect`] says what is to be done about it,
//! in order, and must be drained after each call; [`Rooms::poll_timeout`] says when [`Rooms::handle_timeout`] is wanted.

mod ids;

use super::{
    api::{Event, Join},
    negotiated::Negotiated,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use wire::{
    UnixMs,
    control::Command as ControlCommand,
    id::*,
    limits,
    signal::{ClientMessage, RequestId, SlotRequest, SlotState, SourceKind},
};

/// What the node's owner decides about meetings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// CLASS-4: TERHAD and SULIT may start without end-to-end encryption; the meeting then says that it lacks it.
    pub classified_without_e2ee: bool,
    pub participants_max: usize,
    /// How long a seat is kept for a session whose socket or media is gone.
    pub detached_for: Duration,
    /// Randomness for the ids that are drawn here (recordings): the engine has no random source of its own. One for each process.
    pub seed: u128,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            classified_without_e2ee: false,
            participants_max: limits::ROOM_PARTICIPANTS_MAX,
            detached_for: Duration::from_secs(limits::DETACHED_S_MAX),
            seed: 0,
        }
    }
}

/// What is to be done, in order.
#[derive(Debug)]
pub enum Effect {
    /// For the outside, as it is.
    Event(Event),
    /// Let in: make the peer out of the media that came with the join. Comes before its `Event::Joined`.
    AddPeer {
        room: MeetingId,
        session: SessionId,
    },
    /// Resumed on a new transport: the media that came with the resume takes the old one's place.
    ReplacePeer {
        room: MeetingId,
        session: SessionId,
    },
    /// A further offer on the living transport.
    UpdatePeer {
        room: MeetingId,
        session: SessionId,
    },
    RemovePeer {
        room: MeetingId,
        session: SessionId,
    },
    /// Whether anybody, the recorder too, is given this source: it is not muted and its sender may send it. Said of every source after
    /// `AddPeer`, `ReplacePeer` and `UpdatePeer`, and at each change.
    Forward {
        room: MeetingId,
        session: SessionId,
        source: SourceId,
        on: bool,
    },
    /// Checked: the slots are the session's own, the sources are in the room.
    View {
        room: MeetingId,
        session: SessionId,
        slots: Vec<SlotRequest>,
    },
    /// Every source that is forwarded goes to the recorder too. Follows `Tap::Started`.
    StartTap {
        room: MeetingId,
        recording: RecordingId,
    },
    /// From here no packet goes to the recorder. Comes before `Tap::Stopped`.
    StopTap {
        room: MeetingId,
        recording: RecordingId,
    },
    /// The last one left.
    CloseRoom {
        room: MeetingId,
    },
}

/// The connection below a session's media, as the transport tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaState {
    Connected,
    /// Consent ran out (RFC 7675) or the peer closed it: only a new offer brings it back.
    Lost,
}

/// A source, for whoever has its packets and needs to say whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceOwner {
    pub room: MeetingId,
    pub session: SessionId,
    pub name: String,
    pub kind: SourceKind,
}

/// The meetings of one shard.
pub struct Rooms {
    settings: Settings,
    effects: VecDeque<Effect>,
}

impl Rooms {
    pub fn new(settings: Settings) -> Self {
        Self { settings, effects: VecDeque::new() }
    }

    /// Answers by `AddPeer` and `Event::Joined`, or by `Event::JoinRefused`.
    pub fn handle_join(&mut self, join: &Join, now: Instant) {
        let _ = (join, now, &self.settings);
    }

    /// Answers by `Event::Joined` (after `ReplacePeer` where media came) or by `Event::JoinRefused`.
    pub fn handle_resume(&mut self, request: RequestId, session: SessionId, media: Option<&Negotiated>, now: Instant, now_ms: UnixMs) {
        let _ = (request, session, media, now, now_ms);
    }

    /// Answers by `UpdatePeer` and `Event::Reoffered`, or by `refused`.
    pub fn handle_reoffer(&mut self, request: RequestId, session: SessionId, media: &Negotiated, now: Instant) {
        let _ = (request, session, media, now);
    }

    pub fn handle_client(&mut self, request: RequestId, session: SessionId, message: ClientMessage, now: Instant, now_ms: UnixMs) {
        let _ = (request, session, message, now, now_ms);
    }

    /// The session's socket is gone.
    pub fn handle_detach(&mut self, session: SessionId, now: Instant, now_ms: UnixMs) {
        let _ = (session, now, now_ms);
    }

    pub fn handle_control(&mut self, command: ControlCommand, now: Instant, now_ms: UnixMs) {
        let _ = (command, now, now_ms);
    }

    pub fn handle_recorder_failed(&mut self, recording: RecordingId, now_ms: UnixMs) {
        let _ = (recording, now_ms);
    }

    pub fn handle_drain(&mut self, deadline: Instant) {
        let _ = deadline;
    }

    /// What the transport says of a session's connection.
    pub fn handle_media(&mut self, session: SessionId, state: MediaState, now: Instant) {
        let _ = (session, state, now);
    }

    /// What the forwarder says of a session's slots: those that changed.
    pub fn handle_slots(&mut self, session: SessionId, slots: Vec<SlotState>) {
        let _ = (session, slots);
    }

    /// Who speaks, the loudest first.
    pub fn handle_speakers(&mut self, room: MeetingId, speakers: Vec<SessionId>) {
        let _ = (room, speakers);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whose source this is: what `Tap::Track` needs.
    pub fn source(&self, source: SourceId) -> Option<SourceOwner> {
        let _ = source;
        None
    }

    pub fn room_of(&self, session: SessionId) -> Option<MeetingId> {
        let _ = session;
        None
    }
}
