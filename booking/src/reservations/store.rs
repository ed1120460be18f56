//! Reservations as stored: what is inserted together, which constraint means which refusal, and how lists are read.

use super::{Draft, State, Stored, StoredSite};
use crate::{
    decisions::ReasonCode,
    policy::{LeadVerdict, Policy, Slot},
};
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    id::{AgencyId, MeetingId, PersonId, ReservationId, SiteId},
    limits::PEOPLE_PER_SITE_MAX,
};

/// Reservations in one answer: each brings its seats and its history with it.
pub const LIST_MAX: i64 = 100;
/// Acts upon one reservation that are shown.
const HISTORY_MAX: i64 = 100;
/// Occupancies in one answer: a quarter of a year of three full sites is about two thousand.
pub const OCCUPANCIES_MAX: i64 = 5_000;

macro_rules! select_reservation {
    ($($rest:literal)?) => {
        concat!(
            "SELECT r.id, r.reference, r.title, r.purpose, r.classification, r.state, r.agency_id, r.applicant_id, r.chair_id, r.contact, r.needs,
                r.starts_at_ms, r.ends_at_ms, r.received_at_ms, r.lawful_until_ms, r.days_before_use, r.decided_by, r.decided_at_ms,
                r.reason_code, r.reason, m.id AS meeting_id
             FROM reservation r LEFT JOIN meeting m ON m.reservation_id = r.id ",
            $($rest)?
        )
    };
}

