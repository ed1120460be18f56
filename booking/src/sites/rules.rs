//! What a site may be, as one pure function: everything that is wrong with a form at once, each beside its field.

use super::{DayHours, ROOMS_PER_SITE_MAX, Region, Wheelchair};
use crate::text;
use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::extract::malformed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wire::{
    Refusal, Rule,
    id::{PersonId, RoomId},
    limits::PEOPLE_PER_SITE_MAX,
};

pub const NAME_CHARS_MAX: usize = 120;
const SHORT_NAME_CHARS_MAX: usize = 8;
const CITY_CHARS_MAX: usize = 80;
const ADDRESS_CHARS_MAX: usize = 400;
const FLOOR_CHARS_MAX: usize = 40;
const ACCESS_CHARS_MAX: usize = 1_000;
/// Two hours: more than that is a use of its own.
const BUFFER_MINUTES_MAX: i64 = 120;
const QUARTER_MINUTES: i64 = 15;
const DAY_MINUTES: i64 = 1440;
/// People who look after one site.
pub const FACILITATORS_MAX: usize = 20;

/// A site as its form has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SiteDraft {
    pub name: String,
    /// Capitals, digits and hyphens, by which it is called on screens and in lists.
    pub short_name: String,
    pub city: String,
    pub region: Region,
    #[serde(default)]
    pub address: String,
    /// IANA name.
    pub time_zone: String,
    pub seats: i64,
    /// A day that is not there is closed.
    pub hours: Vec<DayHours>,
    pub set_up_minutes: i64,
    pub clear_up_minutes: i64,
    #[serde(default)]
    pub access_ms: Option<String>,
    #[serde(default)]
    pub access_en: Option<String>,
    /// `YYYY-MM-DD`: the first day on which it is not used any more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub closed_from: Option<NaiveDate>,
    pub rooms: Vec<RoomDraft>,
    pub facilitators: Vec<PersonId>,
}

/// A room as the form of its site has it; one without an id is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RoomDraft {
    #[serde(default)]
    pub id: Option<RoomId>,
    pub name: String,
    #[serde(default)]
    pub floor: String,
    pub seats: i64,
    #[schema(inline)]
    pub wheelchair: Wheelchair,
    #[serde(default)]
    pub access_ms: Option<String>,
    #[serde(default)]
    pub access_en: Option<String>,
}

/// The form with its texts trimmed, or what is wrong with it, in the order of the form.
pub fn checked(mut draft: SiteDraft) -> Result<SiteDraft, Vec<Refusal>> {
    let mut wrong = Vec::new();
    let mut keep = |target: &mut String, result: Result<String, Refusal>| match result {
        Ok(text) => *target = text,
        Err(refusal) => wrong.push(refusal),
    };
    let name = text::line("name", &draft.name, NAME_CHARS_MAX);
    keep(&mut draft.name, name);
    let short_name = short_name(&draft.short_name);
    keep(&mut draft.short_name, short_name);
    let city = text::line("city", &draft.city, CITY_CHARS_MAX);
    keep(&mut draft.city, city);
    let address = text::optional("address", Some(&draft.address), ADDRESS_CHARS_MAX, text::paragraph).map(Option::unwrap_or_default);
    keep(&mut draft.address, address);
    if draft.time_zone.parse::<Tz>().is_err() {
        wrong.push(malformed("time_zone", "known_zone"));
    }
    if let Err(refusal) = seats("seats", draft.seats) {
        wrong.push(refusal);
    }
    wrong.extend(hours(&draft.hours));
    for (field, minutes) in [("set_up_minutes", draft.set_up_minutes), ("clear_up_minutes", draft.clear_up_minutes)] {
        if !(0..=BUFFER_MINUTES_MAX).contains(&minutes) || minutes % QUARTER_MINUTES != 0 {
            wrong.push(malformed(field, "quarter_hours").with("minutes_max", BUFFER_MINUTES_MAX));
        }
    }
    if let Some(date) = draft.closed_from
        && let Err(refusal) = text::day("closed_from", date)
    {
        wrong.push(refusal);
    }
    match access("", &draft.access_ms, &draft.access_en) {
        Ok(texts) => (draft.access_ms, draft.access_en) = texts,
        Err(refusal) => wrong.push(refusal),
    }
    wrong.extend(rooms(&mut draft.rooms));
    let distinct: BTreeSet<_> = draft.facilitators.iter().collect();
    if distinct.len() < draft.facilitators.len() || distinct.len() > FACILITATORS_MAX {
        wrong.push(malformed("facilitators", "distinct_people").with("people_max", FACILITATORS_MAX));
    }
    match wrong.is_empty() {
        true => Ok(draft),
        false => Err(wrong),
    }
}

