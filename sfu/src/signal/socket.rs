//! One socket, one task: it waits for the client, the engine and the clock at once, and ends when any of them says so.

use super::{
    Signal,
    doors::Place,
    message,
    sessions::{Line, Outgoing, Seated, Wait, close},
};
use crate::engine::room::TokenBucket;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};
use wire::{
    Code, Refusal,
    id::SessionId,
    limits::TICKET_RENEW_S,
    signal::{ClientEnvelope, ClientMessage, RequestId, ServerMessage},
};

/// First messages that one socket may try: a resume, the same with an offer, a join with a fresh grant, and one more.
const OPENINGS_MAX: usize = 4;
/// Messages that cannot be read, before the socket is closed.
const MALFORMED_MAX: usize = 10;
/// Frames of one socket, of whatever kind: far above what the room takes from a session, so that only a flood meets it.
const FRAMES_BURST: u32 = 2_000;
const FRAMES_PER_SECOND: u32 = 200;
/// For the other side to close too.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long a socket waits for what.
#[derive(Clone, Copy, Debug)]
pub struct SocketTimes {
    /// For the first message.
    pub first_message: Duration,
    /// For a frame to be taken by a slow reader.
    pub write: Duration,
    pub ping_every: Duration,
    /// Without a frame of any kind the line is taken for dead.
    pub silence_max: Duration,
}

impl Default for SocketTimes {
    fn default() -> Self {
        Self {
            first_message: Duration::from_secs(10),
            write: Duration::from_secs(10),
            ping_every: Duration::from_secs(10),
            silence_max: Duration::from_secs(25),
        }
    }
}

/// Why a socket ends, as its close code.
struct Closing(u16);

struct Wire {
    socket: WebSocket,
    times: SocketTimes,
    frames: TokenBucket,
    malformed: usize,
}

pub async fn run(socket: WebSocket, signal: Arc<Signal>, place: Place) {
    let frames = TokenBucket::new(FRAMES_BURST, FRAMES_PER_SECOND, Instant::now());
    let mut wire = Wire { socket, times: signal.times, frames, malformed: 0 };
    let (line, mut outgoing) = Line::new();
    let stopped = signal.stopping.clone();
    metrics::gauge!("signal_sockets").increment(1.0);
    let opened = tokio::select! {
        opened = open(&mut wire, &signal, &line) => opened,
        () = stopped.cancelled() => Err(Closing(close::RESTART)),
    };
    let Closing(code) = match opened {
        Ok((session, generation)) => {
            let closing = attend(&mut wire, &signal, &line, &mut outgoing, session, generation).await;
            // A node that stops leaves its sessions as they are: they are resumed in its next life.
            if closing.0 != close::RESTART {
                signal.sessions.left(session, generation);
            }
            closing
        }
        Err(closing) => closing,
    };
    wire.close(code).await;
    metrics::gauge!("signal_sockets").decrement(1.0);
    drop(place);
}

/// One frame, as far as it matters here.
enum Frame {
    Message(ClientEnvelope),
    Malformed(RequestId, Refusal),
    /// A ping or a pong: the line lives.
    Control,
}

