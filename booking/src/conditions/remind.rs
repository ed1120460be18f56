//! Reports that are owed are called to mind (TP-7): after the hours that the policy gives, in the site's working time, once a day, three times.

use super::{rules, store};
use crate::{
    holidays::{self, Calendar},
    notices::{self, About, Notice, Place, audience},
    policy,
    reservations::{self, view},
    sites::{self, Site},
};
use kernel::{
    Db, Result, Tx,
    clock::{MALAYSIA, civil_date, civil_minute, date_text},
};
use std::collections::BTreeSet;
use wire::{UnixMs, id::PersonId};

/// Owed reports looked at in one round.
const BATCH: i64 = 200;

/// Reminds those who owe a report that is overdue. How many reports.
pub async fn remind_due(db: &Db, now: UnixMs) -> Result<usize> {
    let mut tx = db.read().await?;
    let hours = policy::at(&mut tx, now).await?.terms.condition_overdue_hours;
    let until = now.saturating_add_ms(-hours * 3_600_000);
    let owed = store::owed(&mut tx, now.saturating_add_ms(-rules::REMINDED_FOR_MS), until, BATCH).await?;
    if owed.is_empty() {
        return Ok(0);
    }
    let (all, calendar) = (sites::all(&mut tx).await?, calendar_of(&mut tx, now).await?);
    drop(tx);
    let mut reminded = 0;
    for it in owed {
        let Some(site) = all.iter().find(|site| site.id == it.site) else { continue };
        if is_worked_at(site, &calendar, now) && remind(db, now, site, &it).await? {
            reminded += 1;
        }
    }
    Ok(reminded)
}

async fn calendar_of(tx: &mut Tx, now: UnixMs) -> Result<Calendar> {
    let today = civil_date(now, MALAYSIA);
    holidays::calendar(tx, today, today).await
}

/// Whether somebody is there now: within its hours, on a day that is neither a rest day nor a holiday there. Nobody is reminded at midnight.
fn is_worked_at(site: &Site, calendar: &Calendar, now: UnixMs) -> bool {
    let (today, minute) = (civil_date(now, site.zone()), i64::from(civil_minute(now, site.zone())));
    let open = site.hours_on(today).is_some_and(|(opens, closes)| (opens..closes).contains(&minute));
    open && calendar.is_working(site.region, today)
}

async fn remind(db: &Db, now: UnixMs, site: &Site, owed: &store::Owed) -> Result<bool> {
    let today = date_text(civil_date(now, site.zone()));
    kernel::transact!(db, tx => {
        let before = store::last_reminder(tx, owed.reservation, site.id).await?;
        if !rules::is_reminded(before.as_ref().map(|it| (it.0, it.1.as_str())), &today) {
            return Ok(false);
        }
        let number = before.map_or(1, |it| it.0 + 1);
        let Some(of) = reservations::store::by_id(tx, owed.reservation).await? else { return Ok(false) };
        store::add_reminder(tx, owed.reservation, site.id, number, now, &today).await?;
        let mut people: BTreeSet<PersonId> = audience::facilitators(tx, [site.id]).await?.into_iter().collect();
        people.extend(of.seated().filter(|seat| view::sits(&of, seat.2, Some(site.id))).map(|seat| seat.2));
        let notice = Notice::ConditionOverdue { about: About::of(tx, &of).await?, site: Place::from(site), reminder: number as u32 };
        notices::tell(tx, now, &people.into_iter().collect::<Vec<_>>(), &notice).await?;
        Ok(true)
    })
}