kernel::sql! {
    /// Rivals for a site wait here, in the order of the sites' ids, and not for each other inside the exclusion constraint, where
    /// PostgreSQL would find the circle only after its deadlock timeout.
    LOCK_SITE = "UPDATE site SET seats = seats WHERE id = $1";
    NEXT_NUMBER = "INSERT INTO reference_counter (series, last_number) VALUES ($1, 1)
        ON CONFLICT (series) DO UPDATE SET last_number = reference_counter.last_number + 1 RETURNING last_number";
    INSERT = "INSERT INTO reservation (id, reference, title, purpose, official, classification, state, agency_id, applicant_id, chair_id,
            contact, needs, starts_at_ms, ends_at_ms, use_date, received_at_ms, lawful_until_ms, days_before_use, policy_version)
        VALUES ($1, $2, $3, $4, $5, $6, 'submitted', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    OCCUPY = "INSERT INTO occupancy (id, reservation_id, site_id, kind, starts_at_ms, ends_at_ms, state)
        VALUES ($1, $2, $3, 'reservation', $4, $5, 'held')";
    SEAT = "INSERT INTO seat (occupancy_id, reservation_id, seat_no, person_id) VALUES ($1, $2, $3, $4)";
    /// The state it is in is part of the condition: of two who move it one finds nothing to change.
    END = "UPDATE reservation SET state = $2 WHERE id = $1 AND state = $3 RETURNING id";
    OCCUPANCIES_TO = "UPDATE occupancy SET state = $2 WHERE reservation_id = $1 AND state <> 'released'";
    OVERDUE = "SELECT id FROM reservation WHERE state = 'submitted' AND starts_at_ms <= $1 ORDER BY starts_at_ms LIMIT $2";
    NOTE = "INSERT INTO reservation_history (reservation_id, number, at_ms, act, person_id, rule)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM reservation_history WHERE reservation_id = $1), $2, $3, $4, $5)";
    HISTORY = "SELECT at_ms, act, person_id, rule FROM reservation_history WHERE reservation_id = $1 ORDER BY number LIMIT $2";
    BY_ID = select_reservation!("WHERE r.id = $1");
    OF_AGENCY = select_reservation!("WHERE r.agency_id = $1 ORDER BY r.starts_at_ms DESC LIMIT $2");
    TO_DECIDE = select_reservation!("WHERE r.state = 'submitted' AND r.agency_id <> $1 AND r.starts_at_ms > $2 ORDER BY r.starts_at_ms LIMIT $3");
    AT_SITE = select_reservation!("WHERE r.state = 'approved' AND EXISTS (SELECT 1 FROM occupancy o WHERE o.reservation_id = r.id AND o.site_id = $1)
        ORDER BY r.starts_at_ms DESC LIMIT $2");
    OF_PERSON = select_reservation!("WHERE r.applicant_id = $1 OR r.chair_id = $1
        OR EXISTS (SELECT 1 FROM seat s WHERE s.reservation_id = r.id AND s.person_id = $1) ORDER BY r.starts_at_ms DESC LIMIT $2");
    SITES_OF = "SELECT o.site_id, s.seat_no, s.person_id FROM occupancy o LEFT JOIN seat s ON s.occupancy_id = o.id
        WHERE o.reservation_id = $1 ORDER BY o.site_id, s.seat_no";
    BUSY = "SELECT starts_at_ms, ends_at_ms FROM occupancy
        WHERE site_id = $1 AND state <> 'released' AND starts_at_ms < $3 AND ends_at_ms > $2 ORDER BY starts_at_ms LIMIT $4";
    AVAILABILITY = "SELECT o.site_id, o.starts_at_ms, o.ends_at_ms, o.state, r.agency_id, r.title
        FROM occupancy o LEFT JOIN reservation r ON r.id = o.reservation_id
        WHERE o.state <> 'released' AND o.starts_at_ms < $2 AND o.ends_at_ms > $1 ORDER BY o.site_id, o.starts_at_ms LIMIT $3";
}

/// Locks the sites against rivals, in the order of their ids.
pub async fn lock_sites(tx: &mut Tx, sites: impl IntoIterator<Item = SiteId>) -> Result<()> {
    let sorted: std::collections::BTreeSet<SiteId> = sites.into_iter().collect();
    for site in sorted {
        on!(tx, c => sqlx::query(LOCK_SITE).bind(Text(site)).execute(c).await.map(drop))?;
    }
    Ok(())
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
}

/// Stores the application with its occupancies and seats: all of it or nothing.
pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<()> {
    let draft = new.draft;
    let text = |text: &Option<String>| text.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(new.id)).bind(&new.reference).bind(draft.title.trim()).bind(draft.purpose.trim()).bind(draft.official)
        .bind(draft.classification.name()).bind(Text(new.agency)).bind(Text(new.applicant)).bind(Text(draft.chair))
        .bind(text(&draft.contact)).bind(text(&draft.needs)).bind(draft.starts_at_ms.0).bind(draft.ends_at_ms.0)
        .bind(kernel::clock::date_text(new.lead.use_date)).bind(new.received_at.0).bind(new.lead.lawful_until.0)
        .bind(new.lead.days_before_use).bind(new.policy.version)
        .execute(c).await.map(drop))
    .on_constraint(|name| refusal_of(name, None, None))?;
    let mut sites: Vec<_> = draft.sites.iter().collect();
    sites.sort_by_key(|site| site.site);
    for site in sites {
        occupy(tx, new.id, draft.slot(), site.site, &site.people).await?;
    }
    Ok(())
}

