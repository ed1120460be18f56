//! A request sent twice is carried out once, also where both arrive together.

use crate::{
    Error, Result,
    extract::IdempotencyKey,
    idempotency::{self, Claim},
    on,
    testing::NOON,
    transact,
};
use wire::{Code, id::PersonId};

const ADD: &str = "UPDATE ledger SET number = number + 1 WHERE name = 'outbox' RETURNING number";

fn claim(person: PersonId, key: &str, body: &str) -> Claim {
    Claim {
        person,
        route: "POST /things",
        key: IdempotencyKey::parse(key).expect("a lawful key"),
        body_hash: crate::digest::sha256_hex(body.as_bytes()),
        at: NOON,
    }
}

async fn carry_out(db: &crate::Db, claim: &Claim) -> Result<i64> {
    transact!(db, tx => {
        if let Some(stored) = idempotency::claim(tx, claim).await? {
            return Ok(stored);
        }
        let number: i64 = on!(tx, c => sqlx::query_scalar(ADD).fetch_one(c).await)?;
        idempotency::answer(tx, claim, &number).await?;
        Ok(number)
    })
}

crate::on_both! {
    async fn the_second_time_gets_the_first_answer(db: Db) {
        let person = PersonId::fresh();
        assert_eq!(carry_out(&db, &claim(person, "k", "body")).await.unwrap(), 1);
        assert_eq!(carry_out(&db, &claim(person, "k", "body")).await.unwrap(), 1);
        assert_eq!(carry_out(&db, &claim(person, "l", "body")).await.unwrap(), 2, "another key is another request");
        assert_eq!(carry_out(&db, &claim(PersonId::fresh(), "k", "body")).await.unwrap(), 3, "another person's key is another");
        assert!(carry_out(&db, &claim(person, "k", "other")).await.unwrap_err().is_refused(Code::IdempotencyMismatch));
    }

    async fn a_refused_request_leaves_its_key_free(db: Db) {
        let claim = claim(PersonId::fresh(), "k", "body");
        let refused: Result<i64> = transact!(db, tx => {
            assert_eq!(idempotency::claim::<i64>(tx, &claim).await?, None);
            Err(Error::from(Code::SlotTaken))
        });
        assert!(refused.unwrap_err().is_refused(Code::SlotTaken));
        assert_eq!(carry_out(&db, &claim).await.unwrap(), 1);
    }

    async fn twenty_at_once_are_one(db: Db) {
        let person = PersonId::fresh();
        let requests: Vec<_> = (0..20).map(|_| {
            let db = db.clone();
            tokio::spawn(async move { carry_out(&db, &claim(person, "k", "body")).await })
        }).collect();
        for request in requests {
            assert_eq!(request.await.unwrap().unwrap(), 1);
        }
    }

    async fn old_answers_are_forgotten(db: Db) {
        let claim = claim(PersonId::fresh(), "k", "body");
        carry_out(&db, &claim).await.unwrap();
        let later = NOON.saturating_add_ms(idempotency::KEPT_MS);
        transact!(db, tx => idempotency::forget_old(tx, later).await).unwrap();
        assert_eq!(carry_out(&db, &claim).await.unwrap(), 1, "exactly a day is kept");
        transact!(db, tx => idempotency::forget_old(tx, later.saturating_add_ms(1)).await).unwrap();
        assert_eq!(carry_out(&db, &claim).await.unwrap(), 2);
    }
}

#[test]
fn keys_are_bounded() {
    assert!(IdempotencyKey::parse(&"k".repeat(64)).is_ok());
    for bad in ["", "two words", &"k".repeat(65), "é"] {
        assert_eq!(IdempotencyKey::parse(bad).unwrap_err().code, Code::RequestMalformed, "{bad}");
    }
}
