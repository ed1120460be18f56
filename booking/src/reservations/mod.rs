//! Reservations: an agency's application for the use of two or more sites. Who decides on it, and how, is [`crate::decisions`].
//!
//! ```text
//! draft --judge--> submitted (holds its sites) --decide--> approved (has a meeting) --amend--> submitted
//!             |        |  \-its hold runs out: goes on without its sites, which an approval takes again
//!             |        \-decide--> refused, returned (--amend--> submitted)
//!             \-taken, and wants to wait--> waiting --freed--> offered --yes--> submitted
//! until its end each is withdrawn by its agency; undecided at its start it lapses; a room out of order displaces it
//! ```

pub mod act;
pub mod alternatives;
pub mod amendment;
pub mod availability;
pub mod drafts;
pub mod grid;
mod history;
pub mod holds;
pub mod http;
pub(crate) mod occupancies;
pub mod rules;
pub mod search;
pub mod series;
pub(crate) mod store;
pub(crate) mod taken;
pub(crate) mod told;
pub mod verdict;
pub mod view;
pub mod waiting;

use crate::{decisions::ReasonCode, names::names, policy::Slot};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wire::{
    Classification, UnixMs,
    id::{AgencyId, MeetingId, PersonId, ReservationId, SeriesId, SiteId},
};

pub use act::{Application, By, apply, lapse_due, withdraw};
pub(crate) use act::{entry, found, in_state, lapse, with_alternatives};
pub use history::HistoryAct;
pub use holds::hold_expiry_due;
pub use verdict::judge;
pub use waiting::waiting_due;

/// Every SQL text of this domain.
#[cfg(test)]
pub(crate) fn all_sql() -> impl Iterator<Item = (&'static str, &'static str)> {
    [store::SQL, occupancies::SQL, taken::SQL, amendment::SQL, drafts::SQL, series::SQL, waiting::SQL].into_iter().flatten().copied()
}

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
    /// Those who join from a browser, without a seat at a site.
    #[serde(default)]
    pub online: Vec<PersonId>,
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

    /// The sites asked for.
    pub fn site_ids(&self) -> BTreeSet<SiteId> {
        self.sites.iter().map(|it| it.site).collect()
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
        /// Its sites are taken: it waits in the list, and holds nothing.
        Waiting = "waiting",
        /// Its sites became free and are held for it until its agency answers.
        Offered = "offered",
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
    /// Those who join without a seat.
    pub online: Vec<PersonId>,
    /// Counts its changes.
    pub version: i64,
    /// SEQUENCE of what calendars were sent.
    pub sequence: i64,
    /// Until when it holds its sites while nobody decides.
    pub hold_expires_at: Option<UnixMs>,
    pub ended: Option<Ended>,
    pub series: Option<InSeries>,
    /// Its number in the waiting list.
    pub waiting_no: Option<i64>,
    pub offer_expires_at: Option<UnixMs>,
}

/// Who took it back, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub at: UnixMs,
    pub by: Option<PersonId>,
    pub reason: Option<String>,
}

/// Which occurrence of which series it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InSeries {
    pub id: SeriesId,
    pub number: i64,
    pub of: i64,
}

/// One site of a reservation and who sits there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSite {
    pub site: SiteId,
    pub seats: Vec<(u8, PersonId)>,
    /// What is taken of the site: the slot with the time before and after it that the room needs.
    pub span: Slot,
    /// Whether it is held now.
    pub held: bool,
}

impl Stored {
    /// Whether all its sites are held now.
    pub fn holds(&self) -> bool {
        !self.sites.is_empty() && self.sites.iter().all(|site| site.held)
    }

    /// What would be asked for if the same were asked for again.
    pub fn as_draft(&self) -> Draft {
        Draft {
            title: self.title.clone(),
            purpose: self.purpose.clone(),
            official: true,
            classification: self.classification,
            sites: self
                .sites
                .iter()
                .map(|it| DraftSite { site: it.site, people: it.seats.iter().map(|(_, person)| *person).collect() })
                .collect(),
            starts_at_ms: self.slot.starts_at,
            ends_at_ms: self.slot.ends_at,
            chair: self.chair,
            contact: self.contact.clone(),
            needs: self.needs.clone(),
            online: self.online.clone(),
        }
    }

    /// Everyone seated, in the order of sites and seats.
    pub fn seated(&self) -> impl Iterator<Item = (SiteId, u8, PersonId)> + '_ {
        self.sites.iter().flat_map(|site| site.seats.iter().map(move |(seat, person)| (site.site, *seat, *person)))
    }
}

#[cfg(test)]
mod races;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rest_days;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;
