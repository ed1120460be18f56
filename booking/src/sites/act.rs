//! Making and changing a site, each one transaction with its audit row. Who edits what has changed since it was read is told what changed;
//! who changes what bookings stand on is first shown those bookings ([`crate::affected`]).

use super::{
    SITES_MAX, Site,
    rules::{SiteDraft, together},
    store,
};
use crate::{
    affected::{self, Hit, Kind, Marks, Preview, Use},
    photographs,
    reservations::By,
};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
    extract::malformed,
    idempotency::{self, Claim},
};
use std::collections::BTreeMap;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{PhotographId, RoomId, SiteId},
};

/// What a change of a site is about, and may leave flagged.
const KINDS: &[Kind] = &[Kind::Seats, Kind::Hours, Kind::Closed];

/// A change of a site.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct SiteEdit {
    /// The version that was read.
    pub version: i64,
    /// From the preview, where the change touches bookings.
    #[serde(default)]
    pub confirm: Option<String>,
    pub site: SiteDraft,
    /// Photographs that were sent and nothing shows yet; and those of the site that are taken away.
    #[serde(default)]
    pub photographs_added: Vec<PhotographId>,
    #[serde(default)]
    pub photographs_removed: Vec<PhotographId>,
}

/// Makes a site. It can be applied for at once.
pub async fn create(db: &Db, now: UnixMs, by: By, draft: SiteDraft, claim: Option<&Claim>) -> Result<SiteId> {
    let id = SiteId::fresh();
    let outcome = try_create(db, now, by, id, draft, claim).await;
    audit::record_refusal(db, outcome, || entry(now, "site.create", id, by)).await
}

