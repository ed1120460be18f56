//! One meeting that lives: its classification, its roster, its recording, and what everyone is told of them.

use super::{
    Effect, Settings,
    effects::Effects,
    policy,
    recorder::Recording,
    roster::{Member, Roster, Socket},
};
use wire::{
    Classification, Refusal, Rule, UnixMs,
    control::{Command, Fact, RecordingStop},
    id::*,
    signal::{LeaveReason, Participant, RoomState, ServerMessage},
};

/// Sessions that end by what was just done, and what of it outlives the meeting.
#[derive(Debug, Default)]
pub struct Outcome {
    pub ends: Vec<(SessionId, LeaveReason)>,
    pub remember: Vec<Command>,
}

impl Outcome {
    pub fn end(session: SessionId, reason: LeaveReason) -> Self {
        Self { ends: vec![(session, reason)], remember: Vec::new() }
    }
}

#[derive(Debug)]
pub struct Meeting {
    pub id: MeetingId,
    pub classification: Classification,
    /// Rules that it was let to live without.
    pub lacks: Vec<Rule>,
    pub roster: Roster,
    pub recording: Option<Recording>,
    pub speakers: Vec<SessionId>,
    /// The highest of the grants seen.
    pub epoch: u32,
}

impl Meeting {
    pub fn new(id: MeetingId, classification: Classification, lacks: Vec<Rule>) -> Self {
        Self { id, classification, lacks, roster: Roster::new(), recording: None, speakers: Vec::new(), epoch: 0 }
    }

    /// Everyone who receives anything, the recorder too.
    pub fn participants(&self) -> Vec<Participant> {
        self.roster.values().map(Member::row).chain(self.recording.as_ref().map(Recording::row)).collect()
    }

    pub fn state_for(&self, member: &Member, now_ms: UnixMs) -> RoomState {
        RoomState {
            room: self.id,
            classification: self.classification,
            lacks: self.lacks.clone(),
            participants: self.participants(),
            slots: member.slots.clone(),
            speakers: self.speakers.clone(),
            layers: member.layers.clone(),
            recording: self.recording.as_ref().map(|recording| recording.notice.clone()),
            closes_at_ms: UnixMs::from_seconds(member.grant.closes_at),
            now_ms,
        }
    }

    pub fn tell_all(&self, effects: &mut Effects, message: &ServerMessage) {
        self.tell_where(effects, message, |_| true);
    }

    pub fn tell_others(&self, effects: &mut Effects, but: SessionId, message: &ServerMessage) {
        self.tell_where(effects, message, |session| session != but);
    }

    /// Whoever has no socket now is given the whole state when they come back.
    fn tell_where(&self, effects: &mut Effects, message: &ServerMessage, to: impl Fn(SessionId) -> bool) {
        for member in self.roster.values().filter(|member| member.socket == Socket::Attached && to(member.session)) {
            effects.message(member.session, message.clone());
        }
    }

    pub fn tell_changed(&self, effects: &mut Effects, session: SessionId) {
        if let Some(member) = self.roster.get(&session) {
            self.tell_all(effects, &ServerMessage::ParticipantChanged { participant: member.row() });
        }
    }

    /// Says of every source of a session whether it goes to anybody.
    pub fn forward(&self, effects: &mut Effects, session: SessionId) {
        for held in self.roster.get(&session).into_iter().flat_map(|member| &member.sources) {
            effects.push(Effect::Forward { room: self.id, session, source: held.source, on: held.forwarded() });
        }
    }

    /// CLASS-6: first the recorder stops, then everything else becomes stricter.
    pub fn raise(
        &mut self,
        to: Classification,
        by: Option<PersonId>,
        settings: &Settings,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let lacks = policy::may_become(self.classification, to, settings)?;
        if to == self.classification {
            return Ok(());
        }
        if !to.policy().may_be_recorded {
            self.stop_recording(RecordingStop::ClassificationRaised, now_ms, effects);
        }
        let from = std::mem::replace(&mut self.classification, to);
        self.lacks = lacks;
        effects.fact(self.id, Fact::ClassificationRaised { person: by, from, to });
        self.tell_all(effects, &ServerMessage::Classification { classification: to, lacks: self.lacks.clone() });
        let sessions: Vec<_> = self.roster.keys().copied().collect();
        for session in sessions {
            let Some(member) = self.roster.get_mut(&session) else { continue };
            if member.reclassify(to) {
                let acts = member.acts.clone();
                self.tell_acts(effects, session, acts);
            }
        }
        Ok(())
    }

    pub fn tell_acts(&self, effects: &mut Effects, session: SessionId, acts: std::collections::BTreeSet<wire::grant::Act>) {
        // Also to a session without a socket: the signalling side keeps what its ticket must say.
        effects.message(session, ServerMessage::Acts { acts });
    }
}
