//! The acts of a block: make it, end it earlier or later, renew it. Each works in its caller's transaction, which holds the fault or the
//! planned work that the block comes from; the site's lock is taken first, as an application does, so that rivals wait and do not collide.

use super::{Block, BlockKind, Displaced, NewBlock, Outcome, rules, store, tell};
use crate::{
    meetings,
    policy::Slot,
    reservations::{self, State},
};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{BlockId, PersonId, ReservationId},
};

/// What a change of a block did to bookings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Those that lost a room now, the soonest first.
    pub displaced: Vec<Displaced>,
    /// Those that have their room back.
    pub restored: Vec<ReservationId>,
    /// What the site has free again.
    pub freed: Option<Slot>,
}

/// Blocks a site; every booking that it meets is displaced. Blocks may lie over each other: the later takes what the earlier leaves.
pub async fn block(tx: &mut Tx, now: UnixMs, new: &NewBlock<'_>) -> Result<(BlockId, Changed)> {
    let from = rules::floor(new.from.max(now));
    let until = match new.until {
        Some(until) => rules::ceiling(until),
        None if new.kind == BlockKind::Fault => rules::ceiling(from.saturating_add_ms(rules::STEP_MS)),
        None => return Err(bound("end").into()),
    };
    if until <= from {
        return Err(bound("empty").into());
    }
    let covered = Slot { starts_at: from, ends_at: until };
    if covered.duration_ms() > rules::BLOCK_DAYS_MAX * 86_400_000 {
        return Err(bound("duration_max").into());
    }
    let id = BlockId::fresh();
    reservations::store::lock_sites(tx, [new.site]).await?;
    store::insert(tx, id, new, covered, now).await?;
    let block = found(tx, id).await?;
    let displaced = cover(tx, now, &block, covered, new.by).await?;
    audit::record(
        tx,
        entry(now, "block.make", &block, new.by)
            .detail("kind", block.kind.text())
            .detail("starts_at_ms", from.0)
            .detail("ends_at_ms", block.ends_at.map(|it| it.0))
            .detail("displaced", displaced.len()),
    );
    let changed = Changed { displaced, ..Changed::default() };
    tell::changed(tx, now, &block, &changed).await?;
    Ok((id, changed))
}

fn bound(bound: &'static str) -> Refusal {
    Refusal::new(Code::SlotInvalid).with("bound", bound)
}

async fn found(tx: &mut Tx, id: BlockId) -> Result<Block> {
    store::by_id(tx, id).await?.ok_or_else(|| Code::NotFound.into())
}

fn entry(now: UnixMs, act: &'static str, block: &Block, by: Option<PersonId>) -> Entry {
    let row = Entry::new(now, act, "block", block.id).detail("site", block.site.to_string());
    let row = if block.kind == BlockKind::Fault { row.rule(Rule::Tp6) } else { row };
    match by {
        Some(person) => row.by(person),
        None => row,
    }
}

/// Takes `span` of the site for the block, where no other block has it. The caller holds the site's lock.
async fn cover(tx: &mut Tx, now: UnixMs, block: &Block, span: Slot, by: Option<PersonId>) -> Result<Vec<Displaced>> {
    let mut displaced = Vec::new();
    for met in store::met(tx, block.site, span).await? {
        match met.use_ends_at <= span.starts_at {
            // Its people have left; the room is not put in order where it is being mended.
            true => store::trim(tx, &met.occupancy, span.starts_at).await?,
            false => displaced.extend(displace(tx, now, block, &met, by).await?),
        }
    }
    let taken = store::blocked(tx, block.site, span).await?;
    for piece in rules::gaps(span, &taken).into_iter().flat_map(rules::pieces) {
        store::occupy(tx, block, piece).await?;
    }
    Ok(displaced)
}

