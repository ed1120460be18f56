//! What identity works with, shared by all of its handlers and by the [`Actor`](crate::Actor) of every other room.

use crate::{passwords::Hasher, sessions::limits::Limits};
use kernel::{Db, Result, SharedClock};
use std::sync::Arc;

/// The settings of identity that an installation may choose.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The origins under which browsers reach the service (`https://sidang.example`). Empty: an unsafe request must come from the host that
    /// it is sent to, which is right where nothing stands in front that changes the `Host`.
    pub origins: Vec<String>,
    /// Proxies in front that each add the address of their client to `X-Forwarded-For`. 0: the header is not looked at.
    pub trusted_proxies: usize,
}

/// Cloning shares it. It rides in the extensions of each request ([`crate::router`] puts it there for its own routes; other routers add
/// `.layer(axum::Extension(identity))`).
#[derive(Clone, Debug)]
pub struct Identity(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    db: Db,
    clock: SharedClock,
    settings: Settings,
    hasher: Hasher,
    limits: Limits,
}

impl Identity {
    pub async fn new(db: Db, clock: SharedClock, settings: Settings) -> Result<Self> {
        let hasher = Hasher::new().await?;
        let limits = Limits::new(clock.clone());
        Ok(Self(Arc::new(Parts { db, clock, settings, hasher, limits })))
    }

    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Takes out what time has ended: expired sessions, full rate limit cells. To be called about once an hour.
    pub async fn sweep(&self) -> Result<()> {
        self.0.limits.sweep();
        let now = self.0.clock.now();
        kernel::transact!(self.0.db, tx => crate::sessions::store::forget_ended(tx, now).await)
    }
}
