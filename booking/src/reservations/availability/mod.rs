//! What is taken at each site, what kind of days there are, and where the lead time's edge lies.

pub mod http;

use super::{taken::Taken, view};
use crate::{
    holidays::{self, Calendar, DayFlag},
    names::names,
    policy::Slot,
    sites::Site,
};
use chrono::NaiveDate;
use identity::Actor;
use kernel::clock::{civil_date, instant, start_of_day};
use serde::Serialize;
use wire::{
    UnixMs,
    id::{ReservationId, SiteId},
};

names! {
    OccupancyState {
        Held = "held",
        Approved = "approved",
        InUse = "in_use",
        Blocked = "blocked",
        /// Set-up before a use, or clearing up after it.
        Buffer = "buffer",
    }
}

names! {
    OccupancyKind {
        Reservation = "reservation",
        Maintenance = "maintenance",
        Blackout = "blackout",
        Fault = "fault",
    }
}

/// A stretch in which a site is not free.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Occupancy {
    pub site: SiteId,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub state: OccupancyState,
    pub kind: OccupancyKind,
    /// My agency's.
    pub mine: bool,
    /// Told to its own agency, the approver and the site's facilitator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Told with the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<ReservationId>,
}

/// A civil day at a site.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Day {
    pub site: SiteId,
    /// `YYYY-MM-DD`
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// Left out where it does not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at_ms: Option<UnixMs>,
    pub flags: Vec<DayFlag>,
    /// It can be applied for now, as far as the lead time goes (TP-2).
    pub lawful: bool,
}

/// The days of a site that touch `within`.
fn of_site(site: &Site, within: Slot, earliest: NaiveDate, calendar: &Calendar) -> Vec<Day> {
    let zone = site.zone();
    let last = civil_date(within.ends_at.saturating_add_ms(-1), zone);
    let mut found = Vec::new();
    for date in civil_date(within.starts_at, zone).iter_days().take_while(|date| *date <= last) {
        let Some((starts_at_ms, ends_at_ms)) = start_of_day(date, zone).zip(date.succ_opt().and_then(|next| start_of_day(next, zone)))
        else {
            break;
        };
        let at = |minute: i64| instant(date, u32::try_from(minute).ok()?, zone);
        let opening = site.hours_on(date).and_then(|(opens, closes)| at(opens).zip(at(closes)));
        found.push(Day {
            site: site.id,
            date,
            starts_at_ms,
            ends_at_ms,
            opens_at_ms: opening.map(|it| it.0),
            closes_at_ms: opening.map(|it| it.1),
            flags: holidays::flags(calendar, site, Slot { starts_at: starts_at_ms, ends_at: ends_at_ms }),
            lawful: date >= earliest,
        });
    }
    found
}

/// Whether this person is told of everything at the site what it is.
fn all_told(actor: &Actor, site: SiteId) -> bool {
    view::approves(actor) || actor.facilitates(site)
}

/// What one stored stretch is to this person: the use, and the buffers around it.
fn stretches(row: Taken, site: SiteId, actor: &Actor, now: UnixMs) -> impl Iterator<Item = Occupancy> {
    let mine = row.told.as_ref().is_some_and(|it| it.agency == actor.agency.id);
    let kind = match row.kind.as_str() {
        "reservation" => OccupancyKind::Reservation,
        "maintenance" => OccupancyKind::Maintenance,
        "fault" => OccupancyKind::Fault,
        _ => OccupancyKind::Blackout,
    };
    let (from, to) = (row.during.starts_at, row.during.ends_at);
    let running = from <= now && now < to;
    let state = match row.state.as_str() {
        "held" => OccupancyState::Held,
        "approved" if running => OccupancyState::InUse,
        "approved" => OccupancyState::Approved,
        "in_use" => OccupancyState::InUse,
        _ => OccupancyState::Blocked,
    };
    let of = move |starts_at_ms, ends_at_ms, state| Occupancy {
        site,
        starts_at_ms,
        ends_at_ms,
        state,
        kind,
        mine,
        title: None,
        reservation: None,
    };
    let before = (row.span.starts_at < from).then(|| of(row.span.starts_at, from, OccupancyState::Buffer));
    let after = (to < row.span.ends_at).then(|| of(to, row.span.ends_at, OccupancyState::Buffer));
    let (reservation, title) = row.told.map(|it| (it.reservation, it.title)).unzip();
    let during = Occupancy { title, reservation, ..of(from, to, state) };
    before.into_iter().chain([during]).chain(after)
}
