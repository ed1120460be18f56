//! What is known of a person's presence.

use super::{Said, rules::Known};
use kernel::{Result, Text, Tx, on};
use wire::{UnixMs, id::PersonId};

kernel::sql! {
    INSIDE = "SELECT COUNT(*) FROM attendance WHERE person_id = $1 AND left_at_ms IS NULL";
    MEETING_UNTIL = "SELECT MAX(m.ends_at_ms) FROM meeting m JOIN meeting_person p ON p.meeting_id = m.id
        WHERE p.person_id = $1 AND p.removed_at_ms IS NULL AND m.ended_at_ms IS NULL AND m.starts_at_ms <= $2 AND m.ends_at_ms > $2";
    SAID = "SELECT state, until_at_ms FROM presence WHERE person_id = $1 AND until_at_ms > $2";
    SAY = "INSERT INTO presence (person_id, state, until_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (person_id) DO UPDATE SET state = $2, until_at_ms = $3";
    UNSAY = "DELETE FROM presence WHERE person_id = $1";
}

pub async fn known(tx: &mut Tx, person: PersonId, now: UnixMs) -> Result<Known> {
    let inside: i64 = on!(tx, c => sqlx::query_scalar(INSIDE).bind(Text(person)).fetch_one(c).await)?;
    let until: Option<i64> = on!(tx, c => sqlx::query_scalar(MEETING_UNTIL).bind(Text(person)).bind(now.0).fetch_one(c).await)?;
    let said: Option<(Text<Said>, i64)> = on!(tx, c => sqlx::query_as(SAID).bind(Text(person)).bind(now.0).fetch_optional(c).await)?;
    Ok(Known {
        inside: inside > 0,
        meeting_until: until.map(UnixMs),
        seen_at: identity::last_seen(tx, person, now).await?,
        said: said.map(|(said, until)| (said.0, UnixMs(until))),
    })
}

pub async fn say(tx: &mut Tx, person: PersonId, said: Option<(Said, UnixMs)>) -> Result<()> {
    match said {
        Some((said, until)) => {
            on!(tx, c => sqlx::query(SAY).bind(Text(person)).bind(said.text()).bind(until.0).execute(c).await.map(drop))?;
        }
        None => on!(tx, c => sqlx::query(UNSAY).bind(Text(person)).execute(c).await.map(drop))?,
    }
    Ok(())
}
