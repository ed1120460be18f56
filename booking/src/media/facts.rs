//! Facts of the media plane, stored once each, and what the control plane knows by them.

use crate::{
    media::commands,
    meetings::{self, EndReason},
    use_of_rooms,
};
use kernel::{
    Db, Result, Text, Tx,
    audit::{self, Entry},
    on, outbox,
};
use uuid::Uuid;
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    control::{Command, Fact, NumberedFact, RecordingStop},
    id::{MeetingId, NodeId, PersonId},
    signal::LeaveReason,
};

/// A node that was silent for this long is not waited for: its meetings' windows have closed, and it starts anew from its settings.
pub const NODE_FORGOTTEN_MS: i64 = 24 * 3_600_000;

kernel::sql! {
    NODE = "SELECT incarnation, stored FROM media_node WHERE id = $1";
    MEET_NODE = "INSERT INTO media_node (id, incarnation, stored, acknowledged, seen_at_ms) VALUES ($1, $2, 0, $3, $4)
        ON CONFLICT (id) DO UPDATE SET incarnation = $2, stored = 0, acknowledged = $3, seen_at_ms = $4";
    SEE_NODE = "UPDATE media_node SET seen_at_ms = $2, acknowledged = $3 WHERE id = $1";
    LINKED = "UPDATE media_node SET seen_at_ms = $2 WHERE id = $1";
    STORED = "UPDATE media_node SET stored = $2, seen_at_ms = $3 WHERE id = $1";
    ACKNOWLEDGED_BY_ALL = "SELECT MIN(acknowledged) FROM media_node WHERE seen_at_ms > $1";
    FACT = "INSERT INTO media_fact (node_id, incarnation, number, at_ms, meeting_id, fact, stored_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING RETURNING number";
    CLOSE_ATTENDANCE = "UPDATE attendance SET left_at_ms = $3, reason = 'node_stopped'
        WHERE node_id = $1 AND incarnation <> $2 AND left_at_ms IS NULL";
    CLOSE_RECORDINGS = "UPDATE recording SET state = 'failed', duration_ms = CASE WHEN $3 > started_at_ms THEN $3 - started_at_ms ELSE 0 END
        WHERE node_id = $1 AND incarnation <> $2 AND state = 'running'";
    // A session that comes back after its node was killed is the same stay: its row, closed by the new life's hello, opens again.
    JOINED = "INSERT INTO attendance (session_id, meeting_id, person_id, site_id, seat_no, node_id, incarnation, joined_at_ms, device_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (session_id) DO UPDATE SET node_id = $6, incarnation = $7, left_at_ms = NULL, reason = NULL";
    LEFT = "UPDATE attendance SET left_at_ms = $2, reason = $3 WHERE session_id = $1 AND left_at_ms IS NULL";
    ALL_LEFT = "UPDATE attendance SET left_at_ms = $4, reason = 'meeting_ended'
        WHERE meeting_id = $1 AND node_id = $2 AND incarnation = $3 AND left_at_ms IS NULL";
    WENT_TO = "INSERT INTO attendance_room (session_id, number, meeting_id, at_ms, breakout) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    RECORDING_STARTED = "INSERT INTO recording (id, meeting_id, started_by, node_id, incarnation, started_at_ms, state, tracks)
        VALUES ($1, $2, $3, $4, $5, $6, 'running', '[]') ON CONFLICT DO NOTHING";
    KEEP = "INSERT INTO meeting_record (meeting_id, kind, incarnation, number, at_ms, person_id, content) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING";
    FORGET = "DELETE FROM meeting_record WHERE meeting_id = $1";
    // A node tells what it recovered of a recording after its hello has marked it failed.
    RECORDING_STOPPED = "UPDATE recording SET state = $2, duration_ms = $3, bytes = $4, tracks = $5
        WHERE id = $1 AND (state = 'running' OR (state = 'failed' AND tracks = '[]'))";
}

