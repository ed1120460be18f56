//! Whom a change of a reservation is told to, with the change.

use super::{State, Stored, store};
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
    let whom = approvers(tx, &it, now).await?;
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

/// Its agency, where it was the last of a series that waited for an answer: what became of the whole.
pub async fn series_result(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<()> {
    let Some(series) = it.series else { return Ok(()) };
    let all = store::list(tx, store::List::Series(series.id)).await?;
    let open = |it: &Stored| matches!(it.state, State::Submitted | State::Returned | State::Waiting | State::Offered);
    let Some(first) = all.first().filter(|_| !all.iter().any(open)) else { return Ok(()) };
    let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
    let accepted = count(all.iter().filter(|it| matches!(it.state, State::Approved | State::Displaced)).count());
    let (about, whom) = (About::of(tx, first).await?, applicants(tx, it).await?);
    notices::tell(tx, now, &whom, &Notice::SeriesResult { about, occurrences: count(all.len()), accepted, at_ms: now }).await
}

/// Its agency: its time came before an answer did.
pub async fn lapsed(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<()> {
    let about = About::of(tx, it).await?;
    let whom = applicants(tx, it).await?;
    notices::tell(tx, now, &whom, &Notice::Lapsed { about, at_ms: now }).await?;
    series_result(tx, now, it).await
}
