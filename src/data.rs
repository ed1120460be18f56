//! The data folder: made and closed to others, claimed by one process for each plane, and the key that seals the database's secrets.

use anyhow::{Context, Result, bail};
use std::{
    fs::{self, File, TryLockError},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Makes the folder where it is missing, readable by its owner alone.
pub fn prepare(folder: &Path) -> Result<()> {
    let at = || format!("data.folder {}: it must be a folder of the user who runs sidang", folder.display());
    fs::create_dir_all(folder).with_context(at)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).with_context(at)
}

/// Where a media node keeps its name, keys and memory.
pub fn media(folder: &Path) -> PathBuf {
    folder.join("media")
}

/// A plane's right to the folder, until it is dropped or the process ends, however it ends. Two control planes on one SQLite file would both
/// answer, and two media nodes of one name would each end the other's meetings.
#[derive(Debug)]
pub struct Claim(#[allow(dead_code)] File);

impl Claim {
    /// `plane` is `booking` or `media`.
    pub fn take(folder: &Path, plane: &str) -> Result<Self> {
        prepare(folder)?;
        let path = folder.join(format!("{plane}.lock"));
        let file = File::create(&path).with_context(|| format!("data.folder {}", folder.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "data.folder {} is in use by another sidang: stop that one, or give this one a data.folder of its own",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

/// Where the key lies that seals what the database keeps secret.
pub fn sealing_key_path(folder: &Path) -> PathBuf {
    folder.join("keys").join("booking.key")
}

pub fn sealing_key(folder: &Path) -> Result<[u8; booking::SEALING_KEY_BYTES]> {
    let path = sealing_key_path(folder);
    let key = sfu::secret::read_or_create(&path, || {
        let mut drawn = zeroize::Zeroizing::new(vec![0; booking::SEALING_KEY_BYTES]);
        aws_lc_rs::rand::fill(&mut drawn).expect("the process has a source of randomness");
        drawn
    })?;
    let wrong = || {
        format!("{} holds {} bytes where a key has {}: put it back from its backup", path.display(), key.len(), booking::SEALING_KEY_BYTES)
    };
    key.as_slice().try_into().ok().with_context(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_claimed_once_for_each_plane() {
        let folder = tempfile::tempdir().expect("a folder");
        let booking = Claim::take(folder.path(), "booking").expect("the first");
        let refused = Claim::take(folder.path(), "booking").expect_err("it is taken").to_string();
        assert!(refused.contains("in use") && refused.contains("data.folder"), "{refused}");
        let _media = Claim::take(folder.path(), "media").expect("the other plane's");
        drop(booking);
        Claim::take(folder.path(), "booking").expect("it was given back");
    }

    #[test]
    fn a_damaged_key_is_named_with_what_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = sealing_key(folder.path()).expect("a fresh one");
        assert_eq!(sealing_key(folder.path()).expect("the same"), key);
        fs::write(sealing_key_path(folder.path()), "short").expect("it is ours");
        let refused = sealing_key(folder.path()).expect_err("it is damaged").to_string();
        assert!(refused.contains("booking.key") && refused.contains("5 bytes") && refused.contains("backup"), "{refused}");
    }
}
