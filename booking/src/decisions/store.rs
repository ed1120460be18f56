//! Decisions, returns, consents and reminders as stored.

use super::{
    ReasonCode,
    consents::{Answered, Consent, ConsentAnswer},
    reminders::ReminderKind,
    returns::{Field, Return},
};
use crate::{
    policy::Slot,
    reservations::{State, Stored},
};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{AgencyId, FaultId, PersonId, ReservationId, SiteId},
};

/// Applications looked at in one sweep; what is left is looked at in the next.
const SWEEP_MAX: i64 = 200;
/// Applications in the queue: more than a day's work of several approvers.
pub const QUEUE_MAX: i64 = 200;
/// Reminders of one application: one a day for longer than may be booked ahead.
const TOLD_MAX: i64 = 400;
/// Consents in one list.
const CONSENTS_MAX: i64 = 200;
/// Faults of one site that are told: more than these, and the site has another problem.
const FAULTS_MAX: i64 = 20;
/// Uses of the same sites on the same day.
const RIVALS_MAX: i64 = 50;

kernel::sql! {
    /// The state it is in is part of the condition: of two deciders one finds nothing to change.
    MOVE = "UPDATE reservation SET state = $2, decided_by = $3, decided_at_ms = $4, reason_code = $5, reason = $6
        WHERE id = $1 AND state = $7 RETURNING id";
    RETURN = "INSERT INTO reservation_return (reservation_id, number, returned_by, returned_at_ms, deadline_at_ms, words)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM reservation_return WHERE reservation_id = $1), $2, $3, $4, $5) RETURNING number";
    RETURN_FIELD = "INSERT INTO reservation_return_field (reservation_id, number, field) VALUES ($1, $2, $3)";
    OPEN_RETURN = "SELECT number, returned_by, returned_at_ms, deadline_at_ms, words FROM reservation_return
        WHERE reservation_id = $1 AND resubmitted_at_ms IS NULL ORDER BY number DESC LIMIT 1";
    RETURN_FIELDS = "SELECT field FROM reservation_return_field WHERE reservation_id = $1 AND number = $2 ORDER BY field";
    CLOSE_RETURN = "UPDATE reservation_return SET resubmitted_at_ms = $2 WHERE reservation_id = $1 AND resubmitted_at_ms IS NULL";
    RETURNS_OVER = "SELECT t.reservation_id FROM reservation_return t JOIN reservation r ON r.id = t.reservation_id
        WHERE t.resubmitted_at_ms IS NULL AND t.deadline_at_ms <= $1 AND r.state = 'returned' ORDER BY t.deadline_at_ms LIMIT $2";
    WAITING = "SELECT id FROM reservation WHERE state = 'submitted' AND starts_at_ms > $1
        ORDER BY COALESCE(hold_expires_at_ms, starts_at_ms), id LIMIT $2";
    /// Since when it is with the approver: since it came, was changed, or came back.
    WAITING_FROM = "SELECT MAX(at_ms) FROM reservation_history WHERE reservation_id = $1 AND act IN ('apply', 'amend', 'resubmit', 'take_offer')";
    TOLD = "SELECT kind, at_ms FROM decision_reminder WHERE reservation_id = $1 AND waiting_from_ms = $2 ORDER BY number LIMIT $3";
    /// Of two sweeps at once one tells.
    TELL = "INSERT INTO decision_reminder (reservation_id, waiting_from_ms, number, kind, at_ms) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (reservation_id, waiting_from_ms, number) DO NOTHING RETURNING number";
    /// Undecided, with its sites held until soon, and its applicant not told of that yet.
    HOLDS_ENDING = "SELECT r.id FROM reservation r
        WHERE r.state IN ('submitted', 'returned') AND r.hold_expires_at_ms > $1 AND r.hold_expires_at_ms <= $2 AND r.starts_at_ms > $1
          AND EXISTS (SELECT 1 FROM occupancy o WHERE o.reservation_id = r.id AND o.state <> 'released')
          AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.person_id = r.applicant_id AND n.kind = 'hold_expiring' AND n.object_id = r.id
            AND n.version = r.hold_expires_at_ms)
        ORDER BY r.hold_expires_at_ms LIMIT $3";
    UNASKED = "SELECT o.reservation_id, o.site_id FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        JOIN policy p ON p.version = r.policy_version AND p.rest_day_use = 'consent'
        WHERE r.state = 'submitted' AND r.starts_at_ms > $1 AND o.removed_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM site_consent c
            WHERE c.reservation_id = r.id AND c.site_id = o.site_id AND c.starts_at_ms = r.starts_at_ms AND c.ends_at_ms = r.ends_at_ms)
        ORDER BY r.received_at_ms DESC, o.site_id LIMIT $2";
    ASK_CONSENT = "INSERT INTO site_consent (reservation_id, site_id, starts_at_ms, ends_at_ms, asked_at_ms) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (reservation_id, site_id, starts_at_ms, ends_at_ms) DO NOTHING RETURNING site_id";
    ANSWER_CONSENT = "INSERT INTO site_consent
            (reservation_id, site_id, starts_at_ms, ends_at_ms, asked_at_ms, answer, answered_by, answered_at_ms, words)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $5, $8)
        ON CONFLICT (reservation_id, site_id, starts_at_ms, ends_at_ms)
        DO UPDATE SET answer = excluded.answer, answered_by = excluded.answered_by, answered_at_ms = excluded.answered_at_ms, words = excluded.words";
    CONSENTS = "SELECT site_id, starts_at_ms, ends_at_ms, asked_at_ms, answer, answered_by, answered_at_ms, words FROM site_consent
        WHERE reservation_id = $1 ORDER BY asked_at_ms, site_id LIMIT $2";
    CONSENTS_AT = "SELECT c.reservation_id FROM site_consent c JOIN reservation r ON r.id = c.reservation_id
        WHERE c.site_id = $1 AND c.starts_at_ms > $2 AND r.starts_at_ms = c.starts_at_ms AND r.ends_at_ms = c.ends_at_ms
          AND r.state IN ('submitted', 'returned') ORDER BY c.starts_at_ms, c.reservation_id LIMIT $3";
    POLICY_OF = "SELECT policy_version FROM reservation WHERE id = $1";
    QUEUE = "SELECT id FROM reservation WHERE state = $1 AND agency_id <> $2 AND starts_at_ms > $3
        ORDER BY COALESCE(hold_expires_at_ms, starts_at_ms), starts_at_ms, received_at_ms, id LIMIT $4";
    RIVALS = "SELECT DISTINCT r.id, r.starts_at_ms FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        JOIN occupancy mine ON mine.site_id = o.site_id AND mine.reservation_id = $1 AND mine.removed_at_ms IS NULL
        WHERE r.id <> $1 AND o.removed_at_ms IS NULL AND r.state IN ('submitted', 'returned', 'approved', 'waiting', 'offered')
          AND r.starts_at_ms < $3 AND r.ends_at_ms > $2 ORDER BY r.starts_at_ms, r.id LIMIT $4";
    OPEN_FAULTS = "SELECT f.id, f.reference, e.name AS equipment, COALESCE(e.critical, 1 = 0) AS critical, f.severity, f.reported_at_ms
        FROM fault f LEFT JOIN equipment e ON e.id = f.equipment_id
        WHERE f.site_id = $1 AND f.state NOT IN ('mended', 'closed') ORDER BY f.severity, f.reported_at_ms, f.id LIMIT $2";
    USES = "SELECT COUNT(*) FROM reservation WHERE agency_id = $1 AND state = 'approved' AND ends_at_ms > $2 AND ends_at_ms <= $3";
    REFUSALS = "SELECT COUNT(*) FROM reservation WHERE agency_id = $1 AND state = 'refused' AND decided_at_ms > $2 AND decided_at_ms <= $3";
    NO_SHOWS = "SELECT COUNT(*) FROM site_use u JOIN reservation r ON r.id = u.reservation_id
        WHERE r.agency_id = $1 AND u.no_show_at_ms > $2 AND u.no_show_at_ms <= $3";
    OVERDUE_CONDITIONS = "SELECT COUNT(*) FROM reservation r JOIN occupancy o ON o.reservation_id = r.id AND o.removed_at_ms IS NULL
        WHERE r.agency_id = $1 AND r.state = 'approved' AND r.ends_at_ms > $2 AND r.ends_at_ms <= $3
          AND NOT EXISTS (SELECT 1 FROM condition_report c WHERE c.reservation_id = r.id AND c.site_id = o.site_id)";
}

