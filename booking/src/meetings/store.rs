//! Meetings as stored: the meeting, its group, and what was minted for it.

use super::{EndReason, Kind, Listed, Stored};
use crate::policy::Slot;
use kernel::{Result, Text, Tx, on};
use wire::{
    Classification, UnixMs,
    grant::{LobbyPolicy, Role},
    id::{GrantId, MeetingId, PersonId, RecordingId, ReservationId, SiteId},
};

/// Meetings in one answer: a month of somebody very busy.
pub const LIST_MAX: i64 = 200;

macro_rules! select_meeting {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.kind, m.reservation_id, m.title, m.classification, m.host_id, m.starts_at_ms, m.ends_at_ms, m.opens_at_ms,
                m.closes_at_ms, m.epoch, m.ended_at_ms, m.lobby,
                (SELECT COUNT(*) FROM attendance a WHERE a.meeting_id = m.id AND a.left_at_ms IS NULL) AS present,
                (SELECT r.state FROM reservation r WHERE r.id = m.reservation_id) AS reservation_state
             FROM meeting m ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO meeting (id, kind, reservation_id, title, classification, host_id, starts_at_ms, ends_at_ms, opens_at_ms,
            closes_at_ms, epoch, created_at_ms, lobby) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)";
    INSERT_PERSON = "INSERT INTO meeting_person (meeting_id, person_id, role, site_id, seat_no) VALUES ($1, $2, $3, $4, $5)";
    BY_ID = select_meeting!("WHERE m.id = $1");
    OF_PERSON = select_meeting!("WHERE m.starts_at_ms < $3 AND m.closes_at_ms > $2
        AND EXISTS (SELECT 1 FROM meeting_person p WHERE p.meeting_id = m.id AND p.person_id = $1 AND p.removed_at_ms IS NULL)
        ORDER BY m.starts_at_ms LIMIT $4");
    PEOPLE = "SELECT person_id, role, site_id, seat_no, removed_at_ms FROM meeting_person WHERE meeting_id = $1 ORDER BY role, person_id";
    REMOVE = "UPDATE meeting_person SET removed_at_ms = $3 WHERE meeting_id = $1 AND person_id = $2 AND removed_at_ms IS NULL";
    READMIT = "UPDATE meeting_person SET removed_at_ms = NULL WHERE meeting_id = $1 AND person_id = $2";
    /// Ends it once; later ends change nothing. Every end voids the grants before it.
    END = "UPDATE meeting SET ended_at_ms = $2, end_reason = $3, epoch = epoch + 1 WHERE id = $1 AND ended_at_ms IS NULL RETURNING epoch";
    /// Another slot voids the grants for the one before.
    MOVE = "UPDATE meeting SET starts_at_ms = $2, ends_at_ms = $3, opens_at_ms = $4, closes_at_ms = $5, epoch = epoch + 1
        WHERE id = $1 AND ended_at_ms IS NULL RETURNING epoch";
    /// A later end voids nothing.
    EXTEND = "UPDATE meeting SET ends_at_ms = $2, closes_at_ms = $3 WHERE id = $1 AND ended_at_ms IS NULL RETURNING epoch";
    /// The host stays the host, and a guest a guest.
    SET_ROLE = "UPDATE meeting_person SET role = $3 WHERE meeting_id = $1 AND person_id = $2 AND role IN ('co_host', 'member')";
    RAISE = "UPDATE meeting SET classification = $2 WHERE id = $1";
    MINT = "INSERT INTO minted_grant (id, kind, meeting_id, recording_id, person_id, epoch, key_id, issued_at_ms, expires_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
}

pub struct New<'a> {
    pub id: MeetingId,
    pub kind: Kind,
    pub reservation: Option<ReservationId>,
    pub title: &'a str,
    pub classification: Classification,
    pub lobby: LobbyPolicy,
    pub host: PersonId,
    pub slot: Slot,
    pub created_at: UnixMs,
    pub people: Vec<Listed>,
}

pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<()> {
    let (opens_at, closes_at) = super::window(new.slot);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(new.kind.text()).bind(new.reservation.map(Text)).bind(new.title).bind(new.classification.name())
        .bind(Text(new.host)).bind(new.slot.starts_at.0).bind(new.slot.ends_at.0).bind(opens_at.0).bind(closes_at.0)
        .bind(new.created_at.0).bind(lobby_text(new.lobby)).execute(c).await.map(drop))?;
    for listed in &new.people {
        let (site, seat_no) = (listed.seat.map(|it| Text(it.0)), listed.seat.map(|it| i64::from(it.1)));
        on!(tx, c => sqlx::query(INSERT_PERSON)
            .bind(Text(new.id)).bind(Text(listed.person)).bind(role_text(listed.role)).bind(site).bind(seat_no)
            .execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: MeetingId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    match row {
        Some(row) => Ok(Some(whole(tx, row).await?)),
        None => Ok(None),
    }
}

/// The meetings of which the person is one of the group, that touch `within`, the soonest first.
pub async fn of_person(tx: &mut Tx, person: PersonId, within: Slot) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_PERSON)
        .bind(Text(person)).bind(within.starts_at.0).bind(within.ends_at.0).bind(LIST_MAX).fetch_all(c).await)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(whole(tx, row).await?);
    }
    Ok(found)
}

