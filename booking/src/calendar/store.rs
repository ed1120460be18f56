//! The ledger of invitations, and which meetings it must be compared with.

use super::{plan::Held, writer::Method};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    id::{MeetingId, PersonId},
};

/// Meetings compared in one round.
pub const DUE_MAX: i64 = 50;

kernel::sql! {
    DUE = "SELECT meeting_id FROM invitation_due ORDER BY meeting_id LIMIT $1";
    SETTLE = "DELETE FROM invitation_due WHERE meeting_id = $1 RETURNING changes";
    END_OF = "SELECT starts_at_ms, ended_at_ms, end_reason FROM meeting WHERE id = $1";
    LEDGER = "SELECT person_id, uid, method, sequence, fingerprint FROM invitation WHERE meeting_id = $1";
    SENT = "INSERT INTO invitation (meeting_id, person_id, uid, method, sequence, fingerprint, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (meeting_id, person_id) DO UPDATE SET method = $4, sequence = $5, fingerprint = $6, at_ms = $7";
}

pub async fn due(tx: &mut Tx) -> Result<Vec<MeetingId>> {
    let rows: Vec<Text<MeetingId>> = on!(tx, c => sqlx::query_scalar(DUE).bind(DUE_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// False where another process has settled it. Whoever changes the meeting at this moment waits, and makes it due anew.
pub async fn settle(tx: &mut Tx, meeting: MeetingId) -> Result<bool> {
    let changes: Option<i64> = on!(tx, c => sqlx::query_scalar(SETTLE).bind(Text(meeting)).fetch_optional(c).await)?;
    Ok(changes.is_some())
}

/// Whether the meeting was called off: ended before it began, or for another reason than that its host ended it.
pub async fn is_called_off(tx: &mut Tx, meeting: MeetingId) -> Result<bool> {
    let row: Option<(i64, Option<i64>, Option<String>)> = on!(tx, c => sqlx::query_as(END_OF).bind(Text(meeting)).fetch_optional(c).await)?;
    Ok(row.is_none_or(|(starts_at, ended_at, reason)| ended_at.is_some_and(|at| at < starts_at || reason.as_deref() != Some("ended"))))
}

/// What each person was sent last, and under which UID: it outlives a change of the service's name.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub uid: Option<String>,
    pub held: BTreeMap<PersonId, Held>,
}

pub async fn ledger(tx: &mut Tx, meeting: MeetingId) -> Result<Ledger> {
    type Row = (Text<PersonId>, String, String, i64, String);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LEDGER).bind(Text(meeting)).fetch_all(c).await)?;
    let mut ledger = Ledger::default();
    for (person, uid, method, sequence, fingerprint) in rows {
        // The schema's check knows these two.
        let method = if method == Method::Request.text() { Method::Request } else { Method::Cancel };
        ledger.uid = Some(uid);
        ledger.held.insert(person.0, Held { method, sequence: u32::try_from(sequence).unwrap_or(u32::MAX), fingerprint });
    }
    Ok(ledger)
}

pub async fn sent(tx: &mut Tx, meeting: MeetingId, person: PersonId, uid: &str, held: &Held, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SENT)
        .bind(Text(meeting)).bind(Text(person)).bind(uid).bind(held.method.text()).bind(i64::from(held.sequence)).bind(&held.fingerprint)
        .bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}
