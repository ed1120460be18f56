//! The cookie that opens one recording for one browser. Its value is sealed: the node keeps no list of who watches.

use crate::recording::seal::NodeKey;
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use wire::{
    UnixMs,
    id::{PersonId, RecordingId},
};

/// With this prefix a browser takes it only over a trustworthy connection, localhost among them.
const NAME: &str = "__Secure-sidang_recording";
/// A cookie's life. One that is used is renewed, so that a long recording can be watched and sought in.
const LIFE_MS: i64 = 10 * 60 * 1000;
/// A cookie older than this is renewed when it is used.
const RENEW_AFTER_MS: i64 = LIFE_MS / 2;
/// After this long the player asks the control plane again whether the person may watch: half the longest recording, a working morning.
const WATCH_MS_MAX: i64 = 6 * 3600 * 1000;

const NONCE_BYTES: usize = 12;
/// Recording, person, first seen, issued.
const PLAIN_BYTES: usize = 16 + 16 + 8 + 8;
const SEALED_BYTES: usize = NONCE_BYTES + PLAIN_BYTES + 16;
const AAD: &[u8] = b"recording cookie 1";

pub struct CookieSealer(LessSafeKey);

/// What a request's cookie is worth.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub person: PersonId,
    /// `Set-Cookie` of its successor, where it has aged.
    pub renewed: Option<HeaderValue>,
}

impl CookieSealer {
    pub fn new(key: &NodeKey) -> Self {
        Self(key.of_cookies())
    }

    /// `Set-Cookie` of one who was let in now.
    pub fn fresh(&self, recording: RecordingId, person: PersonId, now: UnixMs) -> HeaderValue {
        self.seal(recording, person, now, now)
    }

    /// None: no cookie, another recording's, forged, or too old.
    pub fn read(&self, headers: &HeaderMap, recording: RecordingId, now: UnixMs) -> Option<Seen> {
        let pairs = headers.get_all(COOKIE).into_iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(';'));
        let mut values = pairs.filter_map(|it| it.trim().strip_prefix(NAME)?.strip_prefix('='));
        values.find_map(|it| self.open(it, recording, now))
    }

    fn seal(&self, recording: RecordingId, person: PersonId, since: UnixMs, now: UnixMs) -> HeaderValue {
        let mut nonce = [0; NONCE_BYTES];
        aws_lc_rs::rand::fill(&mut nonce).expect("the system's random source cannot fail once it was seeded");
        let mut sealed = Vec::with_capacity(SEALED_BYTES);
        sealed.extend_from_slice(recording.0.as_bytes());
        sealed.extend_from_slice(person.0.as_bytes());
        sealed.extend_from_slice(&since.0.to_be_bytes());
        sealed.extend_from_slice(&now.0.to_be_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(AAD), &mut sealed)
            .expect("48 bytes are not too many for AES-GCM");
        sealed.splice(..0, nonce);
        let value = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        let life_s = LIFE_MS / 1000;
        let text = format!("{NAME}={value}; Path=/media/recordings/{recording}; Max-Age={life_s}; Secure; HttpOnly; SameSite=Strict");
        HeaderValue::try_from(text).expect("base64url, a UUID and numbers are visible ASCII")
    }

    fn open(&self, value: &str, recording: RecordingId, now: UnixMs) -> Option<Seen> {
        let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(value).ok().filter(|it| it.len() == SEALED_BYTES)?;
        let (nonce, rest) = sealed.split_at_mut(NONCE_BYTES);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(AAD), rest).ok()?;
        let (of, rest) = plain.split_first_chunk::<16>()?;
        let (person, rest) = rest.split_first_chunk::<16>()?;
        let (since, issued) = rest.split_first_chunk::<8>()?;
        let since = UnixMs(i64::from_be_bytes(*since));
        let issued = UnixMs(i64::from_be_bytes(issued.try_into().ok()?));
        let age_ms = now.saturating_since_ms(issued);
        let watched_ms = now.saturating_since_ms(since);
        if of != recording.0.as_bytes() || age_ms >= LIFE_MS || watched_ms >= WATCH_MS_MAX {
            return None;
        }
        let person = PersonId(uuid::Uuid::from_bytes(*person));
        let renewed = (age_ms >= RENEW_AFTER_MS).then(|| self.seal(recording, person, since, now));
        Some(Seen { person, renewed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn sealer() -> CookieSealer {
        let folder = tempfile::tempdir().unwrap();
        CookieSealer::new(&NodeKey::load_or_create(&folder.path().join("key"), false).unwrap())
    }

    fn sent_back(set: &HeaderValue) -> HeaderMap {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(format!("a=b; {pair}; c=d")).unwrap())])
    }

    #[test]
    fn a_cookie_opens_its_recording_for_ten_minutes_and_is_renewed_by_use() {
        let (sealer, recording, person) = (sealer(), RecordingId::fresh(), PersonId::fresh());
        let set = sealer.fresh(recording, person, NOW);
        let text = set.to_str().unwrap();
        let path = format!("; Path=/media/recordings/{recording};");
        assert!(text.contains(&path) && text.ends_with("Secure; HttpOnly; SameSite=Strict"), "{text}");
        let at = |ms| sealer.read(&sent_back(&set), recording, NOW.saturating_add_ms(ms));
        for (ms, renewed) in [(0, false), (RENEW_AFTER_MS - 1, false), (RENEW_AFTER_MS, true), (LIFE_MS - 1, true)] {
            let seen = at(ms).unwrap();
            assert_eq!((seen.person, seen.renewed.is_some()), (person, renewed), "{ms}");
        }
        assert_eq!(at(LIFE_MS), None);
        assert_eq!(sealer.read(&sent_back(&set), RecordingId::fresh(), NOW), None, "another recording");
        assert_eq!(sealer.read(&HeaderMap::new(), recording, NOW), None);
    }

    #[test]
    fn renewal_ends() {
        let (sealer, recording) = (sealer(), RecordingId::fresh());
        let mut set = sealer.fresh(recording, PersonId::fresh(), NOW);
        let mut now = NOW;
        while let Some(seen) = sealer.read(&sent_back(&set), recording, now) {
            set = seen.renewed.unwrap_or(set);
            now = now.saturating_add_ms(60_000);
        }
        assert_eq!(now.saturating_since_ms(NOW), WATCH_MS_MAX);
    }

    #[test]
    fn a_forged_cookie_opens_nothing() {
        let (sealer, recording) = (sealer(), RecordingId::fresh());
        let set = sealer.fresh(recording, PersonId::fresh(), NOW);
        let value = set.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
        for at in 0..SEALED_BYTES {
            let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(&value).unwrap();
            sealed[at] ^= 1;
            assert_eq!(sealer.open(&BASE64_URL_SAFE_NO_PAD.encode(sealed), recording, NOW), None, "{at}");
        }
        for text in ["", "AAAA", "%%%"] {
            assert_eq!(sealer.open(text, recording, NOW), None);
        }
    }
}
