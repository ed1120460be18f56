//! The HTTP socket: bound before anything else, served with bounds on what a connection may cost, stopped in order.

use crate::config::Settings;
use anyhow::{Context, Result};
use axum::Router;
use axum_server::{
    Handle, Server,
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::rt::TokioTimer;
use sfu::net::{Opening, StreamDoor};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// For answers under way when the process is told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Within this a client has sent the head of its next request, or is let go. A page of ours sends it in one piece.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// HTTP/2: how often a silent client is asked whether it is there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
/// HTTP/2: requests of one connection at a time; a page of ours has a dozen.
const STREAMS_MAX: u32 = 128;
/// Connections at a time: 500 people in one meeting and some thousands who book, each with a handful. The operating system's own limit on
/// open files must be above it.
const CONNECTIONS_MAX: usize = 8192;

/// A bound socket, with its certificate read.
pub struct Listener {
    socket: std::net::TcpListener,
    tls: Option<RustlsConfig>,
    /// The address that people open.
    pub public_url: String,
}

impl Listener {
    pub async fn bind(settings: &Settings) -> Result<Self> {
        let at = || format!("http.listen {}: choose another address or port, or stop what listens there", settings.http_listen);
        let socket = std::net::TcpListener::bind(settings.http_listen).with_context(at)?;
        socket.set_nonblocking(true)?;
        let tls = match &settings.tls {
            None => None,
            Some((certificate, key)) => Some(RustlsConfig::from_pem_file(certificate, key).await.with_context(|| {
                format!(
                    "http.tls_certificate {}, http.tls_key {}: expected a certificate and its key, both PEM",
                    certificate.display(),
                    key.display()
                )
            })?),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let public_url = settings.public_url.clone().unwrap_or(format!("{scheme}://localhost:{}", socket.local_addr()?.port()));
        Ok(Self { socket, tls, public_url })
    }

    /// The port at which media is taken beside HTTP: only where HTTPS is served here, so that no proxy stands before it.
    pub fn shared_port(&self) -> Option<u16> {
        self.tls.as_ref().and(self.socket.local_addr().ok()).map(|it| it.port())
    }

    /// Serves until the process is told to stop. Connections that begin as media go through the door, where there is one.
    pub async fn serve(self, router: Router, media: Option<StreamDoor>) -> Result<()> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        tokio::spawn(stop_on_signal(handle.clone()));
        let places = Places { places: Arc::new(Semaphore::new(CONNECTIONS_MAX)), media };
        let server = bounded(axum_server::from_tcp(self.socket)?).handle(handle);
        match self.tls {
            Some(tls) => server.acceptor(RustlsAcceptor::new(tls).acceptor(places)).serve(service).await?,
            None => server.acceptor(places).serve(service).await?,
        }
        Ok(())
    }
}

fn bounded(mut server: Server<SocketAddr>) -> Server<SocketAddr> {
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY)
        .max_concurrent_streams(STREAMS_MAX);
    server
}

async fn stop_on_signal(handle: Handle<SocketAddr>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("no signal can be listened to: the process ends only by kill -9");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    handle.graceful_shutdown(Some(STOP_PATIENCE));
}

/// Takes a place for each connection, and turns away those beyond the last.
#[derive(Clone)]
struct Places {
    places: Arc<Semaphore>,
    media: Option<StreamDoor>,
}

impl<S: Send + 'static> Accept<TcpStream, S> for Places {
    type Stream = Placed;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Placed, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Self { places, media } = self.clone();
        Box::pin(async move {
            let place = places.try_acquire_owned().map_err(|_| {
                metrics::counter!("sidang_connections_refused_total").increment(1);
                io::Error::from(io::ErrorKind::QuotaExceeded)
            })?;
            stream.set_nodelay(true)?;
            if let Some(door) = media
                && begins_as_media(&stream).await?
            {
                // It has bounds of its own.
                drop(place);
                tokio::spawn(door.take(stream));
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Ok((Placed { stream, _place: place }, service))
        })
    }
}

/// Told by the first byte, which stays where it is.
async fn begins_as_media(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let count = tokio::time::timeout(HEAD_WITHIN, stream.peek(&mut first)).await??;
    Ok(count > 0 && Opening::of(first[0]) != Opening::Other)
}

/// A connection with its place, given back when it is closed.
struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Placed {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, into)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(task, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_beyond_the_last_place_are_turned_away() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let places = Places { places: Arc::new(Semaphore::new(1)), media: None };
        let mut clients = Vec::new();
        let mut connect = async || {
            clients.push(TcpStream::connect(address).await.expect("it listens"));
            listener.accept().await.expect("a connection").0
        };
        let first = places.accept(connect().await, ()).await.expect("a place");
        assert!(places.accept(connect().await, ()).await.is_err());
        drop(first);
        assert!(places.accept(connect().await, ()).await.is_ok());
    }

    #[tokio::test]
    async fn media_is_told_from_https_by_its_first_byte() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        for (first, expected) in [(0x16, false), (b'G', false), (0, true), (0x80, true)] {
            let mut client = TcpStream::connect(address).await.expect("it listens");
            tokio::io::AsyncWriteExt::write_all(&mut client, &[first]).await.expect("a byte");
            let stream = listener.accept().await.expect("a connection").0;
            assert_eq!(begins_as_media(&stream).await.expect("a byte"), expected, "{first:#x}");
        }
    }
}
