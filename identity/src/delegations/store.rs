//! Delegations in the database.

use super::{Delegation, rules::PER_LENDER_MAX};
use chrono::NaiveDate;
use kernel::{Error, Result, Text, Tx, clock::date_text, on};
use wire::{
    UnixMs,
    id::{DelegationId, PersonId},
};

/// Delegations in one list: what one lends, and what a dozen colleagues lend one.
const LIST_MAX: i64 = 12 * PER_LENDER_MAX as i64;

kernel::sql! {
    INSERT = "INSERT INTO delegation (id, lender_id, delegate_id, from_date, to_date, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6)";
    END = "UPDATE delegation SET ended_at_ms = $2, ended_by = $3 WHERE id = $1 AND ended_at_ms IS NULL RETURNING id";
    BY_ID = "SELECT id, lender_id, delegate_id, from_date, to_date, ended_at_ms FROM delegation WHERE id = $1";
    OF_LENDER = "SELECT id, lender_id, delegate_id, from_date, to_date, ended_at_ms FROM delegation
        WHERE lender_id = $1 AND to_date >= $2 AND ended_at_ms IS NULL ORDER BY from_date, id LIMIT $3";
    OF_PERSON = "SELECT id, lender_id, delegate_id, from_date, to_date, ended_at_ms FROM delegation
        WHERE (lender_id = $1 OR delegate_id = $1) AND to_date >= $2 AND ended_at_ms IS NULL ORDER BY from_date, id LIMIT $3";
    /// The lender has the role today: one who lost it lends nothing.
    IN_FORCE = "SELECT d.lender_id FROM delegation d
        JOIN person p ON p.id = d.lender_id JOIN agency a ON a.id = p.agency_id JOIN person_role r ON r.person_id = p.id
        WHERE d.delegate_id = $1 AND d.from_date <= $2 AND d.to_date >= $2 AND d.ended_at_ms IS NULL
          AND p.state = 'active' AND a.is_central AND r.role = 'approver'
        ORDER BY d.created_at_ms, d.id LIMIT 1";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<DelegationId>,
    lender_id: Text<PersonId>,
    delegate_id: Text<PersonId>,
    from_date: String,
    to_date: String,
    ended_at_ms: Option<i64>,
}

impl TryFrom<Row> for Delegation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let date = |text: &str| text.parse::<NaiveDate>().map_err(|_| Error::broken("a delegation without a date"));
        Ok(Self {
            id: row.id.0,
            lender: row.lender_id.0,
            delegate: row.delegate_id.0,
            from: date(&row.from_date)?,
            to: date(&row.to_date)?,
            ended_at: row.ended_at_ms.map(UnixMs),
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, it: &Delegation, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(it.id)).bind(Text(it.lender)).bind(Text(it.delegate)).bind(date_text(it.from)).bind(date_text(it.to)).bind(now.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// False where it had ended already.
pub(super) async fn end(tx: &mut Tx, id: DelegationId, by: PersonId, now: UnixMs) -> Result<bool> {
    let ended: Option<String> = on!(tx, c => sqlx::query_scalar(END).bind(Text(id)).bind(now.0).bind(Text(by)).fetch_optional(c).await)?;
    Ok(ended.is_some())
}

pub(super) async fn by_id(tx: &mut Tx, id: DelegationId) -> Result<Option<Delegation>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    row.map(Delegation::try_from).transpose()
}

/// What this approver lends from that day on.
pub(super) async fn of_lender(tx: &mut Tx, lender: PersonId, from: NaiveDate) -> Result<Vec<Delegation>> {
    let rows: Vec<Row> =
        on!(tx, c => sqlx::query_as(OF_LENDER).bind(Text(lender)).bind(date_text(from)).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(Delegation::try_from).collect()
}

pub(super) async fn of_person(tx: &mut Tx, person: PersonId, from: NaiveDate) -> Result<Vec<Delegation>> {
    let rows: Vec<Row> =
        on!(tx, c => sqlx::query_as(OF_PERSON).bind(Text(person)).bind(date_text(from)).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(Delegation::try_from).collect()
}

/// Who lends this person the approver's role on that day; the earliest lender of several.
pub(crate) async fn in_force(tx: &mut Tx, delegate: PersonId, day: NaiveDate) -> Result<Option<PersonId>> {
    let lender: Option<Text<PersonId>> =
        on!(tx, c => sqlx::query_scalar(IN_FORCE).bind(Text(delegate)).bind(date_text(day)).fetch_optional(c).await)?;
    Ok(lender.map(|it| it.0))
}
