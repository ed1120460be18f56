//! Sessions in the database.

use super::{LIFE_MS_MAX, SESSIONS_PER_PERSON_MAX, Token};
use crate::{
    actor::{Actor, AuthSessionId, SignedIn},
    agencies::AgencyRef,
    role::PersonRole,
};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeSet;
use wire::{
    UnixMs,
    id::{AgencyId, PersonId, SiteId},
};

kernel::sql! {
    FIND = "SELECT s.id, s.last_seen_at_ms, s.expires_at_ms, p.id AS person_id, p.name, p.email, p.language, w.temporary,
            a.id AS agency_id, a.name AS agency_name, a.short_name AS agency_short_name, a.is_central
        FROM session s JOIN person p ON p.id = s.person_id JOIN agency a ON a.id = p.agency_id JOIN password w ON w.person_id = p.id
        WHERE s.token_hash = $1 AND p.state = 'active'";
    ROLES = "SELECT role FROM person_role WHERE person_id = $1";
    SITES = "SELECT site_id FROM person_site WHERE person_id = $1";
    SEEN = "UPDATE session SET last_seen_at_ms = $2 WHERE id = $1 AND last_seen_at_ms < $2";
    INSERT = "INSERT INTO session (id, token_hash, person_id, user_agent_class, created_at_ms, last_seen_at_ms, expires_at_ms)
        VALUES ($1, $2, $3, $4, $5, $5, $6)";
    END = "DELETE FROM session WHERE token_hash = $1";
    END_OTHERS = "DELETE FROM session WHERE person_id = $1 AND id <> $2";
    END_OLDEST = "DELETE FROM session WHERE person_id = $1 AND id NOT IN
        (SELECT id FROM session WHERE person_id = $1 ORDER BY created_at_ms DESC, id DESC LIMIT $2)";
    END_ALL = "DELETE FROM session";
    LAST_SEEN = "SELECT MAX(last_seen_at_ms) FROM session WHERE person_id = $1 AND expires_at_ms > $2";
    FORGET = "DELETE FROM session WHERE expires_at_ms <= $1 OR last_seen_at_ms <= $2";
    CREDENTIAL = "SELECT p.id, p.agency_id, p.state, w.hash FROM person p JOIN password w ON w.person_id = p.id WHERE p.email = $1";
    SIGNED_IN = "UPDATE person SET last_sign_in_at_ms = $2 WHERE id = $1";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<AuthSessionId>,
    last_seen_at_ms: i64,
    expires_at_ms: i64,
    person_id: Text<PersonId>,
    name: String,
    email: String,
    language: String,
    temporary: bool,
    agency_id: Text<AgencyId>,
    agency_name: String,
    agency_short_name: String,
    is_central: bool,
}

pub(crate) struct Found {
    pub last_seen: UnixMs,
    pub expires: UnixMs,
    /// Without roles, sites and CSRF token yet.
    pub signed_in: SignedIn,
}

pub(crate) async fn end_all(tx: &mut Tx) -> Result<u64> {
    Ok(on!(tx, c => sqlx::query(END_ALL).execute(c).await.map(|it| it.rows_affected()))?)
}

pub(crate) async fn find(tx: &mut Tx, token_hash: &str) -> Result<Option<Found>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(FIND).bind(token_hash).fetch_optional(c).await)?;
    Ok(row.map(|row| Found {
        last_seen: UnixMs(row.last_seen_at_ms),
        expires: UnixMs(row.expires_at_ms),
        signed_in: SignedIn {
            actor: Actor {
                person: row.person_id.0,
                name: row.name,
                agency: AgencyRef {
                    id: row.agency_id.0,
                    name: row.agency_name,
                    short_name: row.agency_short_name,
                    is_central: row.is_central,
                },
                roles: BTreeSet::new(),
                acting_for: None,
                decides_on: None,
                sites: BTreeSet::new(),
                session: row.id.0,
            },
            email: row.email,
            language: row.language,
            password_change_required: row.temporary,
            csrf_token: String::new(),
        },
    }))
}

/// Roles of a later version are no rights here.
pub(crate) async fn roles(tx: &mut Tx, person: PersonId) -> Result<BTreeSet<PersonRole>> {
    let texts: Vec<String> = on!(tx, c => sqlx::query_scalar(ROLES).bind(Text(person)).fetch_all(c).await)?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

pub(crate) async fn sites(tx: &mut Tx, person: PersonId) -> Result<BTreeSet<SiteId>> {
    let sites: Vec<Text<SiteId>> = on!(tx, c => sqlx::query_scalar(SITES).bind(Text(person)).fetch_all(c).await)?;
    Ok(sites.into_iter().map(|Text(site)| site).collect())
}

pub(crate) async fn seen(tx: &mut Tx, session: AuthSessionId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SEEN).bind(Text(session)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// An account's credential.
pub(crate) struct Credential {
    pub person: PersonId,
    pub agency: AgencyId,
    pub active: bool,
    pub hash: String,
}

pub(crate) async fn credential(tx: &mut Tx, email: &str) -> Result<Option<Credential>> {
    type Columns = (Text<PersonId>, Text<AgencyId>, String, String);
    let row: Option<Columns> = on!(tx, c => sqlx::query_as(CREDENTIAL).bind(email).fetch_optional(c).await)?;
    Ok(row.map(|(person, agency, state, hash)| Credential { person: person.0, agency: agency.0, active: state == "active", hash }))
}

/// Opens a session, and ends the person's oldest ones beyond the bound.
pub(crate) async fn open(tx: &mut Tx, person: PersonId, token: &Token, user_agent_class: &str, now: UnixMs) -> Result<AuthSessionId> {
    let session = AuthSessionId(uuid::Uuid::now_v7());
    let expires = now.saturating_add_ms(LIFE_MS_MAX);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(session)).bind(token.hash()).bind(Text(person)).bind(user_agent_class).bind(now.0).bind(expires.0)
        .execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(END_OLDEST).bind(Text(person)).bind(SESSIONS_PER_PERSON_MAX).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SIGNED_IN).bind(Text(person)).bind(now.0).execute(c).await.map(drop))?;
    Ok(session)
}

pub(crate) async fn end(tx: &mut Tx, token: &Token) -> Result<()> {
    on!(tx, c => sqlx::query(END).bind(token.hash()).execute(c).await.map(drop))?;
    Ok(())
}

pub(crate) async fn end_others(tx: &mut Tx, person: PersonId, but: AuthSessionId) -> Result<()> {
    on!(tx, c => sqlx::query(END_OTHERS).bind(Text(person)).bind(Text(but)).execute(c).await.map(drop))?;
    Ok(())
}

pub(crate) async fn forget_ended(tx: &mut Tx, now: UnixMs) -> Result<()> {
    let idle = now.0.saturating_sub(super::IDLE_MS_MAX);
    on!(tx, c => sqlx::query(FORGET).bind(now.0).bind(idle).execute(c).await.map(drop))?;
    Ok(())
}

pub(crate) async fn last_seen(tx: &mut Tx, person: PersonId, now: UnixMs) -> Result<Option<UnixMs>> {
    let seen: Option<i64> = on!(tx, c => sqlx::query_scalar(LAST_SEEN).bind(Text(person)).bind(now.0).fetch_one(c).await)?;
    Ok(seen.map(UnixMs))
}
