//! The rules of the meetings on one shard: who is in, what they may do, what everyone sees of it. No packet comes here.
//!
//! Used as every layer of the engine: `handle_*` take what happened and when; [`Rooms::poll_effect`] says what is to be done about it,
//! in order, and must be drained after each call; [`Rooms::poll_timeout`] says when [`Rooms::handle_timeout`] is wanted.
//!
//! ```text
//! presence   coming and going          door, lobby   who comes in, who waits
//! acts       what each may do          chair, floor  what is decided for all
//! policy     the grant's own rules     bounds        what is left of a grant
//! breakouts  rooms within a meeting    moving        from one to another
//! chat, polls, recorder                roster, meeting, memory   what is known
//! ```

mod acts;
mod bounds;
mod breakouts;
mod bucket;
mod chair;
mod chat;
mod deadlines;
mod door;
mod effects;
mod floor;
mod ids;
mod lobby;
mod meeting;
mod memory;
mod moving;
mod policy;
mod polls;
mod presence;
mod recorder;
mod roster;
#[cfg(test)]
pub(crate) mod tests;

pub use bucket::TokenBucket;

use super::{
    api::{Event, Join, Media},
    negotiated::Negotiated,
    space::Space,
};
use breakouts::Opening;
use chat::Saying;
use deadlines::{Deadlines, WallClock};
use effects::Effects;
use ids::IdSource;
use lobby::Lobbies;
use meeting::{Meeting, Outcome};
use memory::Memories;
use polls::Question;
use roster::Socket;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use wire::{
    Code, Refusal, UnixMs,
    control::{Command as ControlCommand, RecordingStop},
    id::*,
    limits,
    signal::{ClientMessage, Door, LeaveReason, RequestId, ServerMessage, SlotRequest, SlotState, SourceKind, SourceLayers},
};

