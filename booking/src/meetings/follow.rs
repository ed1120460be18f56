//! A telepresence meeting follows its reservation: who is taken off it is sent away, and a use that is moved, or goes back to the approver,
//! voids every grant and ends every session before it.

use super::{Kind, Listed, change, store, window};
use crate::{
    media::commands,
    reservations::{self, State},
};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    control::Command,
    grant::{LobbyPolicy, Role},
    id::{MeetingId, PersonId},
    signal::LeaveReason,
};

kernel::sql! {
    FOLLOW = "UPDATE meeting SET title = $2, classification = CASE WHEN $3 = '' THEN classification ELSE $3 END, host_id = $4, starts_at_ms = $5, ends_at_ms = $6, opens_at_ms = $7,
            closes_at_ms = $8 WHERE id = $1";
    VOID = "UPDATE meeting SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch";
    LIST = "INSERT INTO meeting_person (meeting_id, person_id, role, site_id, seat_no) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (meeting_id, person_id) DO UPDATE SET role = $3, site_id = $4, seat_no = $5";
    WELCOME_BACK = "UPDATE meeting_person SET removed_at_ms = NULL WHERE meeting_id = $1 AND person_id = $2";
}

/// The group of a reservation's meeting: its people with their seats, those who join without one, its chair for a host.
pub fn group(of: &reservations::Stored) -> Vec<Listed> {
    let role = |person| if person == of.chair { Role::Host } else { Role::Member };
    let seated = of.seated().map(|(site, seat_no, person)| (person, Some((site, seat_no))));
    let others = of.online.iter().copied().chain([of.chair]).map(|person| (person, None));
    let mut group: BTreeMap<PersonId, Listed> = BTreeMap::new();
    for (person, seat) in seated.chain(others) {
        group.entry(person).or_insert(Listed { person, role: role(person), seat, removed: false });
    }
    group.into_values().collect()
}

/// The meeting of a reservation that was just approved: the one that waited for it, or a new one.
pub async fn stand(tx: &mut Tx, now: UnixMs, of: &reservations::Stored) -> Result<MeetingId> {
    if let Some(id) = of.meeting {
        return Ok(id);
    }
    let id = MeetingId::fresh();
    let new = store::New {
        id,
        kind: Kind::Telepresence,
        reservation: Some(of.id),
        title: &of.title,
        classification: of.classification,
        lobby: LobbyPolicy::Off,
        host: of.chair,
        slot: of.slot,
        created_at: now,
        people: group(of),
    };
    store::insert(tx, &new).await?;
    Ok(id)
}

/// Follows from what the reservation was to what it is.
pub async fn follow(tx: &mut Tx, now: UnixMs, id: MeetingId, old: &reservations::Stored, new: &reservations::Stored) -> Result<()> {
    let (opens_at, closes_at) = window(new.slot);
    // CLASS-6: what was raised in the meeting stays, unless the reservation itself is classified anew.
    let classification = if old.classification == new.classification { "" } else { new.classification.name() };
    on!(tx, c => sqlx::query(FOLLOW)
        .bind(Text(id)).bind(&new.title).bind(classification).bind(Text(new.chair)).bind(new.slot.starts_at.0)
        .bind(new.slot.ends_at.0).bind(opens_at.0).bind(closes_at.0)
        .execute(c).await.map(drop))?;
    people(tx, now, id, &group(old), &group(new)).await?;
    let place = |of: &reservations::Stored| of.sites.iter().map(|it| it.site).collect::<Vec<_>>();
    let waits = old.state == State::Approved && new.state != State::Approved;
    if waits || old.slot != new.slot || place(old) != place(new) || old.classification != new.classification {
        void(tx, now, id).await?;
    }
    Ok(())
}

/// Voids every grant before now, and ends every session.
pub async fn void(tx: &mut Tx, now: UnixMs, id: MeetingId) -> Result<()> {
    let epoch: Option<i64> = on!(tx, c => sqlx::query_scalar(VOID).bind(Text(id)).fetch_optional(c).await)?;
    match epoch {
        Some(epoch) => {
            let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
            commands::push(tx, now, &Command::EndRoom { room: id, epoch, reason: LeaveReason::Revoked })
        }
        None => Ok(()),
    }
}

/// Somebody whom the host sent away stays away unless taken off the reservation and put on it again.
async fn people(tx: &mut Tx, now: UnixMs, id: MeetingId, old: &[Listed], new: &[Listed]) -> Result<()> {
    let was = |person: PersonId| old.iter().find(|it| it.person == person);
    for listed in new.iter().filter(|it| was(it.person) != Some(*it)) {
        let (site, seat_no) = (listed.seat.map(|it| Text(it.0)), listed.seat.map(|it| i64::from(it.1)));
        on!(tx, c => sqlx::query(LIST)
            .bind(Text(id)).bind(Text(listed.person)).bind(store::role_text(listed.role)).bind(site).bind(seat_no)
            .execute(c).await.map(drop))?;
        if was(listed.person).is_none() {
            on!(tx, c => sqlx::query(WELCOME_BACK).bind(Text(id)).bind(Text(listed.person)).execute(c).await.map(drop))?;
            commands::push(tx, now, &Command::ReadmitPerson { room: id, person: listed.person, at_ms: now })?;
        }
    }
    for gone in old.iter().filter(|it| !new.iter().any(|new| new.person == it.person)) {
        change::unlist(tx, now, id, gone.person).await?;
    }
    Ok(())
}
