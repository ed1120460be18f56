//! What was recorded, for those who watch: each source as one file made of its head and its body, read from the sealed files piece by piece.

use super::{
    manifest::{Manifest, ManifestError},
    readers::{Place, Readers},
    seal::{SealError, SealedReader},
    store::{Part, Store, StoredFile},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use wire::id::{PersonId, RecordingId, SourceId};

/// Files whose index of records is kept: those of a few people who watch and seek. An index takes 24 bytes for a second of recording.
const OPEN_FILES_MAX: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

#[derive(Clone)]
pub struct Library {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<Store>,
    readers: Arc<Readers>,
    /// Most lately used last.
    open: Mutex<VecDeque<Arc<TrackFile>>>,
}

impl Library {
    pub(super) fn new(store: Arc<Store>, readers_max: usize) -> Self {
        Self { inner: Arc::new(Inner { store, readers: Readers::new(readers_max), open: Mutex::default() }) }
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// A place among those who read, kept as long as the answer lasts. None: all are taken.
    pub(super) fn reader(&self, person: PersonId) -> Option<Place> {
        self.inner.readers.take(person)
    }

    /// The manifest of a recording that may be shown. None: there is none, it still runs, or it is sealed (CLASS-6).
    pub fn shown(&self, recording: RecordingId) -> Result<Option<Manifest>, LibraryError> {
        if !self.store().exists(recording, StoredFile::Manifest) {
            return Ok(None);
        }
        let manifest = Manifest::read(self.store(), recording)?;
        Ok(manifest.may_be_shown().then_some(manifest))
    }

    /// The file of a source of a recording that may be shown.
    pub(super) fn track(&self, recording: RecordingId, source: SourceId) -> Result<Arc<TrackFile>, LibraryError> {
        if let Some(file) = self.take_open(recording, source) {
            return Ok(self.keep_open(file));
        }
        let head = self.store().read(recording, StoredFile::Track(source, Part::Head))?;
        let body = self.store().reader(recording, StoredFile::Track(source, Part::Body))?;
        Ok(self.keep_open(Arc::new(TrackFile { recording, source, head, body })))
    }

    fn take_open(&self, recording: RecordingId, source: SourceId) -> Option<Arc<TrackFile>> {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|it| (it.recording, it.source) == (recording, source))?;
        open.remove(at)
    }

    fn keep_open(&self, file: Arc<TrackFile>) -> Arc<TrackFile> {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_FILES_MAX {
            open.pop_front();
        }
        open.push_back(file.clone());
        file
    }
}

/// The file that a player is given.
pub(super) struct TrackFile {
    recording: RecordingId,
    source: SourceId,
    head: Vec<u8>,
    body: SealedReader,
}

impl TrackFile {
    pub fn bytes(&self) -> u64 {
        self.head.len() as u64 + self.body.plain_bytes()
    }

    /// Some bytes from `offset` on, up to `until` at most: what stands in the head, or in one record. Decrypts that record alone.
    pub fn read(&self, offset: u64, until: u64) -> Result<bytes::Bytes, SealError> {
        let head_bytes = self.head.len() as u64;
        if offset < head_bytes {
            let end = until.min(head_bytes);
            return Ok(bytes::Bytes::copy_from_slice(&self.head[offset as usize..end as usize]));
        }
        let Some(record) = self.body.record_of(offset - head_bytes) else { return Ok(bytes::Bytes::new()) };
        let from = head_bytes + self.body.records()[record].plain_from;
        let plain = bytes::Bytes::from(self.body.read(record)?);
        let end = until.min(from + plain.len() as u64);
        Ok(plain.slice((offset - from) as usize..(end - from) as usize))
    }
}
