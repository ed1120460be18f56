//! Decisions as stored: the one statement that moves an application, and what it leaves.

use super::ReasonCode;
use crate::reservations::State;
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{PersonId, ReservationId},
};

kernel::sql! {
    /// The state it is in is part of the condition: of two deciders one finds nothing to change.
    MOVE = "UPDATE reservation SET state = $2, decided_by = $3, decided_at_ms = $4, reason_code = $5, reason = $6
        WHERE id = $1 AND state = $7 RETURNING id";
}

/// What a decision leaves on the reservation.
pub struct Decided {
    pub by: PersonId,
    pub at: UnixMs,
    pub reason_code: Option<ReasonCode>,
    pub reason: Option<String>,
}

/// Decides on a submitted reservation. False where it was not submitted any more.
pub async fn decide(tx: &mut Tx, id: ReservationId, to: State, decided: &Decided) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(MOVE)
        .bind(Text(id)).bind(to.text()).bind(Text(decided.by)).bind(decided.at.0)
        .bind(decided.reason_code.map(ReasonCode::text)).bind(&decided.reason).bind(State::Submitted.text())
        .fetch_optional(c).await)?;
    Ok(found.is_some())
}
