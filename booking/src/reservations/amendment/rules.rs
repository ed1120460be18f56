//! What an amendment changes, and what that asks for: another look at the lead time (TP-2), another approval (TP-4), or neither. Pure.

use super::super::{Draft, State, Stored, rules};
use crate::{
    names::names,
    policy::{LeadVerdict, MALAYSIA, SameDayShift, Slot},
};
use kernel::clock::civil_date;
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{PersonId, SiteId},
};

names! {
    /// Something that an amendment changes.
    Change {
        Title = "title",
        Purpose = "purpose",
        Classification = "classification",
        /// Another day of use.
        Date = "date",
        /// Other hours of the same day.
        Slot = "slot",
        /// Fewer of the same hours.
        Shortened = "shortened",
        SiteAdded = "site_added",
        SiteRemoved = "site_removed",
        /// Who sits at a site, or in which seat.
        People = "people",
        Online = "online",
        Chair = "chair",
        Contact = "contact",
        Needs = "needs",
        /// Another applicant of the same agency.
        Applicant = "applicant",
    }
}

impl Change {
    /// Whether it makes of it an application for something else, which must come in time (TP-2).
    const fn asks_for_lead_time(self, same_day: SameDayShift) -> bool {
        match self {
            Self::Date | Self::SiteAdded | Self::Applicant => true,
            Self::Slot => matches!(same_day, SameDayShift::LeadTime),
            _ => false,
        }
    }

    /// Whether it changes what was approved (TP-4).
    const fn asks_for_approval(self) -> bool {
        matches!(self, Self::Date | Self::Slot | Self::SiteAdded | Self::Applicant | Self::Purpose | Self::Classification)
    }

    /// Whether it moves the use in time or place, which stands once it has begun.
    const fn moves(self) -> bool {
        matches!(self, Self::Date | Self::Slot | Self::Shortened | Self::SiteAdded | Self::SiteRemoved | Self::Applicant)
    }
}

/// What is asked for in place of what stands.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub draft: &'a Draft,
    /// Another applicant.
    pub applicant: Option<PersonId>,
}

/// What is said of an amendment.
#[derive(Clone, Debug, PartialEq)]
pub struct Amendment {
    pub changes: BTreeSet<Change>,
    pub lead: LeadVerdict,
    pub lead_checked: bool,
    /// The instant that the lead time is counted from, where it is.
    pub received_at: UnixMs,
    /// What was approved goes back to the approver.
    pub needs_approval: bool,
    /// Empty where it is lawful.
    pub refusals: Vec<Refusal>,
}

impl Amendment {
    pub fn moves(&self) -> bool {
        self.changes.iter().any(|it| it.moves())
    }
}

/// Judges what is asked for against what stands. `by.now` is not before the instant at which the reservation was received: a clock that
/// was set back makes nothing lawful.
pub fn judge(old: &Stored, asked: Asked<'_>, by: &rules::Circumstances<'_>) -> Amendment {
    let by = rules::Circumstances { now: by.now.max(old.received_at), ..by.clone() };
    let changes = changes(old, asked);
    let lead_checked = changes.iter().any(|it| it.asks_for_lead_time(by.policy.terms.same_day_shift));
    let judged = rules::judge(asked.draft, &by);
    let mut refusals = Vec::new();
    refusals.extend(time_is_over(old, &changes, &by));
    refusals.extend(judged.refusals.into_iter().filter(|it| concerns(it, old, asked, &changes, lead_checked)));
    let needs_approval = old.state == State::Approved && changes.iter().any(|it| it.asks_for_approval());
    Amendment { changes, lead: judged.lead, lead_checked, received_at: by.now, needs_approval, refusals }
}