async fn occupy(tx: &mut Tx, reservation: ReservationId, slot: Slot, site: SiteId, people: &[PersonId]) -> Result<()> {
    let occupancy = uuid::Uuid::now_v7().to_string();
    on!(tx, c => sqlx::query(OCCUPY)
        .bind(&occupancy).bind(Text(reservation)).bind(Text(site)).bind(slot.starts_at.0).bind(slot.ends_at.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| refusal_of(name, Some(site), None))?;
    for (seat_no, person) in (1i64..).zip(people) {
        on!(tx, c => sqlx::query(SEAT).bind(&occupancy).bind(Text(reservation)).bind(seat_no).bind(Text(*person)).execute(c).await.map(drop))
            .on_constraint(|name| refusal_of(name, Some(site), Some(*person)))?;
    }
    Ok(())
}

/// What the person is told where the schema refused. The one table of constraints of this domain.
fn refusal_of(constraint: &str, site: Option<SiteId>, person: Option<PersonId>) -> Option<Refusal> {
    let refusal = match constraint {
        "occupancy_no_double" => Refusal::new(Code::SlotTaken),
        "occupancy_span" | "reservation_span" => Refusal::new(Code::SlotInvalid).with("bound", "quarter_hour"),
        "seat_cap" => Refusal::by(Code::SiteFull, Rule::Tp3).with("people_max", PEOPLE_PER_SITE_MAX),
        "seat_pkey" => Refusal::new(Code::SeatTaken),
        "seat_reservation_id_person_id_key" => Refusal::new(Code::PersonTwice),
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

/// Ends a reservation that was in `from`. False where it was not any more.
pub async fn end(tx: &mut Tx, id: ReservationId, from: State, to: State) -> Result<bool> {
    let found: Option<String> =
        on!(tx, c => sqlx::query_scalar(END).bind(Text(id)).bind(to.text()).bind(from.text()).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// `approved` holds its sites further; `released` lets them go.
pub async fn occupancies_to(tx: &mut Tx, id: ReservationId, state: &'static str) -> Result<()> {
    on!(tx, c => sqlx::query(OCCUPANCIES_TO).bind(Text(id)).bind(state).execute(c).await.map(drop))
        .on_constraint(|name| refusal_of(name, None, None))
}

/// Submitted reservations whose start has come.
pub async fn overdue(tx: &mut Tx, now: UnixMs) -> Result<Vec<ReservationId>> {
    let rows: Vec<Text<ReservationId>> = on!(tx, c => sqlx::query_scalar(OVERDUE).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// One act upon a reservation, as its people see it.
#[derive(Clone, Debug)]
pub struct Note {
    pub at: UnixMs,
    pub act: String,
    pub by: Option<PersonId>,
    pub rule: Option<String>,
}

pub async fn note(tx: &mut Tx, id: ReservationId, at: UnixMs, act: &str, by: Option<PersonId>, rule: Option<Rule>) -> Result<()> {
    on!(tx, c => sqlx::query(NOTE).bind(Text(id)).bind(at.0).bind(act).bind(by.map(Text)).bind(rule.map(Rule::id)).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn history(tx: &mut Tx, id: ReservationId) -> Result<Vec<Note>> {
    type Row = (i64, String, Option<Text<PersonId>>, Option<String>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(HISTORY).bind(Text(id)).bind(HISTORY_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(at, act, by, rule)| Note { at: UnixMs(at), act, by: by.map(|it| it.0), rule }).collect())
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
}

pub async fn list(tx: &mut Tx, of: List) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = match of {
        List::Agency(agency) => on!(tx, c => sqlx::query_as(OF_AGENCY).bind(Text(agency)).bind(LIST_MAX).fetch_all(c).await)?,
        List::ToDecide { not_of, now } => {
            on!(tx, c => sqlx::query_as(TO_DECIDE).bind(Text(not_of)).bind(now.0).bind(LIST_MAX).fetch_all(c).await)?
        }
        List::Site(site) => on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?,
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

/// The occupied stretches of a site that touch `within`.
pub async fn busy(tx: &mut Tx, site: SiteId, within: Slot) -> Result<Vec<Slot>> {
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(BUSY)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(OCCUPANCIES_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(from, to)| Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) }).collect())
}

/// A row of the grid of what is free.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OccupancyRow {
    pub site_id: Text<SiteId>,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub state: String,
    pub agency_id: Option<Text<AgencyId>>,
    pub title: Option<String>,
}

pub async fn availability(tx: &mut Tx, within: Slot) -> Result<Vec<OccupancyRow>> {
    Ok(on!(tx, c => sqlx::query_as(AVAILABILITY)
        .bind(within.starts_at.0).bind(within.ends_at.0).bind(OCCUPANCIES_MAX).fetch_all(c).await)?)
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
    meeting_id: Option<Text<MeetingId>>,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Stored> {
    type SeatRow = (Text<SiteId>, Option<i64>, Option<Text<PersonId>>);
    let seats: Vec<SeatRow> = on!(tx, c => sqlx::query_as(SITES_OF).bind(row.id).fetch_all(c).await)?;
    let mut sites: Vec<StoredSite> = Vec::new();
    for (Text(site), seat_no, person) in seats {
        if sites.last().is_none_or(|last| last.site != site) {
            sites.push(StoredSite { site, seats: Vec::new() });
        }
        if let (Some(last), Some(seat_no), Some(Text(person))) = (sites.last_mut(), seat_no, person) {
            last.seats.push((u8::try_from(seat_no).unwrap_or(u8::MAX), person));
        }
    }
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
    })
}
