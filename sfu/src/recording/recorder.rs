//! The recorder: a sink for the engine's taps, which never waits, and two plain threads behind it, one that writes and one that closes.
//!
//! ```text
//! engine -> tap() -> queue -> worker (sessions) -> closer -> RecorderEvent::Stopped
//!                                  \-> RecorderEvent::{NeedsKeyframe, Failed}
//! ```
//!
//! Where the disk does not keep up, the queue fills; then the recordings whose taps no longer fit fail, are closed with what they have, and
//! say so. Nothing is left out of a recording silently.

use super::{
    config::RecordingConfig,
    library::Library,
    manifest::Manifest,
    seal::KeyError,
    session::{NewTrack, Recordable, Session, SessionError, Start, close, recover_all},
    store::Store,
};
use crate::engine::api::Tap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use wire::{
    UnixMs,
    control::{RecordedTrack, RecordingStop},
    id::{MeetingId, RecordingId, SourceId},
};

/// Taps that wait for the disk at most: four seconds of a meeting of 40 (4,000 packets/s), about 20 MB.
const QUEUE_MAX: usize = 16 * 1024;
/// Ids sort by age, so the oldest are forgotten; what is still in the queue is never that old.
const ENDED_BEFORE_START_MAX: usize = QUEUE_MAX;
/// How often what is due is written, where no tap wakes the worker.
const TICK: Duration = Duration::from_millis(100);
/// How often the engine is told that a recording failed, while it goes on giving taps of it.
const FAILED_AGAIN: Duration = Duration::from_secs(1);
/// How often the free space is looked at.
const FREE_SPACE_INTERVAL: Duration = Duration::from_secs(5);

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

/// What no longer fitted into the queue. Its rows are bounded by the number of recordings that the engine runs.
#[derive(Default)]
struct Overflow {
    any: AtomicBool,
    lost: Mutex<Lost>,
}

#[derive(Default)]
struct Lost {
    /// They miss a tap.
    recordings: BTreeSet<RecordingId>,
    /// Their end is carried here, because CLASS-6 must reach them.
    stops: Vec<Stop>,
}

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
        let closer = Closer { store, events: events.clone(), failed: BTreeMap::new() };
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

impl Overflow {
    fn take(&self, tap: &Tap) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        match *tap {
            Tap::Stopped { recording, room, reason, now_ms } => lost.stops.push(Stop { recording, room, reason, now_ms }),
            ref other => {
                lost.recordings.insert(recording_of(other));
            }
        }
        self.any.store(true, Ordering::Release);
    }

    /// False where it was told before.
    fn is_news(&self, recording: RecordingId) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).recordings.insert(recording)
    }

    fn drain(&self) -> Option<Lost> {
        self.any.swap(false, Ordering::AcqRel).then(|| std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner)))
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

struct Worker {
    store: Arc<Store>,
    config: RecordingConfig,
    events: RecorderEvents,
    overflow: Arc<Overflow>,
    sessions: BTreeMap<RecordingId, (Session, UnixMs, Instant)>,
    /// When the engine was last told that a recording failed; until it stops it, so as bounded as what the engine runs.
    failed: BTreeMap<RecordingId, Instant>,
    /// Recordings whose end overtook their start, when the queue was full: they must not begin.
    ended_before_start: BTreeSet<RecordingId>,
    closing: Sender<Close>,
    looked_at_free_space: Option<Instant>,
}

/// To the closer. As many wait as recordings end at once.
enum Close {
    /// A recording ended.
    Finish { session: Box<Session>, stop: Stop, duration_ms: i64 },
    /// A recording failed: its end is told when the engine has stopped it.
    Fail { session: Box<Session>, duration_ms: i64 },
    /// The engine stopped a recording that the worker does not hold (any more).
    Stopped(Stop),
}

impl Worker {
    fn new(store: Arc<Store>, config: RecordingConfig, events: RecorderEvents, overflow: Arc<Overflow>, closing: Sender<Close>) -> Self {
        Self {
            store,
            config,
            events,
            overflow,
            sessions: BTreeMap::new(),
            failed: BTreeMap::new(),
            ended_before_start: BTreeSet::new(),
            closing,
            looked_at_free_space: None,
        }
    }

