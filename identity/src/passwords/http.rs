//! `PUT /me/password`.

use super::{Password, rules, store};
use crate::{actor::SignedIn, sessions, state::Identity};
use axum::{Extension, http::StatusCode};
use kernel::{Result, audit, extract::Json, problem::Problem, transact};
use serde::Deserialize;
use wire::{Code, Rule};

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub current_password: Password,
    pub new_password: Password,
}

/// Changes one's own password; every other session of the person ends.
#[utoipa::path(put, path = "/me/password", tag = "session", request_body = ChangePassword,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change(Extension(identity): Extension<Identity>, signed_in: SignedIn, Json(body): Json<ChangePassword>) -> Result<StatusCode> {
    let actor = &signed_in.actor;
    identity.limits().check_password_change(actor.person)?;
    rules::check(body.new_password.expose())?;
    let old = store::find(&mut identity.db().read().await?, actor.person).await?;
    if !identity.hasher().verify(&body.current_password, old.clone()).await? {
        return Err(Code::SignInFailed.into());
    }
    if body.current_password == body.new_password {
        return Err(rules::unchanged().into());
    }
    let old = old.unwrap_or_default();
    let new = identity.hasher().hash(&body.new_password).await?;
    transact!(identity.db(), tx => {
        let now = identity.clock().now();
        if !store::replace(tx, actor.person, &old, &new, now).await? {
            return Err(Code::Conflict.into());
        }
        sessions::store::end_others(tx, actor.person, actor.session).await?;
        let entry = audit::Entry::new(now, "password.change", "person", actor.person).by(actor.person).rule(Rule::Id7);
        audit::record(tx, entry.on_behalf_of(actor.agency.id));
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
