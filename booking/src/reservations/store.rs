//! Reservations as stored: what is inserted together, which constraint means which refusal, and how lists are read.

use super::{Draft, Ended, HistoryAct, InSeries, State, Stored, StoredSite, occupancies};
use crate::{
    decisions::ReasonCode,
    policy::{LeadVerdict, Policy, Slot},
};
use kernel::{OnConstraint, Result, Text, Tx, on};
pub use occupancies::lock_sites;
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    id::{AgencyId, MeetingId, OverrideId, PersonId, ReservationId, SeriesId, SiteId},
    limits::PEOPLE_PER_SITE_MAX,
};

/// Reservations in one answer: each brings its seats and its history with it.
pub const LIST_MAX: i64 = 100;
/// Acts upon one reservation that are shown.
const HISTORY_MAX: i64 = 100;

macro_rules! select_reservation {
    ($($rest:literal)?) => {
        concat!(
            "SELECT r.id, r.reference, r.title, r.purpose, r.classification, r.state, r.agency_id, r.applicant_id, r.chair_id, r.contact, r.needs,
                r.starts_at_ms, r.ends_at_ms, r.received_at_ms, r.lawful_until_ms, r.days_before_use, r.decided_by, r.decided_at_ms,
                r.reason_code, r.reason, r.version, r.sequence, r.hold_expires_at_ms, r.ended_by, r.ended_at_ms, r.end_reason,
                r.series_id, r.series_no, g.occurrences, r.waiting_no, r.offer_expires_at_ms, m.id AS meeting_id
             FROM reservation r LEFT JOIN meeting m ON m.reservation_id = r.id LEFT JOIN reservation_series g ON g.id = r.series_id ",
            $($rest)?
        )
    };
}

kernel::sql! {
    NEXT_NUMBER = "INSERT INTO reference_counter (series, last_number) VALUES ($1, 1)
        ON CONFLICT (series) DO UPDATE SET last_number = reference_counter.last_number + 1 RETURNING last_number";
    INSERT = "INSERT INTO reservation (id, reference, title, purpose, official, classification, state, agency_id, applicant_id, chair_id,
            contact, needs, starts_at_ms, ends_at_ms, use_date, received_at_ms, lawful_until_ms, days_before_use, policy_version,
            hold_expires_at_ms, waiting_no, series_id, series_no, override_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)";
    ONLINE = "INSERT INTO reservation_online (reservation_id, person_id) VALUES ($1, $2)";
    OFFLINE = "DELETE FROM reservation_online WHERE reservation_id = $1";
    ONLINE_OF = "SELECT person_id FROM reservation_online WHERE reservation_id = $1 ORDER BY person_id";
    /// The state it is in is part of the condition: of two who move it one finds nothing to change.
    WITHDRAW = "UPDATE reservation SET state = 'withdrawn', version = version + 1, sequence = sequence + 1, ended_at_ms = $3, ended_by = $4,
            end_reason = $5, offer_expires_at_ms = NULL, waiting_no = NULL
        WHERE id = $1 AND state = $2 RETURNING id";
    LAPSE = "UPDATE reservation SET state = 'lapsed', version = version + 1, offer_expires_at_ms = NULL, waiting_no = NULL
        WHERE id = $1 AND state IN ('submitted', 'returned', 'waiting', 'offered') RETURNING id";
    TOUCHED = "UPDATE reservation SET version = version + 1 WHERE id = $1";
    HOLDS_OVER = "SELECT r.id FROM reservation r WHERE r.state IN ('submitted', 'returned') AND r.hold_expires_at_ms <= $1
            AND EXISTS (SELECT 1 FROM occupancy o WHERE o.reservation_id = r.id AND o.state <> 'released')
        ORDER BY r.hold_expires_at_ms LIMIT $2";
    OVERDUE = "SELECT id FROM reservation WHERE state IN ('submitted', 'returned', 'waiting', 'offered') AND starts_at_ms <= $1
        ORDER BY starts_at_ms LIMIT $2";
    NOTE = "INSERT INTO reservation_history (reservation_id, number, at_ms, act, person_id, rule)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM reservation_history WHERE reservation_id = $1), $2, $3, $4, $5)";
    HISTORY = "SELECT at_ms, act, person_id, rule FROM reservation_history WHERE reservation_id = $1 ORDER BY number LIMIT $2";
    BY_ID = select_reservation!("WHERE r.id = $1");
    OF_AGENCY = select_reservation!("WHERE r.agency_id = $1 ORDER BY r.starts_at_ms DESC LIMIT $2");
    TO_DECIDE = select_reservation!("WHERE r.state = 'submitted' AND r.agency_id <> $1 AND r.starts_at_ms > $2 ORDER BY r.starts_at_ms LIMIT $3");
    AT_SITE = select_reservation!("WHERE r.state = 'approved' AND EXISTS (SELECT 1 FROM occupancy o WHERE o.reservation_id = r.id AND o.site_id = $1 AND o.removed_at_ms IS NULL)
        ORDER BY r.starts_at_ms DESC LIMIT $2");
    OF_PERSON = select_reservation!("WHERE r.applicant_id = $1 OR r.chair_id = $1
        OR EXISTS (SELECT 1 FROM seat s WHERE s.reservation_id = r.id AND s.person_id = $1)
        OR EXISTS (SELECT 1 FROM reservation_online l WHERE l.reservation_id = r.id AND l.person_id = $1) ORDER BY r.starts_at_ms DESC LIMIT $2");
    OF_SERIES = select_reservation!("WHERE r.series_id = $1 ORDER BY r.series_no LIMIT $2");
    SITES_OF = "SELECT o.site_id, o.starts_at_ms, o.ends_at_ms, o.state, s.seat_no, s.person_id FROM occupancy o LEFT JOIN seat s ON s.occupancy_id = o.id
        WHERE o.reservation_id = $1 AND o.removed_at_ms IS NULL ORDER BY o.site_id, s.seat_no";
}

/// The next number of a series of references.
pub async fn next_number(tx: &mut Tx, series: &str) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(NEXT_NUMBER).bind(series).fetch_one(c).await)?)
}

