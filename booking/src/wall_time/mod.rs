//! What is booked is booked by the wall clock of Malaysia, and stored as instants. Where the rules of its zone change (an update of tzdata moves
//! its offset from UTC), the same instants would be other times of the day: bookings to come are moved so that everybody finds them at the hour
//! that they were told, and each is listed.
//!
//! The database knows by which offsets its instants are stored. A service whose zone rules say otherwise does not start before
//! `sidang admin zone-changed` was run: nothing is booked by the new rules beside what was booked by the old ones.

mod rules;
mod store;

pub use rules::Offsets;
#[cfg(test)]
pub(crate) use store::SQL;

use chrono::{DateTime, Offset, TimeZone};
use kernel::{
    Db, Result,
    audit::{self, Entry},
    clock::MALAYSIA,
};
use wire::{UnixMs, id::ReservationId};

/// A booking that keeps its hour, and is at another instant for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub reservation: ReservationId,
    pub reference: String,
    pub from: UnixMs,
    pub to: UnixMs,
}

/// What Malaysia's clock is ahead of UTC at an instant, seconds, by the zone rules of this executable.
pub fn offset_s(at: UnixMs) -> i64 {
    let at = DateTime::from_timestamp_millis(at.0).unwrap_or(DateTime::UNIX_EPOCH).naive_utc();
    i64::from(MALAYSIA.offset_from_utc_datetime(&at).fix().local_minus_utc())
}

/// Whether what is stored is stored by these offsets.
pub async fn is_kept(db: &Db, now: UnixMs, offset_s: impl Fn(UnixMs) -> i64) -> Result<bool> {
    let stored = store::offsets(&mut db.read().await?).await?;
    Ok(stored.agrees_with(now, &Offsets::over(now, offset_s)))
}

/// Moves everything that is booked for a time to come to the instants of its hours by the new offsets, and answers the bookings that were moved,
/// the soonest first. With `carry_out` false nothing is stored. Done again it finds nothing to do.
pub async fn keep(db: &Db, now: UnixMs, offset_s: impl Fn(UnixMs) -> i64, carry_out: bool) -> Result<Vec<Moved>> {
    let new = Offsets::over(now, offset_s);
    if !carry_out {
        let mut tx = db.read().await?;
        let old = store::offsets(&mut tx).await?;
        return store::to_move(&mut tx, now, &old, &new).await;
    }
    kernel::transact!(db, tx => {
        let old = store::offsets(tx).await?;
        let moved = store::to_move(tx, now, &old, &new).await?;
        store::move_all(tx, now, &old, &new).await?;
        store::put_offsets(tx, &new).await?;
        for it in &moved {
            crate::reservations::store::note(tx, it.reservation, now, crate::reservations::HistoryAct::KeepWallTime, None, None).await?;
            audit::record(tx, Entry::new(now, "reservation.keep_wall_time", "reservation", it.reservation)
                .detail("reference", it.reference.as_str())
                .detail("from_ms", it.from.0)
                .detail("to_ms", it.to.0));
        }
        audit::record(tx, Entry::new(now, "service.zone_changed", "service", "sidang").detail("reservations", moved.len()));
        Ok(moved)
    })
}

#[cfg(test)]
mod tests;