impl Wire {
    /// The next frame. Dropping the future loses nothing.
    async fn next(&mut self) -> Result<Frame, Closing> {
        let frame = match self.socket.recv().await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(Closing(code_of(&error))),
            None => return Err(Closing(close::NORMAL)),
        };
        if self.frames.take(Instant::now()).is_err() {
            return Err(Closing(close::POLICY));
        }
        match frame {
            Message::Text(text) => Ok(match message::read(&text) {
                Ok(envelope) => Frame::Message(envelope),
                Err((id, refusal)) => Frame::Malformed(id, refusal),
            }),
            Message::Ping(_) | Message::Pong(_) => Ok(Frame::Control),
            Message::Binary(_) => Err(Closing(close::UNSUPPORTED)),
            Message::Close(_) => Err(Closing(close::NORMAL)),
        }
    }

    async fn write(&mut self, message: Message) -> Result<(), Closing> {
        match time::timeout(self.times.write, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Closing(close::NORMAL)),
            Err(_) => Err(Closing(close::TRY_AGAIN)),
        }
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), Closing> {
        self.write(Message::Text(Utf8Bytes::from(message::write(message)))).await
    }

    async fn refuse(&mut self, id: RequestId, refusal: Refusal) -> Result<(), Closing> {
        self.send(&ServerMessage::Refused { id, refusal }).await
    }

    /// Says why, and waits a little for the other side to say so too; either may be gone already.
    async fn close(mut self, code: u16) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
        let farewell = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        let _ = time::timeout(FAREWELL, farewell).await;
    }
}

/// A message beyond its bound is told as such; anything else that goes wrong with the bytes ends the line.
fn code_of(error: &axum::Error) -> u16 {
    use tokio_tungstenite::tungstenite::Error;
    let inner = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    match inner {
        Some(Error::Capacity(_)) => close::TOO_LARGE,
        Some(Error::Utf8(_) | Error::Protocol(_)) => close::PROTOCOL,
        _ => close::NORMAL,
    }
}

/// From the first message to a session.
async fn open(wire: &mut Wire, signal: &Signal, line: &Line) -> Result<(SessionId, u32), Closing> {
    let mut tried = 0;
    // Pings do not put it off.
    let mut until = time::Instant::now() + wire.times.first_message;
    while tried < OPENINGS_MAX {
        let Ok(next) = time::timeout_at(until, wire.next()).await else {
            wire.refuse(0, Refusal::new(Code::RequestTimeout)).await?;
            return Err(Closing(close::POLICY));
        };
        let ClientEnvelope { id, message } = match next? {
            Frame::Message(envelope) => envelope,
            Frame::Control => continue,
            Frame::Malformed(id, refusal) => {
                tried += 1;
                wire.refuse(id, refusal).await?;
                continue;
            }
        };
        tried += 1;
        match begin(wire, signal, line, id, message).await? {
            Ok(Seated { session, generation, resumed, ticket, answer, acts, state }) => {
                metrics::counter!("signal_openings_total", "outcome" => if resumed { "resumed" } else { "joined" }).increment(1);
                let joined = ServerMessage::Joined { id, session, resumed, ticket, answer, acts, state };
                if let Err(closing) = wire.send(&joined).await {
                    signal.sessions.left(session, generation);
                    return Err(closing);
                }
                return Ok((session, generation));
            }
            Err(refusal) => {
                metrics::counter!("signal_openings_total", "outcome" => refusal.code.text()).increment(1);
                tracing::info!(refusal = %refusal, "an opening was refused");
                wire.refuse(id, refusal).await?;
                until = time::Instant::now() + wire.times.first_message;
            }
        }
    }
    Err(Closing(close::POLICY))
}

