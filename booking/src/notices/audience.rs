//! Whom to tell.

use crate::reservations;
use identity::PersonRole;
use kernel::{Result, Tx};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{PersonId, SiteId},
};

/// The approvers of the central agency (TP-4), without those of the applicant's own agency, who may not decide; of what the central agency
/// itself applies for, those of other agencies to whom its approvers lend that.
pub async fn approvers(tx: &mut Tx, of: &reservations::Stored, now: UnixMs) -> Result<Vec<PersonId>> {
    let own: BTreeSet<_> = identity::holders(tx, PersonRole::Approver, Some(of.agency)).await?.into_iter().collect();
    let all = identity::holders(tx, PersonRole::Approver, None).await?;
    let lent = identity::delegations::deciding_on(tx, of.agency, now).await?;
    Ok(all.into_iter().filter(|it| !own.contains(it)).chain(lent).collect())
}

/// Those who answer for an application: who applied, and the UC administrators of the agency.
pub async fn applicants(tx: &mut Tx, of: &reservations::Stored) -> Result<Vec<PersonId>> {
    let mut people = identity::holders(tx, PersonRole::UcAdministrator, Some(of.agency)).await?;
    people.push(of.applicant);
    Ok(people)
}

/// Everyone who sits in it or leads it.
pub fn participants(of: &reservations::Stored) -> Vec<PersonId> {
    of.seated().map(|seat| seat.2).chain([of.chair]).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The applicants and the participants.
pub async fn everyone(tx: &mut Tx, of: &reservations::Stored) -> Result<Vec<PersonId>> {
    let mut people = applicants(tx, of).await?;
    people.extend(participants(of));
    Ok(people)
}

/// Those who look after the rooms of these sites.
pub async fn facilitators(tx: &mut Tx, sites: impl IntoIterator<Item = SiteId>) -> Result<Vec<PersonId>> {
    let mut people = Vec::new();
    for site in sites.into_iter().collect::<BTreeSet<_>>() {
        people.extend(identity::facilitators(tx, site).await?);
    }
    Ok(people)
}
