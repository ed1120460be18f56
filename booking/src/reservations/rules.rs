//! What is asked of an application, as one pure function: every refusal of a draft at once, each with its rule and the nearest
//! thing that would be allowed.

use super::Draft;
use crate::{
    holidays::{self, Calendar, DayFlag},
    policy::{LeadVerdict, MALAYSIA, Policy, RestDayUse, SlotFault, verdict},
    sites::{SITES_MAX, Site},
    text,
};
use kernel::clock::date_text;
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    id::{PersonId, SiteId},
    limits::{PEOPLE_PER_SITE_MAX, SITES_MIN},
};

pub const TITLE_CHARS_MAX: usize = 200;
pub const PURPOSE_CHARS_MAX: usize = 2000;
pub const CONTACT_CHARS_MAX: usize = 200;
pub const NEEDS_CHARS_MAX: usize = 1000;
/// People that a draft may name at one site before it is refused as malformed: enough to tell someone that nine are too many.
const PEOPLE_NAMED_MAX: usize = 64;

/// People who join without a seat: enough for the heads of a ministry's departments, and few enough to be listed one by one.
pub const ONLINE_MAX: usize = 100;

/// The bound of a slot on a holiday or a rest day, where the policy refuses those.
pub const REST_DAY: &str = "rest_day";

/// What a draft is judged by.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    pub now: UnixMs,
    pub policy: &'a Policy,
    pub calendar: &'a Calendar,
    pub sites: &'a [Site],
    /// Those of the people named who have an account that can be used.
    pub known: &'a BTreeSet<PersonId>,
    /// TP-4: the person applies for an agency as its UC administrator.
    pub may_apply: bool,
    /// Whether a meeting that needs the security functions may be held without them (CLASS-4).
    pub classified_without_e2ee: bool,
}

/// What is said of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub lead: LeadVerdict,
    /// Empty where it is lawful. In the order of the form.
    pub refusals: Vec<Refusal>,
}

/// Judges a draft. Whether the slot is taken is not its matter: only the store can know.
pub fn judge(draft: &Draft, by: &Circumstances) -> Judgement {
    let lead = verdict(by.now, draft.slot(), by.policy.lead(), by.calendar, MALAYSIA);
    let mut refusals = Vec::new();
    if !by.may_apply {
        refusals.push(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", "uc_administrator"));
    }
    refusals.extend(texts(draft));
    refusals.extend(classification(draft.classification, by.classified_without_e2ee));
    refusals.extend(sites(draft, by.sites));
    refusals.extend(people(draft, by.known));
    refusals.extend(slot(draft, by));
    if !lead.lawful {
        refusals.push(
            Refusal::by(Code::LeadTime, Rule::Tp2)
                .with("earliest_date", date_text(lead.earliest_date))
                .with("lawful_until_ms", lead.lawful_until.0)
                .with("days", by.policy.terms.lead_days)
                .with("mode", by.policy.terms.lead_mode.text())
                .with("days_before_use", lead.days_before_use),
        );
    }
    Judgement { lead, refusals }
}

fn texts(draft: &Draft) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(text::line("title", &draft.title, TITLE_CHARS_MAX).err());
    if draft.purpose.trim().is_empty() {
        refusals.push(Refusal::by(Code::PurposeMissing, Rule::Tp5).with("field", "purpose"));
    } else {
        refusals.extend(text::paragraph("purpose", &draft.purpose, PURPOSE_CHARS_MAX).err());
    }
    if !draft.official {
        refusals.push(Refusal::by(Code::PurposeMissing, Rule::Tp5).with("field", "official"));
    }
    refusals.extend(text::optional("contact", draft.contact.as_deref(), CONTACT_CHARS_MAX, text::line).err());
    refusals.extend(text::optional("needs", draft.needs.as_deref(), NEEDS_CHARS_MAX, text::paragraph).err());
    refusals
}

/// CLASS-2, and CLASS-4 as long as there is no end-to-end encryption. The same for every kind of meeting.
pub fn classification(of: Classification, classified_without_e2ee: bool) -> Option<Refusal> {
    let policy = of.policy();
    if !policy.may_be_held {
        let highest = Classification::ALL.into_iter().rev().find(|it| it.policy().may_be_held).map_or("", Classification::name);
        return Some(
            Refusal::by(Code::ClassificationTooHigh, Rule::Class2).with("classification", of.name()).with("highest_allowed", highest),
        );
    }
    if policy.needs_security_functions && !classified_without_e2ee {
        return Some(security_functions_missing());
    }
    None
}

