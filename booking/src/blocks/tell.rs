//! What people are told when a room is taken from their booking, or given back: each once, in the transaction of the block.

use super::{Block, BlockKind, Changed, Outcome};
use crate::{
    notices::{self, About, Cause, Notice, audience},
    reservations, sites,
};
use kernel::{Result, Tx};
use wire::{
    UnixMs,
    id::{ReservationId, SiteId},
};

pub async fn changed(tx: &mut Tx, now: UnixMs, block: &Block, changed: &Changed) -> Result<()> {
    let cause = match block.kind {
        BlockKind::Fault => Cause::Fault,
        BlockKind::Maintenance => Cause::Maintenance,
        BlockKind::Blackout => Cause::Closure,
    };
    if changed.displaced.is_empty() && changed.restored.is_empty() {
        return Ok(());
    }
    let site = sites::by_id(tx, block.site).await?;
    let site = site.as_ref().map(Into::into);
    for lost in &changed.displaced {
        let Some(it) = reservations::store::by_id(tx, lost.reservation).await? else { continue };
        let notice = Notice::Displaced { about: About::of(tx, &it).await?, cause, site: site.clone(), at_ms: now };
        let people = audience::everyone(tx, &it).await?;
        notices::tell(tx, now, &people, &notice).await?;
    }
    for id in &changed.restored {
        settled(tx, now, *id, Outcome::Restored, Some(block.site)).await?;
    }
    Ok(())
}

/// What became of the booking, and the room that it has now.
pub async fn settled(tx: &mut Tx, now: UnixMs, id: ReservationId, outcome: Outcome, site: Option<SiteId>) -> Result<()> {
    let Some(it) = reservations::store::by_id(tx, id).await? else { return Ok(()) };
    let site = match site {
        Some(site) => sites::by_id(tx, site).await?.as_ref().map(Into::into),
        None => None,
    };
    let notice = Notice::RoomSettled { about: About::of(tx, &it).await?, outcome, site, at_ms: now };
    let people = audience::everyone(tx, &it).await?;
    notices::tell(tx, now, &people, &notice).await
}
