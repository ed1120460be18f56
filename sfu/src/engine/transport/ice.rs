//! The ICE side of one peer, lite (RFC 8445, section 2.5): it never sends a check, it answers the peer's and goes where they come from.
//!
//! The first address that a valid check came from is used at once; nomination only moves it. A browser starts its key exchange and its
//! media long before it nominates, and waiting for that costs the first picture. Consent (RFC 7675) is the same thing seen from here: a
//! peer that has sent no valid check for [`CONSENT_TIME_MAX`] is gone.

use super::{Origin, Path, TransportParameters};
use bytes::Bytes;
use rtc_crypto::RTCCrypto;
use rtc_stun::{
    attributes::{ATTR_ICE_CONTROLLED, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, ATTR_USERNAME},
    error_code::{CODE_ROLE_CONFLICT, ErrorCodeAttribute},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Message, Setter},
    xoraddr::XorMappedAddress,
};
use smallvec::SmallVec;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// A peer without a valid check for this long is lost (RFC 7675, section 5.1). It is also how long a new peer has for its first.
pub const CONSENT_TIME_MAX: Duration = Duration::from_secs(30);
/// Addresses of one peer that are good at the same time: two interfaces, two families, a change of network.
const ADDRESSES_MAX: usize = 8;
/// A check with every attribute that browsers send is 150 bytes.
const MESSAGE_BYTES_MAX: usize = 548;

/// The local user name fragment that a message is for, which says whose it is (RFC 8445, section 7.2.2). Only requests have one.
pub fn local_ufrag(message: &Message) -> Option<String> {
    if message.typ != BINDING_REQUEST {
        return None;
    }
    let name = String::from_utf8(message.get(ATTR_USERNAME).ok()?).ok()?;
    Some(name.split_once(':')?.0.to_owned())
}

/// A STUN message out of a datagram, if it is one whole and with a fingerprint that holds.
pub fn parse(datagram: &[u8]) -> Option<Message> {
    if datagram.len() > MESSAGE_BYTES_MAX {
        return None;
    }
    let mut message = Message::new();
    message.unmarshal_binary(datagram).ok()?;
    FINGERPRINT.check(&message).ok()?;
    Some(message)
}

#[derive(Debug)]
struct Credentials {
    name: String,
    pwd: String,
}

impl Credentials {
    fn of(parameters: &TransportParameters) -> Self {
        Self { name: format!("{}:{}", parameters.local_ufrag, parameters.remote_ufrag), pwd: parameters.local_pwd.clone() }
    }

    fn ufrag(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

#[derive(Debug)]
pub struct Ice {
    current: Credentials,
    /// Valid besides until the first check with the current ones (RFC 8445, section 9).
    before_restart: Option<Credentials>,
    valid: SmallVec<[Origin; ADDRESSES_MAX]>,
    selected: Option<Path>,
    consent_until: Instant,
}

/// What a check led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub answer: Option<Bytes>,
    /// An address that is this peer's, as of this check whoever had it before, and one that no longer is.
    pub held: Option<Origin>,
    pub dropped: Option<Origin>,
    /// Credentials that are no longer taken.
    pub retired_ufrag: Option<String>,
}

impl Ice {
    pub fn new(now: Instant, parameters: &TransportParameters) -> Self {
        Self {
            current: Credentials::of(parameters),
            before_restart: None,
            valid: SmallVec::new(),
            selected: None,
            consent_until: now + CONSENT_TIME_MAX,
        }
    }

