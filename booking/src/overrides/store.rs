//! Overrides as stored.

use super::{Decided, Exemption, Hand, Origin, Override, OverrideState};
use crate::policy::Slot;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, OverrideId, PersonId, ReservationId, SiteId},
};

/// Overrides in one list. An exception is rare; a month with more has another problem than this list's length.
pub const LIST_MAX: i64 = 500;

macro_rules! select_override {
    ($($rest:literal)?) => {
        concat!(
            "SELECT id, origin, state, agency_id, starts_at_ms, ends_at_ms, lead_time, opening_hours, rest_day, reservation_id, reason,
                asked_by, asked_for, asked_at_ms, decided_by, decided_for, decided_at_ms, words FROM rule_override ",
            $($rest)?
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO rule_override (id, origin, state, agency_id, starts_at_ms, ends_at_ms, lead_time, opening_hours, rest_day,
            reservation_id, reason, asked_by, asked_for, asked_at_ms, decided_by, decided_for, decided_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    INSERT_SITE = "INSERT INTO rule_override_site (override_id, site_id) VALUES ($1, $2)";
    /// Of two who decide at once one finds nothing to change.
    DECIDE = "UPDATE rule_override SET state = $2, decided_by = $3, decided_for = $4, decided_at_ms = $5, words = $6
        WHERE id = $1 AND state = 'asked' RETURNING id";
    /// Of two reservations that would use it one does.
    USED = "UPDATE rule_override SET reservation_id = $2
        WHERE id = $1 AND state = 'confirmed' AND (reservation_id IS NULL OR reservation_id = $2) RETURNING id";
    MARK = "UPDATE reservation SET override_id = $2 WHERE id = $1";
    SITES = "SELECT site_id FROM rule_override_site WHERE override_id = $1 ORDER BY site_id";
    BY_ID = select_override!("WHERE id = $1");
    OPEN = select_override!("WHERE state = 'asked' AND starts_at_ms > $1 ORDER BY starts_at_ms, id LIMIT $2");
    OF_RESERVATION = select_override!("WHERE reservation_id = $1 ORDER BY asked_at_ms, id LIMIT $2");
    DECIDED_WITHIN = select_override!("WHERE decided_at_ms >= $1 AND decided_at_ms < $2 ORDER BY decided_at_ms, id LIMIT $3");
    UNUSED = select_override!("WHERE agency_id = $1 AND state = 'confirmed' AND starts_at_ms > $2
        AND (reservation_id IS NULL OR reservation_id = $3) ORDER BY starts_at_ms, id LIMIT $4");
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<OverrideId>,
    origin: Text<Origin>,
    state: Text<OverrideState>,
    agency_id: Text<AgencyId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    lead_time: bool,
    opening_hours: bool,
    rest_day: bool,
    reservation_id: Option<Text<ReservationId>>,
    reason: String,
    asked_by: Option<Text<PersonId>>,
    asked_for: Option<Text<PersonId>>,
    asked_at_ms: i64,
    decided_by: Option<Text<PersonId>>,
    decided_for: Option<Text<PersonId>>,
    decided_at_ms: Option<i64>,
    words: Option<String>,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Override> {
    let sites: Vec<Text<SiteId>> = on!(tx, c => sqlx::query_scalar(SITES).bind(row.id).fetch_all(c).await)?;
    let exempt = [(row.lead_time, Exemption::LeadTime), (row.opening_hours, Exemption::OpeningHours), (row.rest_day, Exemption::RestDay)];
    let decided = row.decided_by.zip(row.decided_at_ms).map(|(by, at)| Decided {
        by: by.0,
        acting_for: row.decided_for.map(|it| it.0),
        at: UnixMs(at),
        words: row.words,
    });
    Ok(Override {
        id: row.id.0,
        origin: row.origin.0,
        state: row.state.0,
        agency: row.agency_id.0,
        slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
        sites: sites.into_iter().map(|it| it.0).collect(),
        exempt: exempt.into_iter().filter_map(|(is, it)| is.then_some(it)).collect(),
        reservation: row.reservation_id.map(|it| it.0),
        reason: row.reason,
        asked_by: row.asked_by.map(|it| it.0),
        asked_for: row.asked_for.map(|it| it.0),
        asked_at: UnixMs(row.asked_at_ms),
        decided,
    })
}

async fn wholes(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Override>> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(whole(tx, row).await?);
    }
    Ok(found)
}

pub async fn insert(tx: &mut Tx, it: &Override) -> Result<()> {
    let has = |exemption| it.exempt.contains(&exemption);
    let decided = it.decided.as_ref();
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(it.id)).bind(it.origin.text()).bind(it.state.text()).bind(Text(it.agency))
        .bind(it.slot.starts_at.0).bind(it.slot.ends_at.0)
        .bind(has(Exemption::LeadTime)).bind(has(Exemption::OpeningHours)).bind(has(Exemption::RestDay))
        .bind(it.reservation.map(Text)).bind(&it.reason).bind(it.asked_by.map(Text)).bind(it.asked_for.map(Text)).bind(it.asked_at.0)
        .bind(decided.map(|it| Text(it.by))).bind(decided.and_then(|it| it.acting_for).map(Text)).bind(decided.map(|it| it.at.0))
        .execute(c).await.map(drop))
    .on_constraint(refusal_of)?;
    for site in &it.sites {
        on!(tx, c => sqlx::query(INSERT_SITE).bind(Text(it.id)).bind(Text(*site)).execute(c).await.map(drop))?;
    }
    Ok(())
}

fn refusal_of(constraint: &str) -> Option<Refusal> {
    match constraint {
        "rule_override_two_people" => Some(Refusal::by(Code::OverrideSecondPerson, Rule::Tp4).with("why", "first")),
        _ => None,
    }
}

/// False where it was decided already.
pub async fn decide(tx: &mut Tx, id: OverrideId, to: OverrideState, by: Hand, at: UnixMs, words: Option<&str>) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(DECIDE)
        .bind(Text(id)).bind(to.text()).bind(Text(by.person)).bind(by.acting_for.map(Text)).bind(at.0).bind(words)
        .fetch_optional(c).await)
    .on_constraint(refusal_of)?;
    Ok(found.is_some())
}

