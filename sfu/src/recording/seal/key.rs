//! The node's recording key and the keys derived from it. Whoever holds the key file reads every recording of the node; whoever loses it
//! reads none.

use aws_lc_rs::{
    aead::{AES_256_GCM, LessSafeKey, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// Hexadecimal and a line's end, so that an operator can copy it into a safe.
const KEY_TEXT_BYTES: usize = 2 * KEY_BYTES + 1;
/// Separates our use of HKDF from any other (RFC 5869, section 3.1).
const SALT: &[u8] = b"sidang recording 1";

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("recording key: {0}")]
    Io(#[from] io::Error),
    /// The file is not what [`NodeKey::load_or_create`] wrote.
    #[error("recording key: not {KEY_BYTES} bytes in hexadecimal")]
    Malformed,
    /// Others than the owner may read it.
    #[error("recording key: mode {mode:o}, expected 600")]
    Exposed { mode: u32 },
    /// Recordings are there and their key is not: a new key would make them unreadable without anyone noticing.
    #[error("recording key: missing, and there are recordings made with it")]
    Lost,
}

/// 256 random bits from which every key of this node's recordings is derived.
pub struct NodeKey(Zeroizing<[u8; KEY_BYTES]>);

impl NodeKey {
    /// Reads the key, or draws and writes one on the first start. `recordings_exist`: then a missing key is an error.
    pub fn load_or_create(path: &Path, recordings_exist: bool) -> Result<Self, KeyError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => Err(KeyError::Exposed { mode: metadata.mode() & 0o777 }),
            Ok(_) => Self::load(path),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Err(_) if recordings_exist => Err(KeyError::Lost),
            Err(_) => Self::create(path),
        }
    }

    fn load(path: &Path) -> Result<Self, KeyError> {
        let text = Zeroizing::new(fs::read(path)?);
        let digits = text.trim_ascii_end();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if digits.len() != 2 * KEY_BYTES {
            return Err(KeyError::Malformed);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |it: u8| char::from(it).to_digit(16).ok_or(KeyError::Malformed);
            *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Ok(Self(key))
    }

    /// Written under another name, flushed, then linked to its own: a start that is cut short leaves no half key, and of two starts at
    /// once one key wins.
    fn create(path: &Path) -> Result<Self, KeyError> {
        let key = Self::draw();
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut text = Zeroizing::new(String::with_capacity(KEY_TEXT_BYTES));
        for byte in key.0.iter() {
            text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        text.push('\n');
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        fs::File::open(folder)?.sync_all()?;
        match linked {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
            Err(error) => Err(error.into()),
        }
    }

    fn draw() -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(key.as_mut_slice()).expect("the system's random source cannot fail once it was seeded");
        Self(key)
    }

    /// The key of one generation of one file. `name` tells files of one node apart: `<recording>/<file>`.
    pub(super) fn of_file(&self, name: &str, generation: u32) -> LessSafeKey {
        self.derive(&[b"file\0", name.as_bytes(), b"\0", &generation.to_be_bytes()])
    }

    /// The key that seals the cookies of those who watch.
    pub(in crate::recording) fn of_cookies(&self) -> LessSafeKey {
        self.derive(&[b"cookie\0"])
    }

    fn derive(&self, info: &[&[u8]]) -> LessSafeKey {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let secret = Salt::new(HKDF_SHA256, SALT).extract(self.0.as_slice());
        secret.expand(info, HKDF_SHA256).and_then(|it| it.fill(key.as_mut_slice())).expect("HKDF gives as many bytes as its hash");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).expect("AES-256 takes 32 bytes"))
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_start_makes_a_key_that_only_the_owner_reads_and_the_next_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/recording.key");
        let first = NodeKey::load_or_create(&path, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let second = NodeKey::load_or_create(&path, true).unwrap();
        assert_eq!(*first.0, *second.0);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_key_that_cannot_be_trusted_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording.key");
        assert!(matches!(NodeKey::load_or_create(&path, true), Err(KeyError::Lost)));
        NodeKey::load_or_create(&path, false).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(NodeKey::load_or_create(&path, false), Err(KeyError::Exposed { mode: 0o640 })));
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(65)] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(NodeKey::load_or_create(&path, false), Err(KeyError::Malformed)), "{text}");
        }
    }
}
