//! Looks for what makes a policy useless: numbers out of bounds, and bounds of which each is sound and which together leave nothing that could
//! be booked. A pure function over the sites and the calendar as they are.

use super::{Policy, RestDayUse, Slot, Terms, replay, verdict};
use crate::{holidays::Calendar, names::names, sites::Site};
use chrono::{Days, NaiveDate};
use kernel::clock::{MALAYSIA, instant};
use serde_json::{Map, Value};
use wire::{UnixMs, limits::SITES_MIN};

/// Days of application that are tried: a week and a day, so that every weekday comes and one of them twice.
const DAYS_TRIED: u64 = 8;
const QUARTER_MINUTES: i64 = 15;

names! {
    /// What is wrong with a policy.
    Problem {
        /// A number out of its bounds. Values: `min`, `max`, perhaps `step`.
        OutOfBounds = "out_of_bounds",
        /// One number must lie above another. Values: `above`.
        NotAbove = "not_above",
        /// It is asked for longer ahead than may be booked: nothing is left between. Values: `lead_days`, `advance_days_max`.
        LeadExceedsAdvance = "lead_exceeds_advance",
        /// Fewer than two sites are open at one time on any day that may be used (TP-1).
        NoCommonHours = "no_common_hours",
        /// Everything that may be booked lies on a rest day, and those are refused.
        OnlyRestDays = "only_rest_days",
        /// An application can come so late that its hold has ended already; it then holds until the start.
        HoldBeforeReceipt = "hold_before_receipt",
    }
}

/// One thing that is wrong, beside its field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Finding {
    pub field: &'static str,
    #[schema(inline)]
    pub problem: Problem,
    /// Such a policy is refused; otherwise it is only pointed out.
    pub grave: bool,
    #[schema(value_type = Object)]
    pub values: Map<String, Value>,
}

impl Finding {
    fn new(field: &'static str, problem: Problem, grave: bool, values: impl IntoIterator<Item = (&'static str, i64)>) -> Self {
        Self { field, problem, grave, values: values.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect() }
    }
}

/// Everything that is to be said of a policy that would begin at `policy.effective_from`.
pub fn lint(policy: &Policy, sites: &[Site], calendar: &Calendar) -> Vec<Finding> {
    let terms = &policy.terms;
    let mut findings = bounds(terms);
    if findings.iter().any(|it| it.grave) {
        // What is out of bounds alone is not looked into together.
        return findings;
    }
    findings.extend(feasible(policy, sites, calendar));
    if hold_can_precede_receipt(terms) {
        findings.push(Finding::new("hold_working_days", Problem::HoldBeforeReceipt, false, [("lead_days", terms.lead_days)]));
    }
    findings
}

