//! What time has made useless in the kernel's own tables, taken out: to be called about once an hour.

use crate::{Db, Result, idempotency, outbox, transact};
use wire::UnixMs;

/// Settled messages are kept this long, for somebody who asks why a mail or a command did not work.
const SETTLED_MS: i64 = 30 * 24 * 3_600_000;

pub async fn sweep(db: &Db, now: UnixMs) -> Result<()> {
    transact!(db, tx => {
        idempotency::forget_old(tx, now).await?;
        outbox::forget_settled(tx, now.saturating_add_ms(-SETTLED_MS)).await
    })
}
