//! The day of use: who came, what nobody came to, what goes on for longer.
//!
//! ```text
//! approved --somebody checks in--> in use --extended--> in use, later end
//!          \--nobody, some minutes on--> warned --still nobody, and no media flows--> no-show: the rest of the slot is let go
//! ```
//!
//! One check-in at any of its sites keeps the whole session; each site's own is kept for the reports.

mod act;
mod extend;
pub mod http;
mod no_show;
pub mod rules;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use crate::names::names;

pub use act::{CheckInBy, check_in, joined, undo_check_in};
pub use extend::{Extender, extend, extension_minutes};
pub use no_show::no_shows_due;
pub use rules::UsePolicy;
#[cfg(test)]
pub(crate) use store::SQL;
pub(crate) use store::policy_at;
pub use store::{SiteUse, uses};

names! {
    /// How it is known that somebody came.
    CheckedInBy {
        Panel = "panel",
        /// A seated person, or the room system, is in the meeting.
        Joining = "joining",
        Facilitator = "facilitator",
    }
}