/// A node says hello: what an earlier life of it left open is closed at this moment. Answers the highest number stored of this life.
pub async fn hello(db: &Db, now: UnixMs, node: NodeId, incarnation: Uuid, acknowledged: i64) -> Result<i64> {
    let life = incarnation.to_string();
    kernel::transact!(db, tx => {
        let known: Option<(String, i64)> = on!(tx, c => sqlx::query_as(NODE).bind(Text(node)).fetch_optional(c).await)?;
        if let Some((_, stored)) = known.filter(|(held, _)| *held == life) {
            on!(tx, c => sqlx::query(SEE_NODE).bind(Text(node)).bind(now.0).bind(acknowledged).execute(c).await.map(drop))?;
            return Ok(stored);
        }
        on!(tx, c => sqlx::query(MEET_NODE).bind(Text(node)).bind(&life).bind(acknowledged).bind(now.0).execute(c).await.map(drop))?;
        on!(tx, c => sqlx::query(CLOSE_ATTENDANCE).bind(Text(node)).bind(&life).bind(now.0).execute(c).await.map(drop))?;
        on!(tx, c => sqlx::query(CLOSE_RECORDINGS).bind(Text(node)).bind(&life).bind(now.0).execute(c).await.map(drop))?;
        Ok(0)
    })
}

/// The node's link stands, although it has nothing to say.
pub async fn linked(db: &Db, now: UnixMs, node: NodeId) -> Result<()> {
    kernel::transact!(db, tx => {
        on!(tx, c => sqlx::query(LINKED).bind(Text(node)).bind(now.0).execute(c).await.map(drop))?;
        Ok(())
    })
}

/// The node has carried out every command up to `number`. What all nodes have carried out is settled.
pub async fn acknowledged(db: &Db, now: UnixMs, node: NodeId, number: i64) -> Result<()> {
    kernel::transact!(db, tx => {
        on!(tx, c => sqlx::query(SEE_NODE).bind(Text(node)).bind(now.0).bind(number).execute(c).await.map(drop))?;
        let since = now.0.saturating_sub(NODE_FORGOTTEN_MS);
        let by_all: Option<i64> = on!(tx, c => sqlx::query_scalar(ACKNOWLEDGED_BY_ALL).bind(since).fetch_one(c).await)?;
        outbox::settle_up_to(tx, commands::TOPIC, by_all.unwrap_or(0), now).await
    })
}

/// Stores a batch of one node's present life, in order, each fact once. Answers the highest number stored.
pub async fn store(db: &Db, now: UnixMs, node: NodeId, incarnation: Uuid, facts: &[NumberedFact]) -> Result<i64> {
    let life = incarnation.to_string();
    kernel::transact!(db, tx => {
        let known: Option<(String, i64)> = on!(tx, c => sqlx::query_as(NODE).bind(Text(node)).fetch_optional(c).await)?;
        let mut highest = known.filter(|(held, _)| *held == life).map_or(0, |(_, stored)| stored);
        for fact in facts.iter().filter(|it| it.node == node && it.incarnation == incarnation) {
            if fact.number <= highest {
                continue;
            }
            highest = fact.number;
            let first: Option<i64> = on!(tx, c => sqlx::query_scalar(FACT)
                .bind(Text(node)).bind(&life).bind(fact.number).bind(fact.at_ms.0).bind(Text(fact.room))
                .bind(journalled(&fact.fact)?).bind(now.0).fetch_optional(c).await)?;
            if first.is_some() {
                know(tx, now, &life, fact).await?;
            }
        }
        on!(tx, c => sqlx::query(STORED).bind(Text(node)).bind(highest).bind(now.0).execute(c).await.map(drop))?;
        Ok(highest)
    })
}

