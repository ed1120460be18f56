//! The verdict on a draft before it is sent: every refusal at once, a taken slot among them, and what could be had instead. Nothing is stored.

use super::{
    Application, Draft,
    alternatives::{self, Offered},
    grid::Grid,
    rules::{self, Circumstances, Judgement},
};
use crate::{
    holidays::{self, Calendar, DayFlag},
    overrides,
    policy::{self, MALAYSIA, Policy, Slot, verdict},
    sites::{self, Site},
};
use chrono::{Days, NaiveDate};
use kernel::{Result, Tx, clock::civil_date};
use wire::{Code, Refusal, UnixMs, id::ReservationId};

/// Everything kept as data that a draft is judged by now.
#[derive(Clone, Debug)]
pub struct Setting {
    pub policy: Policy,
    /// From today until the day of use, and as far as alternatives are searched.
    pub calendar: Calendar,
    pub sites: Vec<Site>,
}

impl Setting {
    pub async fn read(tx: &mut Tx, now: UnixMs, slot: Slot) -> Result<Self> {
        let date = |at| civil_date(at, MALAYSIA);
        let last = date(slot.starts_at.max(now)).checked_add_days(Days::new(2 * alternatives::DAYS_SEARCHED_MAX));
        Self::over(tx, now, date(now.min(slot.starts_at)), last.unwrap_or(NaiveDate::MAX)).await
    }

    /// With the calendar of these days, both included.
    pub async fn over(tx: &mut Tx, now: UnixMs, from: NaiveDate, to: NaiveDate) -> Result<Self> {
        // The hold looks back for a working day before the day of use.
        let from = from.checked_sub_days(Days::new(alternatives::DAYS_SEARCHED_MAX)).unwrap_or(from);
        Ok(Self { policy: policy::at(tx, now).await?, calendar: holidays::calendar(tx, from, to).await?, sites: sites::all(tx).await? })
    }

    pub fn circumstances<'a>(&'a self, now: UnixMs, application: &Application<'a>) -> Circumstances<'a> {
        Circumstances {
            now,
            policy: &self.policy,
            calendar: &self.calendar,
            sites: &self.sites,
            known: application.known,
            may_apply: application.may_apply,
            classified_without_e2ee: application.classified_without_e2ee,
        }
    }

    /// Until when an application that is received now holds its slot undecided.
    pub fn hold_until(&self, received_at: UnixMs, slot: Slot) -> UnixMs {
        self.policy.hold_until(received_at, slot, &self.calendar, MALAYSIA)
    }

    /// Those of the known sites that a draft asks for.
    pub fn asked(&self, draft: &Draft) -> Vec<&Site> {
        self.sites.iter().filter(|site| draft.sites.iter().any(|it| it.site == site.id)).collect()
    }

    /// What is to be known of the day of use at each site asked for.
    pub fn flags(&self, draft: &Draft) -> Vec<DayFlag> {
        self.asked(draft).into_iter().flat_map(|site| holidays::flags(&self.calendar, site, draft.slot())).collect()
    }
}

/// What is said of a draft, and by what.
pub async fn judge(tx: &mut Tx, now: UnixMs, application: Application<'_>) -> Result<(Judgement, Setting)> {
    let draft = application.draft;
    let setting = Setting::read(tx, now, draft.slot()).await?;
    let mut judgement = rules::judge(draft, &setting.circumstances(now, &application));
    overrides::cover(tx, now, application.by.agency, &draft.site_ids(), draft.slot(), None, &mut judgement.refusals).await?;
    judgement.refusals.extend(taken(tx, draft, &setting.sites, None).await?);
    offer_with(tx, now, draft, None, &mut judgement.refusals).await?;
    Ok((judgement, setting))
}

/// A refusal for each site at which the slot is taken; what `but` holds is in nobody's way.
pub(crate) async fn taken(tx: &mut Tx, draft: &Draft, sites: &[Site], but: Option<ReservationId>) -> Result<Vec<Refusal>> {
    if draft.slot().duration_ms() <= 0 {
        return Ok(Vec::new());
    }
    let asked = asked(draft, sites);
    let grid = Grid::read(tx, &asked, draft.slot(), but).await?;
    let refused = grid.taken_at(&asked, draft.slot()).map(|site| Refusal::new(Code::SlotTaken).with("site", site.id.to_string()));
    Ok(refused.collect())
}

fn asked<'a>(draft: &Draft, sites: &'a [Site]) -> Vec<&'a Site> {
    sites.iter().filter(|site| draft.sites.iter().any(|it| it.site == site.id)).collect()
}

/// Adds to the refusals that are about time or place what could be had instead.
pub(crate) async fn offer_with(
    tx: &mut Tx,
    now: UnixMs,
    draft: &Draft,
    but: Option<ReservationId>,
    refusals: &mut [Refusal],
) -> Result<()> {
    let about_time = |it: &&mut Refusal| matches!(it.code, Code::SlotTaken | Code::LeadTime | Code::SlotInvalid);
    if draft.slot().duration_ms() <= 0 || !refusals.iter_mut().any(|it| about_time(&it)) {
        return Ok(());
    }
    let setting = Setting::read(tx, now, draft.slot()).await?;
    let offered = offered(tx, now, draft, &setting, but).await?;
    let (same, other) = (serde_json::to_value(&offered.same_sites)?, serde_json::to_value(&offered.other_sites)?);
    for refusal in refusals.iter_mut().filter(about_time) {
        refusal.values.insert("alternatives".to_owned(), same.clone());
        if refusal.code == Code::SlotTaken || refusal.values.get("bound").is_some_and(|it| it == rules::REST_DAY) {
            refusal.values.insert("other_sites".to_owned(), other.clone());
        }
    }
    Ok(())
}

/// The nearest lawful slots at the same sites, and the same slot at others.
async fn offered(tx: &mut Tx, now: UnixMs, draft: &Draft, setting: &Setting, but: Option<ReservationId>) -> Result<Offered> {
    let sites = &setting.sites;
    let (asked, others): (Vec<&Site>, Vec<&Site>) = sites.iter().partition(|site| draft.sites.iter().any(|it| it.site == site.id));
    let lead = verdict(now, draft.slot(), setting.policy.lead(), &setting.calendar, MALAYSIA);
    let from = draft.slot().starts_at.max(kernel::clock::start_of_day(lead.earliest_date, MALAYSIA).unwrap_or(now));
    let wanted = draft.slot();
    let grid = Grid::read(tx, &asked, alternatives::searched(Slot { starts_at: from, ..wanted }), but).await?;
    // What is offered is not refused in its turn: neither for its days nor for how far ahead it is.
    let lawful = |slot: Slot, sites: &[&Site]| policy::refused(&setting.policy, now, slot, sites, &setting.calendar).is_empty();
    let other_sites = match lead.lawful && draft.sites.len() <= sites.len() {
        true => {
            let around = Grid::read(tx, &sites.iter().collect::<Vec<_>>(), wanted, but).await?;
            alternatives::elsewhere(wanted, &asked, &others, &around, |site| lawful(wanted, &[site]))
        }
        false => Vec::new(),
    };
    Ok(Offered {
        same_sites: alternatives::alternatives(wanted, lead.earliest_date, &asked, &grid, |slot| lawful(slot, &asked)),
        other_sites,
    })
}
