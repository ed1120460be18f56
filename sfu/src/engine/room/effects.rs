//! What a turn decided, in order, until the layer above takes it.

use super::Effect;
use crate::engine::api::Event;
use std::collections::VecDeque;
use wire::{
    Refusal,
    control::Fact,
    id::*,
    signal::{RequestId, ServerMessage},
};

/// Drained after every call; one call fills it with at most a few effects for each participant of one room.
#[derive(Debug, Default)]
pub struct Effects(VecDeque<Effect>);

impl Effects {
    pub fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }

    pub fn pop(&mut self) -> Option<Effect> {
        self.0.pop_front()
    }

    pub fn event(&mut self, event: Event) {
        self.push(Effect::Event(event));
    }

    pub fn message(&mut self, session: SessionId, message: ServerMessage) {
        self.event(Event::Message { session, message });
    }

    pub fn done(&mut self, session: SessionId, id: RequestId) {
        self.message(session, ServerMessage::Done { id });
    }

    pub fn refused(&mut self, session: SessionId, id: RequestId, refusal: Refusal) {
        self.message(session, ServerMessage::Refused { id, refusal });
    }

    pub fn fact(&mut self, room: MeetingId, fact: Fact) {
        self.event(Event::Fact { room, fact });
    }
}
