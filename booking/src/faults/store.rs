//! Faults as stored.

use super::{FaultDraft, FaultState, Severity};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{EquipmentId, FaultId, PersonId, SiteId},
};

/// Faults in one answer.
const LIST_MAX: i64 = 200;

kernel::sql! {
    INSERT = "INSERT INTO fault (id, reference, site_id, equipment_id, reservation_id, severity, description, state, reported_by, reported_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    BY_ID = "SELECT id, reference, site_id, equipment_id, severity, description, state, reported_by, reported_at_ms FROM fault WHERE id = $1";
    AT_SITE = "SELECT id, reference, site_id, equipment_id, severity, description, state, reported_by, reported_at_ms FROM fault
        WHERE site_id = $1 ORDER BY reported_at_ms DESC LIMIT $2";
    BY_PERSON = "SELECT id, reference, site_id, equipment_id, severity, description, state, reported_by, reported_at_ms FROM fault
        WHERE reported_by = $1 ORDER BY reported_at_ms DESC LIMIT $2";
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    pub id: Text<FaultId>,
    pub reference: String,
    pub site_id: Text<SiteId>,
    pub equipment_id: Option<Text<EquipmentId>>,
    pub severity: Text<Severity>,
    pub description: String,
    pub state: Text<FaultState>,
    pub reported_by: Text<PersonId>,
    pub reported_at_ms: i64,
}

pub async fn insert(tx: &mut Tx, id: FaultId, reference: &str, draft: &FaultDraft, by: PersonId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(reference).bind(Text(draft.site)).bind(draft.equipment.map(Text)).bind(draft.reservation.map(Text))
        .bind(draft.severity.text()).bind(draft.description.trim()).bind(Text(by)).bind(at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: FaultId) -> Result<Option<Stored>> {
    Ok(on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?)
}

pub async fn at_site(tx: &mut Tx, site: SiteId) -> Result<Vec<Stored>> {
    Ok(on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?)
}

pub async fn by_person(tx: &mut Tx, person: PersonId) -> Result<Vec<Stored>> {
    Ok(on!(tx, c => sqlx::query_as(BY_PERSON).bind(Text(person)).bind(LIST_MAX).fetch_all(c).await)?)
}