/// Nothing where the booking let go of the room while this waited for it.
async fn displace(tx: &mut Tx, now: UnixMs, block: &Block, met: &store::Met, by: Option<PersonId>) -> Result<Option<Displaced>> {
    let id = met.reservation;
    let state = store::lock_reservation(tx, id).await?;
    let held = store::occupancy_state(tx, &met.occupancy).await?;
    if held == "released" {
        return Ok(None);
    }
    // One that lost another room before stands where it stood before that.
    let from_state = match state == State::Displaced.text() {
        true => store::unsettled_of(tx, id).await?.into_iter().next().map_or(state, |first| first.shown.from_state),
        false => state,
    };
    let lost = Displaced { block: block.id, reservation: id, site: block.site, span: met.span, from_state, at: now, outcome: None };
    store::reservation_to(tx, id, State::Displaced.text()).await?;
    store::occupancy_to(tx, &met.occupancy, "released").await?;
    store::displace(tx, &lost, (&met.occupancy, &held)).await?;
    reservations::store::touched(tx, id).await?;
    if let Some(room) = store::meeting_of(tx, id).await? {
        // What they were given for their seats is void at once, and so is what the room's own system was given; people may come again, from
        // wherever they are.
        let people = store::unseat(tx, room, block.site).await?;
        let systems = store::room_systems(tx, block.site).await?;
        for person in people.into_iter().chain(systems) {
            meetings::change::send_out(tx, now, room, person)?;
        }
    }
    let rule = (block.kind == BlockKind::Fault).then_some(Rule::Tp6);
    reservations::store::note(tx, id, now, reservations::HistoryAct::Displace, by, rule).await?;
    audit::record(tx, of_reservation(now, "reservation.displace", &lost, by));
    Ok(Some(lost))
}

/// With where the booking stands now and the rooms that it has: what the reports read.
pub(super) async fn standing_now(tx: &mut Tx, id: ReservationId, row: Entry) -> Result<Entry> {
    let it = reservations::store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let sites: Vec<String> = it.sites.iter().map(|it| it.site.to_string()).collect();
    Ok(row.detail("state", it.state.text()).detail("sites", sites))
}

fn of_reservation(now: UnixMs, act: &'static str, it: &Displaced, by: Option<PersonId>) -> Entry {
    let row = Entry::new(now, act, "reservation", it.reservation).detail("block", it.block.to_string());
    match by {
        Some(person) => row.by(person),
        None => row,
    }
}

/// Ends a block at once, or before it begins.
pub async fn lift(tx: &mut Tx, now: UnixMs, id: BlockId, by: Option<PersonId>) -> Result<Changed> {
    let block = standing(tx, now, id).await?;
    let at = rules::floor(now).max(block.starts_at);
    let freed = Slot { starts_at: at, ends_at: block.covered_until };
    store::release_from(tx, id, at).await?;
    store::lift(tx, id, at, by, now).await?;
    let changed = give_back(tx, now, &block, freed, by).await?;
    audit::record(tx, entry(now, "block.lift", &block, by).detail("restored", changed.restored.len()));
    tell::changed(tx, now, &block, &changed).await?;
    Ok(changed)
}

/// Ends a block at another time than was said, earlier or later. Later may displace bookings; earlier gives rooms back.
pub async fn move_end(tx: &mut Tx, now: UnixMs, id: BlockId, until: UnixMs, by: Option<PersonId>) -> Result<Changed> {
    let block = standing(tx, now, id).await?;
    let until = rules::ceiling(until);
    if until <= block.starts_at.max(now) {
        return Err(bound("empty").into());
    }
    if until.0.saturating_sub(block.starts_at.0) > rules::BLOCK_DAYS_MAX * 86_400_000 {
        return Err(bound("duration_max").into());
    }
    let changed = if until < block.covered_until {
        store::release_from(tx, id, until).await?;
        store::end(tx, id, until).await?;
        give_back(tx, now, &block, Slot { starts_at: until, ends_at: block.covered_until }, by).await?
    } else {
        store::end(tx, id, until).await?;
        let more = Slot { starts_at: block.covered_until, ends_at: until };
        Changed { displaced: cover(tx, now, &block, more, by).await?, ..Changed::default() }
    };
    audit::record(
        tx,
        entry(now, "block.move_end", &block, by)
            .detail("ends_at_ms", until.0)
            .detail("displaced", changed.displaced.len())
            .detail("restored", changed.restored.len()),
    );
    tell::changed(tx, now, &block, &changed).await?;
    Ok(changed)
}

/// The block of a fault has no end any more: whoever answers for the room has confirmed it.
pub async fn keep_open(tx: &mut Tx, now: UnixMs, id: BlockId, by: Option<PersonId>) -> Result<Changed> {
    let block = standing(tx, now, id).await?;
    if block.kind != BlockKind::Fault {
        return Err(bound("end").into());
    }
    let until = rules::ceiling(now.saturating_add_ms(rules::STEP_MS)).max(block.covered_until);
    store::unend(tx, id, until).await?;
    let displaced = cover(tx, now, &block, Slot { starts_at: block.covered_until, ends_at: until }, by).await?;
    audit::record(tx, entry(now, "block.keep_open", &block, by).detail("displaced", displaced.len()));
    let changed = Changed { displaced, ..Changed::default() };
    tell::changed(tx, now, &block, &changed).await?;
    Ok(changed)
}

