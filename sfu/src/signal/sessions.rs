//! Which session is on which socket: the one table between sockets and media threads. Everything here is short and waits for nothing;
//! commands are sent while the table is locked, so that they reach the engine in the order in which the table changed.

use super::{
    plane::MediaPlane,
    ticket::{Ticket, Tickets},
};
use crate::engine::api::{Command, Event, Join, Media};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use wire::{
    Code, Refusal, UnixMs,
    grant::{Act, GrantClaims},
    id::SessionId,
    signal::{BreakoutNumber, ClientMessage, RequestId, RoomState, ServerMessage},
};

/// Messages that wait for one socket: a full room's coming and going twice over. A reader that is slower is closed and comes back to
/// the whole state.
const OUTGOING_MAX: usize = 1024;
/// Offers of one session that wait for their answer.
const OFFERS_MAX: usize = 4;

/// RFC 6455, section 7.4, and our own from 4000.
pub mod close {
    pub const NORMAL: u16 = 1000;
    pub const PROTOCOL: u16 = 1002;
    pub const UNSUPPORTED: u16 = 1003;
    pub const POLICY: u16 = 1008;
    pub const TOO_LARGE: u16 = 1009;
    /// The node stops; the session can be resumed on its next life.
    pub const RESTART: u16 = 1012;
    /// The reader was too slow; the session can be resumed.
    pub const TRY_AGAIN: u16 = 1013;
    /// The session goes on, on a newer socket.
    pub const SUPERSEDED: u16 = 4001;
}

/// A socket as the table knows it.
#[derive(Clone)]
pub struct Line {
    queue: mpsc::Sender<Outgoing>,
    pub closed: CancellationToken,
    code: Arc<AtomicU16>,
    waits: Arc<watch::Sender<Option<Wait>>>,
}

/// What one who waits before a door is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub since_ms: UnixMs,
    pub chair_present: bool,
}

pub enum Outgoing {
    Message(ServerMessage),
    /// The last one; the socket closes after it.
    Last(ServerMessage),
}

impl Line {
    pub fn new() -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, outgoing) = mpsc::channel(OUTGOING_MAX);
        let (waits, _) = watch::channel(None);
        let code = Arc::new(AtomicU16::new(close::NORMAL));
        (Self { queue, closed: CancellationToken::new(), code, waits: Arc::new(waits) }, outgoing)
    }

    pub fn close(&self, code: u16) {
        if !self.closed.is_cancelled() {
            self.code.store(code, Ordering::Relaxed);
            self.closed.cancel();
        }
    }

    pub fn code(&self) -> u16 {
        self.code.load(Ordering::Relaxed)
    }

    /// Changes where the join on this line begins to wait, and with what is told of it.
    pub fn waits(&self) -> watch::Receiver<Option<Wait>> {
        self.waits.subscribe()
    }

    pub fn is_waiting(&self) -> bool {
        self.waits.borrow().is_some()
    }

    /// Another first message: it does not wait yet.
    pub fn begin(&self) {
        self.waits.send_replace(None);
    }

    fn push(&self, outgoing: Outgoing) {
        if self.queue.try_send(outgoing).is_err() {
            self.close(close::TRY_AGAIN);
        }
    }
}

/// What the socket is told when its session lives.
pub struct Seated {
    pub session: SessionId,
    pub generation: u32,
    pub resumed: bool,
    pub ticket: String,
    pub answer: Option<String>,
    pub acts: BTreeSet<Act>,
    pub state: Box<RoomState>,
}

/// What a ticket in date leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The session lives here.
    Live,
    /// This life of the node does not know it: it is built anew from the ticket.
    Unknown,
    /// The session lives on a socket that came after this ticket.
    Elsewhere,
}

/// A join or resume on its way through the engine.
pub struct Opening {
    pub session: SessionId,
    pub grant: GrantClaims,
    /// Of the ticket; 0 for a new session.
    pub generation: u32,
    /// Of the ticket: where in the meeting the session stood.
    pub breakout: Option<BreakoutNumber>,
    pub media: Option<(Media, String)>,
    pub line: Line,
}

struct Handshake {
    opening: Opening,
    done: oneshot::Sender<Result<Seated, Refusal>>,
}

