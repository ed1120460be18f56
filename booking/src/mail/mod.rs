//! Mail: notices on their way to one person each.
//!
//! A mail is a row that commits with its notice. It is made into a message only when it is sent or looked at, in the language that the person has
//! then, and leaves through SMTP under a Message-ID made of its id, so that one that is sent twice shows once. What fails for now is tried again
//! after a pause that grows; what fails for good is kept and shown. One person's mails leave in their order, so that no cancellation overtakes its
//! invitation. Without a mail server all of them wait, and the system administrator reads them.
//!
//! | module | is |
//! |---|---|
//! | [`settings`] | the mail server and the service's own mailbox |
//! | [`compose`] | a row becomes subject, text, calendar part; and these a message |
//! | [`sender`] | one message through SMTP, and what became of it |
//! | [`deliver`] | what is due leaves |

pub mod compose;
pub mod deliver;
pub mod http;
pub mod sender;
pub mod settings;
pub(crate) mod store;

#[cfg(test)]
mod tests;

use crate::names::names;
use kernel::{Result, Tx};
pub use settings::{Security, Settings, Smtp};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    id::{MailId, NoticeId, PersonId},
};

names! {
    MailState {
        Waiting = "waiting",
        Sent = "sent",
        /// The mail server refused it for good, or did not take it in days.
        Failed = "failed",
        /// It was not to be sent any more.
        Dropped = "dropped",
    }
}

names! {
    /// What the last attempt met.
    Failure {
        /// The mail server could not be reached, or the line broke.
        Connection = "connection",
        Tls = "tls",
        Timeout = "timeout",
        /// It does not accept the service's user and password.
        Credentials = "credentials",
        /// It refused this mail for now (RFC 5321, section 4.2.1: 4yz),
        RefusedForNow = "refused_for_now",
        /// or for good (5yz).
        Refused = "refused",
        /// The mail cannot be written: a character that a mail server would obey.
        Unwritable = "unwritable",
        /// The account has ended or is disabled.
        PersonGone = "person_gone",
        /// It waited too long for a mail server to be worth sending.
        Stale = "stale",
    }
}

/// A mail to `person` about the notice, sent once the transaction stands.
pub(crate) async fn queue(tx: &mut Tx, notice: NoticeId, person: PersonId, calendar: Option<&str>, now: UnixMs) -> Result<()> {
    store::insert(tx, MailId::fresh(), notice, person, calendar, now).await
}
