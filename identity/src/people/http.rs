//! `GET /people`, `POST /people`.

use super::{Author, NewPerson, PersonRef, rules, store};
use crate::{actor::Actor, passwords, role::PersonRole, state::Identity};
use axum::{Extension, http::StatusCode};
use kernel::{
    Result, audit,
    extract::{Json, Query, malformed},
    problem::Problem,
    transact,
};
use serde::{Deserialize, Serialize};

/// People in one answer: what a list under a field shows.
const LIMIT_MAX: u32 = 50;
const LIMIT_DEFAULT: u32 = 20;
/// Letters asked for: fewer match half of a ministry.
const QUERY_CHARS: std::ops::RangeInclusive<usize> = 2..=100;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Two letters or more of a name or an e-mail.
    pub q: String,
    /// 1 to 50; 20 where nothing is said.
    pub limit: Option<u32>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct People {
    pub people: Vec<PersonRef>,
}

/// Finds people to invite, by name or e-mail.
#[utoipa::path(get, path = "/people", tag = "people", params(Search),
    responses((status = 200, body = People), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn search(Extension(identity): Extension<Identity>, _actor: Actor, Query(search): Query<Search>) -> Result<Json<People>> {
    let text = search.q.trim();
    if !QUERY_CHARS.contains(&text.chars().count()) {
        return Err(malformed("q", format!("{} to {} letters", QUERY_CHARS.start(), QUERY_CHARS.end())).into());
    }
    let limit = search.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(malformed("limit", format!("1 to {LIMIT_MAX}")).into());
    }
    let mut tx = identity.db().read().await?;
    Ok(Json(People { people: store::search(&mut tx, text, limit.into()).await? }))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreatedPerson {
    pub person: PersonRef,
    /// To be handed to the person; it is shown once, and must be changed at first sign-in (ID-2).
    pub temporary_password: String,
}

/// Makes an account with a temporary password.
#[utoipa::path(post, path = "/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = CreatedPerson), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    Extension(identity): Extension<Identity>,
    actor: Actor,
    Json(new): Json<NewPerson>,
) -> Result<(StatusCode, Json<CreatedPerson>)> {
    // Who may make nobody's account learns nothing of what is wrong with this one.
    actor.require(&[PersonRole::SystemAdministrator, PersonRole::UcAdministrator])?;
    let new = new.checked()?;
    let permitted = rules::may_create(&actor.roles, actor.agency.id, &new).map_err(Into::into);
    audit::record_refusal(identity.db(), permitted, || {
        let entry = audit::Entry::new(identity.clock().now(), "person.create", "agency", new.agency);
        entry.by(actor.person).on_behalf_of(actor.agency.id)
    })
    .await?;
    let password = passwords::temporary()?;
    let hash = identity.hasher().hash(&password).await?;
    let author = Author { person: actor.person, agency: actor.agency.id };
    let person = transact!(identity.db(), tx => {
        let agency = super::agency_of(tx, &new).await?;
        new.fits(&agency)?;
        super::create(tx, &new, &agency, &hash, true, Some(&author), identity.clock().now()).await
    })?;
    Ok((StatusCode::CREATED, Json(CreatedPerson { person, temporary_password: password.expose().to_owned() })))
}
