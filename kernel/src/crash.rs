//! Labelled points at which a test has the process end as `kill -9` ends it: at once, with nothing unwound, flushed or answered. Where a test
//! asks for none, and in every build without debug assertions, they do nothing.
//!
//! `SIDANG_TEST_CRASH_AT=commit.written` ends it at the first commit that gets there; `SIDANG_TEST_CRASH_AT=commit.written:reservation.apply` at the first
//! of those that record that act.

/// Every point, in the order in which a request, and what it sends, come by.
pub const POINTS: &[&str] =
    &[COMMIT_BEGUN, COMMIT_AUDITED, COMMIT_WRITTEN, COMMIT_DONE, COMMANDS_TAKEN, COMMANDS_SENT, MAIL_TAKEN, MAIL_SENT, MAIL_MARKED];

/// Everything that the act changes is written; neither its audit row nor its messages are.
pub const COMMIT_BEGUN: &str = "commit.begun";
/// The audit rows are written too.
pub const COMMIT_AUDITED: &str = "commit.audited";
/// Everything is written, and nothing committed.
pub const COMMIT_WRITTEN: &str = "commit.written";
/// Committed, and nobody told: neither who asked nor who waits for messages.
pub const COMMIT_DONE: &str = "commit.done";
/// Commands to the media plane are read from the outbox and not on their way.
pub const COMMANDS_TAKEN: &str = "commands.taken";
/// They are on their way, and not known to have been carried out.
pub const COMMANDS_SENT: &str = "commands.sent";
/// A mail is taken to be sent, and the mail server knows nothing of it.
pub const MAIL_TAKEN: &str = "mail.taken";
/// The mail server has taken it over, which is not yet stored.
pub const MAIL_SENT: &str = "mail.sent";
/// That it was sent is stored.
pub const MAIL_MARKED: &str = "mail.marked";

/// Ends the process here where a test asked for it. `acts` is what a point can be told apart by.
#[cfg(debug_assertions)]
pub fn point(label: &'static str, acts: &[&str]) {
    static ASKED: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("SIDANG_TEST_CRASH_AT").ok());
    if ASKED.as_deref().is_some_and(|asked| is_at(asked, label, acts)) {
        // Not `abort`, which runs a handler and may write a core first. Nothing comes back from this signal.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_: &'static str, _: &[&str]) {}

#[cfg(any(debug_assertions, test))]
fn is_at(asked: &str, label: &str, acts: &[&str]) -> bool {
    match asked.split_once(':') {
        None => asked == label,
        Some((asked, act)) => asked == label && acts.contains(&act),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_asked_for_by_its_label_and_perhaps_an_act() {
        let acts = &["reservation.apply", "notice.tell"];
        let table = [
            ("commit.written", true),
            ("commit.written:reservation.apply", true),
            ("commit.written:reservation.amend", false),
            ("commit.done", false),
            ("commit.done:reservation.apply", false),
            ("", false),
        ];
        for (asked, expected) in table {
            assert_eq!(is_at(asked, COMMIT_WRITTEN, acts), expected, "{asked}");
        }
        assert!(!is_at("commit.written:reservation.apply", COMMIT_WRITTEN, &[]));
    }
}
