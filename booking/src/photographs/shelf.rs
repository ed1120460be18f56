//! The pictures themselves, sealed in the data folder (SEC-2): one file a size, written whole under another name and then put in its place.
//!
//! ```text
//! <data folder>/photographs/<YYYY-MM-DD>/<id>.<full | thumb>      nonce | AES-256-GCM | tag; bound to "<id>.<size>"
//! ```

use super::decode::Picture;
use crate::{
    meetings::seal::{SEALING_KEY_BYTES, SealingKey},
    names::names,
};
use kernel::clock::{civil_date, date_text};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Semaphore;
use uuid::Uuid;
use wire::{UnixMs, id::PhotographId};

/// Pictures decoded at one time. Each may take some 200 MiB while it lasts.
const DECODED_AT_ONCE: usize = 2;
/// Uploads whose bytes are held at one time, of up to 8 MiB each.
const RECEIVED_AT_ONCE: usize = 16;

names! {
    /// Which of the two that are kept.
    Size {
        Full = "full",
        Thumb = "thumb",
    }
}

/// Where the pictures stand, and how many are on their way there.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    key: Arc<SealingKey>,
    pub decoding: Arc<Semaphore>,
    pub receiving: Arc<Semaphore>,
}

impl Shelf {
    /// Nothing is made until a picture comes.
    pub fn new(data_folder: &Path, sealing_key: &[u8; SEALING_KEY_BYTES]) -> Self {
        Self {
            folder: data_folder.join("photographs"),
            key: Arc::new(SealingKey::for_purpose(sealing_key, "photographs")),
            decoding: Arc::new(Semaphore::new(DECODED_AT_ONCE)),
            receiving: Arc::new(Semaphore::new(RECEIVED_AT_ONCE)),
        }
    }

    pub async fn put(&self, id: PhotographId, picture: Arc<Picture>) -> io::Result<()> {
        self.off_the_runtime(move |shelf| {
            let folder = shelf.folder.join(day(id));
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            for (size, jpeg) in [(Size::Full, &picture.full), (Size::Thumb, &picture.thumb)] {
                let sealed = shelf.key.seal(&name(id, size), jpeg).map_err(io::Error::other)?;
                let (path, draft) = (shelf.path(id, size), folder.join(format!("{}.draft", name(id, size))));
                let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
                file.write_all(&sealed)?;
                file.sync_all()?;
                fs::rename(&draft, path)?;
            }
            File::open(&folder)?.sync_all()
        })
        .await
    }

    /// The JPEG file; none where it is not there.
    pub async fn get(&self, id: PhotographId, size: Size) -> io::Result<Option<Vec<u8>>> {
        self.off_the_runtime(move |shelf| match fs::read(shelf.path(id, size)) {
            Ok(sealed) => Ok(Some(shelf.key.open(&name(id, size), &sealed).map_err(io::Error::other)?.to_vec())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub async fn remove(&self, id: PhotographId) -> io::Result<()> {
        self.off_the_runtime(move |shelf| {
            for size in Size::ALL {
                for path in [shelf.path(id, *size), shelf.folder.join(day(id)).join(format!("{}.draft", name(id, *size)))] {
                    match fs::remove_file(path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
            }
            Ok(())
        })
        .await
    }

    /// Every picture that came before that moment, by the files alone.
    pub async fn all_before(&self, before: UnixMs) -> io::Result<BTreeSet<PhotographId>> {
        self.off_the_runtime(move |shelf| {
            let mut found = BTreeSet::new();
            let days = match fs::read_dir(&shelf.folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
                days => days?,
            };
            for day in days {
                let day = day?;
                if !day.file_type()?.is_dir() {
                    continue;
                }
                for file in fs::read_dir(day.path())? {
                    let file = file?.file_name();
                    let id = file.to_str().and_then(|it| it.split('.').next()).and_then(|it| it.parse::<PhotographId>().ok());
                    found.extend(id.filter(|id| made_at(*id) < before));
                }
            }
            Ok(found)
        })
        .await
    }

    async fn off_the_runtime<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let shelf = self.clone();
        tokio::task::spawn_blocking(move || work(&shelf)).await.map_err(io::Error::other)?
    }

    fn path(&self, id: PhotographId, size: Size) -> PathBuf {
        self.folder.join(day(id)).join(name(id, size))
    }
}

fn name(id: PhotographId, size: Size) -> String {
    format!("{id}.{size}")
}

/// The day under which it stands, which its id tells.
fn day(id: PhotographId) -> String {
    date_text(civil_date(made_at(id), chrono_tz::UTC))
}

/// An id that tells when the picture came (RFC 9562, version 7), by the service's own clock.
pub(crate) fn fresh_id(now: UnixMs) -> PhotographId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).expect("the system's random source cannot fail once it was seeded");
    PhotographId(uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or_default(), &random).into_uuid())
}

fn made_at(PhotographId(id): PhotographId) -> UnixMs {
    let of_version_7 = |id: Uuid| id.get_timestamp().map(|it| it.to_unix());
    of_version_7(id).map_or(UnixMs(0), |(seconds, nanos)| UnixMs((seconds as i64).saturating_mul(1000) + i64::from(nanos / 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;
    use std::os::unix::fs::MetadataExt;

    #[tokio::test]
    async fn a_picture_is_sealed_and_opens_where_it_was_put() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path(), &[7; SEALING_KEY_BYTES]);
        assert!(shelf.all_before(NOW).await.unwrap().is_empty());
        let (one, other) = (fresh_id(NOW), fresh_id(NOW));
        assert_eq!((made_at(one), day(one)), (NOW, "2026-12-01".to_owned()));
        let picture = |full: &[u8]| Arc::new(Picture { full: full.to_vec(), thumb: b"small".to_vec(), width: 1, height: 1 });
        shelf.put(one, picture(b"a picture of the room")).await.unwrap();
        shelf.put(other, picture(b"another")).await.unwrap();
        assert_eq!(shelf.get(one, Size::Full).await.unwrap().unwrap(), b"a picture of the room");
        assert_eq!(shelf.get(one, Size::Thumb).await.unwrap().unwrap(), b"small");
        assert_eq!(shelf.get(fresh_id(NOW), Size::Full).await.unwrap(), None);

        let path = shelf.path(one, Size::Full);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(!fs::read(&path).unwrap().windows(7).any(|it| it == b"picture"));
        fs::copy(shelf.path(other, Size::Full), &path).unwrap();
        assert!(shelf.get(one, Size::Full).await.is_err(), "another's picture in its place");

        assert_eq!(shelf.all_before(NOW.saturating_add_ms(1)).await.unwrap(), [one, other].into());
        assert!(shelf.all_before(NOW).await.unwrap().is_empty());
        shelf.remove(one).await.unwrap();
        shelf.remove(one).await.unwrap();
        assert_eq!(shelf.get(one, Size::Thumb).await.unwrap(), None);
    }
}
