//! That a room system holds the key which its join token names (RFC 7800, RFC 9449): a token copied off a device opens nothing elsewhere.
//!
//! The proof need not be remembered against a second use: it names its token, and the token opens one session.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash},
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    grant::{GrantClaims, JOIN_METHOD, PROOF_LIFE_S_MAX, PROOF_TYP, ProofClaims, join_target},
    limits::PROOF_BYTES_MAX,
};

/// A token without a key needs no proof; one that names a key is nothing without it.
pub fn check(grant: &GrantClaims, token: &str, proof: Option<&str>, now_ms: UnixMs) -> Result<(), Refusal> {
    let Some(named) = &grant.cnf else { return Ok(()) };
    let holds = proof.and_then(|proof| read(proof)).is_some_and(|(jkt, claims)| {
        jkt == named.jkt
            && claims.htm == JOIN_METHOD
            && claims.htu == join_target(grant.room)
            && claims.ath.as_deref() == Some(&hash(token))
            && (claims.iat - now_ms.seconds()).abs() <= PROOF_LIFE_S_MAX
    });
    match holds {
        true => Ok(()),
        false => Err(Refusal::by(Code::GrantProof, Rule::Meet8)),
    }
}

/// The thumbprint of the key that signed it, and what it says.
fn read(proof: &str) -> Option<(String, ProofClaims)> {
    if proof.len() > PROOF_BYTES_MAX {
        return None;
    }
    let header = decode_header(proof).ok()?;
    if header.typ.as_deref() != Some(PROOF_TYP) || header.crit.is_some() {
        return None;
    }
    let jwk = header.jwk?;
    if algorithm(&jwk)? != header.alg {
        return None;
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let claims = decode::<ProofClaims>(proof, &DecodingKey::from_jwk(&jwk).ok()?, &validation).ok()?.claims;
    Some((jwk.thumbprint(ThumbprintHash::SHA256).ok()?, claims))
}

/// What browsers make without giving the private half away: P-256, and Ed25519.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        _ => None,
    }
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::testing::{self, Signer};
    use jsonwebtoken::{Header, encode};
    use wire::{
        grant::{Confirmation, RoomSystem},
        id::*,
    };

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn proof(signer: &Signer, change: impl FnOnce(&mut Header, &mut ProofClaims), room: MeetingId, token: &str) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(PROOF_TYP.into());
        header.jwk = Some(signer.jwk.clone());
        let mut claims =
            ProofClaims { jti: "1".into(), iat: NOW.seconds(), htm: JOIN_METHOD.into(), htu: join_target(room), ath: Some(hash(token)) };
        change(&mut header, &mut claims);
        encode(&header, &claims, &signer.key).unwrap()
    }

    #[test]
    fn the_table_of_proofs() {
        let (device, thief) = (Signer::new("device"), Signer::new("thief"));
        let mut grant = testing::grant(NOW);
        assert!(check(&grant, "t", None, NOW).is_ok(), "a person's token names no key");
        let jkt = device.jwk.thumbprint(ThumbprintHash::SHA256).unwrap();
        grant.cnf = Some(Confirmation { jkt });
        grant.room_system = Some(RoomSystem { device: DeviceId::fresh(), site: SiteId::fresh(), site_name: "S".into(), people_max: 6 });
        let room = grant.room;
        let ok = |proof: &str, token: &str, now: i64| check(&grant, token, Some(proof), UnixMs::from_seconds(now)).is_ok();
        let (now, right) = (NOW.seconds(), proof(&device, |_, _| {}, room, "t"));
        assert!(ok(&right, "t", now) && ok(&right, "t", now + PROOF_LIFE_S_MAX) && ok(&right, "t", now - PROOF_LIFE_S_MAX));
        assert!(!ok(&right, "t", now + PROOF_LIFE_S_MAX + 1) && !ok(&right, "t", now - PROOF_LIFE_S_MAX - 1), "out of date");
        assert!(!ok(&right, "another token", now));
        let refused = check(&grant, "t", None, NOW).unwrap_err();
        assert_eq!((refused.code, refused.rule), (Code::GrantProof, Some(Rule::Meet8)), "the token alone");
        let table: [(&str, String); 7] = [
            ("another key", proof(&thief, |_, _| {}, room, "t")),
            ("another key under the device's", proof(&thief, |header, _| header.jwk = Some(device.jwk.clone()), room, "t")),
            ("another meeting", proof(&device, |_, _| {}, MeetingId::fresh(), "t")),
            ("an HTTP request's", proof(&device, |_, claims| claims.htm = "POST".into(), room, "t")),
            ("of no token", proof(&device, |_, claims| claims.ath = None, room, "t")),
            ("another type", proof(&device, |header, _| header.typ = Some("JWT".into()), room, "t")),
            ("no key", proof(&device, |header, _| header.jwk = None, room, "t")),
        ];
        for (name, text) in table {
            assert!(!ok(&text, "t", now), "{name}");
        }
        assert!(!ok("", "t", now) && !ok(&"a.".repeat(PROOF_BYTES_MAX), "t", now));
    }
}