/// Meetings of one shard at once: each has at least one session, and a core carries far fewer.
const MEETINGS_MAX: usize = 10_000;

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
        space: Space,
        session: SessionId,
        /// Of one who waited before the door: it came with an earlier command.
        media: Option<Box<Media>>,
    },
    /// Resumed on a new transport: the media that came with the resume takes the old one's place.
    ReplacePeer {
        space: Space,
        session: SessionId,
    },
    /// To another room of the meeting, on the connection that it has. Comes before anybody is told.
    MovePeer {
        session: SessionId,
        to: Space,
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

/// The instant of a call, on both clocks.
#[derive(Clone, Copy, Debug)]
struct Turn {
    now: Instant,
    now_ms: UnixMs,
}

fn rate_limited(wait: Duration) -> Refusal {
    Refusal::new(Code::RateLimited).with("retry_after_s", wait.as_millis().div_ceil(1000) as u64)
}

/// The meetings of one shard.
pub struct Rooms {
    settings: Settings,
    clock: WallClock,
    ids: IdSource,
    meetings: HashMap<MeetingId, Meeting>,
    /// Where each session is. A session is in one meeting for life.
    rooms_of: HashMap<SessionId, MeetingId>,
    sources: HashMap<SourceId, SessionId>,
    memories: Memories,
    lobbies: Lobbies,
    deadlines: Deadlines<SessionId>,
    /// When the time of a floor's holder is over.
    floors: Deadlines<MeetingId>,
    /// When the time of breakout rooms is nearly over, or over.
    breakouts: Deadlines<MeetingId>,
    /// No new sessions; those inside end then.
    drain: Option<Instant>,
    effects: Effects,
}

impl Rooms {
    pub fn new(settings: Settings, now: Instant, now_ms: UnixMs) -> Self {
        Self {
            clock: WallClock::new(now, now_ms),
            ids: IdSource::new(settings.seed),
            settings,
            meetings: HashMap::new(),
            rooms_of: HashMap::new(),
            sources: HashMap::new(),
            memories: Memories::default(),
            lobbies: Lobbies::default(),
            deadlines: Deadlines::default(),
            floors: Deadlines::default(),
            breakouts: Deadlines::default(),
            drain: None,
            effects: Effects::default(),
        }
    }

    fn turn(&mut self, now: Instant, now_ms: UnixMs) -> Turn {
        self.clock = WallClock::new(now, now_ms);
        Turn { now, now_ms }
    }

    /// Answers by `AddPeer` and `Event::Joined`, or by `Event::JoinRefused`.
    pub fn handle_join(&mut self, join: &Join, now: Instant) {
        let turn = self.turn(now, join.now_ms);
        self.join(join, turn);
    }

    /// Answers by `Event::Joined` (after `ReplacePeer` where media came) or by `Event::JoinRefused`.
    pub fn handle_resume(&mut self, request: RequestId, session: SessionId, media: Option<&Negotiated>, now: Instant, now_ms: UnixMs) {
        let turn = self.turn(now, now_ms);
        self.resume(request, session, media, turn);
    }

    /// Answers by `UpdatePeer` and `Event::Reoffered`, or by `refused`.
    pub fn handle_reoffer(&mut self, request: RequestId, session: SessionId, media: &Negotiated, now: Instant) {
        let turn = Turn { now, now_ms: self.clock.ms_at(now) };
        self.reoffer(request, session, media, turn);
    }

    pub fn handle_client(&mut self, request: RequestId, session: SessionId, message: ClientMessage, now: Instant, now_ms: UnixMs) {
        let turn = self.turn(now, now_ms);
        let Some(room) = self.rooms_of.get(&session).copied() else { return };
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        if let Err(wait) = member.messages.take(now) {
            return self.effects.refused(session, request, rate_limited(wait));
        }
        let effects = &mut self.effects;
        let answer = match message {
            ClientMessage::Ping => return effects.message(session, ServerMessage::Pong { id: request }),
            ClientMessage::Join { .. } | ClientMessage::Resume { .. } | ClientMessage::Offer { .. } => {
                Err(Refusal::new(Code::SignalOutOfOrder))
            }
            ClientMessage::View { slots } => meeting.view(session, slots, effects),
            ClientMessage::Mute { kind, muted } => meeting.mute(session, kind, muted, effects),
            ClientMessage::RaiseHand { raised } => meeting.raise_hand(session, raised, now_ms, effects),
            ClientMessage::Say { text, to, mentions } => meeting.say(session, Saying { text, to, mentions }, now, now_ms, effects),
            ClientMessage::React { reaction } => meeting.react(session, reaction, now, effects),
            ClientMessage::Vote { poll, choice } => meeting.vote(session, poll, choice, effects),
            ClientMessage::YieldFloor => meeting.yield_floor(session, now_ms, effects),
            ClientMessage::MuteAll { kind } => meeting.mute_all(session, kind, effects),
            ClientMessage::LowerHand { session: other } => meeting.lower_hand(session, other, effects),
            ClientMessage::SetRules { rules } => meeting.set_rules(session, rules, now_ms, effects),
            ClientMessage::Allow { session: other, acts } => meeting.allow(session, other, acts, effects),
            ClientMessage::SetCoHost { session: other, co_host } => meeting.set_co_host(session, other, co_host, effects),
            ClientMessage::Spotlight { sessions } => meeting.set_spotlight(session, sessions, effects),
            ClientMessage::ControlFloor { on, seconds } => meeting.control_floor(session, on, seconds, now_ms, effects),
            ClientMessage::GiveFloor { session: to } => meeting.give_floor(session, to, now_ms, effects),
            ClientMessage::OpenBreakouts { rooms, choose, may_return, seconds } => {
                meeting.open_breakouts(session, Opening { rooms, choose, may_return, seconds }, now_ms, effects)
            }
            ClientMessage::MoveTo { sessions, breakout } => meeting.move_to(session, sessions, breakout, now_ms, effects),
            ClientMessage::EnterBreakout { breakout } => meeting.enter_breakout(session, breakout, now_ms, effects),
            ClientMessage::CallForHelp => meeting.call_for_help(session, now_ms, effects),
            ClientMessage::Announce { text } => meeting.announce(session, &text, now, now_ms, effects),
            ClientMessage::CloseBreakouts { after_s } => meeting.close_breakouts(session, after_s, now_ms, effects),
            ClientMessage::OpenPoll { question, choices, anonymous } => {
                meeting.open_poll(session, Question { question, choices, anonymous }, now_ms, effects)
            }
            ClientMessage::ClosePoll { poll } => meeting.close_poll(session, poll, effects),
            ClientMessage::Lock { locked } => meeting.lock(session, locked, now_ms, effects),
            ClientMessage::SetLobby { lobby } => meeting.set_lobby(session, lobby, now_ms, effects),
            ClientMessage::Admit { sessions } => meeting.request_admit(session, sessions),
            ClientMessage::Deny { session: other } => meeting.request_deny(session, other),
            ClientMessage::SendBack { session: other } => meeting.send_back(session, other, now_ms, effects),
            ClientMessage::Debrief { keep } => meeting.debrief(session, keep, now_ms, effects),
            ClientMessage::StartRecording => {
                let (recording, recorder) = (RecordingId(self.ids.draw(now_ms)), SessionId(self.ids.draw(now_ms)));
                meeting.start_recording(session, recording, recorder, now_ms, effects).map(|()| Outcome::default())
            }
            ClientMessage::StopRecording => meeting.request_stop_recording(session, now_ms, effects).map(|()| Outcome::default()),
            ClientMessage::MuteOther { session: other, kind } => meeting.mute_other(session, other, kind, effects),
            ClientMessage::Remove { session: other } => meeting.remove(session, other, now_ms, effects),
            ClientMessage::RaiseClassification { to } => meeting.request_raise(session, to, &self.settings, now_ms, effects),
            ClientMessage::EndMeeting => meeting.end(session, effects),
            ClientMessage::Leave => Ok(Outcome::end(session, LeaveReason::Left)),
        };
        match answer {
            Ok(outcome) => {
                self.effects.done(session, request);
                for command in outcome.remember {
                    self.remember(command, turn);
                }
                if let Some(decision) = outcome.at_the_door {
                    self.at_the_door(session, room, decision, turn);
                }
                self.tell_moved(room, &outcome.moved, turn);
                self.end_all(outcome.ends, turn);
                self.schedule_floor(room);
                self.schedule_breakouts(room);
            }
            Err(refusal) => self.effects.refused(session, request, refusal),
        }
    }

    /// The session's socket is gone.
    pub fn handle_detach(&mut self, session: SessionId, now: Instant, now_ms: UnixMs) {
        self.turn(now, now_ms);
        self.leave_lobby(session);
        self.set_presence(session, Some(Socket::Gone), None, now);
    }

    /// Carried out, and noted for those who come later. Repeating one is harmless.
    pub fn handle_control(&mut self, command: ControlCommand, now: Instant, now_ms: UnixMs) {
        let turn = self.turn(now, now_ms);
        self.memories.note(&command, now_ms);
        self.command_at_the_door(&command, turn);
        let ends = self.carry_out(command, now_ms);
        self.end_all(ends, turn);
    }

    fn carry_out(&mut self, command: ControlCommand, now_ms: UnixMs) -> Vec<(SessionId, LeaveReason)> {
        let room = command.room();
        let Some(meeting) = self.meetings.get_mut(&room) else { return Vec::new() };
        let all = |meeting: &Meeting, reason| meeting.roster.keys().map(|session| (*session, reason)).collect();
        match command {
            ControlCommand::EndRoom { epoch, reason, .. } => {
                meeting.roster.values().filter(|it| it.grant.epoch < epoch).map(|it| (it.session, reason)).collect()
            }
            ControlCommand::RemovePerson { person, not_before, reason, .. } => meeting
                .roster
                .values()
                .filter(|it| it.grant.sub == person && it.grant.iat < not_before)
                .map(|it| (it.session, reason))
                .collect(),
            ControlCommand::ReplaceGrant { person, role, acts, .. } => {
                self.replace_grant(room, person, role, &acts);
                Vec::new()
            }
            ControlCommand::ExtendRoom { closes_at, .. } => {
                self.extend(room, closes_at, now_ms);
                Vec::new()
            }
            // Said again after a restart, before anyone is inside.
            ControlCommand::KeepOrder { .. } | ControlCommand::ReadmitPerson { .. } => Vec::new(),
            // What may not be held here does not go on here.
            ControlCommand::RaiseClassification { to, .. } => match meeting.raise(to, None, &self.settings, now_ms, &mut self.effects) {
                Err(refusal) if refusal.code != Code::ClassificationLowered => all(meeting, LeaveReason::Revoked),
                _ => Vec::new(),
            },
        }
    }

    fn replace_grant(
        &mut self,
        room: MeetingId,
        person: PersonId,
        role: wire::grant::Role,
        acts: &std::collections::BTreeSet<wire::grant::Act>,
    ) {
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let sessions: Vec<_> = meeting.roster.values().filter(|it| it.grant.sub == person).map(|it| it.session).collect();
        for session in sessions {
            meeting.set_permitted(session, role, acts.clone(), &mut self.effects);
        }
    }

    /// Everyone inside may stay longer, and is told so. An end that was told is never brought forward: that is an `EndRoom`.
    fn extend(&mut self, room: MeetingId, closes_at: i64, now_ms: UnixMs) {
        let Some(meeting) = self.meetings.get_mut(&room) else { return };
        let mut extended = Vec::new();
        for member in meeting.roster.values_mut().filter(|it| it.grant.closes_at < closes_at) {
            member.grant.closes_at = closes_at;
            extended.push(member.session);
        }
        for session in extended {
            // Also to a session without a socket: the signalling side keeps what its ticket must say.
            self.effects.message(session, ServerMessage::Window { closes_at_ms: UnixMs::from_seconds(closes_at), now_ms });
            self.schedule(session);
        }
    }

    fn remember(&mut self, command: ControlCommand, turn: Turn) {
        let now_ms = turn.now_ms;
        self.memories.note(&command, now_ms);
        // Whoever is inside when a door is locked, or is made to be waited at, may come back through it.
        if let ControlCommand::KeepOrder { room, .. } = &command
            && let Some(meeting) = self.meetings.get(room)
            && meeting.door != Door::default()
        {
            let book = self.memories.book(*room, now_ms);
            meeting.roster.values().for_each(|it| book.admit(it.grant.sub));
        }
        self.command_at_the_door(&command, turn);
        self.effects.event(Event::Remember { command, now_ms });
    }

    fn end_all(&mut self, ends: Vec<(SessionId, LeaveReason)>, turn: Turn) {
        for (session, reason) in ends {
            self.end(session, reason, turn);
        }
    }

    /// The recorder cannot go on: everyone is told that nothing is recorded any more.
    pub fn handle_recorder_failed(&mut self, recording: RecordingId, now_ms: UnixMs) {
        let running = |it: &&mut Meeting| it.recording.as_ref().is_some_and(|running| running.notice.recording == recording);
        if let Some(meeting) = self.meetings.values_mut().find(running) {
            meeting.stop_recording(RecordingStop::Failed, now_ms, &mut self.effects);
        }
    }

    pub fn handle_drain(&mut self, deadline: Instant) {
        self.drain = Some(self.drain.map_or(deadline, |earlier| earlier.min(deadline)));
    }

    /// What the transport says of a session's connection.
    pub fn handle_media(&mut self, session: SessionId, state: MediaState, now: Instant) {
        self.set_presence(session, None, Some(state), now);
    }

    /// What the forwarder says of a session's slots: those that changed.
    pub fn handle_slots(&mut self, session: SessionId, slots: Vec<SlotState>) {
        let Some(meeting) = self.rooms_of.get(&session).and_then(|room| self.meetings.get_mut(room)) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        for slot in &slots {
            if let Some(known) = member.slots.iter_mut().find(|known| known.mid == slot.mid) {
                *known = slot.clone();
            }
        }
        if member.socket == Socket::Attached {
            self.effects.message(session, ServerMessage::Slots { slots });
        }
    }

    /// What the forwarder says of a session's own source: which of its layers anyone watches; `all` of them or not.
    pub fn handle_layers(&mut self, session: SessionId, layers: SourceLayers, all: bool) {
        let Some(meeting) = self.rooms_of.get(&session).and_then(|room| self.meetings.get_mut(room)) else { return };
        let Some(member) = meeting.roster.get_mut(&session) else { return };
        member.layers.retain(|known| known.source != layers.source);
        if !all {
            member.layers.push(layers.clone());
        }
        if member.socket == Socket::Attached {
            self.effects.message(session, ServerMessage::Layers { layers });
        }
    }

    /// Who speaks, the loudest first.
    pub fn handle_speakers(&mut self, space: Space, mut speakers: Vec<SessionId>) {
        let Some(meeting) = self.meetings.get_mut(&space.meeting) else { return };
        let here = |it: &roster::Member| it.breakout == space.breakout;
        speakers.retain(|session| meeting.roster.get(session).is_some_and(here));
        if meeting.speakers_in(space.breakout) != speakers {
            meeting.speakers.insert(space.breakout, speakers.clone());
            meeting.tell_room(&mut self.effects, space.breakout, &ServerMessage::Speakers { sessions: speakers });
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let now_ms = self.clock.ms_at(now);
        let turn = self.turn(now, now_ms);
        if self.drain.is_some_and(|deadline| deadline <= now) {
            let sessions: Vec<_> = self.rooms_of.keys().map(|session| (*session, LeaveReason::NodeStopped)).collect();
            self.end_all(sessions, turn);
            for session in self.lobbies.all() {
                self.refuse_waiter(session, Refusal::new(Code::NodeDraining));
            }
        }
        while let Some(room) = self.floors.take_due(now) {
            if let Some(meeting) = self.meetings.get_mut(&room) {
                meeting.free_floor(now_ms, &mut self.effects);
            }
        }
        while let Some(room) = self.breakouts.take_due(now) {
            self.breakouts_due(room, turn);
        }
        // Each one taken is ended or set again to a later time, so this ends.
        while let Some(session) = self.deadlines.take_due(now) {
            self.expire(session, turn);
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let drain = self.drain.filter(|_| !self.rooms_of.is_empty() || !self.lobbies.is_empty());
        [self.deadlines.next(), self.floors.next(), self.breakouts.next(), drain].into_iter().flatten().min()
    }

    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// Whose source this is: what `Tap::Track` needs.
    pub fn source(&self, source: SourceId) -> Option<SourceOwner> {
        let session = *self.sources.get(&source)?;
        let room = *self.rooms_of.get(&session)?;
        let member = self.meetings.get(&room)?.roster.get(&session)?;
        let held = member.sources.iter().find(|held| held.source == source)?;
        Some(SourceOwner { room, session, name: member.grant.name.clone(), kind: held.kind })
    }

    pub fn room_of(&self, session: SessionId) -> Option<MeetingId> {
        self.rooms_of.get(&session).copied()
    }

    fn member(&self, session: SessionId) -> Option<&roster::Member> {
        self.meetings.get(self.rooms_of.get(&session)?)?.roster.get(&session)
    }

    /// What `Effect::Forward` last said of each source of a session: for a peer whose connection stands only later.
    pub fn forwarded(&self, session: SessionId) -> Vec<(SourceId, bool)> {
        self.member(session).map_or_else(Vec::new, |it| it.sources.iter().map(|held| (held.source, held.forwarded())).collect())
    }

    /// What `Effect::View` last said of each video slot of a session: for a peer whose connection stands only later.
    pub fn view(&self, session: SessionId) -> Vec<SlotRequest> {
        self.member(session).map_or_else(Vec::new, |it| it.view.values().cloned().collect())
    }
}
