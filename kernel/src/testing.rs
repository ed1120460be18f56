//! Fresh, migrated databases for tests, on both engines. Not for use outside tests.
//!
//! SQLite needs nothing. PostgreSQL is tested where `SIDANG_TEST_POSTGRES` holds the URL of a server on which databases may be created
//! (`scripts/postgres-for-tests` starts one and prints it); with `SIDANG_TEST_REQUIRE_POSTGRES=1` its absence fails the test.

use crate::db::{Db, Kind};
use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use std::{future::Future, panic::AssertUnwindSafe, str::FromStr};
use wire::UnixMs;

/// A Monday in the middle of a year, 09:00 in Malaysia: where tests begin that need any moment.
pub const NOON: UnixMs = UnixMs(1_749_430_800_000);

const URL: &str = "SIDANG_TEST_POSTGRES";
const REQUIRE: &str = "SIDANG_TEST_REQUIRE_POSTGRES";

/// Runs `test` on a fresh database of that engine, and takes the database away afterwards, also where the test panics.
/// PostgreSQL is left out, with a line that says so, where none was named.
pub async fn on_fresh<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Db) -> F) {
    match kind {
        Kind::Sqlite => {
            let (db, _folder) = sqlite().await;
            test(db).await;
        }
        Kind::Postgres => {
            let Some(server) = postgres_server() else {
                eprintln!("not run on PostgreSQL: {URL} is not set");
                return;
            };
            let (db, name) = postgres(&server).await;
            let outcome = AssertUnwindSafe(test(db.clone())).catch_unwind().await;
            db.close().await;
            dropped(&server, &name).await;
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Runs `test` with the URL of a fresh, empty database of that engine, for a process of its own; otherwise as [`on_fresh`].
pub async fn on_fresh_url<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(String) -> F) {
    match kind {
        Kind::Sqlite => {
            let folder = tempfile::tempdir().expect("a folder for temporary files");
            test(format!("sqlite:{}", folder.path().join("test.db").display())).await;
        }
        Kind::Postgres => {
            let Some(server) = postgres_server() else {
                eprintln!("not run on PostgreSQL: {URL} is not set");
                return;
            };
            let name = created(&server).await;
            let outcome = AssertUnwindSafe(test(with_database(&server, &name))).catch_unwind().await;
            dropped(&server, &name).await;
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// A fresh SQLite database in a folder that is deleted with the second value.
pub async fn sqlite() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let db = Db::connect(&format!("sqlite:{}", folder.path().join("test.db").display())).await.expect("SQLite opens");
    db.migrate().await.expect("the schema fits SQLite");
    (db, folder)
}

fn postgres_server() -> Option<String> {
    let url = std::env::var(URL).ok().filter(|url| !url.is_empty());
    let required = std::env::var(REQUIRE).is_ok_and(|value| value == "1");
    assert!(url.is_some() || !required, "{REQUIRE}=1, but {URL} names no server: run scripts/postgres-for-tests");
    url
}

async fn postgres(server: &str) -> (Db, String) {
    let name = created(server).await;
    let url = with_database(server, &name);
    let db = Db::connect(&url).await.expect("PostgreSQL opens");
    db.migrate().await.expect("the schema fits PostgreSQL");
    (db, name)
}

async fn created(server: &str) -> String {
    let name = format!("sidang_test_{}", uuid::Uuid::now_v7().simple());
    run(server, format!("CREATE DATABASE {name}")).await;
    name
}

async fn dropped(server: &str, name: &str) {
    run(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
}

/// `postgres://user@host:port/old?x=y` with another database's name.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let authority_at = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority_at..].find('/').map_or(address.len(), |at| authority_at + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..end])
}

async fn run(server: &str, sql: String) {
    let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
    let mut connection = PgConnection::connect_with(&options).await.expect("the PostgreSQL server for tests answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("databases may be created on the server for tests");
    connection.close().await.expect("the connection ends");
}

/// Makes of one asynchronous function on a [`Db`] two tests, `sqlite` and `postgres`, in a module of its name:
/// `kernel::on_both! { async fn no_row_is_lost(db: Db) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: Db) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn test($db: $crate::Db) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::testing::on_fresh($crate::db::Kind::Sqlite, test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::testing::on_fresh($crate::db::Kind::Postgres, test).await;
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_in_a_url_is_replaced() {
        let table = [
            ("postgres://u@h:1/postgres", "postgres://u@h:1/x"),
            ("postgres://u@h:1", "postgres://u@h:1/x"),
            ("postgres://u@h:1/postgres?host=/run/p", "postgres://u@h:1/x?host=/run/p"),
        ];
        for (server, expected) in table {
            assert_eq!(with_database(server, "x"), expected);
        }
    }
}
