//! The key exchange: a DTLS 1.2 server that is only ever asked for the keys of SRTP (RFC 5764).
//!
//! The library below is one of several that could stand here, so the rest of the engine sees [`DtlsServer`] alone. What the library lacks
//! is added on this side: the [`Guard`] before it, a deadline, and the repeat of our last flight. The library forgets its retransmission timer as
//! soon as any handshake record comes in, so that one lost server flight leaves both sides waiting for ever; here the
//! datagrams of the last flight are kept and sent again, the same bytes, until keys exist.

use super::{
    certificate::{Certificate, Fingerprint, fingerprint_of},
    guard::Guard,
};
use bytes::{Bytes, BytesMut};
use rtc_dtls::{
    cipher_suite::CipherSuiteId,
    config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType},
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_srtp::config::{LABEL_EXTRACTOR_DTLS_SRTP, SessionKeys};
use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// From the first record to keys. A browser gives up after about as long; its next try comes with a new offer.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(20);
/// When the last flight is repeated for the first time; it doubles from there up to [`REPEAT_AFTER_MAX`]. RFC 9147 proposes the same start
/// for real-time uses.
const REPEAT_AFTER: Duration = Duration::from_millis(100);
const REPEAT_AFTER_MAX: Duration = Duration::from_secs(2);
/// Outgoing datagrams that wait to be fetched: a flight is one or two.
const OUTGOING_MAX: usize = 16;

/// The key exchange of one peer.
pub trait DtlsServer: Send {
    fn read(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DtlsError>;
    /// To be drained after each call, after an error too: it may hold the alert that tells the peer.
    fn poll_transmit(&mut self) -> Option<Bytes>;
    fn deadline(&self) -> Option<Instant>;
    fn on_deadline(&mut self, now: Instant) -> Result<(), DtlsError>;
    /// The keys, once the handshake is over.
    fn export(&self) -> Option<&SessionKeys>;
}

/// Why an association is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DtlsError {
    #[error("the certificate is not the one that the offer names")]
    Fingerprint,
    #[error("the client offers no SRTP profile that we take")]
    Profile,
    #[error("the handshake took too long")]
    Deadline,
    #[error("the peer closed the association")]
    Closed,
    #[error("no key could be exported, or no association could be configured")]
    Library,
}

/// The library tells associations apart by address; here each peer has an association of its own, whatever its address is.
const KEY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

pub struct Association {
    endpoint: Endpoint,
    guard: Guard,
    expected: Fingerprint,
    mismatch: Arc<AtomicBool>,
    outgoing: VecDeque<Bytes>,
    /// What was sent last, kept until keys exist.
    flight: Vec<Bytes>,
    /// The message sequence of the newest ClientHello, and of the newest that was answered by a flight.
    hello: Option<u16>,
    answered: Option<u16>,
    repeat_at: Option<Instant>,
    repeat_after: Duration,
    give_up_at: Option<Instant>,
    keys: Option<SessionKeys>,
}

