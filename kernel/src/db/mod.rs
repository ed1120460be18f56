//! The database: one set of queries on SQLite (embedded, the default) and PostgreSQL.
//!
//! Every SQL text stands once, with `$1` placeholders, in the subset that both engines share; [`on!`](crate::on) runs it on the native pool
//! of whichever engine is open, so that types are decoded natively. Where the engines must differ, the difference stands in
//! `migrations/`, never in a query. Names of constraints are one language on both (see [`constraint`]).

mod connect;
pub mod constraint;
pub mod skew;
mod text;
mod tx;
pub mod weather;

pub use constraint::OnConstraint;
pub use text::Text;
pub use tx::{Engine, Tx};

use crate::error::{Error, Result};
use sqlx::{PgPool, SqlitePool, migrate::Migrator};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// The schema of both engines, embedded.
pub fn migrators() -> (&'static Migrator, &'static Migrator) {
    (&SQLITE, &POSTGRES)
}

/// An open database. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    told: Arc<Told>,
}

/// Who waits for commits of this process.
#[derive(Debug)]
pub(crate) struct Told {
    outbox_rows: Notify,
    /// Sent to after each commit that left rows in the audit trail: every act there is leaves one.
    audit_rows: watch::Sender<()>,
}

#[derive(Clone, Debug)]
pub(crate) enum Pools {
    /// One writer, because SQLite has one: a fair queue for it beats SQLite's own sleeping retry (measured: 14 against 736 ms at worst).
    Lite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// Which engine is open. For the few who must know: set-up, tests, diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Db {
    /// Opens `sqlite:<path>` (created where it is missing) or `postgres://…`. The schema is not touched: see [`Db::migrate`].
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Self {
            pools: connect::open(url).await?,
            told: Arc::new(Told { outbox_rows: Notify::new(), audit_rows: watch::Sender::new(()) }),
        })
    }

    pub fn kind(&self) -> Kind {
        match &self.pools {
            Pools::Lite { .. } => Kind::Sqlite,
            Pools::Postgres(_) => Kind::Postgres,
        }
    }

    /// Brings the schema up to this executable's. Two that start at once do it once.
    pub async fn migrate(&self) -> Result<()> {
        match &self.pools {
            Pools::Lite { writer, .. } => SQLITE.run(writer).await,
            Pools::Postgres(pool) => POSTGRES.run(pool).await,
        }
        .map_err(|error| Error::Broken(anyhow::Error::new(error).context("the schema could not be brought up to date")))
    }

    /// A snapshot to read from; it never waits for a writer. End it by dropping it.
    pub async fn read(&self) -> Result<Tx> {
        let engine = match &self.pools {
            Pools::Lite { readers, .. } => Engine::Lite(readers.begin().await?),
            Pools::Postgres(pool) => Engine::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        };
        Ok(Tx::new(engine, self.told.clone()))
    }

    /// A transaction that may write. Dropping it undoes it; [`Tx::commit`] keeps it. Prefer [`transact!`](crate::transact), which
    /// tries again where another transaction was in the way.
    pub async fn write(&self) -> Result<Tx> {
        let engine = match &self.pools {
            Pools::Lite { writer, .. } => Engine::Lite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Engine::Postgres(pool.begin().await?),
        };
        Ok(Tx::new(engine, self.told.clone()))
    }

    /// Whether the database answers: for readiness.
    pub async fn ping(&self) -> Result<()> {
        let mut tx = self.read().await?;
        crate::on!(&mut tx, c => sqlx::query("SELECT 1").execute(c).await.map(drop))?;
        Ok(())
    }

    /// Told after each commit that left rows in the outbox.
    pub(crate) fn outbox_rows(&self) -> &Notify {
        &self.told.outbox_rows
    }

    /// Told after each commit that left rows in the audit trail.
    pub(crate) fn audit_rows(&self) -> watch::Receiver<()> {
        self.told.audit_rows.subscribe()
    }

    /// Closes every connection; SQLite writes its log back into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs SQL as it stands, outside the registry: only for tests, which must reach behind the store's back.
    #[doc(hidden)]
    pub async fn execute_for_tests(&self, sql: &'static str) -> std::result::Result<u64, sqlx::Error> {
        match &self.pools {
            Pools::Lite { writer, .. } => sqlx::raw_sql(sql).execute(writer).await.map(|done| done.rows_affected()),
            Pools::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(|done| done.rows_affected()),
        }
    }

    /// Has the engine parse and plan a statement without running it: unknown tables, columns and types are errors.
    pub async fn prepare(&self, sql: &'static str) -> std::result::Result<(), sqlx::Error> {
        use sqlx::{Executor, SqlSafeStr};
        match &self.pools {
            Pools::Lite { writer, .. } => writer.acquire().await?.prepare(sql.into_sql_str()).await.map(drop),
            Pools::Postgres(pool) => pool.acquire().await?.prepare(sql.into_sql_str()).await.map(drop),
        }
    }
}

/// Runs an expression with `$c` bound to the connection of whichever engine the transaction is on. The expression stands twice in the
/// compiled code, each time with native types: `on!(tx, c => sqlx::query(INSERT).bind(x).execute(c).await.map(drop))`.
#[macro_export]
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {
        match &mut ($tx).engine {
            $crate::db::Engine::Lite(transaction) => {
                let $c = &mut **transaction;
                $body
            }
            $crate::db::Engine::Postgres(transaction) => {
                let $c = &mut **transaction;
                $body
            }
        }
    };
}

/// Runs a block in a transaction and commits it; where another transaction was in the way, undoes and runs it anew, a bounded number of
/// times. The block is an asynchronous body that answers a [`Result`](crate::Result), with `$tx` a `&mut Tx`; it must have no effect
/// outside the transaction, and what it takes it must borrow or clone:
/// `transact!(db, tx => { let n = store::count(tx).await?; audit::record(tx, entry); Ok(n) })`.
///
/// A macro and not a function of a closure, because the future of an asynchronous closure that borrows cannot yet be shown to be `Send`.
#[macro_export]
macro_rules! transact {
    ($db:expr, $tx:ident => $body:expr) => {{
        let db: &$crate::Db = &$db;
        let mut attempt = 0u32;
        loop {
            attempt += 1;
            let outcome: $crate::Result<_> = async {
                let mut transaction = db.write().await?;
                let value = {
                    let $tx: &mut $crate::Tx = &mut transaction;
                    let outcome: $crate::Result<_> = async { $body }.await;
                    outcome?
                };
                transaction.commit().await?;
                Ok(value)
            }
            .await;
            match $crate::db::weather::settle(outcome, attempt).await {
                ::std::ops::ControlFlow::Break(outcome) => break outcome,
                ::std::ops::ControlFlow::Continue(()) => {}
            }
        }
    }};
}

/// The SQL texts of a store, each a private constant, and the list `SQL` of all of them, which a test has both engines prepare:
/// `kernel::sql! { PERSON_BY_ID = "SELECT …"; }`.
#[macro_export]
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* const $name: &str = $text;)+
        /// Every SQL text of this module, by name: for the test that has both engines prepare them.
        #[cfg(test)]
        pub(crate) const SQL: &[(&str, &str)] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
