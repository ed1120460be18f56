//! Changing the calendar: one change is one transaction with its audit row, and is first shown with the bookings that it touches
//! ([`crate::affected`]). Those are listed and flagged, never called off.

use super::{Basis, Calendar, Holiday, Status, store};
use crate::{
    affected::{self, Hit, Kind, Marks, Preview, Use},
    reservations::By,
    sites::{self, Region, Site, rules::together},
    text,
};
use chrono::{Datelike, Days, NaiveDate};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text},
    extract::malformed,
    idempotency::{self, Claim},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wire::{Code, Refusal, UnixMs, id::HolidayId};

const NAME_CHARS_MAX: usize = 120;
const SOURCE_CHARS_MAX: usize = 200;
/// Years ahead for which a calendar can be kept: the schema's own bound is wider.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2999;
/// What a change of the calendar is about, and may leave flagged.
const KINDS: &[Kind] = &[Kind::Holiday, Kind::RestDay];
/// Days ahead of now in which live bookings can lie: the longest advance that a policy can allow, and a year.
const DAYS_AHEAD: u64 = 730 + 366;

/// What a holiday is, as its form has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HolidayDraft {
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    pub name_ms: String,
    pub name_en: String,
    #[schema(inline)]
    pub basis: Basis,
    #[schema(inline)]
    pub status: Status,
    /// The gazette, or from where else it is known.
    pub source: String,
}

/// One change of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = HolidayChange)]
pub enum Change {
    /// A holiday in each of these states and territories.
    Add {
        regions: Vec<Region>,
        holiday: HolidayDraft,
    },
    Amend {
        id: HolidayId,
        version: i64,
        holiday: HolidayDraft,
    },
    Remove {
        id: HolidayId,
        version: i64,
    },
    /// How far the list of a year is settled.
    Year {
        region: Region,
        year: i32,
        #[schema(inline)]
        status: Status,
        source: String,
    },
    /// The rest days of a state from a day on (ISO 8601: 1 is Monday).
    Weekend {
        region: Region,
        #[schema(value_type = String, format = Date)]
        effective_from: NaiveDate,
        first_weekday: i64,
        second_weekday: i64,
        source: String,
    },
}

/// A change, and that its consequences were seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangeRequest {
    pub change: Change,
    /// From the preview, where the change touches bookings.
    #[serde(default)]
    pub confirm: Option<String>,
}

impl Change {
    const fn act(&self) -> &'static str {
        match self {
            Self::Add { .. } => "holiday.add",
            Self::Amend { .. } => "holiday.amend",
            Self::Remove { .. } => "holiday.remove",
            Self::Year { .. } => "holiday.year",
            Self::Weekend { .. } => "holiday.weekend",
        }
    }

    /// The change with its texts trimmed, or everything that is wrong with it.
    fn checked(mut self) -> Result<Self, Vec<Refusal>> {
        let mut wrong = Vec::new();
        let mut keep = |target: &mut String, field: &'static str, chars_max| match text::line(field, target, chars_max) {
            Ok(text) => *target = text,
            Err(refusal) => wrong.push(refusal),
        };
        match &mut self {
            Self::Add { holiday, .. } | Self::Amend { holiday, .. } => {
                keep(&mut holiday.name_ms, "name_ms", NAME_CHARS_MAX);
                keep(&mut holiday.name_en, "name_en", NAME_CHARS_MAX);
                keep(&mut holiday.source, "source", SOURCE_CHARS_MAX);
                if !YEARS.contains(&holiday.date.year()) {
                    wrong.push(malformed("date", "a_day_of_this_millennium"));
                }
            }
            Self::Remove { .. } => {}
            Self::Year { source, year, .. } => {
                keep(source, "source", SOURCE_CHARS_MAX);
                if !YEARS.contains(year) {
                    wrong.push(malformed("year", "a_year_of_this_millennium"));
                }
            }
            Self::Weekend { source, effective_from, first_weekday, second_weekday, .. } => {
                keep(source, "source", SOURCE_CHARS_MAX);
                if !YEARS.contains(&effective_from.year()) {
                    wrong.push(malformed("effective_from", "a_day_of_this_millennium"));
                }
                let week = 1..=7;
                if !week.contains(first_weekday) || !week.contains(second_weekday) || first_weekday == second_weekday {
                    wrong.push(malformed("second_weekday", "two_days_of_the_week"));
                }
            }
        }
        if let Self::Add { regions, .. } = &mut self {
            let distinct: BTreeSet<Region> = regions.iter().copied().collect();
            if distinct.is_empty() {
                wrong.push(malformed("regions", "one_region_at_least"));
            }
            *regions = distinct.into_iter().collect();
        }
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(wrong),
        }
    }

    /// The calendar after it. `stored` is the holiday that it amends or removes.
    fn applied(&self, before: Calendar, stored: Option<&Holiday>) -> Calendar {
        let of = |region: Region, draft: &HolidayDraft| Holiday {
            id: HolidayId::fresh(),
            region,
            date: draft.date,
            name_ms: draft.name_ms.clone(),
            name_en: draft.name_en.clone(),
            basis: draft.basis,
            status: draft.status,
            source: draft.source.clone(),
            version: 1,
        };
        match (self, stored) {
            (Self::Add { regions, holiday }, _) => {
                regions.iter().fold(before, |calendar, region| calendar.with_holiday(of(*region, holiday)))
            }
            (Self::Amend { holiday, .. }, Some(stored)) => before.without_holiday(stored.id).with_holiday(of(stored.region, holiday)),
            (Self::Remove { .. }, Some(stored)) => before.without_holiday(stored.id),
            (Self::Weekend { region, effective_from, first_weekday, second_weekday, .. }, _) => {
                before.with_weekend(*region, *effective_from, [store::weekday(*first_weekday), store::weekday(*second_weekday)])
            }
            (Self::Amend { .. } | Self::Remove { .. } | Self::Year { .. }, _) => before,
        }
    }

    fn regions(&self, stored: Option<&Holiday>) -> Vec<Region> {
        match self {
            Self::Add { regions, .. } => regions.clone(),
            Self::Amend { .. } | Self::Remove { .. } => stored.map(|it| it.region).into_iter().collect(),
            Self::Year { region, .. } | Self::Weekend { region, .. } => vec![*region],
        }
    }

    const fn holiday(&self) -> Option<(HolidayId, i64)> {
        match self {
            Self::Amend { id, version, .. } | Self::Remove { id, version } => Some((*id, *version)),
            _ => None,
        }
    }
}

