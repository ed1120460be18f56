//! Condition reports as stored.

use super::{DefectFault, Point, PointDraft, PointReport, SecondSignature, Signer};
use crate::reservations::view::ConditionRef;
use kernel::{OnConstraint, Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, ConditionId, FaultId, PersonId, ReservationId, SiteId},
};

/// Reports in one answer.
const LIST_MAX: i64 = 100;

/// A use that ended and whose report is owed: of a site that it still had at the end, and to which somebody came.
macro_rules! owed {
    ($select:literal, $rest:literal) => {
        concat!(
            $select,
            " FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
             WHERE r.state IN ('approved', 'displaced') AND o.state <> 'released'
               AND NOT EXISTS (SELECT 1 FROM site_use u WHERE u.reservation_id = r.id AND u.site_id = o.site_id AND u.no_show_at_ms IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM condition_report c WHERE c.reservation_id = r.id AND c.site_id = o.site_id) ",
            $rest
        )
    };
}

macro_rules! select_report {
    ($rest:literal) => {
        concat!(
            "SELECT id, reservation_id, site_id, note, filed_as, filed_by, filed_at_ms, answer, answered_by, answered_at_ms, answer_note
             FROM condition_report ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO condition_report (id, reservation_id, site_id, note, filed_as, filed_by, filed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INSERT_POINT = "INSERT INTO condition_point (condition_id, point, sound, note, fault_id) VALUES ($1, $2, $3, $4, $5)";
    SIGN = "UPDATE condition_report SET answer = $2, answer_note = $3, answered_by = $4, answered_at_ms = $5 WHERE id = $1 AND answer IS NULL";
    OF_RESERVATION = "SELECT c.site_id, c.id, c.filed_at_ms,
            (SELECT COUNT(*) FROM condition_point p WHERE p.condition_id = c.id AND NOT p.sound) AS unsound
        FROM condition_report c WHERE c.reservation_id = $1 ORDER BY c.site_id";
    AT_SITE = select_report!("WHERE site_id = $1 ORDER BY filed_at_ms DESC LIMIT $2");
    BY_ID = select_report!("WHERE id = $1");
    POINTS = "SELECT p.point, p.sound, p.note, p.fault_id, f.reference FROM condition_point p LEFT JOIN fault f ON f.id = p.fault_id
        WHERE p.condition_id = $1";
    DUE = owed!("SELECT r.id, o.site_id, r.reference, r.title, r.ends_at_ms", "AND o.site_id = $1 AND r.ends_at_ms <= $2 ORDER BY r.ends_at_ms LIMIT $3");
    OWED = owed!(
        "SELECT r.id, o.site_id, r.reference, r.title, r.ends_at_ms",
        "AND r.ends_at_ms > $1 AND r.ends_at_ms <= $2 ORDER BY r.ends_at_ms, o.site_id LIMIT $3"
    );
    OVERDUE_BY_AGENCY = owed!("SELECT r.agency_id, COUNT(*)", "AND r.ends_at_ms <= $1 GROUP BY r.agency_id");
    OVERDUE_OF_AGENCY = owed!("SELECT COUNT(*)", "AND r.agency_id = $2 AND r.ends_at_ms <= $1");
    LAST_BEFORE = "SELECT r.ends_at_ms, c.id FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        LEFT JOIN condition_report c ON c.reservation_id = r.id AND c.site_id = o.site_id
        WHERE o.site_id = $1 AND r.state IN ('approved', 'displaced') AND o.state <> 'released' AND r.ends_at_ms <= $2
          AND NOT EXISTS (SELECT 1 FROM site_use u WHERE u.reservation_id = r.id AND u.site_id = o.site_id AND u.no_show_at_ms IS NOT NULL)
        ORDER BY r.ends_at_ms DESC LIMIT 1";
    LAST_REMINDER = "SELECT number, on_date FROM condition_reminder WHERE reservation_id = $1 AND site_id = $2 ORDER BY number DESC LIMIT 1";
    ADD_REMINDER = "INSERT INTO condition_reminder (reservation_id, site_id, number, at_ms, on_date) VALUES ($1, $2, $3, $4, $5)";
}

/// A report as stored.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: ConditionId,
    pub reservation: ReservationId,
    pub site: SiteId,
    pub points: Vec<PointReport>,
    pub note: Option<String>,
    pub filed_as: Signer,
    pub filed_by: PersonId,
    pub filed_at: UnixMs,
    pub signed: Option<Signed>,
}

/// What the other side said.
#[derive(Clone, Debug)]
pub struct Signed {
    pub answer: SecondSignature,
    pub by: PersonId,
    pub at: UnixMs,
    pub note: Option<String>,
}

/// A use whose report is owed.
#[derive(Clone, Debug)]
pub struct Owed {
    pub reservation: ReservationId,
    pub site: SiteId,
    pub reference: String,
    pub title: String,
    pub ended_at: UnixMs,
}

/// A note as it is kept: trimmed, and none where it is blank.
fn kept(note: Option<&str>) -> Option<&str> {
    note.map(str::trim).filter(|it| !it.is_empty())
}

/// Files the report; once a reservation and site (TP-7).
pub async fn file(
    tx: &mut Tx,
    id: ConditionId,
    (reservation, site): (ReservationId, SiteId),
    note: Option<&str>,
    signer: Signer,
    by: PersonId,
    at: UnixMs,
) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(reservation)).bind(Text(site)).bind(kept(note)).bind(signer.text()).bind(Text(by)).bind(at.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| (name == "condition_report_reservation_id_site_id_key").then(|| Refusal::by(Code::ConditionFiled, Rule::Tp7)))?;
    Ok(())
}

