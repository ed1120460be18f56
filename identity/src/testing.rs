//! People and sessions for tests of this crate and of those that stand on it. Not for use outside tests: a session is opened here without a password.

use crate::{
    agencies::{AgencyRef, NewAgency},
    passwords::Password,
    people::{self, NewPerson, PersonRef},
    role::PersonRole,
    sessions::{self, Token, cookie, csrf},
    setup,
    state::{Identity, Settings},
};
use axum::http::{HeaderMap, HeaderValue, header};
use kernel::{Db, SharedClock, transact};
use tokio::sync::OnceCell;
use wire::id::{AgencyId, PersonId, SiteId};

/// The host that tests send their requests to.
pub const HOST: &str = "sidang.example";
/// What everyone made by [`person`] signs in with.
pub const PASSWORD: &str = "Kata-Laluan-1";

pub async fn identity(db: Db, clock: SharedClock) -> Identity {
    Identity::new(db, clock, Settings::default()).await.expect("identity starts")
}

pub async fn agency(identity: &Identity, short_name: &str, is_central: bool) -> AgencyRef {
    let new = NewAgency { name: format!("Agensi {short_name}"), short_name: short_name.into(), is_central };
    setup::create_agency(identity, new).await.expect("an agency")
}

/// Somebody with [`PASSWORD`], and the e-mail `<name>@sidang.example` in lower case (what an address cannot hold becomes a dot).
pub async fn person(identity: &Identity, name: &str, agency: AgencyId, roles: &[PersonRole], sites: &[SiteId]) -> PersonRef {
    /// Hashed once in a process: a test with twenty people would wait for twenty hashes.
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(async || identity.hasher().hash(&Password::new(PASSWORD)).await.expect("a hash")).await;
    let local: String =
        name.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '.' }).collect();
    let new = NewPerson {
        name: name.into(),
        email: format!("{local}@{HOST}"),
        position: "Pegawai".into(),
        agency,
        roles: roles.iter().copied().collect(),
        sites: sites.iter().copied().collect(),
    }
    .checked()
    .expect("a lawful account");
    let now = identity.clock().now();
    transact!(identity.db(), tx => {
        let agency = people::agency_of(tx, &new).await?;
        new.fits(&agency)?;
        people::create(tx, &new, &agency, hash, false, None, now).await
    })
    .expect("a person")
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    pub cookie: String,
    pub csrf_token: String,
}

impl Browser {
    /// The headers that its page sends with every request, safe or not.
    pub fn headers(&self) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header");
        HeaderMap::from_iter([
            (header::HOST, value(HOST)),
            (header::ORIGIN, value(&format!("https://{HOST}"))),
            (header::COOKIE, value(&self.cookie)),
            (csrf::HEADER.parse().expect("a header's name"), value(&self.csrf_token)),
        ])
    }
}

/// Opens a session for `person` without asking for the password, which would cost each test a hash.
pub async fn browser(identity: &Identity, person: PersonId) -> Browser {
    let token = Token::fresh().expect("a token");
    let now = identity.clock().now();
    transact!(identity.db(), tx => sessions::store::open(tx, person, &token, "desktop", now).await).expect("a session");
    Browser { cookie: format!("{}={}", cookie::NAME, token.expose()), csrf_token: csrf::of(&token) }
}
