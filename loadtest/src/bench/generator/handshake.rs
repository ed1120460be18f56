//! From a connectivity check to keys, as a browser goes about it: a check that nominates (RFC 8445; the other side is lite), then DTLS 1.2 as its client.

use super::keys::{KEY_BYTES, Keys, MATERIAL_BYTES, SALT_BYTES};
use anyhow::{Result, anyhow};
use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::{
    config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig},
    crypto::Certificate,
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_stun::{
    attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_REQUEST, Message, Setter},
};
use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

/// Checks go out this often until there are keys: a server may have answered one before it was ready to be nominated by it.
const REPEAT: Duration = Duration::from_millis(50);
/// A flight that nothing comes back on goes out again; the library gives up after seven.
const FLIGHT_REPEAT: Duration = Duration::from_millis(400);
/// Consent lasts thirty seconds (RFC 7675, section 5.1).
const CONSENT: Duration = Duration::from_secs(5);
/// The library tells connections apart by address; here each has a library of its own.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];

/// The certificate of all connections of one generator.
pub struct Identity {
    config: Arc<HandshakeConfig>,
    /// As `a=fingerprint:sha-256` has it.
    pub fingerprint: String,
    crypto: Arc<dyn RTCCryptoProvider>,
}

impl Identity {
    pub fn new() -> Result<Self> {
        let crypto = super::keys::crypto();
        let certificate = Certificate::generate_self_signed(vec!["loadtest".to_owned()], crypto.crypto())?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate.certificate[0]);
        let mut fingerprint = String::new();
        for (place, byte) in digest.as_ref().iter().enumerate() {
            write!(fingerprint, "{}{byte:02X}", if place == 0 { "" } else { ":" })?;
        }
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&crypto))
            .with_certificates(vec![certificate])
            .with_extended_master_secret(ExtendedMasterSecretType::Request)
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            // A load generator talks to what it has started itself.
            .with_insecure_skip_verify(true)
            .with_flight_interval(FLIGHT_REPEAT)
            .build(true, Some(ANY))?;
        Ok(Self { config: Arc::new(config), fingerprint, crypto })
    }
}

/// What an answer said of the other side, and what we said of ours.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub local_ufrag: String,
    pub remote_ufrag: String,
    pub remote_pwd: String,
}

/// One connection on its way, and then its consent.
pub struct Handshake {
    check: Vec<u8>,
    checked: bool,
    finished: bool,
    endpoint: Endpoint,
    identity: Arc<Identity>,
    again_at: Instant,
}

impl Handshake {
    pub fn new(now: Instant, identity: Arc<Identity>, credentials: &Credentials) -> Result<Self> {
        let check = check(credentials, identity.crypto.as_ref())?;
        let endpoint = Endpoint::new(ANY, rtc_shared::TransportProtocol::UDP, None);
        Ok(Self { check, checked: false, finished: false, endpoint, identity, again_at: now })
    }

    /// A datagram that is no media. Gives the keys once they exist; appends what is to be sent.
    pub fn read(&mut self, now: Instant, datagram: &[u8], out: &mut Vec<Vec<u8>>) -> Result<Option<Keys>> {
        let mut keys = None;
        match datagram.first() {
            Some(0..=3) if datagram.starts_with(&BINDING_SUCCESS) && !self.checked => {
                self.checked = true;
                self.endpoint.connect(now, ANY, Arc::clone(&self.identity.config), None)?;
            }
            Some(20..=63) => {
                let events = self.endpoint.read(now, ANY, None, BytesMut::from(datagram))?;
                if events.iter().any(|it| matches!(it, EndpointEvent::HandshakeComplete)) {
                    keys = Some(self.keys()?);
                    self.finished = true;
                }
            }
            _ => {}
        }
        self.flush(out);
        Ok(keys)
    }

    pub fn deadline(&self) -> Instant {
        self.endpoint.poll_timeout(&ANY).map_or(self.again_at, |at| at.min(self.again_at))
    }

    pub fn on_deadline(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) -> Result<()> {
        if now >= self.again_at {
            self.again_at = now + if self.finished { CONSENT } else { REPEAT };
            out.push(self.check.clone());
        }
        if self.endpoint.poll_timeout(&ANY).is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(ANY, now)?;
        }
        self.flush(out);
        Ok(())
    }

    fn flush(&mut self, out: &mut Vec<Vec<u8>>) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            out.push(transmit.message.to_vec());
        }
    }

    fn keys(&self) -> Result<Keys> {
        let state = self.endpoint.get_connection_state(ANY).ok_or_else(|| anyhow!("no state after the handshake"))?;
        let material = state.export_keying_material(rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP, &[], MATERIAL_BYTES)?;
        debug_assert_eq!(MATERIAL_BYTES, 2 * (KEY_BYTES + SALT_BYTES));
        Keys::of_client(material.as_ref(), self.identity.crypto.as_ref())
    }
}

/// The same bytes each time: a server sees a repeated request.
fn check(credentials: &Credentials, crypto: &dyn RTCCryptoProvider) -> Result<Vec<u8>> {
    let mut message = Message::new();
    message.set_type(BINDING_REQUEST);
    message.transaction_id.0 = rand::random();
    message.write_header();
    message.add(ATTR_USERNAME, format!("{}:{}", credentials.remote_ufrag, credentials.local_ufrag).as_bytes());
    message.add(ATTR_PRIORITY, &0x6e00_1eff_u32.to_be_bytes());
    message.add(ATTR_ICE_CONTROLLING, &rand::random::<[u8; 8]>());
    message.add(ATTR_USE_CANDIDATE, &[]);
    MessageIntegrity::new_short_term_integrity_with_provider(credentials.remote_pwd.clone(), crypto.crypto()).add_to(&mut message)?;
    FINGERPRINT.add_to(&mut message)?;
    Ok(message.raw)
}
