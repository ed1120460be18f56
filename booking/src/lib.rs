//! Booking: sites, reservations, meetings, grants, conditions, faults, recordings and the link to the media plane.
//!
//! Booking decides, media enforces, the browser shows. Inside a domain `rules` is pure, `store` is SQL, `http` is handlers, and `mod.rs`
//! is the contents page.

mod names;
mod text;

pub mod media;
pub mod meetings;
pub mod policy;
pub mod reservations;
pub mod settings;
pub mod sites;

use kernel::{Db, SharedClock};

/// What every part of booking works with.
#[derive(Debug)]
pub struct Booking {
    pub(crate) db: Db,
    pub(crate) clock: SharedClock,
    pub(crate) settings: settings::Settings,
    pub(crate) keys: meetings::keys::Keys,
}
