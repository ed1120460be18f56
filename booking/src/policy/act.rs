//! Making a version of the policy, and taking back one that has not begun. A version that began stays for good: reservations keep it.

use super::{
    Finding, Policy, Terms, bounds, lint,
    replay::{self, Received, Replay},
    store,
};
use crate::{
    holidays::{self, Calendar},
    policy::Slot,
    reservations::By,
    sites::{self, Site},
    text,
};
use chrono::{Days, NaiveDate};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text, start_of_day},
    extract::malformed,
    idempotency::{self, Claim},
};
use serde::{Deserialize, Serialize};
use wire::{Code, Refusal, Rule, UnixMs};

const NOTE_CHARS_MAX: usize = 500;
/// Days back that a replay looks, and applications that it judges: a year of some fifty a day.
const REPLAY_DAYS: i64 = 365;
const REPLAY_MAX: i64 = 20_000;
/// A version begins within this many days: further ahead nobody plans, and bookings reach no further.
const AHEAD_DAYS_MAX: u64 = 730;

/// A version as its form has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyDraft {
    /// `YYYY-MM-DD`: it holds from the first instant of that day in Malaysia. Tomorrow at the earliest.
    #[schema(value_type = String, format = Date)]
    pub effective_from: NaiveDate,
    pub terms: Terms,
    /// Why.
    #[serde(default)]
    pub note: Option<String>,
}

/// The version as it would stand; nothing is stored. `version` is not its number yet.
fn drafted(now: UnixMs, draft: &PolicyDraft) -> Result<Policy> {
    let today = civil_date(now, MALAYSIA);
    let latest = today.checked_add_days(Days::new(AHEAD_DAYS_MAX)).unwrap_or(today);
    let earliest = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let malformed = || {
        malformed("effective_from", "tomorrow_or_later").with("earliest_date", date_text(earliest)).with("latest_date", date_text(latest))
    };
    if draft.effective_from < earliest || draft.effective_from > latest {
        return Err(malformed().into());
    }
    let effective_from = start_of_day(draft.effective_from, MALAYSIA).ok_or_else(malformed)?;
    Ok(Policy { version: 0, effective_from, terms: draft.terms.clone() })
}

/// What is to be said of a draft.
pub async fn findings(tx: &mut Tx, now: UnixMs, draft: &PolicyDraft) -> Result<Vec<Finding>> {
    let policy = drafted(now, draft)?;
    let sites = sites::all(tx).await?;
    let last = draft.effective_from.checked_add_days(Days::new(AHEAD_DAYS_MAX + 8)).unwrap_or(NaiveDate::MAX);
    let calendar = holidays::calendar(tx, draft.effective_from, last).await?;
    Ok(lint(&policy, &sites, &calendar))
}

/// Refuses what has a grave finding.
fn sound(findings: &[Finding]) -> Result<()> {
    match findings.iter().any(|it| it.grave) {
        true => Err(Refusal::by(Code::PolicyInfeasible, Rule::Tp2).with("findings", serde_json::to_value(findings)?).into()),
        false => Ok(()),
    }
}

/// Makes a version. Refused where nothing could be booked under it.
pub async fn create(db: &Db, now: UnixMs, by: By, draft: &PolicyDraft, claim: Option<&Claim>) -> Result<i64> {
    let outcome = try_create(db, now, by, draft, claim).await;
    audit::record_refusal(db, outcome, || entry(now, "policy.create", 0, by)).await
}

async fn try_create(db: &Db, now: UnixMs, by: By, draft: &PolicyDraft, claim: Option<&Claim>) -> Result<i64> {
    let note = text::optional("note", draft.note.as_deref(), NOTE_CHARS_MAX, text::paragraph)?;
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        sound(&findings(tx, now, draft).await?)?;
        let policy = drafted(now, draft)?;
        let version = store::insert(tx, &policy, note.as_deref(), by.person, now).await?;
        audit::record(tx, entry(now, "policy.create", version, by)
            .detail("effective_from", date_text(draft.effective_from))
            .detail("terms", serde_json::to_value(&draft.terms)?));
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &version).await?;
        }
        Ok(version)
    })
}

/// Takes back a version that has not begun.
pub async fn withdraw(db: &Db, now: UnixMs, by: By, version: i64) -> Result<()> {
    let outcome = try_withdraw(db, now, by, version).await;
    audit::record_refusal(db, outcome, || entry(now, "policy.withdraw", version, by)).await
}

async fn try_withdraw(db: &Db, now: UnixMs, by: By, version: i64) -> Result<()> {
    kernel::transact!(db, tx => {
        store::by_version(tx, version).await?.ok_or(Code::NotFound)?;
        if !store::withdraw(tx, version, now).await? {
            return Err(Refusal::new(Code::PolicyInForce).with("version", version).into());
        }
        audit::record(tx, entry(now, "policy.withdraw", version, by));
        Ok(())
    })
}

/// What these terms would have refused among the applications of the last year. Those that were refused outright then were not stored as
/// applications and are not among them. Terms with a number out of its bounds are refused.
pub async fn replay(tx: &mut Tx, now: UnixMs, terms: Terms) -> Result<Replay> {
    sound(&bounds(&terms))?;
    let since = now.saturating_add_ms(-REPLAY_DAYS * 86_400_000);
    let sites = sites::all(tx).await?;
    let rows = store::received_since(tx, since, REPLAY_MAX + 1).await?;
    let cut = rows.len() as i64 > REPLAY_MAX;
    let received: Vec<Received> = rows.into_iter().take(REPLAY_MAX as usize).map(|row| received(row, &sites)).collect();
    let calendar = spanning(tx, &received, now).await?;
    let policy = Policy { version: 0, effective_from: UnixMs(0), terms };
    Ok(replay::replay(&policy, since, &received, &calendar, cut))
}

fn received(row: store::ReceivedRow, sites: &[Site]) -> Received<'_> {
    let used: Vec<_> = row.sites.as_deref().unwrap_or_default().split(' ').filter_map(|id| id.parse().ok()).collect();
    Received {
        reference: row.reference,
        at: UnixMs(row.received_at_ms),
        slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
        sites: sites.iter().filter(|site| used.contains(&site.id)).collect(),
    }
}

async fn spanning(tx: &mut Tx, received: &[Received<'_>], now: UnixMs) -> Result<Calendar> {
    let from = received.iter().map(|it| it.at.min(it.slot.starts_at)).min().unwrap_or(now);
    let to = received.iter().map(|it| it.slot.starts_at).max().unwrap_or(now);
    let to = civil_date(to, MALAYSIA).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    holidays::calendar(tx, civil_date(from, MALAYSIA), to).await
}

fn entry(now: UnixMs, act: &'static str, version: i64, by: By) -> Entry {
    Entry::new(now, act, "policy", version).by(by.person).on_behalf_of(by.agency).rule(Rule::Tp2)
}
