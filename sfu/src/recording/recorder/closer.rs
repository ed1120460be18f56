//! The thread that closes files, which waits for the disk, beside the worker, which must not.

use super::{RecorderEvents, Stop, nothing_recorded, stopped};
use crate::recording::{
    manifest::Manifest,
    session::{Session, close},
    store::Store,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Receiver},
};
use wire::{control::RecordingStop, id::RecordingId};

/// To the closer. As many wait as recordings end at once.
pub enum Close {
    /// A recording ended.
    Finish { session: Box<Session>, stop: Stop, duration_ms: i64 },
    /// A recording failed: its end is told when the engine has stopped it.
    Fail { session: Box<Session>, duration_ms: i64 },
    /// The engine stopped a recording that the worker does not hold (any more).
    Stopped(Stop),
}

pub struct Closer {
    store: Arc<Store>,
    events: RecorderEvents,
    /// Closed, and not stopped by the engine yet. Bounded as the recordings that run are: the engine stops what it is told has failed.
    failed: BTreeMap<RecordingId, Manifest>,
}

impl Closer {
    pub fn new(store: Arc<Store>, events: RecorderEvents) -> Self {
        Self { store, events, failed: BTreeMap::new() }
    }

    pub fn run(mut self, closing: &Receiver<Close>) {
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
