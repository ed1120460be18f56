//! What a policy would have refused among applications that were received: the rules of time over what is stored, read and never written.

use super::{MALAYSIA, Policy, RestDayUse, Slot, SlotFault, verdict};
use crate::{
    holidays::{Calendar, flags},
    names::names,
    sites::Site,
};
use std::collections::BTreeMap;
use wire::UnixMs;

names! {
    /// The bound that a slot broke.
    Bound {
        /// TP-2
        LeadTime = "lead_time",
        Duration = "duration_max",
        Advance = "advance_max",
        /// On a holiday or a rest day, where the policy refuses those.
        RestDay = "rest_day",
    }
}

/// The bounds of the policy, not of the sites, that a slot breaks if it is applied for at `received_at`.
pub fn refused(policy: &Policy, received_at: UnixMs, slot: Slot, sites: &[&Site], calendar: &Calendar) -> Vec<Bound> {
    let mut refused = Vec::new();
    if !verdict(received_at, slot, policy.lead(), calendar, MALAYSIA).lawful {
        refused.push(Bound::LeadTime);
    }
    for fault in slot.faults(received_at, &policy.terms) {
        match fault {
            SlotFault::TooLong => refused.push(Bound::Duration),
            SlotFault::TooFar => refused.push(Bound::Advance),
            SlotFault::Empty | SlotFault::QuarterHour | SlotFault::OpeningHours => {}
        }
    }
    let rests = || sites.iter().any(|site| flags(calendar, site, slot).iter().any(|flag| flag.is_rest()));
    if policy.terms.rest_day_use == RestDayUse::Refused && rests() {
        refused.push(Bound::RestDay);
    }
    refused
}

/// An application as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    pub reference: String,
    pub at: UnixMs,
    pub slot: Slot,
    pub sites: Vec<&'a Site>,
}

/// The answer of a replay.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Replay {
    /// From when on applications were looked at.
    pub since_ms: UnixMs,
    pub judged: usize,
    pub refused: usize,
    pub by_bound: Vec<BoundCount>,
    /// Some of those refused, the latest first.
    pub examples: Vec<Example>,
    /// There were more applications than are looked at; these are the latest.
    pub cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct BoundCount {
    #[schema(inline)]
    pub bound: Bound,
    pub count: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Example {
    pub reference: String,
    pub received_at_ms: UnixMs,
    pub starts_at_ms: UnixMs,
    #[schema(inline)]
    pub bounds: Vec<Bound>,
}

/// Examples in an answer: enough to see what kind they are.
const EXAMPLES_MAX: usize = 20;

/// Judges each as if the policy had been in force when it came.
pub fn replay(policy: &Policy, since: UnixMs, received: &[Received], calendar: &Calendar, cut: bool) -> Replay {
    let mut counts: BTreeMap<Bound, usize> = BTreeMap::new();
    let mut examples = Vec::new();
    let mut total = 0;
    for it in received {
        let bounds = refused(policy, it.at, it.slot, &it.sites, calendar);
        if bounds.is_empty() {
            continue;
        }
        total += 1;
        for bound in &bounds {
            *counts.entry(*bound).or_default() += 1;
        }
        if examples.len() < EXAMPLES_MAX {
            examples.push(Example { reference: it.reference.clone(), received_at_ms: it.at, starts_at_ms: it.slot.starts_at, bounds });
        }
    }
    let by_bound = counts.into_iter().map(|(bound, count)| BoundCount { bound, count }).collect();
    Replay { since_ms: since, judged: received.len(), refused: total, by_bound, examples, cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{DAY, HOUR, NOW, USE};

    #[test]
    fn five_days_would_have_refused_what_three_let_pass() {
        let site = Site::sample(1);
        let received = |days: i64, hours: i64| Received {
            reference: format!("{days} {hours}"),
            at: NOW,
            slot: Slot { starts_at: UnixMs(USE.0 + (days - 3) * DAY), ends_at: UnixMs(USE.0 + (days - 3) * DAY + hours * HOUR) },
            sites: vec![&site],
        };
        let all = [received(3, 2), received(4, 9), received(5, 2)];
        let mut policy = Policy::first();
        let count = |policy: &Policy| {
            let it = replay(policy, NOW, &all, &Calendar::default(), false);
            (it.judged, it.refused, it.by_bound.into_iter().map(|it| (it.bound, it.count)).collect::<Vec<_>>())
        };
        assert_eq!(count(&policy), (3, 0, vec![]));
        policy.terms.lead_days = 5;
        policy.terms.slot_minutes_max = 240;
        assert_eq!(count(&policy), (3, 2, vec![(Bound::LeadTime, 2), (Bound::Duration, 1)]));
        // Saturday and Sunday are the fourth and the fifth day.
        policy.terms = Policy::first().terms;
        policy.terms.rest_day_use = RestDayUse::Refused;
        assert_eq!(count(&policy), (3, 2, vec![(Bound::RestDay, 2)]));
    }
}
