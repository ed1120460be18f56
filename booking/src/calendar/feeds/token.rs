//! The secret part of a feed's address: the feed's id and a signature of it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use wire::id::FeedId;

/// Letters of a token: 16 bytes of id and 32 of signature.
pub const CHARS: usize = 64;

/// Signs feeds' addresses (HMAC-SHA-256). Its key comes of the one that seals what the database keeps secret.
#[derive(Clone)]
pub struct FeedKey(hmac::Key);

impl std::fmt::Debug for FeedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FeedKey")
    }
}

impl FeedKey {
    pub fn of(sealing_key: &[u8]) -> Self {
        // A key of its own: what is signed here could be mistaken for nothing else.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, sealing_key), b"sidang calendar feed 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    pub fn token(&self, feed: FeedId) -> String {
        let signature = hmac::sign(&self.0, feed.0.as_bytes());
        URL_SAFE_NO_PAD.encode([feed.0.as_bytes().as_slice(), signature.as_ref()].concat())
    }

    /// The feed of a token that was made here; nothing of any other.
    pub fn feed(&self, token: &str) -> Option<FeedId> {
        let bytes = URL_SAFE_NO_PAD.decode(Some(token).filter(|it| it.len() == CHARS)?).ok()?;
        let (id, signature) = bytes.split_at_checked(16)?;
        hmac::verify(&self.0, id, signature).ok()?;
        Some(FeedId(Uuid::from_slice(id).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_opens_its_feed_under_its_key_alone() {
        let (key, feed) = (FeedKey::of(&[7; 32]), FeedId(Uuid::from_u128(1)));
        let token = key.token(feed);
        assert_eq!((token.len(), key.feed(&token)), (CHARS, Some(feed)));
        assert_eq!(FeedKey::of(&[8; 32]).feed(&token), None);
        for at in 0..CHARS {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.feed(&String::from_utf8(changed).unwrap()), None, "letter {at}");
        }
    }

    proptest! {
        #[test]
        fn no_guess_opens_anything(guess in ".{0,80}") {
            prop_assert_eq!(FeedKey::of(&[7; 32]).feed(&guess), None);
        }
    }
}
