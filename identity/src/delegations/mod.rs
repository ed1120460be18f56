//! An approver who is away lends the role to somebody of the central agency for some days. The delegate has it on those days and no longer,
//! and what they do with it is on record as done for the lender.
//!
//! The role is lent at the moment of each request ([`in_force`]): a lender who loses it, or whose account ends, lends nothing any more.

mod rules;
mod store;

pub use rules::{DAYS_AHEAD_MAX, DAYS_MAX, PER_LENDER_MAX};
#[cfg(test)]
pub(crate) use store::SQL;
pub(crate) use store::in_force;

use crate::{PersonRole, actor::Actor, agencies, people, sessions};
use chrono::NaiveDate;
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text},
};
use wire::{
    Code, Rule, UnixMs,
    id::{DelegationId, PersonId},
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
    let held = store::of_lender(tx, lender.person, today).await?;
    rules::no_second(wish, &held)?;
    let delegation = Delegation {
        id: DelegationId::fresh(),
        lender: lender.person,
        delegate: wish.delegate,
        from: wish.from,
        to: wish.to,
        ended_at: None,
    };
    store::insert(tx, &delegation, now).await?;
    let entry = Entry::new(now, "delegation.make", "delegation", delegation.id)
        .by(lender.person)
        .on_behalf_of(lender.agency.id)
        .rule(Rule::Tp4)
        .detail("delegate", wish.delegate.to_string())
        .detail("from", date_text(wish.from))
        .detail("to", date_text(wish.to));
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
        let lent: Vec<PersonId> =
            store::of_lender(tx, *approver, today).await?.into_iter().filter(|it| it.lends_on(today)).map(|it| it.delegate).collect();
        match lent.is_empty() {
            true => on_duty.push(*approver),
            false => on_duty.extend(lent),
        }
    }
    on_duty.sort_unstable();
    on_duty.dedup();
    Ok(on_duty)
}

async fn standing(tx: &mut Tx, person: PersonId) -> Result<Option<rules::Standing>> {
    if !people::inactive_among(tx, &[person]).await?.is_empty() {
        return Ok(None);
    }
    let Some(found) = people::people_by_ids(tx, &[person]).await?.pop() else { return Ok(None) };
    let is_central = agencies::agency(tx, found.agency.id).await?.is_some_and(|it| it.is_central);
    Ok(Some(rules::Standing { is_central, roles: sessions::store::roles(tx, person).await? }))
}

/// The approver for whom this person decides today, where the role is not their own; nobody where none is lent to them.
pub(crate) async fn lender_of(tx: &mut Tx, actor: &Actor, now: UnixMs) -> Result<Option<PersonId>> {
    if actor.has(PersonRole::Approver) || !actor.is_central() || !rules::may_decide(&actor.roles) {
        return Ok(None);
    }
    in_force(tx, actor.person, civil_date(now, MALAYSIA)).await
}
