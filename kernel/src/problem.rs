//! How an [`Error`] answers over HTTP: `application/problem+json` (RFC 9457) with a code, a rule and values, never a sentence; and the
//! edge around all routes, which gives each request its id, writes the id into the answer, and logs the unexpected once.

use crate::error::Error;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tracing::Instrument;
use wire::{Code, Refusal};

/// The longest that one request may take, its body included: a slow body, a waiting store. Twice what the store's own patience adds up to.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// The header that carries the request's id in the answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says what it is.
    #[serde(rename = "type")]
    pub kind: String,
    pub status: u16,
    #[serde(flatten)]
    pub refusal: Refusal,
    /// Under which the log tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Rides with the answer from the handler to the edge, which alone knows the request's id.
#[derive(Clone)]
struct Carried(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = render(&self.refusal(), None);
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

fn render(refusal: &Refusal, request_id: Option<&str>) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem {
        kind: "about:blank".to_owned(),
        status: status.as_u16(),
        refusal: refusal.clone(),
        request_id: request_id.map(str::to_owned),
    };
    // A refusal is a code and JSON values: both always have a text.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = refusal.values.get("retry_after_s").and_then(serde_json::Value::as_u64) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The outermost layer of the control plane's routes: `axum::middleware::from_fn(kernel::problem::edge)`.
pub async fn edge(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    // The path of the route, not of the request: the latter names what somebody looked at.
    let route = request.extensions().get::<axum::extract::MatchedPath>().map_or("", |matched| matched.as_str()).to_owned();
    let span = tracing::info_span!("request", request.id = %id, http.method = %request.method(), http.route = %route);
    let mut response = guarded(REQUEST_MAX, next.run(request)).instrument(span.clone()).await;
    if let Some(Carried(error)) = response.extensions_mut().remove::<Carried>() {
        let _entered = span.enter();
        log(&error);
        let (told, body) = render(&error.refusal(), Some(&id)).into_parts();
        // Headers that the handler set stay (a cookie that is taken back, for one); those of the problem are set anew.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(told.headers);
        *response.status_mut() = told.status;
        *response.body_mut() = body;
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The answer, also where the handler panics or does not come to an end. What it had begun in the store is undone.
async fn guarded(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        // The panic's own text went to the panic hook.
        Ok(Err(_)) => Error::broken("a handler panicked").into_response(),
        Err(_) => Error::from(Code::RequestTimeout).into_response(),
    }
}

fn log(error: &Error) {
    match error {
        Error::Refused(refusal) => {
            metrics::counter!("sidang_refusals_total", "code" => refusal.code.text()).increment(1);
            tracing::debug!(refusal.code = refusal.code.text(), refusal.rule = refusal.rule.map(wire::Rule::id), "refused");
        }
        Error::Busy(source) => tracing::warn!(error = %source, "the store stayed busy"),
        Error::Unavailable(source) => tracing::error!(error = %source, "the store is not available"),
        Error::Broken(source) => tracing::error!(error = %format!("{source:#}"), "broken"),
    }
}

/// For `Router::fallback`.
pub async fn route_unknown() -> Error {
    Code::RouteUnknown.into()
}

/// For `Router::method_not_allowed_fallback`.
pub async fn method_not_allowed() -> Error {
    Code::MethodNotAllowed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_does_not_end_is_answered_all_the_same() {
        let answer = guarded(Duration::ZERO, std::future::pending()).await;
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        let answer = guarded(REQUEST_MAX, async { StatusCode::NO_CONTENT.into_response() }).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
}