pub async fn add_point(tx: &mut Tx, id: ConditionId, point: &PointDraft, fault: Option<FaultId>) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT_POINT)
        .bind(Text(id)).bind(point.point.text()).bind(point.sound).bind(kept(point.note.as_deref())).bind(fault.map(Text))
        .execute(c).await.map(drop))?;
    Ok(())
}

/// Whether nobody had signed it as the other side.
pub async fn sign(tx: &mut Tx, id: ConditionId, answer: SecondSignature, note: Option<&str>, by: PersonId, at: UnixMs) -> Result<bool> {
    let changed: u64 = on!(tx, c => sqlx::query(SIGN)
        .bind(Text(id)).bind(answer.text()).bind(note).bind(Text(by)).bind(at.0).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed == 1)
}

pub async fn of_reservation(tx: &mut Tx, id: ReservationId) -> Result<Vec<(SiteId, ConditionRef)>> {
    type Row = (Text<SiteId>, Text<ConditionId>, i64, i64);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_RESERVATION).bind(Text(id)).fetch_all(c).await)?;
    let filed = |(site, id, at, unsound): Row| (site.0, ConditionRef { id: id.0, filed_at_ms: UnixMs(at), sound: unsound == 0 });
    Ok(rows.into_iter().map(filed).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<ConditionId>,
    reservation_id: Text<ReservationId>,
    site_id: Text<SiteId>,
    note: Option<String>,
    filed_as: Text<Signer>,
    filed_by: Text<PersonId>,
    filed_at_ms: i64,
    answer: Option<Text<SecondSignature>>,
    answered_by: Option<Text<PersonId>>,
    answered_at_ms: Option<i64>,
    answer_note: Option<String>,
}

pub async fn at_site(tx: &mut Tx, site: SiteId) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(whole(tx, row).await?);
    }
    Ok(found)
}

