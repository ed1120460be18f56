//! What is done without anybody signed in: by the command line on a new installation, and by the demonstration.

use crate::{
    agencies::{self, AgencyRef, NewAgency},
    passwords::{self, Password, rules},
    people::{self, NewPerson, PersonRef, store},
    role::PersonRole,
    state::Identity,
};
use kernel::{Result, transact};
use std::collections::BTreeSet;
use wire::Code;

/// The central agency of a new installation; its name can be given anew later.
const CENTRAL_NAME: &str = "Jabatan Digital Negara";
const CENTRAL_SHORT_NAME: &str = "JDN";

/// A person who was given an account.
#[derive(Debug)]
pub struct CreatedPerson {
    pub person: PersonRef,
    /// To be handed over once; nothing where the caller chose the password.
    pub temporary_password: Option<Password>,
}

/// Makes an agency. `conflict` where its short name is taken, or a central agency is there already.
pub async fn create_agency(identity: &Identity, new: NewAgency) -> Result<AgencyRef> {
    let now = identity.clock().now();
    transact!(identity.db(), tx => agencies::create(tx, &new, now).await)
}

/// Makes an account: with a temporary password, or with one that the caller chose and that need not be changed.
pub async fn create_person(identity: &Identity, new: NewPerson, password: Option<Password>) -> Result<CreatedPerson> {
    let new = new.checked()?;
    let (password, temporary) = match password {
        Some(chosen) => {
            rules::check(chosen.expose())?;
            (chosen, false)
        }
        None => (passwords::temporary()?, true),
    };
    let hash = identity.hasher().hash(&password).await?;
    let person = transact!(identity.db(), tx => {
        let agency = people::agency_of(tx, &new).await?;
        new.fits(&agency)?;
        people::create(tx, &new, &agency, &hash, temporary, None, identity.clock().now()).await
    })?;
    Ok(CreatedPerson { person, temporary_password: temporary.then_some(password) })
}

/// Makes the first system administrator, in the central agency, which is made too where there is none. `conflict` where there is a system
/// administrator: from then on accounts are made by people.
pub async fn create_first_administrator(identity: &Identity, email: &str, name: &str) -> Result<Password> {
    let password = passwords::temporary()?;
    let hash = identity.hasher().hash(&password).await?;
    transact!(identity.db(), tx => {
        let now = identity.clock().now();
        if store::any_with_role(tx, PersonRole::SystemAdministrator).await? {
            return Err(Code::Conflict.into());
        }
        let central = match agencies::central(tx).await? {
            Some(central) => central,
            None => agencies::create(tx, &NewAgency { name: CENTRAL_NAME.into(), short_name: CENTRAL_SHORT_NAME.into(), is_central: true }, now).await?,
        };
        let new = NewPerson {
            name: name.to_owned(),
            email: email.to_owned(),
            position: String::new(),
            agency: central.id,
            roles: BTreeSet::from([PersonRole::SystemAdministrator]),
            sites: BTreeSet::new(),
        }
        .checked()?;
        people::create(tx, &new, &central, &hash, true, None, now).await
    })?;
    Ok(password)
}

/// Whether there is a system administrator yet.
pub async fn has_administrator(identity: &Identity) -> Result<bool> {
    store::any_with_role(&mut identity.db().read().await?, PersonRole::SystemAdministrator).await
}

/// The account of that e-mail, if there is one: so that the demonstration is laid out once.
pub async fn person_by_email(identity: &Identity, email: &str) -> Result<Option<wire::id::PersonId>> {
    let mut tx = identity.db().read().await?;
    Ok(crate::sessions::store::credential(&mut tx, &email.trim().to_lowercase()).await?.map(|known| known.person))
}
