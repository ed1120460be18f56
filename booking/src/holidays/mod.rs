//! Public holidays and weekends by state: what kind of day a date is at a site. They are provisional until gazetted, and a use on a rest day
//! is flagged for the site, never refused by itself: what it then needs is the policy's matter ([`crate::policy::RestDayUse`]).

mod act;
mod calendar;
pub mod http;
mod store;

use crate::names::names;
use chrono::NaiveDate;
use wire::id::HolidayId;

pub use act::{Change, ChangeRequest};
pub use calendar::{Calendar, DayFlag, DayKind, flags, on};
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::calendar;

names! {
    /// How the date of a holiday is found.
    Basis {
        /// The same day each year.
        Fixed = "fixed",
        /// From a calendar: the first Monday of June, the new moon of the Chinese year.
        Calculated = "calculated",
        /// Declared when the moon is seen.
        Sighted = "sighted",
    }
}

names! {
    Status {
        Provisional = "provisional",
        Gazetted = "gazetted",
    }
}

names! {
    /// How far the list of a year is settled.
    Certainty {
        /// No list has been made.
        Unknown = "unknown",
        Provisional = "provisional",
        Gazetted = "gazetted",
    }
}

/// A public holiday of one state or federal territory.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Holiday {
    pub id: HolidayId,
    pub region: crate::sites::Region,
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
    pub version: i64,
}
