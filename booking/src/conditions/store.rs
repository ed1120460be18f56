//! Condition reports as stored.

use super::{ConditionDraft, Point, PointReport};
use crate::reservations::view::ConditionRef;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{ConditionId, PersonId, ReservationId, SiteId},
};

/// Reports in one answer.
const LIST_MAX: i64 = 100;

kernel::sql! {
    INSERT = "INSERT INTO condition_report (id, reservation_id, site_id, note, filed_by, filed_at_ms) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_POINT = "INSERT INTO condition_point (condition_id, point, sound, note) VALUES ($1, $2, $3, $4)";
    OF_RESERVATION = "SELECT c.site_id, c.id, c.filed_at_ms,
            (SELECT COUNT(*) FROM condition_point p WHERE p.condition_id = c.id AND NOT p.sound) AS unsound
        FROM condition_report c WHERE c.reservation_id = $1 ORDER BY c.site_id";
    AT_SITE = "SELECT id, reservation_id, site_id, note, filed_by, filed_at_ms FROM condition_report
        WHERE site_id = $1 ORDER BY filed_at_ms DESC LIMIT $2";
    BY_ID = "SELECT id, reservation_id, site_id, note, filed_by, filed_at_ms FROM condition_report WHERE id = $1";
    POINTS = "SELECT point, sound, note FROM condition_point WHERE condition_id = $1";
    DUE = "SELECT r.id, r.reference, r.title, r.ends_at_ms FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        WHERE o.site_id = $1 AND r.state = 'approved' AND r.ends_at_ms <= $2
          AND NOT EXISTS (SELECT 1 FROM condition_report c WHERE c.reservation_id = r.id AND c.site_id = o.site_id)
        ORDER BY r.ends_at_ms LIMIT $3";
}

/// A report as stored.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: ConditionId,
    pub reservation: ReservationId,
    pub site: SiteId,
    pub points: Vec<PointReport>,
    pub note: Option<String>,
    pub filed_by: PersonId,
    pub filed_at: UnixMs,
}

/// A use whose report is owed.
#[derive(Clone, Debug)]
pub struct Due {
    pub reservation: ReservationId,
    pub reference: String,
    pub title: String,
    pub ended_at: UnixMs,
}

/// A note as it is kept: trimmed, and none where it is blank.
fn kept(note: &Option<String>) -> Option<String> {
    note.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// Files the report; once a reservation and site (TP-7).
pub async fn file(
    tx: &mut Tx,
    id: ConditionId,
    (reservation, site): (ReservationId, SiteId),
    draft: &ConditionDraft,
    by: PersonId,
    at: UnixMs,
) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(reservation)).bind(Text(site)).bind(kept(&draft.note)).bind(Text(by)).bind(at.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| (name == "condition_report_reservation_id_site_id_key").then(|| Refusal::by(Code::ConditionFiled, Rule::Tp7)))?;
    for point in &draft.points {
        on!(tx, c => sqlx::query(INSERT_POINT)
            .bind(Text(id)).bind(point.point.text()).bind(point.sound).bind(kept(&point.note)).execute(c).await.map(drop))?;
    }
    Ok(())
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
    filed_by: Text<PersonId>,
    filed_at_ms: i64,
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
    let rows: Vec<(Text<Point>, bool, Option<String>)> = on!(tx, c => sqlx::query_as(POINTS).bind(row.id).fetch_all(c).await)?;
    let mut points: Vec<PointReport> = rows.into_iter().map(|(point, sound, note)| PointReport { point: point.0, sound, note }).collect();
    points.sort_by_key(|it| it.point);
    Ok(Stored {
        id: row.id.0,
        reservation: row.reservation_id.0,
        site: row.site_id.0,
        points,
        note: row.note,
        filed_by: row.filed_by.0,
        filed_at: UnixMs(row.filed_at_ms),
    })
}

/// The uses of a site that ended without a report, the longest owed first.
pub async fn due(tx: &mut Tx, site: SiteId, now: UnixMs) -> Result<Vec<Due>> {
    let rows: Vec<(Text<ReservationId>, String, String, i64)> =
        on!(tx, c => sqlx::query_as(DUE).bind(Text(site)).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    let due = |(id, reference, title, ended): (Text<ReservationId>, String, String, i64)| Due {
        reservation: id.0,
        reference,
        title,
        ended_at: UnixMs(ended),
    };
    Ok(rows.into_iter().map(due).collect())
}
