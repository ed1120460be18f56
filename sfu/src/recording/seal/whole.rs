//! A small sealed file written and read whole: a head, a manifest. Each version is a new generation under its own key, put in the old
//! one's place by renaming, so that a reader sees one or the other.

use super::{FileHeader, HEADER_BYTES, NodeKey, SealError, SealedReader, seal_record};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Bytes of plaintext in one record: a whole file is read whole, so this only keeps a record's buffer small.
const CHUNK_BYTES: usize = 256 * 1024;

/// The generation that stands there; none where no such file is.
pub(super) fn generation_of(path: &Path) -> Result<Option<u32>, SealError> {
    let mut header = [0; HEADER_BYTES];
    match File::open(path) {
        Ok(mut file) => file.read_exact(&mut header)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    FileHeader::from_bytes(&header).map(|it| Some(it.generation))
}

/// Puts `plain` in the place of what stood there, under the next generation.
pub fn write_whole(path: &Path, name: &str, key: &NodeKey, plain: &[u8]) -> Result<(), SealError> {
    let generation = generation_of(path)?.map_or(Some(0), |it| it.checked_add(1)).ok_or(SealError::TooMuch)?;
    let header = FileHeader::fresh(generation);
    let file_key = key.of_file(name, generation);
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&header.to_bytes())?;
    let chunks = plain.len().div_ceil(CHUNK_BYTES).max(1);
    for number in 0..chunks {
        let chunk = &plain[number * CHUNK_BYTES..plain.len().min((number + 1) * CHUNK_BYTES)];
        file.write_all(&seal_record(&file_key, &header, name, number as u32, number + 1 == chunks, chunk)?)?;
    }
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

pub fn read_whole(path: &Path, name: &str, key: &NodeKey) -> Result<Vec<u8>, SealError> {
    let reader = SealedReader::open(path, name, key)?;
    let mut plain = Vec::with_capacity(usize::try_from(reader.plain_bytes()).map_err(|_| SealError::TooMuch)?);
    for record in 0..reader.records().len() {
        plain.extend_from_slice(&reader.read(record)?);
    }
    Ok(plain)
}