/// What a fact means. A fact of a meeting that is not ours is kept and means nothing.
async fn know(tx: &mut Tx, now: UnixMs, life: &str, numbered: &NumberedFact) -> Result<()> {
    let (room, at) = (numbered.room, numbered.at_ms);
    let Some(meeting) = meetings::store::by_id(tx, room).await? else {
        tracing::warn!(meeting.id = %room, "a fact of a meeting that is not known");
        return Ok(());
    };
    match &numbered.fact {
        Fact::RoomOpened { .. } => {}
        Fact::RoomClosed => {
            on!(tx, c => sqlx::query(ALL_LEFT).bind(Text(room)).bind(Text(numbered.node)).bind(life).bind(at.0).execute(c).await.map(drop))?;
        }
        Fact::Joined { session, person, seat, room_system } => {
            let sits_at = seat.as_ref().map(|it| it.site);
            let site = room_system.as_ref().map(|it| it.site).or(sits_at).map(Text);
            let seat_no = seat.as_ref().map(|it| i64::from(it.seat_no));
            let device = room_system.as_ref().map(|it| Text(it.device));
            on!(tx, c => sqlx::query(JOINED)
                .bind(Text(*session)).bind(Text(room)).bind(Text(*person)).bind(site).bind(seat_no)
                .bind(Text(numbered.node)).bind(life).bind(at.0).bind(device).execute(c).await.map(drop))?;
            if let Some(reservation) = meeting.reservation {
                use_of_rooms::joined(tx, at, reservation, *person, sits_at, room_system.as_ref()).await?;
            }
        }
        Fact::Left { session, reason, .. } => {
            let reason = leave_reason(*reason);
            on!(tx, c => sqlx::query(LEFT).bind(Text(*session)).bind(at.0).bind(reason).execute(c).await.map(drop))?;
        }
        Fact::WentTo { session, breakout, .. } => {
            on!(tx, c => sqlx::query(WENT_TO)
                .bind(Text(*session)).bind(numbered.number).bind(Text(room)).bind(at.0).bind(breakout.as_deref())
                .execute(c).await.map(drop))?;
        }
        Fact::BreakoutsOpened { by, names } => {
            audit::record(tx, entry(at, "meeting.open_breakouts", room, Some(*by)).detail("rooms", names.len()));
        }
        Fact::BreakoutsClosed { by } => audit::record(tx, entry(at, "meeting.close_breakouts", room, *by)),
        Fact::RecordingStarted { recording, person } => {
            on!(tx, c => sqlx::query(RECORDING_STARTED)
                .bind(Text(*recording)).bind(Text(room)).bind(Text(*person)).bind(Text(numbered.node)).bind(life).bind(at.0)
                .execute(c).await.map(drop))?;
            audit::record(
                tx,
                entry(at, "recording.start", room, Some(*person)).rule(Rule::Meet3).detail("recording", recording.to_string()),
            );
        }
        Fact::RecordingStopped { recording, reason, duration_ms, bytes, tracks } => {
            let state = match reason {
                RecordingStop::Requested | RecordingStop::RoomClosed => "kept",
                RecordingStop::ClassificationRaised => "sealed",
                // What was written until then can be seen.
                RecordingStop::Failed if !tracks.is_empty() => "kept",
                RecordingStop::Failed => "failed",
            };
            let tracks = serde_json::to_string(tracks)?;
            on!(tx, c => sqlx::query(RECORDING_STOPPED)
                .bind(Text(*recording)).bind(state).bind(*duration_ms).bind(*bytes).bind(tracks).execute(c).await.map(drop))?;
            audit::record(
                tx,
                entry(at, "recording.stop", room, None)
                    .detail("recording", recording.to_string())
                    .detail("state", state)
                    .detail("reason", serde_json::to_value(reason)?),
            );
        }
        Fact::RecordingRefused { person, rule, classification } => {
            let refusal = Refusal::by(Code::RecordingForbidden, *rule);
            audit::record(
                tx,
                entry(at, "recording.start", room, Some(*person)).refused(&refusal).detail("classification", classification.name()),
            );
        }
        Fact::ClassificationRaised { person, to, .. } => raise(tx, now, at, &meeting, *person, *to).await?,
        Fact::PersonRemoved { by, person } => {
            meetings::store::remove(tx, room, *person, at).await?;
            audit::record(tx, entry(at, "meeting.remove_person", room, Some(*by)).detail("person", person.to_string()));
        }
        Fact::RoleChanged { by, person, role } => {
            meetings::store::set_role(tx, room, *person, *role).await?;
            let row = entry(at, "meeting.change_role", room, Some(*by)).detail("person", person.to_string());
            audit::record(tx, row.detail("role", meetings::store::role_text(*role)));
        }
        Fact::DoorDecided { by, person, decision } => {
            let row = entry(at, "meeting.door", room, Some(*by)).detail("person", person.to_string());
            audit::record(tx, row.detail("decision", serde_json::to_value(decision)?));
        }
        Fact::DoorSet { by, door } => {
            audit::record(tx, entry(at, "meeting.set_door", room, Some(*by)).detail("door", serde_json::to_value(door)?));
        }
        Fact::Said { number, person, .. } if meeting.classification.policy().may_chat => {
            keep(tx, numbered, life, Kept { kind: "said", number: *number, person: *person }).await?;
        }
        Fact::PollClosed { poll } if meeting.classification.policy().may_keep_polls => {
            keep(tx, numbered, life, Kept { kind: "poll", number: poll.number, person: poll.by }).await?;
        }
        // It was said before the meeting was raised and came after it: CLASS-5.
        Fact::Said { .. } | Fact::PollClosed { .. } => {}
        Fact::MeetingEnded { by } => {
            if meetings::store::end(tx, room, at, EndReason::Ended).await?.is_some() {
                audit::record(tx, entry(at, "meeting.end", room, Some(*by)));
            }
        }
    }
    Ok(())
}

