//! The calendar as a value: handed to whoever judges by it, so that the judging is a pure function.

use super::{Basis, Certainty, Holiday};
use crate::{
    names::names,
    policy::Slot,
    sites::{Region, Site},
};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeMap;
use wire::id::{HolidayId, SiteId};

/// Days looked through for a working day: longer than any row of holidays and weekends.
const SEARCH_DAYS_MAX: u64 = 60;

/// Holidays and weekends over a stretch of dates, and how settled the list of each year is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Of several on one day the first by name stands for all.
    holidays: BTreeMap<(Region, NaiveDate), Vec<Holiday>>,
    years: BTreeMap<(Region, i32), Certainty>,
    /// By region, the day from which it holds, and the two rest days.
    weekends: BTreeMap<(Region, NaiveDate), [Weekday; 2]>,
}

/// The holiday at a site on a civil day, if it is one.
pub fn on<'a>(calendar: &'a Calendar, site: &Site, date: NaiveDate) -> Option<&'a Holiday> {
    calendar.holiday(site.region, date)
}

/// What is to be known of the day of a slot at one site. The site is open all the same: who may use it then, the policy says.
pub fn flags(calendar: &Calendar, site: &Site, slot: Slot) -> Vec<DayFlag> {
    let (date, _) = site.begins(slot);
    let flag = |kind, holiday: Option<&Holiday>| DayFlag {
        site: site.id,
        date,
        kind,
        name_ms: holiday.map(|it| it.name_ms.clone()),
        name_en: holiday.map(|it| it.name_en.clone()),
        provisional: holiday.is_some_and(|it| it.status == super::Status::Provisional),
        sighted: holiday.is_some_and(|it| it.basis == Basis::Sighted),
    };
    let mut flags = Vec::new();
    if let Some(holiday) = on(calendar, site, date) {
        flags.push(flag(DayKind::Holiday, Some(holiday)));
    } else if calendar.is_weekend(site.region, date) {
        flags.push(flag(DayKind::RestDay, None));
    }
    match calendar.certainty(site.region, date.year()) {
        Certainty::Unknown => flags.push(flag(DayKind::YearUnknown, None)),
        Certainty::Provisional => flags.push(flag(DayKind::YearProvisional, None)),
        Certainty::Gazetted => {}
    }
    flags
}

names! {
    DayKind {
        Holiday = "holiday",
        /// A rest day of the state's weekend.
        RestDay = "rest_day",
        /// The holidays of that year are not known yet.
        YearUnknown = "year_unknown",
        /// They are known as far as they can be, and not gazetted.
        YearProvisional = "year_provisional",
    }
}

/// What is to be known of a day of use at one site.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct DayFlag {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    #[schema(inline)]
    pub kind: DayKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_ms: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// The holiday itself is not gazetted yet.
    pub provisional: bool,
    /// Its date is declared when the moon is seen, and may move by a day.
    pub sighted: bool,
}

impl DayFlag {
    /// Whether it asks for more than the approver's yes (by the policy): a holiday or a rest day does, an unsettled list does not.
    pub fn is_rest(&self) -> bool {
        matches!(self.kind, DayKind::Holiday | DayKind::RestDay)
    }
}

impl Calendar {
    #[must_use]
    pub fn with_holiday(mut self, holiday: Holiday) -> Self {
        let day = self.holidays.entry((holiday.region, holiday.date)).or_default();
        day.push(holiday);
        day.sort_by(|a, b| a.name_ms.cmp(&b.name_ms));
        self
    }

    #[must_use]
    pub fn without_holiday(mut self, id: HolidayId) -> Self {
        for day in self.holidays.values_mut() {
            day.retain(|it| it.id != id);
        }
        self
    }

    #[must_use]
    pub fn with_year(mut self, region: Region, year: i32, certainty: Certainty) -> Self {
        self.years.insert((region, year), certainty);
        self
    }

    #[must_use]
    pub fn with_weekend(mut self, region: Region, from: NaiveDate, days: [Weekday; 2]) -> Self {
        self.weekends.insert((region, from), days);
        self
    }

    pub fn holiday(&self, region: Region, date: NaiveDate) -> Option<&Holiday> {
        self.holidays.get(&(region, date)).and_then(|day| day.first())
    }

    /// Saturday and Sunday where nothing else is on record.
    pub fn is_weekend(&self, region: Region, date: NaiveDate) -> bool {
        let set = self.weekends.range((region, NaiveDate::MIN)..=(region, date)).next_back();
        let days = set.map_or([Weekday::Sat, Weekday::Sun], |it| *it.1);
        days.contains(&date.weekday())
    }

    pub fn certainty(&self, region: Region, year: i32) -> Certainty {
        self.years.get(&(region, year)).copied().unwrap_or(Certainty::Unknown)
    }

    /// Neither a holiday nor a rest day there.
    pub fn is_working(&self, region: Region, date: NaiveDate) -> bool {
        !self.is_weekend(region, date) && self.holiday(region, date).is_none()
    }

    /// Working days after `from`, up to and with `to`.
    pub fn working_days(&self, region: Region, from: NaiveDate, to: NaiveDate) -> i64 {
        from.iter_days().skip(1).take_while(|day| *day <= to).filter(|day| self.is_working(region, *day)).count() as i64
    }

