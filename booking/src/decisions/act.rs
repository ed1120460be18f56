//! Approving, returning and refusing, each one transaction with its audit row; `now` is the server's clock.

use super::{Decision, Field, ReasonCode, consents, reminders, returns, store, working::Office};
use crate::{
    meetings,
    notices::{self, About, FreeSlot, Notice, audience},
    overrides,
    policy::{self, Policy},
    reservations::{self, By, State, Stored, entry, found, in_state, lapse, rules, verdict::Setting, with_alternatives},
    text,
};
use kernel::{
    Db, Error, Result, Tx,
    audit::{self, Entry},
};
use serde::Deserialize;
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, PersonId, ReservationId},
};

/// Characters of the words of a decision.
const REASON_CHARS_MAX: usize = 1000;

/// Who decides, and for which approver where the role is lent to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decider {
    pub by: By,
    pub acting_for: Option<PersonId>,
    /// Nothing but what this agency applies for.
    pub only: Option<AgencyId>,
}

impl From<By> for Decider {
    fn from(by: By) -> Self {
        Self { by, acting_for: None, only: None }
    }
}

/// An approver's answer.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct Answer {
    pub decision: Decision,
    /// Of a refusal.
    #[serde(default)]
    pub reason_code: Option<ReasonCode>,
    /// In words. Needed where it is returned.
    #[serde(default)]
    pub reason: Option<String>,
    /// What is to be put right, where it is returned.
    #[serde(default)]
    #[schema(value_type = Vec<Field>)]
    pub fields: BTreeSet<Field>,
}

impl Answer {
    pub fn approve() -> Self {
        Self { decision: Decision::Approve, reason_code: None, reason: None, fields: BTreeSet::new() }
    }
}

/// What became of an act that found the reservation's time had come.
enum Outcome {
    Done,
    Lapsed,
}

/// Decides (TP-4). Of two who decide at once, one does.
pub async fn decide(db: &Db, now: UnixMs, by: impl Into<Decider>, id: ReservationId, answer: &Answer) -> Result<()> {
    let by = by.into();
    let outcome = match try_decide(db, now, by, id, answer).await {
        Ok(Outcome::Done) => Ok(()),
        Ok(Outcome::Lapsed) => Err(in_state(State::Lapsed)),
        Err(error) => Err(error),
    };
    let outcome = match outcome {
        Err(Error::Refused(refusal)) if refusal.code == Code::SlotTaken => slot_lost(db, now, id, refusal).await,
        // A day that came to be refused meanwhile: what could be had instead is told with it.
        Err(Error::Refused(refusal)) if refusal.code == Code::SlotInvalid => {
            let stored = reservations::store::by_id(&mut db.read().await?, id).await?.ok_or(Code::NotFound)?;
            with_alternatives(db, now, &stored.as_draft(), Some(id), Err(Error::Refused(refusal))).await
        }
        other => other,
    };
    audit::record_refusal(db, outcome, || row(now, answer.decision, id, by)).await
}

fn row(now: UnixMs, decision: Decision, id: ReservationId, by: Decider) -> Entry {
    let act = match decision {
        Decision::Approve => "reservation.approve",
        Decision::Return => "reservation.return",
        Decision::Refuse => "reservation.refuse",
    };
    let row = entry(now, act, id, by.by).rule(Rule::Tp4);
    match by.acting_for {
        Some(lender) => row.detail("acting_for", lender.to_string()),
        None => row,
    }
}

async fn try_decide(db: &Db, now: UnixMs, by: Decider, id: ReservationId, answer: &Answer) -> Result<Outcome> {
    kernel::transact!(db, tx => {
        let stored = found(tx, id).await?;
        if stored.agency == by.by.agency {
            // Somebody of another agency can, to whom an approver lends it.
            let lending = identity::agency(tx, stored.agency).await?.is_some_and(|it| it.is_central);
            return Err(Refusal::by(Code::OwnAgency, Rule::Tp4).with("delegate_of_another_agency", lending).into());
        }
        if by.only.is_some_and(|only| only != stored.agency) {
            return Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", "approver").into());
        }
        let reason = reasoned(answer)?;
        if stored.state != State::Submitted {
            return Err(in_state(stored.state));
        }
        if stored.slot.starts_at <= now {
            lapse(tx, now, id).await?;
            reservations::told::lapsed(tx, now, &stored).await?;
            return Ok(Outcome::Lapsed);
        }
        match answer.decision {
            Decision::Approve => approve(tx, now, by, &stored, reason).await?,
            Decision::Return => send_back(tx, now, by, &stored, answer, reason).await?,
            Decision::Refuse => refuse(tx, now, by, &stored, answer.reason_code, reason).await?,
        }
        reservations::store::note(tx, id, now, answer.decision.history(), Some(by.by.person), Some(Rule::Tp4)).await?;
        reservations::told::series_result(tx, now, &stored).await?;
        Ok(Outcome::Done)
    })
}

