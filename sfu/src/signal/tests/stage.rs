//! A server on a port of its own, clients that speak text, and the room rules behind them without media.

use super::super::{
    Clock, DoorLimits, Doors, Sessions, Signal, SocketTimes,
    auth::Grants,
    plane::{Busy, MediaPlane},
    router, system_clock,
    testing::{self, AUDIENCE, ISSUER, Published, Signer},
    ticket::Tickets,
};
use crate::engine::{
    api::{Command, Event, Media},
    room::{Effect, Rooms, Settings, tests::scene},
};
use crate::sdp::Keep;
use futures_util::{SinkExt, StreamExt};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, error::Error, http::StatusCode},
};
use wire::{
    Refusal, UnixMs,
    control::Fact,
    grant::GrantClaims,
    id::{MeetingId, SessionId},
    limits::SIGNAL_VERSION,
    signal::{ClientEnvelope, ClientMessage, PublishIntent, RequestId, RoomState, ServerMessage},
};

pub const ORIGIN: &str = "https://sidang.example";
/// Nothing here takes long; a test that waits for more has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The rooms, with a script for media: an offer `good` is answered, any other is not.
pub struct Script {
    rooms: Mutex<Rooms>,
    events: mpsc::UnboundedSender<Event>,
}

impl MediaPlane for Script {
    fn send(&self, command: Command) -> Result<(), Busy> {
        let now = Instant::now();
        let mut rooms = self.rooms.lock().unwrap();
        match command {
            Command::Join(join) => rooms.handle_join(&join, now),
            Command::Resume { request, session, media, now_ms } => {
                rooms.handle_resume(request, session, media.as_ref().map(|it| &it.negotiated), now, now_ms);
            }
            Command::Reoffer { request, session, media } => rooms.handle_reoffer(request, session, &media.negotiated, now),
            Command::Client { request, session, message, now_ms } => rooms.handle_client(request, session, message, now, now_ms),
            Command::Detach { session, now_ms } => rooms.handle_detach(session, now, now_ms),
            Command::Control { command, now_ms } => rooms.handle_control(command, now, now_ms),
            Command::RecorderFailed { .. } | Command::RecorderNeedsKeyframe { .. } | Command::Drain { .. } => {}
        }
        while let Some(effect) = rooms.poll_effect() {
            if let Effect::Event(event) = effect {
                self.events.send(event).map_err(|_| Busy)?;
            }
        }
        Ok(())
    }

    fn answer(&self, offer: &str, _: &[PublishIntent], keep: &Keep) -> Result<(Media, String), Refusal> {
        match (offer, keep) {
            ("good", Keep::Sources(keep)) => Ok((Media::clone(keep), "answer".into())),
            ("good", _) => Ok((Media { transport: scene::transport(), negotiated: scene::media() }, "answer".into())),
            ("again", Keep::Connection(keep)) => Ok((Media::clone(keep), "answer again".into())),
            _ => Err(Refusal::new(wire::Code::OfferUnacceptable)),
        }
    }
}

/// One life of a node.
pub struct Stage {
    pub signal: Arc<Signal>,
    pub signer: Signer,
    address: SocketAddr,
    pub plane: Arc<Script>,
    facts: Arc<Mutex<Vec<Fact>>>,
}

impl Stage {
    pub async fn new(folder: &Path) -> Self {
        Self::with(folder, DoorLimits::default(), SocketTimes::default()).await
    }

