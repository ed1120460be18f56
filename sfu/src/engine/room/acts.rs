//! What participants ask for while they are in: mute, hands, views, and what a host does to one person or to the meeting. Each verb
//! stands beside the act that it needs; a refusal goes to who asked and to nobody else.

use super::{
    Effect, Settings,
    effects::Effects,
    meeting::{Meeting, Outcome},
    policy,
    roster::Member,
};
use std::collections::BTreeSet;
use wire::{
    Classification, Code, Refusal, UnixMs,
    control::{Command, Fact},
    grant::Act,
    id::*,
    limits,
    signal::{LeaveReason, SlotRequest, SourceKind},
};

pub type Answer = Result<Outcome, Refusal>;

impl Meeting {
    pub fn asker(&self, session: SessionId) -> Result<&Member, Refusal> {
        self.roster.get(&session).ok_or_else(|| Refusal::new(Code::ParticipantUnknown))
    }

    pub fn permit(&self, session: SessionId, act: Act) -> Result<&Member, Refusal> {
        let member = self.asker(session)?;
        policy::may(act, &member.acts, self.classification).map(|()| member)
    }

    pub fn mute(&mut self, session: SessionId, kind: SourceKind, muted: bool, effects: &mut Effects) -> Answer {
        self.permit(session, kind.act())?;
        self.set_muted(session, kind, muted, effects)
    }

    /// Another's source can be silenced; that it speaks again is its owner's alone to say.
    pub fn mute_other(&mut self, by: SessionId, session: SessionId, kind: SourceKind, effects: &mut Effects) -> Answer {
        self.permit(by, Act::MuteOthers)?;
        self.asker(session)?;
        self.set_muted(session, kind, true, effects)
    }

    fn set_muted(&mut self, session: SessionId, kind: SourceKind, muted: bool, effects: &mut Effects) -> Answer {
        let room = self.id;
        let source = self.roster.get_mut(&session).and_then(|member| member.source_of(kind));
        let source = source.ok_or_else(|| Refusal::new(Code::NotFound).with("kind", serde_json::to_value(kind).unwrap_or_default()))?;
        if source.muted != muted {
            source.muted = muted;
            effects.push(Effect::Forward { room, session, source: source.source, on: source.forwarded() });
            self.tell_changed(effects, session);
        }
        Ok(Outcome::default())
    }

    /// MEET-5. Lowering needs no act.
    pub fn raise_hand(&mut self, session: SessionId, raised: bool, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        if raised {
            self.permit(session, Act::RaiseHand)?;
        }
        let Some(member) = self.roster.get_mut(&session) else { return Err(Refusal::new(Code::ParticipantUnknown)) };
        if member.hand_raised_at_ms.is_some() != raised {
            member.hand_raised_at_ms = raised.then_some(now_ms);
            self.tell_changed(effects, session);
        }
        Ok(Outcome::default())
    }

    /// A slot of another session is an error; a source that is not here any more, or in another room, is not: the message crossed with its
    /// going. It is shown to nobody.
    pub fn view(&mut self, session: SessionId, mut slots: Vec<SlotRequest>, effects: &mut Effects) -> Answer {
        let member = self.asker(session)?;
        let malformed = || Refusal::new(Code::SignalMalformed).with("field", "slots");
        let mut mids = BTreeSet::new();
        if slots.len() > limits::VIDEO_SLOTS_MAX || !slots.iter().all(|slot| member.has_video_slot(&slot.mid) && mids.insert(&*slot.mid)) {
            return Err(malformed());
        }
        let visible: BTreeSet<_> = self
            .roster
            .values()
            .filter(|other| other.session != session && other.breakout == member.breakout)
            .flat_map(|other| &other.sources)
            .filter(|source| source.permitted && !source.kind.is_audio())
            .map(|source| source.source)
            .collect();
        for slot in &mut slots {
            slot.source = slot.source.filter(|source| visible.contains(source));
        }
        if let Some(member) = self.roster.get_mut(&session) {
            member.view.extend(slots.iter().map(|slot| (slot.mid.clone(), slot.clone())));
        }
        effects.push(Effect::View { room: self.id, session, slots });
        Ok(Outcome::default())
    }

    pub fn remove(&mut self, by: SessionId, session: SessionId, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::RemoveOthers)?.grant.sub;
        let person = self.asker(session)?.grant.sub;
        effects.fact(self.id, Fact::PersonRemoved { by, person });
        let reason = LeaveReason::Removed;
        Ok(Outcome {
            ends: vec![(session, reason)],
            // A grant of this very second may have been issued before it.
            remember: vec![Command::RemovePerson { room: self.id, person, not_before: now_ms.seconds() + 1, reason }],
            ..Outcome::default()
        })
    }

    pub fn request_raise(
        &mut self,
        by: SessionId,
        to: Classification,
        settings: &Settings,
        now_ms: UnixMs,
        effects: &mut Effects,
    ) -> Answer {
        let person = self.permit(by, Act::RaiseClassification)?.grant.sub;
        self.raise(to, Some(person), settings, now_ms, effects)?;
        Ok(Outcome { remember: vec![Command::RaiseClassification { room: self.id, to }], ..Outcome::default() })
    }

    pub fn end(&mut self, by: SessionId, effects: &mut Effects) -> Answer {
        let by = self.permit(by, Act::EndMeeting)?.grant.sub;
        effects.fact(self.id, Fact::MeetingEnded { by });
        let reason = LeaveReason::MeetingEnded;
        Ok(Outcome {
            ends: self.roster.keys().map(|session| (*session, reason)).collect(),
            remember: vec![Command::EndRoom { room: self.id, epoch: self.epoch.saturating_add(1), reason }],
            ..Outcome::default()
        })
    }
}
