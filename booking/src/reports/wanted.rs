//! The level of use that is wanted of an agency, and who stays below it (DESK-2).

use super::{month::Month, records::Records};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    id::{AgencyId, PersonId},
};

/// Months in a row below the wanted level before an agency is flagged (DESK-2).
pub const MONTHS_BELOW: i32 = 6;
/// More cannot be wanted of an agency: three rooms, a session each hour.
pub const USES_WANTED_MAX: i64 = 1000;

kernel::sql! {
    SET = "INSERT INTO wanted_use (agency_id, uses_each_month, set_by, set_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (agency_id) DO UPDATE SET uses_each_month = $2, set_by = $3, set_at_ms = $4";
    ALL = "SELECT agency_id, uses_each_month FROM wanted_use";
}

pub async fn set(tx: &mut Tx, agency: AgencyId, uses_each_month: i64, by: PersonId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SET).bind(Text(agency)).bind(uses_each_month).bind(Text(by)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// What was said of agencies; what the policy wants ([`crate::policy::Terms::wanted_uses_per_month`]) holds for the rest.
pub async fn all(tx: &mut Tx) -> Result<BTreeMap<AgencyId, i64>> {
    let rows: Vec<(Text<AgencyId>, i64)> = on!(tx, c => sqlx::query_as(ALL).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(Text(agency), uses)| (agency, uses)).collect())
}

/// An agency's use over the last months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub agency: AgencyId,
    pub wanted: i64,
    /// Telepresence sessions held and online meetings made, the oldest month first.
    pub months: Vec<(Month, i64)>,
    /// Below the wanted level in each of the last [`MONTHS_BELOW`] whole months.
    pub low: bool,
}

/// Every agency's use over the last `months` whole months before `now`, the flagged first. `by_policy` is wanted of those of which nothing else
/// was said.
pub fn of_agencies(records: &Records, wanted: &BTreeMap<AgencyId, i64>, by_policy: i64, months: i32, now: UnixMs) -> Vec<Use> {
    let this = Month::of(now);
    let first = this.plus(-months.max(MONTHS_BELOW));
    let mut counts: BTreeMap<(AgencyId, Month), i64> = BTreeMap::new();
    for application in records.applications.values() {
        // One session is one use, at however many sites.
        if application.used(now).next().is_some() {
            *counts.entry((application.agency, Month::of(application.span.ends_at))).or_default() += 1;
        }
    }
    for ((month, agency), made) in &records.meetings {
        *counts.entry((*agency, *month)).or_default() += i64::try_from(*made).unwrap_or(i64::MAX);
    }
    let mut found: Vec<Use> = records
        .agencies
        .iter()
        .map(|(agency, created_at)| {
            let wanted = wanted.get(agency).copied().unwrap_or(by_policy);
            let months: Vec<(Month, i64)> =
                first.through(this.plus(-1)).map(|month| (month, counts.get(&(*agency, month)).copied().unwrap_or(0))).collect();
            let watched = this.plus(-MONTHS_BELOW);
            // Months that began before the agency was there say nothing of it.
            let there = *created_at <= watched.starts_at();
            let low = there && months.iter().filter(|(month, _)| *month >= watched).all(|(_, uses)| *uses < wanted);
            Use { agency: *agency, wanted, months, low }
        })
        .collect();
    found.sort_by_key(|it| !it.low);
    found
}
