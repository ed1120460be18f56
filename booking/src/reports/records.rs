//! The trail folded into what a report counts.

use super::{
    facts::{self, Ending, Fact, Span},
    month::Month,
};
use crate::reservations::State;
use kernel::audit;
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    UnixMs,
    id::{AgencyId, FaultId, ReservationId, SiteId},
};

/// A report looks back three years. What ended before is let go, so that memory follows the use of three years and not of all time.
pub const MONTHS_KEPT: i32 = 37;

/// Where an application stands, as far as the trail has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Approved,
    Declined { reason: String },
    Ended(Ending),
}

/// One application and what became of it.
#[derive(Clone, Debug)]
pub struct Application {
    pub agency: AgencyId,
    pub span: Span,
    pub received_at: UnixMs,
    pub days_before_use: i64,
    /// The first decision on it.
    pub decided_at: Option<UnixMs>,
    pub standing: Standing,
    pub no_shows: BTreeSet<SiteId>,
    /// When the condition report of a site came in.
    pub conditions: BTreeMap<SiteId, UnixMs>,
}

impl Application {
    /// The sites at which it was really used: approved, over, and somebody came.
    pub fn used(&self, now: UnixMs) -> impl Iterator<Item = SiteId> + '_ {
        let over = self.standing == Standing::Approved && self.span.ends_at <= now;
        self.span.sites.iter().copied().filter(move |site| over && !self.no_shows.contains(site))
    }
}

/// How often a rule refused an agency in a month, or was overridden for it.
pub type RuleCounts = BTreeMap<(Month, Option<AgencyId>, String), u64>;

#[derive(Clone, Debug)]
pub struct Fault {
    pub site: SiteId,
    pub reported_at: UnixMs,
    pub mended_at: Option<UnixMs>,
}

/// All that a report counts, in memory.
#[derive(Clone, Debug, Default)]
pub struct Records {
    last_row: i64,
    /// The newest month of a row; none before the first.
    newest: Option<Month>,
    pub agencies: BTreeMap<AgencyId, UnixMs>,
    pub applications: BTreeMap<ReservationId, Application>,
    pub refused: RuleCounts,
    pub overridden: RuleCounts,
    pub faults: BTreeMap<FaultId, Fault>,
    /// Online meetings made.
    pub meetings: BTreeMap<(Month, AgencyId), u64>,
}

impl Records {
    /// The newest row of the trail that went in.
    pub const fn last_row(&self) -> i64 {
        self.last_row
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &audit::Row) {
        debug_assert!(row.number > self.last_row, "rows are taken in their order");
        self.last_row = row.number;
        let at = UnixMs(row.at_ms);
        let month = Month::of(at);
        if self.newest.is_none_or(|newest| month > newest) {
            self.newest = Some(month);
            self.forget(month.plus(-MONTHS_KEPT));
        }
        if let Some(fact) = facts::of(row) {
            self.fold(at, fact);
        }
    }

    fn fold(&mut self, at: UnixMs, fact: Fact) {
        match fact {
            Fact::AgencyCreated { agency } => _ = self.agencies.insert(agency, at),
            Fact::Applied { reservation, agency, span, days_before_use } => {
                let application = Application {
                    agency,
                    span,
                    received_at: at,
                    days_before_use,
                    decided_at: None,
                    standing: Standing::Waiting,
                    no_shows: BTreeSet::new(),
                    conditions: BTreeMap::new(),
                };
                self.applications.insert(reservation, application);
            }
            Fact::RefusedByRule { agency, rule } => *self.refused.entry((Month::of(at), agency, rule)).or_default() += 1,
            Fact::Overridden { rule, agency } => *self.overridden.entry((Month::of(at), Some(agency), rule)).or_default() += 1,
            Fact::Amended { reservation, span, decided_anew } => self.of(reservation, |it| {
                it.span = span;
                if decided_anew {
                    it.standing = Standing::Waiting;
                }
            }),
            Fact::Extended { reservation, ends_at } => self.of(reservation, |it| it.span.ends_at = ends_at),
            Fact::Shifted { reservation, by_ms } => self.of(reservation, |it| {
                it.span.starts_at = it.span.starts_at.saturating_add_ms(by_ms);
                it.span.ends_at = it.span.ends_at.saturating_add_ms(by_ms);
            }),
            Fact::Settled { reservation, sites, state } => self.of(reservation, |it| {
                it.span.sites = sites;
                it.standing = match state {
                    State::Approved => Standing::Approved,
                    State::Displaced => Standing::Ended(Ending::Displaced),
                    _ => Standing::Waiting,
                };
            }),
            Fact::Approved { reservation } => self.decide(reservation, at, Standing::Approved),
            Fact::Declined { reservation, reason } => self.decide(reservation, at, Standing::Declined { reason }),
            Fact::Returned { reservation } => self.decide(reservation, at, Standing::Waiting),
            Fact::Ended { reservation, how } => self.of(reservation, |it| it.standing = Standing::Ended(how)),
            Fact::NoShow { reservation, sites } => self.of(reservation, |it| it.no_shows.extend(sites)),
            Fact::ConditionFiled { reservation, site } => self.of(reservation, |it| _ = it.conditions.insert(site, at)),
            Fact::FaultReported { fault, site } => {
                self.faults.insert(fault, Fault { site, reported_at: at, mended_at: None });
            }
            Fact::FaultMended { fault } => self.of_fault(fault, |it| it.mended_at = Some(at)),
            Fact::FaultReopened { fault } => self.of_fault(fault, |it| it.mended_at = None),
            Fact::MeetingCreated { agency } => *self.meetings.entry((Month::of(at), agency)).or_default() += 1,
        }
    }

    fn of(&mut self, reservation: ReservationId, change: impl FnOnce(&mut Application)) {
        // One that began before what is kept is not counted any more.
        if let Some(application) = self.applications.get_mut(&reservation) {
            change(application);
        }
    }

    fn of_fault(&mut self, fault: FaultId, change: impl FnOnce(&mut Fault)) {
        if let Some(fault) = self.faults.get_mut(&fault) {
            change(fault);
        }
    }

    fn decide(&mut self, reservation: ReservationId, at: UnixMs, standing: Standing) {
        self.of(reservation, |it| {
            it.decided_at.get_or_insert(at);
            it.standing = standing;
        });
    }

    /// Lets go of what was over before `month`.
    fn forget(&mut self, month: Month) {
        let before = month.starts_at();
        self.applications.retain(|_, it| it.span.ends_at.max(it.received_at) >= before);
        self.faults.retain(|_, it| it.mended_at.is_none_or(|at| at >= before));
        self.refused.retain(|(it, ..), _| *it >= month);
        self.overridden.retain(|(it, ..), _| *it >= month);
        self.meetings.retain(|(it, _), _| *it >= month);
    }
}
