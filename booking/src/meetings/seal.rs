//! Sealing of what the database keeps secret (SEC-2): AES-256-GCM under a key that lies in the data folder, not in the database.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
};
use zeroize::Zeroizing;

/// Bytes of the key-encryption key.
pub const SEALING_KEY_BYTES: usize = 32;

/// Separates our use of HKDF from any other (RFC 5869, section 3.1).
const SALT: &[u8] = b"sidang booking 1";

/// The key-encryption key.
pub struct SealingKey(RandomizedNonceKey);

/// The sealed bytes were changed, belong to another id, or were sealed under another key.
#[derive(Debug, thiserror::Error)]
#[error("sealed bytes do not open under this key")]
pub struct Unopened;

impl SealingKey {
    pub fn new(key: &[u8; SEALING_KEY_BYTES]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("the key has the length of the algorithm"))
    }

    /// A key derived from the one in the data folder, for one purpose alone.
    pub fn for_purpose(key: &[u8; SEALING_KEY_BYTES], purpose: &'static str) -> Self {
        let mut derived = Zeroizing::new([0; SEALING_KEY_BYTES]);
        let secret = Salt::new(HKDF_SHA256, SALT).extract(key);
        let filled = secret.expand(&[purpose.as_bytes()], HKDF_SHA256).and_then(|it| it.fill(derived.as_mut_slice()));
        filled.expect("HKDF gives as many bytes as its hash");
        Self::new(&derived)
    }

    /// The nonce, then cipher text and tag. `id` is bound to it: sealed bytes moved to another row do not open.
    pub fn seal(&self, id: &str, secret: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut text = secret.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(id), &mut text).map_err(|_| Unopened)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    pub fn open(&self, id: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Unopened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened)?;
        let mut text = Zeroizing::new(text.to_vec());
        let plain = self.0.open_in_place(nonce, Aad::from(id), &mut text).map_err(|_| Unopened)?.len();
        text.truncate(plain);
        Ok(text)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_the_same_key_and_id_alone() {
        let key = SealingKey::new(&[7; 32]);
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap().as_slice(), b"secret");
        assert!(!sealed.windows(6).any(|it| it == b"secret"));
        assert!(key.open("b", &sealed).is_err());
        assert!(SealingKey::new(&[8; 32]).open("a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("a", &changed).is_err(), "byte {at}");
        }
        assert!(key.open("a", &[]).is_err());
        assert!(SealingKey::for_purpose(&[7; 32], "photographs").open("a", &sealed).is_err());
        assert_ne!(sealed, key.seal("a", b"secret").unwrap(), "a nonce is used once");
    }
}
