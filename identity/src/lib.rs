//! Who may act: agencies, people, passwords, sessions and roles. It is the only part of the service that knows how a person proves who they
//! are; everybody else takes an [`Actor`].
//!
//! | module | is |
//! |---|---|
//! | [`actor`] | the signed-in person behind a request: the extractor that every handler takes |
//! | [`role`] | what people are for, and who may hand a role out |
//! | [`agencies`] | public sector agencies; one is central (TP-4) |
//! | [`delegations`] | the approver's role, lent for some days |
//! | [`people`] | accounts (ID-1), and the short form by which others name a person |
//! | [`passwords`] | the rule (ID-2), argon2id, temporary passwords |
//! | [`sessions`] | signing in and out: the cookie, the CSRF token, the rate limits |
//! | [`audit_http`] | the audit trail for those who may read it |
//! | [`setup`] | the first administrator, agencies and people made by the command line |
//! | [`testing`] | people and sessions for tests |

pub mod actor;
pub mod agencies;
pub mod audit_http;
pub mod delegations;
pub mod origin;
pub mod passwords;
pub mod people;
pub mod role;
pub mod sessions;
pub mod setup;
mod state;
pub mod testing;

#[cfg(test)]
mod tests;

pub use actor::{Actor, AuthSessionId, SignedIn};
pub use agencies::{AgencyRef, AgencyShort, agency};
pub use people::{
    FacilitatorOf, PersonRef, Recipient, Standing, all_facilitators, facilitators, holders, inactive_among, people_by_ids, recipients,
    set_facilitators, standing,
};
pub use role::PersonRole;
pub use sessions::{end_every_session, last_seen};
pub use state::{Identity, Settings};

use axum::Extension;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of identity, to be nested under `/api/v1`.
pub fn router(identity: Identity) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sessions::http::read, sessions::http::sign_in, sessions::http::sign_out))
        .routes(routes!(passwords::http::change))
        .routes(routes!(people::http::search, people::http::create))
        .routes(routes!(agencies::http::list))
        .routes(routes!(audit_http::list))
        .layer(Extension(identity))
}
