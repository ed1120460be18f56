//! What time does to a session to which nobody comes: first everyone concerned is warned, then the rest of the slot is let go. Never while
//! media flows, and never without the warning.

use super::{
    rules::{self, Due},
    store,
};
use crate::{
    meetings::{EndReason, change},
    notices::{self, About, Notice, Place, audience},
    reservations, sites,
};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
};
use wire::{
    UnixMs,
    id::{ReservationId, SiteId},
};

/// Warns and lets go, one transaction for each. Answers how many were done.
pub async fn no_shows_due(db: &Db, now: UnixMs) -> Result<usize> {
    let unattended = store::unattended(&mut db.read().await?, now).await?;
    let mut done = 0;
    for id in unattended {
        done += usize::from(judge(db, now, id).await?);
    }
    if done > 0 {
        tracing::info!(done, "sessions to which nobody came were warned about or let go");
    }
    Ok(done)
}

async fn judge(db: &Db, now: UnixMs, id: ReservationId) -> Result<bool> {
    kernel::transact!(db, tx => {
        // The sites first, in their order, as everyone who occupies them does: what is let go may be offered to somebody.
        let stored = reservations::found(tx, id).await?;
        // Held: whoever checks in at this moment waits, or was quicker and is found.
        let Some(slot) = store::hold(tx, id).await? else { return Ok(false) };
        if store::settled(tx, id).await? || store::media_flows(tx, id).await? {
            return Ok(false);
        }
        let policy = store::policy_at(tx, now).await?;
        let warned_at = store::warned_at(tx, id).await?;
        let sites = store::held(tx, id).await?;
        match rules::due(&policy, slot, warned_at, now) {
            Due::Nothing => return Ok(false),
            Due::Warning => {
                for (site, _) in &sites {
                    store::warn(tx, id, *site, now).await?;
                }
                reservations::store::note(tx, id, now, reservations::HistoryAct::NoShowWarning, None, None).await?;
                let release_at = policy.release_at(slot, now);
                tell(tx, now, &stored, &sites, |about, site| Notice::CheckInWarning { about, site, release_at_ms: release_at }).await?;
                audit::record(tx, Entry::new(now, "reservation.no_show_warning", "reservation", id).detail("release_at_ms", release_at.0));
            }
            Due::Release => {
                let from = rules::released_from(slot, now);
                for (site, _) in &sites {
                    store::no_show(tx, id, *site, now, from).await?;
                }
                if let Some(meeting) = store::meeting_of(tx, id).await? {
                    change::cancel(tx, now, meeting, EndReason::NoShow).await?;
                }
                tell(tx, now, &stored, &sites, |about, site| Notice::NoShow { about, site, at_ms: now }).await?;
                reservations::store::note(tx, id, now, reservations::HistoryAct::NoShow, None, None).await?;
                let row = Entry::new(now, "reservation.no_show", "reservation", id).detail("released_from_ms", from.0);
                audit::record(tx, row.detail("sites", sites.iter().map(|it| it.0.to_string()).collect::<Vec<_>>()));
                reservations::waiting::freed(tx, now, &stored).await?;
            }
        }
        Ok(true)
    })
}

/// Of each site, those who look after it; of the first, everyone of the session too: nobody is told the same thing twice.
async fn tell(
    tx: &mut Tx,
    now: UnixMs,
    stored: &reservations::Stored,
    held: &[(SiteId, UnixMs)],
    notice: impl Fn(About, Place) -> Notice,
) -> Result<()> {
    let about = About::of(tx, stored).await?;
    let mut everyone = audience::everyone(tx, stored).await?;
    for (site, _) in held {
        let Some(site) = sites::by_id(tx, *site).await? else { continue };
        let mut people = audience::facilitators(tx, [site.id]).await?;
        people.retain(|it| !everyone.contains(it));
        people.append(&mut everyone);
        notices::tell(tx, now, &people, &notice(about.clone(), Place::from(&site))).await?;
    }
    Ok(())
}