fn short_name(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let lawful = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    match (2..=SHORT_NAME_CHARS_MAX).contains(&text.len()) && text.chars().all(lawful) {
        true => Ok(text.to_owned()),
        false => Err(malformed("short_name", "capitals_and_digits").with("length_max", SHORT_NAME_CHARS_MAX)),
    }
}

fn seats(field: impl Into<String>, seats: i64) -> Result<(), Refusal> {
    match (1..=i64::from(PEOPLE_PER_SITE_MAX)).contains(&seats) {
        true => Ok(()),
        false => {
            let refusal = malformed(field, "seats").with("seats_min", 1).with("seats_max", PEOPLE_PER_SITE_MAX);
            Err(Refusal { rule: Some(Rule::Tp3), ..refusal })
        }
    }
}

fn hours(hours: &[DayHours]) -> Vec<Refusal> {
    let days: BTreeSet<i64> = hours.iter().map(|it| it.weekday).collect();
    if hours.is_empty() || hours.len() > 7 || days.len() < hours.len() || days.iter().any(|day| !(1..=7).contains(day)) {
        return vec![malformed("hours", "open_on_one_day_a_week_at_least")];
    }
    let lawful = |it: &&DayHours| {
        let quarter = |minute: i64| minute % QUARTER_MINUTES == 0;
        0 <= it.opens_minute
            && it.opens_minute < it.closes_minute
            && it.closes_minute <= DAY_MINUTES
            && quarter(it.opens_minute)
            && quarter(it.closes_minute)
    };
    let unlawful = hours.iter().filter(|it| !lawful(it));
    unlawful.map(|it| malformed(format!("hours.{}", it.weekday), "opens_before_it_closes")).collect()
}

fn rooms(rooms: &mut [RoomDraft]) -> Vec<Refusal> {
    if rooms.is_empty() || rooms.len() > ROOMS_PER_SITE_MAX {
        return vec![malformed("rooms", "one_room_at_least").with("rooms_max", ROOMS_PER_SITE_MAX)];
    }
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (place, room) in rooms.iter_mut().enumerate() {
        let at = |field: &str| format!("rooms.{place}.{field}");
        match text::line("name", &room.name, NAME_CHARS_MAX) {
            Ok(name) if names.insert(name.to_lowercase()) => room.name = name,
            Ok(_) => wrong.push(malformed(at("name"), "another_name")),
            Err(refusal) => wrong.push(refusal.with("field", at("name"))),
        }
        match text::optional("floor", Some(&room.floor), FLOOR_CHARS_MAX, text::line) {
            Ok(floor) => room.floor = floor.unwrap_or_default(),
            Err(refusal) => wrong.push(refusal.with("field", at("floor"))),
        }
        wrong.extend(seats(at("seats"), room.seats).err());
        match access(&format!("rooms.{place}."), &room.access_ms, &room.access_en) {
            Ok(texts) => (room.access_ms, room.access_en) = texts,
            Err(refusal) => wrong.push(refusal),
        }
        if room.id.is_some_and(|id| !ids.insert(id)) {
            wrong.push(malformed(at("id"), "each_room_once"));
        }
    }
    wrong
}

type Access = (Option<String>, Option<String>);

/// Notes on how one gets in: in both languages or in none, so that nobody is told half of it.
fn access(before: &str, ms: &Option<String>, en: &Option<String>) -> Result<Access, Refusal> {
    let checked = |field: &str, text: &Option<String>| {
        text::optional("access", text.as_deref(), ACCESS_CHARS_MAX, text::paragraph)
            .map_err(|refusal| refusal.with("field", format!("{before}{field}")))
    };
    match (checked("access_ms", ms)?, checked("access_en", en)?) {
        (Some(_), None) => Err(malformed(format!("{before}access_en"), "both_languages")),
        (None, Some(_)) => Err(malformed(format!("{before}access_ms"), "both_languages")),
        texts => Ok(texts),
    }
}

