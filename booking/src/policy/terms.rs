//! What one version of the policy says: one value, a column each.

use super::{LeadMode, LeadTime};
use crate::{names::names, sites::Region};
use serde::{Deserialize, Serialize};
use wire::UnixMs;

names! {
    /// What a use on a holiday or a rest day of the site's state needs.
    RestDayUse {
        /// Nothing more than on any other day.
        Free = "free",
        /// The consent of the site's facilitator before it is approved.
        Consent = "consent",
        /// It is not held.
        Refused = "refused",
    }
}

names! {
    /// What a shift of the hours within the same day of use needs, once the lead time has begun.
    SameDayShift {
        /// A new approval; the lead time is not counted again.
        Approval = "approval",
        /// The lead time, counted again: mostly a no.
        LeadTime = "lead_time",
    }
}

/// The values of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, sqlx::FromRow)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// TP-2: how the days before use are counted, and how many they are at least.
    #[sqlx(try_from = "String")]
    pub lead_mode: LeadMode,
    pub lead_days: i64,
    /// Whose holidays and weekends make a working day, for the lead time and the hold: where the central agency works.
    #[sqlx(try_from = "String")]
    pub region: Region,
    /// How far ahead may be booked.
    pub advance_days_max: i64,
    /// Longest use in one application.
    pub slot_minutes_max: i64,
    #[sqlx(try_from = "String")]
    pub rest_day_use: RestDayUse,
    /// An undecided application holds its slot until `hold_until_minute` of this many working days before the day of use.
    pub hold_working_days: i64,
    pub hold_until_minute: i64,
    /// Working minutes after which an undecided application is called to mind, and after which it is escalated.
    pub remind_after_minutes: i64,
    pub escalate_after_minutes: i64,
    #[sqlx(try_from = "String")]
    pub same_day_shift: SameDayShift,
    /// An application that was returned keeps the instant of its receipt where only the fields that were asked for have changed.
    pub returned_keeps_receipt: bool,
    /// Occurrences of one series.
    pub occurrences_max: i64,
    /// How long a place on the waiting list is offered before it goes on to the next.
    pub offer_minutes: i64,
    /// Minutes after the start: a warning that nobody is there, and the release of the sites.
    pub no_show_warn_minutes: i64,
    pub no_show_minutes: i64,
    /// Longest extension of a running use, all extensions together.
    pub extension_minutes_max: i64,
    /// Hours after the end at which a missing condition report is overdue (TP-7).
    pub condition_overdue_hours: i64,
    /// DESK-2: uses a month that an agency is expected to have.
    pub wanted_uses_per_month: i64,
}

/// A version of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub version: i64,
    pub effective_from: UnixMs,
    pub terms: Terms,
}

impl Policy {
    /// What is in force since the service began (G2014 6.2(c)(I)); the first row of the table says the same, which a test holds it to.
    pub fn first() -> Self {
        let terms = Terms {
            lead_mode: LeadMode::Calendar,
            lead_days: 3,
            region: Region::Putrajaya,
            advance_days_max: 180,
            slot_minutes_max: 9 * 60,
            rest_day_use: RestDayUse::Consent,
            hold_working_days: 1,
            hold_until_minute: 17 * 60,
            remind_after_minutes: 4 * 60,
            escalate_after_minutes: 8 * 60,
            same_day_shift: SameDayShift::Approval,
            returned_keeps_receipt: true,
            occurrences_max: 12,
            offer_minutes: 2 * 60,
            no_show_warn_minutes: 10,
            no_show_minutes: 15,
            extension_minutes_max: 60,
            condition_overdue_hours: 24,
            wanted_uses_per_month: 1,
        };
        Self { version: 1, effective_from: UnixMs(0), terms }
    }

    /// TP-2 as this version has it.
    pub fn lead(&self) -> LeadTime {
        LeadTime { version: self.version, days: self.terms.lead_days, mode: self.terms.lead_mode, region: self.terms.region }
    }
}

/// For columns that hold a name.
macro_rules! from_column {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = crate::names::UnknownName;
            fn try_from(text: String) -> Result<Self, Self::Error> { text.parse() }
        }
    )*};
}
from_column!(LeadMode, RestDayUse, SameDayShift, Region);
