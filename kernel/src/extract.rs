//! What a handler takes from a request, refusing in the one form that every refusal has: `request.malformed` with the field and what was
//! expected there.

use crate::{digest, error::Error};
use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request, path::ErrorKind, rejection::PathRejection},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use wire::{Code, Refusal};

/// One JSON body. The longest lawful one, an application with 18 people and its texts, is about 20 kB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// What a refusal repeats of a parser's expectation: enough to mend the request.
const EXPECTED_CHARS_MAX: usize = 200;
/// Letters in an idempotency key: a UUID has 36.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 64;

/// `request.malformed` at `field`, where `expected` should stand.
pub fn malformed(field: impl Into<String>, expected: impl Into<String>) -> Refusal {
    Refusal::new(Code::RequestMalformed).with("field", field.into()).with("expected", expected.into())
}

/// A JSON body, in or out.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        Ok(Self(parse(&body(request).await?)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response(),
            Err(error) => Error::from(error).into_response(),
        }
    }
}

/// A JSON body together with its digest, for routes that carry a request out once ([`crate::idempotency`]).
#[derive(Clone, Debug)]
pub struct HashedJson<T> {
    pub value: T,
    /// SHA-256 of the bytes as they came, in hexadecimal.
    pub body_hash: String,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for HashedJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let bytes = body(request).await?;
        Ok(Self { value: parse(&bytes)?, body_hash: digest::sha256_hex(&bytes) })
    }
}

async fn body(request: Request) -> Result<Bytes, Error> {
    // A form of a foreign page can send other types without asking first; JSON it cannot.
    if !is_json(request.headers()) {
        return Err(malformed("content-type", "application/json").into());
    }
    let too_large = || Error::from(Refusal::new(Code::RequestTooLarge).with("bytes_max", BODY_BYTES_MAX));
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if declared.is_some_and(|bytes: usize| bytes > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|error| {
        // The limit is the one failure that is not the connection's.
        match std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("length limit")) {
            true => too_large(),
            false => malformed("body", "a whole body").into(),
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| of_parser("body", &error))?;
    deserializer.end().map_err(|_| malformed("body", "one JSON value"))?;
    Ok(value)
}

/// The query of the address.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| of_parser("query", &error))
    }
}

fn of_parser<E: std::fmt::Display>(whole: &str, error: &serde_path_to_error::Error<E>) -> Error {
    let text = error.inner().to_string();
    let path = error.path().to_string();
    let inner =
        quoted(&text, "missing field `").or_else(|| quoted(&text, "unknown field `")).or_else(|| quoted(&text, "duplicate field `"));
    let field = match (path.as_str(), inner) {
        ("." | "?" | "", None) => whole.to_owned(),
        ("." | "?" | "", Some(name)) => name.to_owned(),
        // For an unknown field the path ends in its name already.
        (path, Some(name)) if !path.split('.').any(|step| step == name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    // What was found is the sender's own and is not repeated; what was expected is ours.
    let expected = match text.split_once("expected ") {
        Some((_, after)) => after.split(" at line ").next().unwrap_or(after),
        None if text.starts_with("missing field") => "a value",
        None if text.starts_with("duplicate field") => "one value",
        None => "the documented shape",
    };
    malformed(field, expected.chars().take(EXPECTED_CHARS_MAX).collect::<String>()).into()
}

fn quoted<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    text.strip_prefix(lead)?.split('`').next()
}

/// The parameters in the path of the address.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::ParseErrorAtKey { key, expected_type, .. } => malformed(key, expected_type).into(),
                ErrorKind::DeserializeError { key, .. } => malformed(key, "an identifier").into(),
                ErrorKind::InvalidUtf8InPathParam { key } => malformed(key, "UTF-8").into(),
                ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
                    Error::broken("a handler takes other path parameters than its route has")
                }
                _ => malformed("path", "an identifier").into(),
            }),
            Err(_) => Err(Error::broken("a handler takes path parameters and its route has none")),
        }
    }
}

/// The header `idempotency-key`: the sender's own name for this one request, so that sending it twice does it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub(crate) String);

impl IdempotencyKey {
    pub const HEADER: &str = "idempotency-key";

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let lawful = !text.is_empty() && text.len() <= IDEMPOTENCY_KEY_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        match lawful {
            true => Ok(Self(text.to_owned())),
            false => Err(malformed(Self::HEADER, format!("1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII letters"))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let key = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        key.ok_or_else(|| malformed(Self::HEADER, "present").into())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        let Some(value) = parts.headers.get(Self::HEADER) else { return Ok(None) };
        Ok(Some(Self::parse(value.to_str().unwrap_or_default())?))
    }
}
