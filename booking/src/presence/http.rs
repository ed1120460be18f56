//! Presence over HTTP: of some people, for whoever is signed in; and one's own word.

use super::{Said, State as PresenceState, rules, store};
use crate::Booking;
use axum::{extract::State, http::StatusCode};
use identity::Actor;
use kernel::{
    Result,
    extract::{Json, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use wire::{UnixMs, id::PersonId};

/// People in one question: what one page of names shows.
const PEOPLE_MAX: usize = 50;
/// One's own word holds for a working day at most.
const MINUTES_MAX: i64 = 12 * 60;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PresenceQuery {
    /// Identifiers with commas between them, at most 50.
    people: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PresenceList {
    pub presence: Vec<Presence>,
}

/// No more than the state: what somebody's meeting is called is not told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Presence {
    pub person: PersonId,
    #[schema(inline)]
    pub state: PresenceState,
    /// Until when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<UnixMs>,
}

/// Whether people are in a meeting, busy, away or available (MEET-12).
#[utoipa::path(get, path = "/presence", tag = "people", params(PresenceQuery),
    responses((status = 200, body = PresenceList), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, _actor: Actor, Query(query): Query<PresenceQuery>) -> Result<Json<PresenceList>> {
    let people: BTreeSet<PersonId> = query
        .people
        .split(',')
        .map(|it| it.trim().parse())
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| malformed("people", "identifiers with commas between them"))?;
    if people.len() > PEOPLE_MAX {
        return Err(malformed("people", format!("at most {PEOPLE_MAX}")).into());
    }
    let now = booking.clock.now();
    let mut tx = booking.db.read().await?;
    let mut presence = Vec::with_capacity(people.len());
    for person in people {
        let (state, until_ms) = rules::state(&store::known(&mut tx, person, now).await?, now);
        presence.push(Presence { person, state, until_ms });
    }
    Ok(Json(PresenceList { presence }))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OwnPresence {
    /// Absent: as it is derived.
    #[schema(inline)]
    pub state: Option<Said>,
    /// How long it holds: 1 to 720.
    #[serde(default)]
    pub minutes: Option<i64>,
}

/// Says *busy* or *away* of oneself for a while, or takes it back.
#[utoipa::path(put, path = "/me/presence", tag = "people", request_body = OwnPresence,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn say(State(booking): State<Arc<Booking>>, actor: Actor, Json(own): Json<OwnPresence>) -> Result<StatusCode> {
    let minutes = own.minutes.unwrap_or(60);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(malformed("minutes", format!("1 to {MINUTES_MAX}")).into());
    }
    let until = booking.clock.now().saturating_add_ms(minutes * 60_000);
    kernel::transact!(&booking.db, tx => {
        store::say(tx, actor.person, own.state.map(|said| (said, until))).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}