/// CLASS-4: what such a meeting needs is not there yet.
pub fn security_functions_missing() -> Refusal {
    Refusal::by(Code::SecurityFunctionsMissing, Rule::Class4).with("lacks", vec![Rule::Class4.id()])
}

fn sites(draft: &Draft, known: &[Site]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let malformed = |expected: &'static str| Refusal::new(Code::RequestMalformed).with("field", "sites").with("expected", expected);
    if draft.sites.len() > SITES_MAX {
        return vec![malformed("fewer_sites")];
    }
    let distinct: BTreeSet<SiteId> = draft.sites.iter().map(|it| it.site).collect();
    if distinct.len() < SITES_MIN {
        refusals.push(Refusal::by(Code::SitesTooFew, Rule::Tp1).with("sites_min", SITES_MIN).with("sites", distinct.len()));
    }
    if distinct.len() < draft.sites.len() {
        refusals.push(malformed("distinct_sites"));
    }
    for asked in &draft.sites {
        let Some(site) = known.iter().find(|site| site.id == asked.site) else {
            refusals.push(malformed("known_site").with("site", asked.site.to_string()));
            continue;
        };
        let people_max = site.seats.min(i64::from(PEOPLE_PER_SITE_MAX));
        if asked.people.len() as i64 > people_max {
            refusals.push(
                Refusal::by(Code::SiteFull, Rule::Tp3)
                    .with("site", site.id.to_string())
                    .with("people", asked.people.len())
                    .with("people_max", people_max),
            );
        }
        if asked.people.is_empty() || asked.people.len() > PEOPLE_NAMED_MAX {
            refusals.push(
                Refusal::new(Code::RequestMalformed)
                    .with("field", "people")
                    .with("expected", "people_at_each_site")
                    .with("site", site.id.to_string())
                    .with("people_max", people_max),
            );
        }
    }
    refusals
}

fn people(draft: &Draft, known: &BTreeSet<PersonId>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut times: BTreeMap<PersonId, usize> = BTreeMap::new();
    if draft.online.len() > ONLINE_MAX {
        return vec![
            Refusal::new(Code::RequestMalformed).with("field", "online").with("expected", "fewer_people").with("people_max", ONLINE_MAX),
        ];
    }
    for person in named(draft) {
        *times.entry(person).or_default() += 1;
    }
    for (person, times) in &times {
        if *times > 1 {
            refusals.push(Refusal::new(Code::PersonTwice).with("person", person.to_string()));
        }
    }
    for person in times.keys().chain([&draft.chair]).collect::<BTreeSet<_>>() {
        if !known.contains(person) {
            refusals.push(
                Refusal::new(Code::RequestMalformed)
                    .with("field", "people")
                    .with("expected", "known_person")
                    .with("person", person.to_string()),
            );
        }
    }
    refusals
}

/// The people named at the sites and those who join without a seat, bounded.
pub fn named(draft: &Draft) -> impl Iterator<Item = PersonId> + '_ {
    let seated = draft.sites.iter().take(SITES_MAX).flat_map(|site| site.people.iter().take(PEOPLE_NAMED_MAX).copied());
    seated.chain(draft.online.iter().take(ONLINE_MAX).copied())
}

