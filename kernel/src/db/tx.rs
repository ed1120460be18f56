//! A transaction, and what it keeps back until it commits.

use super::Told;
use crate::{
    audit,
    crash::{self, point},
    error::Result,
    outbox,
};
use sqlx::{Postgres, Sqlite, Transaction};
use std::sync::Arc;

/// A transaction on either engine. Dropped, it is undone.
///
/// Audit rows and outgoing messages are gathered here and written by [`Tx::commit`] as its last statements: each takes the next number of
/// one sequence without gaps, which means waiting for every other writer of it, and that wait must be short and always in the same order.
#[derive(Debug)]
pub struct Tx {
    #[doc(hidden)]
    pub engine: Engine,
    pub(crate) audit: Vec<audit::Entry>,
    pub(crate) outbox: Vec<outbox::Draft>,
    told: Arc<Told>,
}

/// The engine's own transaction; reached through [`on!`](crate::on).
#[derive(Debug)]
pub enum Engine {
    Lite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(engine: Engine, told: Arc<Told>) -> Self {
        Self { engine, audit: Vec::new(), outbox: Vec::new(), told }
    }

    /// Writes what was kept back, and makes all of it last.
    pub async fn commit(mut self) -> Result<()> {
        let (messages, rows) = (!self.outbox.is_empty(), !self.audit.is_empty());
        let acts: Vec<&str> = self.audit.iter().map(audit::Entry::act).collect();
        point(crash::COMMIT_BEGUN, &acts);
        audit::write_kept_back(&mut self).await?;
        point(crash::COMMIT_AUDITED, &acts);
        outbox::write_kept_back(&mut self).await?;
        point(crash::COMMIT_WRITTEN, &acts);
        match self.engine {
            Engine::Lite(transaction) => transaction.commit().await?,
            Engine::Postgres(transaction) => transaction.commit().await?,
        }
        point(crash::COMMIT_DONE, &acts);
        if messages {
            self.told.outbox_rows.notify_waiters();
        }
        if rows {
            self.told.audit_rows.send_replace(());
        }
        Ok(())
    }
}
