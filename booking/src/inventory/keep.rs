//! What is done to the inventory: each act a transaction with its audit row and its row of the piece's own history.

use super::{Done, EquipmentDraft, keeps, rules, store};
use crate::{
    Booking,
    photographs::{self, Subject, Uploader},
    sites::{self, Site},
};
use identity::{Actor, PersonRole};
use kernel::{
    Error, Result, Tx,
    audit::{self, Entry},
    extract::malformed,
    idempotency::{self, Claim},
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{EquipmentId, SiteId},
};

fn may_keep(actor: &Actor, site: SiteId) -> Result<()> {
    match keeps(actor, site) {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("role", PersonRole::Facilitator.text()).into()),
    }
}

fn row(now: UnixMs, act: &'static str, actor: &Actor, id: EquipmentId) -> Entry {
    Entry::new(now, act, "equipment", id).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Tp6)
}

/// Writes a new piece down.
pub async fn add(booking: &Booking, actor: &Actor, site: SiteId, draft: &EquipmentDraft, claim: Option<&Claim>) -> Result<EquipmentId> {
    let now = booking.clock.now();
    let fresh = EquipmentId::fresh();
    kernel::transact!(booking.db, tx => {
        may_keep(actor, site)?;
        if let Some(claim) = claim
            && let Some(before) = idempotency::claim::<EquipmentId>(tx, claim).await?
        {
            return Ok(before);
        }
        let draft = rules::judged(draft)?;
        let at = sites::by_id(tx, site).await?.ok_or_else(|| malformed("site", "known_site"))?;
        known_room(&at, &draft)?;
        if !store::has_room(tx, site).await? {
            return Err(malformed("site", format!("at most {} pieces", super::PER_SITE_MAX)).into());
        }
        let tag = store::next_tag(tx, &at.short_name, draft.kind).await?;
        store::insert(tx, fresh, site, &tag, &draft).await?;
        attach(tx, actor, fresh, &draft).await?;
        store::remember(tx, fresh, now, Done::Add, Some(actor.person), &[]).await?;
        audit::record(tx, row(now, "equipment.add", actor, fresh).detail("site", site.to_string()).detail("tag", tag));
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &fresh).await?;
        }
        Ok(fresh)
    })
}

fn known_room(site: &Site, draft: &EquipmentDraft) -> Result<(), Refusal> {
    match draft.room.is_none_or(|room| site.rooms.iter().any(|it| it.id == room)) {
        true => Ok(()),
        false => Err(malformed("room", "a room of the site")),
    }
}

async fn attach(tx: &mut Tx, actor: &Actor, id: EquipmentId, draft: &EquipmentDraft) -> Result<()> {
    photographs::attach(tx, Uploader::Person(actor.person), &draft.photographs, Subject::Equipment(id)).await
}

/// The piece, where the person keeps it.
async fn kept(tx: &mut Tx, actor: &Actor, id: EquipmentId) -> Result<super::Stored> {
    let found = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    may_keep(actor, found.site)?;
    Ok(found)
}

/// Writes down what has changed of it since `version`.
pub async fn amend(booking: &Booking, actor: &Actor, id: EquipmentId, version: i64, draft: &EquipmentDraft) -> Result<()> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let before = kept(tx, actor, id).await?;
        let draft = rules::judged(draft)?;
        let at = sites::by_id(tx, before.site).await?.ok_or_else(|| Error::broken("equipment of a site that is not there"))?;
        // A room that was taken from the list stays where it stands.
        if draft.room != before.details.room {
            known_room(&at, &draft)?;
        }
        let changed = rules::changed(&before.details, &draft);
        if !store::amend(tx, id, version, &draft).await? {
            return Err(Refusal::new(Code::Conflict).with("version", before.version).into());
        }
        attach(tx, actor, id, &draft).await?;
        store::remember(tx, id, now, Done::Amend, Some(actor.person), &changed).await?;
        audit::record(tx, row(now, "equipment.amend", actor, id).detail("changed", changed));
        Ok(())
    })
}

/// Takes it out of the inventory, or puts it back. It keeps its tag, its history and its faults.
pub async fn retire(booking: &Booking, actor: &Actor, id: EquipmentId, retire: bool) -> Result<()> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let before = kept(tx, actor, id).await?;
        if !retire && !store::has_room(tx, before.site).await? {
            return Err(malformed("site", format!("at most {} pieces", super::PER_SITE_MAX)).into());
        }
        if !store::retire(tx, id, retire.then_some(now)).await? {
            return Err(Refusal::new(Code::Conflict).with("version", before.version).into());
        }
        let (done, act) = if retire { (Done::Retire, "equipment.retire") } else { (Done::Restore, "equipment.restore") };
        store::remember(tx, id, now, done, Some(actor.person), &[]).await?;
        audit::record(tx, row(now, act, actor, id));
        Ok(())
    })
}

/// Somebody tried it and it works.
pub async fn tested(booking: &Booking, actor: &Actor, id: EquipmentId) -> Result<()> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let before = kept(tx, actor, id).await?;
        if !store::passed_self_test(tx, id, now, Some(actor.person)).await? {
            return Err(Refusal::new(Code::Conflict).with("version", before.version).into());
        }
        audit::record(tx, row(now, "equipment.test", actor, id));
        Ok(())
    })
}
