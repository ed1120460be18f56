//! Counts and medians of a span of months. Pure: records, the span and `now` in, figures out.
//!
//! What an application came to (approved, declined, withdrawn; days ahead; time to the decision) counts in the month in which it was
//! received. What a use came to (held, nobody came, minutes, condition reports) counts in the month in which it ended. A fault counts in the
//! month in which it was reported. An application for two sites counts once in a total, and at each of its sites where sites are compared.

use super::{
    month::Month,
    records::{Application, Records, RuleCounts, Standing},
};
use crate::reports::facts::Ending;
use serde::Serialize;
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    id::{AgencyId, SiteId},
};

/// How long after the end of a use its condition report is still in time (TP-7).
pub const CONDITION_IN_TIME_MS: i64 = 24 * 3_600_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub first: Month,
    pub last: Month,
    pub agency: Option<AgencyId>,
    /// Only what was at one of these; everything where none is named.
    pub sites: Option<Vec<SiteId>>,
}

impl Ask {
    fn has(&self, month: Month, agency: Option<AgencyId>) -> bool {
        (self.first..=self.last).contains(&month) && self.agency.is_none_or(|asked| agency == Some(asked))
    }

    fn has_site(&self, site: SiteId) -> bool {
        self.sites.as_ref().is_none_or(|asked| asked.contains(&site))
    }
}

/// What one month, site or agency came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Figures {
    /// Applications received that the rules let through.
    pub applications: u64,
    /// Applications that the rules refused. Not told of a site: a refused application is not stored.
    pub refused_by_rules: u64,
    pub approved: u64,
    pub declined: u64,
    pub withdrawn: u64,
    pub lapsed: u64,
    pub displaced: u64,
    pub waiting: u64,
    pub overrides: u64,
    /// Whole days from application to use, the middle one.
    pub lead_days_median: Option<i64>,
    pub approval_minutes_median: Option<i64>,
    /// Nine of ten were decided within this.
    pub approval_minutes_p90: Option<i64>,
    /// Uses that took place, one for each site.
    pub held: u64,
    pub no_shows: u64,
    pub minutes_held: i64,
    /// Minutes in which the sites were open; told where sites or months are compared.
    pub minutes_open: Option<i64>,
    pub conditions_in_time: u64,
    pub conditions_late: u64,
    pub conditions_owed: u64,
    pub faults: u64,
    pub faults_mended: u64,
    pub repair_minutes_median: Option<i64>,
    pub online_meetings: u64,
}

/// Figures on the way: counts, and the samples of the medians.
#[derive(Clone, Debug, Default)]
struct Tally {
    figures: Figures,
    lead_days: Vec<i64>,
    approval_minutes: Vec<i64>,
    repair_minutes: Vec<i64>,
}

impl Tally {
    fn closed(mut self) -> Figures {
        self.figures.lead_days_median = quantile(&mut self.lead_days, 50);
        self.figures.approval_minutes_median = quantile(&mut self.approval_minutes, 50);
        self.figures.approval_minutes_p90 = quantile(&mut self.approval_minutes, 90);
        self.figures.repair_minutes_median = quantile(&mut self.repair_minutes, 50);
        self.figures
    }
}

/// The smallest sample that `percent` of all samples do not exceed (nearest rank).
fn quantile(samples: &mut [i64], percent: usize) -> Option<i64> {
    samples.sort_unstable();
    let rank = (samples.len() * percent).div_ceil(100);
    samples.get(rank.saturating_sub(1)).copied()
}

/// Where something belongs: its month, and the agency and site where it has them.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub month: Month,
    pub agency: Option<AgencyId>,
    pub site: Option<SiteId>,
}

/// By what things are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    All,
    Month(Month),
    Agency(AgencyId),
    Site(SiteId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Everything,
    Month,
    Agency,
    Site,
}

impl By {
    fn key(self, place: Place) -> Option<Key> {
        match self {
            Self::Everything => Some(Key::All),
            Self::Month => Some(Key::Month(place.month)),
            Self::Agency => place.agency.map(Key::Agency),
            Self::Site => place.site.map(Key::Site),
        }
    }
}

