//! One message through SMTP (RFC 5321), and what became of it.

use super::{Failure, Security, Smtp};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::time::Duration;

/// A mail server that says nothing for so long is taken to be away (RFC 5321, section 4.5.3.2 allows minutes; nobody waits for this one).
const COMMAND_S: u64 = 30;
/// A whole message: greeting, TLS, sign-in, envelope, body.
const MESSAGE_S: u64 = 120;
/// How long a line is kept for the next mail.
const IDLE_S: u64 = 20;
/// Replies about the service's own user and password (RFC 4954, section 6): no fault of the mail.
const OF_CREDENTIALS: [u16; 5] = [454, 530, 534, 535, 538];
/// It does not take mail at all at present (RFC 5321, section 3.8; RFC 7504).
const CLOSED: [u16; 2] = [421, 521];

#[derive(Debug)]
pub struct Sender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server has taken it over.
    Sent,
    /// This one is tried again later.
    Later(Failure),
    /// This one is refused for good.
    Never(Failure),
    /// No mail can leave at present.
    Away(Failure),
}

impl Sender {
    /// `hello` is the name by which the service introduces itself.
    pub fn new(smtp: &Smtp, hello: &str) -> Result<Self, Error> {
        let tls = match smtp.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(smtp)?),
            Security::Tls => Tls::Wrapper(parameters(smtp)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .hello_name(ClientId::Domain(hello.to_owned()))
            .timeout(Some(Duration::from_secs(COMMAND_S)))
            // One line: mails leave one after another.
            .pool_config(PoolConfig::new().max_size(1).idle_timeout(Duration::from_secs(IDLE_S)));
        if let Some((user, password)) = &smtp.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_string()));
        }
        Ok(Self { transport: builder.build() })
    }

    pub async fn send(&self, message: Message) -> Outcome {
        match tokio::time::timeout(Duration::from_secs(MESSAGE_S), self.transport.send(message)).await {
            Ok(Ok(_)) => Outcome::Sent,
            Ok(Err(error)) => outcome(&error),
            Err(_) => Outcome::Away(Failure::Timeout),
        }
    }
}

fn parameters(smtp: &Smtp) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(pem) = &smtp.authorities {
        builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
    }
    builder.build()
}

fn outcome(error: &Error) -> Outcome {
    let code = error.status().map(u16::from);
    match code {
        Some(code) if OF_CREDENTIALS.contains(&code) => Outcome::Away(Failure::Credentials),
        Some(code) if CLOSED.contains(&code) => Outcome::Away(Failure::RefusedForNow),
        _ if error.is_transient() => Outcome::Later(Failure::RefusedForNow),
        _ if error.is_permanent() => Outcome::Never(Failure::Refused),
        _ if error.is_timeout() => Outcome::Away(Failure::Timeout),
        _ if error.is_tls() => Outcome::Away(Failure::Tls),
        _ => Outcome::Away(Failure::Connection),
    }
}
