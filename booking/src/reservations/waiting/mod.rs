//! The waiting list: an application that is lawful in all but a taken slot waits its turn. What becomes free is offered to the first whose
//! sites are all free then, held for it, and goes on to the next where the answer is no or does not come.

pub mod http;
mod store;

use super::{
    By, Ended, HistoryAct, State, Stored,
    act::{all_of, entry, found, in_state},
    occupancies, store as reservations, taken, told,
};
use crate::{decisions, policy};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, UnixMs,
    id::{ReservationId, SiteId},
};

#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{next_number, place};

/// Less than this before the hold's end nobody could answer, and nobody decide: no offer is made.
const ANSWERED_WITHIN_MS: i64 = 15 * 60_000;

/// Tells the list that a reservation let go of what it held, in the transaction in which it did. The caller holds the sites of those who
/// wait for them too ([`super::act::found`] took them).
pub(crate) async fn freed(tx: &mut Tx, now: UnixMs, by: &Stored) -> Result<()> {
    let sites: BTreeSet<SiteId> = by.sites.iter().map(|it| it.site).collect();
    for id in store::candidates(tx, &sites, by.slot).await? {
        if id != by.id {
            offer_if_free(tx, now, id).await?;
        }
    }
    Ok(())
}

/// Offers a waiting application its sites where all of them are free. The caller holds the sites.
async fn offer_if_free(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<bool> {
    let Some(it) = reservations::by_id(tx, id).await?.filter(|it| it.state == State::Waiting) else { return Ok(false) };
    let hold_expires_at = it.hold_expires_at.unwrap_or(it.slot.starts_at);
    if hold_expires_at.saturating_since_ms(now) < ANSWERED_WITHIN_MS {
        return Ok(false);
    }
    for place in &it.sites {
        if !taken::busy(tx, place.site, place.span, Some(id)).await?.is_empty() {
            return Ok(false);
        }
    }
    let minutes = policy::at(tx, now).await?.terms.offer_minutes;
    let expires_at = now.saturating_add_ms(minutes * 60_000).min(hold_expires_at);
    if !store::offer(tx, id, expires_at).await? {
        return Ok(false);
    }
    occupancies::to_state(tx, id, "held").await?;
    reservations::note(tx, id, now, HistoryAct::Offer, None, None).await?;
    let row = Entry::new(now, "reservation.offer", "reservation", id).on_behalf_of(it.agency);
    audit::record(tx, row.detail("reference", it.reference.as_str()).detail("expires_at_ms", expires_at.0));
    told::offered(tx, now, &it, expires_at).await?;
    Ok(true)
}

/// What became of an answer that came when the offer's time was over.
enum Outcome {
    Done,
    Over(UnixMs),
}

/// The agency's answer to an offer. Accepted, it is an application like any other, which came when it began to wait.
pub async fn answer(db: &Db, now: UnixMs, by: By, id: ReservationId, accept: bool) -> Result<()> {
    let outcome = match try_answer(db, now, by, id, accept).await {
        Ok(Outcome::Done) => Ok(()),
        Ok(Outcome::Over(at)) => Err(Refusal::new(Code::OfferOver).with("expires_at_ms", at.0).into()),
        Err(error) => Err(error),
    };
    let act = if accept { "reservation.accept_offer" } else { "reservation.decline_offer" };
    audit::record_refusal(db, outcome, || entry(now, act, id, by)).await
}

async fn try_answer(db: &Db, now: UnixMs, by: By, id: ReservationId, accept: bool) -> Result<Outcome> {
    kernel::transact!(db, tx => {
        let it = found(tx, id).await?;
        if it.agency != by.agency {
            return Err(Code::NotFound.into());
        }
        let (State::Offered, Some(expires_at)) = (it.state, it.offer_expires_at) else { return Err(in_state(it.state)) };
        if expires_at <= now {
            run_out(tx, now, &it).await?;
            return Ok(Outcome::Over(expires_at));
        }
        if accept {
            // Judged again, now that nobody can change its sites: it may have waited for long.
            all_of(&decisions::act::unlawful(tx, now, &it).await?)?;
            if !store::accept(tx, id).await? {
                return Err(in_state(it.state));
            }
            reservations::note(tx, id, now, HistoryAct::Accept, Some(by.person), None).await?;
            audit::record(tx, entry(now, "reservation.accept_offer", id, by).detail("reference", it.reference.as_str()));
            told::received(tx, now, id).await?;
        } else {
            let ended = Ended { at: now, by: Some(by.person), reason: None };
            if !reservations::withdraw(tx, id, State::Offered, &ended).await? {
                return Err(in_state(it.state));
            }
            occupancies::to_state(tx, id, "released").await?;
            reservations::note(tx, id, now, HistoryAct::Decline, Some(by.person), None).await?;
            audit::record(tx, entry(now, "reservation.decline_offer", id, by).detail("reference", it.reference.as_str()));
            freed(tx, now, &it).await?;
        }
        Ok(Outcome::Done)
    })
}

/// An offer that nobody answered: it goes on to the next.
async fn run_out(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<()> {
    if !reservations::lapse(tx, it.id).await? {
        return Ok(());
    }
    occupancies::to_state(tx, it.id, "released").await?;
    reservations::note(tx, it.id, now, HistoryAct::OfferExpire, None, None).await?;
    audit::record(tx, Entry::new(now, "reservation.offer_expire", "reservation", it.id).detail("reference", it.reference.as_str()));
    told::lapsed(tx, now, it).await?;
    freed(tx, now, it).await
}

/// What time does to the list: offers run out, those whose use nobody could decide on any more lapse, and what became free by other ways
/// (a block that was lifted) is offered. Answers how many were moved.
pub async fn waiting_due(db: &Db, now: UnixMs) -> Result<usize> {
    let due = store::due(&mut db.read().await?, now).await?;
    let mut moved = 0;
    for id in due {
        moved += usize::from(move_on(db, now, id).await?);
    }
    Ok(moved)
}

async fn move_on(db: &Db, now: UnixMs, id: ReservationId) -> Result<bool> {
    kernel::transact!(db, tx => {
        let it = found(tx, id).await?;
        match it.state {
            State::Offered if it.offer_expires_at.is_some_and(|at| at <= now) => {
                run_out(tx, now, &it).await?;
                Ok(true)
            }
            State::Waiting if it.hold_expires_at.is_some_and(|at| at <= now) => {
                if reservations::lapse(tx, id).await? {
                    reservations::note(tx, id, now, HistoryAct::Lapse, None, None).await?;
                    audit::record(tx, Entry::new(now, "reservation.lapse", "reservation", id));
                    told::lapsed(tx, now, &it).await?;
                }
                Ok(true)
            }
            State::Waiting => offer_if_free(tx, now, id).await,
            _ => Ok(false),
        }
    })
}

#[cfg(test)]
mod tests;
