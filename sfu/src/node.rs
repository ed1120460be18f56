//! A running media node: the threads, the sockets, the recorder and the link, put together, and taken apart again in order.

use crate::{
    control::{self, Carrier, FactLog, Identity, IdentityError, Journal, JournalError, Link, Trust},
    engine::{
        api::{Command, Event, Media},
        room,
    },
    net::{self, MediaHandle, NetError},
    recording::{Recorder, RecorderError, RecorderEvent, RecorderEvents, RecordingConfig, playback},
    sdp::Keep,
    secret::SecretError,
    signal::{
        self, Clock, DoorLimits, Doors, Sessions, Signal, SocketTimes,
        auth::{self, Expected, Grants},
        keys::{KeyError, KeySource, Keys, REFRESH_EVERY},
        plane::{self, MediaPlane},
        system_clock,
        ticket::Tickets,
    },
};
use axum::Router;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time};
use wire::{
    Refusal,
    control::Fact,
    grant::{RECORDING_VIEW_TYP, RecordingViewClaims},
    limits::GRANT_LIFE_S_MAX,
    signal::PublishIntent,
};

/// For sockets to close, and for the last facts to be stored, when the node stops.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
const STOP_GLANCE: Duration = Duration::from_millis(20);

/// What a media node is told. It knows of the control plane its name, its keys and, for the link, its address.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// `iss` of what the control plane signs.
    pub issuer: String,
    /// `aud` of grants for this node.
    pub audience: String,
    /// The UDP port of all media, and the addresses at which clients reach it.
    pub media: net::Settings,
    /// Keys, tickets, memory: what the node keeps over a restart. For its own user alone.
    pub data_folder: PathBuf,
    pub recording: RecordingConfig,
    /// Pages that may open the signalling socket, as `https://sidang.example`.
    pub allowed_origins: Vec<String>,
    /// CLASS-4: see [`room::Settings`].
    pub classified_without_e2ee: bool,
    pub participants_max: usize,
    pub doors: DoorLimits,
    pub times: SocketTimes,
}

