//! How often one feed may be read: a calendar asks every quarter of an hour at most, and some devices share an address.

use governor::{Quota, RateLimiter, clock, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use kernel::{Result, SharedClock};
use std::{num::NonZeroU32, time::Duration};
use wire::{Code, Refusal, id::FeedId};

/// At once, and a minute.
const READS: (u32, u32) = (30, 10);
/// Cells: only signed tokens come so far, so there are no more than feeds; full ones are taken out beyond this.
const CELLS_MAX: usize = 50_000;

#[derive(Clone, Debug)]
struct CellClock(SharedClock);

impl clock::Clock for CellClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[derive(Debug)]
pub struct Limits {
    cells: RateLimiter<FeedId, DashMapStateStore<FeedId>, CellClock, NoOpMiddleware<Duration>>,
    clock: CellClock,
}

impl Limits {
    pub(crate) fn new(clock: SharedClock) -> Self {
        let (one, clock) = (NonZeroU32::MIN, CellClock(clock));
        let quota = Quota::per_minute(NonZeroU32::new(READS.1).unwrap_or(one)).allow_burst(NonZeroU32::new(READS.0).unwrap_or(one));
        Self { cells: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()), clock }
    }

    pub(super) fn check(&self, feed: FeedId) -> Result<()> {
        use clock::Clock;
        if self.cells.len() >= CELLS_MAX {
            self.cells.retain_recent();
        }
        self.cells.check_key(&feed).map_err(|not_until| {
            metrics::counter!("sidang_rate_limited_total").increment(1);
            let wait = not_until.wait_time_from(self.clock.now());
            let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
            Refusal::new(Code::RateLimited).with("retry_after_s", seconds).into()
        })
    }
}
