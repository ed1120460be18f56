//! A civil month in Malaysia.

use chrono::{Datelike, NaiveDate};
use kernel::clock::{MALAYSIA, civil_date, start_of_day};
use serde::{Deserialize, Serialize};
use wire::UnixMs;

/// A month, written `2026-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(i32);

#[derive(Debug, thiserror::Error)]
#[error("a month is written as in 2026-12")]
pub struct NoMonth;

impl Month {
    /// The month of an instant, in Malaysia.
    pub fn of(at: UnixMs) -> Self {
        let date = civil_date(at, MALAYSIA);
        Self(date.year() * 12 + date.month0().cast_signed())
    }

    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Months from `self` to `other`; negative where `other` is earlier.
    pub const fn to(self, other: Self) -> i32 {
        other.0 - self.0
    }

    /// Every month from `self` to `last`, both counted.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    pub fn first_day(self) -> NaiveDate {
        let month = u32::try_from(self.0.rem_euclid(12)).unwrap_or(0) + 1;
        NaiveDate::from_ymd_opt(self.0.div_euclid(12), month, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Its civil days.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let end = self.plus(1).first_day();
        self.first_day().iter_days().take_while(move |day| *day < end)
    }

    /// The instant at which it begins.
    pub fn starts_at(self) -> UnixMs {
        start_of_day(self.first_day(), MALAYSIA).unwrap_or(UnixMs(0))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl std::str::FromStr for Month {
    type Err = NoMonth;
    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let (year, month) = text.split_once('-').ok_or(NoMonth)?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NoMonth);
        }
        let (year, month): (i32, i32) = (year.parse().map_err(|_| NoMonth)?, month.parse().map_err(|_| NoMonth)?);
        // The service did not exist before, and no report looks further ahead.
        if !(2000..=2999).contains(&year) || !(1..=12).contains(&month) {
            return Err(NoMonth);
        }
        Ok(Self(year * 12 + month - 1))
    }
}

impl TryFrom<String> for Month {
    type Error = NoMonth;
    fn try_from(text: String) -> Result<Self, NoMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_as_it_is_written_and_nothing_else_is() {
        for text in ["2026-01", "2026-12", "2000-01", "2999-12"] {
            assert_eq!(text.parse::<Month>().unwrap().to_string(), text);
        }
        for text in ["", "2026", "2026-00", "2026-13", "1999-12", "3000-01", "2026-1", "26-01", "2026-+1", "2026-01-01", "2026/01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_begins_and_ends_at_malaysian_midnight() {
        let (november, december): (Month, Month) = ("2026-11".parse().unwrap(), "2026-12".parse().unwrap());
        assert_eq!(december.starts_at(), UnixMs(1_796_054_400_000));
        assert_eq!(Month::of(december.starts_at()), december);
        assert_eq!(Month::of(UnixMs(december.starts_at().0 - 1)), november);
        assert_eq!((november.days().count(), december.days().count()), (30, 31));
        assert_eq!(("2028-02".parse::<Month>().unwrap().days().count(), november.to(december)), (29, 1));
        assert_eq!(november.through(december.plus(1)).map(|it| it.to_string()).collect::<Vec<_>>(), ["2026-11", "2026-12", "2027-01"]);
    }
}