/// The words of the answer, where it has all that its decision needs.
fn reasoned(answer: &Answer) -> Result<Option<String>, Refusal> {
    let reason = text::optional("reason", answer.reason.as_deref(), REASON_CHARS_MAX, text::paragraph)?;
    let enough = match (answer.decision, answer.reason_code) {
        (Decision::Approve, _) => true,
        (Decision::Return, _) if answer.fields.is_empty() => return Err(Refusal::by(Code::FieldsMissing, Rule::Tp4)),
        (Decision::Return, _) | (Decision::Refuse, Some(ReasonCode::Other)) => reason.is_some(),
        (Decision::Refuse, code) => code.is_some(),
    };
    match enough {
        true => Ok(reason),
        false => Err(Refusal::by(Code::ReasonMissing, Rule::Tp4)),
    }
}

async fn moved(
    tx: &mut Tx,
    now: UnixMs,
    by: Decider,
    it: &Stored,
    to: State,
    code: Option<ReasonCode>,
    reason: Option<&str>,
) -> Result<()> {
    let decided = store::Decided { by: by.by.person, at: now, reason_code: code, reason: reason.map(str::to_owned) };
    match store::decide(tx, it.id, to, &decided).await? {
        true => Ok(()),
        false => Err(in_state(found(tx, it.id).await?.state)),
    }
}

async fn approve(tx: &mut Tx, now: UnixMs, by: Decider, it: &Stored, reason: Option<String>) -> Result<()> {
    let mut hindrances = hindrances(tx, now, it).await?;
    if !hindrances.is_empty() {
        let first = hindrances.remove(0);
        return Err(first.with("also", serde_json::to_value(hindrances)?).into());
    }
    moved(tx, now, by, it, State::Approved, None, reason.as_deref()).await?;
    reservations::store::occupancies_to(tx, it.id, "approved").await?;
    let meeting = meetings::follow::stand(tx, now, it).await?;
    let about = About::of(tx, it).await?;
    let people = audience::applicants(tx, it).await?;
    notices::tell(tx, now, &people, &Notice::Approved { about, meeting: Some(meeting), at_ms: now }).await?;
    let row = row(now, Decision::Approve, it.id, by).detail("reference", it.reference.as_str());
    audit::record(tx, row.detail("meeting", meeting.to_string()));
    Ok(())
}

async fn refuse(tx: &mut Tx, now: UnixMs, by: Decider, it: &Stored, code: Option<ReasonCode>, reason: Option<String>) -> Result<()> {
    moved(tx, now, by, it, State::Refused, code, reason.as_deref()).await?;
    reservations::store::occupancies_to(tx, it.id, "released").await?;
    reservations::waiting::freed(tx, now, it).await?;
    let about = About::of(tx, it).await?;
    let people = audience::applicants(tx, it).await?;
    notices::tell(tx, now, &people, &Notice::Refused { about, reason_code: code, reason, at_ms: now }).await?;
    let row = row(now, Decision::Refuse, it.id, by).detail("reference", it.reference.as_str());
    audit::record(tx, row.detail("reason_code", code.map(ReasonCode::text)));
    Ok(())
}

/// Its sites stay held, to the deadline.
async fn send_back(tx: &mut Tx, now: UnixMs, by: Decider, it: &Stored, answer: &Answer, reason: Option<String>) -> Result<()> {
    let words = reason.unwrap_or_default();
    let deadline = deadline(tx, now, it).await?;
    moved(tx, now, by, it, State::Returned, None, Some(&words)).await?;
    store::put_return(tx, it.id, by.by.person, now, deadline, &words, &answer.fields).await?;
    let about = About::of(tx, it).await?;
    let people = audience::applicants(tx, it).await?;
    notices::tell(tx, now, &people, &Notice::ApplicationReturned { about, reason_code: None, reason: Some(words), at_ms: now }).await?;
    let fields: Vec<&str> = answer.fields.iter().map(|it| it.text()).collect();
    let row = row(now, Decision::Return, it.id, by).detail("reference", it.reference.as_str());
    audit::record(tx, row.detail("fields", fields).detail("deadline_ms", deadline.0));
    Ok(())
}