/// What a change does.
struct Consequences {
    stored: Option<Holiday>,
    sites: Vec<Site>,
    uses: Vec<Use>,
    /// On a rest day once it is made.
    after: Vec<Hit>,
    /// By this change.
    new: Vec<Hit>,
}

async fn consequences(tx: &mut Tx, now: UnixMs, change: &Change) -> Result<Consequences> {
    let stored = match change.holiday() {
        Some((id, version)) => {
            let stored = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
            if stored.version != version {
                let refusal = Refusal::new(Code::Conflict).with("version", stored.version);
                return Err(refusal.with("current", serde_json::to_value(&stored)?).into());
            }
            Some(stored)
        }
        None => None,
    };
    let sites = sites::all(tx).await?;
    let regions = change.regions(stored.as_ref());
    let touched: Vec<_> = sites.iter().filter(|site| regions.contains(&site.region)).map(|site| site.id).collect();
    let uses = affected::uses_of(tx, touched, now).await?;
    let today = civil_date(now, MALAYSIA);
    let last = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(NaiveDate::MAX);
    let calendar = store::calendar(tx, today, last).await?;
    let before = affected::by_calendar(&calendar, &sites, &uses);
    let after = affected::by_calendar(&change.applied(calendar, stored.as_ref()), &sites, &uses);
    let new = affected::new_hits(&before, after.clone());
    Ok(Consequences { stored, sites, uses, after, new })
}

/// The bookings that a change would touch. Nothing is stored.
pub async fn preview(tx: &mut Tx, now: UnixMs, change: Change) -> Result<Preview> {
    let change = change.checked().map_err(together)?;
    let it = consequences(tx, now, &change).await?;
    affected::preview(tx, &it.sites, &it.new).await
}

/// Makes a change.
pub async fn change(db: &Db, now: UnixMs, by: By, request: ChangeRequest, claim: Option<&Claim>) -> Result<()> {
    let act = request.change.act();
    let outcome = try_change(db, now, by, request, claim).await;
    audit::record_refusal(db, outcome, || entry(now, act, by)).await
}

async fn try_change(db: &Db, now: UnixMs, by: By, request: ChangeRequest, claim: Option<&Claim>) -> Result<()> {
    let change = request.change.checked().map_err(together)?;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(()) = idempotency::claim(tx, claim).await?
        {
            return Ok(());
        }
        let it = consequences(tx, now, &change).await?;
        affected::seen(tx, &it.sites, &it.new, request.confirm.as_deref()).await?;
        store(tx, &change).await?;
        affected::flag(tx, now, by.person, Marks { uses: &it.uses, kinds: KINDS, new: &it.new, after: &it.after }).await?;
        let row = entry(now, change.act(), by).detail("change", serde_json::to_value(&change)?).detail("affected", it.new.len());
        audit::record(tx, match it.stored {
            Some(was) => row.detail("was", serde_json::to_value(&was)?),
            None => row,
        });
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &()).await?;
        }
        Ok(())
    })
}

async fn store(tx: &mut Tx, change: &Change) -> Result<()> {
    match change {
        Change::Add { regions, holiday } => {
            for region in regions {
                store::insert(tx, *region, holiday).await?;
            }
            Ok(())
        }
        Change::Amend { id, version, holiday } => store::update(tx, *id, *version, holiday).await,
        Change::Remove { id, version } => store::delete(tx, *id, *version).await,
        Change::Year { region, year, status, source } => store::put_year(tx, *region, *year, *status, source).await,
        Change::Weekend { region, effective_from, first_weekday, second_weekday, source } => {
            store::put_weekend(tx, *region, &date_text(*effective_from), (*first_weekday, *second_weekday), source).await
        }
    }
}

fn entry(now: UnixMs, act: &'static str, by: By) -> Entry {
    Entry::new(now, act, "calendar", "holidays").by(by.person).on_behalf_of(by.agency)
}
