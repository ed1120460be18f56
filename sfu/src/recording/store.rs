//! The folder of the recordings: which file stands where and under which name it is sealed.
//!
//! ```text
//! <folder>/<recording>/manifest              who, when, which tracks (JSON)
//! <folder>/<recording>/<source>.head         what stands before the clusters; written when the body is complete
//! <folder>/<recording>/<source>.body         the clusters
//! <folder>/<recording>/<source>.sync         sender reports and splices, a line of JSON each
//! ```

use super::seal::{KeyError, NodeKey, SealError, SealedReader, SealedWriter, mend, read_whole, write_whole};
use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use wire::id::{RecordingId, SourceId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Head,
    Body,
    Sync,
}

impl Part {
    const fn extension(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Body => "body",
            Self::Sync => "sync",
        }
    }
}

/// A file of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredFile {
    Manifest,
    Track(SourceId, Part),
}

#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    key: NodeKey,
}

impl Store {
    /// Makes the folder and the key where they are missing.
    pub fn open(folder: &Path, key_file: &Path) -> Result<Self, KeyError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let key = NodeKey::load_or_create(key_file, !recordings_in(folder)?.is_empty())?;
        Ok(Self { folder: folder.to_owned(), key })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn key(&self) -> &NodeKey {
        &self.key
    }

    /// All recordings that have a folder.
    pub fn recordings(&self) -> io::Result<Vec<RecordingId>> {
        recordings_in(&self.folder)
    }

    pub fn create(&self, recording: RecordingId) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(self.folder.join(recording.to_string()))
    }

    pub fn exists(&self, recording: RecordingId, file: StoredFile) -> bool {
        self.path(recording, file).exists()
    }

    /// Removes the folder of a recording that holds nothing but the draft of a manifest.
    pub fn discard_stub(&self, recording: RecordingId) -> io::Result<()> {
        let folder = self.folder.join(recording.to_string());
        match fs::remove_file(folder.join("manifest.draft")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match fs::remove_dir(folder) {
            // Media without a manifest: whose it is nobody knows. It is left for the operator and shown to nobody.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                tracing::error!(recording.id = %recording, "media without a manifest");
                Ok(())
            }
            other => other,
        }
    }

    pub fn writer(&self, recording: RecordingId, file: StoredFile) -> Result<SealedWriter, SealError> {
        SealedWriter::create(&self.path(recording, file), &name(recording, file), &self.key)
    }

    pub fn reader(&self, recording: RecordingId, file: StoredFile) -> Result<SealedReader, SealError> {
        SealedReader::open(&self.path(recording, file), &name(recording, file), &self.key)
    }

    pub fn mend(&self, recording: RecordingId, file: StoredFile) -> Result<bool, SealError> {
        mend(&self.path(recording, file), &name(recording, file), &self.key)
    }

    pub fn read(&self, recording: RecordingId, file: StoredFile) -> Result<Vec<u8>, SealError> {
        read_whole(&self.path(recording, file), &name(recording, file), &self.key)
    }

    pub fn write(&self, recording: RecordingId, file: StoredFile, plain: &[u8]) -> Result<(), SealError> {
        write_whole(&self.path(recording, file), &name(recording, file), &self.key, plain)
    }

    /// Bytes that may still be written on the folder's file system.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let statistics = rustix::fs::statvfs(&self.folder)?;
        Ok(statistics.f_bavail.saturating_mul(statistics.f_frsize))
    }

    pub(super) fn path(&self, recording: RecordingId, file: StoredFile) -> PathBuf {
        self.folder.join(name(recording, file))
    }
}

/// What a file is called below the folder, and what it is bound to when it is sealed.
fn name(recording: RecordingId, file: StoredFile) -> String {
    match file {
        StoredFile::Manifest => format!("{recording}/manifest"),
        StoredFile::Track(source, part) => format!("{recording}/{source}.{}", part.extension()),
    }
}

fn recordings_in(folder: &Path) -> io::Result<Vec<RecordingId>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(recording) = entry.file_name().to_str().and_then(|it| it.parse().ok())
            && entry.file_type()?.is_dir()
        {
            found.push(recording);
        }
    }
    Ok(found)
}
