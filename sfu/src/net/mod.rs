//! Sockets, threads and the clock: what stands around the engine. Media runs on plain threads, each with a socket and an engine of its own; async
//! code meets them at [`MediaHandle`].
//!
//! Networks that let no datagram through reach the same engine by [`stream`]s.
//!
//! There is one shard now. A room lives on one shard for life, so that more of them are more of [`Shard`](shard::Shard), each announcing
//! the port of its own socket in the answers of its rooms.

mod addresses;
mod handle;
mod measure;
mod shard;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub use handle::{Busy, MediaHandle};
pub use shard::no_recorder;
pub use stream::{Opening, StreamDoor};

use crate::{
    engine::{
        Engine,
        api::{Event, Tap},
        room,
        transport::{Certificate, CertificateError},
    },
    sdp::{AnswerParameters, StreamCandidate},
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    thread::JoinHandle,
    time::Instant,
};
use tokio::sync::mpsc;

/// Where media comes in.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    /// Addresses at which clients reach `listen`; empty: see [`addresses::announced`].
    pub announce: Vec<IpAddr>,
    /// The port of another socket, of HTTPS most likely, whose owner brings in at [`StreamDoor::take`] what begins as media; announced beside
    /// `listen`'s own.
    pub shared_port: Option<u16>,
}

impl Settings {
    pub const fn at(listen: SocketAddr) -> Self {
        Self { listen, announce: Vec::new(), shared_port: None }
    }
}

/// Takes what the recorder is given, on the media thread: it must not wait.
pub type TapSink = Box<dyn FnMut(Tap) + Send>;

#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("{0} cannot be bound for media")]
    Bind(SocketAddr, #[source] io::Error),
    #[error("a media thread cannot be set up")]
    Setup(#[from] io::Error),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The media threads, running.
pub struct Running {
    pub handle: MediaHandle,
    /// Everything that the engine says but taps. It must be read: see the bounds in `shard`. It ends when the threads do.
    pub events: mpsc::Receiver<Event>,
    pub threads: Threads,
    /// Bound to the same port as the datagrams, for [`StreamDoor::listen`]. None where the port was drawn and is taken for streams.
    pub streams: Option<std::net::TcpListener>,
}

/// To be waited for after [`MediaHandle::stop`].
pub struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    /// Waits until all have ended. False: one of them panicked.
    pub fn join(self) -> bool {
        self.0.into_iter().map(|it| it.join().is_ok()).fold(true, |all, one| all && one)
    }
}

/// Binds the socket and starts the threads.
pub fn start(settings: &Settings, rooms: room::Settings, tap: TapSink) -> Result<Running, NetError> {
    let certificate = Certificate::generate()?;
    let (socket, listener) = bind(settings.listen).map_err(|error| NetError::Bind(settings.listen, error))?;
    let candidates = addresses::announced(socket.local(), &settings.announce, addresses::own);
    let own_port = listener.is_some().then_some((socket.local().port(), false));
    let shared = settings.shared_port.into_iter().flat_map(|port| [(port, false), (port, true)]);
    let streams = own_port
        .into_iter()
        .chain(shared)
        .flat_map(|(port, greets)| candidates.iter().map(move |it| StreamCandidate { address: SocketAddr::new(it.ip(), port), greets }))
        .collect();
    tracing::info!(listen = %socket.local(), ?candidates, ?streams, "media");
    let poll = mio::Poll::new()?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), shard::WAKE)?);
    let parameters = AnswerParameters { fingerprint: certificate.fingerprint(), candidates, streams };
    let (door, streams) = stream::queues(Arc::clone(&waker));
    let (handle, events, ends) = handle::queues(waker, parameters, door);
    let now = Instant::now();
    let engine = Engine::new(certificate, rooms, now, handle::now_ms());
    let shard = shard::Shard::new(poll, socket, streams, engine, ends, tap, now)?;
    let thread = std::thread::Builder::new().name("media-0".to_owned()).spawn(move || shard.run())?;
    Ok(Running { handle, events, threads: Threads(vec![thread]), streams: listener })
}

/// How often a port is drawn that is free for datagrams and for streams.
const DRAWS_MAX: usize = 8;

/// The socket of datagrams, and one for streams at the same port.
fn bind(listen: SocketAddr) -> io::Result<(socket::Socket, Option<std::net::TcpListener>)> {
    let is_drawn = listen.port() == 0;
    let mut draws = 0;
    loop {
        draws += 1;
        let socket = socket::Socket::bind(listen)?;
        match std::net::TcpListener::bind(socket.local()) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                return Ok((socket, Some(listener)));
            }
            Err(_) if is_drawn && draws < DRAWS_MAX => {}
            Err(_) if is_drawn => return Ok((socket, None)),
            Err(error) => return Err(error),
        }
    }
}
