//! People in the database.

use super::{NewPerson, PersonRef};
use crate::agencies::AgencyShort;
use kernel::{OnConstraint, Result, Text, Tx, db::constraint::FOREIGN_KEY, extract::malformed, on};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, PersonId, SiteId},
};

/// Identifiers in one statement: a telepresence session has 18 people at three sites.
const CHUNK: usize = 20;

kernel::sql! {
    BY_IDS = "SELECT p.id, p.name, p.position, p.state, a.id AS agency_id, a.name AS agency_name, a.short_name AS agency_short_name
        FROM person p JOIN agency a ON a.id = p.agency_id
        WHERE p.id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    SEARCH = "SELECT p.id, p.name, p.position, p.state, a.id AS agency_id, a.name AS agency_name, a.short_name AS agency_short_name
        FROM person p JOIN agency a ON a.id = p.agency_id
        WHERE p.state = 'active' AND p.search LIKE $1 ESCAPE '!' ORDER BY p.name, p.id LIMIT $2";
    INSERT = "INSERT INTO person (id, agency_id, name, email, position, search, language, state, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 'ms', 'active', $7)";
    INSERT_ROLE = "INSERT INTO person_role (person_id, role) VALUES ($1, $2)";
    INSERT_SITE = "INSERT INTO person_site (person_id, site_id) VALUES ($1, $2)";
    FACILITATORS = "SELECT p.id, p.name, p.position, p.state, a.id AS agency_id, a.name AS agency_name, a.short_name AS agency_short_name
        FROM person p JOIN agency a ON a.id = p.agency_id JOIN person_role r ON r.person_id = p.id
        WHERE r.role = 'facilitator' AND p.state = 'active' ORDER BY p.name, p.id LIMIT $1";
    SITES_OF_FACILITATORS = "SELECT s.person_id, s.site_id FROM person_site s JOIN person_role r ON r.person_id = s.person_id
        WHERE r.role = 'facilitator' ORDER BY s.person_id, s.site_id LIMIT $1";
    LEAVE_SITE = "DELETE FROM person_site WHERE site_id = $1";
    ANY_WITH_ROLE = "SELECT COUNT(*) FROM person_role r JOIN person p ON p.id = r.person_id WHERE r.role = $1 AND p.state = 'active'";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<PersonId>,
    name: String,
    position: String,
    state: String,
    agency_id: Text<AgencyId>,
    agency_name: String,
    agency_short_name: String,
}

impl From<Row> for PersonRef {
    fn from(row: Row) -> Self {
        let agency = AgencyShort { id: row.agency_id.0, name: row.agency_name, short_name: row.agency_short_name };
        Self { id: row.id.0, name: row.name, position: row.position, agency }
    }
}

async fn rows(tx: &mut Tx, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Row>> {
    let distinct: Vec<_> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in distinct.chunks(CHUNK) {
        // What is left of the places holds no identifier.
        let places: [Option<Text<PersonId>>; CHUNK] = std::array::from_fn(|place| chunk.get(place).copied().map(Text));
        let rows: Vec<Row> = on!(tx, c => places.into_iter().fold(sqlx::query_as(BY_IDS), |query, id| query.bind(id)).fetch_all(c).await)?;
        found.extend(rows.into_iter().map(|row| (row.id.0, row)));
    }
    Ok(found)
}

pub async fn by_ids(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<PersonRef>> {
    let people: BTreeMap<PersonId, PersonRef> = rows(tx, ids).await?.into_iter().map(|(id, row)| (id, row.into())).collect();
    Ok(ids.iter().filter_map(|id| people.get(id).cloned()).collect())
}

pub async fn inactive_among(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    let people = rows(tx, ids).await?;
    Ok(ids.iter().copied().filter(|id| people.get(id).is_none_or(|row| row.state != "active")).collect())
}

pub async fn search(tx: &mut Tx, text: &str, limit: i64) -> Result<Vec<PersonRef>> {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(SEARCH).bind(&pattern).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(PersonRef::from).collect())
}

pub async fn insert(tx: &mut Tx, person: &PersonRef, new: &NewPerson, now: UnixMs) -> Result<()> {
    let search = format!("{} {}", new.name.to_lowercase(), new.email);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(person.id)).bind(Text(person.agency.id)).bind(&new.name).bind(&new.email).bind(&new.position).bind(&search).bind(now.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| (name == "person_email_key").then(|| Refusal::by(Code::PersonExists, Rule::Id1)))?;
    for role in &new.roles {
        on!(tx, c => sqlx::query(INSERT_ROLE).bind(Text(person.id)).bind(Text(*role)).execute(c).await.map(drop))?;
    }
    for site in &new.sites {
        on!(tx, c => sqlx::query(INSERT_SITE).bind(Text(person.id)).bind(Text(*site)).execute(c).await.map(drop))
            .on_constraint(|name| (name == FOREIGN_KEY).then(|| malformed("sites", "known_site").with("site", site.to_string())))?;
    }
    Ok(())
}

/// Facilitators of the whole service, in one reading.
const FACILITATORS_MAX: i64 = 500;

pub async fn all_facilitators(tx: &mut Tx) -> Result<Vec<super::FacilitatorOf>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(FACILITATORS).bind(FACILITATORS_MAX).fetch_all(c).await)?;
    let sites: Vec<(Text<PersonId>, Text<SiteId>)> =
        on!(tx, c => sqlx::query_as(SITES_OF_FACILITATORS).bind(FACILITATORS_MAX * 8).fetch_all(c).await)?;
    let with_sites = |row: Row| {
        let person = PersonRef::from(row);
        let sites = sites.iter().filter(|it| it.0.0 == person.id).map(|it| it.1.0).collect();
        super::FacilitatorOf { person, sites }
    };
    Ok(rows.into_iter().map(with_sites).collect())
}

pub async fn set_facilitators(tx: &mut Tx, site: SiteId, people: &[PersonId]) -> Result<()> {
    let known: BTreeSet<PersonId> = all_facilitators(tx).await?.into_iter().map(|it| it.person.id).collect();
    if let Some(stranger) = people.iter().find(|it| !known.contains(it)) {
        return Err(malformed("facilitators", "facilitators").with("person", stranger.to_string()).into());
    }
    on!(tx, c => sqlx::query(LEAVE_SITE).bind(Text(site)).execute(c).await.map(drop))?;
    for person in people {
        on!(tx, c => sqlx::query(INSERT_SITE).bind(Text(*person)).bind(Text(site)).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn any_with_role(tx: &mut Tx, role: crate::role::PersonRole) -> Result<bool> {
    let count: i64 = on!(tx, c => sqlx::query_scalar(ANY_WITH_ROLE).bind(Text(role)).fetch_one(c).await)?;
    Ok(count > 0)
}