struct Entry {
    generation: u32,
    /// The client has been heard on the present socket, so it has its ticket.
    confirmed: bool,
    line: Option<Line>,
    /// Handshakes on their way: while there is one the session is not given up.
    opening: usize,
    grant: GrantClaims,
    breakout: Option<BreakoutNumber>,
    media: Media,
    offers: HashMap<RequestId, (Media, String)>,
}

impl Entry {
    fn ticket(&self, session: SessionId, now_ms: UnixMs) -> Ticket {
        Ticket { breakout: self.breakout, ..Ticket::issue(session, self.generation, self.grant.clone(), now_ms) }
    }
}

#[derive(Default)]
struct Table {
    entries: HashMap<SessionId, Entry>,
    handshakes: HashMap<RequestId, Handshake>,
    next: RequestId,
}

pub struct Sessions {
    table: Mutex<Table>,
    pub tickets: Tickets,
    plane: Arc<dyn MediaPlane>,
    clock: super::Clock,
}

impl Sessions {
    pub fn new(tickets: Tickets, plane: Arc<dyn MediaPlane>, clock: super::Clock) -> Self {
        Self { table: Mutex::default(), tickets, plane, clock }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn claim(&self, ticket: &Ticket) -> Claim {
        let table = self.table();
        let Some(entry) = table.entries.get(&ticket.session) else { return Claim::Unknown };
        // One who was never heard on the newer socket may never have got its ticket.
        let missed = !entry.confirmed && ticket.generation.checked_add(1) == Some(entry.generation);
        if ticket.generation == entry.generation || missed { Claim::Live } else { Claim::Elsewhere }
    }

    /// Sends the join or, where the session lives, the resume. The answer comes by the receiver.
    pub fn open(
        &self,
        opening: Opening,
        resumed: bool,
        live: bool,
    ) -> Result<(RequestId, oneshot::Receiver<Result<Seated, Refusal>>), Refusal> {
        let now_ms = (self.clock)();
        let mut table = self.table();
        table.next = table.next.wrapping_add(1);
        let (request, session) = (table.next, opening.session);
        let media = opening.media.as_ref().map(|(media, _)| media.clone());
        let command = match (live, media) {
            (true, media) => Command::Resume { request, session, media: media.map(Box::new), now_ms },
            (false, Some(media)) => Command::Join(Box::new(Join {
                request,
                session,
                grant: opening.grant.clone(),
                media,
                resumed,
                breakout: opening.breakout,
                now_ms,
            })),
            (false, None) => return Err(Refusal::new(Code::OfferRequired)),
        };
        self.plane.send(command)?;
        if let Some(entry) = table.entries.get_mut(&session) {
            entry.opening += 1;
        }
        let (done, answer) = oneshot::channel();
        table.handshakes.insert(request, Handshake { opening, done });
        Ok((request, answer))
    }

    /// Nobody waits for the answer any more.
    pub fn give_up(&self, request: RequestId) {
        let mut table = self.table();
        if let Some(handshake) = table.handshakes.remove(&request) {
            let session = handshake.opening.session;
            match table.entries.contains_key(&session) {
                true => self.after_failed(&mut table, session),
                // It may be waiting before a door.
                false => self.detach(session),
            }
        }
    }

    /// A handshake that failed may have been all that kept a lost session from being given up.
    fn after_failed(&self, table: &mut Table, session: SessionId) {
        let Some(entry) = table.entries.get_mut(&session) else { return };
        entry.opening = entry.opening.saturating_sub(1);
        if entry.opening == 0 && entry.line.is_none() {
            self.detach(session);
        }
    }

    fn detach(&self, session: SessionId) {
        if self.plane.send(Command::Detach { session, now_ms: (self.clock)() }).is_err() {
            tracing::warn!(session.id = %session, "the media threads are too busy to hear that a socket is gone");
        }
    }

    /// The client has been heard on this socket.
    pub fn confirm(&self, session: SessionId, generation: u32) {
        if let Some(entry) = self.table().entries.get_mut(&session).filter(|it| it.generation == generation) {
            entry.confirmed = true;
        }
    }

    /// The socket is gone. Another may have taken its place by now.
    pub fn left(&self, session: SessionId, generation: u32) {
        let mut table = self.table();
        let Some(entry) = table.entries.get_mut(&session).filter(|it| it.generation == generation) else { return };
        entry.line = None;
        if entry.opening == 0 {
            self.detach(session);
        }
    }

    pub fn ticket(&self, session: SessionId, generation: u32) -> Option<String> {
        let table = self.table();
        let entry = table.entries.get(&session).filter(|it| it.generation == generation)?;
        let ticket = entry.ticket(session, (self.clock)());
        drop(table);
        Some(self.tickets.seal(&ticket))
    }

    /// What was agreed on last: what a further offer, or one that brings the session back, builds on.
    pub fn media(&self, session: SessionId) -> Option<Media> {
        self.table().entries.get(&session).map(|entry| entry.media.clone())
    }

    pub fn offer(&self, session: SessionId, request: RequestId, media: Media, answer: String) -> Result<(), Refusal> {
        let mut table = self.table();
        let Some(entry) = table.entries.get_mut(&session) else { return Err(Refusal::new(Code::ResumeUnknown)) };
        if entry.offers.len() >= OFFERS_MAX {
            return Err(Refusal::new(Code::RateLimited).with("retry_after_s", 1));
        }
        self.plane.send(Command::Reoffer { request, session, media: Box::new(media.clone()) })?;
        entry.offers.insert(request, (media, answer));
        Ok(())
    }

    pub fn client(&self, session: SessionId, request: RequestId, message: ClientMessage) -> Result<(), Refusal> {
        Ok(self.plane.send(Command::Client { request, session, message, now_ms: (self.clock)() })?)
    }

    /// Closes every socket; the sessions stay to be resumed.
    pub fn close_all(&self, code: u16) {
        for line in self.table().entries.values().filter_map(|entry| entry.line.as_ref()) {
            line.close(code);
        }
    }

    pub fn len(&self) -> usize {
        self.table().entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the engine says to the sockets. Facts, taps and memories are not for here and come back.
    pub fn handle(&self, event: Event) -> Option<Event> {
        match event {
            Event::Joined { request, session, resumed, permitted, acts, state } => {
                self.joined(request, Admission { session, resumed, permitted, acts, state });
            }
            Event::Waiting { request, since_ms, chair_present, .. } => {
                if let Some(handshake) = self.table().handshakes.get(&request) {
                    handshake.opening.line.waits.send_replace(Some(Wait { since_ms, chair_present }));
                }
            }
            Event::Permitted { session, role, acts } => {
                // What the next ticket must say, so that a session that comes back after a restart may do no more than before.
                if let Some(entry) = self.table().entries.get_mut(&session) {
                    (entry.grant.role, entry.grant.acts) = (role, acts);
                }
            }
            Event::Placed { session, breakout } => {
                if let Some(entry) = self.table().entries.get_mut(&session) {
                    entry.breakout = breakout;
                    // At once: a ticket of before leads into the room that was left.
                    let ticket = self.tickets.seal(&entry.ticket(session, (self.clock)()));
                    if let Some(line) = &entry.line {
                        line.push(Outgoing::Message(ServerMessage::Ticket { ticket }));
                    }
                }
            }
            Event::JoinRefused { request, session, refusal } => self.join_refused(request, session, refusal),
            Event::Reoffered { request, session } => self.reoffered(request, session),
            Event::Message { session, message } => self.message(session, message),
            Event::Ended { session, reason } => {
                let entry = self.table().entries.remove(&session);
                if let Some(line) = entry.and_then(|entry| entry.line) {
                    line.push(Outgoing::Last(ServerMessage::Ended { reason }));
                }
            }
            other => return Some(other),
        }
        None
    }

    fn joined(&self, request: RequestId, admission: Admission) {
        let Admission { session, resumed, permitted, acts, state } = admission;
        let mut table = self.table();
        let Some(Handshake { opening, done }) = table.handshakes.remove(&request) else {
            // Nobody waited for it: the seat is not held for nobody. A session that has a socket keeps it.
            if !table.entries.contains_key(&session) {
                let leave = Command::Client { request, session, message: ClientMessage::Leave, now_ms: (self.clock)() };
                if self.plane.send(leave).is_err() {
                    self.detach(session);
                }
            }
            return;
        };
        let Opening { mut grant, generation, media, line, .. } = opening;
        let (media, answer) = media.unzip();
        let entry = match table.entries.remove(&session) {
            Some(mut entry) => {
                if let Some(older) = entry.line.take() {
                    older.close(close::SUPERSEDED);
                }
                entry.opening = entry.opening.saturating_sub(1);
                entry.generation = entry.generation.wrapping_add(1);
                if let Some(media) = media {
                    entry.media = media;
                    entry.offers.clear();
                }
                grant = entry.grant.clone();
                Some(entry)
            }
            None => media.map(|media| Entry {
                generation: generation.wrapping_add(1),
                confirmed: false,
                line: None,
                opening: 0,
                grant: grant.clone(),
                breakout: None,
                media,
                offers: HashMap::new(),
            }),
        };
        let Some(mut entry) = entry else { return };
        note_state(&mut grant, session, permitted, &state);
        (entry.confirmed, entry.line, entry.grant) = (false, Some(line), grant);
        entry.breakout = state.participants.iter().find(|row| row.session == session).and_then(|row| row.breakout);
        let generation = entry.generation;
        let ticket = self.tickets.seal(&entry.ticket(session, (self.clock)()));
        table.entries.insert(session, entry);
        if done.send(Ok(Seated { session, generation, resumed, ticket, answer, acts, state })).is_err() {
            drop(table);
            self.left(session, generation);
        }
    }

    fn join_refused(&self, request: RequestId, session: SessionId, refusal: Refusal) {
        let mut table = self.table();
        let Some(handshake) = table.handshakes.remove(&request) else { return };
        self.after_failed(&mut table, session);
        // Whoever waited may be gone; then nobody needs to know.
        let _ = handshake.done.send(Err(refusal));
    }

    fn reoffered(&self, request: RequestId, session: SessionId) {
        let mut table = self.table();
        let Some(entry) = table.entries.get_mut(&session) else { return };
        let Some((media, answer)) = entry.offers.remove(&request) else { return };
        entry.media = media;
        if let Some(line) = &entry.line {
            line.push(Outgoing::Message(ServerMessage::Answer { id: request, answer }));
        }
    }

    fn message(&self, session: SessionId, message: ServerMessage) {
        let mut table = self.table();
        let Some(entry) = table.entries.get_mut(&session) else { return };
        // What the next ticket must say, so that a session that comes back after a restart may do no more than before.
        match &message {
            ServerMessage::Classification { classification, .. } => {
                entry.grant.classification = entry.grant.classification.max(*classification);
            }
            ServerMessage::Window { closes_at_ms, .. } => entry.grant.closes_at = entry.grant.closes_at.max(closes_at_ms.seconds()),
            ServerMessage::Refused { id, .. } => drop(entry.offers.remove(id)),
            _ => {}
        }
        if let Some(line) = &entry.line {
            line.push(Outgoing::Message(message));
        }
    }
}

/// What the engine says of a session that it let in.
struct Admission {
    session: SessionId,
    resumed: bool,
    permitted: BTreeSet<Act>,
    acts: BTreeSet<Act>,
    state: Box<RoomState>,
}

fn note_state(grant: &mut GrantClaims, session: SessionId, permitted: BTreeSet<Act>, state: &RoomState) {
    grant.acts = permitted;
    grant.classification = grant.classification.max(state.classification);
    grant.closes_at = grant.closes_at.max(state.closes_at_ms.seconds());
    if let Some(row) = state.participants.iter().find(|row| row.session == session) {
        grant.role = row.role;
    }
}

/// Milliseconds of the system's clock.
pub fn system_clock() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_too_slow_is_closed_and_nothing_piles_up() {
        let (line, outgoing) = Line::new();
        for id in 0..OUTGOING_MAX as u32 + 100 {
            line.push(Outgoing::Message(ServerMessage::Pong { id }));
        }
        assert!(line.closed.is_cancelled());
        assert_eq!((line.code(), outgoing.len()), (close::TRY_AGAIN, OUTGOING_MAX));
        line.close(close::SUPERSEDED);
        assert_eq!(line.code(), close::TRY_AGAIN, "the first reason stays");
    }
}
