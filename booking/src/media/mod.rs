//! Booking's end of the link to the media plane: facts come up and are stored once each, commands go down until they are acknowledged.
//!
//! | module | is |
//! |---|---|
//! | [`facts`] | a numbered fact becomes attendance, a recording's row, an end, an audit row: once |
//! | [`commands`] | commands in the outbox, and who has carried them out |
//! | [`link`] | one node's link, whatever carries its frames |
//! | [`carriers`] | a pair of channels in one process; a WebSocket between two |
//!
//! The planes survive each other: without a link facts wait in the node and commands in the outbox.

pub mod carriers;
pub mod commands;
pub mod facts;
pub mod link;

#[cfg(test)]
pub(crate) use facts::SQL;

#[cfg(test)]
mod tests;
