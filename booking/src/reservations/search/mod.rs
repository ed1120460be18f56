//! "When can all of these sites meet?": lawful slots that are free at every site, ranked. Pure; what is taken is read before.

pub mod http;

use super::grid::Grid;
use crate::{
    holidays::{self, Calendar, DayFlag},
    policy::{LeadVerdict, MALAYSIA, Policy, RestDayUse, Slot, verdict},
    sites::Site,
};
use chrono::{Days, NaiveDate};
use kernel::clock::{civil_date, instant};
use serde::Serialize;
use wire::UnixMs;

/// Days looked through in one question: a quarter of a year.
pub const DAYS_MAX: u64 = 92;
/// Slots in one answer: more than anybody reads, and two weeks of full days.
pub const SLOTS_MAX: usize = 48;
const QUARTER_MIN: i64 = 15;
const DAY_MIN: i64 = 1440;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub minutes: i64,
    /// Both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Minutes of the day within which it shall lie.
    pub from_minute: i64,
    pub to_minute: i64,
}

/// A slot that can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Found {
    /// 1 is the best.
    pub rank: usize,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// `YYYY-MM-DD`, the day of use.
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    pub days_before_use: i64,
    /// Days, today not counted, on which it can still be applied for (TP-2).
    pub margin_days: i64,
    /// The last millisecond at which it can be applied for.
    pub lawful_until_ms: UnixMs,
    /// What is to be known of that day at each site.
    pub flags: Vec<DayFlag>,
}

impl Found {
    /// A rest day or a holiday somewhere: it can be had, and asks for the consent of those who look after the room.
    fn is_off(&self) -> bool {
        self.flags.iter().any(DayFlag::is_rest)
    }
}

/// The stretch of time that a question touches: what has to be read.
pub fn touched(question: &Question) -> Option<Slot> {
    let after = question.to.checked_add_days(Days::new(2))?;
    let before = question.from.checked_sub_days(Days::new(1))?;
    Some(Slot { starts_at: instant(before, 0, MALAYSIA)?, ends_at: instant(after, 0, MALAYSIA)? })
}

/// Everything that can be had, ranked: working days before days off, and the earliest first. `true` where there is more than is told.
pub fn rank(question: &Question, now: UnixMs, policy: &Policy, calendar: &Calendar, sites: &[&Site], grid: &Grid) -> (Vec<Found>, bool) {
    let mut found = Vec::new();
    if !sites.is_empty() {
        let dates = question.from.iter_days().take(DAYS_MAX as usize).take_while(|day| *day <= question.to);
        for date in dates {
            found.extend(of_day(question, now, policy, calendar, sites, grid, date));
        }
    }
    // Stable: within each kind the order of time stays.
    found.sort_by_key(Found::is_off);
    let more = found.len() > SLOTS_MAX;
    found.truncate(SLOTS_MAX);
    for (rank, slot) in (1..).zip(&mut found) {
        slot.rank = rank;
    }
    (found, more)
}

/// The slots of one day, one after another: the first that is free, then the first after its end.
fn of_day(
    question: &Question,
    now: UnixMs,
    policy: &Policy,
    calendar: &Calendar,
    sites: &[&Site],
    grid: &Grid,
    date: NaiveDate,
) -> Vec<Found> {
    let mut found = Vec::new();
    let Some(opens) = sites.iter().map(|site| site.hours_on(date).map(|it| it.0)).collect::<Option<Vec<i64>>>() else {
        return found;
    };
    let Some(zone) = sites.first().map(|site| site.zone()) else { return found };
    let rests = |site: &&Site| !calendar.is_working(site.region, date);
    if policy.terms.rest_day_use == RestDayUse::Refused && sites.iter().any(rests) {
        return found;
    }
    let first = opens.into_iter().max().unwrap_or(0).max(question.from_minute);
    let mut minute = first + (QUARTER_MIN - first.rem_euclid(QUARTER_MIN)) % QUARTER_MIN;
    while minute + question.minutes <= question.to_minute.min(DAY_MIN) {
        let Some(starts_at) = u32::try_from(minute).ok().and_then(|it| instant(date, it, zone)) else { break };
        let slot = Slot { starts_at, ends_at: starts_at.saturating_add_ms(question.minutes * 60_000) };
        let judged = verdict(now, slot, policy.lead(), calendar, MALAYSIA);
        let faultless = judged.lawful && slot.faults(now, &policy.terms).is_empty();
        if faultless && sites.iter().all(|site| site.is_open_for(slot) && grid.is_free(site, slot)) {
            found.push(one(slot, &judged, now, calendar, sites));
            minute += question.minutes + (QUARTER_MIN - question.minutes.rem_euclid(QUARTER_MIN)) % QUARTER_MIN;
        } else {
            minute += QUARTER_MIN;
        }
    }
    found
}

fn one(slot: Slot, judged: &LeadVerdict, now: UnixMs, calendar: &Calendar, sites: &[&Site]) -> Found {
    let last = civil_date(judged.lawful_until, MALAYSIA);
    Found {
        rank: 0,
        starts_at_ms: slot.starts_at,
        ends_at_ms: slot.ends_at,
        date: judged.use_date,
        days_before_use: judged.days_before_use,
        margin_days: last.signed_duration_since(civil_date(now, MALAYSIA)).num_days(),
        lawful_until_ms: judged.lawful_until,
        flags: sites.iter().flat_map(|site| holidays::flags(calendar, site, slot)).collect(),
    }
}

#[cfg(test)]
mod tests;
