//! A fault as it is shown: how it stands against its target, what was done, and what this person may do.

use super::{
    EventKind, FaultOutcome, FaultState, Severity, WaitsFor, clock,
    clock::Sla,
    rules,
    site_days::WorkCalendar,
    store::{self, Stored},
};
use crate::{
    blocks,
    people::People,
    photographs::{self, PhotographRef, Subject},
    sites::{self, Equipment, Site},
};
use identity::{Actor, PersonRef};
use kernel::{Result, Tx, clock::MALAYSIA};
use serde::Serialize;
use wire::{
    Code, UnixMs,
    id::{BlockId, EquipmentId, FaultId, ReservationId, SiteId},
};

/// Other open faults of the same piece of equipment that are named beside one.
const OTHERS_MAX: usize = 5;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Fault {
    pub id: FaultId,
    /// `F-2026-00012`
    pub reference: String,
    pub site: SiteId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<EquipmentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<ReservationId>,
    pub severity: Severity,
    pub description: String,
    pub state: FaultState,
    /// Nobody where it was reported at the room's own panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<PersonRef>,
    pub reported_at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FaultOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_note: Option<String>,
    pub sla: Sla,
    pub changed_at_ms: UnixMs,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FaultDetail {
    pub fault: Fault,
    pub history: Vec<FaultEvent>,
    pub photographs: Vec<PhotographRef>,
    /// The room is blocked for it, or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<FaultBlock>,
    /// Other open faults of the same piece of equipment.
    pub others: Vec<FaultHint>,
    pub may: Vec<EventKind>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FaultEvent {
    pub at_ms: UnixMs,
    pub kind: EventKind,
    /// The severity, reason to wait or outcome; the name of whom it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FaultBlock {
    pub id: BlockId,
    pub starts_at_ms: UnixMs,
    /// Absent while nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<UnixMs>,
    pub stands: bool,
    /// Bookings that lost the room to it.
    pub displaced: usize,
    /// Those of them for which nothing was chosen yet.
    pub unsettled: usize,
}

/// An open fault, as anybody may know of it: so that nothing is reported twice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FaultHint {
    pub id: FaultId,
    pub reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<EquipmentId>,
    pub severity: Severity,
    pub state: FaultState,
    pub reported_at_ms: UnixMs,
    /// For those who may see the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What is read once for an answer.
pub struct Scene {
    sites: Vec<Site>,
    calendar: WorkCalendar,
    targets: clock::Targets,
    now: UnixMs,
}

impl Scene {
    pub async fn read(tx: &mut Tx, of: &[Stored], now: UnixMs) -> Result<Self> {
        let from = of.iter().map(|it| it.reported_at).min().unwrap_or(now);
        Ok(Self {
            sites: sites::all(tx).await?,
            calendar: WorkCalendar::read(tx, from, now, MALAYSIA).await?,
            targets: store::targets(tx, now).await?,
            now,
        })
    }

    fn equipment(&self, it: &Stored) -> Option<&Equipment> {
        let site = self.sites.iter().find(|site| site.id == it.site)?;
        site.equipment.iter().find(|equipment| Some(equipment.id) == it.equipment)
    }

    fn sla(&self, it: &Stored, events: &[super::Event]) -> Result<Sla> {
        let site = self.sites.iter().find(|site| site.id == it.site).ok_or(Code::NotFound)?;
        Ok(clock::sla(&rules::turns(events), &self.targets, &self.calendar.at(site), self.now))
    }
}

pub async fn all(tx: &mut Tx, found: Vec<Stored>, now: UnixMs) -> Result<Vec<Fault>> {
    let scene = Scene::read(tx, &found, now).await?;
    let named = found.iter().flat_map(|it| [it.reported_by, it.assigned_to]).flatten().collect();
    let people = People::of(tx, named).await?;
    let mut shown = Vec::with_capacity(found.len());
    for it in found {
        let events = store::events(tx, it.id).await?;
        let sla = scene.sla(&it, &events)?;
        shown.push(one(&scene, &people, it, sla));
    }
    Ok(shown)
}

fn one(scene: &Scene, people: &People, it: Stored, sla: Sla) -> Fault {
    Fault {
        equipment_name: scene.equipment(&it).map(|it| it.name.clone()),
        id: it.id,
        reference: it.reference,
        site: it.site,
        equipment: it.equipment,
        reservation: it.reservation,
        severity: it.severity,
        description: it.description,
        state: it.state,
        reported_by: it.reported_by.map(|by| people.get(by)),
        reported_at_ms: it.reported_at,
        assigned_to: it.assigned_to.map(|it| people.get(it)),
        waits_for: it.waits_for,
        outcome: it.outcome,
        outcome_note: it.outcome_note,
        sla,
        changed_at_ms: it.changed_at,
    }
}

pub async fn detail(tx: &mut Tx, actor: &Actor, it: Stored, now: UnixMs) -> Result<FaultDetail> {
    let events = store::events(tx, it.id).await?;
    let given = |event: &super::Event| match event.kind {
        EventKind::Assign => event.value.as_deref().and_then(|it| it.parse().ok()),
        _ => None,
    };
    let named = events.iter().flat_map(|event| [event.by, given(event)]).chain([it.reported_by, it.assigned_to]).flatten().collect();
    let people = People::of(tx, named).await?;
    let scene = Scene::read(tx, std::slice::from_ref(&it), now).await?;
    let sla = scene.sla(&it, &events)?;
    let history = events.into_iter().map(|event| FaultEvent {
        at_ms: event.at,
        kind: event.kind,
        value: given(&event).map(|person| people.name(person)).or(event.value),
        note: event.note,
        by: event.by.map(|by| people.name(by)),
    });
    let history = history.collect();
    let block = block(tx, it.id, now).await?;
    let others = match it.equipment {
        Some(equipment) => hints(tx, actor, store::List::OpenOn(equipment)).await?,
        None => Vec::new(),
    };
    Ok(FaultDetail {
        photographs: photographs::of(tx, Subject::Fault(it.id)).await?,
        others: others.into_iter().filter(|other| other.id != it.id).take(OTHERS_MAX).collect(),
        may: rules::may(&it, actor, now),
        history,
        block,
        fault: one(&scene, &people, it, sla),
    })
}

async fn block(tx: &mut Tx, fault: FaultId, now: UnixMs) -> Result<Option<FaultBlock>> {
    let Some(block) = blocks::of_fault(tx, fault).await?.into_iter().next() else { return Ok(None) };
    let displaced = blocks::displaced_by(tx, block.id).await?;
    Ok(Some(FaultBlock {
        id: block.id,
        starts_at_ms: block.starts_at,
        ends_at_ms: block.ends_at,
        stands: block.stands(now),
        displaced: displaced.len(),
        unsettled: displaced.iter().filter(|it| it.outcome.is_none()).count(),
    }))
}

/// Open faults as anybody may know of them.
pub async fn hints(tx: &mut Tx, actor: &Actor, of: store::List) -> Result<Vec<FaultHint>> {
    let found = store::list(tx, of).await?;
    let hint = |it: Stored| FaultHint {
        description: rules::sees(&it, actor).then(|| it.description.clone()),
        id: it.id,
        reference: it.reference,
        equipment: it.equipment,
        severity: it.severity,
        state: it.state,
        reported_at_ms: it.reported_at,
    };
    Ok(found.into_iter().map(hint).collect())
}
