//! One application with all that matters for the decision: what is asked and how it came in time, who else wants the sites, what kind of day
//! it is, what is broken there, how the agency has kept its word, and what each answer would do.

use super::{
    act, consents,
    consents::ConsentAnswer,
    queue::{self, ConsentState},
    store::{self, AgencyRecord},
};
use crate::{
    Booking,
    holidays::DayFlag,
    meetings::follow,
    names::names,
    people::{self, People},
    policy::{MALAYSIA, OPENS_BEFORE_START_MS, Slot},
    reservations::{
        self, State, Stored,
        verdict::{self, Setting},
        view::{self, Reservation, named_site},
    },
    sites::SiteRef,
};
use chrono::Days;
use identity::{Actor, AgencyShort, PersonRef};
use kernel::{
    Result, Tx,
    clock::{civil_date, start_of_day},
};
use serde::Serialize;
use wire::{
    Refusal, UnixMs,
    id::{FaultId, ReservationId, SiteId},
};

/// How far back an agency's record goes: a year.
const RECORD_DAYS: u64 = 365;

names! {
    /// How another use stands to this one.
    RivalKind {
        /// It wants the same hours, and waits for them.
        Waiting = "waiting",
        /// It has, or holds, some of the same hours.
        Overlaps = "overlaps",
        /// It uses a site of this one on the same day.
        SameDay = "same_day",
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Rival {
    pub id: ReservationId,
    pub reference: String,
    pub title: String,
    #[schema(inline)]
    pub kind: RivalKind,
    #[schema(inline)]
    pub state: State,
    pub agency: AgencyShort,
    /// Those that both ask for.
    pub sites: Vec<SiteRef>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    pub received_at_ms: UnixMs,
}

/// A fault at one of the sites that is not mended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OpenFault {
    pub id: FaultId,
    pub reference: String,
    pub site: SiteRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<String>,
    /// The room cannot be used without it.
    pub critical: bool,
    /// `s1` to `s4`
    pub severity: String,
    pub reported_at_ms: UnixMs,
}

/// The word of those who look after the room of one site.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteConsent {
    pub site: SiteRef,
    pub needed: bool,
    #[schema(inline)]
    pub state: ConsentState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// What each answer would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Effects {
    /// Approved: the meeting's door opens, and so many people are its group.
    pub opens_at_ms: UnixMs,
    pub people: i64,
    /// Returned: its sites stay held until then.
    pub returned_until_ms: UnixMs,
    /// Refused: so many who wait could have its sites.
    pub waiting: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Dossier {
    pub reservation: Reservation,
    /// Since when it is with the approver.
    pub waiting_from_ms: UnixMs,
    /// Until when its sites are held.
    pub held_until_ms: UnixMs,
    /// Its sites are held now.
    pub holds: bool,
    pub rivals: Vec<Rival>,
    pub days: Vec<DayFlag>,
    pub consents: Vec<SiteConsent>,
    pub faults: Vec<OpenFault>,
    pub record: AgencyRecord,
    pub effects: Effects,
    /// Why it cannot be approved as it stands; empty where it can.
    pub hindrances: Vec<Refusal>,
}

pub async fn of(booking: &Booking, tx: &mut Tx, actor: &Actor, it: Stored) -> Result<Dossier> {
    let now = booking.clock.now();
    let setting = Setting::read(tx, now, it.slot).await?;
    let rivals = rivals(tx, &setting, &it).await?;
    let mut hindrances = Vec::new();
    if it.state == State::Submitted {
        hindrances = act::hindrances(tx, now, &it).await?;
        if !it.holds() {
            let draft = it.as_draft();
            hindrances.extend(verdict::taken(tx, &draft, &setting.sites, Some(it.id)).await?);
        }
        verdict::offer_with(tx, now, &it.as_draft(), Some(it.id), &mut hindrances).await?;
    }
    let overdue_ms = setting.policy.terms.condition_overdue_hours.saturating_mul(3_600_000);
    let since = civil_date(now, MALAYSIA).checked_sub_days(Days::new(RECORD_DAYS)).and_then(|day| start_of_day(day, MALAYSIA));
    let record = store::agency_record(tx, it.agency, since.unwrap_or(UnixMs(0)), now, now.saturating_add_ms(-overdue_ms)).await?;
    Ok(Dossier {
        waiting_from_ms: store::waiting_from(tx, &it).await?,
        held_until_ms: it.hold_expires_at.unwrap_or(it.slot.starts_at),
        holds: it.holds(),
        days: consents::flags(&it, &setting.sites, &setting.calendar),
        consents: site_consents(tx, &setting, &it).await?,
        faults: faults(tx, &setting, &it).await?,
        record,
        effects: Effects {
            opens_at_ms: it.slot.starts_at.saturating_add_ms(-OPENS_BEFORE_START_MS),
            people: follow::group(&it).len() as i64,
            returned_until_ms: act::deadline(tx, now, &it).await?,
            waiting: rivals.iter().filter(|it| it.kind == RivalKind::Waiting).count() as i64,
        },
        rivals,
        hindrances,
        reservation: view::one_of(booking, tx, actor, it).await?,
    })
}

/// Other uses of its sites on its day, those that want its hours first.
async fn rivals(tx: &mut Tx, setting: &Setting, it: &Stored) -> Result<Vec<Rival>> {
    let day = civil_date(it.slot.starts_at, MALAYSIA);
    let next = civil_date(it.slot.ends_at, MALAYSIA).checked_add_days(Days::new(1)).unwrap_or(day);
    let bound = |day, or| start_of_day(day, MALAYSIA).unwrap_or(or);
    let within = Slot { starts_at: bound(day, it.slot.starts_at), ends_at: bound(next, it.slot.ends_at) };
    let mine: Vec<SiteId> = it.sites.iter().map(|it| it.site).collect();
    let mut rivals = Vec::new();
    for id in store::rivals(tx, it.id, within).await? {
        let Some(other) = reservations::store::by_id(tx, id).await? else { continue };
        let kind = match (other.slot.overlaps(it.slot), other.state) {
            (true, State::Waiting) => RivalKind::Waiting,
            (true, _) => RivalKind::Overlaps,
            (false, _) => RivalKind::SameDay,
        };
        let shared = other.sites.iter().filter(|used| mine.contains(&used.site));
        rivals.push(Rival {
            kind,
            sites: shared.map(|used| named_site(&setting.sites, used.site)).collect(),
            agency: people::agency(tx, other.agency).await?,
            id: other.id,
            reference: other.reference,
            title: other.title,
            state: other.state,
            starts_at_ms: other.slot.starts_at,
            ends_at_ms: other.slot.ends_at,
            received_at_ms: other.received_at,
        });
    }
    rivals.sort_by_key(|it| (it.kind, it.starts_at_ms));
    Ok(rivals)
}

async fn site_consents(tx: &mut Tx, setting: &Setting, it: &Stored) -> Result<Vec<SiteConsent>> {
    let needed = queue::needed(tx, it, setting).await?;
    let consents = store::consents(tx, it.id).await?;
    let of_slot: Vec<_> = consents.into_iter().filter(|consent| consent.slot == it.slot).collect();
    let named = of_slot.iter().filter_map(|it| it.answered.as_ref()).map(|it| it.by).collect();
    let people = People::of(tx, named).await?;
    let mut shown = Vec::new();
    for used in &it.sites {
        let answered = of_slot.iter().find(|consent| consent.site == used.site).and_then(|it| it.answered.as_ref());
        let is_needed = needed.contains(&used.site);
        if !is_needed && answered.is_none() {
            continue;
        }
        shown.push(SiteConsent {
            site: named_site(&setting.sites, used.site),
            needed: is_needed,
            state: match answered.map(|it| it.answer) {
                Some(ConsentAnswer::Given) => ConsentState::Given,
                Some(ConsentAnswer::Withheld) => ConsentState::Withheld,
                None => ConsentState::Waiting,
            },
            by: answered.map(|it| people.get(it.by)),
            at_ms: answered.map(|it| it.at),
            words: answered.and_then(|it| it.words.clone()),
        });
    }
    Ok(shown)
}

async fn faults(tx: &mut Tx, setting: &Setting, it: &Stored) -> Result<Vec<OpenFault>> {
    let mut open = Vec::new();
    for used in &it.sites {
        let site = || named_site(&setting.sites, used.site);
        open.extend(store::open_faults(tx, used.site).await?.into_iter().map(|row| OpenFault {
            id: row.id.0,
            reference: row.reference,
            site: site(),
            equipment: row.equipment,
            critical: row.critical,
            severity: row.severity,
            reported_at_ms: UnixMs(row.reported_at_ms),
        }));
    }
    Ok(open)
}
