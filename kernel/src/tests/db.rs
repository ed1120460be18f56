//! Transactions, retries and constraint names on both engines.

use crate::{Error, OnConstraint, db::constraint, on, transact};
use wire::{Code, Refusal};

const ADD: &str = "UPDATE ledger SET number = number + 1 WHERE name = 'outbox'";
const READ: &str = "SELECT number FROM ledger WHERE name = $1";
const INSERT: &str = "INSERT INTO ledger (name, number, hash) VALUES ($1, 0, '')";
const BAD_OUTCOME: &str = "INSERT INTO audit (number, id, at_ms, act, object_kind, object_id, outcome, details, previous_hash, hash)
    VALUES (1, 'x', 0, 'a', 'b', 'c', 'perhaps', '{}', '', '')";

async fn number(db: &crate::Db) -> i64 {
    let mut tx = db.read().await.expect("a snapshot");
    on!(&mut tx, c => sqlx::query_scalar(READ).bind("outbox").fetch_one(c).await).expect("the row")
}

crate::on_both! {
    async fn what_is_dropped_is_undone(db: Db) {
        let mut tx = db.write().await.unwrap();
        on!(&mut tx, c => sqlx::query(ADD).execute(c).await.map(drop)).unwrap();
        drop(tx);
        assert_eq!(number(&db).await, 0);
        let mut tx = db.write().await.unwrap();
        on!(&mut tx, c => sqlx::query(ADD).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(number(&db).await, 1);
        db.ping().await.unwrap();
    }

    async fn a_reader_cannot_write(db: Db) {
        let mut tx = db.read().await.unwrap();
        assert!(on!(&mut tx, c => sqlx::query(ADD).execute(c).await.map(drop)).is_err());
    }

    async fn rivals_all_get_their_turn(db: Db) {
        let rivals: Vec<_> = (0..40).map(|_| {
            let db = db.clone();
            // Spawned: a transaction's future can move between threads.
            tokio::spawn(async move {
                let step = 1i64;
                transact!(db, tx => {
                    let before: i64 = on!(tx, c => sqlx::query_scalar(READ).bind("outbox").fetch_one(c).await)?;
                    on!(tx, c => sqlx::query(ADD).execute(c).await.map(drop))?;
                    Ok(before + step)
                })
            })
        }).collect();
        for rival in rivals {
            assert!(rival.await.unwrap().unwrap() >= 1);
        }
        assert_eq!(number(&db).await, 40);
    }

    async fn a_busy_transaction_is_run_anew_a_bounded_number_of_times(db: Db) {
        let mut runs = 0;
        let outcome: Result<(), Error> = transact!(db, _tx => {
            runs += 1;
            Err(Error::Busy(sqlx::Error::RowNotFound))
        });
        assert!(matches!(outcome, Err(Error::Busy(_))));
        assert_eq!(runs, crate::db::weather::ATTEMPTS_MAX);

        let mut runs = 0;
        let outcome: Result<(), Error> = transact!(db, _tx => {
            runs += 1;
            Err(Code::Conflict.into())
        });
        assert!(outcome.unwrap_err().is_refused(Code::Conflict));
        assert_eq!(runs, 1, "a refusal is an answer");
    }

    async fn a_constraint_has_one_name(db: Db) {
        let mut tx = db.write().await.unwrap();
        let error = on!(&mut tx, c => sqlx::query(INSERT).bind("audit").execute(c).await.map(drop)).unwrap_err();
        assert_eq!(constraint::name(&error).as_deref(), Some("ledger_pkey"));
        drop(tx);

        let mut tx = db.write().await.unwrap();
        let outcome = on!(&mut tx, c => sqlx::query(INSERT).bind("audit").execute(c).await.map(drop))
            .on_constraint(|name| (name == "ledger_pkey").then(|| Refusal::new(Code::Conflict)));
        assert!(outcome.unwrap_err().is_refused(Code::Conflict));
        drop(tx);

        let mut tx = db.write().await.unwrap();
        let error = on!(&mut tx, c => sqlx::query(BAD_OUTCOME).execute(c).await.map(drop)).unwrap_err();
        assert_eq!(constraint::name(&error).as_deref(), Some("audit_outcome_known"));
        drop(tx);

        let mut tx = db.write().await.unwrap();
        let outcome = on!(&mut tx, c => sqlx::query(BAD_OUTCOME).execute(c).await.map(drop)).on_constraint(|_| None);
        assert!(matches!(outcome, Err(Error::Broken(_))), "a constraint that no handler expects is a fault of ours");
    }

    async fn migrating_twice_changes_nothing(db: Db) {
        db.migrate().await.unwrap();
    }
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused_without_repeating_it() {
    let error = crate::Db::connect("mysql://root:secret@h/d").await.unwrap_err();
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn sqlite_is_opened_so_that_what_is_acknowledged_stays() {
    let (db, _folder) = crate::testing::sqlite().await;
    for (pragma, expected) in [("PRAGMA synchronous", 2i64), ("PRAGMA foreign_keys", 1)] {
        let mut tx = db.write().await.expect("a transaction");
        let value: i64 = on!(&mut tx, c => sqlx::query_scalar(pragma).fetch_one(c).await).expect("a number");
        assert_eq!(value, expected, "{pragma}");
    }
    let mut tx = db.read().await.expect("a snapshot");
    let mode: String = on!(&mut tx, c => sqlx::query_scalar("PRAGMA journal_mode").fetch_one(c).await).expect("a text");
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn what_was_committed_is_there_after_the_files_are_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("kept.db").display());
    let first = crate::Db::connect(&url).await.expect("it opens");
    first.migrate().await.expect("the schema fits");
    let mut tx = first.write().await.expect("a transaction");
    on!(&mut tx, c => sqlx::query(ADD).execute(c).await.map(drop)).expect("a row");
    tx.commit().await.expect("it commits");
    // As after a kill: nothing of the first is closed, and its log was not written back.
    let second = crate::Db::connect(&url).await.expect("it opens again");
    second.migrate().await.expect("the schema still fits");
    assert_eq!(number(&second).await, 1);
}