    /// Takes new credentials. Gives back those that are thereby forgotten, if a restart comes upon a restart.
    pub fn restart(&mut self, now: Instant, parameters: &TransportParameters) -> Option<String> {
        let before = std::mem::replace(&mut self.current, Credentials::of(parameters));
        self.consent_until = self.consent_until.max(now + CONSENT_TIME_MAX);
        self.before_restart.replace(before).map(|it| it.ufrag().to_owned())
    }

    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.current).chain(&self.before_restart).map(Credentials::ufrag)
    }

    pub const fn selected(&self) -> Option<Path> {
        self.selected
    }

    pub fn addresses(&self) -> &[Origin] {
        &self.valid
    }

    pub const fn consent_until(&self) -> Instant {
        self.consent_until
    }

    /// A binding request that names one of our user name fragments. What is not authentic changes nothing and is not answered.
    pub fn handle_check(
        &mut self,
        now: Instant,
        path: Path,
        message: &mut Message,
        request_bytes: usize,
        crypto: &dyn RTCCrypto,
    ) -> Checked {
        let mut checked = Checked::default();
        let Some(is_current) = self.authenticate(message, crypto) else { return checked };
        let pwd = if is_current { &self.current.pwd } else { self.before_restart.as_ref().map_or(&self.current.pwd, |it| &it.pwd) };
        // What stands behind the integrity attribute is not covered by it (RFC 8489, section 14.5).
        let covered = message.attributes.0.iter().take_while(|it| it.typ != ATTR_MESSAGE_INTEGRITY);
        let (mut nominates, mut controlled) = (false, false);
        for attribute in covered {
            nominates |= attribute.typ == ATTR_USE_CANDIDATE;
            controlled |= attribute.typ == ATTR_ICE_CONTROLLED;
        }
        let answer = if controlled { conflict(message, pwd, crypto) } else { success(message, path.remote, pwd, crypto) };
        // Nobody gets more out of us for a check than was put in, so that a forged source address is not worth forging.
        checked.answer = answer.filter(|it| it.len() <= request_bytes);
        if controlled || checked.answer.is_none() {
            return checked;
        }

        self.consent_until = now + CONSENT_TIME_MAX;
        if is_current {
            checked.retired_ufrag = self.before_restart.take().map(|it| it.ufrag().to_owned());
        }
        if !self.valid.contains(&path.origin()) {
            if self.valid.len() == ADDRESSES_MAX {
                let selected = self.selected.map(|it| it.origin());
                let oldest = self.valid.iter().position(|it| Some(*it) != selected).unwrap_or(0);
                checked.dropped = Some(self.valid.remove(oldest));
            }
            self.valid.push(path.origin());
        }
        checked.held = Some(path.origin());
        if nominates || self.selected.is_none() {
            self.selected = Some(path);
        }
        checked
    }

    /// Whether the check was made with the current credentials, or those before; none where with neither.
    fn authenticate(&self, message: &mut Message, crypto: &dyn RTCCrypto) -> Option<bool> {
        let name = message.get(ATTR_USERNAME).ok()?;
        [(Some(&self.current), true), (self.before_restart.as_ref(), false)].into_iter().find_map(|(credentials, is_current)| {
            let credentials = credentials.filter(|it| it.name.as_bytes() == name)?;
            MessageIntegrity::check(message, credentials.pwd.as_bytes(), crypto).ok().map(|()| is_current)
        })
    }
}

fn success(request: &Message, from: SocketAddr, pwd: &str, crypto: &dyn RTCCrypto) -> Option<Bytes> {
    let mapped = XorMappedAddress { ip: from.ip(), port: from.port() };
    respond(request, BINDING_SUCCESS, &mapped, pwd, crypto)
}

/// We are lite, so always controlled; a peer that says it is, too, is told to change (RFC 8445, section 7.3.1.1).
fn conflict(request: &Message, pwd: &str, crypto: &dyn RTCCrypto) -> Option<Bytes> {
    respond(request, BINDING_ERROR, &ErrorCodeAttribute { code: CODE_ROLE_CONFLICT, reason: Vec::new() }, pwd, crypto)
}

