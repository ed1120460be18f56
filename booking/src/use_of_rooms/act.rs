//! Checking in: by the panel, by joining, by the facilitator. The first of them counts; the rest change nothing.

use super::{CheckedInBy, rules, store};
use crate::reservations;
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
};
use wire::{
    Code, Refusal, UnixMs,
    grant::RoomSystem,
    id::{AgencyId, DeviceId, PersonId, ReservationId, SiteId},
};

/// Who says that somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInBy {
    /// The panel or room system of the site.
    Panel(DeviceId),
    /// The media plane: who sits there, or the room system, is in the meeting.
    JoiningPerson(PersonId),
    JoiningRoom(DeviceId),
    /// Who looks after the site.
    Facilitator {
        person: PersonId,
        agency: AgencyId,
    },
}

impl CheckInBy {
    const fn way(self) -> CheckedInBy {
        match self {
            Self::Panel(_) => CheckedInBy::Panel,
            Self::JoiningPerson(_) | Self::JoiningRoom(_) => CheckedInBy::Joining,
            Self::Facilitator { .. } => CheckedInBy::Facilitator,
        }
    }

    const fn person(self) -> Option<PersonId> {
        match self {
            Self::JoiningPerson(person) | Self::Facilitator { person, .. } => Some(person),
            Self::Panel(_) | Self::JoiningRoom(_) => None,
        }
    }

    const fn device(self) -> Option<DeviceId> {
        match self {
            Self::Panel(device) | Self::JoiningRoom(device) => Some(device),
            Self::JoiningPerson(_) | Self::Facilitator { .. } => None,
        }
    }
}

/// Somebody is at the site. Said again, it changes nothing.
pub async fn check_in(db: &Db, now: UnixMs, id: ReservationId, site: SiteId, by: CheckInBy) -> Result<()> {
    let outcome = kernel::transact!(db, tx => try_check_in(tx, now, id, site, by).await);
    audit::record_refusal(db, outcome, || entry(now, id, site, by)).await
}

async fn try_check_in(tx: &mut Tx, now: UnixMs, id: ReservationId, site: SiteId, by: CheckInBy) -> Result<()> {
    let Some(slot) = store::hold(tx, id).await? else { return Err(not_approved(tx, id, site).await?) };
    if store::was_no_show(tx, id).await? {
        return Err(Code::NoShow.into());
    }
    rules::may_check_in(slot, now)?;
    if !store::in_use(tx, id, site).await? {
        return Err(Code::NotFound.into());
    }
    let first = store::check_in(tx, id, site, &store::CheckIn { by: by.way(), person: by.person(), device: by.device(), at: now }).await?;
    if first {
        reservations::store::note(tx, id, now, reservations::HistoryAct::CheckIn, by.person(), None).await?;
        audit::record(tx, entry(now, id, site, by));
    }
    Ok(())
}

/// The facilitator takes back a check-in that they said by mistake: only what a facilitator said, for some minutes, and while nobody is in
/// the meeting. What was let go of, or is not theirs, is refused as when checking in.
pub async fn undo_check_in(db: &Db, now: UnixMs, id: ReservationId, site: SiteId, person: PersonId, agency: AgencyId) -> Result<()> {
    let row =
        || Entry::new(now, "reservation.check_in_undo", "reservation", id).by(person).on_behalf_of(agency).detail("site", site.to_string());
    let outcome = kernel::transact!(db, tx => {
        let Some(slot) = store::hold(tx, id).await? else { return Err(not_approved(tx, id, site).await?) };
        if !store::held(tx, id).await?.iter().any(|it| it.0 == site) {
            return Err(Code::NotFound.into());
        }
        let uses = store::uses(tx, id).await?;
        let checked_in = uses.iter().find(|it| it.site == site).and_then(|it| it.checked_in);
        if !rules::may_undo(checked_in, slot, now) || store::media_flows(tx, id).await? {
            return Err(Code::CheckInSettled.into());
        }
        store::undo_check_in(tx, id, site).await?;
        reservations::store::note(tx, id, now, reservations::HistoryAct::CheckInUndo, Some(person), None).await?;
        audit::record(tx, row());
        Ok(())
    });
    audit::record_refusal(db, outcome, row).await
}

/// A reservation of another site is not told of.
async fn not_approved(tx: &mut Tx, id: ReservationId, site: SiteId) -> Result<Error> {
    let stored = reservations::store::by_id(tx, id).await?;
    Ok(match stored.filter(|it| it.sites.iter().any(|it| it.site == site)) {
        Some(stored) => Refusal::new(Code::ReservationState).with("state", stored.state.text()).into(),
        None => Code::NotFound.into(),
    })
}

/// Somebody came into the meeting of a reservation: a seated person checks in their site, a room system its own. What cannot be checked in
/// any more (withdrawn, let go) is passed over: that they are in is a fact all the same.
pub async fn joined(
    tx: &mut Tx,
    at: UnixMs,
    id: ReservationId,
    person: PersonId,
    seat: Option<SiteId>,
    room: Option<&RoomSystem>,
) -> Result<()> {
    let (site, by) = match (room, seat) {
        (Some(room), _) => (room.site, CheckInBy::JoiningRoom(room.device)),
        (None, Some(site)) => (site, CheckInBy::JoiningPerson(person)),
        (None, None) => return Ok(()),
    };
    match try_check_in(tx, at, id, site, by).await {
        Err(Error::Refused(refusal)) => {
            tracing::info!(reservation.id = %id, code = refusal.code.text(), "a join that checks nobody in");
            Ok(())
        }
        other => other,
    }
}

fn entry(now: UnixMs, id: ReservationId, site: SiteId, by: CheckInBy) -> Entry {
    let entry = Entry::new(now, "reservation.check_in", "reservation", id).detail("site", site.to_string()).detail("by", by.way().text());
    let entry = match by.device() {
        Some(device) => entry.detail("device", device.to_string()),
        None => entry,
    };
    match by {
        CheckInBy::Facilitator { person, agency } => entry.by(person).on_behalf_of(agency),
        CheckInBy::JoiningPerson(person) => entry.by(person),
        CheckInBy::Panel(_) | CheckInBy::JoiningRoom(_) => entry,
    }
}
