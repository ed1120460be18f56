//! Devices, their enrolments and their proofs as stored.

use super::{DeviceKind, EnrolmentState, Stored};
use kernel::{OnConstraint, Result, Text, Tx, on};
use uuid::Uuid;
use wire::{
    Code, Refusal, UnixMs,
    grant::PROOF_LIFE_S_MAX,
    id::{DeviceId, MeetingId, PersonId, SiteId},
};

/// Devices and enrolments in one answer: every site's, many times over.
const LIST_MAX: i64 = 500;
/// A proof that is out of date is refused for that; twice the time covers a clock that is set back.
const PROOFS_KEPT_MS: i64 = 4 * PROOF_LIFE_S_MAX * 1000;
/// An enrolment that came to nothing is kept for a day, for whoever asks what became of it.
const ENROLMENTS_KEPT_MS: i64 = 24 * 3_600_000;

macro_rules! select_device {
    ($rest:literal) => {
        concat!(
            "SELECT id, site_id, kind, name, jkt, enrolled_by, confirmed_by, enrolled_at_ms, seen_at_ms, revoked_at_ms, credential_hash,
                credential_expires_at_ms FROM device ",
            $rest
        )
    };
}
macro_rules! select_enrolment {
    ($rest:literal) => {
        concat!("SELECT id, jkt, state, expires_at_ms, site_id, kind, name, entered_by, entered_at_ms FROM device_enrolment ", $rest)
    };
}

kernel::sql! {
    BY_JKT = select_device!("WHERE jkt = $1");
    BY_ID = select_device!("WHERE id = $1");
    LIST = select_device!("WHERE revoked_at_ms IS NULL ORDER BY site_id, enrolled_at_ms LIMIT $1");
    COUNT = "SELECT COUNT(*) FROM device WHERE site_id = $1 AND revoked_at_ms IS NULL";
    INSERT = "INSERT INTO device (id, site_id, kind, name, jkt, enrolled_by, confirmed_by, enrolled_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SEEN = "UPDATE device SET seen_at_ms = $2 WHERE id = $1";
    RENEW = "UPDATE device SET credential_hash = $2, credential_expires_at_ms = $3 WHERE id = $1 AND revoked_at_ms IS NULL RETURNING id";
    REVOKE = "UPDATE device SET revoked_at_ms = $2, revoked_by = $3, credential_hash = NULL WHERE id = $1 AND revoked_at_ms IS NULL RETURNING id";
    REVOKE_ALL = "UPDATE device SET revoked_at_ms = $1, credential_hash = NULL WHERE revoked_at_ms IS NULL";
    /// The meetings that a room system may be in, or on its way into.
    MEETINGS = "SELECT DISTINCT g.meeting_id FROM minted_grant g JOIN meeting m ON m.id = g.meeting_id
        WHERE g.person_id = $1 AND m.ended_at_ms IS NULL AND m.closes_at_ms > $2 ORDER BY g.meeting_id LIMIT $3";
    TAKE_PROOF = "INSERT INTO device_proof (jkt, jti, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING at_ms";
    FORGET_PROOFS = "DELETE FROM device_proof WHERE at_ms < $1";
    FORGET_ENROLMENTS = "DELETE FROM device_enrolment WHERE expires_at_ms < $1";
    FORGET_TRIES = "DELETE FROM device_code_try WHERE at_ms < $1";
    OPEN_CODES = "SELECT COUNT(*) FROM device_enrolment WHERE state = 'waiting' AND expires_at_ms > $1";
    SHOW_CODE = "INSERT INTO device_enrolment (id, jkt, code_hash, state, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, 'waiting', $4, $5)";
    ENTER = "UPDATE device_enrolment SET state = 'entered', site_id = $3, kind = $4, name = $5, entered_by = $6, entered_at_ms = $2
        WHERE code_hash = $1 AND state = 'waiting' AND expires_at_ms > $2 RETURNING id";
    CONFIRM = "UPDATE device_enrolment SET state = $2, confirmed_by = $3 WHERE id = $1 AND state = 'entered' AND expires_at_ms > $4 RETURNING id";
    ENROLMENT = select_enrolment!("WHERE id = $1");
    ENTERED = select_enrolment!("WHERE state = 'entered' AND expires_at_ms > $1 ORDER BY entered_at_ms LIMIT $2");
    TRIES = "SELECT COUNT(*) FROM device_code_try WHERE person_id = $1 AND at_ms > $2";
    TRY = "INSERT INTO device_code_try (person_id, at_ms) VALUES ($1, $2)";
}

