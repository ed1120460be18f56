//! Agencies in the database.

use super::AgencyRef;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{Code, Refusal, UnixMs, id::AgencyId};

/// Agencies in one list: there are some 700 in the public sector.
const AGENCIES_MAX: i64 = 2_000;

kernel::sql! {
    BY_ID = "SELECT id, name, short_name, is_central FROM agency WHERE id = $1";
    CENTRAL = "SELECT id, name, short_name, is_central FROM agency WHERE is_central";
    ALL = "SELECT id, name, short_name, is_central FROM agency ORDER BY name, id LIMIT $1";
    INSERT = "INSERT INTO agency (id, name, short_name, is_central, created_at_ms) VALUES ($1, $2, $3, $4, $5)";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<AgencyId>,
    name: String,
    short_name: String,
    is_central: bool,
}

impl From<Row> for AgencyRef {
    fn from(row: Row) -> Self {
        Self { id: row.id.0, name: row.name, short_name: row.short_name, is_central: row.is_central }
    }
}

pub(super) async fn by_id(tx: &mut Tx, id: AgencyId) -> Result<Option<AgencyRef>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(AgencyRef::from))
}

pub(super) async fn central(tx: &mut Tx) -> Result<Option<AgencyRef>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(CENTRAL).fetch_optional(c).await)?;
    Ok(row.map(AgencyRef::from))
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<AgencyRef>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(ALL).bind(AGENCIES_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(AgencyRef::from).collect())
}

pub(super) async fn insert(tx: &mut Tx, agency: &AgencyRef, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(agency.id)).bind(&agency.name).bind(&agency.short_name).bind(agency.is_central).bind(now.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| match name {
        "agency_short_name_key" | "agency_is_central_key" => Some(Refusal::new(Code::Conflict)),
        "agency_name_filled" => Some(kernel::extract::malformed("name", "1 to 200 letters")),
        "agency_short_name_filled" => Some(kernel::extract::malformed("short_name", "1 to 30 letters")),
        _ => None,
    })
}