fn respond(request: &Message, kind: rtc_stun::message::MessageType, body: &dyn Setter, pwd: &str, crypto: &dyn RTCCrypto) -> Option<Bytes> {
    let mut response = Message::new();
    response.set_type(kind);
    response.transaction_id = request.transaction_id;
    response.write_header();
    body.add_to(&mut response).ok()?;
    MessageIntegrity::new_short_term_integrity_with_provider(pwd.to_owned(), crypto).add_to(&mut response).ok()?;
    FINGERPRINT.add_to(&mut response).ok()?;
    Some(Bytes::from(response.raw))
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};
    use proptest::prelude::*;
    use rtc_crypto::{RTCCryptoProvider as _, providers::AwsLcRsProvider};

    struct Case {
        ice: Ice,
        crypto: AwsLcRsProvider,
        start: Instant,
    }

    fn case() -> Case {
        let start = Instant::now();
        Case { ice: Ice::new(start, &testing::parameters("ours", "theirs")), crypto: AwsLcRsProvider::new(), start }
    }

    impl Case {
        fn check(&mut self, after_s: u64, from: &str, request: &testing::Check) -> Checked {
            let bytes = request.bytes();
            let mut message = parse(&bytes).expect("whole");
            let now = self.start + Duration::from_secs(after_s);
            self.ice.handle_check(now, path(from), &mut message, bytes.len(), self.crypto.crypto())
        }
    }

    fn path(remote: &str) -> Path {
        Path::udp(remote.parse().unwrap())
    }

    #[test]
    fn the_first_valid_address_is_used_and_nomination_moves_it() {
        let mut it = case();
        let plain = testing::Check::of("ours", "theirs");
        let first = it.check(0, "192.0.2.1:10", &plain);
        assert!(first.answer.is_some());
        assert_eq!(first.held, Some(path("192.0.2.1:10").origin()));
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:10")));
        it.check(1, "192.0.2.1:20", &plain);
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:10")), "a second address alone moves nothing");
        it.check(2, "192.0.2.1:20", &testing::Check { nominates: true, ..plain.clone() });
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:20")));
        it.check(3, "192.0.2.1:10", &plain);
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:20")));
    }

    #[test]
    fn what_is_not_authentic_is_not_answered_and_moves_nothing() {
        let good = testing::Check::of("ours", "theirs");
        let cases = [
            ("another password", testing::Check { pwd: "wrong".into(), ..good.clone() }),
            ("another remote name", testing::Check { name: "ours:nobody".into(), ..good.clone() }),
            ("no integrity", testing::Check { integrity: false, ..good.clone() }),
        ];
        for (name, check) in cases {
            let mut it = case();
            assert_eq!(it.check(5, "192.0.2.1:10", &check), Checked::default(), "{name}");
            assert_eq!(it.ice.selected(), None, "{name}");
            assert_eq!(it.ice.consent_until(), it.start + CONSENT_TIME_MAX, "{name}");
        }
    }

    #[test]
    fn a_nomination_behind_the_integrity_attribute_does_not_count() {
        let mut it = case();
        let plain = testing::Check::of("ours", "theirs");
        it.check(0, "192.0.2.1:10", &plain);
        it.check(1, "192.0.2.1:20", &testing::Check { nominates_uncovered: true, ..plain });
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:10")));
    }

    #[test]
    fn a_controlled_peer_is_told_of_the_conflict() {
        let mut it = case();
        let checked = it.check(0, "192.0.2.1:10", &testing::Check { controlled: true, ..testing::Check::of("ours", "theirs") });
        assert_eq!(parse(&checked.answer.unwrap()).unwrap().typ, BINDING_ERROR);
        assert_eq!(it.ice.selected(), None);
    }

    #[test]
    fn consent_runs_from_the_last_valid_check() {
        let mut it = case();
        it.check(12, "192.0.2.1:10", &testing::Check::of("ours", "theirs"));
        assert_eq!(it.ice.consent_until(), it.start + Duration::from_secs(42));
    }

    #[test]
    fn a_restart_keeps_the_old_credentials_until_the_new_are_used() {
        let mut it = case();
        let (old, new) = (testing::Check::of("ours", "theirs"), testing::Check::of("ours2", "theirs2"));
        it.check(0, "192.0.2.1:10", &old);
        assert_eq!(it.ice.restart(it.start, &testing::parameters("ours2", "theirs2")), None);
        assert!(it.check(1, "192.0.2.1:10", &old).answer.is_some());
        assert_eq!(it.check(2, "192.0.2.9:10", &new).retired_ufrag.as_deref(), Some("ours"));
        assert!(it.check(3, "192.0.2.1:10", &old).answer.is_none());
        assert_eq!(it.ice.selected(), Some(path("192.0.2.1:10")), "until the new path is nominated");
    }

    #[test]
    fn addresses_are_bounded_and_the_selected_one_stays() {
        let mut it = case();
        let check = testing::Check::of("ours", "theirs");
        for port in 1..=20 {
            let checked = it.check(0, &format!("192.0.2.1:{port}"), &check);
            assert_eq!(checked.dropped.is_some(), port > 8, "{port}");
        }
        assert_eq!(it.ice.addresses().len(), ADDRESSES_MAX);
        assert!(it.ice.addresses().contains(&path("192.0.2.1:1").origin()));
    }

    #[test]
    fn an_answer_is_never_longer_than_the_check() {
        let mut it = case();
        for from in ["192.0.2.1:10", "[2001:db8::1]:10"] {
            let check = testing::Check::of("ours", "theirs");
            let answer = it.check(0, from, &check).answer;
            assert!(answer.is_none_or(|answer| answer.len() <= check.bytes().len()), "{from}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), genuine: bool, at in 0usize..200, with: u8) {
            if genuine {
                bytes = testing::Check::of("ours", "theirs").bytes();
                let at = at % bytes.len();
                bytes[at] = with;
            }
            let mut it = case();
            if let Some(mut message) = parse(&bytes) {
                let _ = local_ufrag(&message);
                let crypto = AwsLcRsProvider::new();
                it.ice.handle_check(it.start, path("192.0.2.1:10"), &mut message, bytes.len(), crypto.crypto());
            }
        }
    }
}
