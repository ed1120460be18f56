//! The link to the control plane: numbered facts go up until they are stored, numbered commands come down and are carried out in order.
//!
//! ```text
//! identity   the node's name and its own key
//! facts      what happened, numbered, kept until stored      journal   what a restart must not forget
//! link       the frames, whatever carries them                carrier   channels in one process, a WebSocket between two
//! ```
//!
//! Meetings go on without it: facts wait, and what was commanded before holds.

mod carrier;
mod facts;
mod identity;
mod journal;
mod link;
#[cfg(test)]
mod tests;

pub use carrier::{Carrier, Trust, run};
pub use facts::FactLog;
pub use identity::{Identity, IdentityError};
pub use journal::{Journal, JournalError};
pub use link::Link;
