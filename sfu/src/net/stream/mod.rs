//! Media over streams, for networks that let no UDP through (RFC 6544): we are passive, browsers open the connection, and each frame on it (RFC 4571)
//! is a datagram like any other. Connections live in tasks; the media thread meets them at two bounded queues, and waits for neither.
//!
//! A reader that is slow fills its own queue and then loses frames, large ones first, as a narrow line would: the estimate hears of it and sends less.

mod frame;
mod opening;

pub use opening::Opening;
#[cfg(test)]
pub use opening::{CLIENT_GREETING, SERVER_GREETING};

use crate::engine::transport::{Path, Via};
use bytes::{Bytes, BytesMut};
use frame::Frames;
use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender, error::TrySendError},
    time::timeout,
};

/// Connections of a node at a time.
const CONNECTIONS_MAX: usize = 2_048;
/// Of one address: an office behind one. Two for each client, while it races them.
const CONNECTIONS_OF_ADDRESS_MAX: usize = 128;
/// Frames from all connections that wait for the media thread; those who read wait when it is full.
const INWARD_MAX: usize = 4_096;
/// Frames that wait for one connection: half a second of 500 packets.
const OUTWARD_MAX: usize = 256;
/// With less room than this left, what is longer than [`SMALL_BYTES`] (a picture) is lost, and sound, feedback and checks still pass.
const OUTWARD_RESERVE: usize = 128;
const SMALL_BYTES: usize = 400;
/// What a connection may send before the node has answered it once, which it does not before a check was authentic.
const UNANSWERED_FRAMES_MAX: u32 = 32;
/// A connection that says nothing is closed: a browser checks every few seconds.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// For the greeting and the first check.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// Written at once at most.
const WRITE_BYTES: usize = 64 * 1_024;

/// What connections say to the media thread.
#[derive(Debug)]
pub enum Inward {
    Opened { connection: u64, out: Sender<Bytes> },
    Frame { path: Path, frame: Bytes },
    Closed { connection: u64 },
}

/// Where connections are brought in. Cheap to clone.
#[derive(Clone)]
pub struct StreamDoor {
    shared: Arc<Shared>,
}

struct Shared {
    inward: Sender<Inward>,
    waker: Arc<mio::Waker>,
    numbers: AtomicU64,
    /// How many each address has open. No more entries than connections.
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// The media thread's end.
pub struct Streams {
    inward: Receiver<Inward>,
    out: HashMap<u64, Sender<Bytes>>,
    /// Frames that a connection was too slow for.
    pub dropped: u64,
}

pub fn queues(waker: Arc<mio::Waker>) -> (StreamDoor, Streams) {
    let (sender, inward) = mpsc::channel(INWARD_MAX);
    let shared = Shared { inward: sender, waker, numbers: AtomicU64::new(1), open: Mutex::default() };
    (StreamDoor { shared: Arc::new(shared) }, Streams { inward, out: HashMap::new(), dropped: 0 })
}

impl Streams {
    /// The next frame that came, if there is one.
    pub fn poll_read(&mut self) -> Option<(Path, Bytes)> {
        loop {
            match self.inward.try_recv().ok()? {
                Inward::Opened { connection, out } => drop(self.out.insert(connection, out)),
                Inward::Closed { connection } => drop(self.out.remove(&connection)),
                Inward::Frame { path, frame } => return Some((path, frame)),
            }
        }
    }