/// The widest hours of the week.
pub fn span(hours: &[DayHours]) -> (i64, i64) {
    let opens = hours.iter().map(|it| it.opens_minute).min().unwrap_or(0);
    let closes = hours.iter().map(|it| it.closes_minute).max().unwrap_or(DAY_MINUTES);
    (opens, closes)
}

/// One refusal for a form: the nearest to its top stands for the rest, which come with it.
pub fn together(mut refusals: Vec<Refusal>) -> kernel::Error {
    let others = refusals.split_off(refusals.len().min(1));
    match (refusals.pop(), serde_json::to_value(others)) {
        (Some(first), Ok(others)) => first.with("also", others).into(),
        (Some(first), Err(_)) => first.into(),
        (None, _) => kernel::Error::broken("a form was refused for nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn draft() -> SiteDraft {
        SiteDraft {
            name: "Pejabat Johor Bahru".into(),
            short_name: "JHB".into(),
            city: "Johor Bahru".into(),
            region: Region::Johor,
            address: String::new(),
            time_zone: "Asia/Kuala_Lumpur".into(),
            seats: 6,
            hours: (1..=5).map(|weekday| DayHours { weekday, opens_minute: 480, closes_minute: 1020 }).collect(),
            set_up_minutes: 15,
            clear_up_minutes: 15,
            access_ms: None,
            access_en: None,
            closed_from: None,
            rooms: vec![RoomDraft {
                id: None,
                name: "Bilik 1".into(),
                floor: "3".into(),
                seats: 6,
                wheelchair: Wheelchair::Yes,
                access_ms: None,
                access_en: None,
            }],
            facilitators: vec![],
        }
    }

    #[test]
    fn the_table_of_forms() {
        type Change = fn(&mut SiteDraft);
        let table: &[(Change, &[&str])] = &[
            (|_| {}, &[]),
            (|d| d.name = " ".into(), &["name"]),
            (|d| d.short_name = "jhb".into(), &["short_name"]),
            (|d| d.short_name = "J".into(), &["short_name"]),
            (|d| d.time_zone = "Singapore Standard Time".into(), &["time_zone"]),
            (|d| d.seats = 7, &["seats"]),
            (|d| d.seats = 0, &["seats"]),
            (|d| d.hours.clear(), &["hours"]),
            (|d| d.hours[1].weekday = 1, &["hours"]),
            (|d| d.hours[1].weekday = 8, &["hours"]),
            (|d| d.hours[2].closes_minute = 480, &["hours.3"]),
            (|d| d.hours[2].closes_minute = 1455, &["hours.3"]),
            (|d| d.hours[2].opens_minute = 490, &["hours.3"]),
            (|d| d.set_up_minutes = 20, &["set_up_minutes"]),
            (|d| d.clear_up_minutes = -15, &["clear_up_minutes"]),
            (|d| d.access_ms = Some("Pintu B".into()), &["access_en"]),
            (|d| d.rooms.clear(), &["rooms"]),
            (|d| d.rooms.push(d.rooms[0].clone()), &["rooms.1.name"]),
            (|d| d.rooms[0].seats = 9, &["rooms.0.seats"]),
            (|d| d.rooms[0].access_en = Some("Door B".into()), &["rooms.0.access_ms"]),
            (|d| d.facilitators = vec![PersonId(uuid::Uuid::nil()); 2], &["facilitators"]),
            (|d| (d.name, d.seats) = (String::new(), 9), &["name", "seats"]),
        ];
        for (change, fields) in table {
            let mut draft = draft();
            change(&mut draft);
            let wrong = checked(draft.clone()).err().unwrap_or_default();
            let found: Vec<_> = wrong.iter().map(|it| it.values["field"].as_str().unwrap()).collect();
            assert_eq!(&found, fields, "{draft:?}");
        }
    }

    #[test]
    fn the_span_is_the_widest_of_the_week() {
        let mut draft = draft();
        draft.hours[3].opens_minute = 450;
        draft.hours[4].closes_minute = 735;
        assert_eq!(span(&draft.hours), (450, 1020));
    }
}
