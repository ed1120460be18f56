//! Routes of blocks: when a site cannot be used, whom that meets, and what becomes of them.

use super::{Block, BlockKind, NewBlock, Outcome, act, resite, resite::Proposals, store};
use crate::{Booking, faults, people, policy::Slot, reservations, text};
use axum::{extract::State, http::StatusCode};
use identity::{Actor, AgencyShort, PersonRole};
use kernel::{
    Result, Tx, audit,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::{self, Claim},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{BlockId, FaultId, ReservationId, SiteId},
};

/// The longest stretch that is asked about: a year.
const ASKED_DAYS_MAX: i64 = 366;
/// Characters of why a site is closed.
const NOTE_CHARS_MAX: usize = 500;
/// Bookings that are shown with proposals: each is a search of its own.
const PROPOSED_MAX: usize = 50;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteBlock {
    pub id: BlockId,
    pub site: SiteId,
    pub kind: BlockKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub starts_at_ms: UnixMs,
    /// Absent while nobody knows when the fault is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<UnixMs>,
    /// Up to here the site is taken.
    pub covered_until_ms: UnixMs,
    pub stands: bool,
}

impl SiteBlock {
    fn of(it: Block, now: UnixMs) -> Self {
        Self {
            stands: it.stands(now),
            id: it.id,
            site: it.site,
            kind: it.kind,
            fault: it.fault,
            note: it.note,
            starts_at_ms: it.starts_at,
            ends_at_ms: it.ends_at,
            covered_until_ms: it.covered_until,
        }
    }
}

