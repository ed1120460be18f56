//! Feeds as stored, and what they list.

use super::{FEEDS_MAX, FeedKind};
use crate::policy::Slot;
use kernel::{Result, Text, Tx, on};
use wire::{
    Classification, UnixMs,
    id::{AgencyId, FeedId, MeetingId, PersonId, ReservationId, SiteId},
};

/// Uses in one feed: four months of a site that is never empty.
pub const USES_MAX: i64 = 800;

kernel::sql! {
    INSERT = "INSERT INTO calendar_feed (id, person_id, kind, site_id, token_hash, created_at_ms, content_hash, changed_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, '', $6)";
    COUNT = "SELECT COUNT(*) FROM calendar_feed WHERE person_id = $1 AND revoked_at_ms IS NULL";
    OF_PERSON = "SELECT id, person_id, kind, site_id, created_at_ms, last_used_at_ms, content_hash, changed_at_ms FROM calendar_feed
        WHERE person_id = $1 AND revoked_at_ms IS NULL ORDER BY id LIMIT $2";
    BY_TOKEN = "SELECT id, person_id, kind, site_id, created_at_ms, last_used_at_ms, content_hash, changed_at_ms FROM calendar_feed
        WHERE token_hash = $1 AND revoked_at_ms IS NULL";
    REVOKE = "UPDATE calendar_feed SET revoked_at_ms = $3 WHERE id = $1 AND person_id = $2 AND revoked_at_ms IS NULL RETURNING id";
    USED = "UPDATE calendar_feed SET last_used_at_ms = $2, content_hash = $3, changed_at_ms = $4 WHERE id = $1 AND revoked_at_ms IS NULL";
    OF_AGENCY = "SELECT r.id, r.reference, r.title, r.classification, r.state, r.agency_id, r.starts_at_ms, r.ends_at_ms, m.id AS meeting_id
        FROM reservation r LEFT JOIN meeting m ON m.reservation_id = r.id
        WHERE r.agency_id = $1 AND r.state IN ('submitted', 'approved') AND r.starts_at_ms < $3 AND r.ends_at_ms > $2
        ORDER BY r.starts_at_ms, r.id LIMIT $4";
    AT_SITE = "SELECT r.id, r.reference, r.title, r.classification, r.state, r.agency_id, r.starts_at_ms, r.ends_at_ms, m.id AS meeting_id
        FROM occupancy o JOIN reservation r ON r.id = o.reservation_id LEFT JOIN meeting m ON m.reservation_id = r.id
        WHERE o.site_id = $1 AND o.state <> 'released' AND o.starts_at_ms < $3 AND o.ends_at_ms > $2
        ORDER BY o.starts_at_ms, o.id LIMIT $4";
    BLOCKS = "SELECT id, kind, starts_at_ms, ends_at_ms FROM occupancy
        WHERE site_id = $1 AND kind <> 'reservation' AND state <> 'released' AND starts_at_ms < $3 AND ends_at_ms > $2
        ORDER BY starts_at_ms, id LIMIT $4";
    SITES_USED = "SELECT o.reservation_id, s.name FROM occupancy o JOIN site s ON s.id = o.site_id JOIN reservation r ON r.id = o.reservation_id
        WHERE r.agency_id = $1 AND r.state IN ('submitted', 'approved') AND r.starts_at_ms < $3 AND r.ends_at_ms > $2
        ORDER BY s.id LIMIT $4";
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    pub id: Text<FeedId>,
    pub person_id: Text<PersonId>,
    pub kind: Text<FeedKind>,
    pub site_id: Option<Text<SiteId>>,
    pub created_at_ms: i64,
    pub last_used_at_ms: Option<i64>,
    pub content_hash: String,
    pub changed_at_ms: i64,
}

/// A use of sites in a feed.
#[derive(Clone, Debug, sqlx::FromRow)]
struct UseRow {
    id: Text<ReservationId>,
    reference: String,
    title: String,
    classification: String,
    state: String,
    agency_id: Text<AgencyId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    meeting_id: Option<Text<MeetingId>>,
}

#[derive(Clone, Debug)]
pub struct Use {
    pub id: ReservationId,
    pub reference: String,
    pub title: String,
    pub classification: Classification,
    pub approved: bool,
    pub agency: AgencyId,
    pub slot: Slot,
    pub meeting: Option<MeetingId>,
}

/// A stretch in which a site is not to be had.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Block {
    pub id: String,
    pub kind: String,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
}

pub struct New<'a> {
    pub id: FeedId,
    pub person: PersonId,
    pub kind: FeedKind,
    pub site: Option<SiteId>,
    pub token_hash: &'a str,
    pub at: UnixMs,
}

pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(Text(new.person)).bind(new.kind.text()).bind(new.site.map(Text)).bind(new.token_hash).bind(new.at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn count(tx: &mut Tx, person: PersonId) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(COUNT).bind(Text(person)).fetch_one(c).await)?)
}

pub async fn of_person(tx: &mut Tx, person: PersonId) -> Result<Vec<Stored>> {
    Ok(on!(tx, c => sqlx::query_as(OF_PERSON).bind(Text(person)).bind(FEEDS_MAX).fetch_all(c).await)?)
}

pub async fn by_token(tx: &mut Tx, token_hash: &str) -> Result<Option<Stored>> {
    Ok(on!(tx, c => sqlx::query_as(BY_TOKEN).bind(token_hash).fetch_optional(c).await)?)
}

/// False where the person has no such feed.
pub async fn revoke(tx: &mut Tx, id: FeedId, person: PersonId, at: UnixMs) -> Result<bool> {
    let found: Option<Text<FeedId>> =
        on!(tx, c => sqlx::query_scalar(REVOKE).bind(Text(id)).bind(Text(person)).bind(at.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

pub async fn used(tx: &mut Tx, id: FeedId, at: UnixMs, content_hash: &str, changed_at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(USED).bind(Text(id)).bind(at.0).bind(content_hash).bind(changed_at.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn of_agency(tx: &mut Tx, agency: AgencyId, within: Slot) -> Result<Vec<Use>> {
    let rows: Vec<UseRow> = on!(tx, c => sqlx::query_as(OF_AGENCY)
        .bind(Text(agency)).bind(within.starts_at.0).bind(within.ends_at.0).bind(USES_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(used_of).collect())
}

pub async fn at_site(tx: &mut Tx, site: SiteId, within: Slot) -> Result<Vec<Use>> {
    let rows: Vec<UseRow> = on!(tx, c => sqlx::query_as(AT_SITE)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(USES_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(used_of).collect())
}

pub async fn blocks(tx: &mut Tx, site: SiteId, within: Slot) -> Result<Vec<Block>> {
    Ok(on!(tx, c => sqlx::query_as(BLOCKS)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(USES_MAX).fetch_all(c).await)?)
}

/// Names of the sites of each use of the agency.
pub async fn sites_used(tx: &mut Tx, agency: AgencyId, within: Slot) -> Result<Vec<(ReservationId, String)>> {
    let rows: Vec<(Text<ReservationId>, String)> = on!(tx, c => sqlx::query_as(SITES_USED)
        .bind(Text(agency)).bind(within.starts_at.0).bind(within.ends_at.0).bind(USES_MAX * 8).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| (it.0.0, it.1)).collect())
}

fn used_of(row: UseRow) -> Use {
    Use {
        id: row.id.0,
        reference: row.reference,
        title: row.title,
        classification: Classification::from_name(&row.classification),
        approved: row.state == "approved",
        agency: row.agency_id.0,
        slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
        meeting: row.meeting_id.map(|it| it.0),
    }
}
