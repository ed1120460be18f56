//! From a code on a screen to a device, by two people; its credential; and its end. Each is one transaction with its audit row.

use super::{CREDENTIAL_LIFE_MS, DEVICES_PER_SITE_MAX, DeviceKind, EnrolmentState, Stored, code, store};
use crate::{meetings, text};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use identity::{Actor, PersonRole};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
    digest,
};
use uuid::Uuid;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{DeviceId, PersonId, SiteId},
};
use zeroize::Zeroizing;

/// Codes that are shown at once: every site's devices put up on one morning, many times over. A flood of them harms nobody else.
const OPEN_CODES_MAX: i64 = 200;
/// Characters of a device's name ("Skrin pintu timur").
const NAME_CHARS_MAX: usize = 60;
/// 256 bits from the system's source.
const CREDENTIAL_BYTES: usize = 32;

/// A code as the device shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub id: Uuid,
    pub code: String,
    pub expires_at: UnixMs,
}

/// A device that nobody knows yet asks for a code.
pub async fn ask(db: &Db, now: UnixMs, jkt: &str) -> Result<Shown> {
    let shown = Shown { id: Uuid::now_v7(), code: code::fresh()?, expires_at: now.saturating_add_ms(code::LIFE_MS) };
    let code_hash = code::hash(&shown.code).ok_or_else(|| Error::broken("a fresh code is none"))?;
    kernel::transact!(db, tx => {
        if store::by_jkt(tx, jkt).await?.is_some() {
            // Enrolled already, or revoked: a revoked key is not taken again.
            return Err(Code::Conflict.into());
        }
        if store::open_codes(tx, now).await? >= OPEN_CODES_MAX {
            return Err(Refusal::new(Code::RateLimited).with("retry_after_s", 60).into());
        }
        store::show_code(tx, shown.id, jkt, &code_hash, now, shown.expires_at).await
    })?;
    Ok(shown)
}

/// What the one at the screen says of the device.
#[derive(Clone, Debug)]
pub struct Entering<'a> {
    pub code: &'a str,
    pub site: SiteId,
    pub kind: DeviceKind,
    pub name: &'a str,
}

/// The facilitator of a site enters the code. A second person confirms.
pub async fn enter(db: &Db, now: UnixMs, actor: &Actor, entering: &Entering<'_>) -> Result<store::Enrolment> {
    let outcome = try_enter(db, now, actor, entering).await;
    audit::record_refusal(db, outcome, || entry(now, "device.enter_code", "site", entering.site, actor)).await
}

async fn try_enter(db: &Db, now: UnixMs, actor: &Actor, entering: &Entering<'_>) -> Result<store::Enrolment> {
    if !actor.facilitates(entering.site) {
        return Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", vec![PersonRole::Facilitator.text()]).into());
    }
    let name = text::line("name", entering.name, NAME_CHARS_MAX)?;
    let since = now.saturating_add_ms(-code::LIFE_MS);
    let entered = store::Entered { site: entering.site, kind: entering.kind, name, by: actor.person, at: now };
    let code_hash = code::hash(entering.code);
    // A wrong try is written down, so it is an answer of the transaction and not its end.
    let found = kernel::transact!(db, tx => {
        let tries = store::tries(tx, actor.person, since).await?;
        if tries >= code::TRIES_MAX {
            return Err(Refusal::new(Code::RateLimited).with("retry_after_s", code::LIFE_MS / 1000).into());
        }
        let id = match &code_hash {
            Some(code_hash) => store::enter(tx, code_hash, &entered).await?,
            None => None,
        };
        match id {
            Some(id) => {
                let row = entry(now, "device.enter_code", "device_enrolment", id, actor).rule(Rule::Sec3);
                audit::record(tx, row.detail("site", entering.site.to_string()).detail("kind", entering.kind.text()));
                Ok(Ok(store::enrolment(tx, id).await?.ok_or(Code::NotFound)?))
            }
            None => {
                store::note_try(tx, actor.person, now).await?;
                Ok(Err(code::TRIES_MAX - tries - 1))
            }
        }
    })?;
    found.map_err(|tries_left| Refusal::new(Code::EnrolmentCode).with("tries_left", tries_left).into())
}

/// Who may confirm, see and revoke the devices of a site.
pub fn looks_after(actor: &Actor, site: SiteId) -> bool {
    actor.facilitates(site) || actor.has(PersonRole::Approver) || actor.has(PersonRole::SystemAdministrator)
}

pub fn require_looks_after(actor: &Actor, site: SiteId) -> Result<()> {
    if looks_after(actor, site) {
        return Ok(());
    }
    let roles = [PersonRole::Facilitator, PersonRole::Approver, PersonRole::SystemAdministrator].map(PersonRole::text);
    Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", roles.to_vec()).into())
}

/// A second person confirms, or anyone who may, refuses. Answers the device where there is one now.
pub async fn settle(db: &Db, now: UnixMs, actor: &Actor, id: Uuid, confirm: bool) -> Result<Option<DeviceId>> {
    let outcome = try_settle(db, now, actor, id, confirm).await;
    audit::record_refusal(db, outcome, || entry(now, settle_act(confirm), "device_enrolment", id, actor)).await
}

