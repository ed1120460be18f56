//! Floor control: while it is on, nobody but a chair is heard unless the floor was given to them, and when their time is over they are
//! silenced. That somebody may speak never unmutes them.

use super::{
    acts::Answer,
    effects::Effects,
    meeting::{Meeting, Outcome},
};
use wire::{
    Code, Refusal, UnixMs,
    grant::Act,
    id::*,
    limits::{FLOOR_SECONDS_MAX, FLOOR_SECONDS_MIN},
    signal::{Floor, ServerMessage},
};

impl Meeting {
    pub fn control_floor(&mut self, by: SessionId, on: bool, seconds: Option<u16>, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        if seconds.is_some_and(|it| !(FLOOR_SECONDS_MIN..=FLOOR_SECONDS_MAX).contains(&it)) {
            let bounds = Refusal::new(Code::SignalMalformed).with("field", "seconds");
            return Err(bounds.with("seconds_min", FLOOR_SECONDS_MIN).with("seconds_max", FLOOR_SECONDS_MAX));
        }
        // Who speaks when the floor is first controlled does not keep it; who has it while only the time changes does.
        let (holder, ends_at_ms) = self.floor.as_ref().map_or((None, None), |it| (it.holder, it.ends_at_ms));
        self.set_floor(on.then_some(Floor { holder, seconds, ends_at_ms }), now_ms, effects);
        Ok(self.keep_order(now_ms))
    }

    pub fn give_floor(&mut self, by: SessionId, to: Option<SessionId>, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        let Some(Floor { seconds, .. }) = self.floor else { return Err(Refusal::new(Code::FloorOpen)) };
        if let Some(session) = to
            && self.asker(session)?.breakout.is_some()
        {
            return Err(Refusal::new(Code::BreakoutElsewhere));
        }
        let ends_at_ms = to.and(seconds).map(|seconds| now_ms.saturating_add_ms(i64::from(seconds) * 1000));
        self.set_floor(Some(Floor { holder: to, seconds, ends_at_ms }), now_ms, effects);
        if let Some(member) = to.and_then(|session| self.roster.get_mut(&session))
            && member.hand_raised_at_ms.take().is_some()
        {
            let session = member.session;
            self.tell_changed(effects, session);
        }
        Ok(Outcome::default())
    }

    pub fn yield_floor(&mut self, by: SessionId, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        match &self.floor {
            Some(floor) if floor.holder == Some(by) => {
                self.free_floor(now_ms, effects);
                Ok(Outcome::default())
            }
            Some(_) => Err(Refusal::new(Code::ActForbidden).with("act", "chair")),
            None => Err(Refusal::new(Code::FloorOpen)),
        }
    }

    /// Nobody has it, because the holder's time is over, or the holder gave it back or left.
    pub fn free_floor(&mut self, now_ms: UnixMs, effects: &mut Effects) {
        if let Some(Floor { holder: Some(_), seconds, .. }) = self.floor {
            self.set_floor(Some(Floor { holder: None, seconds, ends_at_ms: None }), now_ms, effects);
        }
    }

    /// Its end, if the holder's time is running.
    pub fn floor_ends_at_ms(&self) -> Option<UnixMs> {
        self.floor.as_ref().and_then(|it| it.ends_at_ms)
    }

    fn set_floor(&mut self, floor: Option<Floor>, now_ms: UnixMs, effects: &mut Effects) {
        if self.floor == floor {
            return;
        }
        self.floor = floor;
        self.tell_all(effects, &ServerMessage::Floor { floor: self.floor.clone(), now_ms });
        self.rebind_all(effects);
    }
}