    fn run(mut self, taps: &Receiver<Work>) {
        let mut ticked = Instant::now();
        loop {
            let now = match taps.recv_timeout(TICK) {
                Ok(Work::Tap(tap, at)) => {
                    self.take(tap, at);
                    at
                }
                Ok(Work::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => Instant::now(),
            };
            self.take_overflow(now);
            if now.saturating_duration_since(ticked) >= TICK {
                ticked = now;
                self.tick(now);
            }
        }
        self.take_overflow(Instant::now());
        for (recording, open) in std::mem::take(&mut self.sessions) {
            tracing::info!(recording.id = %recording, "a recording ends with its node");
            self.end(recording, open);
        }
    }

    fn take(&mut self, tap: Tap, now: Instant) {
        match tap {
            Tap::Started { recording, room, by, classification, now_ms } => match Recordable::new(classification) {
                Ok(recordable) => self.start(&Start { recording, room, by, recordable, epoch_ms: now_ms, epoch: now }),
                Err(refusal) => {
                    tracing::error!(recording.id = %recording, meeting.id = %room, %refusal, "the engine let a recording start that is forbidden");
                    self.tell_failed(recording, now);
                }
            },
            Tap::Track { recording, source, session, name, kind, codec, clock_rate } => {
                let new = NewTrack { source, session, name, kind, codec, clock_rate };
                self.with(recording, Some(source), now, |session, _| session.track(new, now));
            }
            Tap::Packet(packet) => {
                self.with(packet.recording, Some(packet.source), now, |session, store| session.packet(store, packet));
            }
            Tap::SenderReport { recording, source, ssrc, ntp, rtp_timestamp, arrived } => {
                self.with(recording, None, now, |session, store| {
                    session.report(store, source, ssrc, ntp, rtp_timestamp, arrived).map(|()| false)
                });
            }
            Tap::TrackEnded { recording, source } => {
                self.with(recording, None, now, |session, store| session.track_ended(store, source).map(|()| false));
            }
            Tap::Stopped { recording, room, reason, now_ms } => self.stop(Stop { recording, room, reason, now_ms }),
        }
    }

    fn start(&mut self, start: &Start) {
        let recording = start.recording;
        if self.ended_before_start.remove(&recording) {
            return;
        }
        let begun = if self.sessions.len() >= self.config.running_max {
            tracing::warn!(recording.id = %recording, running = self.sessions.len(), "too many recordings at once");
            None
        } else if self.is_full() {
            None
        } else {
            Session::create(&self.store, start, self.config.duration_max)
                .inspect_err(|error| tracing::error!(recording.id = %recording, %error, "a recording could not begin"))
                .ok()
        };
        match begun {
            Some(session) => {
                tracing::info!(recording.id = %recording, meeting.id = %start.room, "a recording begins");
                self.sessions.insert(recording, (session, start.epoch_ms, start.epoch));
                self.count();
            }
            None => self.tell_failed(recording, start.epoch),
        }
    }

    /// Does something to a session that runs. True from it: this source needs a key frame. An error fails the recording.
    fn with(
        &mut self,
        recording: RecordingId,
        source: Option<SourceId>,
        now: Instant,
        act: impl FnOnce(&mut Session, &Store) -> Result<bool, SessionError>,
    ) {
        let Some((session, ..)) = self.sessions.get_mut(&recording) else {
            // The engine has not heard that it failed, or what it was told was lost on the way.
            if self.failed.get(&recording).is_some_and(|it| now.saturating_duration_since(*it) >= FAILED_AGAIN) {
                self.tell_failed(recording, now);
            }
            return;
        };
        match (act(session, &self.store), source) {
            (Ok(true), Some(source)) => (self.events)(RecorderEvent::NeedsKeyframe { source }),
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::error!(recording.id = %recording, %error, "a recording failed");
                self.fail(recording, now);
            }
        }
    }