/// Something of a meeting that its classification lets be kept.
struct Kept {
    kind: &'static str,
    number: u32,
    person: PersonId,
}

async fn keep(tx: &mut Tx, numbered: &NumberedFact, life: &str, kept: Kept) -> Result<()> {
    let content = serde_json::to_string(&numbered.fact)?;
    on!(tx, c => sqlx::query(KEEP)
        .bind(Text(numbered.room)).bind(kept.kind).bind(life).bind(i64::from(kept.number)).bind(numbered.at_ms.0)
        .bind(Text(kept.person)).bind(content).execute(c).await.map(drop))?;
    Ok(())
}

/// The fact as it stands in the journal of facts: what people said has a place of its own, from which it can be taken away.
fn journalled(fact: &Fact) -> Result<String> {
    Ok(match fact {
        Fact::Said { number, person, .. } => serde_json::json!({"type": "said", "number": number, "person": person}).to_string(),
        Fact::PollClosed { poll } => serde_json::json!({"type": "poll_closed", "number": poll.number}).to_string(),
        fact => serde_json::to_string(fact)?,
    })
}

/// CLASS-6: upwards alone. Above SULIT nothing may be held (CLASS-2), so the meeting ends with it.
async fn raise(
    tx: &mut Tx,
    now: UnixMs,
    at: UnixMs,
    meeting: &meetings::Stored,
    person: Option<PersonId>,
    to: Classification,
) -> Result<()> {
    if to <= meeting.classification {
        return Ok(());
    }
    if !to.policy().may_be_held
        && let Some(epoch) = meetings::store::end(tx, meeting.id, at, EndReason::Classification).await?
    {
        commands::push(tx, now, &Command::EndRoom { room: meeting.id, epoch, reason: LeaveReason::MeetingEnded })?;
    }
    meetings::store::raise(tx, meeting.id, to).await?;
    if !to.policy().may_chat {
        on!(tx, c => sqlx::query(FORGET).bind(Text(meeting.id)).execute(c).await.map(drop))?;
    }
    let raised = entry(at, "meeting.raise_classification", meeting.id, person).rule(Rule::Class6);
    audit::record(tx, raised.detail("from", meeting.classification.name()).detail("to", to.name()));
    Ok(())
}

fn entry(at: UnixMs, act: &'static str, meeting: MeetingId, person: Option<PersonId>) -> Entry {
    let entry = Entry::new(at, act, "meeting", meeting);
    match person {
        Some(person) => entry.by(person),
        None => entry,
    }
}

const fn leave_reason(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Left => "left",
        LeaveReason::Lost => "lost",
        LeaveReason::Removed => "removed",
        LeaveReason::SentBack => "sent_back",
        LeaveReason::MeetingEnded => "meeting_ended",
        LeaveReason::WindowClosed => "window_closed",
        LeaveReason::Revoked => "revoked",
        LeaveReason::Replaced => "replaced",
        LeaveReason::NodeStopped => "node_stopped",
    }
}
