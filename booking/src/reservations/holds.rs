//! The hold of an undecided application runs out: until when it holds is the policy's ([`crate::policy::Policy::hold_until`]).

use super::{HistoryAct, State, act::found, occupancies, store, waiting};
use kernel::{
    Db, Result,
    audit::{self, Entry},
};
use wire::{UnixMs, id::ReservationId};

/// Lets go of the sites of every application whose hold ran out undecided. It can still be approved: its sites are then taken again, if
/// nobody else has them by then. Answers how many.
pub async fn hold_expiry_due(db: &Db, now: UnixMs) -> Result<usize> {
    let due = store::holds_over(&mut db.read().await?, now).await?;
    let mut expired = 0;
    for id in due {
        expired += usize::from(expire(db, now, id).await?);
    }
    Ok(expired)
}

async fn expire(db: &Db, now: UnixMs, id: ReservationId) -> Result<bool> {
    kernel::transact!(db, tx => {
        let stored = found(tx, id).await?;
        let over = stored.hold_expires_at.is_some_and(|it| it <= now) && stored.slot.starts_at > now;
        if !over || !stored.holds() || !matches!(stored.state, State::Submitted | State::Returned) {
            return Ok(false);
        }
        occupancies::to_state(tx, id, "released").await?;
        store::touched(tx, id).await?;
        store::note(tx, id, now, HistoryAct::HoldExpire, None, None).await?;
        audit::record(tx, Entry::new(now, "reservation.hold_expire", "reservation", id).detail("reference", stored.reference.as_str()));
        waiting::freed(tx, now, &stored).await?;
        Ok(true)
    })
}
