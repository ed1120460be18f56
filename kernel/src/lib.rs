//! What the control plane stands on: the clock, the database, the audit trail, the outbox, idempotency, and how a refusal
//! becomes an HTTP answer. It knows no account and no domain: whoever calls it says who acts.
//!
//! | module | is |
//! |---|---|
//! | [`clock`] | the time as an argument, and Malaysian civil dates |
//! | [`db`] | one set of queries on SQLite and PostgreSQL; transactions; which constraint refused |
//! | [`error`] | [`Error`]: an expected "no", a busy store, or something broken |
//! | [`problem`] | how an [`Error`] answers over HTTP (RFC 9457), and the edge that gives each request its id |
//! | [`extract`] | `Json`, `Query`, `Path`, `IdempotencyKey`: what a handler takes, refusing in the same form |
//! | [`audit`] | who did what on whose behalf by which rule; append-only and chained by hashes |
//! | [`outbox`] | what must leave the database once the change stands: commands, mail |
//! | [`idempotency`] | the same request sent twice is carried out once |
//! | [`housekeeping`] | what time has made useless, taken out |
//! | [`openapi`] | what no room can say by itself in the document of the whole service |
//! | [`crash`] | labelled points at which a test ends the process |
//! | [`testing`] | fresh databases on both engines, for tests |

pub mod audit;
pub mod clock;
pub mod crash;
pub mod db;
pub mod digest;
pub mod error;
pub mod extract;
pub mod housekeeping;
pub mod idempotency;
pub mod openapi;
pub mod outbox;
pub mod problem;
pub mod testing;

pub use clock::{Clock, SharedClock};
pub use db::{Db, OnConstraint, Text, Tx};
pub use error::{Error, Result};

#[cfg(test)]
mod tests;
