//! The control plane's public keys (RFC 7517), by name. Read without a lock; fetched anew every few minutes and, at most so often, when a
//! token names a key that is not known.

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// A rotation has the old key and the new one; more than this is not a key set of ours.
const KEYS_MAX: usize = 32;
/// A thumbprint (RFC 7638) is 43 bytes.
const KID_BYTES_MAX: usize = 128;
/// Tokens that name unknown keys cost the control plane one request in this time at most.
const UNKNOWN_EVERY: Duration = Duration::from_secs(10);
/// A key that the control plane dropped is dropped here after this at the latest.
pub const REFRESH_EVERY: Duration = Duration::from_secs(5 * 60);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// The answer's bytes: 32 keys are about 5 kB.
const JWKS_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key set could not be fetched")]
    Fetch(#[from] reqwest::Error),
    #[error("the key set is larger than {JWKS_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the key set is not JSON of its kind")]
    Shape(#[from] serde_json::Error),
    #[error("the key set could not be read")]
    Handed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Asked for the present key set, as the control plane would publish it.
pub type HandKeys = Arc<dyn Fn() -> BoxFuture<'static, Result<JwkSet, Box<dyn std::error::Error + Send + Sync>>> + Send + Sync>;

/// Where the keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// Both planes in one process.
    Handed(HandKeys),
    /// The control plane's address; its keys are at `/.well-known/jwks.json` below it.
    Fetched { booking_url: String },
}

enum From {
    Handed(HandKeys),
    Fetched { url: String, client: reqwest::Client },
}

pub struct Keys {
    from: From,
    by_kid: ArcSwap<HashMap<String, Arc<DecodingKey>>>,
    /// Of the last try; its lock is held while trying, so that there is one at a time.
    tried_at: tokio::sync::Mutex<Option<Instant>>,
}

impl Keys {
    pub fn new(source: KeySource) -> Result<Self, KeyError> {
        let from = match source {
            KeySource::Handed(hand) => From::Handed(hand),
            KeySource::Fetched { booking_url } => {
                // An error says that one is installed, which is as good.
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
                From::Fetched { url: format!("{}/.well-known/jwks.json", booking_url.trim_end_matches('/')), client }
            }
        };
        Ok(Self { from, by_kid: ArcSwap::default(), tried_at: tokio::sync::Mutex::new(None) })
    }

    pub fn is_empty(&self) -> bool {
        self.by_kid.load().is_empty()
    }

    /// The key of that name, if it is known now.
    pub fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.by_kid.load().get(kid).cloned()
    }

    /// The key of that name; asks the control plane once where it is not known.
    pub async fn find(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        if kid.is_empty() || kid.len() > KID_BYTES_MAX {
            return None;
        }
        if let Some(key) = self.by_kid.load().get(kid) {
            return Some(key.clone());
        }
        let mut tried_at = self.tried_at.lock().await;
        // Somebody else may have brought it while this one waited.
        if self.by_kid.load().get(kid).is_none() && tried_at.is_none_or(|at| at.elapsed() >= UNKNOWN_EVERY) {
            *tried_at = Some(Instant::now());
            self.replace().await;
        }
        self.by_kid.load().get(kid).cloned()
    }

    pub async fn refresh(&self) {
        let mut tried_at = self.tried_at.lock().await;
        *tried_at = Some(Instant::now());
        self.replace().await;
    }

    /// What is known stays where the control plane cannot be asked: calls go on without it.
    async fn replace(&self) {
        match self.fetch().await {
            Ok(set) => self.by_kid.store(Arc::new(usable(&set))),
            Err(error) => tracing::warn!(%error, "the control plane's keys could not be read; the known ones stay"),
        }
    }

    async fn fetch(&self) -> Result<JwkSet, KeyError> {
        let (url, client) = match &self.from {
            From::Handed(hand) => return hand().await.map_err(KeyError::Handed),
            From::Fetched { url, client } => (url, client),
        };
        let mut response = client.get(url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > JWKS_BYTES_MAX {
                return Err(KeyError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&body)?)
    }
}

/// Ed25519 keys for signatures that have a name; whatever else stands in the set is not for us.
fn usable(set: &JwkSet) -> HashMap<String, Arc<DecodingKey>> {
    set.keys.iter().filter_map(named).take(KEYS_MAX).collect()
}

fn named(jwk: &Jwk) -> Option<(String, Arc<DecodingKey>)> {
    let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm else { return None };
    let for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    if pair.curve != EllipticCurve::Ed25519 || !for_signatures {
        return None;
    }
    let kid = jwk.common.key_id.as_ref().filter(|kid| !kid.is_empty() && kid.len() <= KID_BYTES_MAX)?;
    Some((kid.clone(), Arc::new(DecodingKey::from_jwk(jwk).ok()?)))
}
