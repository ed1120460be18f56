use super::{whole::generation_of, *};
use proptest::prelude::*;
use std::{fs, path::PathBuf};

struct Place {
    folder: tempfile::TempDir,
    key: NodeKey,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = NodeKey::load_or_create(&folder.path().join("key"), false).unwrap();
        Self { folder, key }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("x.body")
    }

    fn write(&self, records: &[&[u8]], finish: bool) {
        let _ = fs::remove_file(self.path());
        let mut writer = SealedWriter::create(&self.path(), "r/x.body", &self.key).unwrap();
        for record in records {
            writer.append(record).unwrap();
        }
        if finish {
            writer.finish().unwrap();
        }
    }

    fn read(&self) -> Result<Vec<u8>, SealError> {
        read_whole(&self.path(), "r/x.body", &self.key)
    }
}

#[test]
fn what_was_written_is_read_and_no_plaintext_is_on_the_disk() {
    let place = Place::new();
    place.write(&[b"the first record", b"", b"the third record"], true);
    assert_eq!(place.read().unwrap(), b"the first recordthe third record");
    let bytes = fs::read(place.path()).unwrap();
    assert!(!bytes.windows(6).any(|it| it == b"record"));
}

#[test]
fn every_flipped_byte_fails_closed() {
    let place = Place::new();
    place.write(&[b"one", b"two"], true);
    let good = fs::read(place.path()).unwrap();
    for at in 0..good.len() {
        for bit in [0x01, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            fs::write(place.path(), &bad).unwrap();
            assert!(place.read().is_err(), "byte {at} bit {bit:#x}");
        }
    }
}

#[test]
fn records_before_the_forged_one_are_still_read() {
    let place = Place::new();
    place.write(&[b"one", b"two", b"three"], true);
    let mut bytes = fs::read(place.path()).unwrap();
    let second = HEADER_BYTES + record_bytes(3) + LENGTH_BYTES;
    bytes[second] ^= 1;
    fs::write(place.path(), &bytes).unwrap();
    let reader = SealedReader::open(&place.path(), "r/x.body", &place.key).unwrap();
    assert_eq!(reader.read(0).unwrap(), b"one");
    assert!(matches!(reader.read(1), Err(SealError::Forged { record: 1 })));
}

#[test]
fn a_file_in_anothers_place_or_under_another_key_does_not_open() {
    let place = Place::new();
    place.write(&[b"one"], true);
    assert!(matches!(read_whole(&place.path(), "r/y.body", &place.key), Err(SealError::Forged { record: 0 })));
    let other = Place::new();
    assert!(matches!(read_whole(&place.path(), "r/x.body", &other.key), Err(SealError::Forged { record: 0 })));
}

#[test]
fn records_cannot_be_moved_dropped_repeated_or_followed() {
    let place = Place::new();
    place.write(&[b"one", b"two", b"six"], true);
    let good = fs::read(place.path()).unwrap();
    let (header, rest) = good.split_at(HEADER_BYTES);
    let (records, last) = rest.split_at(3 * record_bytes(3));
    let record = |it: usize| &records[it * record_bytes(3)..(it + 1) * record_bytes(3)];
    let moved = [header, record(1), record(0), record(2), last].concat();
    let dropped = [header, record(0), record(2), last].concat();
    let repeated = [header, record(0), record(0), record(1), record(2), last].concat();
    let early = [header, record(0), last].concat();
    let followed = [header, records, last, record(0)].concat();
    let one_more = [header, records, last, b"x"].concat();
    for (what, bytes) in
        [("moved", moved), ("dropped", dropped), ("repeated", repeated), ("early", early), ("followed", followed), ("one more", one_more)]
    {
        fs::write(place.path(), bytes).unwrap();
        assert!(place.read().is_err(), "{what}");
    }
}

#[test]
fn a_file_cut_anywhere_is_unfinished_and_mends_to_its_whole_records() {
    let place = Place::new();
    place.write(&[b"one", b"two"], false);
    let good = fs::read(place.path()).unwrap();
    for cut in HEADER_BYTES..=good.len() {
        fs::write(place.path(), &good[..cut]).unwrap();
        assert!(matches!(place.read(), Err(SealError::Unfinished { .. })), "cut at {cut}");
        for time in 0..2 {
            mend(&place.path(), "r/x.body", &place.key).unwrap();
            let whole = (cut - HEADER_BYTES) / record_bytes(3);
            assert_eq!(place.read().unwrap(), &b"onetwo"[..3 * whole], "cut at {cut}, mended {time}");
        }
    }
}

