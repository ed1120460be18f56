//! Every refusal has one form, with the request's id, whoever refuses.

use crate::{
    Error,
    extract::{BODY_BYTES_MAX, HashedJson, Json, Path, Query},
    problem::{self, Problem},
};
use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;
use wire::{Code, Refusal, id::PersonId};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    count: u8,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u8>,
}

fn app() -> Router {
    Router::new()
        .route("/things", post(async |Json(thing): Json<Thing>| Json(thing)))
        .route("/hashed", post(async |hashed: HashedJson<Thing>| hashed.body_hash))
        .route("/things/{id}", get(async |Path(id): Path<PersonId>, Query(page): Query<Page>| format!("{id} {:?}", page.limit)))
        .route("/broken", get(async || -> Result<(), Error> { Err(Error::broken("the secret reason")) }))
        .route("/limited", get(async || Error::from(Refusal::new(Code::RateLimited).with("retry_after_s", 7))))
        .route("/panic", get(async || -> () { panic!("as this test asks") }))
        .fallback(problem::route_unknown)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::middleware::from_fn(problem::edge))
}

async fn send(request: Request<Body>) -> (Response<()>, Vec<u8>) {
    let (parts, body) = app().oneshot(request).await.expect("the router answers").into_parts();
    (Response::from_parts(parts, ()), body.collect().await.expect("a body").to_bytes().to_vec())
}

fn json(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.into()).expect("a request")
}

async fn problem_of(request: Request<Body>) -> Problem {
    let (response, body) = send(request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let problem: Problem = serde_json::from_slice(&body).expect("a problem");
    assert_eq!(response.status().as_u16(), problem.status);
    assert_eq!(problem.request_id.as_deref(), response.headers()[problem::REQUEST_ID].to_str().ok());
    problem
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_body_of_the_wrong_shape_is_refused_at_its_field() {
    let table = [
        (r#"{"name":"a","parts":[{"count":1}]"#, "body"),
        (r#"{"parts":[]}"#, "name"),
        (r#"{"name":7,"parts":[]}"#, "name"),
        (r#"{"name":"a","parts":[{"count":1},{"count":256}]}"#, "parts[1].count"),
        (r#"{"name":"a","parts":[{}]}"#, "parts[0].count"),
        (r#"{"name":"a","parts":[],"status":"approved"}"#, "status"),
        ("[]x", "body"),
        ("", "body"),
        ("\u{0}", "body"),
    ];
    for (body, field) in table {
        let problem = problem_of(json("/things", body)).await;
        assert_eq!(problem.refusal.code, Code::RequestMalformed, "{body}");
        assert_eq!(problem.refusal.values["field"], field, "{body}: {:?}", problem.refusal.values);
        assert_ne!(problem.refusal.values["expected"], "", "{body}");
    }
    let trailing = problem_of(json("/things", r#"{"name":"a","parts":[]} {}"#)).await;
    assert_eq!(trailing.refusal.values["expected"], "one JSON value");
    let form = Request::post("/things").body(Body::from("{}")).expect("a request");
    assert_eq!(problem_of(form).await.refusal.values["field"], "content-type");
}

#[tokio::test]
async fn what_was_sent_is_not_repeated() {
    let problem = problem_of(json("/things", r#"{"name":"a","parts":"hunter2"}"#)).await;
    assert!(!serde_json::to_string(&problem).expect("it prints").contains("hunter2"));
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused_declared_or_not() {
    let long = format!(r#"{{"name":"{}","parts":[]}}"#, "a".repeat(BODY_BYTES_MAX));
    assert_eq!(problem_of(json("/things", long.clone())).await.refusal.code, Code::RequestTooLarge);
    let stream = Body::from_stream(futures_util::stream::iter(
        long.into_bytes().chunks(1000).map(<[u8]>::to_vec).map(Ok::<_, std::io::Error>).collect::<Vec<_>>(),
    ));
    assert_eq!(problem_of(json("/things", stream)).await.refusal.code, Code::RequestTooLarge);
}

#[tokio::test]
async fn path_and_query_are_refused_at_their_field() {
    let id = PersonId::fresh();
    assert_eq!(send(get_request(&format!("/things/{id}?limit=3"))).await.1, format!("{id} Some(3)").into_bytes());
    assert_eq!(problem_of(get_request(&format!("/things/{id}?limit=x"))).await.refusal.values["field"], "limit");
    assert_eq!(problem_of(get_request("/things/7")).await.refusal.code, Code::RequestMalformed);
}

#[tokio::test]
async fn the_unexpected_tells_nothing_but_the_request() {
    for path in ["/broken", "/panic"] {
        let problem = problem_of(get_request(path)).await;
        assert_eq!(problem.refusal, Refusal::new(Code::Internal));
    }
    assert_eq!(problem_of(get_request("/nowhere")).await.refusal.code, Code::RouteUnknown);
    assert_eq!(problem_of(get_request("/things")).await.refusal.code, Code::MethodNotAllowed);
}

#[tokio::test]
async fn when_to_come_back_stands_in_the_header_too() {
    let (response, _) = send(get_request("/limited")).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "7");
}

#[tokio::test]
async fn a_success_passes_untouched_and_has_an_id() {
    let (response, body) = send(json("/things", r#"{"name":"a","parts":[{"count":1}]}"#)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(problem::REQUEST_ID));
    assert_eq!(body, br#"{"name":"a","parts":[{"count":1}]}"#);
    let (_, hash) = send(json("/hashed", r#"{"name":"a","parts":[]}"#)).await;
    assert_eq!(hash, crate::digest::sha256_hex(br#"{"name":"a","parts":[]}"#).into_bytes());
}
