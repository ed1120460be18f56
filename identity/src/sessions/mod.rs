//! Signing in and out. A session is a random token in a cookie; the database knows only its hash, so that a copy of the database opens nothing.

pub mod cookie;
pub mod csrf;
pub mod http;
pub mod limits;
pub(crate) mod store;

use crate::{
    actor::{AuthSessionId, SignedIn},
    delegations,
    state::Identity,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Error, Result, digest, transact};
use wire::UnixMs;
use zeroize::Zeroizing;

/// A session that nobody used ends: a desk that was left (ASVS 5.0, 7.3.1; half an hour covers a meeting's preparation, and a meeting itself
/// does not need the session to go on).
pub const IDLE_MS_MAX: i64 = 30 * 60_000;
/// A session ends however much it is used: one working day (ASVS 5.0, 7.3.2).
pub const LIFE_MS_MAX: i64 = 12 * 3_600_000;
/// Use is written down this often at most: a write for every read would cost more than the read. Idleness is counted this much short.
const SEEN_MS_EACH: i64 = 60_000;
/// Sessions of one person; one more ends the oldest.
pub const SESSIONS_PER_PERSON_MAX: i64 = 10;
/// 256 bits from the system's source.
const TOKEN_BYTES: usize = 32;

/// What the cookie carries. Never printed; wiped when it is dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    pub(crate) fn fresh() -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; TOKEN_BYTES]);
        aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| Error::broken("the random source failed"))?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]))))
    }

    /// A text that could be a token: so long, and of those letters.
    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (bytes.len() == TOKEN_BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    fn hash(&self) -> String {
        digest::sha256_hex(self.0.as_bytes())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Whether a session last seen and made at those times still lives at `now`: pure.
pub(crate) fn lives(now: UnixMs, last_seen: UnixMs, expires: UnixMs) -> bool {
    now.0 < expires.0 && now.saturating_since_ms(last_seen) < IDLE_MS_MAX
}

/// The person behind a token, where the session lives and the account is active. Marks the session as used.
pub(crate) async fn find(identity: &Identity, token: &Token) -> Result<Option<SignedIn>> {
    let now = identity.clock().now();
    let mut tx = identity.db().read().await?;
    let Some(found) = store::find(&mut tx, &token.hash()).await? else { return Ok(None) };
    if !lives(now, found.last_seen, found.expires) {
        return Ok(None);
    }
    let mut signed_in = found.signed_in;
    signed_in.actor.roles = store::roles(&mut tx, signed_in.actor.person).await?;
    signed_in.actor.sites = store::sites(&mut tx, signed_in.actor.person).await?;
    delegations::take_up(&mut tx, &mut signed_in.actor, now).await?;
    signed_in.csrf_token = csrf::of(token);
    drop(tx);
    if now.saturating_since_ms(found.last_seen) >= SEEN_MS_EACH {
        let session: AuthSessionId = signed_in.actor.session;
        // A store that cannot be written to (its disk is full) can still be read from: at worst the session ends as an idle one.
        if let Err(error) = transact!(identity.db(), tx => store::seen(tx, session, now).await) {
            tracing::warn!(error = %error, "the use of a session could not be written down");
        }
    }
    Ok(Some(signed_in))
}

/// When somebody who is signed in was last at work, to the minute; nothing where nobody of that name is signed in.
pub async fn last_seen(tx: &mut kernel::Tx, person: wire::id::PersonId, now: UnixMs) -> Result<Option<UnixMs>> {
    store::last_seen(tx, person, now).await
}

/// Everybody signs in anew: after a restore nobody knows who has signed out since the backup. Answers how many were ended.
pub async fn end_every_session(tx: &mut kernel::Tx) -> Result<u64> {
    store::end_all(tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_idleness_and_by_age_on_the_millisecond() {
        let start = UnixMs(1_000_000);
        let expires = start.saturating_add_ms(LIFE_MS_MAX);
        let at = |ms| start.saturating_add_ms(ms);
        let table = [
            (0, 0, true),
            (IDLE_MS_MAX - 1, 0, true),
            (IDLE_MS_MAX, 0, false),
            (LIFE_MS_MAX - 1, LIFE_MS_MAX - 1, true),
            (LIFE_MS_MAX, LIFE_MS_MAX - 1, false),
            // The clock was set back: the session was seen in what is now the future.
            (0, 5_000, true),
        ];
        for (now, seen, expected) in table {
            assert_eq!(lives(at(now), at(seen), expires), expected, "{now} after being seen at {seen}");
        }
    }

    #[test]
    fn tokens_differ_and_only_tokens_are_parsed() {
        let (one, two) = (Token::fresh().expect("a token"), Token::fresh().expect("a token"));
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 43);
        assert_eq!(Token::parse(one.expose()).expect("a token").hash(), one.hash());
        assert!(!format!("{one:?}").contains(one.expose()));
        for wrong in ["", "abc", &"=".repeat(43), &format!("{}A", one.expose()), &"!".repeat(43)] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }
}