/// What a decision leaves on the reservation.
pub struct Decided {
    pub by: PersonId,
    pub at: UnixMs,
    pub reason_code: Option<ReasonCode>,
    pub reason: Option<String>,
}

/// Decides on a submitted reservation. False where it was not submitted any more.
pub async fn decide(tx: &mut Tx, id: ReservationId, to: State, decided: &Decided) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(MOVE)
        .bind(Text(id)).bind(to.text()).bind(Text(decided.by)).bind(decided.at.0)
        .bind(decided.reason_code.map(ReasonCode::text)).bind(&decided.reason).bind(State::Submitted.text())
        .fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Writes down a return; its number is the next one of the reservation.
pub async fn put_return(
    tx: &mut Tx,
    id: ReservationId,
    by: PersonId,
    at: UnixMs,
    deadline: UnixMs,
    words: &str,
    fields: &BTreeSet<Field>,
) -> Result<()> {
    let number: i64 = on!(tx, c => sqlx::query_scalar(RETURN)
        .bind(Text(id)).bind(Text(by)).bind(at.0).bind(deadline.0).bind(words).fetch_one(c).await)?;
    for field in fields {
        on!(tx, c => sqlx::query(RETURN_FIELD).bind(Text(id)).bind(number).bind(field.text()).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn open_return(tx: &mut Tx, id: ReservationId) -> Result<Option<Return>> {
    type Row = (i64, Text<PersonId>, i64, i64, String);
    let row: Option<Row> = on!(tx, c => sqlx::query_as(OPEN_RETURN).bind(Text(id)).fetch_optional(c).await)?;
    let Some((number, by, at, deadline, words)) = row else { return Ok(None) };
    let fields: Vec<Text<Field>> = on!(tx, c => sqlx::query_scalar(RETURN_FIELDS).bind(Text(id)).bind(number).fetch_all(c).await)?;
    Ok(Some(Return {
        number,
        by: by.0,
        at: UnixMs(at),
        deadline: UnixMs(deadline),
        words,
        fields: fields.into_iter().map(|it| it.0).collect(),
    }))
}

pub async fn close_return(tx: &mut Tx, id: ReservationId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(CLOSE_RETURN).bind(Text(id)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Returned reservations whose deadline has passed.
pub async fn returns_over(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(RETURNS_OVER).bind(now.0).bind(SWEEP_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Applications that wait for a decision, those whose hold ends first in front.
pub async fn waiting(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(WAITING).bind(now.0).bind(SWEEP_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Undecided applications whose hold ends between two instants, and whose applicants have not been told.
pub async fn holds_ending(tx: &mut Tx, now: UnixMs, until: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> =
        on!(tx, c => sqlx::query_scalar(HOLDS_ENDING).bind(now.0).bind(until.0).bind(SWEEP_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Since when an application is with the approver.
pub async fn waiting_from(tx: &mut Tx, it: &Stored) -> Result<UnixMs> {
    let at: Option<i64> = on!(tx, c => sqlx::query_scalar(WAITING_FROM).bind(Text(it.id)).fetch_one(c).await)?;
    Ok(at.map_or(it.received_at, UnixMs))
}

pub async fn told(tx: &mut Tx, id: ReservationId, from: UnixMs) -> Result<Vec<(ReminderKind, UnixMs)>> {
    let rows: Vec<(Text<ReminderKind>, i64)> =
        on!(tx, c => sqlx::query_as(TOLD).bind(Text(id)).bind(from.0).bind(TOLD_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(kind, at)| (kind.0, UnixMs(at))).collect())
}

/// False where another sweep told it.
pub async fn tell(tx: &mut Tx, id: ReservationId, from: UnixMs, told: usize, kind: ReminderKind, at: UnixMs) -> Result<bool> {
    let number: Option<i64> = on!(tx, c => sqlx::query_scalar(TELL)
        .bind(Text(id)).bind(from.0).bind(told as i64 + 1).bind(kind.text()).bind(at.0).fetch_optional(c).await)?;
    Ok(number.is_some())
}

/// Applications and those of their sites where nobody was asked about their slot yet.
pub async fn unasked(tx: &mut Tx, now: UnixMs) -> Result<Vec<(ReservationId, SiteId)>> {
    let rows: Vec<(Text<ReservationId>, Text<SiteId>)> =
        on!(tx, c => sqlx::query_as(UNASKED).bind(now.0).bind(SWEEP_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id, site)| (id.0, site.0)).collect())
}

/// False where it was asked before.
pub async fn ask_consent(tx: &mut Tx, id: ReservationId, site: SiteId, slot: Slot, at: UnixMs) -> Result<bool> {
    let asked: Option<String> = on!(tx, c => sqlx::query_scalar(ASK_CONSENT)
        .bind(Text(id)).bind(Text(site)).bind(slot.starts_at.0).bind(slot.ends_at.0).bind(at.0).fetch_optional(c).await)?;
    Ok(asked.is_some())
}

pub async fn answer_consent(tx: &mut Tx, id: ReservationId, it: &Consent) -> Result<()> {
    let answered = it.answered.as_ref();
    on!(tx, c => sqlx::query(ANSWER_CONSENT)
        .bind(Text(id)).bind(Text(it.site)).bind(it.slot.starts_at.0).bind(it.slot.ends_at.0).bind(it.asked_at.0)
        .bind(answered.map(|it| it.answer.text())).bind(answered.map(|it| Text(it.by))).bind(answered.and_then(|it| it.words.clone()))
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn consents(tx: &mut Tx, id: ReservationId) -> Result<Vec<Consent>> {
    type Row = (Text<SiteId>, i64, i64, i64, Option<Text<ConsentAnswer>>, Option<Text<PersonId>>, Option<i64>, Option<String>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(CONSENTS).bind(Text(id)).bind(CONSENTS_MAX).fetch_all(c).await)?;
    let consent = |(site, from, to, asked, answer, by, at, words): Row| Consent {
        site: site.0,
        slot: Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) },
        asked_at: UnixMs(asked),
        answered: answer.zip(by).zip(at).map(|((answer, by), at)| Answered { answer: answer.0, by: by.0, at: UnixMs(at), words }),
    };
    Ok(rows.into_iter().map(consent).collect())
}

/// Applications to come at a site whose slot, as it stands, was asked about.
pub async fn consents_at(tx: &mut Tx, site: SiteId, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> =
        on!(tx, c => sqlx::query_scalar(CONSENTS_AT).bind(Text(site)).bind(now.0).bind(CONSENTS_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// The version of the policy by which a reservation was judged.
pub async fn policy_of(tx: &mut Tx, id: ReservationId) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(POLICY_OF).bind(Text(id)).fetch_one(c).await)?)
}

/// What an approver of `not_of` has before them in that state, the most urgent first.
pub async fn queue(tx: &mut Tx, state: State, not_of: AgencyId, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(QUEUE)
        .bind(state.text()).bind(Text(not_of)).bind(now.0).bind(QUEUE_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Other uses of the same sites, or applications for them, that touch `within`.
pub async fn rivals(tx: &mut Tx, id: ReservationId, within: Slot) -> Result<Vec<ReservationId>> {
    let rows: Vec<(Text<ReservationId>, i64)> = on!(tx, c => sqlx::query_as(RIVALS)
        .bind(Text(id)).bind(within.starts_at.0).bind(within.ends_at.0).bind(RIVALS_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0.0).collect())
}

/// A fault that is not mended.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FaultRow {
    pub id: Text<FaultId>,
    pub reference: String,
    pub equipment: Option<String>,
    pub critical: bool,
    pub severity: String,
    pub reported_at_ms: i64,
}

pub async fn open_faults(tx: &mut Tx, site: SiteId) -> Result<Vec<FaultRow>> {
    Ok(on!(tx, c => sqlx::query_as(OPEN_FAULTS).bind(Text(site)).bind(FAULTS_MAX).fetch_all(c).await)?)
}

/// What an agency did between two instants, the later included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = AgencyRecord)]
pub struct AgencyRecord {
    pub since_ms: UnixMs,
    /// Uses that were approved and are over.
    pub uses: i64,
    /// Sites at which nobody came.
    pub no_shows: i64,
    /// TP-7: sites left without a condition report for longer than the policy allows.
    pub overdue_conditions: i64,
    pub refusals: i64,
}

pub async fn agency_record(tx: &mut Tx, agency: AgencyId, since: UnixMs, now: UnixMs, overdue_before: UnixMs) -> Result<AgencyRecord> {
    let mut counts = [0i64; 4];
    for (place, (sql, until)) in
        [(USES, now), (REFUSALS, now), (OVERDUE_CONDITIONS, overdue_before), (NO_SHOWS, now)].into_iter().enumerate()
    {
        counts[place] = on!(tx, c => sqlx::query_scalar(sql).bind(Text(agency)).bind(since.0).bind(until.0).fetch_one(c).await)?;
    }
    let [uses, refusals, overdue_conditions, no_shows] = counts;
    Ok(AgencyRecord { since_ms: since, uses, no_shows, overdue_conditions, refusals })
}