/// The block with its site locked, if it still stands.
async fn standing(tx: &mut Tx, now: UnixMs, id: BlockId) -> Result<Block> {
    let site = found(tx, id).await?.site;
    reservations::store::lock_sites(tx, [site]).await?;
    let block = found(tx, id).await?;
    match block.stands(now) {
        true => Ok(block),
        false => Err(Refusal::new(Code::BlockEnded).with("ended_at_ms", block.ends_at.map(|it| it.0)).into()),
    }
}

/// What a block let go of is first for the other blocks that lie there, then for the bookings that lost it, the soonest first.
async fn give_back(tx: &mut Tx, now: UnixMs, block: &Block, freed: Slot, by: Option<PersonId>) -> Result<Changed> {
    let mut changed = Changed { freed: (freed.duration_ms() > 0).then_some(freed), ..Changed::default() };
    for other in store::within(tx, block.site, freed).await? {
        if other.id != block.id
            && let Some(span) = rules::shared(other.covered(), freed)
        {
            changed.displaced.extend(cover(tx, now, &other, span, by).await?);
        }
    }
    for lost in store::kept_by(tx, block.id).await? {
        if lost.shown.outcome.is_none() && lost.shown.span.ends_at > now && restore(tx, now, &lost, by).await? {
            changed.restored.push(lost.shown.reservation);
        }
    }
    Ok(changed)
}

/// Gives a booking its room back, where it still waits for one and the room is free. True where it stands again as it stood.
async fn restore(tx: &mut Tx, now: UnixMs, lost: &store::Kept, by: Option<PersonId>) -> Result<bool> {
    let it = &lost.shown;
    if store::lock_reservation(tx, it.reservation).await? != State::Displaced.text() || !store::is_free(tx, it.site, it.span).await? {
        return Ok(false);
    }
    store::occupancy_to(tx, &lost.occupancy, &lost.occupancy_state).await?;
    if let Some(room) = store::meeting_of(tx, it.reservation).await? {
        for (seat_no, person) in store::seats(tx, &lost.occupancy).await? {
            store::reseat(tx, room, person, it.site, seat_no).await?;
        }
    }
    store::settle(tx, it, Outcome::Restored, by, now).await?;
    if !store::unsettled_of(tx, it.reservation).await?.is_empty() {
        return Ok(false);
    }
    store::reservation_to(tx, it.reservation, &it.from_state).await?;
    reservations::store::touched(tx, it.reservation).await?;
    reservations::store::note(tx, it.reservation, now, reservations::HistoryAct::Restore, by, None).await?;
    let row = standing_now(tx, it.reservation, of_reservation(now, "reservation.restore", it, by)).await?;
    audit::record(tx, row);
    Ok(true)
}

/// Marks what became of a displaced booking. Of two who choose at once, one does.
pub async fn settle(tx: &mut Tx, now: UnixMs, lost: &Displaced, outcome: Outcome, by: PersonId) -> Result<()> {
    if store::settle(tx, lost, outcome, Some(by), now).await? {
        return Ok(());
    }
    let settled = store::displacement(tx, lost.block, lost.reservation).await?.and_then(|it| it.shown.outcome);
    Err(Refusal::new(Code::DisplacementSettled).with("outcome", settled.map(Outcome::text)).into())
}

/// Renews the blocks that have no end and whose last step comes to its own. Answers how many.
pub async fn renew_due(db: &Db, now: UnixMs) -> Result<usize> {
    let due = store::to_renew(&mut db.read().await?, now.saturating_add_ms(rules::RENEWED_BELOW_MS)).await?;
    for id in &due {
        kernel::transact!(db, tx => renew(tx, now, *id).await)?;
    }
    Ok(due.len())
}

async fn renew(tx: &mut Tx, now: UnixMs, id: BlockId) -> Result<()> {
    let site = found(tx, id).await?.site;
    reservations::store::lock_sites(tx, [site]).await?;
    let block = found(tx, id).await?;
    let until = rules::ceiling(now.saturating_add_ms(rules::STEP_MS));
    if !block.stands(now) || block.ends_at.is_some() || until <= block.covered_until {
        return Ok(());
    }
    // After an outage longer than a step there is a hole behind us that nobody can use any more.
    let from = block.covered_until.max(rules::floor(now));
    store::covered(tx, id, until).await?;
    let displaced = cover(tx, now, &block, Slot { starts_at: from, ends_at: until }, None).await?;
    audit::record(tx, entry(now, "block.renew", &block, None).detail("covered_until_ms", until.0).detail("displaced", displaced.len()));
    tell::changed(tx, now, &block, &Changed { displaced, ..Changed::default() }).await
}
