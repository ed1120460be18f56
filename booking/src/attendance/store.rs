//! Stays and what was kept, as stored.

use super::StayRoom;
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    control::Fact,
    id::{MeetingId, PersonId, SessionId, SiteId},
};

/// Stays in one answer: a full room that comes and goes four times.
pub const STAYS_MAX: i64 = 2_000;
/// Moves between rooms in one answer.
const ROOMS_MAX: i64 = 10_000;
/// Lines and polls in one answer.
pub const KEPT_MAX: i64 = 5_000;

kernel::sql! {
    STAYS = "SELECT session_id, person_id, site_id, device_id, joined_at_ms, left_at_ms, reason FROM attendance WHERE meeting_id = $1
        ORDER BY joined_at_ms, session_id LIMIT $2";
    ROOMS = "SELECT session_id, breakout, at_ms FROM attendance_room WHERE meeting_id = $1 ORDER BY session_id, at_ms, number LIMIT $2";
    KEPT = "SELECT at_ms, content FROM meeting_record WHERE meeting_id = $1 ORDER BY at_ms, kind, number LIMIT $2";
}

pub struct StoredStay {
    pub session: SessionId,
    pub person: PersonId,
    pub site: Option<SiteId>,
    pub room_system: bool,
    pub joined_at: UnixMs,
    pub left_at: Option<UnixMs>,
    pub reason: Option<String>,
}

pub async fn stays(tx: &mut Tx, meeting: MeetingId) -> Result<Vec<StoredStay>> {
    type Row = (Text<SessionId>, Text<PersonId>, Option<Text<SiteId>>, Option<String>, i64, Option<i64>, Option<String>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(STAYS).bind(Text(meeting)).bind(STAYS_MAX).fetch_all(c).await)?;
    let stay = |(session, person, site, device, joined, left, reason): Row| StoredStay {
        session: session.0,
        person: person.0,
        site: site.map(|it| it.0),
        room_system: device.is_some(),
        joined_at: UnixMs(joined),
        left_at: left.map(UnixMs),
        reason,
    };
    Ok(rows.into_iter().map(stay).collect())
}

/// Where in the meeting each stay led, in order.
pub async fn rooms(tx: &mut Tx, meeting: MeetingId) -> Result<BTreeMap<SessionId, Vec<StayRoom>>> {
    type Row = (Text<SessionId>, Option<String>, i64);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(ROOMS).bind(Text(meeting)).bind(ROOMS_MAX).fetch_all(c).await)?;
    let mut rooms: BTreeMap<SessionId, Vec<StayRoom>> = BTreeMap::new();
    for (session, breakout, from) in rows {
        rooms.entry(session.0).or_default().push(StayRoom { breakout, from_ms: UnixMs(from) });
    }
    Ok(rooms)
}

/// What was said and voted, in order. Content that cannot be read any more is passed over.
pub async fn kept(tx: &mut Tx, meeting: MeetingId) -> Result<Vec<(UnixMs, Fact)>> {
    let rows: Vec<(i64, String)> = on!(tx, c => sqlx::query_as(KEPT).bind(Text(meeting)).bind(KEPT_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().filter_map(|(at, content)| Some((UnixMs(at), serde_json::from_str(&content).ok()?))).collect())
}
