//! A session that goes on for longer: only where the next use of every one of its sites, with its setting up, begins late enough.

use super::{UsePolicy, rules, store};
use crate::{
    meetings::change,
    policy::Slot,
    reservations,
    sites::{self, Site},
};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
};
use wire::{
    Code, Refusal, UnixMs,
    id::{AgencyId, DeviceId, PersonId, ReservationId, SiteId},
};

const MINUTE_MS: i64 = 60_000;

/// Who asks for more time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extender {
    /// The panel or room system of one of its sites.
    Panel {
        device: DeviceId,
        site: SiteId,
    },
    Chair {
        person: PersonId,
        agency: AgencyId,
    },
}

/// Lets the session end later by `minutes`. Those inside stay; tokens from before hold.
pub async fn extend(db: &Db, now: UnixMs, id: ReservationId, by: Extender, minutes: i64) -> Result<()> {
    let outcome = kernel::transact!(db, tx => try_extend(tx, now, id, by, minutes).await);
    audit::record_refusal(db, outcome, || entry(now, id, by, minutes)).await
}

async fn try_extend(tx: &mut Tx, now: UnixMs, id: ReservationId, by: Extender, minutes: i64) -> Result<()> {
    // The sites first, in their order, as everyone who occupies them does.
    let stored = reservations::store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let allowed = match by {
        Extender::Panel { site, .. } => stored.sites.iter().any(|it| it.site == site),
        Extender::Chair { person, .. } => stored.chair == person,
    };
    if !allowed {
        return Err(Code::NotFound.into());
    }
    reservations::store::lock_sites(tx, stored.sites.iter().map(|it| it.site)).await?;
    let Some(slot) = store::hold(tx, id).await? else {
        return Err(Refusal::new(Code::ReservationState).with("state", stored.state.text()).into());
    };
    if store::was_no_show(tx, id).await? {
        return Err(Code::NoShow.into());
    }
    let policy = store::policy_at(tx, now).await?;
    rules::judge_extension(&policy, slot, store::extended(tx, id).await?, minutes, now)?;
    let later = Slot { ends_at: slot.ends_at.saturating_add_ms(minutes.saturating_mul(MINUTE_MS)), ..slot };
    let sites = sites::all(tx).await?;
    for (site, held_until) in store::held(tx, id).await? {
        open_then(&sites, site, later)?;
        if let Some(next) = store::next_at(tx, site, held_until, id).await?
            && next < held_until.saturating_add_ms(minutes * MINUTE_MS)
        {
            let free_until = slot.ends_at.saturating_add_ms(next.0 - held_until.0);
            return Err(Refusal::new(Code::ExtensionTaken).with("site", site.to_string()).with("free_until_ms", free_until.0).into());
        }
        store::lengthen(tx, id, site, minutes * MINUTE_MS).await?;
    }
    let (person, device) = match by {
        Extender::Panel { device, .. } => (None, Some(device)),
        Extender::Chair { person, .. } => (Some(person), None),
    };
    store::extend(tx, id, &store::Extension { minutes, ends_at: later.ends_at, at: now, person, device }).await?;
    if let Some(meeting) = stored.meeting {
        change::extend(tx, now, meeting, later).await?;
    }
    reservations::store::note(tx, id, now, reservations::HistoryAct::Extend, person, None).await?;
    audit::record(tx, entry(now, id, by, minutes).detail("reference", stored.reference.as_str()).detail("ends_at_ms", later.ends_at.0));
    Ok(())
}

/// A room that closes for the day is not held open by a button.
fn open_then(sites: &[Site], site: SiteId, slot: Slot) -> Result<()> {
    let open = sites.iter().find(|it| it.id == site).is_some_and(|it| it.is_open_for(slot));
    match open {
        true => Ok(()),
        false => Err(Refusal::new(Code::SlotInvalid).with("bound", "opening_hours").with("site", site.to_string()).into()),
    }
}

/// The most that a running session may be extended by now, minutes; 0: not at all.
pub async fn extension_minutes(tx: &mut Tx, now: UnixMs, id: ReservationId) -> Result<i64> {
    let Some(stored) = reservations::store::by_id(tx, id).await? else { return Ok(0) };
    let policy: UsePolicy = store::policy_at(tx, now).await?;
    let sites = sites::all(tx).await?;
    let mut minutes = rules::extension_minutes(&policy, store::extended(tx, id).await?, i64::MAX);
    for (site, held_until) in store::held(tx, id).await? {
        if let Some(next) = store::next_at(tx, site, held_until, id).await? {
            minutes = minutes.min(rules::extension_minutes(&policy, 0, next.0 - held_until.0));
        }
    }
    let fits = |minutes: i64| {
        let later = Slot { ends_at: stored.slot.ends_at.saturating_add_ms(minutes * MINUTE_MS), ..stored.slot };
        stored.sites.iter().all(|it| open_then(&sites, it.site, later).is_ok())
    };
    while minutes > 0 && !fits(minutes) {
        minutes -= 15;
    }
    Ok(minutes)
}

fn entry(now: UnixMs, id: ReservationId, by: Extender, minutes: i64) -> Entry {
    let entry = Entry::new(now, "reservation.extend", "reservation", id).detail("minutes", minutes);
    match by {
        Extender::Panel { device, site } => entry.detail("device", device.to_string()).detail("site", site.to_string()),
        Extender::Chair { person, agency } => entry.by(person).on_behalf_of(agency),
    }
}
