//! What an override may be, who may confirm it, and what it lets through: pure.

use super::{Exemption, Hand, Override, OverrideState};
use crate::{
    policy::{Slot, SlotFault, Terms},
    reservations::rules::REST_DAY,
    sites::{SITES_MAX, Site},
};
use kernel::extract::malformed;
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, ReservationId, SiteId},
};

/// Characters of a reason or of the second person's words.
pub const REASON_CHARS_MAX: usize = 1000;

/// What somebody asks for, judged by itself.
pub fn askable(
    now: UnixMs,
    slot: Slot,
    sites: &BTreeSet<SiteId>,
    known: &[Site],
    exempt: &BTreeSet<Exemption>,
    terms: &Terms,
) -> Result<(), Refusal> {
    if exempt.is_empty() {
        return Err(malformed("exempt", "one rule or more"));
    }
    if sites.is_empty() || sites.len() > SITES_MAX || sites.iter().any(|site| !known.iter().any(|it| it.id == *site)) {
        return Err(malformed("sites", "known sites"));
    }
    // Hours and days are what it is about; a slot that is none stays none.
    let fault = slot.faults(now, terms).into_iter().find(|it| *it != SlotFault::OpeningHours);
    if let Some(fault) = fault {
        return Err(Refusal::new(Code::SlotInvalid).with("bound", fault.bound()));
    }
    match slot.starts_at > now {
        true => Ok(()),
        false => Err(malformed("starts_at_ms", "a time to come")),
    }
}

/// The second person is another one, for another approver, and of another agency than the one that it is for.
pub fn second_person(it: &Override, by: Hand) -> Result<(), Refusal> {
    let refused = |why: &'static str| Err(Refusal::by(Code::OverrideSecondPerson, Rule::Tp4).with("why", why));
    // A delegate and the approver for whom they act are one voice.
    let voices = |person, acting_for: Option<_>| acting_for.unwrap_or(person);
    match it.asked_by {
        _ if it.agency == by.agency => refused("agency"),
        Some(first) if first == by.person => refused("first"),
        Some(first) if voices(first, it.asked_for) == voices(by.person, by.acting_for) => refused("acting_for"),
        _ => Ok(()),
    }
}

/// Whether it is there for this use: confirmed, for this agency, of these sites, within its hours, and used for nothing else.
pub fn is_for(it: &Override, agency: AgencyId, sites: &BTreeSet<SiteId>, slot: Slot, reservation: Option<ReservationId>) -> bool {
    it.state == OverrideState::Confirmed
        && it.agency == agency
        && sites.is_subset(&it.sites)
        && it.slot.starts_at <= slot.starts_at
        && slot.ends_at <= it.slot.ends_at
        && (it.reservation.is_none() || it.reservation == reservation)
}

