//! Messages leave in the order of commits, at least once, and none before its change stands.

use crate::{
    Error, Result, SharedClock,
    clock::ManualClock,
    outbox::{self, Deliver, Message},
    testing::NOON,
    transact,
};
use std::sync::Mutex;
use tokio::sync::mpsc;

const TOPIC: &str = "media";

/// Takes messages, and fails once at the number it is told to.
#[derive(Default)]
struct Hand {
    fails_at: Mutex<Option<i64>>,
    seen: Mutex<Vec<i64>>,
    told: Option<mpsc::Sender<String>>,
}

impl Deliver for Hand {
    async fn deliver(&self, message: &Message) -> Result<()> {
        if self.fails_at.lock().unwrap().take_if(|number| *number == message.number).is_some() {
            return Err(Error::broken("no connection"));
        }
        self.seen.lock().unwrap().push(message.number);
        if let Some(told) = &self.told {
            told.send(message.payload.clone()).await.map_err(|_| Error::broken("nobody listens"))?;
        }
        Ok(())
    }
}

async fn push(db: &crate::Db, payload: i64) {
    transact!(db, tx => outbox::push(tx, NOON, TOPIC, &payload)).expect("it commits");
}

async fn open(db: &crate::Db, after: i64) -> Vec<(i64, String)> {
    let mut tx = db.read().await.expect("a snapshot");
    let messages = outbox::open_after(&mut tx, TOPIC, after).await.expect("the messages");
    messages.into_iter().map(|message| (message.number, message.payload)).collect()
}

crate::on_both! {
    async fn numbers_have_no_gaps_even_where_transactions_are_undone(db: Db) {
        push(&db, 10).await;
        let mut undone = db.write().await.unwrap();
        outbox::push(&mut undone, NOON, TOPIC, &11).unwrap();
        drop(undone);
        push(&db, 12).await;
        assert_eq!(open(&db, 0).await, [(1, "10".to_owned()), (2, "12".to_owned())]);
        assert_eq!(open(&db, 1).await, [(2, "12".to_owned())]);

        transact!(db, tx => outbox::settle_up_to(tx, TOPIC, 1, NOON).await).unwrap();
        assert_eq!(open(&db, 0).await, [(2, "12".to_owned())]);
        transact!(db, tx => outbox::settle_up_to(tx, "mail", 2, NOON).await).unwrap();
        assert_eq!(open(&db, 0).await.len(), 1, "topics are settled apart");
        transact!(db, tx => outbox::forget_settled(tx, NOON.saturating_add_ms(1)).await).unwrap();
        assert_eq!(open(&db, 0).await.len(), 1, "what is open is not forgotten");
    }

    async fn housekeeping_takes_out_what_was_settled_a_month_ago(db: Db) {
        const LEFT: &str = "SELECT COUNT(*) FROM outbox";
        push(&db, 1).await;
        push(&db, 2).await;
        transact!(db, tx => outbox::settle_up_to(tx, TOPIC, 1, NOON).await).unwrap();
        for (days, left) in [(30, 2i64), (31, 1)] {
            crate::housekeeping::sweep(&db, NOON.saturating_add_ms(days * 24 * 3_600_000)).await.unwrap();
            let mut tx = db.read().await.unwrap();
            let count: i64 = crate::on!(&mut tx, c => sqlx::query_scalar(LEFT).fetch_one(c).await).unwrap();
            assert_eq!(count, left, "after {days} days");
        }
    }

    async fn many_writers_and_a_slow_reader_miss_nothing(db: Db) {
        let writers: Vec<_> = (0..30).map(|number| {
            let db = db.clone();
            tokio::spawn(async move { push(&db, number).await })
        }).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let numbers: Vec<i64> = open(&db, 0).await.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    }

    async fn a_failed_delivery_is_tried_again_and_keeps_the_order(db: Db) {
        let clock: SharedClock = ManualClock::at(NOON);
        for payload in 1..=3 {
            push(&db, payload).await;
        }
        let hand = Hand { fails_at: Mutex::new(Some(2)), ..Hand::default() };
        assert!(outbox::dispatch_batch(&db, &clock, TOPIC, &hand).await.is_err());
        assert_eq!(outbox::dispatch_batch(&db, &clock, TOPIC, &hand).await.unwrap(), 2);
        assert_eq!(outbox::dispatch_batch(&db, &clock, TOPIC, &hand).await.unwrap(), 0);
        assert_eq!(*hand.seen.lock().unwrap(), [1, 2, 3]);
    }

    async fn a_dispatcher_is_woken_by_a_commit(db: Db) {
        let clock: SharedClock = ManualClock::at(NOON);
        let (told, mut heard) = mpsc::channel(4);
        let hand = Hand { told: Some(told), ..Hand::default() };
        let dispatcher = tokio::spawn({
            let db = db.clone();
            async move { outbox::dispatch(&db, &clock, TOPIC, &hand).await }
        });
        push(&db, 7).await;
        assert_eq!(heard.recv().await.as_deref(), Some("7"));
        push(&db, 8).await;
        assert_eq!(heard.recv().await.as_deref(), Some("8"));
        dispatcher.abort();
    }
}
