//! The certificate of this process: one P-256 key for every peer, known to them by its fingerprint in the answer (RFC 8122). It lives
//! as long as the process and is signed by nobody: trust comes from the signalling that carries the fingerprint.

use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use std::{fmt::Write, sync::Arc};

/// SHA-256 over a certificate in DER.
pub type Fingerprint = [u8; 32];

/// What stands in the certificate's subject alternative name. Browsers do not look at it.
const NAME: &str = "sidang";

#[derive(Debug, thiserror::Error)]
#[error("no certificate could be made: {0}")]
pub struct CertificateError(#[from] rtc_shared::error::Error);

#[derive(Clone)]
pub struct Certificate {
    pub(super) inner: rtc_dtls::crypto::Certificate,
    pub(super) provider: Arc<dyn RTCCryptoProvider>,
    fingerprint: Fingerprint,
}

impl Certificate {
    pub fn generate() -> Result<Self, CertificateError> {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let inner = rtc_dtls::crypto::Certificate::generate_self_signed(vec![NAME.to_owned()], provider.crypto())?;
        let fingerprint = fingerprint_of(&inner.certificate[0]);
        Ok(Self { inner, provider, fingerprint })
    }

    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("fingerprint", &fingerprint_text(&self.fingerprint)).finish_non_exhaustive()
    }
}

pub fn fingerprint_of(der: &[u8]) -> Fingerprint {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest.as_ref());
    fingerprint
}

/// As `a=fingerprint` has it: pairs of capital hexadecimal digits between colons.
pub fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    let mut text = String::with_capacity(95);
    for (place, byte) in fingerprint.iter().enumerate() {
        let colon = if place == 0 { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}
