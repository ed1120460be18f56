//! Whom a change of a reservation is told to, with the change.

use super::{Stored, store};
use crate::{
    notices::{
        self, About, Notice,
        audience::{applicants, approvers, everyone},
    },
    people,
};
use kernel::{Result, Tx};
use wire::{
    Code, UnixMs,
    id::{PersonId, ReservationId},
};

/// The approvers: an application waits for them, the first time or again.
pub async fn received(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<()> {
    let it = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let (about, agency) = (About::of(tx, &it).await?, people::agency(tx, it.agency).await?.name);
    let whom = approvers(tx, &it).await?;
    notices::tell(tx, now, &whom, &Notice::ApplicationReceived { about, agency, received_at_ms: now }).await
}

/// Everybody in it and everybody who answers for it, without the one who did it.
pub async fn withdrawn(tx: &mut Tx, now: UnixMs, it: &Stored, by: PersonId) -> Result<()> {
    let about = About::of(tx, it).await?;
    let whom: Vec<PersonId> = everyone(tx, it).await?.into_iter().filter(|person| *person != by).collect();
    notices::tell(tx, now, &whom, &Notice::Withdrawn { about, at_ms: now }).await
}

/// Its agency: a place is offered until then.
pub async fn offered(tx: &mut Tx, now: UnixMs, it: &Stored, until: UnixMs) -> Result<()> {
    let about = About::of(tx, it).await?;
    let whom = applicants(tx, it).await?;
    notices::tell(tx, now, &whom, &Notice::WaitingListOffer { about, until_ms: until }).await
}

/// Its agency: its time came before an answer did.
pub async fn lapsed(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<()> {
    let about = About::of(tx, it).await?;
    let whom = applicants(tx, it).await?;
    notices::tell(tx, now, &whom, &Notice::Lapsed { about, at_ms: now }).await
}
