//! Where recordings are kept, and the bounds of what they may take.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingConfig {
    /// The folder of the recordings. Made on the first start, for its owner alone.
    pub folder: PathBuf,
    /// The node's recording key. Made on the first start, for its owner alone; kept apart from the media where the operator can.
    pub key_file: PathBuf,
    /// No recording starts, and those that run fail, with less than this free: what is open must still be closed, and the database lives
    /// beside it.
    pub free_bytes_min: u64,
    /// A recording is stopped at this age. Longer than any booked day; a forgotten one ends.
    pub duration_max: Duration,
    /// Recordings that run at once. One for each meeting of a node that is full.
    pub running_max: usize,
    /// Answers with media under way at once, on this node. Each holds one record in memory, 2 MiB at most.
    pub readers_max: usize,
}

impl RecordingConfig {
    /// As a node keeps them in its data folder.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            folder: data.join("recordings"),
            key_file: data.join("keys").join("recording.key"),
            free_bytes_min: 1 << 30,
            duration_max: Duration::from_secs(12 * 3600),
            running_max: 64,
            readers_max: 256,
        }
    }
}
