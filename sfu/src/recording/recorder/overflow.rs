//! What no longer fits into the queue: who misses something, and the ends that must not be missed.

use super::{Stop, recording_of};
use crate::engine::api::Tap;
use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use wire::id::RecordingId;

/// What no longer fitted into the queue. Its rows are bounded by the number of recordings that the engine runs.
#[derive(Default)]
pub struct Overflow {
    any: AtomicBool,
    lost: Mutex<Lost>,
}

#[derive(Default)]
pub struct Lost {
    /// They miss a tap.
    pub recordings: BTreeSet<RecordingId>,
    /// Their end is carried here, because CLASS-6 must reach them.
    pub stops: Vec<Stop>,
}

impl Overflow {
    pub fn take(&self, tap: &Tap) {
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
    pub fn is_news(&self, recording: RecordingId) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).recordings.insert(recording)
    }

    pub fn drain(&self) -> Option<Lost> {
        self.any.swap(false, Ordering::AcqRel).then(|| std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