/// What the amendment changes.
pub fn changes(old: &Stored, asked: Asked<'_>) -> BTreeSet<Change> {
    let (was, new) = (old.as_draft(), asked.draft);
    let text = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let sites = |of: &Draft| of.sites.iter().map(|it| it.site).collect::<BTreeSet<SiteId>>();
    let (before, after) = (sites(&was), sites(new));
    let seated = |of: &Draft| {
        let kept = of.sites.iter().filter(|it| before.contains(&it.site) && after.contains(&it.site));
        kept.map(|it| (it.site, it.people.clone())).collect::<std::collections::BTreeMap<_, _>>()
    };
    let online = |of: &Draft| of.online.iter().copied().collect::<BTreeSet<_>>();
    let table = [
        (Change::Title, was.title.trim() != new.title.trim()),
        (Change::Purpose, was.purpose.trim() != new.purpose.trim()),
        (Change::Classification, was.classification != new.classification),
        (Change::SiteAdded, after.difference(&before).next().is_some()),
        (Change::SiteRemoved, before.difference(&after).next().is_some()),
        (Change::People, seated(&was) != seated(new)),
        (Change::Online, online(&was) != online(new)),
        (Change::Chair, was.chair != new.chair),
        (Change::Contact, text(&was.contact) != text(&new.contact)),
        (Change::Needs, text(&was.needs) != text(&new.needs)),
        (Change::Applicant, asked.applicant.is_some_and(|it| it != old.applicant)),
    ];
    table.into_iter().filter(|it| it.1).map(|it| it.0).chain(of_time(was.slot(), new.slot())).collect()
}

/// A slot of another day of use, of the same, or within the one that stands.
fn of_time(was: Slot, new: Slot) -> Option<Change> {
    let date = |slot: Slot| civil_date(slot.starts_at, MALAYSIA);
    if was == new {
        None
    } else if date(was) != date(new) {
        Some(Change::Date)
    } else if was.starts_at <= new.starts_at && new.ends_at <= was.ends_at {
        Some(Change::Shortened)
    } else {
        Some(Change::Slot)
    }
}

fn time_is_over(old: &Stored, changes: &BTreeSet<Change>, by: &rules::Circumstances<'_>) -> Option<Refusal> {
    let started = by.now >= old.slot.starts_at;
    let open = match old.state {
        State::Approved => by.now < old.slot.ends_at,
        State::Submitted | State::Returned => !started,
        _ => false,
    };
    if !open {
        return Some(Refusal::new(Code::ReservationState).with("state", old.state.text()));
    }
    let too_late = started && changes.iter().any(|it| it.moves() || it.asks_for_approval());
    too_late.then(|| Refusal::new(Code::ReservationStarted).with("starts_at_ms", old.slot.starts_at.0))
}

/// Whether a refusal of the whole is one of what changes. What stood before the rules or a room changed is not refused for it: it is
/// flagged where the room is kept (TP-3), and nobody is kept from putting a name right.
fn concerns(refusal: &Refusal, old: &Stored, asked: Asked<'_>, changes: &BTreeSet<Change>, lead_checked: bool) -> bool {
    let value = |key: &str| refusal.values.get(key).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
    let moved = changes.iter().any(|it| matches!(it, Change::Date | Change::Slot | Change::Shortened));
    match refusal.code {
        Code::LeadTime => lead_checked,
        Code::SiteFull => {
            let at = value("site");
            let people = |draft: &Draft| draft.sites.iter().find(|it| it.site.to_string() == at).map_or(0, |it| it.people.len());
            people(asked.draft) > people(&old.as_draft())
        }
        Code::SlotInvalid if refusal.values.contains_key("site") => {
            moved || !old.sites.iter().any(|it| it.site.to_string() == value("site"))
        }
        Code::SlotInvalid => moved,
        Code::RequestMalformed if refusal.values.get("expected").is_some_and(|it| it == "known_person") => {
            let named = value("person");
            let before = old.seated().map(|it| it.2).chain(old.online.iter().copied()).chain([old.chair]);
            !before.into_iter().any(|it| it.to_string() == named)
        }
        _ => true,
    }
}

/// The rule by which an amendment is judged, for its row in the trail.
pub const fn rule(amendment: &Amendment) -> Option<Rule> {
    match (amendment.lead_checked, amendment.needs_approval) {
        (true, _) => Some(Rule::Tp2),
        (false, true) => Some(Rule::Tp4),
        (false, false) => None,
    }
}