/// Until when an applicant would have it, were it returned now.
pub async fn deadline(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<UnixMs> {
    let terms = policy::at(tx, now).await?.terms;
    let (from, to) = reminders::around(now, it.slot.ends_at);
    let calendar = crate::holidays::calendar(tx, from, to).await?;
    Ok(returns::deadline(now, it, &terms, Office { calendar: &calendar, region: terms.region }))
}

/// What stands in the way of an approval now: what was lawful when it came may not be any more, and use on a rest day may want consent. A
/// confirmed override of its agency is taken into account. The people's accounts are not looked at again: they are checked as they join.
pub async fn hindrances(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<Vec<Refusal>> {
    let setting = Setting::read(tx, now, it.slot).await?;
    let policy = kept(tx, it, &setting).await?;
    let mut refusals = judged(it, &policy, &setting);
    let needed = consents::needed(&consents::flags(it, &setting.sites, &setting.calendar), &policy.terms);
    refusals.extend(consents::missing(&needed, it.slot, &store::consents(tx, it.id).await?));
    excepted(tx, now, it, refusals).await
}

/// Why it may not stand any more as it was applied for, whoever decides on it: a room may have fewer seats or other hours by now.
pub(crate) async fn unlawful(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<Vec<Refusal>> {
    let setting = Setting::read(tx, now, it.slot).await?;
    let policy = kept(tx, it, &setting).await?;
    excepted(tx, now, it, judged(it, &policy, &setting)).await
}

/// The version of the policy by which it came.
async fn kept(tx: &mut Tx, it: &Stored, setting: &Setting) -> Result<Policy> {
    let version = store::policy_of(tx, it.id).await?;
    Ok(policy::by_version(tx, version).await?.unwrap_or_else(|| setting.policy.clone()))
}

async fn excepted(tx: &mut Tx, now: UnixMs, it: &Stored, mut refusals: Vec<Refusal>) -> Result<Vec<Refusal>> {
    let sites = it.sites.iter().map(|it| it.site).collect();
    overrides::cover(tx, now, it.agency, &sites, it.slot, Some(it.id), &mut refusals).await?;
    Ok(refusals)
}

fn judged(it: &Stored, policy: &Policy, setting: &Setting) -> Vec<Refusal> {
    let draft = it.as_draft();
    let known: BTreeSet<PersonId> = rules::named(&draft).chain([draft.chair]).chain(draft.online.iter().copied()).collect();
    let by = rules::Circumstances {
        now: it.received_at,
        policy,
        calendar: &setting.calendar,
        sites: &setting.sites,
        known: &known,
        may_apply: true,
        // What the service is set to allow was judged as it came, and is again as its meeting starts (CLASS-4).
        classified_without_e2ee: true,
    };
    let mut refusals = rules::judge(&draft, &by).refusals;
    // TP-2 was judged with the calendar of that day, and the schema holds the receipt to what came of it.
    refusals.retain(|it| it.code != Code::LeadTime);
    refusals
}

/// The hold had run out and somebody else has the sites now: whoever approves is told what is free, and so is the applicant.
async fn slot_lost(db: &Db, now: UnixMs, id: ReservationId, refusal: Refusal) -> Result<()> {
    let stored = {
        let mut tx = db.read().await?;
        reservations::store::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?
    };
    let outcome: Result<()> = with_alternatives(db, now, &stored.as_draft(), Some(id), Err(Error::Refused(refusal))).await;
    let Err(Error::Refused(refusal)) = outcome else { return outcome };
    let free: Vec<FreeSlot> = refusal.values.get("alternatives").and_then(|it| serde_json::from_value(it.clone()).ok()).unwrap_or_default();
    kernel::transact!(db, tx => {
        let people = audience::applicants(tx, &stored).await?;
        let notice = Notice::SlotLost { about: About::of(tx, &stored).await?, alternatives: free.clone(), at_ms: now };
        notices::tell(tx, now, &people, &notice).await
    })?;
    Err(Error::Refused(refusal))
}