fn slot(draft: &Draft, by: &Circumstances) -> Vec<Refusal> {
    let refused = |fault: SlotFault| Refusal::new(Code::SlotInvalid).with("bound", fault.bound());
    let mut refusals: Vec<Refusal> = draft
        .slot()
        .faults(by.now, &by.policy.terms)
        .into_iter()
        .map(|fault| match fault {
            SlotFault::TooLong => refused(fault).with("minutes_max", by.policy.terms.slot_minutes_max),
            SlotFault::TooFar => refused(fault).with("days_max", by.policy.terms.advance_days_max),
            SlotFault::QuarterHour => refused(fault).with("minutes", 15),
            SlotFault::Empty | SlotFault::OpeningHours => refused(fault),
        })
        .collect();
    if by.policy.terms.rest_day_use == RestDayUse::Refused {
        for site in by.sites.iter().filter(|site| draft.sites.iter().any(|asked| asked.site == site.id)) {
            for flag in holidays::flags(by.calendar, site, draft.slot()).into_iter().filter(DayFlag::is_rest) {
                refusals.push(
                    Refusal::by(Code::SlotInvalid, Rule::Tp4)
                        .with("bound", REST_DAY)
                        .with("site", site.id.to_string())
                        .with("date", date_text(flag.date))
                        .with("name_ms", flag.name_ms)
                        .with("name_en", flag.name_en),
                );
            }
        }
    }
    if draft.slot().duration_ms() > 0 {
        for site in by.sites.iter().filter(|site| draft.sites.iter().any(|asked| asked.site == site.id)) {
            if !site.is_open_for(draft.slot()) {
                let refusal = refused(SlotFault::OpeningHours).with("site", site.id.to_string());
                refusals.push(match site.hours_on(site.begins(draft.slot()).0) {
                    Some((opens, closes)) => refusal.with("opens_minute", opens).with("closes_minute", closes),
                    // Closed on that day of the week, or for good.
                    None => refusal.with("closed", true),
                });
            }
        }
    }
    refusals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservations::DraftSite;
    use chrono::DateTime;

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("{text}+08:00")).unwrap().timestamp_millis())
    }

    fn site(number: u128) -> Site {
        Site::sample(number)
    }

    fn person(number: u128) -> PersonId {
        PersonId(uuid::Uuid::from_u128(1000 + number))
    }

    fn draft() -> Draft {
        Draft {
            title: "Mesyuarat".into(),
            purpose: "Penyelarasan".into(),
            official: true,
            classification: Classification::Terbuka,
            sites: vec![
                DraftSite { site: site(1).id, people: vec![person(1), person(2)] },
                DraftSite { site: site(2).id, people: vec![person(3)] },
            ],
            starts_at_ms: at("2026-12-04T09:00:00"),
            ends_at_ms: at("2026-12-04T10:00:00"),
            chair: person(1),
            contact: None,
            needs: None,
            online: vec![],
        }
    }

    fn judged(draft: &Draft, change: impl FnOnce(&mut Circumstances)) -> Vec<(Code, Option<Rule>)> {
        let sites: Vec<Site> = (1..=3).map(site).collect();
        let known = (1..=20).map(person).collect();
        let mut by = Circumstances {
            now: at("2026-12-01T23:59:59"),
            policy: &Policy::first(),
            calendar: &Calendar::default(),
            sites: &sites,
            known: &known,
            may_apply: true,
            classified_without_e2ee: false,
        };
        change(&mut by);
        judge(draft, &by).refusals.into_iter().map(|it| (it.code, it.rule)).collect()
    }

    #[test]
    fn the_table_of_drafts() {
        type Change = fn(&mut Draft);
        let table: &[(&str, Change, &[(Code, Option<Rule>)])] = &[
            ("lawful", |_| {}, &[]),
            ("no purpose", |d| d.purpose = "  ".into(), &[(Code::PurposeMissing, Some(Rule::Tp5))]),
            ("not declared official", |d| d.official = false, &[(Code::PurposeMissing, Some(Rule::Tp5))]),
            ("RAHSIA", |d| d.classification = Classification::Rahsia, &[(Code::ClassificationTooHigh, Some(Rule::Class2))]),
            ("RAHSIA BESAR", |d| d.classification = Classification::RahsiaBesar, &[(Code::ClassificationTooHigh, Some(Rule::Class2))]),
            (
                "SULIT without encryption",
                |d| d.classification = Classification::Sulit,
                &[(Code::SecurityFunctionsMissing, Some(Rule::Class4))],
            ),
            ("one site", |d| drop(d.sites.pop()), &[(Code::SitesTooFew, Some(Rule::Tp1))]),
            (
                "one site twice",
                |d| d.sites[1].site = d.sites[0].site,
                &[(Code::SitesTooFew, Some(Rule::Tp1)), (Code::RequestMalformed, None)],
            ),
            ("an unknown site", |d| d.sites[1].site = site(9).id, &[(Code::RequestMalformed, None)]),
            ("six at a site", |d| d.sites[1].people = (3..=8).map(person).collect(), &[]),
            ("seven at a site", |d| d.sites[1].people = (3..=9).map(person).collect(), &[(Code::SiteFull, Some(Rule::Tp3))]),
            ("nobody at a site", |d| d.sites[1].people.clear(), &[(Code::RequestMalformed, None)]),
            ("twice at one site", |d| d.sites[0].people[1] = person(1), &[(Code::PersonTwice, None)]),
            ("at two sites", |d| d.sites[1].people[0] = person(1), &[(Code::PersonTwice, None)]),
            ("with others who join online", |d| d.online = vec![person(9), person(10)], &[]),
            ("seated and online", |d| d.online = vec![person(3)], &[(Code::PersonTwice, None)]),
            ("online twice", |d| d.online = vec![person(9), person(9)], &[(Code::PersonTwice, None)]),
            ("somebody unknown online", |d| d.online = vec![person(99)], &[(Code::RequestMalformed, None)]),
            ("more online than are listed", |d| d.online = (100..=200).map(person).collect(), &[(Code::RequestMalformed, None)]),
            ("somebody unknown", |d| d.sites[1].people[0] = person(99), &[(Code::RequestMalformed, None)]),
            ("an unknown chair", |d| d.chair = person(99), &[(Code::RequestMalformed, None)]),
            ("a chair who sits nowhere", |d| d.chair = person(20), &[]),
            ("off the quarter", |d| d.ends_at_ms = at("2026-12-04T10:05:00"), &[(Code::SlotInvalid, None)]),
            ("reversed", |d| d.ends_at_ms = at("2026-12-04T08:00:00"), &[(Code::SlotInvalid, None)]),
            (
                "past closing, at each of two sites",
                |d| d.ends_at_ms = at("2026-12-04T17:15:00"),
                &[(Code::SlotInvalid, None), (Code::SlotInvalid, None)],
            ),
            (
                "too late",
                |d| (d.starts_at_ms, d.ends_at_ms) = (at("2026-12-03T09:00:00"), at("2026-12-03T10:00:00")),
                &[(Code::LeadTime, Some(Rule::Tp2))],
            ),
            ("a control character in the title", |d| d.title = "a\r\nb".into(), &[(Code::RequestMalformed, None)]),
        ];
        for (what, change, expected) in table {
            let mut draft = draft();
            change(&mut draft);
            assert_eq!(judged(&draft, |_| {}), *expected, "{what}");
        }
    }

    #[test]
    fn a_seventh_person_is_told_of_six() {
        let mut draft = draft();
        draft.sites[1].people = (3..=9).map(person).collect();
        let sites: Vec<Site> = (1..=2).map(site).collect();
        let refusal = super::sites(&draft, &sites).remove(0);
        assert_eq!((refusal.values["people"].as_i64(), refusal.values["people_max"].as_i64()), (Some(7), Some(6)));
    }

    #[test]
    fn a_site_with_broken_chairs_seats_fewer() {
        let mut four = site(1);
        four.seats = 4;
        let mut draft = draft();
        draft.sites[0].people = (1..=5).map(person).collect();
        draft.sites[1].people = vec![person(9)];
        assert_eq!(super::sites(&draft, &[four, site(2)])[0].values["people_max"], 4);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mut draft = draft();
        draft.official = false;
        draft.classification = Classification::Rahsia;
        draft.sites[0].people = (1..=7).map(person).collect();
        draft.sites[1].people = vec![person(8)];
        let rules: Vec<Option<Rule>> =
            judged(&draft, |by| (by.now, by.may_apply) = (at("2026-12-02T00:00:00"), false)).into_iter().map(|it| it.1).collect();
        assert_eq!(rules, [Some(Rule::Tp4), Some(Rule::Tp5), Some(Rule::Class2), Some(Rule::Tp3), Some(Rule::Tp2)]);
    }

    #[test]
    fn where_the_setting_says_so_a_sulit_meeting_may_be_held() {
        let mut draft = draft();
        draft.classification = Classification::Sulit;
        assert_eq!(judged(&draft, |by| by.classified_without_e2ee = true), []);
        draft.classification = Classification::Rahsia;
        assert_eq!(judged(&draft, |by| by.classified_without_e2ee = true).len(), 1, "CLASS-2 has no such setting");
    }
}
