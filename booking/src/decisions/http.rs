//! Routes of decisions, of the consent of facilitators, and of the role that is lent.

use super::{
    Answer, Decider, act,
    consents::{self, ConsentAnswer},
    dossier::{self, Dossier},
    queue::{self, ConsentState, QueueRow, QueueView},
    store,
};
use crate::{
    Booking,
    holidays::DayFlag,
    notices::{self, Notice},
    overrides::http::hand,
    people::{self, People},
    reservations::{
        self,
        http::{by, shown},
        verdict::Setting,
        view::{self, Reservation, named_site},
    },
    sites::SiteRef,
};
use axum::{extract::State, http::StatusCode};
use chrono::NaiveDate;
use identity::{
    Actor, AgencyShort, PersonRef, PersonRole,
    delegations::{self, Delegation, Wish},
};
use kernel::{
    Result,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, date_text},
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::{self, Claim},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    id::{AgencyId, DelegationId, PersonId, ReservationId, SiteId},
};

/// TP-4: the central agency's approver, or who has the role today; or who decides today on what the central agency itself applies for.
pub fn may_decide(actor: &Actor) -> Result<()> {
    match view::approves(actor) || actor.decides_on.is_some() {
        true => Ok(()),
        false => Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", PersonRole::Approver.text()).into()),
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    #[param(inline)]
    view: QueueView,
    site: Option<SiteId>,
    agency: Option<AgencyId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Queue {
    pub applications: Vec<QueueRow>,
}

/// What waits for a decision, the most urgent first.
#[utoipa::path(get, path = "/decisions", tag = "decisions", params(QueueQuery),
    responses((status = 200, body = Queue), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<QueueQuery>) -> Result<Json<Queue>> {
    may_decide(&actor)?;
    let mut tx = booking.db.read().await?;
    let now = booking.clock.now();
    let mut applications = queue::list(&mut tx, now, query.view, actor.agency.id, query.site, query.agency.or(actor.decides_on)).await?;
    applications.retain(|it| actor.decides_on.is_none_or(|agency| it.agency.id == agency));
    Ok(Json(Queue { applications }))
}

/// One application with all that matters for the decision.
#[utoipa::path(get, path = "/reservations/{id}/dossier", tag = "decisions", params(("id" = ReservationId, Path)),
    responses((status = 200, body = Dossier), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn dossier(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<ReservationId>) -> Result<Json<Dossier>> {
    may_decide(&actor)?;
    let mut tx = booking.db.read().await?;
    let it = view::seen(&mut tx, id, &actor).await?;
    if !view::approves(&actor) && !view::decides(&it, &actor) {
        return Err(Refusal::by(Code::RoleMissing, Rule::Tp4).with("role", PersonRole::Approver.text()).into());
    }
    Ok(Json(dossier::of(&booking, &mut tx, &actor, it).await?))
}

/// Approves, returns for correction, or refuses (TP-4); never for one's own agency.
#[utoipa::path(post, path = "/reservations/{id}/decision", tag = "decisions", params(("id" = ReservationId, Path)), request_body = Answer,
    responses((status = 200, body = Reservation), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<ReservationId>,
    Json(answer): Json<Answer>,
) -> Result<Json<Reservation>> {
    may_decide(&actor)?;
    let decider = Decider { by: by(&actor), acting_for: actor.acting_for, only: actor.decides_on };
    act::decide(&booking.db, booking.clock.now(), decider, id, &answer).await?;
    shown(&booking, &actor, id).await
}

/// A use on a rest day that a facilitator is asked about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConsentRow {
    pub reservation: ReservationId,
    pub reference: String,
    /// Not of what is classified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub classification: Classification,
    pub agency: AgencyShort,
    pub site: SiteRef,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// Who will be at this site.
    pub people: i64,
    pub days: Vec<DayFlag>,
    pub asked_at_ms: UnixMs,
    #[schema(inline)]
    pub state: ConsentState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Consents {
    pub consents: Vec<ConsentRow>,
}

/// Uses on rest days and holidays at the sites that one looks after, to be consented to.
#[utoipa::path(get, path = "/consents", tag = "decisions",
    responses((status = 200, body = Consents), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn consents(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Consents>> {
    actor.require(&[PersonRole::Facilitator])?;
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let mut rows = Vec::new();
    for site in &actor.sites {
        for id in store::consents_at(&mut tx, *site, now).await? {
            let Some(it) = reservations::store::by_id(&mut tx, id).await? else { continue };
            let setting = Setting::read(&mut tx, now, it.slot).await?;
            let held = store::consents(&mut tx, id).await?;
            let Some(consent) = held.into_iter().find(|held| held.site == *site && held.slot == it.slot) else { continue };
            let answered = consent.answered;
            let people = People::of(&mut tx, answered.iter().map(|it| it.by).collect()).await?;
            let days = consents::flags(&it, &setting.sites, &setting.calendar);
            rows.push(ConsentRow {
                reservation: id,
                title: Some(it.title.clone()).filter(|_| !notices::is_classified(it.classification)),
                classification: it.classification,
                agency: people::agency(&mut tx, it.agency).await?,
                site: named_site(&setting.sites, *site),
                starts_at_ms: it.slot.starts_at,
                ends_at_ms: it.slot.ends_at,
                people: it.sites.iter().filter(|used| used.site == *site).map(|used| used.seats.len() as i64).sum(),
                days: days.into_iter().filter(|it| it.site == *site).collect(),
                asked_at_ms: consent.asked_at,
                state: match answered.as_ref().map(|it| it.answer) {
                    None => ConsentState::Waiting,
                    Some(ConsentAnswer::Given) => ConsentState::Given,
                    Some(ConsentAnswer::Withheld) => ConsentState::Withheld,
                },
                by: answered.as_ref().map(|it| people.get(it.by)),
                words: answered.and_then(|it| it.words),
                reference: it.reference,
            });
        }
    }
    rows.sort_by_key(|it| it.starts_at_ms);
    Ok(Json(Consents { consents: rows }))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ConsentBody {
    pub answer: ConsentAnswer,
    /// Needed where it is withheld.
    #[serde(default)]
    pub words: Option<String>,
}

/// A facilitator's word on the use of their site on a rest day or holiday.
#[utoipa::path(post, path = "/reservations/{id}/sites/{site}/consent", tag = "decisions",
    params(("id" = ReservationId, Path), ("site" = SiteId, Path)), request_body = ConsentBody,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn consent(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path((id, site)): Path<(ReservationId, SiteId)>,
    Json(body): Json<ConsentBody>,
) -> Result<StatusCode> {
    actor.require(&[PersonRole::Facilitator])?;
    if !actor.facilitates(site) {
        return Err(Code::NotFound.into());
    }
    consents::answer(&booking.db, booking.clock.now(), hand(&actor), id, site, body.answer, body.words.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Some days on which the approver's role is lent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DelegationRow {
    pub id: DelegationId,
    pub lender: PersonRef,
    pub delegate: PersonRef,
    /// `YYYY-MM-DD`, both included.
    pub from: String,
    pub to: String,
    /// It lends today.
    pub in_force: bool,
    /// I lend it, and am not lent it.
    pub mine: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Delegations {
    pub delegations: Vec<DelegationRow>,
    /// The approver for whom I act today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<PersonRef>,
}

/// What I lend and am lent, from today on.
#[utoipa::path(get, path = "/delegations", tag = "decisions",
    responses((status = 200, body = Delegations), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn delegations(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Delegations>> {
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let found = delegations::of_person(&mut tx, actor.person, now).await?;
    let named: BTreeSet<PersonId> = found.iter().flat_map(|it| [it.lender, it.delegate]).chain(actor.acting_for).collect();
    let people = People::of(&mut tx, named).await?;
    let rows = found.into_iter().map(|it| delegation_row(it, &people, actor.person, now)).collect();
    Ok(Json(Delegations { delegations: rows, acting_for: actor.acting_for.map(|it| people.get(it)) }))
}

fn delegation_row(it: Delegation, people: &People, reader: PersonId, now: UnixMs) -> DelegationRow {
    DelegationRow {
        id: it.id,
        lender: people.get(it.lender),
        delegate: people.get(it.delegate),
        from: date_text(it.from),
        to: date_text(it.to),
        in_force: it.lends_on(civil_date(now, MALAYSIA)),
        mine: it.lender == reader,
    }
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DelegationWish {
    pub delegate: PersonId,
    /// `YYYY-MM-DD`, both included.
    #[schema(value_type = String, format = Date)]
    pub from: NaiveDate,
    #[schema(value_type = String, format = Date)]
    pub to: NaiveDate,
}

/// Lends one's own role as an approver to somebody of the central agency, or to somebody of another agency the decision on what one's own agency
/// applies for.
#[utoipa::path(post, path = "/delegations", tag = "decisions", request_body = DelegationWish,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = DelegationRow), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn delegate(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<DelegationWish>,
) -> Result<(StatusCode, Json<DelegationRow>)> {
    may_decide(&actor)?;
    let now = booking.clock.now();
    let wish = Wish { delegate: body.value.delegate, from: body.value.from, to: body.value.to };
    if [wish.from, wish.to].iter().any(|day| !(2000..=2999).contains(&chrono::Datelike::year(day))) {
        return Err(malformed("from", "a date of this millennium").into());
    }
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /delegations", key, body_hash: body.body_hash, at: now });
    let made: Result<DelegationId> = kernel::transact!(booking.db, tx => {
        if let Some(claim) = &claim
            && let Some(made) = idempotency::claim(tx, claim).await?
        {
            return Ok(made);
        }
        let it = delegations::lend(tx, now, &actor, wish).await?;
        let (from, to) = (date_text(it.from), date_text(it.to));
        let notice = Notice::DelegationMade { delegation: it.id, lender: actor.name.clone(), from, to };
        notices::tell(tx, now, &[it.delegate], &notice).await?;
        if let Some(claim) = &claim {
            idempotency::answer(tx, claim, &it.id).await?;
        }
        Ok(it.id)
    });
    let entry = || Entry::new(now, "delegation.make", "person", wish.delegate).by(actor.person).on_behalf_of(actor.agency.id);
    let id = audit::record_refusal(&booking.db, made, entry).await?;
    let mut tx = booking.db.read().await?;
    let it = delegations::of_person(&mut tx, actor.person, now).await?.into_iter().find(|it| it.id == id).ok_or(Code::NotFound)?;
    let people = People::of(&mut tx, [it.lender, it.delegate].into()).await?;
    Ok((StatusCode::CREATED, Json(delegation_row(it, &people, actor.person, now))))
}

/// Takes the role back, or gives it back, before its last day.
#[utoipa::path(post, path = "/delegations/{id}/end", tag = "decisions", params(("id" = DelegationId, Path)),
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn end_delegation(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<DelegationId>) -> Result<StatusCode> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => delegations::end(tx, now, &actor, id).await.map(drop))?;
    Ok(StatusCode::NO_CONTENT)
}
