//! An approver who is away lends the role to somebody of the central agency for some days. The delegate has it on those days and no longer,
//! and what they do with it is on record as done for the lender.
//!
//! Nobody decides for their own agency (TP-4), so that what the central agency itself applies for can be decided on by no approver of it. For
//! that an approver names somebody of another agency: on those days they decide on what the lender's agency applies for, and on nothing else;
//! the role they do not have ([`Actor::decides_on`]).
//!
//! The role is lent at the moment of each request (`take_up`): a lender who loses it, or whose account ends, lends nothing any more.

mod rules;
mod store;

pub use rules::{DAYS_AHEAD_MAX, DAYS_MAX, PER_LENDER_MAX};
#[cfg(test)]
pub(crate) use store::SQL;

use crate::{PersonRole, actor::Actor, agencies, people, sessions};
use chrono::NaiveDate;
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text},
};
use wire::{
    Code, Rule, UnixMs,
    id::{AgencyId, DelegationId, PersonId},
};

/// Some days on which a role is lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    pub id: DelegationId,
    pub lender: PersonId,
    pub delegate: PersonId,
    /// Both included, in Malaysia.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub ended_at: Option<UnixMs>,
    /// The delegate is of an agency that decides on nothing, and decides on what the lender's own agency applies for.
    pub outside: bool,
}

impl Delegation {
    /// Whether it lends on that day.
    pub fn lends_on(&self, day: NaiveDate) -> bool {
        self.ended_at.is_none() && self.from <= day && day <= self.to
    }
}

/// What an approver asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub delegate: PersonId,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Lends the approver's own role. What was itself lent cannot be lent on.
pub async fn lend(tx: &mut Tx, now: UnixMs, lender: &Actor, wish: Wish) -> Result<Delegation> {
    let today = civil_date(now, MALAYSIA);
    rules::span(wish, today)?;
    let delegate = standing(tx, wish.delegate).await?;
    rules::fit(lender, wish.delegate, delegate.as_ref())?;
    let outside = delegate.is_some_and(|it| !it.is_central);
    let held = store::of_lender(tx, lender.person, today).await?;
    rules::no_second(wish, outside, &held)?;
    let delegation = Delegation {
        id: DelegationId::fresh(),
        lender: lender.person,
        delegate: wish.delegate,
        from: wish.from,
        to: wish.to,
        ended_at: None,
        outside,
    };
    store::insert(tx, &delegation, now).await?;
    let entry = Entry::new(now, "delegation.make", "delegation", delegation.id)
        .by(lender.person)
        .on_behalf_of(lender.agency.id)
        .rule(Rule::Tp4)
        .detail("delegate", wish.delegate.to_string())
        .detail("from", date_text(wish.from))
        .detail("to", date_text(wish.to))
        .detail("outside", outside);
    audit::record(tx, entry);
    Ok(delegation)
}

/// Takes the role back, or gives it back: the lender's and the delegate's to do.
pub async fn end(tx: &mut Tx, now: UnixMs, by: &Actor, id: DelegationId) -> Result<Delegation> {
    let found = store::by_id(tx, id).await?.filter(|it| [it.lender, it.delegate].contains(&by.person)).ok_or(Code::NotFound)?;
    if !store::end(tx, id, by.person, now).await? {
        return Err(Code::Conflict.into());
    }
    let entry = Entry::new(now, "delegation.end", "delegation", id).by(by.person).on_behalf_of(by.agency.id).rule(Rule::Tp4);
    audit::record(tx, entry);
    Ok(Delegation { ended_at: Some(now), ..found })
}

/// What this person lends and is lent from today on, the soonest first.
pub async fn of_person(tx: &mut Tx, person: PersonId, now: UnixMs) -> Result<Vec<Delegation>> {
    store::of_person(tx, person, civil_date(now, MALAYSIA)).await
}

/// Who is to be told what an approver would be: those who lend nothing today, and the delegates of those who do.
pub async fn on_duty(tx: &mut Tx, approvers: &[PersonId], now: UnixMs) -> Result<Vec<PersonId>> {
    let today = civil_date(now, MALAYSIA);
    let mut on_duty = Vec::new();
    for approver in approvers {
        let held = store::of_lender(tx, *approver, today).await?;
        let lent: Vec<PersonId> = held.into_iter().filter(|it| it.lends_on(today) && !it.outside).map(|it| it.delegate).collect();
        match lent.is_empty() {
            true => on_duty.push(*approver),
            false => on_duty.extend(lent),
        }
    }
    on_duty.sort_unstable();
    on_duty.dedup();
    Ok(on_duty)
}

/// Who of other agencies decides today on what this agency applies for.
pub async fn deciding_on(tx: &mut Tx, agency: AgencyId, now: UnixMs) -> Result<Vec<PersonId>> {
    store::deciding_on(tx, agency, civil_date(now, MALAYSIA)).await
}

async fn standing(tx: &mut Tx, person: PersonId) -> Result<Option<rules::Standing>> {
    if !people::inactive_among(tx, &[person]).await?.is_empty() {
        return Ok(None);
    }
    let Some(found) = people::people_by_ids(tx, &[person]).await?.pop() else { return Ok(None) };
    let is_central = agencies::agency(tx, found.agency.id).await?.is_some_and(|it| it.is_central);
    Ok(Some(rules::Standing { is_central, roles: sessions::store::roles(tx, person).await? }))
}

/// Gives the actor what is lent to them today, where the role is not their own: the role, or outside the central agency the decision on what
/// the lender's agency applies for.
pub(crate) async fn take_up(tx: &mut Tx, actor: &mut Actor, now: UnixMs) -> Result<()> {
    if actor.has(PersonRole::Approver) || !rules::may_decide(&actor.roles) {
        return Ok(());
    }
    let Some(lent) = store::in_force(tx, actor.person, civil_date(now, MALAYSIA)).await? else { return Ok(()) };
    actor.acting_for = Some(lent.lender);
    match actor.is_central() {
        true => drop(actor.roles.insert(PersonRole::Approver)),
        false => actor.decides_on = Some(lent.agency),
    }
    Ok(())
}
