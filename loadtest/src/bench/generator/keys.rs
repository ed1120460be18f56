//! SRTP of one connection (RFC 3711 with RFC 7714, AES-128-GCM), as a client has it.

use anyhow::{Result, anyhow};
use bytes::BytesMut;
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_srtp::{config::Config, context::Context, protection_profile::ProtectionProfile};
use std::sync::Arc;

const PROFILE: ProtectionProfile = ProtectionProfile::AeadAes128Gcm;
pub const KEY_BYTES: usize = 16;
pub const SALT_BYTES: usize = 12;
/// Master keys and salts of both directions, in the order in which DTLS exports them (RFC 5764, section 4.2).
pub const MATERIAL_BYTES: usize = 2 * (KEY_BYTES + SALT_BYTES);

pub fn crypto() -> Arc<dyn RTCCryptoProvider> {
    Arc::new(AwsLcRsProvider::new())
}

pub struct Keys {
    sending: Context,
    receiving: Context,
}

impl Keys {
    /// A client's, out of what the handshake exported.
    pub fn of_client(material: &[u8], crypto: &dyn RTCCryptoProvider) -> Result<Self> {
        let mut config = Config { profile: PROFILE, ..Config::default() };
        config.set_session_keys_from_keying_material(material, true)?;
        let keys = &config.keys;
        let context = |key: &[u8], salt: &[u8]| Context::new(key, salt, PROFILE, None, None, crypto.crypto());
        Ok(Self {
            sending: context(&keys.local_master_key, &keys.local_master_salt)?,
            receiving: context(&keys.remote_master_key, &keys.remote_master_salt)?,
        })
    }

    pub fn seal(&mut self, packet: &[u8]) -> Result<BytesMut> {
        self.sending.encrypt_rtp(packet).map_err(|error| anyhow!("sealing: {error}"))
    }

    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Result<BytesMut> {
        self.sending.encrypt_rtcp(compound).map_err(|error| anyhow!("sealing: {error}"))
    }

    /// None: not authentic.
    pub fn open(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.receiving.decrypt_rtp(packet).ok()
    }

    pub fn open_rtcp(&mut self, compound: &[u8]) -> Option<BytesMut> {
        self.receiving.decrypt_rtcp(compound).ok()
    }
}
