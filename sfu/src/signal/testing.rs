//! A control plane's signing key for tests, and grants to sign with it.

use super::keys::{KeySource, Keys};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use std::sync::{Arc, Mutex};
use wire::{
    Classification, UnixMs,
    grant::{GRANT_TYP, GrantClaims, Role},
    id::*,
};

pub const ISSUER: &str = "https://sidang.example";
pub const AUDIENCE: &str = "sidang-media";

pub struct Signer {
    pub kid: String,
    pub key: EncodingKey,
    pub public: Vec<u8>,
    pub jwk: Jwk,
}

impl Signer {
    pub fn new(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Self { kid: kid.to_owned(), key, public: pair.public_key().as_ref().to_vec(), jwk }
    }

    pub fn header(&self, typ: &str) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        header.typ = Some(typ.to_owned());
        header
    }

    pub fn sign(&self, typ: &str, claims: &impl serde::Serialize) -> String {
        encode(&self.header(typ), claims, &self.key).unwrap()
    }

    pub fn grant(&self, grant: &GrantClaims) -> String {
        self.sign(GRANT_TYP, grant)
    }
}

/// A key set that the test can change, and how often it was asked for.
#[derive(Clone, Default)]
pub struct Published(Arc<Mutex<(Vec<Jwk>, usize)>>);

impl Published {
    pub fn new(signers: &[&Signer]) -> Self {
        let published = Self::default();
        published.set(signers);
        published
    }

    pub fn set(&self, signers: &[&Signer]) {
        self.0.lock().unwrap().0 = signers.iter().map(|it| it.jwk.clone()).collect();
    }

    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().1
    }

    pub fn source(&self) -> KeySource {
        let published = self.clone();
        KeySource::Handed(Arc::new(move || {
            let mut inner = published.0.lock().unwrap();
            inner.1 += 1;
            let keys = inner.0.clone();
            Box::pin(async move { Ok(JwkSet { keys }) })
        }))
    }

    pub fn keys(&self) -> Arc<Keys> {
        Arc::new(Keys::new(self.source()).unwrap())
    }
}

pub fn grant(now_ms: UnixMs) -> GrantClaims {
    let now = now_ms.seconds();
    GrantClaims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: PersonId::fresh(),
        jti: GrantId::fresh(),
        iat: now,
        nbf: now,
        exp: now + 90,
        room: MeetingId::fresh(),
        epoch: 1,
        classification: Classification::Terbuka,
        role: Role::Host,
        acts: Role::Host.acts(),
        name: "Aminah binti Yusof".into(),
        agency: "JDN".into(),
        seat: None,
        room_system: None,
        cnf: None,
        lobby: wire::grant::LobbyPolicy::Off,
        opens_at: now - 600,
        closes_at: now + 3600,
    }
}
