//! The rules of time: how long before use one applies (TP-2), what a slot may be, when a meeting's door is open.

mod lead_time;
mod slot;
mod store;

pub use kernel::clock::MALAYSIA;
pub use lead_time::{LeadTime, LeadVerdict, verdict};
pub use slot::{SLOT_MINUTES_MAX, Slot, SlotFault};
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::lead_time_at;

/// The door opens this long before the start: time for the check of camera and microphone (MEET-6) that the invitation asks for.
pub const OPENS_BEFORE_START_MS: i64 = 15 * 60 * 1000;
/// The door closes this long after the end: a chair can finish a sentence, and the next user's set-up is not disturbed for longer.
pub const CLOSES_AFTER_END_MS: i64 = 15 * 60 * 1000;
/// How far ahead may be booked: half a year, so that rooms are not hoarded and holidays are known.
pub const ADVANCE_DAYS_MAX: i64 = 180;
