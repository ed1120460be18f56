//! Mail as stored.

use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{MailId, NoticeId, PersonId},
};

kernel::sql! {
    INSERT = "INSERT INTO mail (id, notice_id, person_id, calendar, state, attempts, next_try_at_ms, created_at_ms)
        VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $5)";
}

pub async fn insert(tx: &mut Tx, id: MailId, notice: NoticeId, person: PersonId, calendar: Option<&str>, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(notice)).bind(Text(person)).bind(calendar).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}
