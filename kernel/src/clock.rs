//! The time as an argument: whoever decides by the time is handed a [`Clock`], so that a test can set it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use wire::UnixMs;

/// The civil zone of the rules: the same in Cyberjaya, Sarawak and Sabah, UTC+8 without summer time since 1982.
pub const MALAYSIA: Tz = chrono_tz::Asia::Kuala_Lumpur;

/// Minutes of a civil day.
pub const DAY_MINUTES: u32 = 24 * 60;

pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now(&self) -> UnixMs;

    /// Time since some beginning, never set back: for what counts how much time has passed, and not what time it is.
    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().0).unwrap_or(0))
    }
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        // Before 1970 only where the machine's clock is broken; time 0 then refuses everything that has a date.
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        Instant::now().saturating_duration_since(*BEGINNING)
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    /// Milliseconds that passed: a wall clock that is set back does not take any away.
    passed: AtomicI64,
}

impl ManualClock {
    pub fn at(now: UnixMs) -> Arc<Self> {
        Arc::new(Self { wall: AtomicI64::new(now.0), passed: AtomicI64::new(0) })
    }

    pub fn set(&self, now: UnixMs) {
        let before = self.wall.swap(now.0, Ordering::SeqCst);
        self.passed.fetch_add(now.0.saturating_sub(before).max(0), Ordering::SeqCst);
    }

    pub fn advance_ms(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::SeqCst);
        self.passed.fetch_add(ms.max(0), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMs {
        UnixMs(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.passed.load(Ordering::SeqCst)).unwrap_or(0))
    }
}

/// Beyond this, some 250,000 years from 1970, the calendar's own arithmetic ends.
const CIVIL_MS_MAX: i64 = 8_000_000_000_000_000;

fn utc(at: UnixMs) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0.clamp(-CIVIL_MS_MAX, CIVIL_MS_MAX)).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The civil date in `zone` at that instant.
pub fn civil_date(at: UnixMs, zone: Tz) -> NaiveDate {
    utc(at).with_timezone(&zone).date_naive()
}

/// Minutes since civil midnight in `zone` at that instant, rounded down.
pub fn civil_minute(at: UnixMs, zone: Tz) -> u32 {
    use chrono::Timelike;
    let time = utc(at).with_timezone(&zone).time();
    time.hour() * 60 + time.minute()
}

/// The instant at which `date` has run `minute` minutes on the wall clock of `zone`; minute 1440 is the next midnight. A wall time
/// that a change of the zone's offset skipped is the first instant after it; one that happens twice is the first of the two.
pub fn instant(date: NaiveDate, minute: u32, zone: Tz) -> Option<UnixMs> {
    let days = chrono::Days::new(u64::from(minute / DAY_MINUTES));
    let minute = minute % DAY_MINUTES;
    let wall = date.checked_add_days(days)?.and_time(NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?);
    // No zone on record skips more than a day.
    let minute = chrono::Duration::minutes(1);
    let mut probe = wall;
    for _ in 0..=DAY_MINUTES {
        if let Some(found) = zone.from_local_datetime(&probe).earliest() {
            return Some(UnixMs(found.timestamp_millis()));
        }
        probe = probe.checked_add_signed(minute)?;
    }
    None
}

/// The first instant of `date` in `zone`.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> Option<UnixMs> {
    instant(date, 0, zone)
}

/// `YYYY-MM-DD`, as civil dates are stored and sent.
pub fn date_text(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date of this table")
    }

    #[test]
    fn a_malaysian_day_begins_at_sixteen_utc() {
        let midnight = UnixMs(1_763_740_800_000); // 2025-11-21T16:00:00Z
        assert_eq!(civil_date(midnight, MALAYSIA), date("2025-11-22"));
        assert_eq!(civil_date(UnixMs(midnight.0 - 1), MALAYSIA), date("2025-11-21"));
        assert_eq!(start_of_day(date("2025-11-22"), MALAYSIA), Some(midnight));
        assert_eq!(instant(date("2025-11-21"), DAY_MINUTES, MALAYSIA), Some(midnight));
        assert_eq!(civil_minute(UnixMs(midnight.0 + 8 * 3_600_000 + 59_999), MALAYSIA), 480);
    }

    #[test]
    fn a_skipped_and_a_repeated_wall_time_have_one_answer() {
        // Singapore time moved from 23:30 to midnight on 1981-12-31: the half hour before the new year did not happen.
        let skipped = instant(date("1981-12-31"), 23 * 60 + 40, chrono_tz::Asia::Singapore);
        assert_eq!(skipped, start_of_day(date("1982-01-01"), chrono_tz::Asia::Singapore));
        // Berlin repeats 02:00-03:00 on 2025-10-26: the first of the two is summer time (UTC+2).
        let repeated = instant(date("2025-10-26"), 150, chrono_tz::Europe::Berlin);
        assert_eq!(repeated, Some(UnixMs(1_761_438_600_000)));
    }

    #[test]
    fn no_instant_panics() {
        for at in [i64::MIN, -1, 0, 1, i64::MAX] {
            let _ = civil_date(UnixMs(at), MALAYSIA);
            let _ = civil_minute(UnixMs(at), MALAYSIA);
        }
        assert_eq!(instant(NaiveDate::MAX, DAY_MINUTES, MALAYSIA), None);
    }

    proptest! {
        #[test]
        fn date_and_minute_lead_back_to_the_instant(minute in 0i64..52_560_000) {
            let at = UnixMs(minute * 60_000);
            prop_assume!(civil_date(at, MALAYSIA) >= date("1982-01-02"));
            prop_assert_eq!(instant(civil_date(at, MALAYSIA), civil_minute(at, MALAYSIA), MALAYSIA), Some(at));
        }
    }
}
