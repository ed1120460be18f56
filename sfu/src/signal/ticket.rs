//! Resume tickets: what a client shows to come back to its session. Sealed by a key that stays with the node's data, so that they hold over
//! a restart of the process; opaque to the client; short-lived, and renewed while the socket lives.

use crate::secret::{self, SecretError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::path::Path;
use wire::{UnixMs, grant::GrantClaims, id::SessionId, limits::TICKET_LIFE_S, signal::BreakoutNumber};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// The claims of a grant with long names, sealed and encoded, are below 3 kB.
const TICKET_BYTES_MAX: usize = 8 * 1024;
const PURPOSE: &[u8] = b"sidang resume ticket 1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub session: SessionId,
    /// Counts the sockets that the session has had.
    pub generation: u32,
    pub grant: GrantClaims,
    /// The breakout room in which the session stands.
    #[serde(default)]
    pub breakout: Option<BreakoutNumber>,
    pub expires_at_ms: UnixMs,
}

impl Ticket {
    pub fn issue(session: SessionId, generation: u32, grant: GrantClaims, now_ms: UnixMs) -> Self {
        Self { session, generation, grant, breakout: None, expires_at_ms: now_ms.saturating_add_ms(TICKET_LIFE_S * 1000) }
    }
}

pub struct Tickets {
    key: RandomizedNonceKey,
}

impl Tickets {
    pub fn open_or_create(path: &Path) -> Result<Self, SecretError> {
        let bytes = secret::read_or_create(path, || {
            let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
            rand::Rng::fill(&mut rand::rng(), key.as_mut_slice());
            key
        })?;
        if bytes.len() != KEY_BYTES {
            return Err(SecretError::Malformed { path: path.to_owned(), bytes: bytes.len() });
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).expect("the key has the cipher's length");
        Ok(Self { key })
    }

    pub fn seal(&self, ticket: &Ticket) -> String {
        let mut sealed = serde_json::to_vec(ticket).expect("a ticket has no map with keys that are not text");
        let nonce = self.key.seal_in_place_append_tag(Aad::from(PURPOSE), &mut sealed).expect("a ticket is far below the cipher's limit");
        let mut out = Vec::with_capacity(NONCE_LEN + sealed.len());
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&sealed);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// `None` for whatever this node did not seal, or is out of date.
    pub fn open(&self, text: &str, now_ms: UnixMs) -> Option<Ticket> {
        if text.len() > TICKET_BYTES_MAX {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.key.open_in_place(nonce, Aad::from(PURPOSE), sealed).ok()?;
        let ticket: Ticket = serde_json::from_slice(plain).ok()?;
        (now_ms < ticket.expires_at_ms).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::testing;

    #[test]
    fn a_ticket_opens_until_it_expires_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ticket.key");
        let ticket = Ticket::issue(SessionId::fresh(), 3, testing::grant(UnixMs(1000)), UnixMs(1000));
        let text = Tickets::open_or_create(&path).unwrap().seal(&ticket);
        let restarted = Tickets::open_or_create(&path).unwrap();
        assert_eq!(restarted.open(&text, UnixMs(120_999)), Some(ticket));
        assert_eq!(restarted.open(&text, UnixMs(121_000)), None);
        let other = Tickets::open_or_create(&folder.path().join("other.key")).unwrap();
        assert_eq!(other.open(&text, UnixMs(1000)), None, "another node's ticket");
    }

    #[test]
    fn a_ticket_with_any_bit_changed_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let tickets = Tickets::open_or_create(&folder.path().join("k")).unwrap();
        let text = tickets.seal(&Ticket::issue(SessionId::fresh(), 1, testing::grant(UnixMs(0)), UnixMs(0)));
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(tickets.open(&URL_SAFE_NO_PAD.encode(&changed), UnixMs(1)), None, "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(tickets.open(&URL_SAFE_NO_PAD.encode(&bytes[..length]), UnixMs(1)), None, "{length} bytes");
        }
        for text in ["", "ä", "AAAA", &"A".repeat(TICKET_BYTES_MAX + 1)] {
            assert_eq!(tickets.open(text, UnixMs(1)), None);
        }
    }

    #[test]
    fn no_two_tickets_look_alike_and_none_shows_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let tickets = Tickets::open_or_create(&folder.path().join("k")).unwrap();
        let ticket = Ticket::issue(SessionId::fresh(), 1, testing::grant(UnixMs(0)), UnixMs(0));
        let (a, b) = (tickets.seal(&ticket), tickets.seal(&ticket));
        assert_ne!(a, b);
        let bytes = URL_SAFE_NO_PAD.decode(&a).unwrap();
        let name = ticket.grant.name.as_bytes();
        assert!(!bytes.windows(name.len()).any(|window| window == name));
    }
}
