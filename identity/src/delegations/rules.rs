//! Who may lend the approver's role to whom, and for how long: pure.

use super::{Delegation, Wish};
use crate::{actor::Actor, role::PersonRole};
use chrono::NaiveDate;
use kernel::{clock::date_text, extract::malformed};
use std::collections::BTreeSet;
use wire::{Code, Refusal, Rule, id::PersonId};

/// Days of one delegation: long leave; who is away for longer has a successor.
pub const DAYS_MAX: i64 = 92;
/// How far ahead it may begin.
pub const DAYS_AHEAD_MAX: i64 = 366;
/// Delegations of one approver that are not over.
pub const PER_LENDER_MAX: usize = 12;

/// What is asked of somebody who is to decide for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub is_central: bool,
    pub roles: BTreeSet<PersonRole>,
}

/// Who reads the trail or runs the service has no say in an application.
pub fn may_decide(roles: &BTreeSet<PersonRole>) -> bool {
    !roles.is_empty() && !roles.contains(&PersonRole::Auditor) && !roles.contains(&PersonRole::SystemAdministrator)
}

pub fn span(wish: Wish, today: NaiveDate) -> Result<(), Refusal> {
    let days = |from: NaiveDate, to: NaiveDate| to.signed_duration_since(from).num_days();
    match () {
        () if wish.from < today => Err(malformed("from", format!("{} or later", date_text(today)))),
        () if days(today, wish.from) > DAYS_AHEAD_MAX => Err(malformed("from", format!("within {DAYS_AHEAD_MAX} days"))),
        () if wish.to < wish.from => Err(malformed("to", format!("{} or later", date_text(wish.from)))),
        () if days(wish.from, wish.to) >= DAYS_MAX => Err(malformed("to", format!("{DAYS_MAX} days at most"))),
        () => Ok(()),
    }
}

/// `delegate` is nothing where there is no account that can be used.
pub fn fit(lender: &Actor, person: PersonId, delegate: Option<&Standing>) -> Result<(), Refusal> {
    let unfit = |why: &'static str| Err(Refusal::by(Code::DelegateUnfit, Rule::Tp4).with("why", why));
    if !lender.is_central() || !lender.has(PersonRole::Approver) || lender.acting_for.is_some() {
        return Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", PersonRole::Approver.text()));
    }
    match delegate {
        _ if person == lender.person => unfit("self"),
        None => unfit("inactive"),
        Some(it) if !may_decide(&it.roles) => unfit("role"),
        Some(_) => Ok(()),
    }
}

/// One delegate a day: with two, neither knows that it is theirs. One of another agency stands beside one of the central agency: they decide on
/// different applications.
pub fn no_second(wish: Wish, outside: bool, held: &[Delegation]) -> Result<(), Refusal> {
    let open: Vec<_> = held.iter().filter(|it| it.ended_at.is_none()).collect();
    if let Some(it) = open.iter().find(|it| it.outside == outside && it.from <= wish.to && wish.from <= it.to) {
        let refusal = Refusal::by(Code::DelegateUnfit, Rule::Tp4).with("why", "overlap");
        return Err(refusal.with("from", date_text(it.from)).with("to", date_text(it.to)));
    }
    match open.len() < PER_LENDER_MAX {
        true => Ok(()),
        false => Err(Refusal::by(Code::DelegateUnfit, Rule::Tp4).with("why", "too_many").with("delegations_max", PER_LENDER_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::DelegationId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn wish(from: &str, to: &str) -> Wish {
        Wish { delegate: PersonId::fresh(), from: day(from), to: day(to) }
    }

    #[test]
    fn the_table_of_spans() {
        let today = day("2026-12-01");
        for (from, to, lawful) in [
            ("2026-12-01", "2026-12-01", true),
            ("2026-11-30", "2026-12-02", false),
            ("2026-12-02", "2026-12-01", false),
            ("2026-12-01", "2027-03-02", true),
            ("2026-12-01", "2027-03-03", false),
            ("2027-12-02", "2027-12-02", true),
            ("2027-12-03", "2027-12-03", false),
        ] {
            assert_eq!(span(wish(from, to), today).is_ok(), lawful, "{from} {to}");
        }
    }

    #[test]
    fn one_delegate_a_day() {
        let it = |from: &str, to: &str, ended_at| Delegation {
            id: DelegationId::fresh(),
            lender: PersonId::fresh(),
            delegate: PersonId::fresh(),
            from: day(from),
            to: day(to),
            ended_at,
            outside: false,
        };
        let held = [it("2026-12-05", "2026-12-07", None), it("2026-12-10", "2026-12-12", Some(wire::UnixMs(1)))];
        for (from, to, lawful) in [
            ("2026-12-01", "2026-12-04", true),
            ("2026-12-01", "2026-12-05", false),
            ("2026-12-06", "2026-12-06", false),
            ("2026-12-07", "2026-12-09", false),
            ("2026-12-08", "2026-12-12", true),
        ] {
            assert_eq!(no_second(wish(from, to), false, &held).is_ok(), lawful, "{from} {to}");
            assert!(no_second(wish(from, to), true, &held).is_ok(), "{from} {to}, of another agency");
        }
    }
}
