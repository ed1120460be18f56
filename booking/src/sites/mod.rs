//! Sites: where telepresence rooms are, how many people they seat, when they open, what stands in them. Data that the central agency
//! edits (TP-1): a fourth site needs no deployment.

mod act;
pub mod http;
mod region;
pub mod rules;
mod store;

use crate::{inventory::Criticality, names::names, policy::Slot};
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use kernel::{
    Db, Result,
    clock::{MALAYSIA, civil_date, civil_minute},
};
use serde::{Deserialize, Serialize};
use wire::id::{EquipmentId, RoomId, SiteId};

pub use act::SiteEdit;
pub use http::may_edit;
pub use region::Region;
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{all, by_id};

/// More sites than the service will have; a bound for lists.
pub const SITES_MAX: usize = 64;
/// Rooms of one site: a building has few of them.
pub const ROOMS_PER_SITE_MAX: usize = 16;

/// A place with a telepresence room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Site {
    pub id: SiteId,
    pub name: String,
    pub short_name: String,
    pub city: String,
    /// The state or federal territory, by whose holidays and weekends it goes.
    pub region: Region,
    /// Empty where nobody has written it yet.
    pub address: String,
    /// People at one time (TP-3).
    pub seats: i64,
    /// IANA name.
    pub time_zone: String,
    /// Minutes of the civil day: the earliest and the latest of the week. What holds on one day stands in `hours`.
    pub opens_minute: i64,
    pub closes_minute: i64,
    /// By the day of the week; a day that is not there is closed.
    pub hours: Vec<DayHours>,
    /// Kept free before and after each use.
    pub set_up_minutes: i64,
    pub clear_up_minutes: i64,
    /// How one gets in, in Malay and in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_ms: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_en: Option<String>,
    /// `YYYY-MM-DD`: the first day on which it is not used any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub closed_from: Option<NaiveDate>,
    pub rooms: Vec<Room>,
    pub equipment: Vec<Equipment>,
    /// Counts its changes.
    pub version: i64,
}

/// When a site is open on one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayHours {
    /// ISO 8601: 1 is Monday.
    pub weekday: i64,
    /// Minutes of the civil day, in quarter hours.
    pub opens_minute: i64,
    pub closes_minute: i64,
}

names! {
    /// Whether a wheelchair gets in; nobody may have said yet.
    Wheelchair {
        Yes = "yes",
        No = "no",
        Unknown = "unknown",
    }
}

/// A room of a site. One use at a time is the site's (TP-3), whichever room it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Room {
    pub id: RoomId,
    pub name: String,
    pub floor: String,
    pub seats: i64,
    #[schema(inline)]
    pub wheelchair: Wheelchair,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_ms: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_en: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Equipment {
    pub id: EquipmentId,
    /// On its label: `CBJ-CAM-1`.
    pub tag: String,
    /// In words.
    pub name: String,
    /// As the inventory names kinds: `camera`, `microphones`, `display`, `codec` and others.
    pub kind: String,
    pub criticality: Criticality,
    /// The room cannot be used without it.
    pub critical: bool,
}

/// A site where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SiteRef {
    pub id: SiteId,
    pub name: String,
    pub short_name: String,
}

/// The ids of the sites, in the order in which occupancies are taken.
pub async fn ids(db: &Db) -> Result<Vec<SiteId>> {
    Ok(all(&mut db.read().await?).await?.into_iter().map(|site| site.id).collect())
}

