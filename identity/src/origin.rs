//! Whether an unsafe request comes from our own page: the `Origin` that the browser writes and a page cannot.

use crate::state::Identity;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
};
use kernel::{Error, Result};
use wire::Code;

/// An unsafe request of our own page, for the one route that has no session yet: signing in.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin;

impl<S: Send + Sync> FromRequestParts<S> for SameOrigin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let identity = parts.extensions.get::<Identity>().ok_or_else(|| Error::broken("a router lacks Extension(Identity)"))?;
        check(parts, &identity.settings().origins)?;
        Ok(Self)
    }
}

pub(crate) fn check(parts: &Parts, ours: &[String]) -> Result<()> {
    match is_ours(&parts.headers, &parts.uri, ours) {
        true => Ok(()),
        false => Err(Code::OriginForeign.into()),
    }
}

fn is_ours(headers: &HeaderMap, uri: &Uri, ours: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let Ok(origin) = origin.to_str() else { return false };
    if !ours.is_empty() {
        return ours.iter().any(|own| own.trim_end_matches('/').eq_ignore_ascii_case(origin));
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    // HTTP/2 tells the host in the address itself (RFC 9113, section 8.3.1).
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(|authority| authority.as_str()));
    matches!(scheme, "http" | "https") && host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ours(origin: &str, host: &str, settings: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        if !origin.is_empty() {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a header"));
        }
        if !host.is_empty() {
            headers.insert(header::HOST, HeaderValue::from_str(host).expect("a header"));
        }
        is_ours(&headers, &Uri::from_static("/api/v1/session"), &settings.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_our_own_origin_passes() {
        let table = [
            ("http://localhost:8080", "localhost:8080", &[][..], true),
            ("https://sidang.example", "sidang.example", &[], true),
            ("https://SIDANG.example", "sidang.example", &[], true),
            ("", "localhost:8080", &[], false),
            ("null", "localhost:8080", &[], false),
            ("https://evil.example", "sidang.example", &[], false),
            ("https://sidang.example.evil.example", "sidang.example", &[], false),
            ("https://sidang.example:444", "sidang.example", &[], false),
            ("file://sidang.example", "sidang.example", &[], false),
            ("https://sidang.example", "", &[], false),
            ("https://sidang.example", "inner:8080", &["https://sidang.example/"], true),
            ("http://sidang.example", "inner:8080", &["https://sidang.example"], false),
            ("http://inner:8080", "inner:8080", &["https://sidang.example"], false),
        ];
        for (origin, host, settings, expected) in table {
            assert_eq!(ours(origin, host, settings), expected, "{origin} at {host}");
        }
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("a.example"));
        headers.append(header::ORIGIN, HeaderValue::from_static("https://a.example"));
        headers.append(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(!is_ours(&headers, &Uri::from_static("/"), &[]));
    }
}
