//! The recorder: a sink for the engine's taps, which never waits, and two plain threads behind it, one that writes and one that closes.
//!
//! ```text
//! engine -> tap() -> queue -> worker (sessions) -> closer -> RecorderEvent::Stopped
//!                                  \-> RecorderEvent::{NeedsKeyframe, Failed}
//! ```
//!
//! Where the disk does not keep up, the queue fills; then the recordings whose taps no longer fit fail, are closed with what they have, and
//! say so. Nothing is left out of a recording silently.

mod closer;
mod overflow;
mod worker;

use self::{closer::Closer, overflow::Overflow, worker::Worker};
use super::{config::RecordingConfig, library::Library, manifest::Manifest, seal::KeyError, session::recover_all, store::Store};
use crate::engine::api::Tap;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, TrySendError, channel, sync_channel},
    },
    thread::JoinHandle,
    time::Instant,
};
use wire::{
    UnixMs,
    control::{RecordedTrack, RecordingStop},
    id::{MeetingId, RecordingId, SourceId},
};

/// Taps that wait for the disk at most: four seconds of a meeting of 40 (4,000 packets/s), about 20 MB.
const QUEUE_MAX: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("recordings: {0}")]
    Io(#[from] std::io::Error),
}

/// What the recorder says to the engine and the control plane.
#[derive(Clone, Debug, PartialEq)]
pub enum RecorderEvent {
    /// It cannot go on, or did not begin: the engine stops it and tells everyone.
    Failed { recording: RecordingId },
    /// It lost its place in a source.
    NeedsKeyframe { source: SourceId },
    /// Its files are closed. Once for each recording, after [`Tap::Stopped`]; at the start, for those that an earlier life left open.
    Stopped { recording: RecordingId, room: MeetingId, reason: RecordingStop, duration_ms: i64, bytes: i64, tracks: Vec<RecordedTrack> },
}

/// Called from the recorder's threads and, where it fails at once, from [`Recorder::tap`]. Must not wait.
pub type RecorderEvents = Arc<dyn Fn(RecorderEvent) + Send + Sync>;

/// The face of the recorder. A clone is the same recorder.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
}

struct Inner {
    queue: SyncSender<Work>,
    overflow: Arc<Overflow>,
    events: RecorderEvents,
    library: Library,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

enum Work {
    Tap(Tap, Instant),
    /// Close everything and end.
    End,
}

/// That a recording is over.
#[derive(Clone, Copy, Debug)]
struct Stop {
    recording: RecordingId,
    room: MeetingId,
    reason: RecordingStop,
    now_ms: UnixMs,
}

impl Recorder {
    /// Opens the folder and the key, closes what an earlier life left open (each told by a [`RecorderEvent::Stopped`]), and starts.
    pub fn start(config: RecordingConfig, events: RecorderEvents) -> Result<Self, RecorderError> {
        let store = Arc::new(Store::open(&config.folder, &config.key_file)?);
        for manifest in recover_all(&store)? {
            (events)(stopped(&manifest));
        }
        let library = Library::new(store.clone(), config.readers_max);
        let overflow = Arc::new(Overflow::default());
        let (queue, taps) = sync_channel(QUEUE_MAX);
        let (closing, to_close) = channel();
        let worker = Worker::new(store.clone(), config, events.clone(), overflow.clone(), closing);
        let closer = Closer::new(store, events.clone());
        let threads = vec![
            std::thread::Builder::new().name("recorder".to_owned()).spawn(move || worker.run(&taps))?,
            std::thread::Builder::new().name("recorder-close".to_owned()).spawn(move || closer.run(&to_close))?,
        ];
        Ok(Self { inner: Arc::new(Inner { queue, overflow, events, library, threads: Mutex::new(threads) }) })
    }

    /// What was recorded, for those who watch.
    pub fn library(&self) -> Library {
        self.inner.library.clone()
    }

    /// Takes what the engine gives. Never waits.
    pub fn tap(&self, tap: Tap) {
        match self.inner.queue.try_send(Work::Tap(tap, Instant::now())) {
            Ok(()) => {}
            Err(TrySendError::Full(Work::Tap(tap, _))) => self.inner.overflow.take(&tap),
            // The worker has ended: nothing is recorded any more, and each recording is told so once.
            Err(TrySendError::Disconnected(Work::Tap(Tap::Stopped { recording, room, reason, .. }, _))) => {
                (self.inner.events)(nothing_recorded(recording, room, reason));
            }
            Err(TrySendError::Disconnected(Work::Tap(tap, _))) => {
                let recording = recording_of(&tap);
                if self.inner.overflow.is_news(recording) {
                    (self.inner.events)(RecorderEvent::Failed { recording });
                }
            }
            Err(TrySendError::Full(Work::End) | TrySendError::Disconnected(Work::End)) => {}
        }
    }

    /// Closes every recording and returns when all is on the disk. Waits for the disk: not from an async task.
    pub fn end(&self) {
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if !threads.is_empty() {
            // An error means that the worker has ended: then there is nothing to tell it.
            let _ = self.inner.queue.send(Work::End);
        }
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the recorder panicked");
            }
        }
    }
}

fn recording_of(tap: &Tap) -> RecordingId {
    match *tap {
        Tap::Started { recording, .. }
        | Tap::Track { recording, .. }
        | Tap::SenderReport { recording, .. }
        | Tap::TrackEnded { recording, .. }
        | Tap::Stopped { recording, .. } => recording,
        Tap::Packet(ref packet) => packet.recording,
    }
}

fn stopped(manifest: &Manifest) -> RecorderEvent {
    RecorderEvent::Stopped {
        recording: manifest.recording,
        room: manifest.room,
        reason: manifest.reason(),
        duration_ms: manifest.duration_ms,
        bytes: manifest.bytes(),
        tracks: manifest.recorded_tracks(),
    }
}

fn nothing_recorded(recording: RecordingId, room: MeetingId, reason: RecordingStop) -> RecorderEvent {
    RecorderEvent::Stopped { recording, room, reason, duration_ms: 0, bytes: 0, tracks: Vec::new() }
}
