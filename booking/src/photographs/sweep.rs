//! What nothing shows is taken out: pictures that were sent and not used, and files that a crash left without a row.

use super::{Shelf, store};
use crate::Booking;
use kernel::{Db, Error, Result};
use wire::UnixMs;

/// A report is begun in the room and sent from it; a day covers a telephone without a line.
const ORPHAN_MS_MAX: i64 = 24 * 3_600_000;
/// Taken out at one time.
const BATCH: i64 = 100;

/// Takes out the photographs that nothing has shown for a day: first the row, then the files. How many.
pub async fn sweep_due(booking: &Booking, now: UnixMs) -> Result<usize> {
    swept(&booking.db, &booking.photographs, now).await
}

async fn swept(db: &Db, shelf: &Shelf, now: UnixMs) -> Result<usize> {
    let until = now.saturating_add_ms(-ORPHAN_MS_MAX);
    let orphans = store::orphans(&mut db.read().await?, until, BATCH).await?;
    let mut gone = 0;
    for id in orphans {
        if kernel::transact!(db, tx => store::forget(tx, id, until).await)? {
            shelf.remove(id).await.map_err(|error| Error::Broken(error.into()))?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Takes out files older than a day that no row tells of: once at start, because only a process that was killed leaves them.
pub async fn sweep_strays(booking: &Booking, now: UnixMs) -> Result<usize> {
    let (db, shelf) = (&booking.db, &booking.photographs);
    let mut gone = 0;
    for id in shelf.all_before(now.saturating_add_ms(-ORPHAN_MS_MAX)).await.map_err(|error| Error::Broken(error.into()))? {
        if !store::is_known(&mut db.read().await?, id).await? {
            shelf.remove(id).await.map_err(|error| Error::Broken(error.into()))?;
            gone += 1;
        }
    }
    Ok(gone)
}
