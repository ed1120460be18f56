//! Mail: notices on their way to one person each.
//!
//! A mail is a row that commits with its notice. It is made into a message only when it is sent or looked at, in the language that the person has
//! then, and leaves under a Message-ID made of its id, so that one that is sent twice shows once.

pub(crate) mod store;

use kernel::{Result, Tx};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    id::{MailId, NoticeId, PersonId},
};

/// A mail to `person` about the notice, sent once the transaction stands.
pub(crate) async fn queue(tx: &mut Tx, notice: NoticeId, person: PersonId, calendar: Option<&str>, now: UnixMs) -> Result<()> {
    store::insert(tx, MailId::fresh(), notice, person, calendar, now).await
}
