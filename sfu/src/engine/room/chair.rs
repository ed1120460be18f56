//! What a chair decides for others: mutes, hands, what roles and single people may do, who helps to chair, who stands in front, and for
//! whom the meeting is over.

use super::{
    Effect,
    acts::Answer,
    effects::Effects,
    meeting::{Meeting, Outcome},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, UnixMs,
    control::{Command, Fact},
    grant::{Act, Role},
    id::*,
    limits,
    signal::{Debrief, Door, FloorRule, LeaveReason, Order, RoleRules, ServerMessage, SourceKind},
};

impl Meeting {
    /// Everyone in the chair's own room who does not chair falls silent at once; each unmutes himself or nobody does.
    pub fn mute_all(&mut self, by: SessionId, kind: SourceKind, effects: &mut Effects) -> Answer {
        let here = self.permit(by, Act::MuteOthers)?.breakout;
        let room = self.id;
        let mut changed = Vec::new();
        for member in self.roster.values_mut().filter(|it| !it.role.chairs() && it.breakout == here) {
            let session = member.session;
            let Some(source) = member.source_of(kind).filter(|it| !it.muted) else { continue };
            source.muted = true;
            effects.push(Effect::Forward { room, session, source: source.source, on: false });
            changed.push(session);
        }
        self.tell_changed_all(effects, &changed);
        Ok(Outcome::default())
    }

    pub fn lower_hand(&mut self, by: SessionId, session: Option<SessionId>, effects: &mut Effects) -> Answer {
        let here = self.permit(by, Act::Chair)?.breakout;
        if let Some(session) = session {
            self.asker(session)?;
        }
        let named = |it: SessionId, room| session.map_or(room == here, |session| session == it);
        let mut changed = Vec::new();
        for (session, member) in self.roster.iter_mut().filter(|(session, it)| named(**session, it.breakout)) {
            if member.hand_raised_at_ms.take().is_some() {
                changed.push(*session);
            }
        }
        self.tell_changed_all(effects, &changed);
        Ok(Outcome::default())
    }

    pub fn set_rules(&mut self, by: SessionId, rules: RoleRules, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        if !rules.is_lawful() {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "rules"));
        }
        if self.rules != rules {
            self.rules = rules;
            self.tell_all(effects, &ServerMessage::Rules { rules: self.rules.clone() });
            self.rebind_all(effects);
        }
        Ok(self.keep_order(now_ms))
    }

    pub fn allow(&mut self, by: SessionId, session: SessionId, acts: BTreeSet<Act>, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        self.asker(session)?;
        if !acts.iter().all(|act| RoleRules::ACTS.contains(act)) {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "acts"));
        }
        self.rebind(session, |member| member.allowed = acts, effects);
        Ok(Outcome::default())
    }

    /// A member helps to chair, or no longer does. It holds for the person's later tokens too.
    pub fn set_co_host(&mut self, by: SessionId, session: SessionId, co_host: bool, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::Chair)?.grant.sub;
        let member = self.asker(session)?;
        if matches!(member.role, Role::Host | Role::Guest) || member.grant.room_system.is_some() {
            return Err(Refusal::new(Code::CoHostUnfit));
        }
        let role = if co_host { Role::CoHost } else { Role::Member };
        if member.role == role {
            return Ok(Outcome::default());
        }
        let (person, acts) = (member.grant.sub, role.acts_under(self.classification));
        effects.fact(self.id, Fact::RoleChanged { by, person, role });
        self.set_permitted(session, role, acts.clone(), effects);
        let remember = vec![Command::ReplaceGrant { room: self.id, person, role, acts }];
        Ok(Outcome { remember, ..Outcome::default() })
    }

    pub fn set_spotlight(&mut self, by: SessionId, sessions: Vec<SessionId>, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        let different = sessions.iter().collect::<BTreeSet<_>>().len() == sessions.len();
        if sessions.len() > limits::SPOTLIGHT_MAX || !different {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "sessions").with("sessions_max", limits::SPOTLIGHT_MAX));
        }
        for session in &sessions {
            self.asker(*session)?;
        }
        if self.spotlight != sessions {
            self.spotlight = sessions;
            self.tell_spotlight(effects);
        }
        Ok(Outcome::default())
    }

    fn tell_spotlight(&self, effects: &mut Effects) {
        self.tell_all(effects, &ServerMessage::Spotlight { sessions: self.spotlight.clone() });
    }

    /// Over for the others; those who stay go on among themselves.
    pub fn debrief(&mut self, by: SessionId, keep: Debrief, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::EndMeeting)?.grant.sub;
        let leaving: Vec<_> = self.roster.values().filter(|it| !keep.keeps(it.role)).map(|it| it.session).collect();
        self.set_door(Door { debrief: Some(keep), ..self.door }, by, effects);
        let ends = leaving.into_iter().map(|session| (session, LeaveReason::MeetingEnded)).collect();
        Ok(Outcome { ends, ..self.keep_order(now_ms) })
    }

    /// What was decided about the meeting as a whole, to be kept for those who come later and after a restart.
    pub fn keep_order(&self, now_ms: UnixMs) -> Outcome {
        let remember = vec![Command::KeepOrder { room: self.id, at_ms: now_ms, order: self.order() }];
        Outcome { remember, ..Outcome::default() }
    }

    pub fn order(&self) -> Order {
        Order {
            door: self.door,
            rules: self.rules.clone(),
            floor: self.floor.as_ref().map(|it| FloorRule { seconds: it.seconds }),
            breakouts: self.breakouts.as_ref().map(|it| it.order().clone()),
        }
    }

    /// Somebody left: nothing of the meeting is theirs any more.
    pub fn forget(&mut self, session: SessionId, now_ms: UnixMs, effects: &mut Effects) {
        self.speakers.values_mut().for_each(|it| it.retain(|speaker| *speaker != session));
        if self.spotlight.contains(&session) {
            self.spotlight.retain(|it| *it != session);
            self.tell_spotlight(effects);
        }
        if self.floor.as_ref().is_some_and(|it| it.holder == Some(session)) {
            self.free_floor(now_ms, effects);
        }
    }
}
