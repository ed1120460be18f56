//! A booking plane on a fresh database with people of every role, for the tests of this crate.

use crate::{Booking, Settings, sites};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use identity::{Identity, PersonRole, agencies::NewAgency, passwords::Password, people::NewPerson, setup};
use kernel::{Db, clock::ManualClock};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tower::ServiceExt;
use wire::{
    UnixMs,
    id::{AgencyId, PersonId, SiteId},
};

/// Tuesday 2026-12-01, 10:00 in Malaysia.
pub const NOW: UnixMs = UnixMs(1_796_090_400_000);
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
/// Friday 2026-12-04, 09:00 in Malaysia.
pub const USE: UnixMs = UnixMs(NOW.0 + 3 * DAY - HOUR);

const PASSWORD: &str = "Sidang-Ujian-2026!";

pub fn settings() -> Settings {
    Settings {
        issuer: "https://sidang.example".into(),
        audience: "sfu:main".into(),
        public_url: "https://sidang.example".into(),
        signal_url: "/media/signal".into(),
        media_url: String::new(),
        data_folder: std::path::PathBuf::new(),
        classified_without_e2ee: false,
        trusted_nodes: Vec::new(),
        mail: crate::mail::Settings {
            smtp: None,
            from: crate::calendar::writer::Address { name: "Sidang".into(), email: "sidang@sidang.example".into() },
            reply_to: None,
        },
    }
}

/// Somebody with an account, signed in where and when a request needs it.
#[derive(Clone, Debug)]
pub struct Someone {
    pub id: PersonId,
    email: String,
    session: Arc<Mutex<Option<Session>>>,
    /// As a page of another origin has it: the cookie without the token.
    pub without_csrf: bool,
}

#[derive(Clone, Debug)]
struct Session {
    cookie: String,
    csrf: String,
    opened_at: UnixMs,
}

/// Well before a session ends for idleness.
const SESSION_MS: i64 = 10 * 60_000;

pub struct Plane {
    pub booking: Arc<Booking>,
    pub identity: Identity,
    pub clock: Arc<ManualClock>,
    pub router: Router,
    pub sites: Vec<SiteId>,
    pub ministry: AgencyId,
    pub central: AgencyId,
    /// Where photographs are kept; gone with it.
    pub folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub body: Value,
    pub text: String,
}

impl Answered {
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        &self.body
    }

    /// Shown, whatever it is.
    #[track_caller]
    pub fn seen(self) {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.body
    }
}

impl Plane {
    pub async fn new(db: Db) -> Self {
        Self::with(db, settings()).await
    }

    pub async fn with(db: Db, settings: Settings) -> Self {
        let clock = ManualClock::at(NOW);
        let identity = Identity::new(db.clone(), clock.clone(), identity::Settings::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_folder: folder.path().to_owned(), ..settings };
        let booking = Booking::start(db.clone(), clock.clone(), settings, &[7; 32]).await.unwrap();
        let agency = |name: &str, short: &str, is_central| NewAgency { name: name.into(), short_name: short.into(), is_central };
        let central = setup::create_agency(&identity, agency("Jabatan Digital Negara", "JDN", true)).await.unwrap().id;
        let ministry = setup::create_agency(&identity, agency("Kementerian Kesihatan Malaysia", "KKM", false)).await.unwrap().id;
        let (api, document) = crate::router(booking.clone(), identity.clone()).split_for_parts();
        assert!(!document.paths.paths.is_empty());
        let signing = identity::router(identity.clone()).split_for_parts().0;
        let router = Router::new().nest("/api/v1", api.merge(signing)).merge(crate::edge_router(booking.clone()));
        let sites = sites::all(&mut db.read().await.unwrap()).await.unwrap().into_iter().map(|it| it.id).collect();
        Self { booking, identity, clock, router, sites, ministry, central, folder }
    }

    /// Makes an account.
    pub async fn someone(&self, name: &str, agency: AgencyId, roles: &[PersonRole], sites: &[SiteId]) -> Someone {
        let email = format!("{name}@agensi.example");
        let new = NewPerson {
            name: name.to_owned(),
            email: email.clone(),
            position: "Pegawai".into(),
            agency,
            roles: roles.iter().copied().collect::<BTreeSet<_>>(),
            sites: sites.iter().copied().collect(),
        };
        let id = setup::create_person(&self.identity, new, Some(Password::new(PASSWORD))).await.unwrap().person.id;
        Someone { id, email, session: Arc::default(), without_csrf: false }
    }

    /// The session that this person has now; a test that moves the clock finds a new one.
    async fn session(&self, who: &Someone) -> Session {
        let now = kernel::Clock::now(&*self.clock);
        let held = who.session.lock().unwrap().clone();
        if let Some(held) = held.filter(|it| now.0 - it.opened_at.0 < SESSION_MS && now >= it.opened_at) {
            return held;
        }
        let request = Request::post("/api/v1/session")
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, "http://localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::json!({ "email": who.email, "password": PASSWORD }).to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let cookie = response.headers().get(header::SET_COOKIE).map(|it| it.to_str().unwrap().to_owned());
        let answered = answered(response).await;
        let csrf = answered.body["csrf_token"].as_str().unwrap_or_else(|| panic!("not signed in: {}", answered.text)).to_owned();
        let cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
        let session = Session { cookie, csrf, opened_at: now };
        *who.session.lock().unwrap() = Some(session.clone());
        session
    }

    pub async fn get(&self, who: Option<&Someone>, path: &str) -> Answered {
        self.send(Method::GET, who, path, None, None).await
    }

    pub async fn post(&self, who: Option<&Someone>, path: &str, body: Value) -> Answered {
        self.send(Method::POST, who, path, Some(body), None).await
    }

    pub async fn send(&self, method: Method, who: Option<&Someone>, path: &str, body: Option<Value>, key: Option<&str>) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        answered(self.answer(who, request.body(body).unwrap()).await).await
    }

    pub async fn read(&self, response: axum::response::Response) -> Answered {
        answered(response).await
    }

    /// The answer to a request that is not JSON, or whose answer is not.
    pub async fn answer(&self, who: Option<&Someone>, request: Request<Body>) -> axum::response::Response {
        let (mut parts, body) = request.into_parts();
        let mut set = |name: header::HeaderName, value: &str| parts.headers.insert(name, value.parse().unwrap());
        set(header::HOST, "localhost");
        set(header::ORIGIN, "http://localhost");
        if let Some(who) = who {
            let session = self.session(who).await;
            set(header::COOKIE, &session.cookie);
            if !who.without_csrf {
                set(header::HeaderName::from_static("x-csrf-token"), &session.csrf);
            }
        }
        self.router.clone().oneshot(Request::from_parts(parts, body)).await.unwrap()
    }
}

impl Plane {
    /// A request as it stands: for those who come without a session.
    pub async fn raw(&self, request: Request<Body>) -> Answered {
        answered(self.router.clone().oneshot(request).await.unwrap()).await
    }
}

async fn answered(response: axum::response::Response) -> Answered {
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answered { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}

/// One site after another, each as [`sites::Site::sample`].
pub fn site() -> sites::Site {
    sites::Site { id: SiteId::fresh(), ..sites::Site::sample(1) }
}