/// A device with what its credential is judged by.
pub struct Held {
    pub device: Stored,
    pub credential_hash: Option<String>,
    pub credential_expires_at: Option<UnixMs>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<DeviceId>,
    site_id: Text<SiteId>,
    kind: Text<DeviceKind>,
    name: String,
    jkt: String,
    enrolled_by: Text<PersonId>,
    confirmed_by: Text<PersonId>,
    enrolled_at_ms: i64,
    seen_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
    credential_hash: Option<String>,
    credential_expires_at_ms: Option<i64>,
}

impl From<Row> for Held {
    fn from(row: Row) -> Self {
        let device = Stored {
            id: row.id.0,
            site: row.site_id.0,
            kind: row.kind.0,
            name: row.name,
            jkt: row.jkt,
            enrolled_by: row.enrolled_by.0,
            confirmed_by: row.confirmed_by.0,
            enrolled_at: UnixMs(row.enrolled_at_ms),
            seen_at: row.seen_at_ms.map(UnixMs),
            revoked_at: row.revoked_at_ms.map(UnixMs),
        };
        Self { device, credential_hash: row.credential_hash, credential_expires_at: row.credential_expires_at_ms.map(UnixMs) }
    }
}

pub async fn by_jkt(tx: &mut Tx, jkt: &str) -> Result<Option<Held>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_JKT).bind(jkt).fetch_optional(c).await)?;
    Ok(row.map(Held::from))
}

pub async fn by_id(tx: &mut Tx, id: DeviceId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(|row| Held::from(row).device))
}

/// A device that may join now, by the UUID under which the media plane knows it.
pub(crate) async fn room_system(tx: &mut Tx, id: DeviceId) -> Result<Option<Stored>> {
    Ok(by_id(tx, id).await?.filter(|it| it.kind == DeviceKind::RoomSystem && it.revoked_at.is_none()))
}

pub async fn list(tx: &mut Tx) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LIST).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|row| Held::from(row).device).collect())
}

pub async fn count(tx: &mut Tx, site: SiteId) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(COUNT).bind(Text(site)).fetch_one(c).await)?)
}

pub async fn insert(tx: &mut Tx, new: &Stored) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(Text(new.site)).bind(new.kind.text()).bind(&new.name).bind(&new.jkt)
        .bind(Text(new.enrolled_by)).bind(Text(new.confirmed_by)).bind(new.enrolled_at.0).execute(c).await.map(drop))
    .on_constraint(|name| match name {
        "device_jkt_key" => Some(Refusal::new(Code::Conflict)),
        "device_two_people" => Some(Refusal::new(Code::SecondPerson)),
        _ => None,
    })
}