/// The figures of each group. A group without anything is not there.
pub fn figures(records: &Records, ask: &Ask, by: By, now: UnixMs) -> BTreeMap<Key, Figures> {
    let mut sheet = Sheet { by, tallies: BTreeMap::new() };
    for application in records.applications.values() {
        let sites: Vec<SiteId> = application.span.sites.iter().copied().filter(|site| ask.has_site(*site)).collect();
        let received = Month::of(application.received_at);
        if ask.has(received, Some(application.agency)) {
            let once = if sites.is_empty() { 0 } else { 1 };
            let places: &[SiteId] = if by == By::Site { &sites } else { &sites[..once] };
            for site in places {
                sheet
                    .at(Place { month: received, agency: Some(application.agency), site: Some(*site) }, |it| received_one(it, application));
            }
        }
        let ended = Month::of(application.span.ends_at);
        if ask.has(ended, Some(application.agency)) {
            for site in sites {
                sheet.at(Place { month: ended, agency: Some(application.agency), site: Some(site) }, |it| used(it, application, site, now));
            }
        }
    }
    if ask.sites.is_none() {
        sheet.rules(&records.refused, ask, |it, count| it.figures.refused_by_rules += count);
        sheet.rules(&records.overridden, ask, |it, count| it.figures.overrides += count);
        for ((month, agency), count) in &records.meetings {
            if ask.has(*month, Some(*agency)) {
                sheet.at(Place { month: *month, agency: Some(*agency), site: None }, |it| it.figures.online_meetings += count);
            }
        }
    }
    // A fault is of a site and of no agency.
    if ask.agency.is_none() {
        for fault in records.faults.values().filter(|it| ask.has_site(it.site)) {
            let month = Month::of(fault.reported_at);
            if !ask.has(month, None) {
                continue;
            }
            sheet.at(Place { month, agency: None, site: Some(fault.site) }, |it| {
                it.figures.faults += 1;
                if let Some(mended_at) = fault.mended_at {
                    it.figures.faults_mended += 1;
                    it.repair_minutes.push(mended_at.saturating_since_ms(fault.reported_at) / 60_000);
                }
            });
        }
    }
    sheet.tallies.into_iter().map(|(key, tally)| (key, tally.closed())).collect()
}

struct Sheet {
    by: By,
    tallies: BTreeMap<Key, Tally>,
}

impl Sheet {
    fn at(&mut self, place: Place, add: impl FnOnce(&mut Tally)) {
        if let Some(key) = self.by.key(place) {
            add(self.tallies.entry(key).or_default());
        }
    }

    fn rules(&mut self, counts: &RuleCounts, ask: &Ask, add: impl Fn(&mut Tally, u64)) {
        for ((month, agency, _), count) in counts {
            if ask.has(*month, *agency) {
                self.at(Place { month: *month, agency: *agency, site: None }, |it| add(it, *count));
            }
        }
    }
}

fn received_one(tally: &mut Tally, application: &Application) {
    let figures = &mut tally.figures;
    figures.applications += 1;
    let came_to = match &application.standing {
        Standing::Waiting => &mut figures.waiting,
        Standing::Approved => &mut figures.approved,
        Standing::Declined { .. } => &mut figures.declined,
        Standing::Ended(Ending::Withdrawn) => &mut figures.withdrawn,
        Standing::Ended(Ending::Lapsed) => &mut figures.lapsed,
        Standing::Ended(Ending::Displaced) => &mut figures.displaced,
    };
    *came_to += 1;
    tally.lead_days.push(application.days_before_use);
    if let Some(decided_at) = application.decided_at {
        tally.approval_minutes.push(decided_at.saturating_since_ms(application.received_at) / 60_000);
    }
}

fn used(tally: &mut Tally, application: &Application, site: SiteId, now: UnixMs) {
    let figures = &mut tally.figures;
    figures.no_shows += u64::from(application.no_shows.contains(&site));
    if !application.used(now).any(|used| used == site) {
        return;
    }
    let ended_at = application.span.ends_at;
    figures.held += 1;
    figures.minutes_held += ended_at.saturating_since_ms(application.span.starts_at) / 60_000;
    let report = match application.conditions.get(&site) {
        Some(filed_at) if filed_at.saturating_since_ms(ended_at) <= CONDITION_IN_TIME_MS => &mut figures.conditions_in_time,
        Some(_) => &mut figures.conditions_late,
        None => &mut figures.conditions_owed,
    };
    *report += 1;
}

/// How often each rule refused, the most frequent first.
pub fn refusals_by_rule(records: &Records, ask: &Ask) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for ((month, agency, rule), count) in &records.refused {
        if ask.has(*month, *agency) {
            *counts.entry(rule).or_default() += count;
        }
    }
    let mut sorted: Vec<(String, u64)> = counts.into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted
}
