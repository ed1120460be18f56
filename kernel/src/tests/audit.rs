//! The trail is whole, chained, and refuses to be changed.

use crate::{
    Db,
    audit::{self, Entry, Filter, Tampered},
    db::Kind,
    testing::NOON,
};
use wire::{
    Code, Refusal, Rule,
    id::{AgencyId, PersonId},
};

fn entry(object: &str) -> Entry {
    Entry::new(NOON, "site.amend", "thing", object)
}

async fn record(db: &Db, entries: Vec<Entry>) {
    let mut tx = db.write().await.expect("a transaction");
    entries.into_iter().for_each(|entry| audit::record(&mut tx, entry));
    tx.commit().await.expect("it commits");
}

async fn rows(db: &Db, filter: Filter, limit: i64) -> Vec<audit::Row> {
    let mut tx = db.read().await.expect("a snapshot");
    audit::page(&mut tx, &filter, limit).await.expect("the page")
}

/// What somebody does who holds the database itself: puts the guard away first.
async fn behind_its_back(db: &Db, sqlite: [&'static str; 2], postgres: &'static str) {
    match db.kind() {
        Kind::Sqlite => {
            for sql in sqlite {
                db.execute_for_tests(sql).await.expect("the guard is gone");
            }
        }
        Kind::Postgres => {
            db.execute_for_tests("ALTER TABLE audit DISABLE TRIGGER ALL").await.expect("the guard is gone");
            db.execute_for_tests(postgres).await.expect("the row is changed");
        }
    }
}

crate::on_both! {
    async fn rows_are_numbered_chained_and_found(db: Db) {
        let (person, agency) = (PersonId::fresh(), AgencyId::fresh());
        record(&db, vec![
            entry("a").by(person).on_behalf_of(agency).rule(Rule::Tp4).detail("seats", 6),
            entry("b").refused(&Refusal::by(Code::LeadTime, Rule::Tp2)),
        ]).await;
        record(&db, vec![entry("c")]).await;
        assert_eq!(audit::verify(&db).await.unwrap(), Ok(3));

        let all = rows(&db, Filter::default(), 10).await;
        assert_eq!(all.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!((all[2].person(), all[2].on_behalf_of(), all[2].rule.as_deref()), (Some(person), Some(agency), Some("TP-4")));
        assert_eq!(all[2].details, r#"{"seats":6}"#);
        assert_eq!((all[1].outcome.as_str(), all[1].rule.as_deref()), ("refused", Some("TP-2")));
        assert_eq!(all[1].details, r#"{"code":"reservation.lead_time"}"#);

        let of = |filter| async { rows(&db, filter, 10).await.iter().map(|row| row.object_id.clone()).collect::<Vec<_>>() };
        assert_eq!(of(Filter { before: Some(3), ..Filter::default() }).await, ["b", "a"]);
        assert_eq!(of(Filter { rule: Some(Rule::Tp2), ..Filter::default() }).await, ["b"]);
        assert_eq!(of(Filter { person: Some(person), ..Filter::default() }).await, ["a"]);
        assert_eq!(of(Filter { act: Some("thing.unknown".into()), ..Filter::default() }).await, Vec::<String>::new());
        assert_eq!(rows(&db, Filter::default(), 1).await.len(), 1);
    }

    async fn a_row_of_an_undone_change_is_not_there(db: Db) {
        let mut tx = db.write().await.unwrap();
        audit::record(&mut tx, entry("a"));
        drop(tx);
        assert_eq!(audit::verify(&db).await.unwrap(), Ok(0));
        audit::record_alone(&db, entry("b")).await.unwrap();
        assert_eq!(audit::verify(&db).await.unwrap(), Ok(1));
    }

    async fn a_change_whose_row_cannot_be_written_does_not_stand(db: Db) {
        db.execute_for_tests("ALTER TABLE audit RENAME TO elsewhere").await.unwrap();
        let outcome: crate::Result<()> = crate::transact!(db, tx => {
            crate::outbox::push(tx, NOON, "media", &1)?;
            crate::on!(tx, c => sqlx::query("UPDATE ledger SET hash = 'x' WHERE name = 'outbox'").execute(c).await.map(drop))?;
            audit::record(tx, entry("a"));
            Ok(())
        });
        assert!(matches!(outcome, Err(crate::Error::Broken(_))));
        let mut tx = db.read().await.unwrap();
        let hash: String = crate::on!(&mut tx, c => sqlx::query_scalar("SELECT hash FROM ledger WHERE name = 'outbox'").fetch_one(c).await).unwrap();
        assert_eq!(hash, "");
        assert_eq!(crate::outbox::open_after(&mut tx, "media", 0).await.unwrap(), []);
    }

    async fn the_database_refuses_to_change_the_trail(db: Db) {
        record(&db, vec![entry("a")]).await;
        for sql in ["UPDATE audit SET act = 'x'", "DELETE FROM audit"] {
            let error = db.execute_for_tests(sql).await.unwrap_err();
            assert_eq!(crate::db::constraint::name(&error).as_deref(), Some("audit_append_only"), "{sql}");
        }
        if db.kind() == Kind::Postgres {
            assert!(db.execute_for_tests("TRUNCATE audit").await.is_err());
        }
        assert_eq!(audit::verify(&db).await.unwrap(), Ok(1));
    }

    async fn a_changed_row_shows(db: Db) {
        record(&db, vec![entry("a"), entry("b"), entry("c")]).await;
        const CHANGE: &str = "UPDATE audit SET object_id = 'x' WHERE number = 2";
        behind_its_back(&db, ["DROP TRIGGER audit_no_update", CHANGE], CHANGE).await;
        assert_eq!(audit::verify(&db).await.unwrap(), Err(Tampered::Changed(2)));
    }

    async fn a_missing_row_shows_in_the_middle_and_at_the_end(db: Db) {
        record(&db, vec![entry("a"), entry("b"), entry("c")]).await;
        const LAST: &str = "DELETE FROM audit WHERE number = 3";
        behind_its_back(&db, ["DROP TRIGGER audit_no_delete", LAST], LAST).await;
        assert_eq!(audit::verify(&db).await.unwrap(), Err(Tampered::Missing(3)));
        db.execute_for_tests("DELETE FROM audit WHERE number = 1").await.unwrap();
        assert_eq!(audit::verify(&db).await.unwrap(), Err(Tampered::Missing(1)));
    }

    async fn writers_at_once_keep_one_chain(db: Db) {
        let writers: Vec<_> = (0..30).map(|number| {
            let db = db.clone();
            tokio::spawn(async move { audit::record_alone(&db, entry(&number.to_string())).await })
        }).collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(audit::verify(&db).await.unwrap(), Ok(30));
    }
}
