//! The mail server, and the service's own mailbox.

use crate::calendar::writer::Address;
use zeroize::Zeroizing;

/// How the line to the mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain to begin with, and nothing said before STARTTLS (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Not at all: only on the same host.
    None,
}

#[derive(Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Certificates (PEM) that are trusted besides the system's: an authority of the agency's own.
    pub authorities: Option<Vec<u8>>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, security, .. } = self;
        f.debug_struct("Smtp").field("host", host).field("port", port).field("security", security).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Nothing: mail waits.
    pub smtp: Option<Smtp>,
    /// The mailbox that mail comes from and that organizes every event.
    pub from: Address,
    pub reply_to: Option<String>,
}
