//! Guests: people outside the public sector whom somebody who chairs invites to one meeting, by name, organisation and e-mail. A guest has no
//! account. What opens the door is a link with a secret, of which only a hash is kept; it ends with the meeting, is replaced when it is sent
//! again, and is taken back at any time. Of two devices with the same link the later one stays (MEET-8: one session for each of the group).
//!
//! A guest stands among the meeting's own people ([`crate::meetings`]) under an id of its own with the role of a guest, waits before the door as the
//! meeting's policy says, and bears the name that the host wrote: never one that looks like an officer's of the meeting ([`names`]).
//!
//! | | |
//! |---|---|
//! | [`names`] | which names a guest may bear: pure |
//! | [`token`] | the secret of a link |
//! | [`act`] | inviting, sending again, taking back, and a guest's own grant |
//! | [`http`] | the routes |

pub mod act;
pub mod http;
pub mod names;
pub(crate) mod store;
pub mod token;

#[cfg(test)]
mod tests;

use crate::notices::words::Language;
use serde::{Deserialize, Serialize};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    id::{MeetingId, PersonId},
};

/// Whom a host invites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GuestDraft {
    /// As everyone in the meeting will see it: 1 to 80 characters.
    pub name: String,
    /// 1 to 80 characters.
    pub organisation: String,
    pub email: String,
    /// In which the invitation is written: `ms` or `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub language: Option<Language>,
}

/// A guest as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Of the group of the meeting, where it stands beside people with accounts.
    pub id: PersonId,
    pub meeting: MeetingId,
    pub name: String,
    pub organisation: String,
    pub email: String,
    pub language: Language,
    /// Counts the links: the last one opens.
    pub version: u32,
    pub invited_by: PersonId,
    pub invited_at: UnixMs,
    pub opened_at: Option<UnixMs>,
    pub revoked_at: Option<UnixMs>,
}
