//! Reminders: of a fault whose time runs out, and each working day of one whose time has. Only while somebody works at the site.

use super::{clock, rules, site_days::WorkCalendar, store, store::Stored, tell};
use crate::sites::{self, Site};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text},
};
use wire::UnixMs;

/// Sends the reminders that are due now. Answers how many.
pub async fn remind_due(db: &Db, now: UnixMs) -> Result<usize> {
    let mut tx = db.read().await?;
    let running = store::running(&mut tx).await?;
    let Some(first) = running.iter().map(|it| it.reported_at).min() else { return Ok(0) };
    let sites = sites::all(&mut tx).await?;
    let calendar = WorkCalendar::read(&mut tx, first, now, MALAYSIA).await?;
    let mut due = Vec::new();
    for it in running {
        let Some(site) = sites.iter().find(|site| site.id == it.site) else { continue };
        if clock::is_working_time(&calendar.at(site), now) && reminder(&mut tx, &calendar, site, &it, now).await?.is_some() {
            due.push((it, site));
        }
    }
    drop(tx);
    let mut sent = 0;
    for (it, site) in due {
        sent += usize::from(kernel::transact!(db, tx => remind(tx, &calendar, site, &it, now).await)?);
    }
    Ok(sent)
}

async fn reminder(tx: &mut Tx, calendar: &WorkCalendar, site: &Site, it: &Stored, now: UnixMs) -> Result<Option<clock::Sla>> {
    let turns = rules::turns(&store::events(tx, it.id).await?);
    let sla = clock::sla(&turns, &store::targets(tx, now).await?, &calendar.at(site), now);
    let before = it.reminded.as_ref().map(|(state, day)| (state.as_str(), day.as_str()));
    Ok(rules::reminder(&sla, before, &today(site, now)).map(|_| sla))
}

fn today(site: &Site, now: UnixMs) -> String {
    date_text(civil_date(now, site.zone()))
}

/// One transaction for one fault; looked at anew, because somebody may just have mended it.
async fn remind(tx: &mut Tx, calendar: &WorkCalendar, site: &Site, seen: &Stored, now: UnixMs) -> Result<bool> {
    let Some(it) = store::locked(tx, seen.id).await?.filter(|it| it.state.is_open()) else { return Ok(false) };
    let Some(sla) = reminder(tx, calendar, site, &it, now).await? else { return Ok(false) };
    store::reminded(tx, it.id, sla.state.text(), &today(site, now)).await?;
    tell::due(tx, now, &it, sla.state, sla.due_at_ms).await?;
    audit::record(
        tx,
        Entry::new(now, "fault.remind", "fault", it.id).detail("state", sla.state.text()).detail("left_minutes", sla.left_minutes),
    );
    Ok(true)
}
