//! The keys that sign grants and commands: one signs, its predecessors stay published until nothing they signed can be alive.

use super::seal::{SEALING_KEY_BYTES, SealingKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use kernel::{Db, Error, OnConstraint, Result, SharedClock, Tx, on};
use serde::Serialize;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use wire::{Code, Refusal, UnixMs};
use zeroize::Zeroizing;

/// A retired key stays published this long: forty times the life of what it signed.
const PUBLISHED_AFTER_RETIREMENT_MS: i64 = 3_600_000;
/// Keys published at most: more rotations than this within the hour push the oldest out.
const PUBLISHED_MAX: i64 = 16;

kernel::sql! {
    CURRENT = "SELECT id, sealed, public_key FROM signing_key WHERE active = 1";
    PUBLISHED = "SELECT public_key FROM signing_key WHERE active = 1 OR retired_at_ms > $1 ORDER BY created_at_ms DESC LIMIT $2";
    RETIRE = "UPDATE signing_key SET active = NULL, retired_at_ms = $1 WHERE active = 1";
    VOID = "UPDATE signing_key SET retired_at_ms = 0 WHERE active IS NULL";
    INSERT = "INSERT INTO signing_key (id, sealed, public_key, created_at_ms, active) VALUES ($1, $2, $3, $4, 1)";
}

/// The key ring, kept equal to the database by [`Keys::refresh`].
#[derive(Debug)]
pub struct Keys {
    db: Db,
    clock: SharedClock,
    sealing: SealingKey,
    ring: RwLock<Arc<Ring>>,
    published: watch::Sender<Arc<JwkSet>>,
}

struct Ring {
    id: String,
    signing: EncodingKey,
    published: Arc<JwkSet>,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A signed token and the key that signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    pub token: String,
    pub key_id: String,
}

impl Keys {
    /// Opens the ring, making the first key where there is none.
    pub async fn open(db: Db, clock: SharedClock, sealing: &[u8; SEALING_KEY_BYTES]) -> Result<Self> {
        let sealing = SealingKey::new(sealing);
        let ring = match load(&db, clock.now(), &sealing).await? {
            Some(ring) => ring,
            None => {
                match make(&db, clock.now(), &sealing, Make::First).await {
                    // Two nodes that start at once: the other's key is as good.
                    Err(error) if !error.is_refused(Code::Conflict) => return Err(error),
                    _ => {}
                }
                load(&db, clock.now(), &sealing).await?.ok_or_else(|| Error::broken("no signing key after one was made"))?
            }
        };
        let published = watch::Sender::new(ring.published.clone());
        Ok(Self { db, clock, sealing, ring: RwLock::new(Arc::new(ring)), published })
    }

    /// Signs claims under the current key, with `typ` in the header (RFC 8725, section 3.11).
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<Signed> {
        let ring = self.ring();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(ring.id.clone());
        let token = jsonwebtoken::encode(&header, claims, &ring.signing).map_err(|error| Error::Broken(error.into()))?;
        Ok(Signed { token, key_id: ring.id.clone() })
    }

    /// The public keys, as served at `/.well-known/jwks.json` (RFC 7517).
    pub fn published(&self) -> Arc<JwkSet> {
        self.ring().published.clone()
    }

    /// The public keys as they change: for a media plane in the same process.
    pub fn subscribe(&self) -> watch::Receiver<Arc<JwkSet>> {
        self.published.subscribe()
    }

    // Nothing is computed under this lock, so nothing can have panicked there.
    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A new key signs from now on; the old one stays published. Returns the new key's id.
    pub async fn rotate(&self) -> Result<String> {
        let id = make(&self.db, self.clock.now(), &self.sealing, Make::Next).await?;
        self.refresh().await?;
        Ok(id)
    }

    /// Reads the ring anew: another process may have rotated, and retired keys grow too old to be published.
    pub async fn refresh(&self) -> Result<()> {
        let ring = load(&self.db, self.clock.now(), &self.sealing).await?;
        let ring = ring.ok_or_else(|| Error::broken("the signing key is gone"))?;
        let (published, held) = (ring.published.clone(), self.ring());
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        if held.published != published {
            self.published.send_replace(published);
        }
        Ok(())
    }
}

/// What the keys until now signed is void, also what has not run out; a new one signs. Returns its id. The caller commits, and then refreshes
/// the rings.
pub(crate) async fn begin_anew(tx: &mut Tx, now: UnixMs, keys: &Keys) -> Result<String> {
    retire(tx, now).await?;
    on!(tx, c => sqlx::query(VOID).execute(c).await.map(drop))?;
    insert_fresh(tx, now, &keys.sealing).await
}

/// A new key signs from now on, sealed under `sealing`; those before stay published, also where nobody can open them any more. Returns the
/// new key's id. Nodes that run read it within their next housekeeping.
pub async fn rotate(db: &Db, clock: &SharedClock, sealing: &[u8; SEALING_KEY_BYTES]) -> Result<String> {
    make(db, clock.now(), &SealingKey::new(sealing), Make::Next).await
}

async fn load(db: &Db, now: UnixMs, sealing: &SealingKey) -> Result<Option<Ring>> {
    let mut tx = db.read().await?;
    let row: Option<(String, Vec<u8>, Vec<u8>)> = on!(&mut tx, c => sqlx::query_as(CURRENT).fetch_optional(c).await)?;
    let Some((id, sealed, _)) = row else { return Ok(None) };
    let since = now.0.saturating_sub(PUBLISHED_AFTER_RETIREMENT_MS);
    let rows: Vec<Vec<u8>> = on!(&mut tx, c => sqlx::query_scalar(PUBLISHED).bind(since).bind(PUBLISHED_MAX).fetch_all(c).await)?;
    let pkcs8 = sealing.open(&id, &sealed).map_err(|error| Error::Broken(error.into()))?;
    let keys = rows.iter().map(|public| jwk(public)).collect::<Result<Vec<Jwk>>>()?;
    Ok(Some(Ring { id, signing: EncodingKey::from_ed_der(&pkcs8), published: Arc::new(JwkSet { keys }) }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Make {
    /// Where there is none; refused where another was quicker.
    First,
    /// In the place of the one that signs.
    Next,
}

async fn make(db: &Db, now: UnixMs, sealing: &SealingKey, which: Make) -> Result<String> {
    kernel::transact!(db, tx => {
        if which == Make::Next {
            retire(tx, now).await?;
        }
        insert_fresh(tx, now, sealing).await
    })
}

async fn insert_fresh(tx: &mut Tx, now: UnixMs, sealing: &SealingKey) -> Result<String> {
    let pair = Ed25519KeyPair::generate().map_err(|_| Error::broken("no Ed25519 key could be made"))?;
    // Version 1: version 2, which also holds the public key, is refused where the public key is derived from it.
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| Error::broken("an Ed25519 key has no PKCS #8 form"))?;
    let pkcs8 = Zeroizing::new(pkcs8.as_ref().to_vec());
    let public = pair.public_key().as_ref().to_vec();
    let id = jwk(&public)?.common.key_id.ok_or_else(|| Error::broken("a key without an id"))?;
    let sealed = sealing.seal(&id, &pkcs8).map_err(|error| Error::Broken(error.into()))?;
    on!(tx, c => sqlx::query(INSERT).bind(&id).bind(&sealed).bind(&public).bind(now.0).execute(c).await.map(drop))
        .on_constraint(|name| (name == "signing_key_active_key").then(|| Refusal::new(Code::Conflict)))?;
    kernel::audit::record(tx, kernel::audit::Entry::new(now, "signing_key.rotate", "signing_key", &id));
    Ok(id)
}

async fn retire(tx: &mut Tx, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(RETIRE).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// A public key with its thumbprint (RFC 7638) for a name.
pub fn jwk(public: &[u8]) -> Result<Jwk> {
    let broken = |error: jsonwebtoken::errors::Error| Error::Broken(error.into());
    let mut jwk = Jwk::from_decoding_key(&DecodingKey::from_ed_der(public), Some(Algorithm::EdDSA)).map_err(broken)?;
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).map_err(broken)?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(jwk)
}