/// What is stored of a judged draft. The texts are those of the draft, trimmed.
pub struct New<'a> {
    pub id: ReservationId,
    pub reference: String,
    pub draft: &'a Draft,
    pub agency: AgencyId,
    pub applicant: PersonId,
    pub received_at: UnixMs,
    pub lead: LeadVerdict,
    pub policy: &'a Policy,
    /// What lets it through where it came too late.
    pub exception: Option<OverrideId>,
    /// What is taken of each site.
    pub spans: &'a occupancies::Spans,
    pub hold_expires_at: UnixMs,
    /// Its place in the waiting list; one that has a place holds nothing.
    pub waiting_no: Option<i64>,
    pub series: Option<(SeriesId, i64)>,
}

/// Stores the application with its occupancies and seats: all of it or nothing.
pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<()> {
    let draft = new.draft;
    let text = |text: &Option<String>| text.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(&new.reference).bind(draft.title.trim()).bind(draft.purpose.trim()).bind(draft.official)
        .bind(draft.classification.name()).bind(if new.waiting_no.is_some() { State::Waiting } else { State::Submitted }.text())
        .bind(Text(new.agency)).bind(Text(new.applicant)).bind(Text(draft.chair))
        .bind(text(&draft.contact)).bind(text(&draft.needs)).bind(draft.starts_at_ms.0).bind(draft.ends_at_ms.0)
        .bind(kernel::clock::date_text(new.lead.use_date)).bind(new.received_at.0).bind(new.lead.lawful_until.0)
        .bind(new.lead.days_before_use).bind(new.policy.version).bind(new.hold_expires_at.0).bind(new.waiting_no)
        .bind(new.series.map(|it| Text(it.0))).bind(new.series.map(|it| it.1)).bind(new.exception.map(Text))
        .execute(c).await.map(drop))
    .on_constraint(|name| refusal_of(name, None, None))?;
    let state = if new.waiting_no.is_some() { "released" } else { "held" };
    for site in in_order(draft) {
        let span = new.spans.get(&site.site).copied().unwrap_or(draft.slot());
        occupancies::occupy(tx, &occupancies::Use { reservation: new.id, site: site.site, span, people: &site.people }, state).await?;
    }
    online(tx, new.id, &draft.online).await
}

/// The sites asked for in the order in which they are taken.
pub fn in_order(draft: &Draft) -> Vec<&super::DraftSite> {
    let mut sites: Vec<_> = draft.sites.iter().collect();
    sites.sort_by_key(|site| site.site);
    sites
}

