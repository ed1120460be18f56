//! One peer's connection: where it is, its key exchange, its cipher.

use super::{
    Certificate, Path, Transmit, TransportParameters,
    dtls::{Association, DtlsError, DtlsServer},
    ice::Ice,
    srtp::{SrtpError, SrtpSession},
};
use std::{sync::Arc, time::Instant};

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("no valid check for too long")]
    Consent,
    #[error(transparent)]
    Handshake(#[from] DtlsError),
    #[error(transparent)]
    Cipher(#[from] SrtpError),
}

/// Handshake datagrams that one peer may send in its life. The guard lets through no more records than that; past it a flood would only
/// use up the shard's allowance.
const HANDSHAKE_DATAGRAMS_MAX: u16 = 512;

pub struct Peer {
    pub ice: Ice,
    dtls: Box<dyn DtlsServer>,
    handshake_datagrams: u16,
    pub srtp: Option<SrtpSession>,
}

impl Peer {
    pub fn new(now: Instant, parameters: &TransportParameters, certificate: &Certificate) -> Result<Self, Lost> {
        let dtls = Box::new(Association::new(certificate, parameters.remote_fingerprint)?);
        Ok(Self { ice: Ice::new(now, parameters), dtls, handshake_datagrams: 0, srtp: None })
    }

    pub const fn may_handshake(&mut self) -> bool {
        self.handshake_datagrams = self.handshake_datagrams.saturating_add(1);
        self.handshake_datagrams <= HANDSHAKE_DATAGRAMS_MAX
    }

    /// True: with this datagram the keys came to be.
    pub fn handle_handshake(&mut self, now: Instant, datagram: &[u8], certificate: &Certificate) -> Result<bool, Lost> {
        self.dtls.read(now, datagram)?;
        match self.dtls.export() {
            Some(keys) if self.srtp.is_none() => {
                self.srtp = Some(SrtpSession::new(keys, Arc::clone(&certificate.provider))?);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Lost> {
        if now >= self.ice.consent_until() {
            return Err(Lost::Consent);
        }
        if self.dtls.deadline().is_some_and(|at| now >= at) {
            self.dtls.on_deadline(now)?;
        }
        Ok(())
    }

    pub fn poll_timeout(&self) -> Instant {
        let consent = self.ice.consent_until();
        self.dtls.deadline().map_or(consent, |it| it.min(consent))
    }

    pub fn poll_write(&mut self) -> Option<Transmit> {
        let path: Path = self.ice.selected()?;
        self.dtls.poll_transmit().map(|payload| Transmit { path, payload })
    }
}
