//! One media thread: a socket, an engine, and the loop between them.

use super::{
    handle::Ends,
    measure::Measure,
    socket::{Sending, Socket},
    stream::Streams,
};
use crate::engine::{
    Engine,
    api::{Event, Tap},
    transport::{Transmit, Via},
};
use std::{
    collections::VecDeque,
    io,
    sync::{atomic::Ordering, mpsc::TryRecvError},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::error::TrySendError;

const SOCKET: mio::Token = mio::Token(0);
pub const WAKE: mio::Token = mio::Token(1);

/// Batches in one turn, before what they led to is sent: a batch is 32 datagrams or more.
const BATCHES_MAX: usize = 8;
/// Frames of streams in one turn.
const FRAMES_MAX: usize = 256;
/// Commands in one turn: one that lets somebody in costs some 20 microseconds.
const COMMANDS_MAX: usize = 64;
/// Datagrams gathered before they are sent, whatever else the turn has to do.
const OUTGOING_MAX: usize = 2048;
/// Events that the signalling side has not taken. While there are any, no command is taken, so that its own queue fills and its senders are
/// told; what the media alone leads to in that time fits in here or is lost and counted.
const BACKLOG_MAX: usize = 65_536;
/// How soon a full queue is tried again.
const BACKLOG_RETRY: Duration = Duration::from_millis(2);
const MEASURE_EVERY: Duration = Duration::from_secs(1);

pub struct Shard {
    poll: mio::Poll,
    socket: Socket,
    streams: Streams,
    engine: Engine,
    ends: Ends,
    tap: super::TapSink,
    outgoing: Vec<Transmit>,
    backlog: VecDeque<Event>,
    dropped: u64,
    measure: Measure,
    measured_at: Instant,
}

impl Shard {
    pub fn new(
        poll: mio::Poll,
        mut socket: Socket,
        streams: Streams,
        engine: Engine,
        ends: Ends,
        tap: super::TapSink,
        now: Instant,
    ) -> io::Result<Self> {
        poll.registry().register(socket.source(), SOCKET, mio::Interest::READABLE)?;
        Ok(Self {
            poll,
            socket,
            streams,
            engine,
            ends,
            tap,
            outgoing: Vec::with_capacity(OUTGOING_MAX),
            backlog: VecDeque::new(),
            dropped: 0,
            measure: Measure::default(),
            measured_at: now,
        })
    }

    /// Until it is told to stop, or nobody is left who could send it a command.
    pub fn run(mut self) {
        let mut readiness = mio::Events::with_capacity(16);
        // The kernel says once that there is something to read: until a read finds nothing, there is.
        let mut readable = true;
        let (mut more_commands, mut more_frames) = (true, true);
        while !self.ends.stop.load(Ordering::Acquire) {
            let wait = if readable || more_commands || more_frames { Some(Duration::ZERO) } else { self.wait() };
            match self.poll.poll(&mut readiness, wait) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(%error, "a media thread cannot wait for its socket");
                    return;
                }
            }
            readable |= readiness.iter().any(|it| it.token() == SOCKET);
            if readable {
                readable = self.receive();
            }
            more_frames = self.take_frames();
            more_commands = match self.take_commands() {
                Ok(more) => more,
                Err(Ended) => break,
            };
            let now = Instant::now();
            if self.engine.poll_timeout().is_some_and(|at| at <= now) {
                self.engine.handle_timeout(now);
                self.collect();
            }
            self.flush();
            if now >= self.measured_at + MEASURE_EVERY {
                self.report(now);
            }
        }
        self.flush();
        self.report(Instant::now());
    }

    fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut wait = (self.measured_at + MEASURE_EVERY).saturating_duration_since(now);
        if let Some(at) = self.engine.poll_timeout() {
            wait = wait.min(at.saturating_duration_since(now));
        }
        if !self.backlog.is_empty() {
            wait = wait.min(BACKLOG_RETRY);
        }
        Some(wait)
    }

    /// True: there is more to read.
    fn receive(&mut self) -> bool {
        for _ in 0..BATCHES_MAX {
            let now = Instant::now();
            let (engine, streams, outgoing) = (&mut self.engine, &mut self.streams, &mut self.outgoing);
            let received = self.socket.receive(|sending, path, datagram| {
                engine.handle_read(now, path, datagram);
                gather(engine, streams, sending, outgoing);
            });
            self.collect();
            match received {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    tracing::debug!(%error, "a read failed");
                    return true;
                }
            }
        }
        true
    }

    /// What came on streams. True: there may be more.
    fn take_frames(&mut self) -> bool {
        for _ in 0..FRAMES_MAX {
            let Some((path, frame)) = self.streams.poll_read() else { return false };
            self.engine.handle_read(Instant::now(), path, &frame);
            self.collect();
        }
        true
    }

    /// True: there may be more.
    fn take_commands(&mut self) -> Result<bool, Ended> {
        self.pass_on_backlog()?;
        for _ in 0..COMMANDS_MAX {
            if !self.backlog.is_empty() {
                return Ok(false);
            }
            match self.ends.commands.try_recv() {
                Ok(command) => {
                    self.engine.handle_command(Instant::now(), command);
                    self.collect();
                }
                Err(TryRecvError::Empty) => return Ok(false),
                Err(TryRecvError::Disconnected) => return Err(Ended),
            }
        }
        Ok(true)
    }

    /// Fetches what the engine has for the outside.
    fn collect(&mut self) {
        gather(&mut self.engine, &mut self.streams, &mut self.socket.sending, &mut self.outgoing);
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Tap(tap) => (self.tap)(tap),
                event if self.backlog.len() < BACKLOG_MAX => self.backlog.push_back(event),
                _ => self.dropped += 1,
            }
        }
        // Whether the other side is gone is found out where commands are taken.
        let _ = self.pass_on_backlog();
    }

    fn pass_on_backlog(&mut self) -> Result<(), Ended> {
        while let Some(event) = self.backlog.pop_front() {
            match self.ends.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.backlog.push_front(event);
                    return Ok(());
                }
                Err(TrySendError::Closed(_)) => return Err(Ended),
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.outgoing.is_empty() {
            self.socket.sending.send(&mut self.outgoing);
        }
    }

    fn report(&mut self, now: Instant) {
        self.measured_at = now;
        let mut counters = self.engine.counters();
        counters.events_dropped += self.dropped;
        self.measure.report(&counters, &self.socket.sending.counters, self.streams.dropped);
    }
}

/// Takes what the engine has to send, and sends it where it becomes more than is gathered.
fn gather(engine: &mut Engine, streams: &mut Streams, sending: &mut Sending, outgoing: &mut Vec<Transmit>) {
    while let Some(transmit) = engine.poll_write() {
        if let Via::Stream(connection) = transmit.path.via {
            streams.send(connection, transmit.payload);
            continue;
        }
        outgoing.push(transmit);
        if outgoing.len() >= OUTGOING_MAX {
            sending.send(outgoing);
        }
    }
}

/// Nobody is left on the other side.
struct Ended;

/// For a node that records nothing.
pub fn no_recorder() -> super::TapSink {
    Box::new(|_: Tap| {})
}
