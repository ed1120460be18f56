//! Booking: sites, reservations, meetings, grants, conditions, faults, recordings and the link to the media plane.
//!
//! Booking decides, media enforces, the browser shows. Inside a domain `rules` is pure, `store` is SQL, `http` is handlers, and `mod.rs`
//! is the contents page.
//!
//! | module | is |
//! |---|---|
//! | [`policy`] | the policy in its versions: lead time (TP-2), slots, holds, a meeting's door |
//! | [`sites`] | places with a telepresence room, and what stands in them (TP-1) |
//! | [`holidays`] | public holidays and weekends by state |
//! | [`reservations`] | applications for sites: judged, held, withdrawn (TP-1 to TP-5) |
//! | [`decisions`] | the central agency's answer to an application (TP-4) |
//! | [`overrides`] | exceptions from rules of time, which two people answer for (TP-2, TP-4) |
//! | [`meetings`] | what one joins; join grants and the keys that sign them (MEET-8) |
//! | [`recordings`] | which recordings there are, and who may open them (MEET-3, CLASS-3) |
//! | [`blocks`] | when a site cannot be used, and what becomes of the bookings that it was taken from |
//! | [`maintenance`] | planned work on a site |
//! | [`conditions`], [`faults`] | the room after use, and what is broken in it (TP-6, TP-7) |
//! | [`inventory`] | what stands at the sites, and the labels on it (TP-6) |
//! | [`photographs`] | pictures of rooms, reports and faults, sealed |
//! | [`notices`], [`mail`] | what people are told, in the app and by mail |
//! | [`reports`] | what became of applications, sessions and faults, made from the audit trail (DESK-2) |
//! | [`calendar`] | invitations that follow every change, and feeds to subscribe to |
//! | [`media`] | the link to the media plane: facts up, commands down |
//! | [`devices`] | room systems and door panels: enrolled by two people, known by their key |
//! | [`use_of_rooms`] | the day of use: check-in, no-show, extension |
//! | [`restore`] | what a backup must not bring back |
//! | [`wall_time`] | bookings keep their hour where the rules of the time zone change |
//! | [`demo`] | what `DEMO=1` puts into an empty service |

mod affected;
mod app;
mod names;
mod people;
mod text;

pub mod attendance;
pub mod blocks;
pub mod calendar;
pub mod conditions;
pub mod decisions;
pub mod demo;
pub mod devices;
pub mod faults;
pub mod holidays;
pub mod inventory;
pub mod mail;
pub mod maintenance;
pub mod media;
pub mod meetings;
pub mod notices;
pub mod overrides;
pub mod photographs;
pub mod policy;
pub mod presence;
pub mod recordings;
pub mod reports;
pub mod reservations;
pub mod restore;
pub mod settings;
pub mod sites;
pub mod use_of_rooms;
pub mod wall_time;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use app::{Booking, edge_router, router};
pub use meetings::seal::SEALING_KEY_BYTES;
pub use settings::{Settings, TrustedNode};

/// Every SQL text of this crate, which a test has both engines prepare.
#[cfg(test)]
pub(crate) fn all_sql() -> impl Iterator<Item = (&'static str, &'static str)> {
    let stores = [
        sites::SQL,
        affected::SQL,
        holidays::SQL,
        policy::SQL,
        decisions::SQL,
        overrides::SQL,
        meetings::SQL,
        meetings::follow::SQL,
        meetings::keys::SQL,
        notices::SQL,
        mail::SQL,
        calendar::SQL,
        calendar::feeds::SQL,
        media::SQL,
        recordings::SQL,
        attendance::SQL,
        presence::SQL,
        conditions::SQL,
        faults::SQL,
        inventory::SQL,
        photographs::SQL,
        blocks::SQL,
        reports::SQL,
        devices::SQL,
        devices::schedule::SQL,
        use_of_rooms::SQL,
        restore::SQL,
        maintenance::SQL,
        wall_time::SQL,
    ];
    stores.into_iter().flatten().copied().chain(reservations::all_sql())
}