    /// Gives a datagram to its connection, or loses it.
    pub fn send(&mut self, connection: u64, datagram: Bytes) {
        let Some(out) = self.out.get(&connection) else {
            self.dropped += 1;
            return;
        };
        let is_refused = datagram.len() > SMALL_BYTES && out.capacity() < OUTWARD_RESERVE;
        if is_refused || matches!(out.try_send(datagram), Err(TrySendError::Full(_) | TrySendError::Closed(_))) {
            self.dropped += 1;
        }
    }
}

impl StreamDoor {
    /// Accepts connections for media alone, until the media threads end or the socket fails.
    pub async fn listen(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) if !self.shared.inward.is_closed() => drop(tokio::spawn(self.clone().take(stream))),
                Ok(_) => return,
                Err(error) => {
                    // Out of files, most likely: some will be closed.
                    tracing::warn!(%error, "a connection for media was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// One connection whose first byte is still to come, or was looked at and not taken. Ends when it does.
    pub async fn take(self, stream: TcpStream) {
        let (Ok(remote), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        let Some(_place) = self.place(remote.ip()) else {
            metrics::counter!("sidang_media_streams_refused_total").increment(1);
            return;
        };
        let _ = stream.set_nodelay(true);
        let connection = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let path = Path { remote, local: Some(local.ip().to_canonical()), via: Via::Stream(connection) };
        metrics::gauge!("sidang_media_streams").increment(1);
        if let Err(error) = self.carry(stream, path, connection).await {
            tracing::debug!(%error, "a connection for media ended");
        }
        metrics::gauge!("sidang_media_streams").decrement(1);
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= CONNECTIONS_MAX {
            return None;
        }
        let of_address = open.entry(address).or_default();
        if *of_address >= CONNECTIONS_OF_ADDRESS_MAX {
            return None;
        }
        *of_address += 1;
        Some(Place { shared: Arc::clone(&self.shared), address })
    }

    async fn carry(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, path: Path, connection: u64) -> io::Result<()> {
        let mut frames = Frames::default();
        timeout(OPENING_MAX, open(&mut stream, &mut frames)).await??;
        let (out, mut outward) = mpsc::channel(OUTWARD_MAX);
        let ended = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.shared.inward.send(Inward::Opened { connection, out }).await.map_err(ended)?;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let answered = AtomicU64::new(0);
        let result = tokio::select! {
            result = self.read(&mut reader, frames, path, &answered) => result,
            result = write(&mut writer, &mut outward, &answered) => result,
        };
        let _ = self.shared.inward.send(Inward::Closed { connection }).await;
        result
    }

    async fn read(&self, reader: &mut (impl AsyncRead + Unpin), mut frames: Frames, path: Path, answered: &AtomicU64) -> io::Result<()> {
        let mut unanswered = 0;
        loop {
            while let Some(frame) = frames.next().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
                if answered.load(Ordering::Relaxed) == 0 {
                    unanswered += 1;
                    if unanswered > UNANSWERED_FRAMES_MAX {
                        return Err(io::ErrorKind::PermissionDenied.into());
                    }
                }
                if self.shared.inward.send(Inward::Frame { path, frame }).await.is_err() {
                    return Ok(());
                }
                if let Err(error) = self.shared.waker.wake() {
                    tracing::error!(%error, "a media thread cannot be woken");
                }
            }
            if timeout(SILENCE_MAX, reader.read_buf(&mut frames.buffer)).await?? == 0 {
                return Ok(());
            }
        }
    }
}

/// The greeting, where the client begins with it.
async fn open(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), frames: &mut Frames) -> io::Result<()> {
    if stream.read_buf(&mut frames.buffer).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    match Opening::of(frames.buffer[0]) {
        Opening::Frames => Ok(()),
        Opening::Greeting => {
            while frames.buffer.len() < opening::CLIENT_GREETING.len() {
                if stream.read_buf(&mut frames.buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            if frames.buffer.split_to(opening::CLIENT_GREETING.len())[..] != opening::CLIENT_GREETING {
                return Err(io::ErrorKind::InvalidData.into());
            }
            stream.write_all(&opening::SERVER_GREETING).await
        }
        Opening::Other => Err(io::ErrorKind::InvalidData.into()),
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), outward: &mut Receiver<Bytes>, answered: &AtomicU64) -> io::Result<()> {
    let mut bytes = BytesMut::new();
    while let Some(datagram) = outward.recv().await {
        frame::write(&mut bytes, &datagram);
        while bytes.len() < WRITE_BYTES
            && let Ok(datagram) = outward.try_recv()
        {
            frame::write(&mut bytes, &datagram);
        }
        answered.fetch_add(1, Ordering::Relaxed);
        writer.write_all_buf(&mut bytes).await?;
    }
    Ok(())
}

/// An address's share of the connections, given back when one ends.
struct Place {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = open.entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
