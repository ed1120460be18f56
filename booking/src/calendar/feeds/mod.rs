//! Calendar feeds: lists of events for a calendar to read again and again, of one's own meetings, of one's agency, of a site.
//!
//! A feed's address is its only key, and calendars keep it for years: so it opens one list and nothing else, can be taken back at any time,
//! and shows never more than its owner may see at the moment of reading. No attendee is ever in it, no title of what is classified, and of
//! what others booked only that it is taken.
//!
//! The address is signed under a key that is not in the database, so that a guess costs no look-up; the database holds its hash.

pub mod content;
pub mod http;
mod limits;
pub(crate) mod store;
pub mod token;

use crate::names::names;
pub(crate) use limits::Limits;
#[cfg(test)]
pub(crate) use store::SQL;

/// Feeds of one person: each of three kinds on each of several devices.
pub const FEEDS_MAX: i64 = 20;

names! {
    FeedKind {
        /// My own meetings.
        Person = "person",
        /// What my agency applied for and was given: for its UC administrator.
        Agency = "agency",
        /// What is on at a site.
        Site = "site",
    }
}
