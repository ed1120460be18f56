//! Reading what the control plane signed. One algorithm (EdDSA), one issuer, one audience, one type for each use; nothing in a token's header
//! chooses anything but the name of the key. The clock is an argument.

use super::keys::Keys;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, errors::ErrorKind};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule, UnixMs,
    grant::{GRANT_TYP, GrantClaims},
    id::MeetingId,
    limits::{CLOCK_LEEWAY_S, GRANT_LIFE_S_MAX},
};

/// A grant with long names and all acts is below 2 kB.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("not a token of the wanted shape")]
    Malformed,
    #[error("the signature does not hold, or its key is not known")]
    Signature,
    #[error("for another issuer, audience or type")]
    Audience,
    #[error("not in force yet")]
    NotYet,
    #[error("no longer in force")]
    Expired,
}

impl TokenError {
    /// As it is told to someone who brought a grant (MEET-8).
    pub fn refusal(self) -> Refusal {
        let code = match self {
            Self::Malformed => Code::GrantMalformed,
            Self::Signature => Code::GrantSignature,
            Self::Audience => Code::GrantAudience,
            Self::NotYet => Code::GrantNotYet,
            Self::Expired => Code::GrantExpired,
        };
        Refusal::by(code, Rule::Meet8)
    }
}

/// What the tokens of one use must say of themselves.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    pub typ: &'a str,
    pub issuer: &'a str,
    pub audience: &'a str,
    pub life_s_max: i64,
    pub bytes_max: usize,
}

/// The registered claims (RFC 7519, section 4.1) that every token of ours has.
#[derive(serde::Deserialize)]
struct Registered {
    iss: String,
    aud: String,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    exp: i64,
}

/// The claims of a token that is signed by a known key, in force, and meant for this use.
pub async fn open<T: DeserializeOwned>(keys: &Keys, token: &str, expected: &Expected<'_>, now_ms: UnixMs) -> Result<T, TokenError> {
    let header = header_of(token, expected)?;
    let key = keys.find(header.kid.as_deref().unwrap_or_default()).await.ok_or(TokenError::Signature)?;
    judge(token, &header, &key, expected, now_ms)
}

/// The same among the keys that are known now, without asking for others.
pub fn open_now<T: DeserializeOwned>(keys: &Keys, token: &str, expected: &Expected<'_>, now_ms: UnixMs) -> Result<T, TokenError> {
    let header = header_of(token, expected)?;
    let key = keys.known(header.kid.as_deref().unwrap_or_default()).ok_or(TokenError::Signature)?;
    judge(token, &header, &key, expected, now_ms)
}

/// The name of the key that a token says it is signed by.
pub fn kid_of(token: &str) -> Option<String> {
    (token.len() <= TOKEN_BYTES_MAX).then(|| decode_header(token).ok()?.kid)?
}

fn header_of(token: &str, expected: &Expected<'_>) -> Result<Header, TokenError> {
    if token.len() > expected.bytes_max {
        return Err(TokenError::Malformed);
    }
    let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
    if header.alg != Algorithm::EdDSA {
        return Err(TokenError::Signature);
    }
    // RFC 7515, section 4.1.11: what must be understood, and is not, refuses the token.
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    Ok(header)
}

fn judge<T: DeserializeOwned>(
    token: &str,
    header: &Header,
    key: &DecodingKey,
    expected: &Expected<'_>,
    now_ms: UnixMs,
) -> Result<T, TokenError> {
    let registered: Registered = read(token, key)?;
    if header.typ.as_deref() != Some(expected.typ) || registered.iss != expected.issuer || registered.aud != expected.audience {
        return Err(TokenError::Audience);
    }
    let now = now_ms.seconds();
    if registered.nbf.unwrap_or(registered.iat).max(registered.iat) > now.saturating_add(CLOCK_LEEWAY_S) {
        return Err(TokenError::NotYet);
    }
    if now >= registered.exp.saturating_add(CLOCK_LEEWAY_S) {
        return Err(TokenError::Expired);
    }
    if registered.exp.saturating_sub(registered.iat) > expected.life_s_max {
        return Err(TokenError::Malformed);
    }
    read(token, key)
}

/// The signature and the shape; the times and names are judged above, against the clock that was handed in.
fn read<T: DeserializeOwned>(token: &str, key: &DecodingKey) -> Result<T, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    decode::<T>(token, key, &validation).map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::Base64(_) | ErrorKind::InvalidToken => TokenError::Malformed,
        _ => TokenError::Signature,
    })
}

/// Reads join tokens. Whether one was used before is asked apart ([`super::used::UsedGrants`]), when everything else is in order.
pub struct Grants {
    pub keys: Arc<Keys>,
    pub issuer: String,
    pub audience: String,
    /// When this life of the node began: what was used before it, nobody knows.
    pub started_at_ms: UnixMs,
}

impl Grants {
    pub async fn open(&self, token: &str, room: MeetingId, now_ms: UnixMs) -> Result<GrantClaims, Refusal> {
        let expected = Expected {
            typ: GRANT_TYP,
            issuer: &self.issuer,
            audience: &self.audience,
            life_s_max: GRANT_LIFE_S_MAX,
            bytes_max: TOKEN_BYTES_MAX,
        };
        let grant: GrantClaims = open(&self.keys, token, &expected, now_ms).await.map_err(TokenError::refusal)?;
        if grant.room != room {
            return Err(Refusal::by(Code::GrantRoom, Rule::Meet8));
        }
        if grant.iat < self.started_at_ms.seconds() {
            return Err(Refusal::by(Code::GrantStale, Rule::Meet8));
        }
        Ok(grant)
    }
}

#[cfg(test)]
mod tests;
