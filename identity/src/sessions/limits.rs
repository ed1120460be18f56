//! How often somebody may try to sign in. A stranger who guesses is slowed down and never locks the owner of an account out: what is counted
//! narrowly is the account from one address, and only a count far above any person's is the account's from everywhere.

use governor::{Quota, RateLimiter, clock, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use kernel::{Result, SharedClock};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};
use wire::{Code, Refusal, id::PersonId};

/// From one address: a ministry of thousands may stand behind one, and signs in at eight o'clock.
const ADDRESS: (u32, u32) = (120, 120);
/// To one account from one address: somebody who mistypes; 5 at once, then one in 12 seconds.
const ACCOUNT_AT_ADDRESS: (u32, u32) = (5, 5);
/// To one account from everywhere. High on purpose: below it a stranger with many addresses could lock the owner out; 1,800 an hour of
/// passwords that keep ID-2 find nothing.
const ACCOUNT: (u32, u32) = (60, 30);
/// Changes of one's own password: each costs two hashes.
const PASSWORD_CHANGE: (u32, u32) = (5, 5);

/// Time as the cells count it.
#[derive(Clone, Debug)]
struct CellClock(SharedClock);

impl clock::Clock for CellClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[derive(Debug)]
struct Cells<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, CellClock, NoOpMiddleware<Duration>>,
    clock: CellClock,
}

/// Cells of one kind: at some 100 bytes each, what an attacker with a million addresses costs. Beyond it nobody new is let in until the next
/// sweep, which takes out all cells that have filled up again (within two minutes each does).
const CELLS_MAX: usize = 200_000;

impl<K: Hash + Eq + Clone> Cells<K> {
    fn new((burst, per_minute): (u32, u32), clock: SharedClock) -> Self {
        let one = NonZeroU32::MIN;
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(one)).allow_burst(NonZeroU32::new(burst).unwrap_or(one));
        let clock = CellClock(clock);
        Self { limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()), clock }
    }

    fn check(&self, key: &K) -> Result<()> {
        use clock::Clock;
        if self.limiter.len() >= CELLS_MAX {
            self.limiter.retain_recent();
            if self.limiter.len() >= CELLS_MAX {
                return Err(limited(Duration::from_secs(60)));
            }
        }
        self.limiter.check_key(key).map_err(|not_until| limited(not_until.wait_time_from(self.clock.now())))
    }

    fn sweep(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

fn limited(wait: Duration) -> kernel::Error {
    metrics::counter!("sidang_rate_limited_total").increment(1);
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    Refusal::new(Code::RateLimited).with("retry_after_s", seconds).into()
}

#[derive(Debug)]
pub struct Limits {
    address: Cells<IpAddr>,
    account_at_address: Cells<(String, IpAddr)>,
    account: Cells<String>,
    password_change: Cells<PersonId>,
}

impl Limits {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            address: Cells::new(ADDRESS, clock.clone()),
            account_at_address: Cells::new(ACCOUNT_AT_ADDRESS, clock.clone()),
            account: Cells::new(ACCOUNT, clock.clone()),
            password_change: Cells::new(PASSWORD_CHANGE, clock),
        }
    }

    /// One more try at `email`, whether or not anybody has it.
    pub(crate) fn check_sign_in(&self, address: IpAddr, email: &str) -> Result<()> {
        let network = network(address);
        self.address.check(&network)?;
        self.account_at_address.check(&(email.to_owned(), network))?;
        self.account.check(&email.to_owned())
    }

    pub(crate) fn check_password_change(&self, person: PersonId) -> Result<()> {
        self.password_change.check(&person)
    }

    pub(crate) fn sweep(&self) {
        self.address.sweep();
        self.account_at_address.sweep();
        self.account.sweep();
        self.password_change.sweep();
    }
}

/// An IPv6 customer has 2^64 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{clock::ManualClock, testing::NOON};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_guesser_is_slowed_and_the_owner_elsewhere_is_not() {
        let clock = ManualClock::at(NOON);
        let limits = Limits::new(clock.clone());
        let (guesser, owner) = (address("203.0.113.7"), address("198.51.100.1"));
        for _ in 0..5 {
            limits.check_sign_in(guesser, "a@x.example").expect("within the burst");
        }
        let error = limits.check_sign_in(guesser, "a@x.example").expect_err("beyond the burst");
        assert!(error.is_refused(Code::RateLimited));
        assert_eq!(error.refusal().values["retry_after_s"], 12);
        limits.check_sign_in(owner, "a@x.example").expect("the owner is elsewhere");
        limits.check_sign_in(guesser, "b@x.example").expect("another account");
        clock.advance_ms(12_000);
        limits.check_sign_in(guesser, "a@x.example").expect("after the wait");
        assert!(limits.check_sign_in(guesser, "a@x.example").is_err());
    }

    #[test]
    fn one_address_tries_many_accounts_at_a_bounded_rate() {
        let limits = Limits::new(ManualClock::at(NOON));
        let passed = (0..500).filter(|n| limits.check_sign_in(address("2001:db8::1"), &format!("{n}@x.example")).is_ok()).count();
        assert_eq!(passed, 120);
        assert!(limits.check_sign_in(address("2001:db8::2"), "z@x.example").is_err(), "its neighbour in the same network is the same");
        assert!(limits.check_sign_in(address("2001:db8:0:1::1"), "z@x.example").is_ok());
    }

    #[test]
    fn many_addresses_on_one_account_are_bounded_too() {
        let limits = Limits::new(ManualClock::at(NOON));
        let passed = (0..250).filter(|n| limits.check_sign_in(address(&format!("192.0.2.{n}")), "a@x.example").is_ok()).count();
        assert_eq!(passed, 60);
    }

    #[test]
    fn cells_that_filled_up_are_swept() {
        let clock = ManualClock::at(NOON);
        let limits = Limits::new(clock.clone());
        limits.check_sign_in(address("192.0.2.1"), "a@x.example").expect("the first");
        clock.advance_ms(10 * 60_000);
        limits.sweep();
        assert_eq!(limits.address.limiter.len() + limits.account.limiter.len() + limits.account_at_address.limiter.len(), 0);
    }

    #[test]
    fn a_mapped_address_is_the_address() {
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
