//! The token that an unsafe request carries in a header, which a foreign page can neither read nor set. It is made of the session's token by a
//! keyed hash: nothing more is stored, and it dies with the session.

use super::Token;
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::Result;
use wire::Code;

pub const HEADER: &str = "x-csrf-token";
/// What the hash is for, so that no other use of the same key has the same value.
const PURPOSE: &[u8] = b"sidang csrf 1";

pub(crate) fn of(token: &Token) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, PURPOSE))
}

pub(crate) fn check(headers: &HeaderMap, expected: &str) -> Result<()> {
    let sent = headers.get(HEADER).map_or(&b""[..], |value| value.as_bytes());
    verify_slices_are_equal(sent, expected.as_bytes()).map_err(|_| Code::CsrfMissing.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_the_session_s_own_token_passes() {
        let (one, two) = (Token::fresh().expect("a token"), Token::fresh().expect("a token"));
        let with = |text: &str| HeaderMap::from_iter([(HEADER.parse().expect("a name"), HeaderValue::from_str(text).expect("a value"))]);
        assert!(check(&with(&of(&one)), &of(&one)).is_ok());
        assert_eq!(of(&one), of(&one));
        for wrong in [with(&of(&two)), with(""), with(one.expose()), HeaderMap::new()] {
            assert!(check(&wrong, &of(&one)).is_err_and(|error| error.is_refused(Code::CsrfMissing)));
        }
    }
}
