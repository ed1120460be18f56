//! The signed-in person behind a request. A handler that takes an [`Actor`] cannot be reached without a session, from a foreign page, or with a
//! temporary password: the checks stand in the extraction, so that no route can forget them.

use crate::{
    agencies::AgencyRef,
    origin,
    role::PersonRole,
    sessions::{self, cookie},
    state::Identity,
};
use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use kernel::{Error, Result};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule,
    id::{AgencyId, PersonId, SiteId},
};

/// A signed-in browser's session: not a stay in a meeting, which is [`wire::id::SessionId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthSessionId(pub uuid::Uuid);

impl std::fmt::Display for AuthSessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for AuthSessionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Who acts, and with what rights: read from the store at each request, so that a right taken away is gone at the next one.
#[derive(Clone, Debug)]
pub struct Actor {
    pub person: PersonId,
    pub name: String,
    pub agency: AgencyRef,
    /// With the role of an approver where one is lent to them today.
    pub roles: BTreeSet<PersonRole>,
    /// The approver who lends it, or the decision on what their own agency applies for.
    pub acting_for: Option<PersonId>,
    /// The central agency on whose own applications this person of another agency decides today (TP-4). Not an approver's role: on nothing else.
    pub decides_on: Option<AgencyId>,
    /// The sites that a facilitator looks after.
    pub sites: BTreeSet<SiteId>,
    pub session: AuthSessionId,
}

impl Actor {
    pub fn is_central(&self) -> bool {
        self.agency.is_central
    }

    pub fn has(&self, role: PersonRole) -> bool {
        self.roles.contains(&role)
    }

    /// `role.missing` where the person has none of these roles.
    pub fn require(&self, any_of: &[PersonRole]) -> Result<()> {
        if any_of.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        let roles: Vec<_> = any_of.iter().map(|role| role.text()).collect();
        Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", roles).into())
    }

    /// Whether the person looks after the rooms of that site.
    pub fn facilitates(&self, site: SiteId) -> bool {
        self.has(PersonRole::Facilitator) && self.sites.contains(&site)
    }
}

/// A session whose password may be temporary: only for reading and ending the session and for changing the password. Everyone else takes an
/// [`Actor`].
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub actor: Actor,
    pub email: String,
    pub language: String,
    pub password_change_required: bool,
    pub(crate) csrf_token: String,
}

fn identity(parts: &Parts) -> Result<Identity> {
    let missing = || Error::broken("a route takes an Actor and its router lacks Extension(Identity)");
    parts.extensions.get::<Identity>().cloned().ok_or_else(missing)
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let identity = identity(parts)?;
        let token = cookie::token(&parts.headers).ok_or(Code::SignInRequired)?;
        let signed_in = sessions::find(&identity, &token).await?.ok_or(Code::SignInRequired)?;
        if is_unsafe(&parts.method) {
            origin::check(parts, &identity.settings().origins)?;
            sessions::csrf::check(&parts.headers, &signed_in.csrf_token)?;
        }
        Ok(signed_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        match signed_in.password_change_required {
            true => Err(Refusal::by(Code::PasswordChangeRequired, Rule::Id2).into()),
            false => Ok(signed_in.actor),
        }
    }
}

/// RFC 9110, section 9.2.1: the other methods change nothing.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}
