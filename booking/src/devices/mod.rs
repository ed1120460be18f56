//! Room systems and door panels: the devices that stand in a site's room, each known by a key that it made itself and cannot give away.
//!
//! ```text
//! a browser shows a code -> somebody of the site enters it -> a second person confirms -> device
//!     proof of its key (RFC 9449) -> credential, at most a day -> what its own site does in the next day, check-in, joining
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`proof`] | that a request comes from the key that it names, once |
//! | [`code`] | the eight letters on the screen |
//! | [`enrol`] | from the code to the device, by two people; the credential; the end |
//! | [`actor`] | the device behind a request: the extractor of every route of a panel |
//! | [`schedule`] | what a device may know: its own site's next day, and never the people |
//! | [`panel_http`], [`http`] | the routes of the device, and of the people who look after it |

pub mod actor;
pub mod code;
pub mod enrol;
pub mod http;
pub mod panel_http;
pub mod proof;
pub mod schedule;
mod store;
#[cfg(test)]
mod tests;

use crate::names::names;
use wire::{
    UnixMs,
    id::{DeviceId, PersonId, SiteId},
};

#[cfg(test)]
pub(crate) use store::SQL;
pub use store::forget_old;
pub(crate) use store::room_system;

/// A credential is renewed before this, and is worth nothing after it.
pub const CREDENTIAL_LIFE_MS: i64 = 24 * 3_600_000;
/// Devices of one site: a codec, a few panels at its doors, and one to spare of each.
pub const DEVICES_PER_SITE_MAX: i64 = 8;

names! {
    DeviceKind {
        /// Shows, checks in, reports a fault.
        Panel = "panel",
        /// Joins as the site, too.
        RoomSystem = "room_system",
    }
}

names! {
    EnrolmentState {
        /// Its code is shown.
        Waiting = "waiting",
        /// Its code was entered; a second person is waited for.
        Entered = "entered",
        Confirmed = "confirmed",
        Refused = "refused",
        /// Its ten minutes are over.
        Expired = "expired",
    }
}

/// A device as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: DeviceId,
    pub site: SiteId,
    pub kind: DeviceKind,
    pub name: String,
    pub jkt: String,
    pub enrolled_by: PersonId,
    pub confirmed_by: PersonId,
    pub enrolled_at: UnixMs,
    pub seen_at: Option<UnixMs>,
    pub revoked_at: Option<UnixMs>,
}
