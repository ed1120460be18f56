//! One recording while it runs. Time is an argument; what it needs of the engine it returns.

use super::{
    manifest::{Manifest, ManifestError, ManifestTrack, RecordingState, TrackCondition},
    media::TrackCodec,
    seal::SealError,
    store::{Store, StoredFile},
    track::{Track, TrackError, recover},
};
use crate::engine::{api::TapPacket, negotiated::Codec};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::{Duration, Instant},
};
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    control::RecordingStop,
    id::{MeetingId, PersonId, RecordingId, SessionId, SourceId},
    signal::SourceKind,
};

/// Sources in one recording at most: a full room of 500 where most keep one camera and one microphone, over its life. Beyond it a recording
/// would miss somebody, so it fails instead.
pub const TRACKS_MAX: usize = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Track(#[from] TrackError),
    #[error("{0}")]
    Sealed(#[from] SealError),
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    #[error("more than {TRACKS_MAX} sources")]
    TooManyTracks,
    #[error("longer than {} s", .0.as_secs())]
    TooLong(Duration),
}

/// That this meeting may be recorded. Without it no file is opened: the second line of defence behind the engine's own refusal.
#[derive(Clone, Copy, Debug)]
pub struct Recordable(Classification);

impl Recordable {
    /// CLASS-3: a TERBUKA meeting and no other.
    pub fn new(classification: Classification) -> Result<Self, Refusal> {
        match classification {
            Classification::Terbuka => Ok(Self(classification)),
            _ => Err(Refusal::by(Code::RecordingForbidden, Rule::Class3).with("classification", classification.name())),
        }
    }
}

/// What a recording begins with.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub recording: RecordingId,
    pub room: MeetingId,
    pub by: PersonId,
    pub recordable: Recordable,
    pub epoch_ms: UnixMs,
    /// The same instant on the clock of packets.
    pub epoch: Instant,
}

/// What the engine says of a source before its first packet.
#[derive(Clone, Debug)]
pub struct NewTrack {
    pub source: SourceId,
    pub session: SessionId,
    pub name: String,
    pub kind: SourceKind,
    pub codec: Codec,
    pub clock_rate: u32,
}

pub struct Session {
    manifest: Manifest,
    /// Written at the next tick, long before the first cluster of a new track: a room that begins together costs one write, not one each.
    manifest_changed: bool,
    epoch: Instant,
    duration_max: Duration,
    tracks: BTreeMap<SourceId, Track>,
    /// Sources with a track that send something else now.
    left_out: BTreeSet<SourceId>,
}

impl Session {
    pub fn create(store: &Store, start: &Start, duration_max: Duration) -> Result<Self, SessionError> {
        store.create(start.recording)?;
        let manifest = Manifest::new(start.recording, start.room, start.by, start.recordable.0, start.epoch_ms);
        manifest.write(store)?;
        Ok(Self { manifest, manifest_changed: false, epoch: start.epoch, duration_max, tracks: BTreeMap::new(), left_out: BTreeSet::new() })
    }

    pub fn room(&self) -> MeetingId {
        self.manifest.room
    }

    /// A source is to come, or comes again.
    pub fn track(&mut self, new: NewTrack, now: Instant) -> Result<(), SessionError> {
        let Some(codec) = TrackCodec::of(new.codec) else {
            tracing::warn!(recording.id = %self.manifest.recording, source.id = %new.source, codec = ?new.codec, "a codec that is not recorded");
            if self.tracks.contains_key(&new.source) {
                self.left_out.insert(new.source);
            }
            return Ok(());
        };
        let full = self.tracks.len() >= TRACKS_MAX;
        match self.tracks.entry(new.source) {
            // A file holds one codec: what comes in another is left out until the first comes again.
            Entry::Occupied(entry) if entry.get().codec() != codec => {
                tracing::warn!(recording.id = %self.manifest.recording, source.id = %new.source, codec = ?new.codec, "a source changed its codec: not recorded further");
                self.left_out.insert(new.source);
                Ok(())
            }
            Entry::Occupied(mut entry) => {
                self.left_out.remove(&new.source);
                entry.get_mut().announced(now);
                Ok(())
            }
            Entry::Vacant(_) if full => Err(SessionError::TooManyTracks),
            Entry::Vacant(entry) => {
                let row = ManifestTrack {
                    source: new.source,
                    session: new.session,
                    name: new.name,
                    kind: new.kind,
                    codec,
                    condition: TrackCondition::Running,
                    size: None,
                    starts_after_ms: 0,
                    duration_ms: 0,
                    bytes: 0,
                    spans: Vec::new(),
                    breaks: 0,
                };
                self.manifest.tracks.push(row.clone());
                self.manifest_changed = true;
                entry.insert(Track::new(self.manifest.recording, row, self.epoch, new.clock_rate, now));
                Ok(())
            }
        }
    }

