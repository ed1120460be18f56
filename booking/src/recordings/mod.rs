//! The index of recordings: what the media plane said of them. The files are the media plane's; here is who may open them.

pub mod http;
pub(crate) mod store;

use crate::names::names;
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    control::RecordedTrack,
    id::{MeetingId, PersonId, RecordingId},
};

names! {
    RecordingState {
        Running = "running",
        Kept = "kept",
        /// CLASS-6: the meeting was raised while it ran; it is shown to nobody.
        Sealed = "sealed",
        Failed = "failed",
    }
}

/// A recording as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: RecordingId,
    pub meeting: MeetingId,
    pub started_by: PersonId,
    pub started_at: UnixMs,
    pub duration_ms: Option<i64>,
    pub state: RecordingState,
    pub tracks: Vec<RecordedTrack>,
}