    /// The `count`th working day before `date`; `date` itself for none.
    pub fn working_day_before(&self, region: Region, date: NaiveDate, count: i64) -> NaiveDate {
        let mut left = count;
        let mut day = date;
        let bound = SEARCH_DAYS_MAX.saturating_add(count.unsigned_abs().saturating_mul(7));
        for _ in 0..bound {
            if left <= 0 {
                break;
            }
            let Some(before) = day.checked_sub_days(Days::new(1)) else { break };
            day = before;
            if self.is_working(region, day) {
                left -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holidays::Status;
    use chrono::DateTime;
    use wire::UnixMs;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn holiday(region: Region, on: &str, name: &str) -> Holiday {
        Holiday {
            id: HolidayId::fresh(),
            region,
            date: date(on),
            name_ms: name.into(),
            name_en: name.into(),
            basis: Basis::Fixed,
            status: Status::Provisional,
            source: String::new(),
            version: 1,
        }
    }

    fn on_day(day: &str) -> Slot {
        let at = |time: &str| UnixMs(DateTime::parse_from_rfc3339(&format!("{day}T{time}:00+08:00")).unwrap().timestamp_millis());
        Slot { starts_at: at("09:00"), ends_at: at("10:00") }
    }

    #[test]
    fn vector_26_a_holiday_of_sabah_alone_flags_the_occurrence_at_sabah_alone() {
        let calendar = Calendar::default()
            .with_holiday(holiday(Region::Sabah, "2026-12-24", "Malam Krismas"))
            .with_year(Region::Sabah, 2026, Certainty::Gazetted)
            .with_year(Region::Selangor, 2026, Certainty::Gazetted);
        let sabah = Site { region: Region::Sabah, ..Site::sample(3) };
        let cyberjaya = Site { region: Region::Selangor, ..Site::sample(1) };
        let flagged = flags(&calendar, &sabah, on_day("2026-12-24"));
        assert_eq!(flagged.iter().map(|it| (it.site, it.kind)).collect::<Vec<_>>(), [(sabah.id, DayKind::Holiday)]);
        assert!(flagged[0].is_rest() && flagged[0].provisional);
        assert_eq!(flags(&calendar, &cyberjaya, on_day("2026-12-24")), []);
        assert_eq!(flags(&calendar, &sabah, on_day("2026-12-23")), []);
    }

    #[test]
    fn vector_27_a_year_whose_holidays_are_not_published_is_provisional() {
        let calendar =
            Calendar::default().with_year(Region::Sabah, 2026, Certainty::Gazetted).with_year(Region::Sabah, 2027, Certainty::Provisional);
        let sabah = Site { region: Region::Sabah, ..Site::sample(3) };
        let kinds = |day: &str| flags(&calendar, &sabah, on_day(day)).into_iter().map(|it| it.kind).collect::<Vec<_>>();
        // A series across 31 December: the first occurrence is settled, the others are said not to be.
        assert_eq!(kinds("2026-12-30"), []);
        assert_eq!(kinds("2027-01-06"), [DayKind::YearProvisional]);
        assert_eq!(kinds("2028-01-05"), [DayKind::YearUnknown]);
        assert!(flags(&calendar, &sabah, on_day("2028-01-05")).iter().all(|it| !it.is_rest()), "no consent is asked for what nobody knows");
    }

    #[test]
    fn a_weekend_is_the_states_from_its_day_on() {
        let [fri, sat, sun] = [Weekday::Fri, Weekday::Sat, Weekday::Sun];
        let calendar = Calendar::default()
            .with_weekend(Region::Johor, date("2014-01-01"), [fri, sat])
            .with_weekend(Region::Johor, date("2025-01-01"), [sat, sun])
            .with_weekend(Region::Kelantan, date("1970-01-01"), [fri, sat]);
        let table = [
            (Region::Johor, "2024-12-27", true),
            (Region::Johor, "2024-12-29", false),
            (Region::Johor, "2025-01-03", false),
            (Region::Johor, "2025-01-05", true),
            (Region::Kelantan, "2026-12-04", true),
            (Region::Kelantan, "2026-12-06", false),
            // Nothing on record: Saturday and Sunday.
            (Region::Sabah, "2026-12-05", true),
            (Region::Sabah, "2026-12-04", false),
        ];
        for (region, day, weekend) in table {
            assert_eq!(calendar.is_weekend(region, date(day)), weekend, "{region} {day}");
        }
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let calendar = Calendar::default().with_holiday(holiday(Region::Selangor, "2026-12-11", "Hari Keputeraan Sultan Selangor"));
        let region = Region::Selangor;
        // Thursday 10 to Tuesday 15: Friday is a holiday, then the weekend.
        assert_eq!(calendar.working_days(region, date("2026-12-10"), date("2026-12-15")), 2);
        assert_eq!(calendar.working_days(region, date("2026-12-10"), date("2026-12-10")), 0);
        assert_eq!(calendar.working_days(region, date("2026-12-15"), date("2026-12-10")), 0);
        assert_eq!(calendar.working_day_before(region, date("2026-12-14"), 1), date("2026-12-10"));
        assert_eq!(calendar.working_day_before(region, date("2026-12-14"), 0), date("2026-12-14"));
        assert_eq!(calendar.working_day_before(region, date("2026-12-16"), 3), date("2026-12-10"));
    }
}
