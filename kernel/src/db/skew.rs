//! How far the database's clock is from ours. Every instant that counts is our own ([`crate::Clock`]); where the database is another machine,
//! a difference shows that one of the two is wrong, and with it the verdict on every application near midnight (TP-2).

use super::{Db, Pools};
use crate::{clock::Clock, error::Result};

/// Clocks that differ by more are not both right: NTP keeps machines within a few milliseconds.
pub const SKEW_MS_MAX: i64 = 1_000;

/// Rounded down to milliseconds, so that it is never ahead of what the other side calls now.
const NOW: &str = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";

impl Db {
    /// Milliseconds by which the database's clock is ahead of `clock` (below zero: behind), beyond what the way there and back can explain.
    /// Nothing for a database in this process: it has no clock of its own.
    pub async fn clock_skew_ms(&self, clock: &dyn Clock) -> Result<Option<i64>> {
        let Pools::Postgres(pool) = &self.pools else { return Ok(None) };
        let mut connection = pool.acquire().await?;
        let asked = clock.now().0;
        let theirs: i64 = sqlx::query_scalar(NOW).fetch_one(&mut *connection).await?;
        let answered = clock.now().0;
        // A millisecond of rounding on either side explains nothing either.
        Ok(Some(match theirs {
            _ if theirs < asked - 1 => theirs - asked,
            _ if theirs > answered + 1 => theirs - answered,
            _ => 0,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, SystemClock},
        db::Kind,
    };

    crate::on_both! {
        async fn vector_12_clocks_that_differ_by_more_than_a_second_are_found(db: Db) {
            if db.kind() == Kind::Sqlite {
                assert_eq!(db.clock_skew_ms(&SystemClock).await.unwrap(), None);
                return;
            }
            // The server for tests runs on this machine.
            let skew = db.clock_skew_ms(&SystemClock).await.unwrap().unwrap();
            assert!(skew.abs() <= SKEW_MS_MAX, "{skew}");
            // Ours stands still meanwhile, so that what passes counts for the database: behind it is exact, ahead it needs room.
            for ours in [-2_000, 600_000] {
                let skewed = ManualClock::at(SystemClock.now().saturating_add_ms(ours));
                let skew = db.clock_skew_ms(&*skewed).await.unwrap().unwrap();
                assert!(skew.abs() > SKEW_MS_MAX && (skew > 0) == (ours < 0), "{ours}: {skew}");
            }
        }
    }
}
