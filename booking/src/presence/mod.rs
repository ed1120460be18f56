//! Presence (MEET-12): whether somebody is in a meeting, busy, away or available. Derived from what is known anyway; a person may say
//! *busy* or *away* for some hours, and nobody can say that somebody else is there.
//!
//! | | |
//! |---|---|
//! | [`rules`] | the state, from what is known (pure) |
//! | [`store`] | what is known |
//! | [`http`] | the routes |

pub mod http;
pub mod rules;
pub(crate) mod store;

#[cfg(test)]
pub(crate) use store::SQL;
#[cfg(test)]
mod tests;

use crate::names::names;

names! {
    State {
        InMeeting = "in_meeting",
        Busy = "busy",
        Away = "away",
        Available = "available",
    }
}

names! {
    /// What a person says of themselves.
    Said {
        Busy = "busy",
        Away = "away",
    }
}
