//! `GET`, `POST`, `DELETE /session`.

use super::{Token, cookie, store};
use crate::{
    actor::SignedIn,
    agencies::AgencyRef,
    origin::SameOrigin,
    passwords::Password,
    role::PersonRole,
    state::{Identity, Settings},
};
use axum::{
    Extension,
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use kernel::{
    Error, Result,
    audit::{self, Entry},
    extract::Json,
    problem::Problem,
    transact,
};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use wire::{
    Code, Refusal,
    id::{AgencyId, PersonId, SiteId},
};

/// The person who is signed in, to themselves.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Me {
    pub id: PersonId,
    pub name: String,
    pub email: String,
    /// `ms` or `en`
    pub language: String,
    pub agency: AgencyRef,
    pub roles: Vec<PersonRole>,
    pub sites: Vec<SiteId>,
    /// The agency on whose own applications one decides today, on behalf of an approver of it (TP-4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decides_on: Option<AgencyId>,
    /// ID-2: nothing else answers until the password is changed.
    pub password_change_required: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Session {
    pub person: Me,
    /// For the header `x-csrf-token` of every unsafe request.
    pub csrf_token: String,
}

impl From<SignedIn> for Session {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { actor, email, language, password_change_required, csrf_token } = signed_in;
        let person = Me {
            id: actor.person,
            name: actor.name,
            email,
            language,
            agency: actor.agency,
            roles: actor.roles.into_iter().collect(),
            sites: actor.sites.into_iter().collect(),
            decides_on: actor.decides_on,
            password_change_required,
        };
        Self { person, csrf_token }
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = Session), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn read(signed_in: SignedIn) -> Json<Session> {
    Json(signed_in.into())
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub email: String,
    pub password: Password,
}

/// Signs in. One answer for a wrong password, an e-mail that nobody has and an account that has ended, after the same work.
#[utoipa::path(post, path = "/session", tag = "session", request_body = Credentials,
    responses((status = 200, body = Session), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn sign_in(
    Extension(identity): Extension<Identity>,
    _own_page: SameOrigin,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response> {
    let email = credentials.email.trim().to_lowercase();
    // Nobody has an address of another length; a longer one is not kept in the cells of the limits.
    let email: String = email.chars().take(254).collect();
    identity.limits().check_sign_in(address, &email)?;
    let known = store::credential(&mut identity.db().read().await?, &email).await?;
    let fits = identity.hasher().verify(&credentials.password, known.as_ref().map(|known| known.hash.clone())).await?;
    let now = identity.clock().now();
    let Some(known) = known.as_ref().filter(|known| fits && known.active) else {
        metrics::counter!("sidang_sign_ins_total", "outcome" => "failed").increment(1);
        let refusal = Refusal::new(Code::SignInFailed);
        // Who tried is not known; whose account was tried is.
        let entry = match &known {
            Some(known) => Entry::new(now, "session.open", "person", known.person).on_behalf_of(known.agency),
            None => Entry::new(now, "session.open", "person", "-"),
        };
        audit::record_alone(identity.db(), entry.refused(&refusal)).await?;
        return Err(refusal.into());
    };
    let token = Token::fresh()?;
    let before = cookie::token(&headers);
    transact!(identity.db(), tx => {
        // While the password was compared it can have been changed, or the account ended: then this sign-in comes too late.
        let now_known = store::credential(tx, &email).await?;
        if now_known.is_none_or(|it| !it.active || it.hash != known.hash) {
            return Err(Code::SignInFailed.into());
        }
        // The session that this browser had ends: nobody can have planted the new one.
        if let Some(before) = &before {
            store::end(tx, before).await?;
        }
        let session = store::open(tx, known.person, &token, user_agent_class(&headers), now).await?;
        let entry = Entry::new(now, "session.open", "session", session).by(known.person).on_behalf_of(known.agency);
        audit::record(tx, entry);
        Ok(())
    })?;
    metrics::counter!("sidang_sign_ins_total", "outcome" => "done").increment(1);
    let signed_in = super::find(&identity, &token).await?.ok_or_else(|| Error::broken("a session that was just opened is not found"))?;
    Ok(([(header::SET_COOKIE, cookie::set(&token)?)], Json(Session::from(signed_in))).into_response())
}

/// Signs out (MEET-14): the session ends at once, everywhere.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn sign_out(Extension(identity): Extension<Identity>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response> {
    let token = cookie::token(&headers).ok_or(Code::SignInRequired)?;
    let actor = signed_in.actor;
    transact!(identity.db(), tx => {
        store::end(tx, &token).await?;
        let entry = Entry::new(identity.clock().now(), "session.close", "session", actor.session).by(actor.person);
        audit::record(tx, entry.on_behalf_of(actor.agency.id).rule(wire::Rule::Meet14));
        Ok(())
    })?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear())]).into_response())
}

/// What kind of browser it was, for the person's list of sessions; the whole header would tell more than that needs.
fn user_agent_class(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match () {
        () if agent.contains("Mobile") || agent.contains("Android") => "mobile",
        () if agent.starts_with("Mozilla/") => "desktop",
        () => "other",
    }
}

/// The address that a request came from, seen through as many proxies as the settings trust.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let identity = parts.extensions.get::<Identity>().ok_or_else(|| Error::broken("a router lacks Extension(Identity)"))?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        // Without a peer (a test, a Unix socket) everybody counts as one.
        Ok(Self(client_address(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), &parts.headers, identity.settings())))
    }
}

fn client_address(peer: IpAddr, headers: &HeaderMap, settings: &Settings) -> IpAddr {
    let Some(hops_back) = settings.trusted_proxies.checked_sub(1) else { return peer };
    // Each proxy appends; what stands further left than the trusted ones wrote anybody can have sent.
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    hops.iter().rev().nth(hops_back).and_then(|hop| hop.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_client_cannot_choose_the_address_it_is_counted_by() {
        let peer: IpAddr = "10.0.0.1".parse().expect("an address");
        let table = [
            (0, "203.0.113.9", "10.0.0.1"),
            (1, "203.0.113.9", "203.0.113.9"),
            (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
            (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            (2, "203.0.113.9", "10.0.0.1"),
            (1, "unknown", "10.0.0.1"),
            (1, "", "10.0.0.1"),
        ];
        for (trusted_proxies, header, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(header));
            let settings = Settings { trusted_proxies, ..Settings::default() };
            assert_eq!(client_address(peer, &headers, &settings).to_string(), expected, "{trusted_proxies} {header}");
        }
    }

    #[test]
    fn browsers_fall_into_three_classes() {
        let class = |agent: &'static str| user_agent_class(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]));
        assert_eq!(class("Mozilla/5.0 (X11; Linux x86_64) Chrome/140"), "desktop");
        assert_eq!(class("Mozilla/5.0 (Linux; Android 15) Mobile"), "mobile");
        assert_eq!(class("curl/8"), "other");
    }
}
