//! The recording of a meeting: it runs with everyone's knowledge or not at all. While it runs the recorder stands in the roster, so
//! that those who come late see it by the same state as everyone else.

use super::{Effect, effects::Effects, meeting::Meeting, policy};
use crate::engine::api::{Event, Tap};
use wire::{
    Code, Refusal, UnixMs,
    control::{Fact, RecordingStop},
    grant::{Act, Role},
    id::*,
    signal::{LeaveReason, Participant, ParticipantKind, RecordingNotice, ServerMessage},
};

#[derive(Debug)]
pub struct Recording {
    pub notice: RecordingNotice,
    /// The recorder's own row.
    recorder: SessionId,
    person: PersonId,
}

impl Recording {
    pub fn row(&self) -> Participant {
        Participant {
            session: self.recorder,
            kind: ParticipantKind::Recorder,
            person: self.person,
            name: String::new(),
            agency: String::new(),
            role: Role::Member,
            seat: None,
            room_system: None,
            hand_raised_at_ms: None,
            allowed: std::collections::BTreeSet::new(),
            // What is said in a breakout room is not recorded.
            breakout: None,
            joined_at_ms: self.notice.since_ms,
            connected: true,
            sources: Vec::new(),
        }
    }
}

impl Meeting {
    /// MEET-3 where CLASS-3 allows it. A no for a rule's sake is a fact for the audit trail.
    pub fn start_recording(
        &mut self,
        by: SessionId,
        recording: RecordingId,
        recorder: SessionId,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let Some(member) = self.roster.get(&by) else { return Err(Refusal::new(Code::ParticipantUnknown)) };
        if let Err(refusal) = policy::may(Act::Record, &member.acts, self.classification) {
            if let Some(rule) = refusal.rule {
                effects.fact(self.id, Fact::RecordingRefused { person: member.grant.sub, rule, classification: self.classification });
            }
            return Err(refusal);
        }
        if self.recording.is_some() {
            return Err(Refusal::new(Code::RecordingRunning));
        }
        let person = member.grant.sub;
        let notice = RecordingNotice { recording, by, by_name: member.grant.name.clone(), since_ms: now_ms };
        let running = Recording { notice: notice.clone(), recorder, person };
        let row = running.row();
        self.recording = Some(running);
        // Everyone is told before the recorder is given anything.
        self.tell_all(effects, &ServerMessage::ParticipantJoined { participant: row });
        self.tell_all(effects, &ServerMessage::Recording { recording: Some(notice) });
        effects.fact(self.id, Fact::RecordingStarted { recording, person });
        effects.event(Event::Tap(Tap::Started { recording, room: self.id, by: person, classification: self.classification, now_ms }));
        effects.push(Effect::StartTap { room: self.id, recording });
        Ok(())
    }

    pub fn request_stop_recording(&mut self, by: SessionId, now_ms: UnixMs, effects: &mut Effects) -> Result<(), Refusal> {
        let Some(member) = self.roster.get(&by) else { return Err(Refusal::new(Code::ParticipantUnknown)) };
        if self.recording.is_none() {
            return Err(Refusal::new(Code::RecordingNotRunning));
        }
        policy::may(Act::Record, &member.acts, self.classification)?;
        self.stop_recording(RecordingStop::Requested, now_ms, effects);
        Ok(())
    }

    /// Stops what runs, if anything does: first the packets, then the file, then everyone is told.
    pub fn stop_recording(&mut self, reason: RecordingStop, now_ms: UnixMs, effects: &mut Effects) {
        let Some(Recording { notice, recorder, .. }) = self.recording.take() else { return };
        effects.push(Effect::StopTap { room: self.id, recording: notice.recording });
        effects.event(Event::Tap(Tap::Stopped { recording: notice.recording, room: self.id, reason, now_ms }));
        self.tell_all(effects, &ServerMessage::ParticipantLeft { session: recorder, reason: LeaveReason::Left });
        self.tell_all(effects, &ServerMessage::Recording { recording: None });
    }
}