    pub async fn with(folder: &Path, limits: DoorLimits, times: SocketTimes) -> Self {
        let signer = Signer::new("k1");
        let clock: Clock = Arc::new(system_clock);
        let (events, mut out) = mpsc::unbounded_channel();
        let settings = Settings { classified_without_e2ee: true, seed: rand::random(), ..Settings::default() };
        let plane = Arc::new(Script { rooms: Mutex::new(Rooms::new(settings, Instant::now(), clock())), events });
        let grants =
            Grants { keys: Published::new(&[&signer]).keys(), issuer: ISSUER.into(), audience: AUDIENCE.into(), started_at_ms: clock() };
        let sessions = Sessions::new(Tickets::open_or_create(&folder.join("ticket.key")).unwrap(), plane.clone(), clock.clone());
        let signal = Signal::new(Doors::new([ORIGIN.into()], limits), grants, sessions, plane.clone(), clock, times);
        let facts = Arc::new(Mutex::new(Vec::new()));
        let (dispatched, stored) = (signal.clone(), facts.clone());
        tokio::spawn(async move {
            while let Some(event) = out.recv().await {
                if let Some(Event::Fact { fact, .. }) = dispatched.sessions.handle(event) {
                    stored.lock().unwrap().push(fact);
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(signal.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { signal, signer, address, plane, facts }
    }

    /// A grant in order for a new person.
    pub fn grant(&self, room: MeetingId) -> GrantClaims {
        GrantClaims { room, ..testing::grant(system_clock()) }
    }

    pub async fn open(&self) -> Client {
        self.open_from(Some(ORIGIN)).await.unwrap()
    }

    pub async fn open_from(&self, origin: Option<&str>) -> Result<Client, StatusCode> {
        let mut request = format!("ws://{}{}", self.address, super::super::PATH).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client { socket, next: 0 }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn join(&self, grant: &GrantClaims) -> (Client, Joined) {
        let mut client = self.open().await;
        let joined = client.join(grant.room, &self.signer.grant(grant), "good").await.unwrap();
        (client, joined)
    }

    pub fn facts(&self) -> Vec<Fact> {
        self.facts.lock().unwrap().clone()
    }
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: RequestId,
}

#[derive(Debug)]
pub struct Joined {
    pub session: SessionId,
    pub resumed: bool,
    pub ticket: String,
    pub answer: Option<String>,
    pub state: RoomState,
}

#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(Box<ServerMessage>),
    Closed(u16),
}

impl Client {
    /// False where the server has closed by now: the next `hear` says how.
    pub async fn raw(&mut self, message: Message) -> bool {
        self.socket.send(message).await.is_ok()
    }

    pub async fn say(&mut self, message: ClientMessage) -> RequestId {
        self.next += 1;
        let envelope = ClientEnvelope { id: self.next, message };
        self.raw(Message::text(serde_json::to_string(&envelope).unwrap())).await;
        self.next
    }

    pub async fn hear(&mut self) -> Heard {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the server says something");
            match frame {
                Some(Ok(Message::Text(text))) => return Heard::Message(Box::new(serde_json::from_str(&text).unwrap())),
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(1006),
            }
        }
    }

    /// Reads on to the first message of which `wanted` says something.
    pub async fn hear_until<T>(&mut self, wanted: impl Fn(&ServerMessage) -> Option<T>) -> T {
        loop {
            match self.hear().await {
                Heard::Message(message) => {
                    if let Some(found) = wanted(&message) {
                        return found;
                    }
                }
                Heard::Closed(code) => panic!("closed with {code}"),
            }
        }
    }

    /// Reads on to the end.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    pub async fn ask(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        let id = self.say(message).await;
        self.hear_until(|message| match message {
            ServerMessage::Done { id: of } | ServerMessage::Pong { id: of } if *of == id => Some(Ok(())),
            ServerMessage::Refused { id: of, refusal } if *of == id => Some(Err(refusal.clone())),
            _ => None,
        })
        .await
    }

    pub async fn join(&mut self, room: MeetingId, token: &str, offer: &str) -> Result<Joined, Refusal> {
        let join = ClientMessage::Join {
            version: SIGNAL_VERSION,
            room,
            token: token.into(),
            offer: offer.into(),
            publish: Vec::new(),
            proof: None,
        };
        self.begin(join).await
    }

    pub async fn resume(&mut self, ticket: &str, offer: Option<&str>) -> Result<Joined, Refusal> {
        let offer = offer.map(Into::into);
        self.begin(ClientMessage::Resume { version: SIGNAL_VERSION, ticket: ticket.into(), offer, publish: Vec::new() }).await
    }

    pub async fn begin(&mut self, message: ClientMessage) -> Result<Joined, Refusal> {
        let id = self.say(message).await;
        self.hear_until(|message| match message {
            ServerMessage::Joined { id: of, session, resumed, ticket, answer, state, .. } if *of == id => Some(Ok(Joined {
                session: *session,
                resumed: *resumed,
                ticket: ticket.clone(),
                answer: answer.clone(),
                state: (**state).clone(),
            })),
            ServerMessage::Refused { id: of, refusal } if *of == id => Some(Err(refusal.clone())),
            _ => None,
        })
        .await
    }
}

/// A time of day without a server, for grants made by hand.
pub fn now_ms() -> UnixMs {
    system_clock()
}