    /// True: a key frame is needed.
    pub fn packet(&mut self, store: &Store, packet: TapPacket) -> Result<bool, SessionError> {
        match self.tracks.get_mut(&packet.source).filter(|_| !self.left_out.contains(&packet.source)) {
            Some(track) => Ok(track.packet(store, packet)?),
            None => Ok(false),
        }
    }

    pub fn report(
        &mut self,
        store: &Store,
        source: SourceId,
        ssrc: u32,
        ntp: u64,
        timestamp: u32,
        arrived: Instant,
    ) -> Result<(), SessionError> {
        match self.tracks.get_mut(&source) {
            Some(track) => Ok(track.report(store, ssrc, ntp, timestamp, arrived)?),
            None => Ok(()),
        }
    }

    pub fn track_ended(&mut self, store: &Store, source: SourceId) -> Result<(), SessionError> {
        match self.tracks.get_mut(&source) {
            Some(track) => Ok(track.pause(store)?),
            None => Ok(()),
        }
    }

    /// Writes what is due. Returns the sources that need a key frame.
    pub fn tick(&mut self, store: &Store, now: Instant) -> Result<Vec<SourceId>, SessionError> {
        if now.saturating_duration_since(self.epoch) >= self.duration_max {
            return Err(SessionError::TooLong(self.duration_max));
        }
        if std::mem::take(&mut self.manifest_changed) {
            self.manifest.write(store)?;
        }
        let mut needy = Vec::new();
        for (source, track) in &mut self.tracks {
            if track.tick(store, now)? {
                needy.push(*source);
            }
        }
        Ok(needy)
    }

    /// Closes every file. Returns the manifest as it stands then, also where it could not be written.
    pub fn finish(mut self, store: &Store, reason: RecordingStop, duration_ms: i64) -> Manifest {
        let mut rows = BTreeMap::new();
        for (source, track) in self.tracks {
            rows.insert(source, track.finish(store));
        }
        for row in &mut self.manifest.tracks {
            if let Some(finished) = rows.remove(&row.source) {
                *row = finished;
            }
        }
        self.manifest.duration_ms = duration_ms.max(0);
        close(store, &mut self.manifest, reason);
        self.manifest
    }
}

/// Writes why the recording ended: the first reason stands, but what is sealed is sealed, now or before (CLASS-6).
pub fn close(store: &Store, manifest: &mut Manifest, reason: RecordingStop) {
    manifest.state = match (manifest.state, reason) {
        (RecordingState::Sealed, _) | (_, RecordingStop::ClassificationRaised) => RecordingState::Sealed,
        (RecordingState::Stopped { reason }, _) | (RecordingState::Running, reason) => RecordingState::Stopped { reason },
    };
    if let Err(error) = manifest.write(store) {
        // It stays "running" on the disk: shown to nobody, and closed at the next start.
        tracing::error!(recording.id = %manifest.recording, %error, "a recording's manifest could not be written");
    }
}

/// Closes the recordings that an earlier life of the node left open. Returns the manifests of those it closed.
pub fn recover_all(store: &Store) -> std::io::Result<Vec<Manifest>> {
    let mut closed = Vec::new();
    for recording in store.recordings()? {
        if !store.exists(recording, StoredFile::Manifest) {
            // The node was killed between the folder and its first manifest: nothing was recorded.
            store.discard_stub(recording)?;
            continue;
        }
        match Manifest::read(store, recording) {
            Ok(manifest) if !manifest.is_complete() => closed.push(recover_one(store, manifest)),
            Ok(_) => {}
            Err(error) => tracing::error!(recording.id = %recording, %error, "a recording cannot be read"),
        }
    }
    Ok(closed)
}

fn recover_one(store: &Store, mut manifest: Manifest) -> Manifest {
    for row in manifest.tracks.iter_mut().filter(|it| it.condition == TrackCondition::Running) {
        recover(store, manifest.recording, row);
    }
    if manifest.state == RecordingState::Running {
        let ends = manifest.tracks.iter().map(|it| it.starts_after_ms + it.duration_ms);
        manifest.duration_ms = ends.max().unwrap_or(0);
    }
    tracing::warn!(recording.id = %manifest.recording, meeting.id = %manifest.room, "a recording was cut short and is closed now");
    close(store, &mut manifest, RecordingStop::Failed);
    manifest
}
