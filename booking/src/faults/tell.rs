//! What people are told of a fault, each once, in the transaction of the act.

use super::{FaultState, clock::SlaState, store::Stored};
use crate::{
    notices::{self, AboutFault, Notice, audience},
    sites,
};
use identity::PersonRole;
use kernel::{Result, Tx};
use wire::{Code, UnixMs, id::PersonId};

async fn about(tx: &mut Tx, it: &Stored) -> Result<AboutFault> {
    let site = sites::by_id(tx, it.site).await?.ok_or(Code::NotFound)?;
    let equipment = it.equipment.and_then(|id| site.equipment.iter().find(|it| it.id == id)).map(|it| it.name.clone());
    Ok(AboutFault { fault: it.id, reference: it.reference.clone(), severity: it.severity, site: (&site).into(), equipment })
}

/// Those who look after the room; the approvers where nobody does.
async fn keepers(tx: &mut Tx, it: &Stored) -> Result<Vec<PersonId>> {
    let people = audience::facilitators(tx, [it.site]).await?;
    match people.is_empty() {
        true => identity::holders(tx, PersonRole::Approver, None).await,
        false => Ok(people),
    }
}

pub async fn reported(tx: &mut Tx, now: UnixMs, it: &Stored) -> Result<()> {
    let people: Vec<PersonId> = keepers(tx, it).await?.into_iter().filter(|person| Some(*person) != it.reported_by).collect();
    let fault = about(tx, it).await?;
    notices::tell(tx, now, &people, &Notice::FaultReported { fault, at_ms: now }).await
}

/// Whoever it was given to, and whoever reported it, unless they did it themselves.
pub async fn changed(tx: &mut Tx, now: UnixMs, before: &Stored, after: &Stored, by: PersonId) -> Result<()> {
    let fault = about(tx, after).await?;
    if let Some(assignee) = after.assigned_to.filter(|it| Some(*it) != before.assigned_to && *it != by) {
        notices::tell(tx, now, &[assignee], &Notice::FaultAssigned { fault: fault.clone(), at_ms: now }).await?;
    }
    // That it was looked at once more after it was mended changes nothing for who reported it.
    if before.state != after.state
        && after.state != FaultState::Closed
        && let Some(reporter) = after.reported_by.filter(|it| *it != by)
    {
        notices::tell(tx, now, &[reporter], &Notice::FaultChanged { fault, state: after.state, at_ms: now }).await?;
    }
    Ok(())
}

/// Whoever sees to it, or those who look after the room: its time runs out, or has.
pub async fn due(tx: &mut Tx, now: UnixMs, it: &Stored, state: SlaState, due_at: Option<UnixMs>) -> Result<()> {
    let people = match it.assigned_to {
        Some(person) => vec![person],
        None => keepers(tx, it).await?,
    };
    let fault = about(tx, it).await?;
    let notice = Notice::FaultDue { fault, overdue: state == SlaState::Overdue, due_at_ms: due_at.unwrap_or(now), at_ms: now };
    notices::tell(tx, now, &people, &notice).await
}