    fn tick(&mut self, now: Instant) {
        if self.looked_at_free_space.is_none_or(|it| now.saturating_duration_since(it) >= FREE_SPACE_INTERVAL) && !self.sessions.is_empty()
        {
            self.looked_at_free_space = Some(now);
            if self.is_full() {
                for recording in self.sessions.keys().copied().collect::<Vec<_>>() {
                    self.fail(recording, now);
                }
            }
        }
        let mut failed = Vec::new();
        for (recording, (session, ..)) in &mut self.sessions {
            match session.tick(&self.store, now) {
                Ok(needy) => needy.into_iter().for_each(|source| (self.events)(RecorderEvent::NeedsKeyframe { source })),
                Err(error) => {
                    tracing::error!(recording.id = %recording, %error, "a recording failed");
                    failed.push(*recording);
                }
            }
        }
        failed.into_iter().for_each(|recording| self.fail(recording, now));
    }

    fn is_full(&self) -> bool {
        match self.store.free_bytes() {
            Ok(free_bytes) if free_bytes >= self.config.free_bytes_min => false,
            Ok(free_bytes) => {
                tracing::error!(free_bytes, free_bytes_min = self.config.free_bytes_min, "too little space for recordings");
                true
            }
            Err(error) => {
                tracing::error!(%error, "the folder of the recordings cannot be looked at");
                true
            }
        }
    }

    fn take_overflow(&mut self, now: Instant) {
        let Some(lost) = self.overflow.drain() else { return };
        for recording in lost.recordings {
            if self.sessions.contains_key(&recording) {
                tracing::error!(recording.id = %recording, "the disk does not keep up");
                self.fail(recording, now);
            } else {
                // It may be one whose start was lost.
                self.tell_failed(recording, now);
            }
        }
        for stop in lost.stops {
            if !self.sessions.contains_key(&stop.recording) {
                self.ended_before_start.insert(stop.recording);
                if self.ended_before_start.len() > ENDED_BEFORE_START_MAX {
                    self.ended_before_start.pop_first();
                }
            }
            self.stop(stop);
        }
    }

    fn fail(&mut self, recording: RecordingId, now: Instant) {
        if let Some((session, _, epoch)) = self.sessions.remove(&recording) {
            self.count();
            metrics::counter!("sidang_recordings_failed_total").increment(1);
            self.send(Close::Fail { session: Box::new(session), duration_ms: since_ms(epoch, now) });
            self.tell_failed(recording, now);
        }
    }

    fn tell_failed(&mut self, recording: RecordingId, now: Instant) {
        self.failed.insert(recording, now);
        (self.events)(RecorderEvent::Failed { recording });
    }

    fn stop(&mut self, stop: Stop) {
        self.failed.remove(&stop.recording);
        match self.sessions.remove(&stop.recording) {
            Some((session, epoch_ms, _)) => {
                self.count();
                let duration_ms = stop.now_ms.saturating_since_ms(epoch_ms);
                self.send(Close::Finish { session: Box::new(session), stop, duration_ms });
            }
            None => self.send(Close::Stopped(stop)),
        }
    }

    /// The node ends with this recording still open.
    fn end(&self, recording: RecordingId, (session, epoch_ms, epoch): (Session, UnixMs, Instant)) {
        let duration_ms = since_ms(epoch, Instant::now());
        let now_ms = epoch_ms.saturating_add_ms(duration_ms);
        let stop = Stop { recording, room: session.room(), reason: RecordingStop::RoomClosed, now_ms };
        self.send(Close::Finish { session: Box::new(session), stop, duration_ms });
    }

    fn send(&self, close: Close) {
        if self.closing.send(close).is_err() {
            tracing::error!("the recorder's closing thread is gone: the recording is closed at the next start");
        }
    }

    fn count(&self) {
        metrics::gauge!("sidang_recordings_running").set(self.sessions.len() as f64);
    }
}

fn since_ms(epoch: Instant, now: Instant) -> i64 {
    i64::try_from(now.saturating_duration_since(epoch).as_millis()).unwrap_or(i64::MAX)
}

/// Closes files, which waits for the disk, beside the worker, which must not.
struct Closer {
    store: Arc<Store>,
    events: RecorderEvents,
    /// Closed, and not stopped by the engine yet. Bounded as the recordings that run are: the engine stops what it is told has failed.
    failed: BTreeMap<RecordingId, Manifest>,
}

impl Closer {
    fn run(mut self, closing: &Receiver<Close>) {
        while let Ok(close) = closing.recv() {
            self.take(close);
        }
        for manifest in self.failed.values() {
            (self.events)(stopped(manifest));
        }
    }

