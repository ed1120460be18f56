//! Overrides: an exception from a rule of time that an approver asks for with a reason and a second person confirms. Both stand in the
//! audit trail, on the reservation and in the month's list.
//!
//! What may be let through is a closed list ([`Exemption`]): the lead time (TP-2), opening hours, and use on a rest day without consent.
//! Classification (CLASS-2), six people at a site (TP-3) and a taken slot are not on it, and the schema has no column for them.
//!
//! ```text
//! asked --a second person--> confirmed --the agency applies for that slot--> used by its reservation
//!      \--a second person--> declined
//! ```

pub mod act;
pub mod http;
pub mod rules;
mod store;
pub mod view;

use crate::{names::names, policy::Slot, reservations::By};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{AgencyId, OverrideId, PersonId, ReservationId, SiteId},
};

pub use act::{Record, cover, record, stand_by, used};
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::of_reservation;

names! {
    /// A rule of time that can be let through.
    Exemption {
        /// TP-2
        LeadTime = "lead_time",
        OpeningHours = "opening_hours",
        /// Use on a weekend or a public holiday although the sites' facilitators did not consent.
        RestDay = "rest_day",
    }
}

names! {
    /// How an override came about.
    Origin {
        Asked = "asked",
        /// A reservation was moved away from a room out of order, and the lead time was not counted again.
        Resiting = "resiting",
    }
}

names! {
    /// Where an override stands.
    OverrideState {
        Asked = "asked",
        Confirmed = "confirmed",
        Declined = "declined",
    }
}

/// Who acts, for which agency, and for which approver where the role is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    pub person: PersonId,
    pub agency: AgencyId,
    pub acting_for: Option<PersonId>,
}

impl From<By> for Hand {
    fn from(by: By) -> Self {
        Self { person: by.person, agency: by.agency, acting_for: None }
    }
}

/// An override as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub id: OverrideId,
    pub origin: Origin,
    pub state: OverrideState,
    /// The agency that it is for.
    pub agency: AgencyId,
    pub slot: Slot,
    pub sites: BTreeSet<SiteId>,
    pub exempt: BTreeSet<Exemption>,
    /// The reservation that it is for, or that made use of it.
    pub reservation: Option<ReservationId>,
    pub reason: String,
    /// Nobody where the service proposed it.
    pub asked_by: Option<PersonId>,
    pub asked_for: Option<PersonId>,
    pub asked_at: UnixMs,
    pub decided: Option<Decided>,
}

/// The second person's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub by: PersonId,
    pub acting_for: Option<PersonId>,
    pub at: UnixMs,
    pub words: Option<String>,
}

#[cfg(test)]
mod tests;
