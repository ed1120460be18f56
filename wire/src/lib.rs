//! The types that both planes, the load test and the browser share. No IO, no clock, no dependency on another room of the house.
//!
//! JSON is snake_case; instants are [`UnixMs`]; an absent permission is a no; an unknown classification is the highest.
//! The browser's copy of these types is generated (`cargo test -p wire` writes `web/src/signal/wire/` anew and fails if it differed).

pub mod audit;
pub mod classification;
pub mod control;
pub mod grant;
pub mod id;
pub mod limits;
pub mod refusal;
pub mod rule;
pub mod signal;
pub mod time;

pub use audit::AuditAct;
pub use classification::Classification;
pub use refusal::{Code, Refusal};
pub use rule::Rule;
pub use time::UnixMs;
