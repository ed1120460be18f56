//! Blocks: stretches of time in which a site cannot be used, for a fault, planned work or a closure. A block takes the site in the one
//! table of everything that does, in one transaction with what it does to the bookings that it meets: they are `displaced`.
//!
//! A displaced booking keeps the rooms that it still has, and its meeting: who lost the room can join from a browser. It is put into
//! another room, or goes on without one, as the facilitator chooses ([`crate::faults`]), or has its room back when the block is lifted early.

pub mod act;
pub mod http;
pub mod resite;
pub mod rules;
pub(crate) mod store;
mod tell;

use crate::{names::names, policy::Slot};
use wire::{
    UnixMs,
    id::{BlockId, FaultId, PersonId, ReservationId, SiteId},
};

pub use act::{Changed, block, keep_open, lift, move_end, renew_due, settle};
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{by_id, displaced_by, of_fault, within};

names! {
    /// Why a site cannot be used.
    BlockKind {
        /// Something critical is out of order.
        Fault = "fault",
        /// Planned work.
        Maintenance = "maintenance",
        /// A closure.
        Blackout = "blackout",
    }
}

names! {
    /// What became of a booking that was displaced.
    Outcome {
        /// It has another room.
        Resited = "resited",
        /// Who lost the room joins from a browser.
        Online = "online",
        /// It has its room back.
        Restored = "restored",
    }
}

/// A block to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewBlock<'a> {
    pub site: SiteId,
    pub kind: BlockKind,
    /// What is past is not blocked: from now on, where it lies before now.
    pub from: UnixMs,
    /// None, of a fault alone: until it is lifted.
    pub until: Option<UnixMs>,
    pub note: Option<&'a str>,
    /// Of a fault's block, and of no other.
    pub fault: Option<FaultId>,
    pub by: Option<PersonId>,
}

/// A block as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub id: BlockId,
    pub site: SiteId,
    pub kind: BlockKind,
    pub fault: Option<FaultId>,
    pub note: Option<String>,
    pub starts_at: UnixMs,
    pub ends_at: Option<UnixMs>,
    pub covered_until: UnixMs,
    pub created_by: Option<PersonId>,
    pub lifted_at: Option<UnixMs>,
}

impl Block {
    /// Whether it still keeps people out, or will.
    pub fn stands(&self, now: UnixMs) -> bool {
        self.lifted_at.is_none() && self.ends_at.is_none_or(|end| now < end)
    }

    /// What it takes of the site.
    pub const fn covered(&self) -> Slot {
        Slot { starts_at: self.starts_at, ends_at: self.covered_until }
    }
}

/// A booking that lost a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    pub block: BlockId,
    pub reservation: ReservationId,
    pub site: SiteId,
    /// What it held of the site.
    pub span: Slot,
    /// Where the booking stood before: the text of a [`crate::reservations::State`].
    pub from_state: String,
    pub at: UnixMs,
    pub outcome: Option<Outcome>,
}

#[cfg(test)]
mod tests;