    fn take(&mut self, it: Close) {
        match it {
            Close::Finish { session, stop, duration_ms } => {
                let manifest = session.finish(&self.store, stop.reason, duration_ms);
                (self.events)(stopped(&manifest));
            }
            Close::Fail { session, duration_ms } => {
                let manifest = session.finish(&self.store, RecordingStop::Failed, duration_ms);
                self.failed.insert(manifest.recording, manifest);
            }
            Close::Stopped(stop) => match self.failed.remove(&stop.recording) {
                Some(mut manifest) => {
                    if stop.reason == RecordingStop::ClassificationRaised {
                        close(&self.store, &mut manifest, stop.reason);
                    }
                    (self.events)(stopped(&manifest));
                }
                None => (self.events)(nothing_recorded(stop.recording, stop.room, stop.reason)),
            },
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Classification, id::PersonId};

    /// A worker without its thread: time is what it is told.
    struct Bench {
        _folder: tempfile::TempDir,
        worker: Worker,
        told: Receiver<RecorderEvent>,
        _to_close: Receiver<Close>,
        recording: RecordingId,
        start: Instant,
    }

    impl Bench {
        fn new(free_bytes_min: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let config = RecordingConfig { free_bytes_min, ..RecordingConfig::in_folder(folder.path()) };
            let store = Arc::new(Store::open(&config.folder, &config.key_file).unwrap());
            let (events, told) = channel();
            let events = Mutex::new(events);
            let events: RecorderEvents = Arc::new(move |it| events.lock().unwrap().send(it).unwrap_or(()));
            let (closing, to_close) = channel();
            let worker = Worker::new(store, config, events, Arc::default(), closing);
            Self { _folder: folder, worker, told, _to_close: to_close, recording: RecordingId::fresh(), start: Instant::now() }
        }

        fn begin(&mut self) {
            let (recording, room, by) = (self.recording, MeetingId::fresh(), PersonId::fresh());
            let classification = Classification::Terbuka;
            self.worker.take(Tap::Started { recording, room, by, classification, now_ms: UnixMs(0) }, self.start);
        }

        /// What is told when a tap of the recording comes at this time.
        fn tap(&mut self, after: Duration) -> Option<RecorderEvent> {
            let tap = Tap::TrackEnded { recording: self.recording, source: SourceId::fresh() };
            self.worker.take(tap, self.start + after);
            self.told.try_recv().ok()
        }
    }

    #[test]
    fn an_engine_that_did_not_hear_of_a_failure_is_told_again_until_it_stops_it() {
        let mut bench = Bench::new(u64::MAX);
        bench.begin();
        let failed = Some(RecorderEvent::Failed { recording: bench.recording });
        assert_eq!(bench.told.try_recv().ok(), failed);
        let just_before = FAILED_AGAIN - Duration::from_millis(1);
        assert_eq!(bench.tap(just_before), None);
        assert_eq!(bench.tap(FAILED_AGAIN), failed);
        assert_eq!(bench.tap(FAILED_AGAIN + just_before), None);
        assert_eq!(bench.tap(2 * FAILED_AGAIN), failed);
        let stop = Stop { recording: bench.recording, room: MeetingId::fresh(), reason: RecordingStop::Failed, now_ms: UnixMs(3_000) };
        bench.worker.stop(stop);
        assert_eq!(bench.tap(4 * FAILED_AGAIN), None);
        assert!(bench.worker.failed.is_empty());
    }

    #[test]
    fn a_disk_that_fills_up_fails_what_runs() {
        let mut bench = Bench::new(0);
        bench.begin();
        bench.worker.tick(bench.start);
        assert_eq!(bench.told.try_recv().ok(), None);
        bench.worker.config.free_bytes_min = u64::MAX;
        bench.worker.tick(bench.start + FREE_SPACE_INTERVAL - Duration::from_millis(1));
        assert_eq!(bench.told.try_recv().ok(), None, "not looked at yet");
        bench.worker.tick(bench.start + FREE_SPACE_INTERVAL);
        assert_eq!(bench.told.try_recv().ok(), Some(RecorderEvent::Failed { recording: bench.recording }));
    }
}
