//! Meetings: what one joins. An online meeting is made by any officer; a telepresence meeting comes with an approved reservation.

pub mod act;
pub mod change;
pub mod follow;
pub mod grant;
pub mod http;
pub mod keys;
pub mod rules;
pub mod seal;
pub(crate) mod store;
pub mod view;

use crate::{
    names::names,
    policy::{CLOSES_AFTER_END_MS, OPENS_BEFORE_START_MS, Slot},
};
use serde::{Deserialize, Serialize};
use wire::{
    Classification, UnixMs,
    grant::{LobbyPolicy, Role},
    id::{MeetingId, PersonId, ReservationId, SiteId},
};

#[cfg(test)]
pub(crate) use store::SQL;

names! {
    Kind {
        Online = "online",
        Telepresence = "telepresence",
    }
}

names! {
    State {
        Scheduled = "scheduled",
        Open = "open",
        Ended = "ended",
    }
}

names! {
    /// Why a meeting ended before its window closed.
    EndReason {
        /// Its host ended it.
        Ended = "ended",
        Withdrawn = "withdrawn",
        /// It was raised above what may be held (CLASS-2).
        Classification = "classification",
        /// A site of it was taken away (a fault, maintenance, an override).
        Displaced = "displaced",
        /// Nobody came, and the rest of its slot was let go.
        NoShow = "no_show",
    }
}

/// What an officer asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MeetingDraft {
    pub title: String,
    pub classification: Classification,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// The creator is the host and need not be named.
    pub people: Vec<PersonId>,
    /// Who waits before the door until the host, or a co-host, lets them in.
    #[serde(default)]
    pub lobby: LobbyPolicy,
}

/// A meeting as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: MeetingId,
    pub kind: Kind,
    pub reservation: Option<ReservationId>,
    pub title: String,
    pub classification: Classification,
    pub lobby: LobbyPolicy,
    pub host: PersonId,
    pub slot: Slot,
    pub opens_at: UnixMs,
    pub closes_at: UnixMs,
    pub epoch: u32,
    pub ended_at: Option<UnixMs>,
    /// Its reservation waits for an approval: nobody is let in.
    pub suspended: bool,
    /// Sessions that joined and have not left.
    pub present: i64,
    pub people: Vec<Listed>,
}

/// One of the meeting's own group (MEET-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pub person: PersonId,
    pub role: Role,
    pub seat: Option<(SiteId, u8)>,
    /// The host sent this person away.
    pub removed: bool,
}

/// When the door of a meeting in this slot opens and closes.
pub fn window(slot: Slot) -> (UnixMs, UnixMs) {
    (slot.starts_at.saturating_add_ms(-OPENS_BEFORE_START_MS), slot.ends_at.saturating_add_ms(CLOSES_AFTER_END_MS))
}

impl Stored {
    pub fn listed(&self, person: PersonId) -> Option<&Listed> {
        self.people.iter().find(|it| it.person == person && !it.removed)
    }

    pub fn state(&self, now: UnixMs) -> State {
        if self.ended_at.is_some() || now >= self.closes_at {
            State::Ended
        } else if now >= self.opens_at {
            State::Open
        } else {
            State::Scheduled
        }
    }
}

#[cfg(test)]
mod tests;
