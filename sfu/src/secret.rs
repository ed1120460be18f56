//! Secrets that a node makes for itself on its first start and keeps in its data folder, readable by its own user alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// No secret of ours is larger.
const BYTES_MAX: u64 = 4096;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// Readable by others: what it protects may be known to them.
    #[error("{path} is readable by others (mode {mode:o}, wanted 600)")]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{path} holds {bytes} bytes that are no such secret")]
    Malformed { path: PathBuf, bytes: usize },
}

/// Reads the secret, or makes it. Of two processes that make it at once both read what the first wrote.
pub fn read_or_create(path: &Path, make: impl FnOnce() -> Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let at = |source| SecretError::File { path: path.to_owned(), source };
    if !path.try_exists().map_err(at)? {
        write_new(path, &make()).map_err(at)?;
    }
    let file = File::open(path).map_err(at)?;
    let mode = file.metadata().map_err(at)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(at)?;
    Ok(bytes)
}

/// Whole or not at all: written beside, then linked into place, which fails where somebody else was first.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{}.new", uuid::Uuid::new_v4()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match fs::hard_link(&beside, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    })();
    fs::remove_file(&beside)?;
    written?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept_for_oneself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/ticket.key");
        let first = read_or_create(&path, || Zeroizing::new(vec![7; 32])).unwrap();
        let second = read_or_create(&path, || Zeroizing::new(vec![8; 32])).unwrap();
        assert_eq!((first.as_slice(), second.as_slice()), ([7; 32].as_slice(), [7; 32].as_slice()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ticket.key");
        fs::write(&path, [1; 32]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_or_create(&path, || Zeroizing::new(vec![])), Err(SecretError::Exposed { mode: 0o644, .. })));
    }
}
