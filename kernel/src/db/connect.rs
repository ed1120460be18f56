//! How the two engines are opened, and with what bounds.

use super::Pools;
use crate::error::{Error, Result};
use anyhow::{Context, anyhow};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, time::Duration};

/// Readers of SQLite beside its writer: reads are short, and a node has few cores.
const SQLITE_READERS: u32 = 4;
/// Pages that each connection keeps, in KiB where negative: what months of three full sites lie in, several times over (16 MiB).
const SQLITE_CACHE_KIB: &str = "-16384";
/// PostgreSQL connections. Above 16, rivals for one slot began to wait in circles (deadlocks counted by the server at 32).
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long a request waits for a connection before it is told that the service is not available. Two hundred who apply for one slot at one
/// instant stand in one line (5 s were too short for its end on two busy cores), and a request that waits thrice is still within its time.
const ACQUIRE_S_MAX: u64 = 10;
/// How long SQLite waits for another process that writes (a backup, `sidang admin`), at each of a transaction's attempts.
const SQLITE_BUSY_S_MAX: u64 = 1;

pub(super) async fn open(url: &str) -> Result<Pools> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => open_sqlite(url).await,
        Some("postgres" | "postgresql") => open_postgres(url).await,
        // The URL itself may hold a password and is not repeated.
        _ => Err(Error::Broken(anyhow!("a database URL begins with sqlite: or postgres:"))),
    }
}

async fn open_sqlite(url: &str) -> Result<Pools> {
    let options = SqliteConnectOptions::from_str(url)
        .context("the SQLite URL cannot be read")?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // No acknowledged booking is lost, not even when the power fails: FULL writes the log through at each commit.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", SQLITE_CACHE_KIB)
        .busy_timeout(Duration::from_secs(SQLITE_BUSY_S_MAX));
    let pool = |size| {
        SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(Duration::from_secs(ACQUIRE_S_MAX))
            .idle_timeout(None)
            .max_lifetime(None)
    };
    // The writer first: it makes the file and its log, which a reader cannot.
    let writer = pool(1).connect_with(options.clone()).await?;
    let readers = pool(SQLITE_READERS).connect_with(options.read_only(true)).await?;
    Ok(Pools::Lite { writer, readers })
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url).context("the PostgreSQL URL cannot be read")?.application_name("sidang");
    // A pool waits out its patience and then says only that it did; one connection says what is wrong: the address, the password, the name.
    let first = PgConnection::connect_with(&options);
    let timed_out = || Error::Unavailable(sqlx::Error::PoolTimedOut);
    tokio::time::timeout(Duration::from_secs(ACQUIRE_S_MAX), first).await.map_err(|_| timed_out())??.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS_MAX)
        .acquire_timeout(Duration::from_secs(ACQUIRE_S_MAX))
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres(pool))
}