pub async fn seen(tx: &mut Tx, id: DeviceId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SEEN).bind(Text(id)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// False where it was revoked.
pub async fn renew(tx: &mut Tx, id: DeviceId, credential_hash: &str, expires_at: UnixMs) -> Result<bool> {
    let found: Option<String> =
        on!(tx, c => sqlx::query_scalar(RENEW).bind(Text(id)).bind(credential_hash).bind(expires_at.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// False where it was revoked before.
pub async fn revoke(tx: &mut Tx, id: DeviceId, now: UnixMs, by: PersonId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(REVOKE).bind(Text(id)).bind(now.0).bind(Text(by)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// How many were revoked.
pub async fn revoke_all(tx: &mut Tx, now: UnixMs) -> Result<u64> {
    Ok(on!(tx, c => sqlx::query(REVOKE_ALL).bind(now.0).execute(c).await.map(|it| it.rows_affected()))?)
}

pub async fn meetings(tx: &mut Tx, id: DeviceId, now: UnixMs) -> Result<Vec<MeetingId>> {
    let rows: Vec<Text<MeetingId>> =
        on!(tx, c => sqlx::query_scalar(MEETINGS).bind(Text(id)).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// True the first time.
pub async fn take_proof(tx: &mut Tx, jkt: &str, jti: &str, now: UnixMs) -> Result<bool> {
    let first: Option<i64> = on!(tx, c => sqlx::query_scalar(TAKE_PROOF).bind(jkt).bind(jti).bind(now.0).fetch_optional(c).await)?;
    Ok(first.is_some())
}

/// Takes out what time has made useless.
pub async fn forget_old(tx: &mut Tx, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(FORGET_PROOFS).bind(now.0.saturating_sub(PROOFS_KEPT_MS)).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(FORGET_ENROLMENTS).bind(now.0.saturating_sub(ENROLMENTS_KEPT_MS)).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(FORGET_TRIES).bind(now.0.saturating_sub(super::code::LIFE_MS)).execute(c).await.map(drop))?;
    Ok(())
}

/// An enrolment on its way.
#[derive(Clone, Debug)]
pub struct Enrolment {
    pub id: Uuid,
    pub jkt: String,
    pub state: EnrolmentState,
    pub expires_at: UnixMs,
    pub entered: Option<Entered>,
}

/// What was said of it with the code.
#[derive(Clone, Debug)]
pub struct Entered {
    pub site: SiteId,
    pub kind: DeviceKind,
    pub name: String,
    pub by: PersonId,
    pub at: UnixMs,
}

#[derive(sqlx::FromRow)]
struct EnrolmentRow {
    id: Text<Uuid>,
    jkt: String,
    state: Text<EnrolmentState>,
    expires_at_ms: i64,
    site_id: Option<Text<SiteId>>,
    kind: Option<Text<DeviceKind>>,
    name: Option<String>,
    entered_by: Option<Text<PersonId>>,
    entered_at_ms: Option<i64>,
}

impl From<EnrolmentRow> for Enrolment {
    fn from(row: EnrolmentRow) -> Self {
        let entered = match (row.site_id, row.kind, row.name, row.entered_by, row.entered_at_ms) {
            (Some(site), Some(kind), Some(name), Some(by), Some(at)) => {
                Some(Entered { site: site.0, kind: kind.0, name, by: by.0, at: UnixMs(at) })
            }
            _ => None,
        };
        Self { id: row.id.0, jkt: row.jkt, state: row.state.0, expires_at: UnixMs(row.expires_at_ms), entered }
    }
}

pub async fn open_codes(tx: &mut Tx, now: UnixMs) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(OPEN_CODES).bind(now.0).fetch_one(c).await)?)
}

pub async fn show_code(tx: &mut Tx, id: Uuid, jkt: &str, code_hash: &str, now: UnixMs, expires_at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SHOW_CODE).bind(Text(id)).bind(jkt).bind(code_hash).bind(now.0).bind(expires_at.0).execute(c).await.map(drop))
        // One in a million million: the device asks again.
        .on_constraint(|name| (name == "device_enrolment_code_hash_key").then(|| Refusal::new(Code::Conflict)))
}

/// The enrolment whose code this is; nothing where no such code is shown.
pub async fn enter(tx: &mut Tx, code_hash: &str, entered: &Entered) -> Result<Option<Uuid>> {
    let found: Option<Text<Uuid>> = on!(tx, c => sqlx::query_scalar(ENTER)
        .bind(code_hash).bind(entered.at.0).bind(Text(entered.site)).bind(entered.kind.text()).bind(&entered.name).bind(Text(entered.by))
        .fetch_optional(c).await)?;
    Ok(found.map(|it| it.0))
}

/// Confirms or refuses. False where it was not waiting for it any more.
pub async fn settle(tx: &mut Tx, id: Uuid, to: EnrolmentState, confirmed_by: Option<PersonId>, now: UnixMs) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(CONFIRM)
        .bind(Text(id)).bind(to.text()).bind(confirmed_by.map(Text)).bind(now.0).fetch_optional(c).await)
    .on_constraint(|name| (name == "device_enrolment_two_people").then(|| Refusal::new(Code::SecondPerson)))?;
    Ok(found.is_some())
}

pub async fn enrolment(tx: &mut Tx, id: Uuid) -> Result<Option<Enrolment>> {
    let row: Option<EnrolmentRow> = on!(tx, c => sqlx::query_as(ENROLMENT).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Enrolment::from))
}

/// Those that wait for a second person.
pub async fn entered(tx: &mut Tx, now: UnixMs) -> Result<Vec<Enrolment>> {
    let rows: Vec<EnrolmentRow> = on!(tx, c => sqlx::query_as(ENTERED).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Enrolment::from).collect())
}

/// Wrong codes of this person since then.
pub async fn tries(tx: &mut Tx, person: PersonId, since: UnixMs) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(TRIES).bind(Text(person)).bind(since.0).fetch_one(c).await)?)
}

pub async fn note_try(tx: &mut Tx, person: PersonId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(TRY).bind(Text(person)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}
