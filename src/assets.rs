//! The browser client, served out of the executable: compressed at build time, with entity tags.
//!
//! What Vite names by its content (`/assets/…`) may be kept for a year; everything else is asked for again. A path without a file extension is
//! a page of the client; a missing file is a 404, because a stale tab must not run HTML as script.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use memory_serve::CacheControl;
use tower::ServiceExt;

/// Paths that belong to other rooms: what is unknown below them is their 404, never a page.
const NOT_PAGES: [&str; 5] = ["/api/", "/media/", "/.well-known/", "/internal/", "/assets/"];

#[derive(Clone)]
pub struct Assets {
    files: Router,
}

impl Assets {
    pub fn load() -> Self {
        let files = memory_serve::load!()
            .index_file(Some("/index.html"))
            .cache_control(CacheControl::NoCache)
            .html_cache_control(CacheControl::NoCache)
            .into_router();
        Self { files }
    }

    pub async fn serve(self, mut request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if is_page(&path) {
            *request.uri_mut() = Uri::from_static("/index.html");
        }
        let mut response = match self.files.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if response.status() == StatusCode::NOT_FOUND {
            return not_found();
        }
        if path.starts_with("/assets/") {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        }
        response
    }
}

fn is_page(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    !file.contains('.') && !NOT_PAGES.iter().any(|it| path.starts_with(it))
}

fn not_found() -> Response {
    let body = serde_json::json!({ "type": "about:blank", "status": 404, "code": wire::Code::RouteUnknown, "values": {} });
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/problem+json")], Body::from(body.to_string())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str) -> (StatusCode, String, String) {
        let request = Request::builder().uri(path).header("accept-encoding", "identity").body(Body::empty()).expect("a request");
        let response = Assets::load().serve(request).await;
        let text = |name| response.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        (response.status(), text(header::CONTENT_TYPE), text(header::CACHE_CONTROL))
    }

    #[tokio::test]
    async fn pages_get_the_client_and_are_asked_for_anew() {
        for path in ["/", "/m/0192-x/join", "/log-masuk"] {
            let (status, kind, cache) = get(path).await;
            assert_eq!((status, cache.as_str()), (StatusCode::OK, "no-cache"), "{path}");
            assert!(kind.starts_with("text/html"), "{path}: {kind}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_a_404_and_never_a_page() {
        for path in ["/assets/gone-1a2b3c.js", "/api/v1/nothing", "/media/nothing", "/favicon.exe", "/.well-known/x"] {
            let (status, kind, _) = get(path).await;
            assert_eq!((status, kind.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"), "{path}");
        }
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_a_year() {
        let page =
            memory_serve::load!().into_router::<()>().oneshot(Request::get("/index.html").body(Body::empty()).expect("a request")).await;
        let page = axum::body::to_bytes(page.expect("a page").into_body(), 1 << 20).await.expect("a body");
        let page = String::from_utf8_lossy(&page);
        let script = page.split('"').find(|it| it.starts_with("/assets/") && it.ends_with(".js")).expect("a script").to_owned();
        let (status, kind, cache) = get(&script).await;
        assert_eq!((status, cache.as_str()), (StatusCode::OK, "public, max-age=31536000, immutable"));
        assert!(kind.contains("javascript"), "{kind}");
    }
}
