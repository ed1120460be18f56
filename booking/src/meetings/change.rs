//! What a change of the booking does to its meeting, in the same transaction: grants from before it are void, whoever is inside is sent out
//! at once, or stays longer. The media nodes are told by commands that leave with the commit.

use super::{EndReason, store};
use crate::{media::commands, policy::Slot};
use kernel::{Result, Tx};
use wire::{
    UnixMs,
    control::Command,
    id::{MeetingId, PersonId},
    signal::LeaveReason,
};

/// The meeting is off: withdrawn, displaced, let go. False where it had ended before.
pub async fn cancel(tx: &mut Tx, now: UnixMs, room: MeetingId, why: EndReason) -> Result<bool> {
    let Some(epoch) = store::end(tx, room, now, why).await? else { return Ok(false) };
    commands::push(tx, now, &Command::EndRoom { room, epoch, reason: LeaveReason::Revoked })?;
    Ok(true)
}

/// Another slot, earlier or later. Who is inside in the old one is sent out and comes back when the new door opens. False where it had ended.
pub async fn move_to(tx: &mut Tx, now: UnixMs, room: MeetingId, slot: Slot) -> Result<bool> {
    let Some(epoch) = store::move_to(tx, room, slot).await? else { return Ok(false) };
    commands::push(tx, now, &Command::EndRoom { room, epoch, reason: LeaveReason::Revoked })?;
    Ok(true)
}

/// The same slot with a later end: nobody is sent out, and the grants from before it hold. False where it had ended.
pub async fn extend(tx: &mut Tx, now: UnixMs, room: MeetingId, slot: Slot) -> Result<bool> {
    let Some(closes_at) = store::extend(tx, room, slot).await? else { return Ok(false) };
    commands::push(tx, now, &Command::ExtendRoom { room, closes_at: closes_at.seconds() })?;
    Ok(true)
}

/// Somebody is listed no more.
pub async fn unlist(tx: &mut Tx, now: UnixMs, room: MeetingId, person: PersonId) -> Result<()> {
    store::remove(tx, room, person, now).await?;
    send_out(tx, now, room, person)
}

/// Ends the sessions of one participant and voids what was minted for it until now. A grant of this very second may have been issued before.
pub fn send_out(tx: &mut Tx, now: UnixMs, room: MeetingId, person: PersonId) -> Result<()> {
    let not_before = now.seconds().saturating_add(1);
    commands::push(tx, now, &Command::RemovePerson { room, person, not_before, reason: LeaveReason::Revoked })
}