async fn online(tx: &mut Tx, id: ReservationId, people: &[PersonId]) -> Result<()> {
    for person in people {
        on!(tx, c => sqlx::query(ONLINE).bind(Text(id)).bind(Text(*person)).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// Lists anew who joins without a seat.
pub async fn online_anew(tx: &mut Tx, id: ReservationId, people: &[PersonId]) -> Result<()> {
    on!(tx, c => sqlx::query(OFFLINE).bind(Text(id)).execute(c).await.map(drop))?;
    online(tx, id, people).await
}

/// What the person is told where the schema refused. The one table of constraints of this domain.
pub fn refusal_of(constraint: &str, site: Option<SiteId>, person: Option<PersonId>) -> Option<Refusal> {
    let refusal = match constraint {
        "occupancy_no_double" => Refusal::new(Code::SlotTaken),
        "occupancy_span" | "reservation_span" => Refusal::new(Code::SlotInvalid).with("bound", "quarter_hour"),
        "seat_cap" => Refusal::by(Code::SiteFull, Rule::Tp3).with("people_max", PEOPLE_PER_SITE_MAX),
        "seat_pkey" => Refusal::new(Code::SeatTaken),
        "seat_reservation_id_person_id_key" | "reservation_online_pkey" => Refusal::new(Code::PersonTwice),
        "reservation_lead_time" => Refusal::by(Code::LeadTime, Rule::Tp2),
        "reservation_classification" => Refusal::by(Code::ClassificationTooHigh, Rule::Class2),
        "reservation_official" | "reservation_purpose" => Refusal::by(Code::PurposeMissing, Rule::Tp5),
        _ => return None,
    };
    let refusal = match site {
        Some(site) => refusal.with("site", site.to_string()),
        None => refusal,
    };
    Some(match person {
        Some(person) => refusal.with("person", person.to_string()),
        None => refusal,
    })
}

/// `held` and `approved` hold its sites, `released` lets them go; see [`occupancies::to_state`].
pub async fn occupancies_to(tx: &mut Tx, id: ReservationId, state: &'static str) -> Result<()> {
    occupancies::to_state(tx, id, state).await
}

/// Takes back a reservation that was in `from`. False where it was not any more.
pub async fn withdraw(tx: &mut Tx, id: ReservationId, from: State, ended: &Ended) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(WITHDRAW)
        .bind(Text(id)).bind(from.text()).bind(ended.at.0).bind(ended.by.map(Text)).bind(&ended.reason)
        .fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// False where it was decided on, or ended, before.
pub async fn lapse(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(LAPSE).bind(Text(id)).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Whoever read it before reads it anew before changing it.
pub async fn touched(tx: &mut Tx, id: ReservationId) -> Result<()> {
    on!(tx, c => sqlx::query(TOUCHED).bind(Text(id)).execute(c).await.map(drop))?;
    Ok(())
}

/// Undecided reservations that still hold their sites though their hold ran out.
pub async fn holds_over(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(HOLDS_OVER).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Undecided reservations whose start has come.
pub async fn overdue(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(OVERDUE).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// One act upon a reservation, as its people see it.
#[derive(Clone, Debug)]
pub struct Note {
    pub at: UnixMs,
    pub act: HistoryAct,
    pub by: Option<PersonId>,
    pub rule: Option<String>,
}

pub async fn note(tx: &mut Tx, id: ReservationId, at: UnixMs, act: HistoryAct, by: Option<PersonId>, rule: Option<Rule>) -> Result<()> {
    on!(tx, c => sqlx::query(NOTE).bind(Text(id)).bind(at.0).bind(act.text()).bind(by.map(Text)).bind(rule.map(Rule::id)).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn history(tx: &mut Tx, id: ReservationId) -> Result<Vec<Note>> {
    type Row = (i64, Text<HistoryAct>, Option<Text<PersonId>>, Option<String>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(HISTORY).bind(Text(id)).bind(HISTORY_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(at, act, by, rule)| Note { at: UnixMs(at), act: act.0, by: by.map(|it| it.0), rule }).collect())
}

/// Which reservations a reader asks for.
#[derive(Clone, Copy, Debug)]
pub enum List {
    Agency(AgencyId),
    /// Everything submitted by other agencies than this one, the soonest first.
    ToDecide {
        not_of: AgencyId,
        now: UnixMs,
    },
    Site(SiteId),
    Person(PersonId),
    Series(SeriesId),
}

pub async fn list(tx: &mut Tx, of: List) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = match of {
        List::Agency(agency) => on!(tx, c => sqlx::query_as(OF_AGENCY).bind(Text(agency)).bind(LIST_MAX).fetch_all(c).await)?,
        List::ToDecide { not_of, now } => {
            on!(tx, c => sqlx::query_as(TO_DECIDE).bind(Text(not_of)).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?
        }
        List::Site(site) => on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?,
        List::Series(series) => on!(tx, c => sqlx::query_as(OF_SERIES).bind(Text(series)).bind(LIST_MAX).fetch_all(c).await)?,
        List::Person(person) => on!(tx, c => sqlx::query_as(OF_PERSON).bind(Text(person)).bind(LIST_MAX).fetch_all(c).await)?,
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(whole(tx, row).await?);
    }
    Ok(found)
}

pub async fn by_id(tx: &mut Tx, id: ReservationId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    match row {
        Some(row) => Ok(Some(whole(tx, row).await?)),
        None => Ok(None),
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<ReservationId>,
    reference: String,
    title: String,
    purpose: String,
    classification: String,
    state: Text<State>,
    agency_id: Text<AgencyId>,
    applicant_id: Text<PersonId>,
    chair_id: Text<PersonId>,
    contact: Option<String>,
    needs: Option<String>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    received_at_ms: i64,
    lawful_until_ms: i64,
    days_before_use: i64,
    decided_by: Option<Text<PersonId>>,
    decided_at_ms: Option<i64>,
    reason_code: Option<Text<ReasonCode>>,
    reason: Option<String>,
    version: i64,
    sequence: i64,
    hold_expires_at_ms: Option<i64>,
    ended_by: Option<Text<PersonId>>,
    ended_at_ms: Option<i64>,
    end_reason: Option<String>,
    series_id: Option<Text<SeriesId>>,
    series_no: Option<i64>,
    occurrences: Option<i64>,
    waiting_no: Option<i64>,
    offer_expires_at_ms: Option<i64>,
    meeting_id: Option<Text<MeetingId>>,
}

#[derive(sqlx::FromRow)]
struct SeatRow {
    site_id: Text<SiteId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    state: String,
    seat_no: Option<i64>,
    person_id: Option<Text<PersonId>>,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Stored> {
    let seats: Vec<SeatRow> = on!(tx, c => sqlx::query_as(SITES_OF).bind(row.id).fetch_all(c).await)?;
    let mut sites: Vec<StoredSite> = Vec::new();
    for seat in seats {
        let Text(site) = seat.site_id;
        if sites.last().is_none_or(|last| last.site != site) {
            let span = Slot { starts_at: UnixMs(seat.starts_at_ms), ends_at: UnixMs(seat.ends_at_ms) };
            sites.push(StoredSite { site, seats: Vec::new(), span, held: seat.state != "released" });
        }
        if let (Some(last), Some(seat_no), Some(Text(person))) = (sites.last_mut(), seat.seat_no, seat.person_id) {
            last.seats.push((u8::try_from(seat_no).unwrap_or(u8::MAX), person));
        }
    }
    let online: Vec<Text<PersonId>> = on!(tx, c => sqlx::query_scalar(ONLINE_OF).bind(row.id).fetch_all(c).await)?;
    let series = row.series_id.zip(row.series_no.zip(row.occurrences));
    Ok(Stored {
        id: row.id.0,
        reference: row.reference,
        title: row.title,
        purpose: row.purpose,
        classification: Classification::from_name(&row.classification),
        state: row.state.0,
        agency: row.agency_id.0,
        applicant: row.applicant_id.0,
        chair: row.chair_id.0,
        contact: row.contact,
        needs: row.needs,
        slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
        received_at: UnixMs(row.received_at_ms),
        lawful_until: UnixMs(row.lawful_until_ms),
        days_before_use: row.days_before_use,
        decided_by: row.decided_by.map(|it| it.0),
        decided_at: row.decided_at_ms.map(UnixMs),
        reason_code: row.reason_code.map(|it| it.0),
        reason: row.reason,
        meeting: row.meeting_id.map(|it| it.0),
        sites,
        online: online.into_iter().map(|it| it.0).collect(),
        version: row.version,
        sequence: row.sequence,
        hold_expires_at: row.hold_expires_at_ms.map(UnixMs),
        ended: row.ended_at_ms.map(|at| Ended { at: UnixMs(at), by: row.ended_by.map(|it| it.0), reason: row.end_reason }),
        series: series.map(|(id, (number, of))| InSeries { id: id.0, number, of }),
        waiting_no: row.waiting_no,
        offer_expires_at: row.offer_expires_at_ms.map(UnixMs),
    })
}
