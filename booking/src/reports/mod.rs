//! Reports: what became of applications, sessions and faults, by month, site and agency (DESK-2, TP-2, TP-4, TP-6, TP-7).
//!
//! Every figure is made from the audit trail and from nothing else: [`records`] folds its rows, in their order, into what a report counts.
//! Whoever holds the trail can therefore make each number again; `sidang admin report` does so from the first row.
//!
//! | module | is |
//! |---|---|
//! | [`facts`] | what a row of the trail means to a report |
//! | [`records`] | the fold of those meanings |
//! | [`figures`] | counts and medians of a span of months, by month, site and agency; pure |
//! | [`wanted`] | the level of use that the central agency wants of an agency, and who stays below it (DESK-2) |
//! | [`csv`] | the same figures for a spreadsheet, with no cell that it would take for a formula |

pub mod csv;
pub mod facts;
pub mod figures;
pub mod http;
mod month;
pub mod records;
pub mod wanted;

#[cfg(test)]
mod tests;

use kernel::{Db, Result, audit};
use records::Records;
use std::sync::{Arc, Mutex};

pub use month::Month;
#[cfg(test)]
pub(crate) use wanted::SQL;

/// Rows of the trail read at once: short reads, so that no writer waits for a report.
const ROWS_AT_ONCE: i64 = 500;

/// The fold so far, kept between two questions: each reads only the rows that came since.
#[derive(Debug, Default)]
pub struct Reports {
    held: Mutex<Arc<Records>>,
}

impl Reports {
    /// The records up to the newest row of the trail.
    pub async fn up_to_date(&self, db: &Db) -> Result<Arc<Records>> {
        let mut records = self.held().clone();
        read_on(db, &mut records).await?;
        let mut held = self.held();
        // Of two that read at once the one that got further stays.
        if held.last_row() < records.last_row() {
            *held = records.clone();
        }
        Ok(records)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Arc<Records>> {
        // A fold that panicked was never put back.
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The records made from the whole trail.
pub async fn from_the_first_row(db: &Db) -> Result<Arc<Records>> {
    let mut records = Arc::default();
    read_on(db, &mut records).await?;
    Ok(records)
}

async fn read_on(db: &Db, records: &mut Arc<Records>) -> Result<()> {
    loop {
        let rows = {
            let mut tx = db.read().await?;
            audit::forward(&mut tx, records.last_row(), ROWS_AT_ONCE).await?
        };
        if rows.is_empty() {
            return Ok(());
        }
        let records = Arc::make_mut(records);
        for row in &rows {
            records.take(row);
        }
    }
}
