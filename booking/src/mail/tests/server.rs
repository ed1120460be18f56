//! A mail server for tests (RFC 5321, with STARTTLS by RFC 3207 and AUTH by RFC 4954), which writes down what it is told.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// RFC 5321, section 4.5.3.1.6, and more: longer lines are a fault of the client.
const LINE_OCTETS_MAX: usize = 1_000;

/// How the line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Plain, and STARTTLS is offered.
    Offered,
    /// Plain, and nothing else.
    Plain,
    /// TLS from the first byte.
    Wrapped,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    pub encrypted: bool,
    pub authenticated: bool,
}

#[derive(Debug, Default)]
struct Book {
    received: Vec<Received>,
    commands: Vec<String>,
    /// What the next recipients are answered, before everyone is welcome.
    replies: VecDeque<&'static str>,
    user: Option<(String, String)>,
}

/// Ends with its value.
#[derive(Debug)]
pub struct Server {
    pub port: u16,
    /// Whom to trust.
    pub certificate_pem: String,
    book: Arc<Mutex<Book>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(line: Line) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, book) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Book::default())));
        let kept = book.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (book, acceptor) = (kept.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if line == Line::Wrapped {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        let _ = Session::new(stream, book, false, true).serve(true).await;
                        return;
                    }
                    let Ok(Some(stream)) = Session::new(stream, book.clone(), line == Line::Offered, false).serve(true).await else {
                        return;
                    };
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let _ = Session::new(stream, book, false, true).serve(false).await;
                });
            }
        });
        Self { port, certificate_pem: made.cert.pem(), book, task }
    }

    /// Whom it lets send.
    pub fn lets(&self, user: &str, password: &str) {
        self.book.lock().unwrap().user = Some((user.into(), password.into()));
    }

    /// What it answers the next recipients.
    pub fn answers(&self, replies: &[&'static str]) {
        self.book.lock().unwrap().replies.extend(replies);
    }

    pub fn received(&self) -> Vec<Received> {
        self.book.lock().unwrap().received.clone()
    }

    /// The verbs that it was told, in their order.
    pub fn commands(&self) -> Vec<String> {
        self.book.lock().unwrap().commands.clone()
    }
}

struct Session<S> {
    stream: S,
    book: Arc<Mutex<Book>>,
    offers_tls: bool,
    encrypted: bool,
    authenticated: bool,
    envelope: (Option<String>, Vec<String>),
    held: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(stream: S, book: Arc<Mutex<Book>>, offers_tls: bool, encrypted: bool) -> Self {
        Self { stream, book, offers_tls, encrypted, authenticated: false, envelope: (None, Vec::new()), held: Vec::new() }
    }

    /// Until the client leaves; the bare stream where it asked for TLS.
    async fn serve(mut self, greets: bool) -> std::io::Result<Option<S>> {
        if greets {
            self.say("220 mail.example ready").await?;
        }
        while let Some(line) = self.line().await? {
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            self.book.lock().unwrap().commands.push(verb.clone());
            match verb.as_str() {
                "EHLO" => {
                    let tls = if self.offers_tls { "250-STARTTLS\r\n" } else { "" };
                    self.say(&format!("250-mail.example\r\n{tls}250-AUTH PLAIN LOGIN\r\n250 8BITMIME")).await?;
                }
                "STARTTLS" if self.offers_tls => {
                    // RFC 3207, section 4.2 and what came of not keeping it: nothing may stand behind the command.
                    assert!(self.held.is_empty(), "commands were sent before the handshake");
                    self.say("220 go ahead").await?;
                    return Ok(Some(self.stream));
                }
                "AUTH" => self.authenticate(&line).await?,
                "MAIL" if self.book.lock().unwrap().user.is_some() && !self.authenticated => self.say("530 5.7.0 sign in first").await?,
                "MAIL" => {
                    self.envelope = (Some(between(&line)), Vec::new());
                    self.say("250 ok").await?;
                }
                "RCPT" => {
                    let reply = self.book.lock().unwrap().replies.pop_front().unwrap_or("250 ok");
                    if reply.starts_with('2') {
                        self.envelope.1.push(between(&line));
                    }
                    self.say(reply).await?;
                }
                "DATA" => {
                    self.say("354 go on").await?;
                    let data = self.data().await?;
                    let (from, to) = std::mem::take(&mut self.envelope);
                    let (encrypted, authenticated) = (self.encrypted, self.authenticated);
                    let received = Received { from: from.unwrap_or_default(), to, data, encrypted, authenticated };
                    self.book.lock().unwrap().received.push(received);
                    self.say("250 taken").await?;
                }
                "NOOP" | "RSET" => self.say("250 ok").await?,
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Ok(None);
                }
                _ => self.say("502 not here").await?,
            }
        }
        Ok(None)
    }

    async fn authenticate(&mut self, line: &str) -> std::io::Result<()> {
        let told = line.strip_prefix("AUTH PLAIN ").and_then(|it| STANDARD.decode(it).ok()).unwrap_or_default();
        let known = self.book.lock().unwrap().user.clone();
        self.authenticated = known.is_some_and(|(user, password)| told == format!("\0{user}\0{password}").into_bytes());
        self.say(if self.authenticated { "235 welcome" } else { "535 5.7.8 no" }).await
    }

    async fn data(&mut self) -> std::io::Result<String> {
        let mut data = String::new();
        while let Some(line) = self.line().await? {
            match line.as_str() {
                "." => return Ok(data),
                line => {
                    data.push_str(line.strip_prefix('.').unwrap_or(line));
                    data.push_str("\r\n");
                }
            }
        }
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }

    /// One line without its end. A line end that is half of one is a fault of the client: servers disagree about it.
    async fn line(&mut self) -> std::io::Result<Option<String>> {
        loop {
            if let Some(end) = self.held.windows(2).position(|it| it == b"\r\n") {
                assert!(end <= LINE_OCTETS_MAX, "a line of {end} octets");
                let line: Vec<u8> = self.held.drain(..end + 2).take(end).collect();
                assert!(!line.iter().any(|it| matches!(it, b'\r' | b'\n')), "half a line end");
                return Ok(Some(String::from_utf8(line).expect("UTF-8")));
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await? {
                0 => return Ok(None),
                read => self.held.extend_from_slice(&buffer[..read]),
            }
        }
    }

    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }
}

fn between(line: &str) -> String {
    line.split_once('<').and_then(|it| it.1.split_once('>')).map(|it| it.0.to_owned()).unwrap_or_default()
}