/// A booking that a block meets, or would.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MetBooking)]
pub struct Affected {
    pub reservation: ReservationId,
    pub reference: String,
    pub title: String,
    pub agency: AgencyShort,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    #[schema(inline)]
    pub state: reservations::State,
    /// People who have a seat at the site.
    pub people: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// While nothing was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposals: Option<Proposals>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Blocks {
    pub blocks: Vec<SiteBlock>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BlockDetail {
    pub block: SiteBlock,
    /// The bookings that lost the room to it, the soonest first.
    pub affected: Vec<Affected>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WouldMeet {
    pub affected: Vec<Affected>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithinQuery {
    #[param(value_type = String, format = Uuid)]
    site: SiteId,
    #[param(value_type = i64)]
    from_ms: UnixMs,
    #[param(value_type = i64)]
    to_ms: UnixMs,
}

/// A stretch of time at a site.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct BlockDraft {
    pub site: SiteId,
    pub from_ms: UnixMs,
    pub until_ms: UnixMs,
    #[serde(default)]
    pub note: Option<String>,
}

/// TP-6: only those who answer for the room close it, and see whose bookings that meets.
pub fn keeps(actor: &Actor, site: SiteId) -> Result<()> {
    match faults::rules::keeps(actor, site) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", vec!["facilitator", "approver"]).into()),
    }
}

fn asked(from: UnixMs, to: UnixMs) -> Result<Slot> {
    let span = Slot { starts_at: from, ends_at: to };
    match span.duration_ms() > 0 && span.duration_ms() <= ASKED_DAYS_MAX * 86_400_000 && from.0 >= 0 {
        true => Ok(span),
        false => Err(malformed("to_ms", "after from_ms, within a year").into()),
    }
}

/// When a site cannot be used, within a stretch of time.
#[utoipa::path(get, path = "/blocks", tag = "telepresence", params(WithinQuery),
    responses((status = 200, body = Blocks), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor, Query(query): Query<WithinQuery>) -> Result<Json<Blocks>> {
    let span = asked(query.from_ms, query.to_ms)?;
    let found = store::within(&mut booking.db.read().await?, query.site, span).await?;
    let now = booking.clock.now();
    Ok(Json(Blocks { blocks: found.into_iter().map(|it| SiteBlock::of(it, now)).collect() }))
}

/// Which bookings a closure of a site would meet. Nothing is stored.
#[utoipa::path(post, path = "/blocks/preview", tag = "telepresence", request_body = BlockDraft,
    responses((status = 200, body = WouldMeet), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(State(booking): State<Arc<Booking>>, actor: Actor, Json(draft): Json<BlockDraft>) -> Result<Json<WouldMeet>> {
    keeps(&actor, draft.site)?;
    let span = asked(draft.from_ms, draft.until_ms)?;
    let mut tx = booking.db.read().await?;
    Ok(Json(WouldMeet { affected: would_meet(&mut tx, draft.site, span).await? }))
}

/// The bookings that a block of that span would displace.
pub async fn would_meet(tx: &mut Tx, site: SiteId, span: Slot) -> Result<Vec<Affected>> {
    let mut affected = Vec::new();
    for met in store::met(tx, site, span).await? {
        if met.use_ends_at > span.starts_at
            && let Some(it) = reservations::store::by_id(tx, met.reservation).await?
        {
            affected.push(one(tx, &it, site).await?);
        }
    }
    Ok(affected)
}

async fn one(tx: &mut Tx, it: &reservations::Stored, site: SiteId) -> Result<Affected> {
    Ok(Affected {
        reservation: it.id,
        reference: it.reference.clone(),
        title: it.title.clone(),
        agency: people::agency(tx, it.agency).await?,
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        state: it.state,
        people: it.sites.iter().find(|used| used.site == site).map_or(0, |used| used.seats.len()),
        outcome: None,
        proposals: None,
    })
}

/// Closes a site for a while: every booking that it meets is displaced, and its people are told.
#[utoipa::path(post, path = "/blocks", tag = "telepresence", request_body = BlockDraft,
    params(("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    responses((status = 201, body = BlockDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<BlockDraft>,
) -> Result<(StatusCode, Json<BlockDetail>)> {
    let (now, draft) = (booking.clock.now(), body.value);
    keeps(&actor, draft.site)?;
    asked(draft.from_ms, draft.until_ms)?;
    let note = text::optional("note", draft.note.as_deref(), NOTE_CHARS_MAX, text::line)?;
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /blocks", key, body_hash: body.body_hash, at: now });
    let id = kernel::transact!(booking.db, tx => {
        if let Some(claim) = &claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        if crate::sites::by_id(tx, draft.site).await?.is_none() {
            return Err(malformed("site", "known_site").into());
        }
        let new = NewBlock {
            site: draft.site,
            kind: BlockKind::Blackout,
            from: draft.from_ms,
            until: Some(draft.until_ms),
            note: note.as_deref(),
            fault: None,
            by: Some(actor.person),
        };
        let (id, _) = act::block(tx, now, &new).await?;
        if let Some(claim) = &claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })?;
    Ok((StatusCode::CREATED, Json(shown(&booking, &actor, id).await?)))
}

/// A block with the bookings that lost the room to it, and what is proposed for each.
#[utoipa::path(get, path = "/blocks/{id}", tag = "telepresence", params(("id" = BlockId, Path)),
    responses((status = 200, body = BlockDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<BlockId>) -> Result<Json<BlockDetail>> {
    Ok(Json(shown(&booking, &actor, id).await?))
}

async fn shown(booking: &Booking, actor: &Actor, id: BlockId) -> Result<BlockDetail> {
    let (now, mut tx) = (booking.clock.now(), booking.db.read().await?);
    let tx = &mut tx;
    let block = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    if !actor.has(PersonRole::Auditor) {
        keeps(actor, block.site)?;
    }
    let mut affected: Vec<Affected> = Vec::new();
    let mut proposed = 0;
    for lost in store::kept_by(tx, id).await? {
        let Some(it) = reservations::store::by_id(tx, lost.shown.reservation).await? else { continue };
        let mut row = one(tx, &it, block.site).await?;
        row.outcome = lost.shown.outcome;
        let waits = lost.shown.outcome.is_none() && it.state == reservations::State::Displaced && now < it.slot.ends_at;
        if waits && proposed < PROPOSED_MAX {
            proposed += 1;
            row.proposals = Some(resite::proposals(tx, now, &lost, &it).await?);
        }
        affected.push(row);
    }
    Ok(BlockDetail { block: SiteBlock::of(block, now), affected })
}

/// When a block ends.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub struct BlockEnd {
    /// Without it: now, or before it begins.
    #[serde(default)]
    pub at_ms: Option<UnixMs>,
}

/// Ends a closure at once, earlier or later than was said. Earlier gives rooms back to those who lost them. A fault's block ends with the fault, and
/// planned work's with the work.
#[utoipa::path(post, path = "/blocks/{id}/end", tag = "telepresence", params(("id" = BlockId, Path)), request_body = BlockEnd,
    responses((status = 200, body = BlockDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn end(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<BlockId>,
    Json(end): Json<BlockEnd>,
) -> Result<Json<BlockDetail>> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let block = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        keeps(&actor, block.site)?;
        match (block.kind, end.at_ms) {
            (BlockKind::Blackout, None) => act::lift(tx, now, id, Some(actor.person)).await,
            (BlockKind::Blackout, Some(at)) => act::move_end(tx, now, id, at, Some(actor.person)).await,
            (BlockKind::Fault | BlockKind::Maintenance, _) => Err(malformed("id", "a closure").into()),
        }
    })?;
    Ok(Json(shown(&booking, &actor, id).await?))
}

/// What becomes of a booking that lost its room.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum Choice {
    /// Its people have their seats at another site, at the same time.
    Resite { site: SiteId },
    /// Its people join from a browser.
    Online,
}

/// Chooses what becomes of a booking that lost its room. Another site within the lead time is recorded as an override (TP-2).
#[utoipa::path(post, path = "/blocks/{id}/affected/{reservation}", tag = "telepresence",
    params(("id" = BlockId, Path), ("reservation" = ReservationId, Path)), request_body = Choice,
    responses((status = 200, body = BlockDetail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn choose(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, reservation)): Path<(BlockId, ReservationId)>,
    Json(choice): Json<Choice>,
) -> Result<Json<BlockDetail>> {
    let now = booking.clock.now();
    let outcome = try_choose(&booking, &actor, now, id, reservation, choice).await;
    let refused =
        || audit::Entry::new(now, "reservation.resite", "reservation", reservation).by(actor.person).on_behalf_of(actor.agency.id);
    audit::record_refusal(&booking.db, outcome, refused).await?;
    Ok(Json(shown(&booking, &actor, id).await?))
}

async fn try_choose(booking: &Booking, actor: &Actor, now: UnixMs, id: BlockId, reservation: ReservationId, choice: Choice) -> Result<()> {
    kernel::transact!(booking.db, tx => {
        let lost = store::displacement(tx, id, reservation).await?.ok_or(Code::NotFound)?;
        keeps(actor, lost.shown.site)?;
        match choice {
            Choice::Resite { site } => {
                let by = reservations::By { person: actor.person, agency: actor.agency.id };
                resite::resite(tx, now, &lost, site, by).await.map(drop)
            }
            Choice::Online => resite::go_online(tx, now, &lost, actor.person).await,
        }
    })
}
