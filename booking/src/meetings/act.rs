//! The acts upon a meeting: create it, mint a grant for it.

use super::{Kind, Listed, MeetingDraft, Stored, grant, rules, store};
use crate::{devices, meetings::keys::Keys, policy::Slot, settings::Settings, sites, use_of_rooms};
use kernel::{
    Db, Error, Result,
    audit::{self, Entry},
    idempotency::{self, Claim},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    grant::{GRANT_TYP, Role},
    id::{AgencyId, MeetingId, PersonId, ReservationId},
};

/// What a meeting is made of.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    pub host: PersonId,
    pub agency: AgencyId,
    pub draft: &'a MeetingDraft,
    /// Those of the people named who have an account.
    pub known: &'a BTreeSet<PersonId>,
    pub classified_without_e2ee: bool,
    /// The request's claim to be carried out once.
    pub claim: Option<&'a Claim>,
}

/// Makes an online meeting; its creator is its host.
pub async fn create(db: &Db, now: UnixMs, creation: Creation<'_>) -> Result<MeetingId> {
    let id = MeetingId::fresh();
    let outcome = try_create(db, now, creation, id).await;
    let refused = || Entry::new(now, "meeting.create", "meeting", id).by(creation.host).on_behalf_of(creation.agency);
    audit::record_refusal(db, outcome, refused).await
}

