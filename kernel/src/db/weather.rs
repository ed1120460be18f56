//! Which failures of the store pass by themselves, and how long to wait for that.

use crate::error::{Error, Result};
use std::{ops::ControlFlow, time::Duration};

/// Attempts at one transaction: rivals for one slot need two; eight cover a burst without holding a request for more than a second.
pub const ATTEMPTS_MAX: u32 = 8;
/// The longest pause between two attempts.
const PAUSE_MS_MAX: u64 = 250;
/// Told to the client after the last attempt.
pub(crate) const BUSY_RETRY_AFTER_S: u32 = 1;
/// Told to the client where the store is down: a failover takes seconds.
pub(crate) const UNAVAILABLE_RETRY_AFTER_S: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// A rival transaction: the same again may pass.
    Busy,
    /// No connection, no space, shutting down.
    Down,
    /// Nothing to do with the weather: the statement or the data is wrong.
    Fair,
}

pub fn of(error: &sqlx::Error) -> Weather {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Weather::Down,
        sqlx::Error::Database(database) => database.code().map_or(Weather::Fair, |code| of_code(&code)),
        _ => Weather::Fair,
    }
}

/// SQLite's codes are short decimal numbers, PostgreSQL's have five letters: no text is both.
fn of_code(code: &str) -> Weather {
    match code {
        // SQLite: BUSY, its RECOVERY and SNAPSHOT forms, LOCKED and its SHAREDCACHE form.
        "5" | "261" | "517" | "6" | "262" => Weather::Busy,
        // SQLite: READONLY (disk remounted), IOERR and its forms (10 + n * 256), FULL, CANTOPEN.
        "8" | "10" | "13" | "14" => Weather::Down,
        // PostgreSQL: deadlock detected, serialization failure, lock not available.
        "40P01" | "40001" | "55P03" => Weather::Busy,
        // PostgreSQL: disk full, out of memory, too many connections, shutting down, crashed, starting up, read-only replica.
        "53100" | "53200" | "53300" | "57P01" | "57P02" | "57P03" | "25006" => Weather::Down,
        // PostgreSQL class 08: connection exceptions.
        other if other.len() == 5 && other.starts_with("08") => Weather::Down,
        other => match other.parse::<u32>() {
            Ok(number) if other.len() < 5 && number & 0xff == 10 => Weather::Down,
            _ => Weather::Fair,
        },
    }
}

/// Whether the outcome of an attempt stands, or is to be tried anew after a pause that this has then waited for.
#[doc(hidden)]
pub async fn settle<T>(outcome: Result<T>, attempt: u32) -> ControlFlow<Result<T>> {
    match outcome {
        Err(Error::Busy(error)) if attempt < ATTEMPTS_MAX => {
            metrics::counter!("sidang_database_retries_total").increment(1);
            tracing::debug!(attempt, error = %error, "a transaction was in the way");
            tokio::time::sleep(pause(attempt)).await;
            ControlFlow::Continue(())
        }
        settled => ControlFlow::Break(settled),
    }
}

/// Before the next attempt: doubling from 4 ms, each drawn from the upper half of its span, so that two rivals do not meet again.
fn pause(attempt: u32) -> Duration {
    use rand::Rng;
    let span_ms = (4u64 << attempt.min(16)).min(PAUSE_MS_MAX);
    Duration::from_millis(rand::rng().random_range(span_ms / 2..=span_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_weather() {
        let table = [
            ("5", Weather::Busy),
            ("517", Weather::Busy),
            ("40P01", Weather::Busy),
            ("40001", Weather::Busy),
            ("10", Weather::Down),
            ("778", Weather::Down), // IOERR_WRITE
            ("13", Weather::Down),
            ("08006", Weather::Down),
            ("57P01", Weather::Down),
            ("2067", Weather::Fair),
            ("23505", Weather::Fair),
            ("42P01", Weather::Fair),
            ("", Weather::Fair),
        ];
        for (code, weather) in table {
            assert_eq!(of_code(code), weather, "{code}");
        }
        assert_eq!(of(&sqlx::Error::PoolTimedOut), Weather::Down);
        assert_eq!(of(&sqlx::Error::RowNotFound), Weather::Fair);
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for attempt in 0..40 {
            assert!(pause(attempt) <= Duration::from_millis(PAUSE_MS_MAX));
        }
        assert!(pause(1) < Duration::from_millis(9));
    }
}
