//! Headers of every answer: what the browser may load and keep.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use tower_http::set_header::SetResponseHeaderLayer;

/// The content security policy knows no inline script and no foreign origin but signalling's, which `media_url` and `signal_url` name where
/// the media plane has a host of its own.
pub fn secured(router: Router, public_url: &str, media_url: &str, signal_url: &str) -> Router {
    let signalling = if media_url.is_empty() { String::new() } else { format!(" {signal_url} {media_url}") };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: {media_url}; \
         worker-src 'self'; connect-src 'self'{signalling}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut fixed = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "same-origin".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin".to_owned()),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(self), display-capture=(self), geolocation=()".to_owned(),
        ),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    // Also behind a proxy that speaks HTTPS for us: what counts is how people come.
    if public_url.starts_with("https://") {
        fixed.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000".to_owned()));
    }
    fixed
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
        .fold(router, |router, (name, value)| router.layer(SetResponseHeaderLayer::if_not_present(name, value)))
        .layer(middleware::from_fn(api_is_not_kept))
}

/// What an API says is true now: no cache keeps it.
async fn api_is_not_kept(request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    if api && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    #[tokio::test]
    async fn who_comes_by_https_is_held_to_it() {
        for (public_url, held) in [("https://sidang.example", true), ("http://localhost:8080", false)] {
            let router = secured(Router::new().route("/api/v1/x", get(async || "x")), public_url, "", "/media/signal");
            let answer = router.oneshot(Request::get("/api/v1/x").body(Body::empty()).expect("a request")).await.expect("an answer");
            assert_eq!(answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), held, "{public_url}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
    }
}