/// A first message's way to its answer. Where it waits before a door the line is kept alive, and what changes meanwhile is told.
async fn begin(
    wire: &mut Wire,
    signal: &Signal,
    line: &Line,
    id: RequestId,
    message: ClientMessage,
) -> Result<Result<Seated, Refusal>, Closing> {
    let mut waits = line.waits();
    let begun = signal.begin(message, line);
    tokio::pin!(begun);
    let mut ping = time::interval(wire.times.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut heard = time::Instant::now();
    let mut waiting = false;
    loop {
        let silent = heard + wire.times.silence_max;
        tokio::select! {
            answer = &mut begun => return Ok(answer),
            Ok(()) = waits.changed() => {
                let wait = *waits.borrow_and_update();
                let Some(Wait { since_ms, chair_present }) = wait else { continue };
                if !waiting {
                    (waiting, heard) = (true, time::Instant::now());
                }
                wire.send(&ServerMessage::Waiting { id, since_ms, chair_present }).await?;
            }
            // Until then what follows waits in the socket, as it always did.
            frame = wire.next(), if waiting => {
                heard = time::Instant::now();
                match frame? {
                    Frame::Control => {}
                    Frame::Malformed(id, refusal) => {
                        wire.malformed += 1;
                        if wire.malformed > MALFORMED_MAX {
                            return Err(Closing(close::POLICY));
                        }
                        wire.refuse(id, refusal).await?;
                    }
                    Frame::Message(ClientEnvelope { id, message: ClientMessage::Ping }) => wire.send(&ServerMessage::Pong { id }).await?,
                    Frame::Message(ClientEnvelope { message: ClientMessage::Leave, .. }) => return Err(Closing(close::NORMAL)),
                    Frame::Message(ClientEnvelope { id, .. }) => wire.refuse(id, Refusal::new(Code::SignalOutOfOrder)).await?,
                }
            }
            () = time::sleep_until(silent), if waiting => return Err(Closing(close::POLICY)),
            _ = ping.tick(), if waiting => wire.write(Message::Ping(bytes::Bytes::new())).await?,
        }
    }
}

async fn attend(
    wire: &mut Wire,
    signal: &Signal,
    line: &Line,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    session: SessionId,
    generation: u32,
) -> Closing {
    let mut ticket = time::interval(Duration::from_secs(TICKET_RENEW_S));
    let mut ping = time::interval(wire.times.ping_every);
    for interval in [&mut ticket, &mut ping] {
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval.reset();
    }
    let mut heard = time::Instant::now();
    let mut confirmed = false;
    loop {
        let silent = heard + wire.times.silence_max;
        // In no order of preference: who floods must not keep the answers from going out.
        let step = tokio::select! {
            () = signal.stopping.cancelled() => Err(Closing(close::RESTART)),
            () = line.closed.cancelled() => Err(Closing(line.code())),
            frame = wire.next() => match frame {
                Err(closing) => Err(closing),
                Ok(frame) => {
                    heard = time::Instant::now();
                    if !confirmed {
                        signal.sessions.confirm(session, generation);
                        confirmed = true;
                    }
                    take(wire, signal, session, frame).await
                }
            },
            () = time::sleep_until(silent) => Err(Closing(close::POLICY)),
            message = outgoing.recv() => match message {
                Some(Outgoing::Message(message)) => wire.send(&message).await,
                Some(Outgoing::Last(message)) => wire.send(&message).await.and(Err(Closing(close::NORMAL))),
                None => Err(Closing(close::NORMAL)),
            },
            _ = ticket.tick() => match signal.sessions.ticket(session, generation) {
                Some(ticket) => wire.send(&ServerMessage::Ticket { ticket }).await,
                None => Ok(()),
            },
            _ = ping.tick() => wire.write(Message::Ping(bytes::Bytes::new())).await,
        };
        if let Err(closing) = step {
            return closing;
        }
    }
}

async fn take(wire: &mut Wire, signal: &Signal, session: SessionId, frame: Frame) -> Result<(), Closing> {
    let (id, answer) = match frame {
        Frame::Control => return Ok(()),
        Frame::Malformed(id, refusal) => {
            wire.malformed += 1;
            if wire.malformed > MALFORMED_MAX {
                return Err(Closing(close::POLICY));
            }
            (id, Err(refusal))
        }
        Frame::Message(ClientEnvelope { id, message }) => (
            id,
            match message {
                ClientMessage::Join { .. } | ClientMessage::Resume { .. } => Err(Refusal::new(Code::SignalOutOfOrder)),
                ClientMessage::Offer { offer, publish } => signal.reoffer(session, id, offer, publish).await,
                message => signal.sessions.client(session, id, message),
            },
        ),
    };
    match answer {
        Ok(()) => Ok(()),
        Err(refusal) => wire.refuse(id, refusal).await,
    }
}