/// Which exemption a refusal would need; nothing where no override lets it through.
pub fn needed(refusal: &Refusal) -> Option<Exemption> {
    match refusal.code {
        Code::LeadTime => Some(Exemption::LeadTime),
        Code::SlotInvalid if refusal.values.get("bound").is_some_and(|it| it == SlotFault::OpeningHours.bound()) => {
            Some(Exemption::OpeningHours)
        }
        Code::SlotInvalid if refusal.values.get("bound").is_some_and(|it| it == REST_DAY) => Some(Exemption::RestDay),
        Code::ConsentMissing => Some(Exemption::RestDay),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overrides::Origin;
    use wire::id::{OverrideId, PersonId};

    fn slot(from: i64, to: i64) -> Slot {
        Slot { starts_at: UnixMs(from * 3_600_000), ends_at: UnixMs(to * 3_600_000) }
    }

    fn asked(by: Hand, agency: AgencyId, sites: &[SiteId]) -> Override {
        Override {
            id: OverrideId::fresh(),
            origin: Origin::Asked,
            state: OverrideState::Confirmed,
            agency,
            slot: slot(10, 12),
            sites: sites.iter().copied().collect(),
            exempt: [Exemption::LeadTime].into(),
            reservation: None,
            reason: "Arahan".into(),
            asked_by: Some(by.person),
            asked_for: by.acting_for,
            asked_at: UnixMs(0),
            decided: None,
        }
    }

    #[test]
    fn the_second_person_is_another_voice_of_another_agency() {
        let (central, ministry) = (AgencyId::fresh(), AgencyId::fresh());
        let hand = |acting_for| Hand { person: PersonId::fresh(), agency: central, acting_for };
        let (first, other) = (hand(None), hand(None));
        let it = asked(first, ministry, &[]);
        assert!(second_person(&it, other).is_ok());
        assert!(second_person(&it, first).is_err(), "the same person");
        assert!(second_person(&it, hand(Some(first.person))).is_err(), "who acts for the first");
        assert!(second_person(&it, hand(Some(other.person))).is_ok(), "who acts for another");
        assert!(second_person(&it, Hand { agency: ministry, ..other }).is_err(), "of the agency that it is for");
        let by_delegate = asked(hand(Some(other.person)), ministry, &[]);
        assert!(second_person(&by_delegate, other).is_err(), "the one for whom the first acted");
        assert!(second_person(&by_delegate, hand(Some(other.person))).is_err(), "another who acts for the same");
        assert!(second_person(&by_delegate, first).is_ok());
    }

    #[test]
    fn it_is_for_one_use_of_its_sites_within_its_hours() {
        let sites: Vec<SiteId> = (0..3).map(|_| SiteId::fresh()).collect();
        let of = |sites: &[SiteId]| sites.iter().copied().collect::<BTreeSet<_>>();
        let agency = AgencyId::fresh();
        let hand = Hand { person: PersonId::fresh(), agency: AgencyId::fresh(), acting_for: None };
        let it = asked(hand, agency, &sites[..2]);
        assert!(is_for(&it, agency, &of(&sites[..2]), slot(10, 12), None));
        assert!(is_for(&it, agency, &of(&sites[..2]), slot(10, 11), None));
        assert!(!is_for(&it, agency, &of(&sites[..2]), slot(9, 11), None), "earlier");
        assert!(!is_for(&it, agency, &of(&sites[..2]), slot(11, 13), None), "later");
        assert!(!is_for(&it, agency, &of(&sites), slot(10, 12), None), "a third site");
        assert!(!is_for(&it, AgencyId::fresh(), &of(&sites[..2]), slot(10, 12), None), "another agency");
        let (used_by, other) = (ReservationId::fresh(), ReservationId::fresh());
        let used = Override { reservation: Some(used_by), ..it.clone() };
        assert!(is_for(&used, agency, &of(&sites[..2]), slot(10, 12), Some(used_by)));
        assert!(!is_for(&used, agency, &of(&sites[..2]), slot(10, 12), Some(other)));
        assert!(!is_for(&used, agency, &of(&sites[..2]), slot(10, 12), None));
        for state in [OverrideState::Asked, OverrideState::Declined] {
            assert!(!is_for(&Override { state, ..it.clone() }, agency, &of(&sites[..2]), slot(10, 12), None));
        }
    }

    #[test]
    fn only_rules_of_time_are_let_through() {
        let lets = |code| needed(&Refusal::new(code)).is_some();
        let exempt: Vec<Code> = Code::ALL.iter().copied().filter(|code| lets(*code)).collect();
        assert_eq!(exempt, [Code::LeadTime, Code::ConsentMissing]);
        for bound in ["empty", "quarter_hour", "duration_max", "advance_max"] {
            assert_eq!(needed(&Refusal::new(Code::SlotInvalid).with("bound", bound)), None, "{bound}");
        }
        assert_eq!(needed(&Refusal::new(Code::SlotInvalid).with("bound", "opening_hours")), Some(Exemption::OpeningHours));
    }
}