pub async fn by_id(tx: &mut Tx, id: ConditionId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    match row {
        Some(row) => Ok(Some(whole(tx, row).await?)),
        None => Ok(None),
    }
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Stored> {
    type PointRow = (Text<Point>, bool, Option<String>, Option<Text<FaultId>>, Option<String>);
    let rows: Vec<PointRow> = on!(tx, c => sqlx::query_as(POINTS).bind(row.id).fetch_all(c).await)?;
    let point = |(point, sound, note, fault, reference): PointRow| PointReport {
        point: point.0,
        sound,
        note,
        fault: fault.zip(reference).map(|(id, reference)| DefectFault { id: id.0, reference }),
    };
    let mut points: Vec<PointReport> = rows.into_iter().map(point).collect();
    points.sort_by_key(|it| it.point);
    let signed = row.answer.zip(row.answered_by.zip(row.answered_at_ms));
    Ok(Stored {
        id: row.id.0,
        reservation: row.reservation_id.0,
        site: row.site_id.0,
        points,
        note: row.note,
        filed_as: row.filed_as.0,
        filed_by: row.filed_by.0,
        filed_at: UnixMs(row.filed_at_ms),
        signed: signed.map(|(answer, (by, at))| Signed { answer: answer.0, by: by.0, at: UnixMs(at), note: row.answer_note }),
    })
}

type OwedRow = (Text<ReservationId>, Text<SiteId>, String, String, i64);

fn owed_use((id, site, reference, title, ended): OwedRow) -> Owed {
    Owed { reservation: id.0, site: site.0, reference, title, ended_at: UnixMs(ended) }
}

/// The uses of a site that ended without a report, the longest owed first.
pub async fn due(tx: &mut Tx, site: SiteId, now: UnixMs) -> Result<Vec<Owed>> {
    let rows: Vec<OwedRow> = on!(tx, c => sqlx::query_as(DUE).bind(Text(site)).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(owed_use).collect())
}

/// The uses that ended after `from` and not after `until` without a report, everywhere.
pub async fn owed(tx: &mut Tx, from: UnixMs, until: UnixMs, limit: i64) -> Result<Vec<Owed>> {
    let rows: Vec<OwedRow> = on!(tx, c => sqlx::query_as(OWED).bind(from.0).bind(until.0).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(owed_use).collect())
}

/// How many reports each agency owes on uses that ended at `until` or before: with the hours of the policy taken off now, those overdue.
pub async fn overdue_by_agency(tx: &mut Tx, until: UnixMs) -> Result<BTreeMap<AgencyId, i64>> {
    let rows: Vec<(Text<AgencyId>, i64)> = on!(tx, c => sqlx::query_as(OVERDUE_BY_AGENCY).bind(until.0).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(agency, count)| (agency.0, count)).collect())
}

/// How many of one agency.
pub async fn overdue_of_agency(tx: &mut Tx, agency: AgencyId, until: UnixMs) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(OVERDUE_OF_AGENCY).bind(until.0).bind(Text(agency)).fetch_one(c).await)?)
}

/// Whether nobody has said how the room was left by the last use before `starts_at`, and that use is over.
pub async fn is_unverified(tx: &mut Tx, site: SiteId, starts_at: UnixMs, now: UnixMs) -> Result<bool> {
    let last: Option<(i64, Option<Text<ConditionId>>)> =
        on!(tx, c => sqlx::query_as(LAST_BEFORE).bind(Text(site)).bind(starts_at.0).fetch_optional(c).await)?;
    Ok(last.is_some_and(|(ended, report)| ended <= now.0 && report.is_none()))
}

/// The number and the day of the last reminder.
pub async fn last_reminder(tx: &mut Tx, reservation: ReservationId, site: SiteId) -> Result<Option<(i64, String)>> {
    Ok(on!(tx, c => sqlx::query_as(LAST_REMINDER).bind(Text(reservation)).bind(Text(site)).fetch_optional(c).await)?)
}

pub async fn add_reminder(tx: &mut Tx, reservation: ReservationId, site: SiteId, number: i64, at: UnixMs, day: &str) -> Result<()> {
    on!(tx, c => sqlx::query(ADD_REMINDER)
        .bind(Text(reservation)).bind(Text(site)).bind(number).bind(at.0).bind(day).execute(c).await.map(drop))?;
    Ok(())
}
