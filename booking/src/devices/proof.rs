//! That a request comes from the key that it names (RFC 9449, "DPoP"): a JWT in the header `dpop`, signed by the device's own key for this one
//! request. Each is taken once.

use super::store;
use crate::Booking;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, Uri, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash},
};
use kernel::{Error, Result};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    grant::{PROOF_LIFE_S_MAX, PROOF_TYP, ProofClaims},
    limits::PROOF_BYTES_MAX,
};

pub const HEADER: &str = "dpop";
/// Letters of a proof's own name: a UUID has 36.
const JTI_CHARS_MAX: usize = 64;

/// A request whose sender holds the key of this thumbprint.
#[derive(Clone, Debug)]
pub struct Proven {
    pub jkt: String,
    /// Base64url of the SHA-256 of the credential that it was made for.
    pub ath: Option<String>,
}

/// The request as the proof must describe it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub host: Option<&'a str>,
    pub public_url: &'a str,
}

/// The proof's signature, key, request and time; whether it was shown before is asked apart.
pub fn read(proof: &str, request: Request<'_>, now: UnixMs) -> Option<(Proven, String)> {
    if proof.len() > PROOF_BYTES_MAX {
        return None;
    }
    let jose = decode_header(proof).ok()?;
    if jose.typ.as_deref() != Some(PROOF_TYP) || jose.crit.is_some() {
        return None;
    }
    let jwk = jose.jwk?;
    if algorithm(&jwk)? != jose.alg {
        return None;
    }
    let mut validation = Validation::new(jose.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let claims = decode::<ProofClaims>(proof, &DecodingKey::from_jwk(&jwk).ok()?, &validation).ok()?.claims;
    let timely = (claims.iat.saturating_sub(now.seconds())).abs() <= PROOF_LIFE_S_MAX;
    let named = !claims.jti.is_empty() && claims.jti.len() <= JTI_CHARS_MAX;
    if claims.htm != request.method || !is_for(&claims.htu, request) || !timely || !named {
        return None;
    }
    let jkt = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
    Some((Proven { jkt, ath: claims.ath }, claims.jti))
}

/// What browsers make without giving the private half away: P-256, and Ed25519.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// The service has the address of its settings, and the one that the request was sent to.
fn is_for(htu: &str, request: Request<'_>) -> bool {
    let Ok(uri) = htu.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let public = request.public_url.parse::<Uri>().ok();
    let public = public.as_ref().and_then(Uri::authority).map(|it| it.as_str());
    uri.path() == request.path
        && uri.query().is_none()
        && [request.host, public].into_iter().flatten().any(|ours| ours.eq_ignore_ascii_case(authority.as_str()))
}

/// Base64url of the SHA-256: as `ath` has it.
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()))
}

/// A device whose clock is wrong is told the time, so that it can mend its next proof.
fn refused(now: UnixMs) -> Error {
    Refusal::new(Code::DeviceProof).with("now_ms", now.0).into()
}

fn single(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(HEADER).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

impl FromRequestParts<Arc<Booking>> for Proven {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, booking: &Arc<Booking>) -> Result<Self> {
        let now = booking.clock.now();
        if !parts.headers.contains_key(HEADER) {
            return Err(Code::DeviceUnknown.into());
        }
        let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |it| it.0.clone());
        let host = parts.headers.get(header::HOST).and_then(|it| it.to_str().ok()).or_else(|| uri.authority().map(|it| it.as_str()));
        let request = Request { method: parts.method.as_str(), path: uri.path(), host, public_url: &booking.settings.public_url };
        let proof = single(&parts.headers).ok_or_else(|| refused(now))?;
        let (proven, jti) = read(proof, request, now).ok_or_else(|| refused(now))?;
        let first = kernel::transact!(booking.db, tx => store::take_proof(tx, &proven.jkt, &jti, now).await)?;
        match first {
            true => Ok(proven),
            false => Err(refused(now)),
        }
    }
}
