//! argon2id on threads of its own: as many at once as there are cores, a bounded number waiting, and the same work for an e-mail that nobody has.

use super::Password;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use kernel::{Error, Result};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;
use wire::{Code, Refusal};

/// Memory for one hash, KiB. The floor of OWASP's recommendation is 19 MiB with two passes and one lane; we pay more memory, which a
/// guesser's hardware pays too.
const MEMORY_KIB: u32 = 32 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Sign-ins that may wait for a core. At some 40 ms each on one core, the last waits under three seconds; those beyond are told to come back.
const WAITING_MAX: usize = 64;
const RETRY_AFTER_S: u32 = 2;

#[derive(Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// The hash of a password that nobody has, verified where there is no account.
    nobody: String,
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::broken("argon2 takes these parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &Password) -> Result<String> {
    let hash: PasswordHash = argon2()?.hash_password(password.expose().as_bytes()).map_err(|_| Error::broken("argon2 hashes"))?;
    Ok(hash.to_string())
}

fn verify_now(password: &Password, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(|_| Error::broken("a stored password hash cannot be read"))?;
    Ok(argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok())
}

impl Hasher {
    pub async fn new() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobody =
            tokio::task::spawn_blocking(|| hash_now(&super::temporary()?)).await.map_err(|error| Error::Broken(error.into()))??;
        Ok(Self { permits: Arc::new(Semaphore::new(cores)), waiting: AtomicUsize::new(0), nobody })
    }

    /// A PHC string with a fresh salt.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.clone();
        self.work(move || hash_now(&password)).await
    }

    /// Whether `password` is the one behind `hash`. Without a hash the same work is done, for an answer of no.
    pub async fn verify(&self, password: &Password, hash: Option<String>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let password = password.clone();
        let fits = self.work(move || verify_now(&password, &hash)).await?;
        Ok(fits && known)
    }

    /// Keeps every core busy until it is dropped, so that a test can act while somebody's password waits to be compared.
    #[cfg(test)]
    pub(crate) async fn occupied(&self) -> tokio::sync::OwnedSemaphorePermit {
        let all = u32::try_from(self.permits.available_permits()).expect("cores are few");
        self.permits.clone().acquire_many_owned(all).await.expect("it is never closed")
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    async fn work<T: Send + 'static>(&self, act: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _place = Place::take(&self.waiting)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::broken("the hasher's semaphore is never closed"))?;
        let worked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            act()
        });
        worked.await.map_err(|error| Error::Broken(error.into()))?
    }
}

/// One of the bounded places of those who wait or are served; given back also where the request is dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self> {
        if waiting.fetch_add(1, Ordering::SeqCst) < WAITING_MAX {
            return Ok(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::SeqCst);
        Err(Refusal::new(Code::Unavailable).with("retry_after_s", RETRY_AFTER_S).into())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let hasher = Hasher::new().await.expect("a hasher");
        let hash = hasher.hash(&Password::new("Kata-Laluan-1")).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=32768,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(&Password::new("Kata-Laluan-1"), Some(hash.clone())).await.expect("an answer"));
        assert!(!hasher.verify(&Password::new("Kata-Laluan-2"), Some(hash.clone())).await.expect("an answer"));
        assert_ne!(hasher.hash(&Password::new("Kata-Laluan-1")).await.expect("a hash"), hash, "salts differ");
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_a_broken_hash_is_a_fault() {
        let hasher = Hasher::new().await.expect("a hasher");
        assert!(!hasher.verify(&Password::new("x"), None).await.expect("an answer"));
        assert!(matches!(hasher.verify(&Password::new("x"), Some("plain".into())).await, Err(Error::Broken(_))));
    }

    #[tokio::test]
    async fn places_are_bounded_and_given_back() {
        let waiting = AtomicUsize::new(0);
        let places: Vec<_> = (0..WAITING_MAX).map(|_| Place::take(&waiting).expect("a place")).collect();
        assert!(Place::take(&waiting).is_err_and(|error| error.is_refused(Code::Unavailable)));
        drop(places);
        assert!(Place::take(&waiting).is_ok());
    }
}
