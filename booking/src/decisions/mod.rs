//! Decisions: the central agency's answer to an application (TP-4). Nobody decides for their own agency.
//!
//! | module | is |
//! |---|---|
//! | [`act`] | approve, return, refuse: each one transaction; what stands in the way of an approval |
//! | [`returns`] | what is sent back to be put right, and what it is counted from when it comes again |
//! | [`consents`] | the word of those who look after a room, for use on rest days and holidays |
//! | [`reminders`] | what happens while nobody decides |
//! | [`queue`], [`dossier`] | what waits, and one application with all that matters for the decision |
//! | [`working`] | working time |

pub mod act;
pub mod consents;
pub mod dossier;
pub mod http;
pub mod queue;
pub mod reminders;
pub mod returns;
mod store;
pub mod working;

use crate::{names::names, reservations::HistoryAct};

pub use act::{Answer, Decider, decide};
pub use returns::Field;
#[cfg(test)]
pub(crate) use store::SQL;

names! {
    Decision {
        Approve = "approve",
        /// Sent back to be put right.
        Return = "return",
        Refuse = "refuse",
    }
}

impl Decision {
    /// As the booking's history tells it.
    const fn history(self) -> HistoryAct {
        match self {
            Self::Approve => HistoryAct::Approve,
            Self::Return => HistoryAct::Return,
            Self::Refuse => HistoryAct::Refuse,
        }
    }
}

names! {
    /// The catalogue of reasons for a refusal (TP-4).
    ReasonCode {
        PurposeUnclear = "purpose_unclear",
        NotOfficial = "not_official",
        RoomNeeded = "room_needed",
        DocumentsMissing = "documents_missing",
        /// The facilitators of a site do not consent to use on a rest day or holiday.
        ConsentWithheld = "consent_withheld",
        /// It was returned, and came back as it was.
        NotPutRight = "not_put_right",
        /// Given in words.
        Other = "other",
    }
}

#[cfg(test)]
mod tests;
