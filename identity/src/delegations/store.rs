//! Delegations in the database.

use super::{Delegation, rules::PER_LENDER_MAX};
use chrono::NaiveDate;
use kernel::{Error, Result, Text, Tx, clock::date_text, on};
use wire::{
    UnixMs,
    id::{AgencyId, DelegationId, PersonId},
};

/// Delegations in one list: what one lends, and what a dozen colleagues lend one.
const LIST_MAX: i64 = 12 * PER_LENDER_MAX as i64;

kernel::sql! {
    INSERT = "INSERT INTO delegation (id, lender_id, delegate_id, from_date, to_date, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6)";
    END = "UPDATE delegation SET ended_at_ms = $2, ended_by = $3 WHERE id = $1 AND ended_at_ms IS NULL RETURNING id";
    BY_ID = "SELECT d.id, d.lender_id, d.delegate_id, d.from_date, d.to_date, d.ended_at_ms, NOT a.is_central AS outside
        FROM delegation d JOIN person p ON p.id = d.delegate_id JOIN agency a ON a.id = p.agency_id
        WHERE d.id = $1";
    OF_LENDER = "SELECT d.id, d.lender_id, d.delegate_id, d.from_date, d.to_date, d.ended_at_ms, NOT a.is_central AS outside
        FROM delegation d JOIN person p ON p.id = d.delegate_id JOIN agency a ON a.id = p.agency_id
        WHERE d.lender_id = $1 AND d.to_date >= $2 AND d.ended_at_ms IS NULL ORDER BY d.from_date, d.id LIMIT $3";
    OF_PERSON = "SELECT d.id, d.lender_id, d.delegate_id, d.from_date, d.to_date, d.ended_at_ms, NOT a.is_central AS outside
        FROM delegation d JOIN person p ON p.id = d.delegate_id JOIN agency a ON a.id = p.agency_id
        WHERE (d.lender_id = $1 OR d.delegate_id = $1) AND d.to_date >= $2 AND d.ended_at_ms IS NULL ORDER BY d.from_date, d.id LIMIT $3";
    /// The lender has the role today: one who lost it lends nothing.
    IN_FORCE = "SELECT d.lender_id, a.id FROM delegation d
        JOIN person p ON p.id = d.lender_id JOIN agency a ON a.id = p.agency_id JOIN person_role r ON r.person_id = p.id
        WHERE d.delegate_id = $1 AND d.from_date <= $2 AND d.to_date >= $2 AND d.ended_at_ms IS NULL
          AND p.state = 'active' AND a.is_central AND r.role = 'approver'
        ORDER BY d.created_at_ms, d.id LIMIT 1";
    DECIDING_ON = "SELECT DISTINCT d.delegate_id FROM delegation d
        JOIN person p ON p.id = d.lender_id JOIN agency a ON a.id = p.agency_id JOIN person_role r ON r.person_id = p.id
        JOIN person q ON q.id = d.delegate_id JOIN agency b ON b.id = q.agency_id
        WHERE a.id = $1 AND d.from_date <= $2 AND d.to_date >= $2 AND d.ended_at_ms IS NULL
          AND p.state = 'active' AND q.state = 'active' AND a.is_central AND NOT b.is_central AND r.role = 'approver'
        ORDER BY d.delegate_id LIMIT $3";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<DelegationId>,
    lender_id: Text<PersonId>,
    delegate_id: Text<PersonId>,
    from_date: String,
    to_date: String,
    ended_at_ms: Option<i64>,
    outside: bool,
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
            outside: row.outside,
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

/// What is lent to somebody: by whom, and of which agency they are.
pub(super) struct Lent {
    pub lender: PersonId,
    pub agency: AgencyId,
}

/// Who lends this person the approver's role on that day; the earliest lender of several.
pub(super) async fn in_force(tx: &mut Tx, delegate: PersonId, day: NaiveDate) -> Result<Option<Lent>> {
    let lent: Option<(Text<PersonId>, Text<AgencyId>)> =
        on!(tx, c => sqlx::query_as(IN_FORCE).bind(Text(delegate)).bind(date_text(day)).fetch_optional(c).await)?;
    Ok(lent.map(|(lender, agency)| Lent { lender: lender.0, agency: agency.0 }))
}

/// The delegates of other agencies on that day, of the approvers of this one.
pub(super) async fn deciding_on(tx: &mut Tx, agency: AgencyId, day: NaiveDate) -> Result<Vec<PersonId>> {
    let rows: Vec<Text<PersonId>> =
        on!(tx, c => sqlx::query_scalar(DECIDING_ON).bind(Text(agency)).bind(date_text(day)).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}
