//! Public sector agencies. One of them is central: it approves and runs the service (TP-4).

pub mod http;
mod store;

#[cfg(test)]
pub(crate) use store::SQL;

use kernel::{Result, Tx};
use serde::{Deserialize, Serialize};
use wire::{UnixMs, id::AgencyId};

/// An agency, as everyone who is signed in may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgencyRef {
    pub id: AgencyId,
    pub name: String,
    pub short_name: String,
    pub is_central: bool,
}

/// An agency beside a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgencyShort {
    pub id: AgencyId,
    pub name: String,
    pub short_name: String,
}

/// What an agency is made of.
#[derive(Clone, Debug)]
pub struct NewAgency {
    pub name: String,
    pub short_name: String,
    pub is_central: bool,
}

/// The agency, if it is known.
pub async fn agency(tx: &mut Tx, id: AgencyId) -> Result<Option<AgencyRef>> {
    store::by_id(tx, id).await
}

/// All agencies, by name. There are some hundreds.
pub async fn all(tx: &mut Tx) -> Result<Vec<AgencyRef>> {
    store::all(tx).await
}

/// The one central agency, once there is one.
pub async fn central(tx: &mut Tx) -> Result<Option<AgencyRef>> {
    store::central(tx).await
}

pub(crate) async fn create(tx: &mut Tx, new: &NewAgency, now: UnixMs) -> Result<AgencyRef> {
    let NewAgency { name, short_name, is_central } = new.clone();
    let agency = AgencyRef { id: AgencyId::fresh(), name, short_name, is_central };
    store::insert(tx, &agency, now).await?;
    kernel::audit::record(tx, kernel::audit::Entry::new(now, "agency.create", "agency", agency.id).detail("is_central", is_central));
    Ok(agency)
}