impl Association {
    /// Waits for the client to begin. `expected` is the fingerprint out of its offer.
    pub fn new(certificate: &Certificate, expected: Fingerprint) -> Result<Self, DtlsError> {
        let mismatch = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&mismatch);
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&certificate.provider))
            .with_certificates(vec![certificate.inner.clone()])
            // Mandatory in WebRTC (RFC 8827, section 6.5), and the only one with which the guard knows the length of Finished.
            .with_cipher_suites(vec![CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            // Concerns certificate authorities, which have no part here: the fingerprint is checked below.
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(Arc::new(move |chain: &[Vec<u8>], _: &[_]| {
                if chain.first().is_some_and(|it| fingerprint_of(it) == expected) {
                    return Ok(());
                }
                seen.store(true, Ordering::Relaxed);
                Err(rtc_shared::error::Error::ErrClientCertificateNotVerified)
            })))
            .build(false, None)
            .map_err(|error| {
                tracing::error!(%error, "DTLS cannot be configured");
                DtlsError::Library
            })?;
        Ok(Self {
            endpoint: Endpoint::new(KEY, rtc_shared::TransportProtocol::UDP, Some(Arc::new(config))),
            guard: Guard::default(),
            expected,
            mismatch,
            outgoing: VecDeque::new(),
            flight: Vec::new(),
            hello: None,
            answered: None,
            repeat_at: None,
            repeat_after: REPEAT_AFTER,
            give_up_at: None,
            keys: None,
        })
    }

    /// Takes what the library wants to send. Before keys exist it is a flight, to be kept.
    fn take_transmits(&mut self, now: Instant) -> bool {
        let fresh: Vec<Bytes> = std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|it| it.message.freeze()).collect();
        if fresh.is_empty() {
            return false;
        }
        self.send(&fresh);
        if self.keys.is_none() {
            self.flight = fresh;
            self.answered = self.hello;
            self.repeat_after = REPEAT_AFTER;
            self.repeat_at = Some(now + self.repeat_after);
        }
        true
    }

    fn send(&mut self, datagrams: &[Bytes]) {
        for datagram in datagrams.iter().take(OUTGOING_MAX.saturating_sub(self.outgoing.len())) {
            self.outgoing.push_back(datagram.clone());
        }
    }

    fn complete(&mut self) -> Result<(), DtlsError> {
        let state = self.endpoint.get_connection_state(KEY).ok_or(DtlsError::Library)?;
        if state.peer_certificates.first().is_none_or(|it| fingerprint_of(it) != self.expected) {
            return Err(DtlsError::Fingerprint);
        }
        if state.srtp_protection_profile() != SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm {
            return Err(DtlsError::Profile);
        }
        let mut config = rtc_srtp::config::Config { profile: super::srtp::PROFILE, ..Default::default() };
        let material =
            state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len()).map_err(|_| DtlsError::Library)?;
        config.set_session_keys_from_keying_material(material.as_ref(), false).map_err(|_| DtlsError::Library)?;
        self.keys = Some(config.keys);
        self.flight = Vec::new();
        self.repeat_at = None;
        self.give_up_at = None;
        Ok(())
    }
}

impl DtlsServer for Association {
    fn read(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DtlsError> {
        let Some(admitted) = self.guard.admit(datagram, self.keys.is_some()) else { return Ok(()) };
        if self.keys.is_none() && self.give_up_at.is_none() {
            self.give_up_at = Some(now + HANDSHAKE_TIME_MAX);
        }
        self.hello = self.hello.max(admitted.client_hello);
        let events = self.endpoint.read(now, KEY, None, BytesMut::from(&admitted.records[..]));
        let answered = self.answered;
        let sent = self.take_transmits(now);
        match events {
            Ok(events) => {
                for event in events {
                    match event {
                        EndpointEvent::HandshakeComplete => self.complete()?,
                        EndpointEvent::PeerClosed => return Err(DtlsError::Closed),
                        // There is no data channel; the guard lets none of it through.
                        _ => {}
                    }
                }
            }
            Err(_) if self.mismatch.load(Ordering::Relaxed) => return Err(DtlsError::Fingerprint),
            // Anybody could have sent what the library refused. A client that cannot agree with us runs into the deadline.
            Err(error) => tracing::debug!(%error, "a handshake record was refused"),
        }
        // The client repeats a hello that we answered: the answer was lost.
        if self.keys.is_none() && !sent && admitted.client_hello.is_some_and(|it| answered.is_some_and(|answered| it <= answered)) {
            let flight = std::mem::take(&mut self.flight);
            self.send(&flight);
            self.flight = flight;
        }
        Ok(())
    }

    fn poll_transmit(&mut self) -> Option<Bytes> {
        self.outgoing.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        [self.repeat_at, self.give_up_at].into_iter().flatten().min()
    }

    fn on_deadline(&mut self, now: Instant) -> Result<(), DtlsError> {
        if self.give_up_at.is_some_and(|at| now >= at) {
            return Err(DtlsError::Deadline);
        }
        if self.repeat_at.is_some_and(|at| now >= at) {
            let flight = std::mem::take(&mut self.flight);
            self.send(&flight);
            self.flight = flight;
            self.repeat_after = (self.repeat_after * 2).min(REPEAT_AFTER_MAX);
            self.repeat_at = Some(now + self.repeat_after);
        }
        Ok(())
    }

    fn export(&self) -> Option<&SessionKeys> {
        self.keys.as_ref()
    }
}