async fn try_create(db: &Db, now: UnixMs, by: By, id: SiteId, draft: SiteDraft, claim: Option<&Claim>) -> Result<SiteId> {
    let draft = super::rules::checked(draft).map_err(together)?;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        if store::all(tx).await?.len() >= SITES_MAX {
            return Err(malformed("sites", "fewer_sites").with("sites_max", SITES_MAX).into());
        }
        store::insert(tx, id, &draft, by.person, now).await?;
        put_parts(tx, id, &draft, None, now).await?;
        let row = entry(now, "site.create", id, by).detail("short_name", draft.short_name.as_str()).detail("seats", draft.seats);
        audit::record(tx, row);
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// What a change would do to the bookings that stand. Nothing is stored.
pub async fn preview(tx: &mut Tx, now: UnixMs, id: SiteId, draft: SiteDraft) -> Result<Preview> {
    let draft = super::rules::checked(draft).map_err(together)?;
    let sites = store::all(tx).await?;
    let site = sites.iter().find(|it| it.id == id).ok_or(Code::NotFound)?;
    let uses = affected::uses_of(tx, [id], now).await?;
    let (_, new) = consequences(site, &draft, &uses);
    affected::preview(tx, &sites, &new).await
}

/// Every use that does not fit the site as it is to be, and those of them that fit it as it is.
fn consequences(site: &Site, draft: &SiteDraft, uses: &[Use]) -> (Vec<Hit>, Vec<Hit>) {
    let after = affected::by_site(&site.as_drafted(draft), uses);
    let new = affected::new_hits(&affected::by_site(site, uses), after.clone());
    (after, new)
}

/// Changes a site.
pub async fn amend(db: &Db, now: UnixMs, by: By, id: SiteId, edit: SiteEdit) -> Result<()> {
    let outcome = try_amend(db, now, by, id, edit).await;
    audit::record_refusal(db, outcome, || entry(now, "site.amend", id, by)).await
}

async fn try_amend(db: &Db, now: UnixMs, by: By, id: SiteId, edit: SiteEdit) -> Result<()> {
    let draft = super::rules::checked(edit.site).map_err(together)?;
    kernel::transact!(db, tx => {
        // Applications for this site wait until the change is made, or the change for them.
        crate::reservations::occupancies::lock_sites(tx, [id]).await?;
        let sites = store::all(tx).await?;
        let site = sites.iter().find(|it| it.id == id).ok_or(Code::NotFound)?;
        if site.version != edit.version {
            return Err(stale(tx, site).await?);
        }
        let uses = affected::uses_of(tx, [id], now).await?;
        let (after, new) = consequences(site, &draft, &uses);
        affected::seen(tx, &sites, &new, edit.confirm.as_deref()).await?;
        if !store::update(tx, id, edit.version, &draft, by.person, now).await? {
            return Err(stale(tx, site).await?);
        }
        put_parts(tx, id, &draft, Some(site), now).await?;
        let subject = photographs::Subject::Site(id);
        for gone in edit.photographs_removed.iter().take(photographs::PER_SUBJECT_MAX) {
            photographs::detach(tx, now, *gone, subject).await?;
        }
        photographs::attach(tx, photographs::Uploader::Person(by.person), &edit.photographs_added, subject).await?;
        affected::flag(tx, now, by.person, Marks { uses: &uses, kinds: KINDS, new: &new, after: &after }).await?;
        let row = entry(now, "site.amend", id, by).detail("changed", changed(site, &draft)).detail("affected", new.len());
        audit::record(tx, match site.closed_from == draft.closed_from {
            true => row,
            false => row.detail("closed_from", draft.closed_from.map(kernel::clock::date_text)),
        });
        Ok(())
    })
}

/// `conflict` with the site as it is now and who made it so: the page shows the other's change beside one's own.
async fn stale(tx: &mut Tx, current: &Site) -> Result<Error> {
    let detail = super::http::detail(tx, current.clone()).await?;
    let refusal = Refusal::new(Code::Conflict)
        .with("version", current.version)
        .with("current", serde_json::to_value(&detail)?)
        .with("changed_by", detail.changed_by.map(|it| it.name).unwrap_or_default())
        .with("changed_at_ms", detail.changed_at_ms.map(|at| at.0));
    Ok(refusal.into())
}

/// Hours, rooms and facilitators: each list is set to what the form has.
async fn put_parts(tx: &mut Tx, id: SiteId, draft: &SiteDraft, before: Option<&Site>, now: UnixMs) -> Result<()> {
    store::put_hours(tx, id, &draft.hours).await?;
    let known: BTreeMap<RoomId, _> = before.map(|site| site.rooms.iter().map(|room| (room.id, room)).collect()).unwrap_or_default();
    for (place, room) in draft.rooms.iter().enumerate() {
        match room.id {
            None => store::insert_room(tx, id, RoomId::fresh(), room).await?,
            Some(room_id) if known.contains_key(&room_id) => store::update_room(tx, room_id, room).await?,
            Some(_) => return Err(malformed(format!("rooms.{place}.id"), "a_room_of_the_site").into()),
        }
    }
    for gone in known.keys().filter(|known| !draft.rooms.iter().any(|room| room.id == Some(**known))) {
        store::retire_room(tx, *gone, now).await?;
    }
    identity::set_facilitators(tx, id, &draft.facilitators).await
}

/// The fields of the form that are not as they were, for the audit trail.
fn changed(site: &Site, draft: &SiteDraft) -> Vec<&'static str> {
    let rooms_same = site.rooms.len() == draft.rooms.len()
        && site.rooms.iter().all(|room| {
            draft.rooms.iter().any(|it| {
                it.id == Some(room.id)
                    && (&it.name, &it.floor, it.seats, it.wheelchair) == (&room.name, &room.floor, room.seats, room.wheelchair)
                    && (&it.access_ms, &it.access_en) == (&room.access_ms, &room.access_en)
            })
        });
    let fields = [
        ("name", site.name == draft.name),
        ("short_name", site.short_name == draft.short_name),
        ("city", site.city == draft.city),
        ("region", site.region == draft.region),
        ("address", site.address == draft.address),
        ("time_zone", site.time_zone == draft.time_zone),
        ("seats", site.seats == draft.seats),
        ("hours", site.hours == draft.hours),
        ("set_up_minutes", site.set_up_minutes == draft.set_up_minutes),
        ("clear_up_minutes", site.clear_up_minutes == draft.clear_up_minutes),
        ("access", (&site.access_ms, &site.access_en) == (&draft.access_ms, &draft.access_en)),
        ("closed_from", site.closed_from == draft.closed_from),
        ("rooms", rooms_same),
    ];
    fields.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

fn entry(now: UnixMs, act: &'static str, id: SiteId, by: By) -> Entry {
    Entry::new(now, act, "site", id).by(by.person).on_behalf_of(by.agency).rule(Rule::Tp1)
}
