//! Sealing at rest (SEC-2): a file is a chain of records, each encrypted and authenticated, written once and never patched.
//!
//! ```text
//! file    = magic (8) | generation (4) | nonce prefix (7) | record*
//! record  = length (4: top bit = last record of the file, 31 bits = bytes that follow) | ciphertext | tag (16)
//! nonce   = prefix (7) | number of the record (4) | 1 for the last record, else 0        STREAM, Hoang et al. 2015, section 7
//! key     = HKDF-SHA256(node key, "file" | name | generation)                            AES-256-GCM, one key a file and generation
//! aad     = name, which is "<recording>/<file>": a file put in another's place does not open
//! ```
//!
//! What follows from it: a flipped byte, a record moved, dropped from the middle or taken from another file fails at that record and
//! nothing after it is served; a file without its last record is known to be unfinished; a torn tail is cut and closed by [`mend`]. A
//! file that must change (a head, a manifest) is written anew under the next generation, thus under another key.

mod key;
mod reader;
mod whole;
mod writer;

pub use key::{KeyError, NodeKey};
pub use reader::SealedReader;
pub use whole::{read_whole, write_whole};
pub use writer::{SealedWriter, mend};

use aws_lc_rs::aead::{AES_256_GCM, Nonce};
use std::io;

const MAGIC: [u8; 8] = *b"SIDREC\0\x01";
const PREFIX_BYTES: usize = 7;
const HEADER_BYTES: usize = MAGIC.len() + 4 + PREFIX_BYTES;
const LENGTH_BYTES: usize = 4;
const TAG_BYTES: usize = 16;
const LAST: u32 = 1 << 31;
/// Bytes of plaintext in one record at most. A record is a cluster: a second of video, cut early where one frame more would pass the bound.
/// A reader decrypts a record whole, so this is also what one reader holds in memory.
pub const RECORD_BYTES_MAX: usize = 2 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It does not begin as a sealed file does, or is of another version.
    #[error("not a sealed file of this version")]
    NotSealed,
    /// Its bytes are not those that were written, or it stands under another name.
    #[error("record {record} is forged")]
    Forged { record: u32 },
    /// A length that no writer writes.
    #[error("record {record} has an impossible length")]
    Length { record: u32 },
    /// The last record is missing: the writer did not come to its end.
    #[error("unfinished after {records} records")]
    Unfinished { records: u32 },
    /// Something follows the last record.
    #[error("bytes follow the last record")]
    Trailing,
    /// A write failed before: what stands in the file is not known until it is mended.
    #[error("the writer has failed before")]
    Failed,
    /// More than [`RECORD_BYTES_MAX`] bytes, or more records than the nonce can count.
    #[error("too much for a sealed file")]
    TooMuch,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct FileHeader {
    generation: u32,
    prefix: [u8; PREFIX_BYTES],
}

impl FileHeader {
    fn fresh(generation: u32) -> Self {
        let mut prefix = [0; PREFIX_BYTES];
        aws_lc_rs::rand::fill(&mut prefix).expect("the system's random source cannot fail once it was seeded");
        Self { generation, prefix }
    }

    fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.generation.to_be_bytes());
        bytes[12..].copy_from_slice(&self.prefix);
        bytes
    }

    fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, SealError> {
        let (magic, rest) = bytes.split_at(8);
        let (generation, prefix) = rest.split_at(4);
        if magic != MAGIC {
            return Err(SealError::NotSealed);
        }
        let mut header =
            Self { generation: u32::from_be_bytes([generation[0], generation[1], generation[2], generation[3]]), prefix: [0; 7] };
        header.prefix.copy_from_slice(prefix);
        Ok(header)
    }

    fn nonce(&self, record: u32, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..7].copy_from_slice(&self.prefix);
        nonce[7..11].copy_from_slice(&record.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }
}

const _: () = assert!(RECORD_BYTES_MAX + TAG_BYTES < LAST as usize);

/// What a record of this plaintext takes in the file.
const fn record_bytes(plain: usize) -> usize {
    LENGTH_BYTES + plain + TAG_BYTES
}

/// `seal(plain)` as it stands in the file.
fn seal_record(
    key: &aws_lc_rs::aead::LessSafeKey,
    header: &FileHeader,
    name: &str,
    record: u32,
    last: bool,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    debug_assert_eq!(AES_256_GCM.tag_len(), TAG_BYTES);
    if plain.len() > RECORD_BYTES_MAX {
        return Err(SealError::TooMuch);
    }
    let length = (plain.len() + TAG_BYTES) as u32 | if last { LAST } else { 0 };
    let mut bytes = Vec::with_capacity(record_bytes(plain.len()));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(plain);
    let aad = aws_lc_rs::aead::Aad::from(name.as_bytes());
    let tag =
        key.seal_in_place_separate_tag(header.nonce(record, last), aad, &mut bytes[LENGTH_BYTES..]).map_err(|_| SealError::TooMuch)?;
    bytes.extend_from_slice(tag.as_ref());
    Ok(bytes)
}

#[cfg(test)]
mod tests;