/// False where another reservation has used it.
pub async fn used(tx: &mut Tx, id: OverrideId, reservation: ReservationId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(USED).bind(Text(id)).bind(Text(reservation)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// The reservation stands by that override.
pub async fn mark(tx: &mut Tx, reservation: ReservationId, id: OverrideId) -> Result<()> {
    on!(tx, c => sqlx::query(MARK).bind(Text(reservation)).bind(Text(id)).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: OverrideId) -> Result<Option<Override>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    match row {
        Some(row) => Ok(Some(whole(tx, row).await?)),
        None => Ok(None),
    }
}

/// Those that wait for a second person, the soonest use first.
pub async fn open(tx: &mut Tx, now: UnixMs) -> Result<Vec<Override>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OPEN).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    wholes(tx, rows).await
}

/// Those of a reservation, decided or not.
pub async fn of_reservation(tx: &mut Tx, id: ReservationId) -> Result<Vec<Override>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_RESERVATION).bind(Text(id)).bind(LIST_MAX).fetch_all(c).await)?;
    wholes(tx, rows).await
}

/// Those decided from an instant on, to another, which is not included: a month's.
pub async fn decided_within(tx: &mut Tx, from: UnixMs, to: UnixMs) -> Result<Vec<Override>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(DECIDED_WITHIN).bind(from.0).bind(to.0).bind(LIST_MAX).fetch_all(c).await)?;
    wholes(tx, rows).await
}

/// An agency's confirmed ones that are still to be used, or are this reservation's.
pub async fn unused(tx: &mut Tx, agency: AgencyId, now: UnixMs, or_of: Option<ReservationId>) -> Result<Vec<Override>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(UNUSED)
        .bind(Text(agency)).bind(now.0).bind(or_of.map(Text)).bind(LIST_MAX).fetch_all(c).await)?;
    wholes(tx, rows).await
}