impl NodeConfig {
    /// The bounds as they are measured; the rest has no default.
    pub fn new(issuer: String, audience: String, media: net::Settings, data_folder: PathBuf, allowed_origins: Vec<String>) -> Self {
        Self {
            issuer,
            audience,
            media,
            recording: RecordingConfig::in_folder(&data_folder),
            data_folder,
            allowed_origins,
            classified_without_e2ee: false,
            participants_max: wire::limits::ROOM_PARTICIPANTS_MAX,
            doors: DoorLimits::default(),
            times: SocketTimes::default(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Media(#[from] NetError),
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    #[error("the media threads took no command at the start")]
    Busy,
    #[error("a part of the start broke off")]
    Broken(#[from] tokio::task::JoinError),
}

/// What a node that serves no one is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    /// The media threads have ended.
    Media,
    /// The control plane's keys have not been read yet.
    Keys,
}

pub struct Node {
    signal: Arc<Signal>,
    keys: Arc<Keys>,
    identity: Arc<Identity>,
    facts: Arc<FactLog>,
    link: Arc<Link>,
    media: MediaHandle,
    recorder: Recorder,
    playback: Router,
    media_alive: Arc<AtomicBool>,
    /// Taken by the first who stops the node.
    running: Mutex<Option<Parts>>,
}

/// What is waited for when the node stops.
struct Parts {
    threads: net::Threads,
    dispatcher: JoinHandle<()>,
    /// The link, the keys' refreshing and the accepting of streams: they end when they are told to.
    tasks: Vec<JoinHandle<()>>,
}

impl MediaPlane for MediaHandle {
    fn send(&self, command: Command) -> Result<(), plane::Busy> {
        Self::send(self, command).map_err(|net::Busy| plane::Busy)
    }

    fn answer(&self, offer: &str, publish: &[PublishIntent], keep: &Keep) -> Result<(Media, String), Refusal> {
        Self::answer(self, offer, publish, keep)
    }
}

impl Node {
    pub async fn start(config: NodeConfig, source: KeySource, carrier: Carrier) -> Result<Self, NodeError> {
        let clock: Clock = Arc::new(system_clock);
        let folder = config.data_folder.clone();
        let identity = Arc::new(Identity::open_or_create(&folder)?);
        let tickets = Tickets::open_or_create(&folder.join("ticket.key"))?;
        let (journal, remembered) = Journal::open(&folder.join("memory.jsonl"), clock())?;
        let facts = Arc::new(FactLog::new(identity.node));
        let keys = Arc::new(Keys::new(source)?);
        keys.refresh().await;

        let threads_handle = Arc::new(OnceLock::new());
        let events = recorder_events(threads_handle.clone(), facts.clone(), clock.clone());
        let recording = config.recording.clone();
        let recorder = tokio::task::spawn_blocking(move || Recorder::start(recording, events)).await??;
        let tap = {
            let recorder = recorder.clone();
            Box::new(move |tap| recorder.tap(tap))
        };
        let settings = room::Settings {
            classified_without_e2ee: config.classified_without_e2ee,
            participants_max: config.participants_max,
            seed: rand::random(),
            ..room::Settings::default()
        };
        let net::Running { handle: media, events, threads, streams } = net::start(&config.media, settings, tap)?;
        // Set once, here; the recorder had nothing to ask of the threads before they were.
        let _ = threads_handle.set(media.clone());
        for line in remembered {
            media.send(Command::Control { command: line.command, now_ms: line.at_ms }).map_err(|net::Busy| NodeError::Busy)?;
        }

        let plane: Arc<dyn MediaPlane> = Arc::new(media.clone());
        let link = Arc::new(Link::new(facts.clone(), Arc::new(journal), plane.clone(), clock.clone()));
        let grants =
            Grants { keys: keys.clone(), issuer: config.issuer.clone(), audience: config.audience.clone(), started_at_ms: clock() };
        let sessions = Sessions::new(tickets, plane.clone(), clock.clone());
        let doors = Doors::new(config.allowed_origins, config.doors);
        let signal = Signal::new(doors, grants, sessions, plane, clock.clone(), config.times);
        let media_alive = Arc::new(AtomicBool::new(true));
        let dispatcher = tokio::spawn(dispatch(events, signal.clone(), link.clone(), clock.clone(), media_alive.clone()));
        let playback = playback::router(
            recorder.library(),
            view_verifier(keys.clone(), config.issuer.clone(), config.audience, clock.clone()),
            clock.clone(),
        );
        let trust = Trust { identity: identity.clone(), keys: keys.clone(), issuer: config.issuer, clock };
        let mut tasks = vec![tokio::spawn(control::run(link.clone(), carrier, trust)), tokio::spawn(refresh(keys.clone()))];
        if let Some(streams) = streams {
            tasks.push(tokio::spawn(media.streams().listen(tokio::net::TcpListener::from_std(streams).map_err(NetError::Setup)?)));
        }
        tracing::info!(node.id = %identity.node, node.public_key = identity.public_key(), "a media node runs");
        let running = Mutex::new(Some(Parts { threads, dispatcher, tasks }));
        Ok(Self { signal, keys, identity, facts, link, media, recorder, playback, media_alive, running })
    }

    /// `/media/signal` and `/media/recordings/...`. Served with the peer's address (`ConnectInfo`), or the bound for each address
    /// does not hold.
    pub fn router(&self) -> Router {
        signal::router(self.signal.clone()).merge(self.playback.clone())
    }

    /// Empty: it can let people in.
    pub fn unready(&self) -> Vec<Unready> {
        let media = (!self.media_alive.load(Ordering::Relaxed)).then_some(Unready::Media);
        let keys = self.keys.is_empty().then_some(Unready::Keys);
        media.into_iter().chain(keys).collect()
    }

    /// Whether the control plane hears the node now. Meetings do not depend on it.
    pub fn is_linked(&self) -> bool {
        self.link.is_linked()
    }

    /// What the control plane's settings must say to trust this node.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where media is announced.
    pub fn media_addresses(&self) -> &[std::net::SocketAddr] {
        &self.media.parameters().candidates
    }

    /// Where connections that begin as media are brought in by whoever shares a port with it.
    pub fn streams(&self) -> net::StreamDoor {
        self.media.streams()
    }

    /// Lets nobody new in; those inside are told after `patience`. For a node that will not come back.
    pub fn drain(&self, patience: Duration) {
        if self.media.send(Command::Drain { deadline: std::time::Instant::now() + patience }).is_err() {
            tracing::warn!("the media threads are too busy to drain");
        }
    }

    /// In the order in which one stands on the other: sockets (1012: the sessions are resumed in the next life), media, recordings, facts.
    /// Once; whoever comes second finds nothing to do.
    pub async fn stop(&self) {
        let Some(Parts { threads, dispatcher, tasks }) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        self.signal.stop();
        wait_until(|| self.signal.doors.sockets() == 0).await;
        self.media.stop();
        let recorder = self.recorder.clone();
        let ended = tokio::task::spawn_blocking(move || {
            let whole = threads.join();
            recorder.end();
            whole
        });
        match ended.await {
            Ok(true) => {}
            Ok(false) => tracing::error!("a media thread had panicked"),
            Err(error) => tracing::error!(%error, "stopping the media broke off"),
        }
        // It ends by itself: the threads were the other end.
        if let Err(error) = dispatcher.await {
            tracing::error!(%error, "the dispatcher had panicked");
        }
        if self.link.is_linked() {
            wait_until(|| self.facts.is_empty()).await;
        }
        for task in &tasks {
            task.abort();
        }
        tracing::info!(facts.unsent = self.facts.len(), "the media node has stopped");
    }
}

async fn wait_until(done: impl Fn() -> bool) {
    let until = time::Instant::now() + STOP_PATIENCE;
    while !done() && time::Instant::now() < until {
        time::sleep(STOP_GLANCE).await;
    }
}

/// What the media threads say goes to the sockets, the control plane, or the journal.
async fn dispatch(mut events: mpsc::Receiver<Event>, signal: Arc<Signal>, link: Arc<Link>, clock: Clock, alive: Arc<AtomicBool>) {
    while let Some(event) = events.recv().await {
        match signal.sessions.handle(event) {
            Some(Event::Fact { room, fact }) => link.facts.push(room, fact, clock()),
            Some(Event::Remember { command, .. }) => link.remember(command).await,
            // Taps go from the media thread to the recorder without this task.
            Some(_) | None => {}
        }
    }
    alive.store(false, Ordering::Relaxed);
    tracing::info!("the media threads have ended");
}

/// The recorder speaks from its own threads, and from before there are media threads.
fn recorder_events(media: Arc<OnceLock<MediaHandle>>, facts: Arc<FactLog>, clock: Clock) -> RecorderEvents {
    Arc::new(move |event| {
        let tell = |command| {
            if media.get().is_some_and(|media| media.send(command).is_err()) {
                tracing::warn!("the media threads are too busy for the recorder");
            }
        };
        match event {
            RecorderEvent::Failed { recording } => tell(Command::RecorderFailed { recording, now_ms: clock() }),
            RecorderEvent::NeedsKeyframe { source } => tell(Command::RecorderNeedsKeyframe { source }),
            RecorderEvent::Stopped { recording, room, reason, duration_ms, bytes, tracks } => {
                facts.push(room, Fact::RecordingStopped { recording, reason, duration_ms, bytes, tracks }, clock());
            }
        }
    })
}

fn view_verifier(keys: Arc<Keys>, issuer: String, audience: String, clock: Clock) -> playback::VerifyView {
    Arc::new(move |token| {
        let expected = Expected {
            typ: RECORDING_VIEW_TYP,
            issuer: &issuer,
            audience: &audience,
            life_s_max: GRANT_LIFE_S_MAX,
            bytes_max: auth::TOKEN_BYTES_MAX,
        };
        let claims: Result<RecordingViewClaims, _> = auth::open_now(&keys, token, &expected, clock());
        if let (Err(_), Some(kid)) = (&claims, auth::kid_of(token)) {
            // Signed by a key that is new: known at the next try.
            let keys = keys.clone();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { drop(keys.find(&kid).await) });
            }
        }
        claims.map_err(auth::TokenError::refusal)
    })
}

async fn refresh(keys: Arc<Keys>) {
    // A node that starts before its control plane asks more often until it has been answered.
    loop {
        time::sleep(if keys.is_empty() { Duration::from_secs(2) } else { REFRESH_EVERY }).await;
        keys.refresh().await;
    }
}

#[cfg(test)]
mod tests;