/// The bounds that the schema has too. Outside them the rules do not count.
pub fn bounds(terms: &Terms) -> Vec<Finding> {
    let table: [(&'static str, i64, i64, i64, i64); 14] = [
        // field, value, least, most, step
        ("lead_days", terms.lead_days, 0, 365, 1),
        ("advance_days_max", terms.advance_days_max, 1, 730, 1),
        ("slot_minutes_max", terms.slot_minutes_max, QUARTER_MINUTES, 1440, QUARTER_MINUTES),
        ("hold_working_days", terms.hold_working_days, 0, 30, 1),
        ("hold_until_minute", terms.hold_until_minute, 0, 1440, 1),
        ("remind_after_minutes", terms.remind_after_minutes, 15, 14_400, 1),
        ("escalate_after_minutes", terms.escalate_after_minutes, 15, 14_400, 1),
        ("occurrences_max", terms.occurrences_max, 1, 12, 1),
        ("offer_minutes", terms.offer_minutes, 15, 2_880, 1),
        ("no_show_warn_minutes", terms.no_show_warn_minutes, 1, 120, 1),
        ("no_show_minutes", terms.no_show_minutes, 5, 240, 1),
        ("extension_minutes_max", terms.extension_minutes_max, 0, 240, QUARTER_MINUTES),
        ("condition_overdue_hours", terms.condition_overdue_hours, 1, 336, 1),
        ("wanted_uses_per_month", terms.wanted_uses_per_month, 0, 100, 1),
    ];
    let out = table.into_iter().filter(|(_, value, min, max, step)| !(min..=max).contains(&value) || value % step != 0);
    let mut findings: Vec<Finding> = out
        .map(|(field, _, min, max, step)| Finding::new(field, Problem::OutOfBounds, true, [("min", min), ("max", max), ("step", step)]))
        .collect();
    for (field, value, above) in [
        ("no_show_minutes", terms.no_show_minutes, terms.no_show_warn_minutes),
        ("escalate_after_minutes", terms.escalate_after_minutes, terms.remind_after_minutes),
    ] {
        if value <= above {
            findings.push(Finding::new(field, Problem::NotAbove, true, [("above", above)]));
        }
    }
    findings
}

/// Why nothing could be booked, where nothing could: the application is tried on each of some days from the first on, for each day ahead.
fn feasible(policy: &Policy, sites: &[Site], calendar: &Calendar) -> Option<Finding> {
    let terms = &policy.terms;
    let mut any_lead = false;
    let mut any_hours = false;
    let first = kernel::clock::civil_date(policy.effective_from, MALAYSIA);
    for today in first.iter_days().take(DAYS_TRIED as usize) {
        // Noon: neither the first nor the last instant of the day.
        let Some(now) = instant(today, 720, MALAYSIA) else { continue };
        for ahead in 0..=terms.advance_days_max.unsigned_abs() {
            let Some(date) = today.checked_add_days(Days::new(ahead)) else { break };
            let Some(midnight) = instant(date, 0, MALAYSIA) else { continue };
            if midnight.0 > now.0.saturating_add(terms.advance_days_max * 86_400_000) {
                break;
            }
            let day = Slot { starts_at: midnight.max(now), ends_at: midnight.max(now).saturating_add_ms(QUARTER_MINUTES * 60_000) };
            if !verdict(now, day, policy.lead(), calendar, MALAYSIA).lawful {
                continue;
            }
            any_lead = true;
            let Some((pair, slot)) = common(sites, date, now) else { continue };
            any_hours = true;
            if replay::refused(policy, now, slot, &pair, calendar).is_empty() {
                return None;
            }
        }
    }
    let finding = |field, problem| Finding::new(field, problem, true, []);
    Some(match (any_lead, any_hours) {
        (false, _) => Finding::new(
            "lead_days",
            Problem::LeadExceedsAdvance,
            true,
            [("lead_days", terms.lead_days), ("advance_days_max", terms.advance_days_max)],
        ),
        (true, false) => finding("sites", Problem::NoCommonHours),
        (true, true) if terms.rest_day_use == RestDayUse::Refused => finding("rest_day_use", Problem::OnlyRestDays),
        (true, true) => finding("advance_days_max", Problem::LeadExceedsAdvance),
    })
}

/// Two sites that are open at the same quarter of an hour of that day, after `now`.
fn common(sites: &[Site], date: NaiveDate, now: UnixMs) -> Option<(Vec<&Site>, Slot)> {
    let open = |site: &Site| -> Option<Slot> {
        let (opens, closes) = site.hours_on(date)?;
        let at = |minute: i64| instant(date, u32::try_from(minute).ok()?, site.zone());
        let from = at(opens)?.max(UnixMs(now.0 - now.0.rem_euclid(900_000) + 900_000));
        Some(Slot { starts_at: from, ends_at: at(closes)? })
    };
    let spans: Vec<(&Site, Slot)> = sites.iter().filter_map(|site| Some((site, open(site)?))).collect();
    for (nth, (site, span)) in spans.iter().enumerate() {
        for (other, second) in &spans[nth + 1..] {
            let starts_at = span.starts_at.max(second.starts_at);
            let slot = Slot { starts_at, ends_at: starts_at.saturating_add_ms(QUARTER_MINUTES * 60_000) };
            if slot.ends_at <= span.ends_at.min(second.ends_at) {
                debug_assert!(SITES_MIN <= 2, "a pair is enough for a use");
                return Some((vec![site, other], slot));
            }
        }
    }
    None
}

/// With so short a lead time that an application may come after the instant at which its hold would end.
fn hold_can_precede_receipt(terms: &Terms) -> bool {
    terms.lead_days <= terms.hold_working_days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::LeadMode, sites::DayHours, testing::NOW};

    fn policy(change: impl FnOnce(&mut Terms)) -> Policy {
        let mut policy = Policy { version: 2, effective_from: NOW, ..Policy::first() };
        change(&mut policy.terms);
        policy
    }

    fn found(policy: &Policy, sites: &[Site]) -> Vec<(&'static str, Problem, bool)> {
        lint(policy, sites, &Calendar::default()).into_iter().map(|it| (it.field, it.problem, it.grave)).collect()
    }

    #[test]
    fn the_table_of_policies() {
        let sites: Vec<Site> = (1..=3).map(Site::sample).collect();
        type Change = fn(&mut Terms);
        let table: &[(Change, &[(&str, Problem, bool)])] = &[
            (|_| {}, &[]),
            (|t| t.lead_days = -1, &[("lead_days", Problem::OutOfBounds, true)]),
            (|t| t.slot_minutes_max = 20, &[("slot_minutes_max", Problem::OutOfBounds, true)]),
            (|t| t.no_show_minutes = 10, &[("no_show_minutes", Problem::NotAbove, true)]),
            (|t| t.escalate_after_minutes = 240, &[("escalate_after_minutes", Problem::NotAbove, true)]),
            // Each sound by itself; together nothing is left.
            (|t| (t.lead_days, t.advance_days_max) = (30, 14), &[("lead_days", Problem::LeadExceedsAdvance, true)]),
            (
                |t| (t.lead_mode, t.lead_days, t.advance_days_max) = (LeadMode::Clear, 14, 14),
                &[("lead_days", Problem::LeadExceedsAdvance, true)],
            ),
            (
                |t| (t.lead_mode, t.lead_days, t.advance_days_max) = (LeadMode::Working, 14, 14),
                &[("lead_days", Problem::LeadExceedsAdvance, true)],
            ),
            (|t| (t.lead_days, t.advance_days_max) = (14, 15), &[]),
            (|t| t.lead_days = 1, &[("hold_working_days", Problem::HoldBeforeReceipt, false)]),
            (|t| t.rest_day_use = RestDayUse::Refused, &[]),
        ];
        for (change, expected) in table {
            let policy = policy(|terms| change(terms));
            assert_eq!(&found(&policy, &sites), expected, "{:?}", policy.terms);
        }
    }

    #[test]
    fn sites_that_are_never_open_together_leave_nothing() {
        let opening = |number, weekday, opens_minute, closes_minute| Site {
            hours: vec![DayHours { weekday, opens_minute, closes_minute }],
            ..Site::sample(number)
        };
        let never = ("sites", Problem::NoCommonHours, true);
        assert_eq!(found(&policy(|_| {}), &[Site::sample(1)]), [never]);
        assert_eq!(found(&policy(|_| {}), &[opening(1, 1, 480, 720), opening(2, 2, 480, 720)]), [never]);
        assert_eq!(found(&policy(|_| {}), &[opening(1, 1, 480, 720), opening(2, 1, 720, 1020)]), [never]);
        assert_eq!(found(&policy(|_| {}), &[opening(1, 1, 480, 735), opening(2, 1, 720, 1020)]), []);
        // Only on Saturdays, which the policy refuses.
        let saturdays = [opening(1, 6, 480, 720), opening(2, 6, 480, 720)];
        assert_eq!(found(&policy(|_| {}), &saturdays), []);
        assert_eq!(found(&policy(|t| t.rest_day_use = RestDayUse::Refused), &saturdays), [("rest_day_use", Problem::OnlyRestDays, true)]);
    }
}
