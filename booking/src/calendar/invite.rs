//! Invitations that follow what is: every change of a meeting or of who is listed makes it due, and a moment after the commit everybody whose
//! calendar is not true any more is told, once (see [`super::plan`]).

use super::{
    about,
    plan::{Held, Kind, Message, plan},
    store,
    writer::Method,
};
use crate::{
    meetings,
    notices::{self, AboutMeeting, Notice},
};
use kernel::{Db, Result, Tx, digest::sha256_hex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    grant::Role,
    id::{MeetingId, PersonId},
};

/// What a mail's calendar part needs besides the notice that it goes with: stored beside it until the mail is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub method: Method,
    pub uid: String,
    pub stamped_at_ms: UnixMs,
    /// The person leads the meeting.
    pub chair: bool,
    /// The whole event is called off, and not this one person's place in it.
    pub called_off: bool,
}

/// Brings invitations up to date with the meetings that have changed. Answers how many meetings were compared.
pub async fn invitations_due(db: &Db, now: UnixMs, host: &str) -> Result<usize> {
    let due = store::due(&mut db.read().await?).await?;
    for meeting in &due {
        kernel::transact!(db, tx => {
            if store::settle(tx, *meeting).await? {
                bring_up_to_date(tx, now, host, *meeting).await?;
            }
            Ok(())
        })?;
    }
    Ok(due.len())
}

async fn bring_up_to_date(tx: &mut Tx, now: UnixMs, host: &str, id: MeetingId) -> Result<()> {
    let Some(meeting) = meetings::store::by_id(tx, id).await? else { return Ok(()) };
    // Nobody is told of what is over.
    if meeting.slot.ends_at <= now {
        return Ok(());
    }
    let called_off = store::is_called_off(tx, id).await?;
    let listed: BTreeSet<PersonId> = match called_off {
        true => BTreeSet::new(),
        false => meeting.people.iter().filter(|it| !it.removed).map(|it| it.person).collect(),
    };
    let event = about(tx, &meeting).await?;
    let (ledger, fingerprint) = (store::ledger(tx, id).await?, fingerprint(&event)?);
    let messages = plan(&ledger.held, &listed, &fingerprint);
    let uid = ledger.uid.unwrap_or_else(|| super::uid(id, host));
    for message in messages {
        let held = Held { method: message.kind.method(), sequence: message.sequence, fingerprint: fingerprint.clone() };
        store::sent(tx, id, message.person, &uid, &held, now).await?;
        let chair = meeting.people.iter().any(|it| it.person == message.person && it.role == Role::Host);
        let part = Part { method: held.method, uid: uid.clone(), stamped_at_ms: now, chair, called_off };
        send(tx, now, &event, message, &part).await?;
    }
    Ok(())
}

async fn send(tx: &mut Tx, now: UnixMs, event: &AboutMeeting, message: Message, part: &Part) -> Result<()> {
    let event = AboutMeeting { sequence: message.sequence, ..event.clone() };
    let notice = match message.kind {
        Kind::Invite => Notice::Invited { event },
        Kind::Change => Notice::InvitationChanged { event },
        Kind::Cancel => Notice::InvitationCancelled { event },
    };
    notices::told(tx, now, &[message.person], &notice, Some(&serde_json::to_string(part)?)).await
}

/// What calendars must notice, in one short text. Who is listed is not in it: whoever stays is not told of every change of seats.
fn fingerprint(event: &AboutMeeting) -> Result<String> {
    let event = AboutMeeting { sequence: 0, ..event.clone() };
    Ok(sha256_hex(&serde_json::to_vec(&event)?))
}
