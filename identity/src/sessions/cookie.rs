//! The session's cookie. The prefix `__Host-` has the browser refuse it without `Secure`, with a `Domain`, or off `Path=/` (RFC 6265bis, section
//! 4.1.3.2), so that no neighbouring host can plant one.

use super::{LIFE_MS_MAX, Token};
use axum::http::{HeaderMap, HeaderValue, header};
use kernel::{Error, Result};

pub const NAME: &str = "__Host-sidang_session";

/// The token that the browser sent, if it sent one and only one.
pub fn token(headers: &HeaderMap) -> Option<Token> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Token::parse(value),
        _ => None,
    }
}

pub(super) fn set(token: &Token) -> Result<HeaderValue> {
    let text = format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", token.expose(), LIFE_MS_MAX / 1000);
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::broken("a token is visible ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) fn clear() -> HeaderValue {
    HeaderValue::from_static("__Host-sidang_session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &[String]) -> bool {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
        }
        token(&headers).is_some()
    }

    #[test]
    fn one_token_under_its_name_and_no_other() {
        let text = Token::fresh().expect("a token").expose().to_owned();
        let own = format!("{NAME}={text}");
        assert!(sent(std::slice::from_ref(&own)));
        assert!(sent(&[format!("theme=dark; {own}; x=y")]));
        assert!(!sent(&[]));
        assert!(!sent(&[format!("sidang_session={text}")]));
        assert!(!sent(&[format!("{own}; {own}")]));
        assert!(!sent(&[own.clone(), own]));
        assert!(!sent(&[format!("{NAME}=short")]));
    }

    #[test]
    fn the_cookie_keeps_what_its_prefix_promises() {
        let set = set(&Token::fresh().expect("a token")).expect("a header");
        assert!(set.is_sensitive());
        for value in [set, clear()] {
            let text = value.to_str().expect("it is ASCII");
            for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(text.split("; ").any(|found| found == part), "{part} in {text}");
            }
            assert!(text.starts_with("__Host-sidang_session=") && !text.contains("Domain"));
        }
    }
}
