//! Appends records to a sealed file. No descriptor is held between two records, so the number of tracks is not bounded by a process's
//! open files, and a folder that was taken away is noticed at the next record.

use super::{FileHeader, NodeKey, SealError, SealedReader, record_bytes, seal_record};
use aws_lc_rs::aead::LessSafeKey;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub struct SealedWriter {
    path: PathBuf,
    name: String,
    key: LessSafeKey,
    header: FileHeader,
    records: u32,
    /// Set while a write is under way: a write that failed may have left a part, and the same nonce must not seal anything else.
    failed: bool,
}

impl SealedWriter {
    /// `name` is what the file is bound to; `path` is where it stands. Fails where the file exists.
    pub fn create(path: &Path, name: &str, key: &NodeKey) -> Result<Self, SealError> {
        let header = FileHeader::fresh(0);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&header.to_bytes())?;
        Ok(Self { path: path.to_owned(), name: name.to_owned(), key: key.of_file(name, 0), header, records: 0, failed: false })
    }

    /// One record, in one write.
    pub fn append(&mut self, plain: &[u8]) -> Result<(), SealError> {
        self.write(plain, false).map(drop)
    }

    /// The last record, empty; then the file is on the disk and whole.
    pub fn finish(mut self) -> Result<(), SealError> {
        Ok(self.write(&[], true)?.sync_all()?)
    }

    fn write(&mut self, plain: &[u8], last: bool) -> Result<File, SealError> {
        if self.failed {
            return Err(SealError::Failed);
        }
        let next = self.records.checked_add(1).ok_or(SealError::TooMuch)?;
        let bytes = seal_record(&self.key, &self.header, &self.name, self.records, last, plain)?;
        self.failed = true;
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        file.write_all(&bytes)?;
        self.failed = false;
        self.records = next;
        Ok(file)
    }
}

/// Closes a file whose writer did not come to its end: cuts a torn tail and writes the last record. Repeating it changes nothing.
///
/// Only the tail may be torn. What was torn had its nonce with a zero at the end; the last record's has a one: no nonce seals twice.
/// Returns whether there is a file: one that was cut within its header held nothing and is removed.
pub fn mend(path: &Path, name: &str, key: &NodeKey) -> Result<bool, SealError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
        Ok(metadata) if metadata.len() < super::HEADER_BYTES as u64 => {
            fs::remove_file(path)?;
            return Ok(false);
        }
        Ok(_) => {}
    }
    let reader = SealedReader::open_unfinished(path, name, key)?;
    if reader.is_finished() {
        return Ok(true);
    }
    let mut records = reader.records().len();
    // A machine that lost power may have the length of the last record and not its bytes.
    if records > 0 && matches!(reader.read(records - 1), Err(SealError::Forged { .. })) {
        records -= 1;
    }
    let whole_bytes = match records.checked_sub(1).and_then(|it| reader.records().get(it)) {
        Some(last) => last.offset + record_bytes(last.plain_bytes as usize) as u64,
        None => super::HEADER_BYTES as u64,
    };
    let header = reader.header();
    drop(reader);
    let number = u32::try_from(records).map_err(|_| SealError::TooMuch)?;
    let closing = seal_record(&key.of_file(name, header.generation), &header, name, number, true, &[])?;
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(whole_bytes)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(&closing)?;
    file.sync_all()?;
    Ok(true)
}
