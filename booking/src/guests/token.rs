//! The secret part of a guest's link: whose it is, which of the links, and a signature of both. It is made anew from the key whenever the link is
//! shown or mailed, and kept nowhere but as a hash.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use wire::id::PersonId;

/// Bytes of what is signed: the id and the version.
const SIGNED: usize = 20;
/// Letters of a token: those, and 32 bytes of signature.
pub const CHARS: usize = (SIGNED + 32) * 4 / 3 + 1;

/// Signs guests' links (HMAC-SHA-256). Its key comes of the one that seals what the database keeps secret.
#[derive(Clone)]
pub struct GuestKey(hmac::Key);

impl std::fmt::Debug for GuestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuestKey")
    }
}

impl GuestKey {
    pub fn of(sealing_key: &[u8]) -> Self {
        // A key of its own: what is signed here could be mistaken for nothing else.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, sealing_key), b"sidang guest link 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    pub fn token(&self, guest: PersonId, version: u32) -> String {
        let signed = [guest.0.as_bytes().as_slice(), &version.to_be_bytes()].concat();
        let signature = hmac::sign(&self.0, &signed);
        URL_SAFE_NO_PAD.encode([signed.as_slice(), signature.as_ref()].concat())
    }

    /// Whose link it is, and which, where the token was made here; nothing of any other.
    pub fn guest(&self, token: &str) -> Option<(PersonId, u32)> {
        let bytes = URL_SAFE_NO_PAD.decode(Some(token).filter(|it| it.len() == CHARS)?).ok()?;
        let (signed, signature) = bytes.split_at_checked(SIGNED)?;
        hmac::verify(&self.0, signed, signature).ok()?;
        let (id, version) = signed.split_at_checked(16)?;
        Some((PersonId(Uuid::from_slice(id).ok()?), u32::from_be_bytes(version.try_into().ok()?)))
    }
}

/// The link of a token. The secret stands behind the `#`, which a browser sends to nobody.
pub fn link(public_url: &str, token: &str) -> String {
    format!("{public_url}/guest#{token}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_opens_for_its_guest_under_its_key_alone() {
        let (key, guest) = (GuestKey::of(&[7; 32]), PersonId(Uuid::from_u128(1)));
        let token = key.token(guest, 3);
        assert_eq!((token.len(), key.guest(&token)), (CHARS, Some((guest, 3))));
        assert_ne!(token, key.token(guest, 4));
        assert_eq!(GuestKey::of(&[8; 32]).guest(&token), None);
        for at in 0..CHARS {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.guest(&String::from_utf8(changed).unwrap()), None, "letter {at}");
        }
    }

    proptest! {
        #[test]
        fn no_guess_opens_anything(guess in ".{0,80}") {
            prop_assert_eq!(GuestKey::of(&[7; 32]).guest(&guess), None);
        }
    }
}
