//! A client for tests, made of the same protocol crates on the other side of the wire: it checks, shakes hands and encrypts as a browser
//! does, in virtual time.

use super::{
    TransportParameters,
    certificate::fingerprint_of,
    srtp::{PROFILE, SrtpSession},
};
use bytes::{Bytes, BytesMut};
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_dtls::{
    config::{ConfigBuilder, ExtendedMasterSecretType},
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_stun::{
    attributes::{ATTR_ICE_CONTROLLED, ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_REQUEST, Message, Setter},
};
use std::{net::SocketAddr, sync::Arc, time::Instant};

pub fn parameters(ours: &str, theirs: &str) -> TransportParameters {
    TransportParameters {
        local_ufrag: ours.into(),
        local_pwd: format!("the password of {ours}"),
        remote_ufrag: theirs.into(),
        remote_pwd: format!("the password of {theirs}"),
        remote_fingerprint: [0; 32],
        candidates: vec!["127.0.0.1:1".parse().unwrap()],
    }
}

/// A connectivity check as a browser makes it, and the ways in which it can be wrong.
#[derive(Clone, Debug)]
pub struct Check {
    pub name: String,
    pub pwd: String,
    pub nominates: bool,
    pub nominates_uncovered: bool,
    pub controlled: bool,
    pub integrity: bool,
}

impl Check {
    pub fn of(ours: &str, theirs: &str) -> Self {
        Self {
            name: format!("{ours}:{theirs}"),
            pwd: format!("the password of {ours}"),
            nominates: false,
            nominates_uncovered: false,
            controlled: false,
            integrity: true,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let crypto = AwsLcRsProvider::new();
        let mut message = Message::new();
        message.set_type(BINDING_REQUEST);
        message.transaction_id.0 = [9; 12];
        message.write_header();
        message.add(ATTR_USERNAME, self.name.as_bytes());
        message.add(ATTR_PRIORITY, &1u32.to_be_bytes());
        message.add(if self.controlled { ATTR_ICE_CONTROLLED } else { ATTR_ICE_CONTROLLING }, &[1; 8]);
        if self.nominates {
            message.add(ATTR_USE_CANDIDATE, &[]);
        }
        if self.integrity {
            let integrity = MessageIntegrity::new_short_term_integrity_with_provider(self.pwd.clone(), crypto.crypto());
            integrity.add_to(&mut message).unwrap();
        }
        if self.nominates_uncovered {
            message.add(ATTR_USE_CANDIDATE, &[]);
        }
        FINGERPRINT.add_to(&mut message).unwrap();
        message.raw
    }
}

const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// The DTLS and SRTP of a client.
pub struct Client {
    endpoint: Endpoint,
    certificate: rtc_dtls::crypto::Certificate,
    profiles: Vec<SrtpProtectionProfile>,
    provider: Arc<dyn RTCCryptoProvider>,
    pub srtp: Option<SrtpSession>,
    pub closed: bool,
    pub failed: bool,
}

impl Client {
    pub fn new() -> Self {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate = rtc_dtls::crypto::Certificate::generate_self_signed(vec!["client".to_owned()], provider.crypto()).unwrap();
        Self {
            endpoint: Endpoint::new(SERVER, rtc_shared::TransportProtocol::UDP, None),
            certificate,
            profiles: vec![SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
            provider,
            srtp: None,
            closed: false,
            failed: false,
        }
    }

    pub fn with_profiles(mut self, profiles: Vec<SrtpProtectionProfile>) -> Self {
        self.profiles = profiles;
        self
    }

    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint_of(&self.certificate.certificate[0])
    }

    pub fn begin(&mut self, now: Instant) {
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.provider))
            .with_certificates(vec![self.certificate.clone()])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_srtp_protection_profiles(self.profiles.clone())
            .with_insecure_skip_verify(true)
            // As Chromium: the first repeat before the server's could come.
            .with_flight_interval(std::time::Duration::from_millis(50))
            .build(true, Some(SERVER))
            .unwrap();
        self.endpoint.connect(now, SERVER, Arc::new(config), None).unwrap();
    }

    pub fn read(&mut self, now: Instant, datagram: &[u8]) {
        match self.endpoint.read(now, SERVER, None, BytesMut::from(datagram)) {
            Ok(events) => {
                for event in events {
                    match event {
                        EndpointEvent::HandshakeComplete => self.complete(),
                        EndpointEvent::PeerClosed => self.closed = true,
                        _ => {}
                    }
                }
            }
            Err(_) => self.failed = true,
        }
    }

    fn complete(&mut self) {
        let state = self.endpoint.get_connection_state(SERVER).unwrap();
        let mut config = rtc_srtp::config::Config { profile: PROFILE, ..Default::default() };
        let material =
            state.export_keying_material(rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len()).unwrap();
        config.set_session_keys_from_keying_material(material.as_ref(), true).unwrap();
        self.srtp = Some(SrtpSession::new(&config.keys, Arc::clone(&self.provider)).unwrap());
    }

    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.endpoint.poll_transmit().map(|it| it.message.freeze())
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.endpoint.poll_timeout(&SERVER)
    }

    pub fn on_deadline(&mut self, now: Instant) {
        self.failed |= self.endpoint.handle_timeout(SERVER, now).is_err();
    }

    pub fn close(&mut self, now: Instant) {
        self.endpoint.close(now).unwrap();
    }
}

impl SrtpSession {
    /// A sealed copy.
    pub fn seal_rtp(&mut self, packet: &[u8]) -> Result<BytesMut, super::srtp::SrtpError> {
        let mut sealed = BytesMut::from(packet);
        self.protect_rtp(&mut sealed).map(|()| sealed)
    }
}
