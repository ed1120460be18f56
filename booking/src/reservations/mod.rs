//! Reservations: an agency's application for the use of two or more sites. Who decides on it, and how, is [`crate::decisions`].
//!
//! ```text
//! draft --judge--> submitted (holds the slot) --decide--> approved (has a meeting) --+--> withdrawn
//!                                             \-decide--> refused                    |
//!                                             \-withdraw------------------------------/
//!                                             \-its start passes--> lapsed
//! ```

pub mod act;
pub mod alternatives;
pub mod http;
pub mod rules;
pub(crate) mod store;
pub mod view;

use crate::{decisions::ReasonCode, names::names, policy::Slot};
use serde::{Deserialize, Serialize};
use wire::{
    Classification, UnixMs,
    id::{AgencyId, MeetingId, PersonId, ReservationId, SiteId},
};

pub use act::{Application, By, apply, judge, lapse_due, withdraw};
pub(crate) use act::{entry, found, in_state, lapse};
#[cfg(test)]
pub(crate) use store::SQL;

/// What an applicant asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Draft {
    pub title: String,
    /// TP-5
    pub purpose: String,
    /// TP-5: declared official.
    pub official: bool,
    /// CLASS-1
    pub classification: Classification,
    pub sites: Vec<DraftSite>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// Who leads it: the host of its meeting.
    pub chair: PersonId,
    #[serde(default)]
    pub contact: Option<String>,
    #[serde(default)]
    pub needs: Option<String>,
}

/// A site and who sits there, seat 1 first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DraftSite {
    pub site: SiteId,
    pub people: Vec<PersonId>,
}

impl Draft {
    pub fn slot(&self) -> Slot {
        Slot { starts_at: self.starts_at_ms, ends_at: self.ends_at_ms }
    }
}

names! {
    /// Where an application stands.
    State {
        Submitted = "submitted",
        Approved = "approved",
        Refused = "refused",
        Withdrawn = "withdrawn",
        /// Its time came before a decision did.
        Lapsed = "lapsed",
        /// Sent back by the approver to be put right.
        Returned = "returned",
        /// A room that it was to use cannot be used.
        Displaced = "displaced",
    }
}

/// A reservation as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: ReservationId,
    pub reference: String,
    pub title: String,
    pub purpose: String,
    pub classification: Classification,
    pub state: State,
    pub agency: AgencyId,
    pub applicant: PersonId,
    pub chair: PersonId,
    pub contact: Option<String>,
    pub needs: Option<String>,
    pub slot: Slot,
    pub received_at: UnixMs,
    pub lawful_until: UnixMs,
    pub days_before_use: i64,
    pub decided_by: Option<PersonId>,
    pub decided_at: Option<UnixMs>,
    pub reason_code: Option<ReasonCode>,
    pub reason: Option<String>,
    pub meeting: Option<MeetingId>,
    pub sites: Vec<StoredSite>,
}

/// One site of a reservation and who sits there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSite {
    pub site: SiteId,
    pub seats: Vec<(u8, PersonId)>,
}

impl Stored {
    /// Everyone seated, in the order of sites and seats.
    pub fn seated(&self) -> impl Iterator<Item = (SiteId, u8, PersonId)> + '_ {
        self.sites.iter().flat_map(|site| site.seats.iter().map(move |(seat, person)| (site.site, *seat, *person)))
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;
