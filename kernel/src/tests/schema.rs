//! The two schemas are one: same versions, tables, columns, kinds of column; names of keys by which constraints are told apart.

use crate::{
    db::{self, Db, Kind},
    testing,
};
use std::collections::{BTreeMap, BTreeSet};

/// Tables that SQLite alone has, because triggers keep there what PostgreSQL's exclusion constraint keeps by itself.
const SQLITE_ONLY: &[&str] = &["occupancy_quarter"];

const SQLITE_COLUMNS: &str = "SELECT t.name, c.name, lower(c.type) FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> '_sqlx_migrations'";
const SQLITE_LAX: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
const POSTGRES_KEYS: &str = "SELECT t.relname::text, i.relname::text, x.indisprimary, array_to_string(ARRAY(
        SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number ORDER BY k.place), '_')
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' AND x.indisunique AND t.relname <> '_sqlx_migrations'";

fn versions(of: &sqlx::migrate::Migrator) -> Vec<(i64, String)> {
    of.iter().map(|migration| (migration.version, migration.description.to_string())).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    let (sqlite, postgres) = db::migrators();
    assert!(!versions(sqlite).is_empty());
    assert_eq!(versions(sqlite), versions(postgres));
}

/// SQLite's kinds, which are fewer.
fn kind(of_postgres: &str) -> &str {
    match of_postgres {
        "bigint" | "boolean" => "integer",
        "bytea" => "blob",
        "double precision" => "real",
        other => other,
    }
}

async fn columns(db: &Db) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut tx = db.read().await.expect("a transaction");
    let sql = if db.kind() == Kind::Sqlite { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let rows: Vec<(String, String, String)> = crate::on!(&mut tx, c => sqlx::query_as(sql).fetch_all(c).await).expect("the catalogue");
    let mut tables = BTreeMap::<String, BTreeMap<String, String>>::new();
    for (table, column, of_kind) in rows {
        tables.entry(table).or_default().insert(column, kind(&of_kind).to_owned());
    }
    tables
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let (sqlite, _folder) = testing::sqlite().await;
    let mut of_sqlite = columns(&sqlite).await;
    for table in SQLITE_ONLY {
        assert!(of_sqlite.remove(*table).is_some(), "{table} stands in the list and not in the schema");
    }
    testing::on_fresh(Kind::Postgres, async |postgres| {
        assert_eq!(of_sqlite, columns(&postgres).await);
    })
    .await;
}

#[tokio::test]
async fn every_table_of_sqlite_is_strict() {
    let (db, _folder) = testing::sqlite().await;
    let mut tx = db.read().await.expect("a transaction");
    let lax: Vec<String> = crate::on!(&mut tx, c => sqlx::query_scalar(SQLITE_LAX).fetch_all(c).await).expect("the catalogue");
    assert_eq!(lax, Vec::<String>::new());
}

#[tokio::test]
async fn keys_have_the_names_that_sqlite_messages_lead_to() {
    testing::on_fresh(Kind::Postgres, async |db| {
        let mut tx = db.read().await.expect("a transaction");
        let db::Engine::Postgres(connection) = &mut tx.engine else { unreachable!("the database is PostgreSQL") };
        let keys: Vec<(String, String, bool, String)> =
            sqlx::query_as(POSTGRES_KEYS).fetch_all(&mut **connection).await.expect("the catalogue");
        assert!(keys.len() > 3);
        let odd: BTreeSet<_> = keys
            .iter()
            .filter(|(table, name, primary, columns)| {
                *name != if *primary { format!("{table}_pkey") } else { format!("{table}_{columns}_key") }
            })
            .collect();
        assert_eq!(odd, BTreeSet::new());
    })
    .await;
}

crate::on_both! {
    async fn every_statement_prepares(db: Db) {
        for (name, sql) in [crate::audit::SQL, crate::outbox::SQL, crate::idempotency::SQL].into_iter().flatten() {
            if let Err(error) = db.prepare(sql).await {
                panic!("{name}: {error}");
            }
        }
        assert!(db.prepare("SELECT no_such_column FROM audit").await.is_err(), "prepare would find nothing");
    }
}
