//! People and agencies by name, for answers: read once for all that an answer names.

use identity::{AgencyShort, PersonRef};
use kernel::{Result, Tx};
use std::collections::{BTreeMap, BTreeSet};
use wire::id::{AgencyId, PersonId};

/// The people that an answer names.
#[derive(Debug, Default)]
pub struct People(BTreeMap<PersonId, PersonRef>);

impl People {
    pub async fn of(tx: &mut Tx, ids: BTreeSet<PersonId>) -> Result<Self> {
        let ids: Vec<PersonId> = ids.into_iter().collect();
        Ok(Self(identity::people_by_ids(tx, &ids).await?.into_iter().map(|it| (it.id, it)).collect()))
    }

    /// The person; one whose account is gone has an id and no name.
    pub fn get(&self, id: PersonId) -> PersonRef {
        self.0.get(&id).cloned().unwrap_or_else(|| PersonRef {
            id,
            name: String::new(),
            position: String::new(),
            agency: AgencyShort { id: AgencyId(uuid::Uuid::nil()), name: String::new(), short_name: String::new() },
        })
    }

    pub fn name(&self, id: PersonId) -> String {
        self.0.get(&id).map(|it| it.name.clone()).unwrap_or_default()
    }
}

/// Those of the people who have an account that can be used.
pub async fn usable(tx: &mut Tx, ids: BTreeSet<PersonId>) -> Result<BTreeSet<PersonId>> {
    let ids: Vec<PersonId> = ids.into_iter().collect();
    let inactive = identity::inactive_among(tx, &ids).await?;
    Ok(ids.into_iter().filter(|it| !inactive.contains(it)).collect())
}

/// An agency by name; one that is not known has an id alone.
pub async fn agency(tx: &mut Tx, id: AgencyId) -> Result<AgencyShort> {
    let found = identity::agency(tx, id).await?;
    Ok(match found {
        Some(it) => AgencyShort { id, name: it.name, short_name: it.short_name },
        None => AgencyShort { id, name: String::new(), short_name: String::new() },
    })
}
