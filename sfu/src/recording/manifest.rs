//! The manifest of a recording: what is in it, who is in it, by whom it was made, and whether it may be shown. Sealed as the media is.

use super::{
    media::TrackCodec,
    seal::SealError,
    store::{Store, StoredFile},
    webm::Span,
};
use serde::{Deserialize, Serialize};
use wire::{
    Classification, UnixMs,
    control::{RecordedTrack, RecordingStop},
    id::{MeetingId, PersonId, RecordingId, SessionId, SourceId},
    signal::SourceKind,
};

const VERSION: u16 = 1;

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("manifest: {0}")]
    Sealed(#[from] SealError),
    #[error("manifest: {0}")]
    Json(#[from] serde_json::Error),
    #[error("manifest: version {0} is not known")]
    Version(u16),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    version: u16,
    pub recording: RecordingId,
    pub room: MeetingId,
    pub by: PersonId,
    pub classification: Classification,
    /// The instant from which all times of the recording count.
    pub epoch_ms: UnixMs,
    pub state: RecordingState,
    pub duration_ms: i64,
    pub tracks: Vec<ManifestTrack>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RecordingState {
    /// Being written, or cut short and not yet recovered.
    Running,
    /// Complete; may be shown.
    Stopped { reason: RecordingStop },
    /// CLASS-6: the media stays and is shown to nobody.
    Sealed,
}

/// What is known of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestTrack {
    pub source: SourceId,
    pub session: SessionId,
    pub name: String,
    pub kind: SourceKind,
    pub codec: TrackCodec,
    pub condition: TrackCondition,
    /// Of the first picture.
    pub size: Option<(u16, u16)>,
    pub starts_after_ms: i64,
    pub duration_ms: i64,
    /// Of the file that a player is given.
    pub bytes: i64,
    pub spans: Vec<Span>,
    /// Times that the source lost its place and a picture had to begin anew.
    pub breaks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackCondition {
    Running,
    /// Closed by its writer.
    Whole,
    /// Its writer did not come to its end: the last second may be missing.
    Recovered,
    /// It does not open: its bytes are not those that were written.
    Damaged,
    /// Nothing came.
    Empty,
}

impl TrackCondition {
    pub const fn can_be_played(self) -> bool {
        matches!(self, Self::Whole | Self::Recovered)
    }
}

impl Manifest {
    pub fn new(recording: RecordingId, room: MeetingId, by: PersonId, classification: Classification, epoch_ms: UnixMs) -> Self {
        let state = RecordingState::Running;
        Self { version: VERSION, recording, room, by, classification, epoch_ms, state, duration_ms: 0, tracks: Vec::new() }
    }

    pub fn read(store: &Store, recording: RecordingId) -> Result<Self, ManifestError> {
        let plain = store.read(recording, StoredFile::Manifest)?;
        let manifest: Self = serde_json::from_slice(&plain)?;
        if manifest.version != VERSION {
            return Err(ManifestError::Version(manifest.version));
        }
        Ok(manifest)
    }

    pub fn write(&self, store: &Store) -> Result<(), ManifestError> {
        Ok(store.write(self.recording, StoredFile::Manifest, &serde_json::to_vec(self)?)?)
    }

    /// Why it ended. One that has not ended yet was cut short.
    pub fn reason(&self) -> RecordingStop {
        match self.state {
            RecordingState::Running => RecordingStop::Failed,
            RecordingState::Stopped { reason } => reason,
            RecordingState::Sealed => RecordingStop::ClassificationRaised,
        }
    }

    /// Nothing is left to close.
    pub fn is_complete(&self) -> bool {
        self.state != RecordingState::Running && self.tracks.iter().all(|it| it.condition != TrackCondition::Running)
    }

    /// May be shown: complete, and not sealed.
    pub fn may_be_shown(&self) -> bool {
        matches!(self.state, RecordingState::Stopped { .. }) && self.classification == Classification::Terbuka
    }

    /// The tracks that a player can be given.
    pub fn recorded_tracks(&self) -> Vec<RecordedTrack> {
        self.tracks.iter().filter(|it| it.condition.can_be_played()).map(ManifestTrack::recorded).collect()
    }

    pub fn bytes(&self) -> i64 {
        self.tracks.iter().fold(0, |all, it| all.saturating_add(it.bytes))
    }
}

impl ManifestTrack {
    pub fn recorded(&self) -> RecordedTrack {
        RecordedTrack {
            source: self.source,
            session: self.session,
            name: self.name.clone(),
            kind: self.kind,
            mime: self.codec.mime().to_owned(),
            starts_after_ms: self.starts_after_ms,
            duration_ms: self.duration_ms,
            bytes: self.bytes,
        }
    }
}