async fn try_create(db: &Db, now: UnixMs, creation: Creation<'_>, id: MeetingId) -> Result<MeetingId> {
    let Creation { host, agency, draft, claim, .. } = creation;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let new = store::New {
            id,
            kind: Kind::Online,
            reservation: None,
            title: draft.title.trim(),
            classification: draft.classification,
            lobby: draft.lobby,
            host,
            slot: Slot { starts_at: draft.starts_at_ms, ends_at: draft.ends_at_ms },
            created_at: now,
            people: group(now, &creation)?,
        };
        store::insert(tx, &new).await?;
        let row = Entry::new(now, "meeting.create", "meeting", id).by(host).on_behalf_of(agency).rule(Rule::Class1);
        audit::record(tx, row.detail("classification", draft.classification.name()));
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// The meeting's own group, where the draft is lawful; the host is one of it whether named or not.
fn group(now: UnixMs, creation: &Creation) -> Result<Vec<Listed>> {
    let mut refusals = rules::judge(creation.draft, now, creation.classified_without_e2ee);
    let others: BTreeSet<PersonId> = creation.draft.people.iter().copied().filter(|it| *it != creation.host).collect();
    refusals.extend(others.iter().find(|it| !creation.known.contains(it)).map(|unknown| {
        Refusal::new(Code::RequestMalformed).with("field", "people").with("expected", "known_person").with("person", unknown.to_string())
    }));
    if let Some((first, also)) = refusals.split_first() {
        return Err(Error::Refused(first.clone().with("also", serde_json::to_value(also)?)));
    }
    let listed = |person, role| Listed { person, role, seat: None, removed: false };
    Ok(others.into_iter().map(|person| listed(person, Role::Member)).chain([listed(creation.host, Role::Host)]).collect())
}

/// Who presses Join, as the roster will show it.
#[derive(Clone, Debug)]
pub struct Joining {
    pub person: PersonId,
    pub agency: AgencyId,
    pub shown: grant::Shown,
}

/// A join token and when it dies.
#[derive(Clone)]
pub struct Grant {
    pub token: String,
    pub expires_at: UnixMs,
}

/// Mints a join grant for somebody listed, inside the window (MEET-8). Every grant, and every refusal of one, leaves its row.
pub async fn mint(db: &Db, now: UnixMs, keys: &Keys, settings: &Settings, joining: &Joining, id: MeetingId) -> Result<Grant> {
    let outcome = try_mint(db, now, keys, settings, joining, id).await;
    let refused = || Entry::new(now, "grant.mint", "meeting", id).by(joining.person).on_behalf_of(joining.agency);
    audit::record_refusal(db, outcome, refused).await
}

async fn try_mint(db: &Db, now: UnixMs, keys: &Keys, settings: &Settings, joining: &Joining, id: MeetingId) -> Result<Grant> {
    kernel::transact!(db, tx => {
        let meeting: Stored = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        let listed = rules::may_join(&meeting, joining.person, now, settings.classified_without_e2ee)?;
        let site = match listed.seat {
            Some((site, _)) => sites::by_id(tx, site).await?.map(|it| it.name),
            None => None,
        };
        let claims = grant::claims(&meeting, listed, joining.shown.clone(), site, settings, now);
        let signed = keys.sign(GRANT_TYP, &claims)?;
        let expires_at = UnixMs::from_seconds(claims.exp);
        let minted = store::Minted {
            id: claims.jti,
            meeting: id,
            recording: None,
            person: joining.person,
            epoch: meeting.epoch,
            key_id: &signed.key_id,
            issued_at: now,
            expires_at,
        };
        store::mint(tx, &minted).await?;
        let row = Entry::new(now, "grant.mint", "meeting", id).by(joining.person).on_behalf_of(joining.agency).rule(Rule::Meet8);
        audit::record(tx, row.detail("grant", claims.jti.to_string()).detail("epoch", meeting.epoch));
        Ok(Grant { token: signed.token, expires_at })
    })
}

/// Mints a join grant for the room system of one of a reservation's sites, inside the window. It is bound to the device's key.
pub async fn mint_for_room(
    db: &Db,
    now: UnixMs,
    keys: &Keys,
    settings: &Settings,
    device: &devices::Stored,
    reservation: ReservationId,
) -> Result<Grant> {
    let outcome = try_mint_for_room(db, now, keys, settings, device, reservation).await;
    let refused = || room_entry(now, device, "reservation", reservation);
    audit::record_refusal(db, outcome, refused).await
}

async fn try_mint_for_room(
    db: &Db,
    now: UnixMs,
    keys: &Keys,
    settings: &Settings,
    device: &devices::Stored,
    reservation: ReservationId,
) -> Result<Grant> {
    kernel::transact!(db, tx => {
        // Read again in here: a device that is revoked at this moment is given nothing.
        let device = devices::room_system(tx, device.id).await?.ok_or(Code::DeviceUnknown)?;
        let id = use_of_rooms::store::meeting_of(tx, reservation).await?.ok_or(Code::NotFound)?;
        let meeting: Stored = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        let held = use_of_rooms::store::held(tx, reservation).await?;
        let of_the_site = held.iter().any(|(site, _)| *site == device.site);
        if meeting.ended_at.is_none() && !of_the_site {
            return Err(Code::NotFound.into());
        }
        rules::may_join_as_room(&meeting, of_the_site || meeting.ended_at.is_some(), now, settings.classified_without_e2ee)?;
        let site = sites::by_id(tx, device.site).await?.ok_or(Code::NotFound)?;
        let claims = grant::room_claims(&meeting, &device, &site, settings, now);
        let signed = keys.sign(GRANT_TYP, &claims)?;
        let expires_at = UnixMs::from_seconds(claims.exp);
        let minted = store::Minted {
            id: claims.jti,
            meeting: id,
            recording: None,
            person: claims.sub,
            epoch: meeting.epoch,
            key_id: &signed.key_id,
            issued_at: now,
            expires_at,
        };
        store::mint(tx, &minted).await?;
        let row = room_entry(now, &device, "meeting", id).rule(Rule::Meet8);
        audit::record(tx, row.detail("grant", claims.jti.to_string()).detail("epoch", meeting.epoch));
        Ok(Grant { token: signed.token, expires_at })
    })
}

fn room_entry(now: UnixMs, device: &devices::Stored, kind: &'static str, id: impl std::fmt::Display) -> Entry {
    Entry::new(now, "grant.mint", kind, id).detail("device", device.id.to_string()).detail("site", device.site.to_string())
}
