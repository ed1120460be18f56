//! The device behind a request. A handler that takes a [`Device`] is reached by an enrolled device alone: with its credential, and with a proof
//! of its key that names this request and this credential.

use super::{DeviceKind, Stored, proof, proof::Proven, store};
use crate::Booking;
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use kernel::{Error, Result, Tx, digest};
use std::sync::Arc;
use wire::{Code, UnixMs, id::SiteId};

/// That it is there is written down this often.
const SEEN_EACH_MS: i64 = 60_000;

/// An enrolled device, read from the store at each request: one that was revoked is gone at the next.
#[derive(Clone, Debug)]
pub struct Device {
    pub stored: Stored,
    /// SHA-256 of the credential that it showed.
    credential_hash: String,
}

impl Device {
    pub fn site(&self) -> SiteId {
        self.stored.site
    }

    /// Only a room system joins.
    pub fn require_room_system(&self) -> Result<()> {
        match self.stored.kind {
            DeviceKind::RoomSystem => Ok(()),
            DeviceKind::Panel => Err(Code::DeviceForbidden.into()),
        }
    }

    /// Whether it is still what it was: for a request that is held open.
    pub async fn still(&self, tx: &mut Tx, now: UnixMs) -> Result<()> {
        let held = store::by_jkt(tx, &self.stored.jkt).await?;
        judge(held, &self.credential_hash, now).map(drop)
    }
}

fn judge(held: Option<store::Held>, credential_hash: &str, now: UnixMs) -> Result<Stored> {
    let held = held.filter(|it| it.device.revoked_at.is_none()).ok_or(Code::DeviceUnknown)?;
    let lives = held.credential_hash.as_deref() == Some(credential_hash) && held.credential_expires_at.is_some_and(|at| now < at);
    match lives {
        true => Ok(held.device),
        false => Err(Code::DeviceCredential.into()),
    }
}

impl FromRequestParts<Arc<Booking>> for Device {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, booking: &Arc<Booking>) -> Result<Self> {
        let proven = Proven::from_request_parts(parts, booking).await?;
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        // RFC 9449, section 7.1: the scheme is DPoP, so that the credential is never taken for a bearer's.
        let credential = authorization.and_then(|it| it.strip_prefix("DPoP ")).ok_or(Code::DeviceCredential)?;
        if proven.ath.as_deref() != Some(&proof::hash(credential)) {
            return Err(Code::DeviceProof.into());
        }
        let now = booking.clock.now();
        let credential_hash = digest::sha256_hex(credential.as_bytes());
        let held = store::by_jkt(&mut booking.db.read().await?, &proven.jkt).await?;
        let stored = judge(held, &credential_hash, now)?;
        if stored.seen_at.is_none_or(|at| now.saturating_since_ms(at) >= SEEN_EACH_MS) {
            let id = stored.id;
            if let Err(error) = kernel::transact!(booking.db, tx => store::seen(tx, id, now).await) {
                tracing::warn!(error = %error, "that a device was seen could not be written down");
            }
        }
        Ok(Self { stored, credential_hash })
    }
}
