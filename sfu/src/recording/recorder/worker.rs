//! The thread that writes: it holds the recordings that run.

use super::{Overflow, QUEUE_MAX, RecorderEvent, RecorderEvents, RecordingConfig, Stop, Store, Work, closer::Close};
use crate::{
    engine::api::Tap,
    recording::session::{NewTrack, Recordable, Session, SessionError, Start},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};
use wire::{
    UnixMs,
    control::RecordingStop,
    id::{RecordingId, SourceId},
};

/// Ids sort by age, so the oldest are forgotten; what is still in the queue is never that old.
const ENDED_BEFORE_START_MAX: usize = QUEUE_MAX;
/// How often what is due is written, where no tap wakes the worker.
const TICK: Duration = Duration::from_millis(100);
/// How often the engine is told that a recording failed, while it goes on giving taps of it.
const FAILED_AGAIN: Duration = Duration::from_secs(1);
/// How often the free space is looked at.
const FREE_SPACE_INTERVAL: Duration = Duration::from_secs(5);

pub struct Worker {
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

impl Worker {
    pub fn new(
        store: Arc<Store>,
        config: RecordingConfig,
        events: RecorderEvents,
        overflow: Arc<Overflow>,
        closing: Sender<Close>,
    ) -> Self {
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

    pub fn run(mut self, taps: &Receiver<Work>) {
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
                self.with(recording, None, now, |session, _| session.track(new, now).map(|()| false));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, mpsc::channel};
    use wire::{
        Classification,
        id::{MeetingId, PersonId},
    };

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
