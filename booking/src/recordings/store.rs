//! The index of recordings as stored; [`crate::media::facts`] writes it.

use super::{RecordingState, Stored};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{MeetingId, PersonId, RecordingId},
};

/// Recordings of one meeting in one answer.
const LIST_MAX: i64 = 100;

kernel::sql! {
    OF_MEETING = "SELECT id, meeting_id, started_by, started_at_ms, duration_ms, state, tracks FROM recording
        WHERE meeting_id = $1 ORDER BY started_at_ms LIMIT $2";
    BY_ID = "SELECT id, meeting_id, started_by, started_at_ms, duration_ms, state, tracks FROM recording WHERE id = $1";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<RecordingId>,
    meeting_id: Text<MeetingId>,
    started_by: Text<PersonId>,
    started_at_ms: i64,
    duration_ms: Option<i64>,
    state: Text<RecordingState>,
    tracks: String,
}

pub async fn of_meeting(tx: &mut Tx, meeting: MeetingId) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_MEETING).bind(Text(meeting)).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(whole).collect()
}

pub async fn by_id(tx: &mut Tx, id: RecordingId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    row.map(whole).transpose()
}

fn whole(row: Row) -> Result<Stored> {
    Ok(Stored {
        id: row.id.0,
        meeting: row.meeting_id.0,
        started_by: row.started_by.0,
        started_at: UnixMs(row.started_at_ms),
        duration_ms: row.duration_ms,
        state: row.state.0,
        tracks: serde_json::from_str(&row.tracks)?,
    })
}
