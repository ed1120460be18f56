//! An override as it is shown.

use super::{Exemption, Origin, Override, OverrideState, rules};
use crate::{
    people::{self, People},
    reservations::{self, view::named_site},
    sites::{self, Site, SiteRef},
};
use identity::{AgencyShort, PersonRef};
use kernel::{Result, Tx};
use serde::Serialize;
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{OverrideId, PersonId, ReservationId},
};

/// An exception from a rule, and the two people who answer for it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Override)]
pub struct Shown {
    pub id: OverrideId,
    pub origin: Origin,
    pub state: OverrideState,
    pub agency: AgencyShort,
    pub sites: Vec<SiteRef>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    #[schema(value_type = Vec<Exemption>)]
    pub exempt: BTreeSet<Exemption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<OverrideReservation>,
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<PersonRef>,
    /// For whom, where the role was lent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<PersonRef>,
    pub asked_at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_for: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// This person can be its second.
    pub may_confirm: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OverrideReservation {
    pub id: ReservationId,
    pub reference: String,
}

/// Each as that hand sees it; `second` is nobody where the reader cannot confirm anything.
pub async fn all(tx: &mut Tx, second: Option<super::Hand>, now: UnixMs, of: Vec<Override>) -> Result<Vec<Shown>> {
    let sites = sites::all(tx).await?;
    let named = |it: &Override| {
        let decided = it.decided.as_ref();
        [it.asked_by, it.asked_for, decided.map(|it| it.by), decided.and_then(|it| it.acting_for)].into_iter().flatten().collect::<Vec<_>>()
    };
    let people = People::of(tx, of.iter().flat_map(named).collect::<BTreeSet<PersonId>>()).await?;
    let mut shown = Vec::with_capacity(of.len());
    for it in of {
        shown.push(one(tx, &people, &sites, second, now, it).await?);
    }
    Ok(shown)
}

async fn one(tx: &mut Tx, people: &People, sites: &[Site], second: Option<super::Hand>, now: UnixMs, it: Override) -> Result<Shown> {
    let reservation = match it.reservation {
        Some(id) => reservations::store::by_id(tx, id).await?.map(|it| OverrideReservation { id, reference: it.reference }),
        None => None,
    };
    let open = it.state == OverrideState::Asked && it.slot.starts_at > now;
    let decided = it.decided.as_ref();
    Ok(Shown {
        may_confirm: open && second.is_some_and(|by| rules::second_person(&it, by).is_ok()),
        id: it.id,
        origin: it.origin,
        state: it.state,
        agency: people::agency(tx, it.agency).await?,
        sites: it.sites.iter().map(|site| named_site(sites, *site)).collect(),
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        reservation,
        asked_by: it.asked_by.map(|id| people.get(id)),
        asked_for: it.asked_for.map(|id| people.get(id)),
        asked_at_ms: it.asked_at,
        decided_by: decided.map(|it| people.get(it.by)),
        decided_for: decided.and_then(|it| it.acting_for).map(|id| people.get(id)),
        decided_at_ms: decided.map(|it| it.at),
        words: decided.and_then(|it| it.words.clone()),
        exempt: it.exempt,
        reason: it.reason,
    })
}
