//! Reads a sealed file record by record: the lengths are scanned once, and only the records touched are decrypted.

use super::{FileHeader, HEADER_BYTES, LAST, LENGTH_BYTES, NodeKey, RECORD_BYTES_MAX, SealError, TAG_BYTES};
use aws_lc_rs::aead::{Aad, LessSafeKey};
use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::Path,
};

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// In the sealed file.
    pub(super) offset: u64,
    /// In the plaintext of the whole file.
    pub plain_from: u64,
    pub plain_bytes: u32,
    last: bool,
}

pub struct SealedReader {
    file: File,
    name: String,
    key: LessSafeKey,
    header: FileHeader,
    records: Vec<RecordPlace>,
}

impl SealedReader {
    /// Fails where the file is not finished.
    pub fn open(path: &Path, name: &str, key: &NodeKey) -> Result<Self, SealError> {
        let reader = Self::open_unfinished(path, name, key)?;
        if !reader.is_finished() {
            return Err(SealError::Unfinished { records: reader.records.len() as u32 });
        }
        Ok(reader)
    }

    /// The whole records of a file that may lack its end.
    pub(super) fn open_unfinished(path: &Path, name: &str, key: &NodeKey) -> Result<Self, SealError> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut bytes = [0; HEADER_BYTES];
        if file_bytes < HEADER_BYTES as u64 {
            return Err(SealError::NotSealed);
        }
        file.read_exact_at(&mut bytes, 0)?;
        let header = FileHeader::from_bytes(&bytes)?;
        let records = scan(&file, file_bytes)?;
        Ok(Self { file, name: name.to_owned(), key: key.of_file(name, header.generation), header, records })
    }

    pub fn is_finished(&self) -> bool {
        self.records.last().is_some_and(|it| it.last)
    }

    pub fn records(&self) -> &[RecordPlace] {
        &self.records
    }

    /// Bytes of plaintext in all.
    pub fn plain_bytes(&self) -> u64 {
        self.records.last().map_or(0, |it| it.plain_from + u64::from(it.plain_bytes))
    }

    /// The record that holds this byte of the plaintext; past the end: none.
    pub fn record_of(&self, plain_offset: u64) -> Option<usize> {
        let after = self.records.partition_point(|it| it.plain_from + u64::from(it.plain_bytes) <= plain_offset);
        (after < self.records.len()).then_some(after)
    }

    pub fn read(&self, index: usize) -> Result<Vec<u8>, SealError> {
        let record = index as u32;
        let place = self.records.get(index).ok_or(SealError::Unfinished { records: self.records.len() as u32 })?;
        let mut bytes = vec![0; place.plain_bytes as usize + TAG_BYTES];
        self.file.read_exact_at(&mut bytes, place.offset + LENGTH_BYTES as u64)?;
        let nonce = self.header.nonce(record, place.last);
        self.key.open_in_place(nonce, Aad::from(self.name.as_bytes()), &mut bytes).map_err(|_| SealError::Forged { record })?;
        bytes.truncate(place.plain_bytes as usize);
        Ok(bytes)
    }

    pub(super) fn header(&self) -> FileHeader {
        self.header
    }
}

/// The places of all whole records. The lengths are not authenticated by themselves; a wrong one fails its record's tag.
fn scan(file: &File, file_bytes: u64) -> Result<Vec<RecordPlace>, SealError> {
    let mut records: Vec<RecordPlace> = Vec::new();
    let mut input = BufReader::with_capacity(64, file);
    let mut offset = input.seek(SeekFrom::Start(HEADER_BYTES as u64))?;
    let mut plain_from = 0;
    while offset + LENGTH_BYTES as u64 <= file_bytes {
        let record = records.len() as u32;
        if records.last().is_some_and(|it| it.last) {
            return Err(SealError::Trailing);
        }
        let mut length = [0; LENGTH_BYTES];
        input.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        let (last, sealed) = (length & LAST != 0, length & !LAST);
        let plain_bytes = sealed.checked_sub(TAG_BYTES as u32).filter(|it| *it as usize <= RECORD_BYTES_MAX);
        let Some(plain_bytes) = plain_bytes else { return Err(SealError::Length { record }) };
        let end = offset + LENGTH_BYTES as u64 + u64::from(sealed);
        if end > file_bytes {
            return Ok(records);
        }
        records.push(RecordPlace { offset, plain_from, plain_bytes, last });
        plain_from += u64::from(plain_bytes);
        input.seek_relative(i64::from(sealed))?;
        offset = end;
    }
    if offset < file_bytes && records.last().is_some_and(|it| it.last) {
        return Err(SealError::Trailing);
    }
    Ok(records)
}
