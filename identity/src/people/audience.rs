//! Who can be reached and how: for those who tell people something.

use crate::{
    agencies::{self, AgencyRef},
    role::PersonRole,
};
use kernel::{Result, Text, Tx, on};
use std::collections::BTreeSet;
use wire::id::{AgencyId, PersonId, SiteId};

/// Identifiers in one statement, as in [`super::store`].
const CHUNK: usize = 20;
/// People of one role who are told at once: the approvers of the country, the administrators of an agency, the facilitators of a site are few.
const HOLDERS_MAX: i64 = 200;

kernel::sql! {
    REACHED = "SELECT id, name, email, language, state FROM person
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ORDER BY id";
    HOLDERS = "SELECT p.id FROM person p JOIN person_role r ON r.person_id = p.id
        WHERE r.role = $1 AND p.state = 'active' ORDER BY p.id LIMIT $2";
    HOLDERS_IN = "SELECT p.id FROM person p JOIN person_role r ON r.person_id = p.id
        WHERE r.role = $1 AND p.agency_id = $2 AND p.state = 'active' ORDER BY p.id LIMIT $3";
    AGENCY_OF = "SELECT agency_id FROM person WHERE id = $1";
    ROLES_OF = "SELECT role FROM person_role WHERE person_id = $1";
    SITES_OF = "SELECT site_id FROM person_site WHERE person_id = $1";
    FACILITATORS = "SELECT p.id FROM person p JOIN person_site s ON s.person_id = p.id JOIN person_role r ON r.person_id = p.id
        WHERE s.site_id = $1 AND r.role = 'facilitator' AND p.state = 'active' ORDER BY p.id LIMIT $2";
}

/// What somebody may do, without a session: for what goes on in their name while they are away, such as a calendar that they subscribed to.
#[derive(Clone, Debug)]
pub struct Standing {
    pub person: PersonId,
    pub name: String,
    pub language: String,
    pub agency: AgencyRef,
    pub roles: BTreeSet<PersonRole>,
    /// The sites that a facilitator looks after.
    pub sites: BTreeSet<SiteId>,
}

/// Nothing where the account is not known or cannot be used.
pub async fn standing(tx: &mut Tx, person: PersonId) -> Result<Option<Standing>> {
    let Some(found) = recipients(tx, &[person]).await?.into_iter().find(Recipient::is_active) else { return Ok(None) };
    let agency: Text<AgencyId> = on!(tx, c => sqlx::query_scalar(AGENCY_OF).bind(Text(person)).fetch_one(c).await)?;
    let Some(agency) = agencies::agency(tx, agency.0).await? else { return Ok(None) };
    let roles: Vec<String> = on!(tx, c => sqlx::query_scalar(ROLES_OF).bind(Text(person)).fetch_all(c).await)?;
    let sites: Vec<Text<SiteId>> = on!(tx, c => sqlx::query_scalar(SITES_OF).bind(Text(person)).fetch_all(c).await)?;
    Ok(Some(Standing {
        person,
        name: found.name,
        language: found.language,
        agency,
        // A role of a later version is no right.
        roles: roles.iter().filter_map(|it| it.parse().ok()).collect(),
        sites: sites.into_iter().map(|it| it.0).collect(),
    }))
}

/// A person as mail finds them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Recipient {
    pub id: Text<PersonId>,
    pub name: String,
    pub email: String,
    /// `ms` or `en`
    pub language: String,
    state: String,
}

impl Recipient {
    /// An account that is disabled or ended is told nothing more.
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// Those of these people who are known.
pub async fn recipients(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<Recipient>> {
    let distinct: Vec<_> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = Vec::with_capacity(distinct.len());
    for chunk in distinct.chunks(CHUNK) {
        let places: [Option<Text<PersonId>>; CHUNK] = std::array::from_fn(|place| chunk.get(place).copied().map(Text));
        let rows: Vec<Recipient> =
            on!(tx, c => places.into_iter().fold(sqlx::query_as(REACHED), |query, id| query.bind(id)).fetch_all(c).await)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Everyone with this role whose account can be used; those of one agency where one is named.
pub async fn holders(tx: &mut Tx, role: PersonRole, agency: Option<AgencyId>) -> Result<Vec<PersonId>> {
    let rows: Vec<Text<PersonId>> = match agency {
        None => on!(tx, c => sqlx::query_scalar(HOLDERS).bind(Text(role)).bind(HOLDERS_MAX).fetch_all(c).await)?,
        Some(agency) => {
            on!(tx, c => sqlx::query_scalar(HOLDERS_IN).bind(Text(role)).bind(Text(agency)).bind(HOLDERS_MAX).fetch_all(c).await)?
        }
    };
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Those who look after the rooms of a site.
pub async fn facilitators(tx: &mut Tx, site: SiteId) -> Result<Vec<PersonId>> {
    let rows: Vec<Text<PersonId>> = on!(tx, c => sqlx::query_scalar(FACILITATORS).bind(Text(site)).bind(HOLDERS_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}
