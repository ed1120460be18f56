//! Accounts (ID-1: one a person), and the short form by which everyone else names a person.

pub(crate) mod audience;
pub mod http;
pub mod rules;
pub(crate) mod store;

pub use audience::{Recipient, Standing, facilitators, holders, recipients, standing};
pub use rules::NewPerson;

use crate::{
    agencies::{self, AgencyRef, AgencyShort},
    passwords,
};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
};
use serde::{Deserialize, Serialize};
use wire::{Code, Rule, UnixMs, id::PersonId};

/// A person, as everyone who is signed in may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonRef {
    pub id: PersonId,
    pub name: String,
    pub position: String,
    pub agency: AgencyShort,
}

/// The people of these identifiers, in their order; those that are not known are left out. Accounts that have ended are there: history names
/// them.
pub async fn people_by_ids(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<PersonRef>> {
    store::by_ids(tx, ids).await
}

/// Those of these identifiers that cannot be invited: not known, disabled or terminated.
pub async fn inactive_among(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    store::inactive_among(tx, ids).await
}

/// Somebody who can look after sites, and those that they look after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FacilitatorOf {
    pub person: PersonRef,
    pub sites: Vec<wire::id::SiteId>,
}

/// Everybody with an active account who is a facilitator, by name.
pub async fn all_facilitators(tx: &mut Tx) -> Result<Vec<FacilitatorOf>> {
    store::all_facilitators(tx).await
}

/// Has these people, and nobody else, look after a site. Each must be a facilitator. Whoever calls it records the act.
pub async fn set_facilitators(tx: &mut Tx, site: wire::id::SiteId, people: &[PersonId]) -> Result<()> {
    store::set_facilitators(tx, site, people).await
}

/// Makes an account with the hash of its first password. `by` is nobody where the command line does it.
pub(crate) async fn create(
    tx: &mut Tx,
    new: &NewPerson,
    agency: &AgencyRef,
    hash: &str,
    temporary: bool,
    by: Option<&Author>,
    now: UnixMs,
) -> Result<PersonRef> {
    let person = PersonRef {
        id: PersonId::fresh(),
        name: new.name.clone(),
        position: new.position.clone(),
        agency: AgencyShort { id: agency.id, name: agency.name.clone(), short_name: agency.short_name.clone() },
    };
    store::insert(tx, &person, new, now).await?;
    passwords::store::put(tx, person.id, hash, temporary, now).await?;
    let roles: Vec<_> = new.roles.iter().map(|role| role.text()).collect();
    let entry = Entry::new(now, "person.create", "person", person.id)
        .rule(Rule::Id1)
        .detail("roles", roles)
        .detail("agency", agency.id.to_string());
    let entry = match by {
        Some(author) => entry.by(author.person).on_behalf_of(author.agency),
        None => entry.on_behalf_of(agency.id),
    };
    audit::record(tx, entry);
    Ok(person)
}

/// Who makes an account.
pub(crate) struct Author {
    pub person: PersonId,
    pub agency: wire::id::AgencyId,
}

/// The agency of a new person, if it is known.
pub(crate) async fn agency_of(tx: &mut Tx, new: &NewPerson) -> Result<AgencyRef> {
    agencies::agency(tx, new.agency).await?.ok_or_else(|| Code::NotFound.into())
}