impl Site {
    /// Its civil zone; a name that the zone database does not know is read as Malaysian time.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(MALAYSIA)
    }

    pub fn as_ref(&self) -> SiteRef {
        SiteRef { id: self.id, name: self.name.clone(), short_name: self.short_name.clone() }
    }

    /// When it opens and closes on that civil day, in minutes; nothing on a weekday that is closed, and once it is not used any more.
    pub fn hours_on(&self, date: NaiveDate) -> Option<(i64, i64)> {
        if self.is_closed_on(date) {
            return None;
        }
        let weekday = i64::from(date.weekday().number_from_monday());
        self.hours.iter().find(|it| it.weekday == weekday).map(|it| (it.opens_minute, it.closes_minute))
    }

    /// Whether it is not used any more on that day.
    pub fn is_closed_on(&self, date: NaiveDate) -> bool {
        self.closed_from.is_some_and(|from| date >= from)
    }

    /// Whether the slot lies within one day's opening hours. Hours may end with the day (minute 1440). The buffers may lie outside: nobody
    /// but the site's own people is there then.
    pub fn is_open_for(&self, slot: Slot) -> bool {
        let zone = self.zone();
        self.hours_on(civil_date(slot.starts_at, zone)).is_some_and(|(opens, closes)| slot.within_hours(opens, closes, zone))
    }

    /// The civil day and minute at which the slot begins here.
    pub fn begins(&self, slot: Slot) -> (NaiveDate, u32) {
        (civil_date(slot.starts_at, self.zone()), civil_minute(slot.starts_at, self.zone()))
    }

    /// What a use occupies here: the slot with the minutes before and after it.
    pub fn occupied(&self, slot: Slot) -> Slot {
        Slot {
            starts_at: slot.starts_at.saturating_add_ms(-self.set_up_minutes * 60_000),
            ends_at: slot.ends_at.saturating_add_ms(self.clear_up_minutes * 60_000),
        }
    }

    /// The site as a form would make it. Its rooms and equipment stay as they are.
    pub(crate) fn as_drafted(&self, draft: &rules::SiteDraft) -> Self {
        let (opens_minute, closes_minute) = rules::span(&draft.hours);
        Self {
            name: draft.name.clone(),
            short_name: draft.short_name.clone(),
            city: draft.city.clone(),
            region: draft.region,
            address: draft.address.clone(),
            seats: draft.seats,
            time_zone: draft.time_zone.clone(),
            opens_minute,
            closes_minute,
            hours: draft.hours.clone(),
            set_up_minutes: draft.set_up_minutes,
            clear_up_minutes: draft.clear_up_minutes,
            access_ms: draft.access_ms.clone(),
            access_en: draft.access_en.clone(),
            closed_from: draft.closed_from,
            ..self.clone()
        }
    }

    /// A site of six seats in Putrajaya, open from 08:00 to 17:00 every day: for tests, which change what they are about.
    #[cfg(test)]
    pub(crate) fn sample(number: u128) -> Self {
        Self {
            id: SiteId(uuid::Uuid::from_u128(number)),
            name: format!("Site {number}"),
            short_name: format!("S{number}"),
            city: "City".into(),
            region: Region::Putrajaya,
            address: String::new(),
            seats: 6,
            time_zone: "Asia/Kuala_Lumpur".into(),
            opens_minute: 480,
            closes_minute: 1020,
            hours: (1..=7).map(|weekday| DayHours { weekday, opens_minute: 480, closes_minute: 1020 }).collect(),
            set_up_minutes: 0,
            clear_up_minutes: 0,
            access_ms: None,
            access_en: None,
            closed_from: None,
            rooms: vec![],
            equipment: vec![],
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use wire::UnixMs;

    fn slot(from: &str, to: &str) -> Slot {
        let at = |text: &str| UnixMs(DateTime::parse_from_rfc3339(&format!("{text}+08:00")).unwrap().timestamp_millis());
        Slot { starts_at: at(from), ends_at: at(to) }
    }

    #[test]
    fn a_site_is_open_by_the_day_of_the_week_until_it_is_closed_for_good() {
        let mut site = Site::sample(1);
        // Friday until noon; no Sunday.
        site.hours.retain(|it| it.weekday != 7);
        site.hours[4].closes_minute = 720;
        site.closed_from = Some("2026-12-10".parse().unwrap());
        let table = [
            ("a Thursday", "2026-12-03T16:00:00", "2026-12-03T17:00:00", true),
            ("a Friday morning", "2026-12-04T11:00:00", "2026-12-04T12:00:00", true),
            ("a Friday after noon", "2026-12-04T11:00:00", "2026-12-04T12:15:00", false),
            ("a Saturday", "2026-12-05T09:00:00", "2026-12-05T10:00:00", true),
            ("a Sunday", "2026-12-06T09:00:00", "2026-12-06T10:00:00", false),
            ("the last day", "2026-12-09T09:00:00", "2026-12-09T10:00:00", true),
            ("the first day after it", "2026-12-10T09:00:00", "2026-12-10T10:00:00", false),
        ];
        for (shows, from, to, open) in table {
            assert_eq!(site.is_open_for(slot(from, to)), open, "{shows}");
        }
    }

    #[test]
    fn a_use_occupies_its_buffers() {
        let site = Site { set_up_minutes: 15, clear_up_minutes: 30, ..Site::sample(1) };
        let used = slot("2026-12-03T09:00:00", "2026-12-03T10:00:00");
        assert_eq!(site.occupied(used), slot("2026-12-03T08:45:00", "2026-12-03T10:30:00"));
    }
}