pub async fn remove(tx: &mut Tx, meeting: MeetingId, person: PersonId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(REMOVE).bind(Text(meeting)).bind(Text(person)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn readmit(tx: &mut Tx, meeting: MeetingId, person: PersonId) -> Result<()> {
    on!(tx, c => sqlx::query(READMIT).bind(Text(meeting)).bind(Text(person)).execute(c).await.map(drop))?;
    Ok(())
}

/// A member helps to chair, or no longer does.
pub async fn set_role(tx: &mut Tx, meeting: MeetingId, person: PersonId, role: Role) -> Result<()> {
    on!(tx, c => sqlx::query(SET_ROLE).bind(Text(meeting)).bind(Text(person)).bind(role_text(role)).execute(c).await.map(drop))?;
    Ok(())
}

/// The epoch after the end; nothing where it had ended before.
pub async fn end(tx: &mut Tx, meeting: MeetingId, at: UnixMs, reason: EndReason) -> Result<Option<u32>> {
    let epoch: Option<i64> =
        on!(tx, c => sqlx::query_scalar(END).bind(Text(meeting)).bind(at.0).bind(reason.text()).fetch_optional(c).await)?;
    Ok(epoch.map(|it| u32::try_from(it).unwrap_or(u32::MAX)))
}

/// The epoch after the move; nothing where it had ended before.
pub async fn move_to(tx: &mut Tx, meeting: MeetingId, slot: Slot) -> Result<Option<u32>> {
    let (opens_at, closes_at) = super::window(slot);
    let epoch: Option<i64> = on!(tx, c => sqlx::query_scalar(MOVE)
        .bind(Text(meeting)).bind(slot.starts_at.0).bind(slot.ends_at.0).bind(opens_at.0).bind(closes_at.0).fetch_optional(c).await)?;
    Ok(epoch.map(|it| u32::try_from(it).unwrap_or(u32::MAX)))
}

/// When it closes after a later end; nothing where it had ended before.
pub async fn extend(tx: &mut Tx, meeting: MeetingId, slot: Slot) -> Result<Option<UnixMs>> {
    let (_, closes_at) = super::window(slot);
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(EXTEND)
        .bind(Text(meeting)).bind(slot.ends_at.0).bind(closes_at.0).fetch_optional(c).await)?;
    Ok(found.map(|_| closes_at))
}

/// CLASS-6: who calls this has compared.
pub async fn raise(tx: &mut Tx, meeting: MeetingId, to: Classification) -> Result<()> {
    on!(tx, c => sqlx::query(RAISE).bind(Text(meeting)).bind(to.name()).execute(c).await.map(drop))?;
    Ok(())
}

/// A token that was minted. The token itself is kept nowhere.
pub struct Minted<'a> {
    pub id: GrantId,
    pub meeting: MeetingId,
    /// Of a token that opens a recording.
    pub recording: Option<RecordingId>,
    pub person: PersonId,
    pub epoch: u32,
    pub key_id: &'a str,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
}

pub async fn mint(tx: &mut Tx, minted: &Minted<'_>) -> Result<()> {
    let kind = if minted.recording.is_some() { "recording_view" } else { "join" };
    on!(tx, c => sqlx::query(MINT)
        .bind(Text(minted.id)).bind(kind).bind(Text(minted.meeting)).bind(minted.recording.map(Text)).bind(Text(minted.person))
        .bind(i64::from(minted.epoch)).bind(minted.key_id).bind(minted.issued_at.0).bind(minted.expires_at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<MeetingId>,
    kind: Text<Kind>,
    reservation_id: Option<Text<ReservationId>>,
    title: String,
    classification: String,
    host_id: Text<PersonId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    opens_at_ms: i64,
    closes_at_ms: i64,
    epoch: i64,
    ended_at_ms: Option<i64>,
    lobby: String,
    present: i64,
    reservation_state: Option<String>,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Stored> {
    type PersonRow = (Text<PersonId>, String, Option<Text<SiteId>>, Option<i64>, Option<i64>);
    let people: Vec<PersonRow> = on!(tx, c => sqlx::query_as(PEOPLE).bind(row.id).fetch_all(c).await)?;
    let people = people
        .into_iter()
        .map(|(person, role, site, seat_no, removed)| Listed {
            person: person.0,
            role: role_of(&role),
            seat: site.zip(seat_no).map(|(site, seat_no)| (site.0, u8::try_from(seat_no).unwrap_or(u8::MAX))),
            removed: removed.is_some(),
        })
        .collect();
    Ok(Stored {
        id: row.id.0,
        kind: row.kind.0,
        reservation: row.reservation_id.map(|it| it.0),
        title: row.title,
        classification: Classification::from_name(&row.classification),
        lobby: lobby_of(&row.lobby),
        host: row.host_id.0,
        slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
        opens_at: UnixMs(row.opens_at_ms),
        closes_at: UnixMs(row.closes_at_ms),
        epoch: u32::try_from(row.epoch).unwrap_or(u32::MAX),
        ended_at: row.ended_at_ms.map(UnixMs),
        suspended: row.reservation_state.is_some_and(|it| matches!(it.as_str(), "submitted" | "returned")),
        present: row.present,
        people,
    })
}

pub const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Host => "host",
        Role::CoHost => "co_host",
        Role::Member => "member",
        Role::Guest => "guest",
    }
}

/// An unknown role is the least.
fn role_of(text: &str) -> Role {
    [Role::Host, Role::CoHost, Role::Member].into_iter().find(|role| role_text(*role) == text).unwrap_or(Role::Guest)
}

pub const fn lobby_text(lobby: LobbyPolicy) -> &'static str {
    match lobby {
        LobbyPolicy::Off => "off",
        LobbyPolicy::ForGuests => "for_guests",
        LobbyPolicy::ForEveryone => "for_everyone",
    }
}

/// An unknown policy is the strictest.
fn lobby_of(text: &str) -> LobbyPolicy {
    [LobbyPolicy::Off, LobbyPolicy::ForGuests].into_iter().find(|lobby| lobby_text(*lobby) == text).unwrap_or(LobbyPolicy::ForEveryone)
}