#[test]
fn a_file_cut_within_its_header_held_nothing() {
    let place = Place::new();
    assert!(!mend(&place.path(), "r/x.body", &place.key).unwrap());
    fs::write(place.path(), &MAGIC[..5]).unwrap();
    assert!(!mend(&place.path(), "r/x.body", &place.key).unwrap());
    assert!(!place.path().exists());
}

#[test]
fn a_last_record_of_zeros_is_cut_and_one_in_the_middle_is_not_hidden() {
    let place = Place::new();
    place.write(&[b"one", b"two"], false);
    let good = fs::read(place.path()).unwrap();
    let mut bad = good.clone();
    bad[HEADER_BYTES + record_bytes(3) + LENGTH_BYTES..].fill(0);
    fs::write(place.path(), bad).unwrap();
    mend(&place.path(), "r/x.body", &place.key).unwrap();
    assert_eq!(place.read().unwrap(), b"one");

    let mut bad = good;
    bad[HEADER_BYTES + LENGTH_BYTES] ^= 1;
    fs::write(place.path(), bad).unwrap();
    mend(&place.path(), "r/x.body", &place.key).unwrap();
    assert!(matches!(place.read(), Err(SealError::Forged { record: 0 })));
}

#[test]
fn a_writer_that_failed_seals_nothing_more() {
    let place = Place::new();
    let mut writer = SealedWriter::create(&place.path(), "r/x.body", &place.key).unwrap();
    writer.append(b"one").unwrap();
    fs::rename(place.path(), place.folder.path().join("away")).unwrap();
    assert!(matches!(writer.append(b"two"), Err(SealError::Io(_))));
    fs::rename(place.folder.path().join("away"), place.path()).unwrap();
    assert!(matches!(writer.append(b"six"), Err(SealError::Failed)));
    mend(&place.path(), "r/x.body", &place.key).unwrap();
    assert_eq!(place.read().unwrap(), b"one");
}

#[test]
fn each_version_of_a_whole_file_has_a_generation_and_key_of_its_own() {
    let place = Place::new();
    let path = place.folder.path().join("head");
    assert_eq!(generation_of(&path).unwrap(), None);
    for generation in 0..3 {
        write_whole(&path, "r/head", &place.key, b"the same text").unwrap();
        assert_eq!(generation_of(&path).unwrap(), Some(generation));
        assert_eq!(read_whole(&path, "r/head", &place.key).unwrap(), b"the same text");
    }
    let mut bytes = fs::read(&path).unwrap();
    bytes[11] = 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(read_whole(&path, "r/head", &place.key), Err(SealError::Forged { record: 0 })));
}

#[test]
fn a_record_is_bounded() {
    let place = Place::new();
    let mut writer = SealedWriter::create(&place.path(), "r/x.body", &place.key).unwrap();
    writer.append(&vec![7; RECORD_BYTES_MAX]).unwrap();
    assert!(matches!(writer.append(&vec![7; RECORD_BYTES_MAX + 1]), Err(SealError::TooMuch)));
    writer.finish().unwrap();
    assert_eq!(place.read().unwrap().len(), RECORD_BYTES_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn read_is_the_inverse_of_write(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..12)) {
        let place = Place::new();
        place.write(&records.iter().map(Vec::as_slice).collect::<Vec<_>>(), true);
        prop_assert_eq!(place.read().unwrap(), records.concat());
        let reader = SealedReader::open(&place.path(), "r/x.body", &place.key).unwrap();
        let total = records.concat().len() as u64;
        prop_assert_eq!(reader.plain_bytes(), total);
        for offset in 0..total {
            let place = reader.records()[reader.record_of(offset).unwrap()];
            prop_assert!(place.plain_from <= offset && offset < place.plain_from + u64::from(place.plain_bytes));
        }
        prop_assert_eq!(reader.record_of(total), None);
    }
}
