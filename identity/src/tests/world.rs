//! Two agencies, one person of each role, and browsers to send requests from.

use crate::{
    Identity, PersonRole,
    agencies::AgencyRef,
    people::PersonRef,
    testing::{self, Browser, HOST},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use kernel::{Db, clock::ManualClock, problem, testing::NOON};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tower::ServiceExt;
use wire::id::SiteId;

/// A site that the schema brings.
pub const CYBERJAYA: SiteId = SiteId(uuid::uuid!("019aa000-0000-7000-8000-00000000c001"));

pub struct World {
    pub identity: Identity,
    pub clock: Arc<ManualClock>,
    pub app: Router,
    pub central: AgencyRef,
    pub ministry: AgencyRef,
    /// One of each role, in the ministry; the approver in the central agency.
    pub people: BTreeMap<PersonRole, PersonRef>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl World {
    pub async fn of(db: Db) -> Self {
        let clock = ManualClock::at(NOON);
        let identity = testing::identity(db, clock.clone()).await;
        let central = testing::agency(&identity, "JDN", true).await;
        let ministry = testing::agency(&identity, "KKM", false).await;
        let mut people = BTreeMap::new();
        for role in PersonRole::ALL {
            let agency = if role == PersonRole::Approver { central.id } else { ministry.id };
            let sites: &[SiteId] = if role == PersonRole::Facilitator { &[CYBERJAYA] } else { &[] };
            people.insert(role, testing::person(&identity, &role.text().replace('_', "-"), agency, &[role], sites).await);
        }
        let app = crate::router(identity.clone())
            .split_for_parts()
            .0
            .fallback(problem::route_unknown)
            .method_not_allowed_fallback(problem::method_not_allowed)
            .layer(axum::middleware::from_fn(problem::edge));
        Self { identity, clock, app, central, ministry, people }
    }

    pub fn person(&self, role: PersonRole) -> &PersonRef {
        &self.people[&role]
    }

    pub async fn browser(&self, role: PersonRole) -> Browser {
        testing::browser(&self.identity, self.person(role).id).await
    }

    pub async fn send(&self, headers: HeaderMap, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).body(body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string())));
        let request = request.as_mut().expect("a request");
        *request.headers_mut() = headers;
        if body.is_some() {
            request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().expect("a header"));
        }
        let response = self.app.clone().oneshot(std::mem::take(request)).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("every body is JSON") };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.send(browser.headers(), Method::GET, path, None).await
    }

    pub async fn post(&self, browser: &Browser, path: &str, body: Value) -> Answer {
        self.send(browser.headers(), Method::POST, path, Some(body)).await
    }

    /// Signs in as a fresh browser does.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.send(own_page(), Method::POST, "/session", Some(serde_json::json!({ "email": email, "password": password }))).await
    }

    /// The newest rows of the trail: act, outcome, whether somebody is named.
    pub async fn trail(&self, rows: usize) -> Vec<(String, String, bool)> {
        let mut tx = self.identity.db().read().await.expect("a snapshot");
        let page = kernel::audit::page(&mut tx, &kernel::audit::Filter::default(), rows as i64).await.expect("the trail");
        page.into_iter().map(|row| (row.act.clone(), row.outcome.clone(), row.person().is_some())).collect()
    }
}

/// The headers of our own page in a browser where nobody is signed in.
pub fn own_page() -> HeaderMap {
    HeaderMap::from_iter([
        (header::HOST, HOST.parse().expect("a header")),
        (header::ORIGIN, format!("https://{HOST}").parse().expect("a header")),
    ])
}

/// The browser that signed in with that answer.
pub fn browser_of(answer: &Answer) -> Browser {
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("ASCII").split(';').next().unwrap_or_default().to_owned();
    Browser { cookie, csrf_token: answer.body["csrf_token"].as_str().expect("a token").to_owned() }
}