const fn settle_act(confirm: bool) -> &'static str {
    if confirm { "device.confirm" } else { "device.refuse" }
}

async fn try_settle(db: &Db, now: UnixMs, actor: &Actor, id: Uuid, confirm: bool) -> Result<Option<DeviceId>> {
    kernel::transact!(db, tx => {
        let enrolment = store::enrolment(tx, id).await?.ok_or(Code::NotFound)?;
        let Some(entered) = enrolment.entered.clone() else { return Err(Code::NotFound.into()) };
        require_looks_after(actor, entered.site)?;
        let in_state = |state: EnrolmentState| Error::from(Refusal::new(Code::EnrolmentState).with("state", state.text()));
        if enrolment.state != EnrolmentState::Entered {
            return Err(in_state(enrolment.state));
        }
        if now >= enrolment.expires_at {
            return Err(in_state(EnrolmentState::Expired));
        }
        if confirm && entered.by == actor.person {
            return Err(Refusal::by(Code::SecondPerson, Rule::Sec3).into());
        }
        let to = if confirm { EnrolmentState::Confirmed } else { EnrolmentState::Refused };
        if !store::settle(tx, id, to, confirm.then_some(actor.person), now).await? {
            return Err(in_state(EnrolmentState::Expired));
        }
        let row = entry(now, settle_act(confirm), "device_enrolment", id, actor).rule(Rule::Sec3).detail("site", entered.site.to_string());
        if !confirm {
            audit::record(tx, row);
            return Ok(None);
        }
        if store::count(tx, entered.site).await? >= DEVICES_PER_SITE_MAX {
            return Err(Refusal::new(Code::DevicesFull).with("devices_max", DEVICES_PER_SITE_MAX).into());
        }
        let device = Stored {
            id: DeviceId::fresh(),
            site: entered.site,
            kind: entered.kind,
            name: entered.name,
            jkt: enrolment.jkt,
            enrolled_by: entered.by,
            confirmed_by: actor.person,
            enrolled_at: now,
            seen_at: None,
            revoked_at: None,
        };
        store::insert(tx, &device).await?;
        audit::record(tx, row.detail("device", device.id.to_string()).detail("kind", device.kind.text()));
        Ok(Some(device.id))
    })
}

/// What a device shows with each request from now on.
pub struct Credential {
    pub text: Zeroizing<String>,
    pub expires_at: UnixMs,
    pub device: Stored,
}

/// A fresh credential for whoever holds the key of an enrolled device; the one before it is void.
pub async fn renew(db: &Db, now: UnixMs, jkt: &str) -> Result<Credential> {
    let mut bytes = Zeroizing::new([0u8; CREDENTIAL_BYTES]);
    aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| Error::broken("the random source failed"))?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]));
    let (hash, expires_at) = (digest::sha256_hex(text.as_bytes()), now.saturating_add_ms(CREDENTIAL_LIFE_MS));
    let device = kernel::transact!(db, tx => {
        let held = store::by_jkt(tx, jkt).await?.ok_or(Code::DeviceUnknown)?;
        if !store::renew(tx, held.device.id, &hash, expires_at).await? {
            return Err(Code::DeviceUnknown.into());
        }
        let row = Entry::new(now, "device.renew", "device", held.device.id).rule(Rule::Sec3);
        audit::record(tx, row.detail("site", held.device.site.to_string()));
        Ok(held.device)
    })?;
    Ok(Credential { text, expires_at, device })
}

/// A device is lost, or has done its time: from the commit on it can do nothing, and is out of whatever it was in.
pub async fn revoke(db: &Db, now: UnixMs, actor: &Actor, id: DeviceId) -> Result<()> {
    let outcome = try_revoke(db, now, actor, id).await;
    audit::record_refusal(db, outcome, || entry(now, "device.revoke", "device", id, actor)).await
}

async fn try_revoke(db: &Db, now: UnixMs, actor: &Actor, id: DeviceId) -> Result<()> {
    kernel::transact!(db, tx => {
        let device = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        require_looks_after(actor, device.site)?;
        if store::revoke(tx, id, now, actor.person).await? {
            send_out(tx, now, id).await?;
            audit::record(tx, entry(now, "device.revoke", "device", id, actor).rule(Rule::Sec3).detail("site", device.site.to_string()));
        }
        Ok(())
    })
}

async fn send_out(tx: &mut Tx, now: UnixMs, id: DeviceId) -> Result<()> {
    for room in store::meetings(tx, id, now).await? {
        meetings::change::send_out(tx, now, room, PersonId(id.0))?;
    }
    Ok(())
}

/// After a restore nobody knows which devices were revoked since the backup: all are, and are enrolled anew. Answers how many.
pub(crate) async fn revoke_all(tx: &mut Tx, now: UnixMs) -> Result<u64> {
    store::revoke_all(tx, now).await
}

fn entry(now: UnixMs, act: &'static str, kind: &'static str, id: impl std::fmt::Display, actor: &Actor) -> Entry {
    Entry::new(now, act, kind, id).by(actor.person).on_behalf_of(actor.agency.id)
}
