//! The policy of booking, in versions: how long before use one applies (TP-2), what a slot may be, how long it is held, and every number
//! beside it. A reservation keeps the version by which it was judged.

mod act;
mod hold;
pub mod http;
mod lead_time;
mod lint;
mod replay;
mod slot;
mod store;
mod terms;

pub use act::PolicyDraft;
pub use kernel::clock::MALAYSIA;
pub use lead_time::{LeadMode, LeadTime, LeadVerdict, verdict};
pub use lint::{Finding, bounds, lint};
pub use replay::{Bound, refused};
pub use slot::{Slot, SlotFault};
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{at, by_version};
pub use terms::{Policy, RestDayUse, SameDayShift, Terms};

/// The door opens this long before the start: time for the check of camera and microphone (MEET-6) that the invitation asks for.
pub const OPENS_BEFORE_START_MS: i64 = 15 * 60 * 1000;
/// The door closes this long after the end: a chair can finish a sentence, and the next user's set-up is not disturbed for longer.
pub const CLOSES_AFTER_END_MS: i64 = 15 * 60 * 1000;
/// How far ahead an online meeting may be called: half a year. For the use of sites the policy says it.
pub const ADVANCE_DAYS_MAX: i64 = 180;
