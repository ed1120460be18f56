//! One source on its way into its files: packets in, clusters out, a key frame asked for where the picture is lost.

use super::{
    manifest::{ManifestTrack, TrackCondition},
    media::{Frame, Output, Stream, Timeline, TrackCodec, silence},
    seal::{SealError, SealedWriter},
    store::{Part, Store, StoredFile},
    webm::{Cluster, ClusterBuilder, MalformedCluster, TrackIndex, write_head},
};
use crate::engine::api::TapPacket;
use serde::Serialize;
use std::time::{Duration, Instant};
use wire::id::RecordingId;

/// A cluster is written this long after its first frame came, though it may not be full: with the worker's tick it makes the second that
/// a kill may cost.
const FLUSH_AFTER: Duration = Duration::from_millis(850);
/// While a picture is missing and packets come, a key frame is asked for this often. A request may be lost as a packet may.
const KEY_FRAME_RETRY: Duration = Duration::from_secs(1);
/// A key frame is asked for when the last is this old: a player that seeks decodes from the key frame before, and browsers send none
/// unasked. A key frame is some 30 kB at 360p, thus 3 kB/s.
const KEY_FRAME_INTERVAL: Duration = Duration::from_secs(10);
/// A pause of this length is stored in clusters of its own, long ones: hours of a muted microphone are written at once when it comes back.
const LONG_SILENCE_MS: i64 = 2_000;
/// Sound that lies this far within the sound before it is left out: half of the usual 20 ms.
const OVERLAP_MS_MAX: i64 = 10;
/// Lines of the sync file that wait for the next flush at most, bytes; more are written at once.
const SYNC_BYTES_MAX: usize = 8 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    #[error("track: {0}")]
    Sealed(#[from] SealError),
    #[error("track: {0}")]
    Cluster(#[from] MalformedCluster),
    #[error("track: {0}")]
    Head(#[from] mkv_element::Error),
    #[error("track: {0}")]
    Json(#[from] serde_json::Error),
}

/// A line of the sync file: where RTP timestamps stand on the recording's time and on the sender's clock.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SyncLine {
    /// The frame with this timestamp was placed by its arrival.
    Anchor { ssrc: u32, timestamp: u32, at_ms: i64 },
    /// A sender report (RFC 3550, section 6.4.1) and when it came.
    Report { ssrc: u32, timestamp: u32, ntp: u64, arrived_ms: i64 },
}

pub struct Track {
    recording: RecordingId,
    row: ManifestTrack,
    stream: Option<Stream>,
    /// The SSRC before, and the highest sequence number it came to: its stragglers are no splice.
    before: Option<(u32, u64)>,
    timeline: Timeline,
    picture: Picture,
    /// A key frame was asked for.
    asked: Option<Instant>,
    /// Where the next frame stands at the earliest: times grow.
    next_ms: i64,
    /// To where there is sound.
    sound_until_ms: Option<i64>,
    cluster: ClusterBuilder,
    cluster_since: Option<Instant>,
    body: Option<SealedWriter>,
    sync: Option<SealedWriter>,
    sync_lines: Vec<u8>,
    index: TrackIndex,
}

/// Whether what comes can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    /// Sound: each packet stands alone.
    Always,
    /// Nothing can, until a key frame comes.
    Missing,
    Since {
        key_frame: Instant,
    },
}

impl Track {
    /// `row` comes without figures; they are filled in when it ends.
    pub fn new(recording: RecordingId, row: ManifestTrack, epoch: Instant, clock_rate: u32, now: Instant) -> Self {
        let codec = row.codec;
        let clock_rate = if clock_rate == 0 { codec.clock_rate() } else { clock_rate };
        Self {
            recording,
            row,
            stream: None,
            before: None,
            timeline: Timeline::new(epoch, clock_rate),
            picture: if codec.is_video() { Picture::Missing } else { Picture::Always },
            asked: Some(now),
            next_ms: 0,
            sound_until_ms: None,
            cluster: ClusterBuilder::default(),
            cluster_since: None,
            body: None,
            sync: None,
            sync_lines: Vec::new(),
            index: TrackIndex::new(codec),
        }
    }

    pub const fn codec(&self) -> TrackCodec {
        self.row.codec
    }

    /// What comes next begins with a key frame, which the engine has asked for by itself: it is waited for as if it was asked for here.
    pub fn announced(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// Takes a packet. True: a key frame is needed.
    pub fn packet(&mut self, store: &Store, packet: TapPacket) -> Result<bool, TrackError> {
        let now = packet.arrived;
        if self.before.is_some_and(|(ssrc, highest)| ssrc == packet.ssrc && packet.sequence <= highest) {
            return Ok(false);
        }
        if self.stream.as_ref().is_some_and(|it| it.ssrc() != packet.ssrc) {
            self.splice(store)?;
        }
        let codec = self.row.codec;
        let outputs = self.stream.get_or_insert_with(|| Stream::new(codec, packet.ssrc)).push(packet);
        self.take(store, outputs)?;
        Ok(self.asks(now))
    }

    /// Gives up gaps and writes what is due. True: a key frame is needed.
    pub fn tick(&mut self, store: &Store, now: Instant) -> Result<bool, TrackError> {
        let outputs = self.stream.as_mut().map(|it| it.tick(now)).unwrap_or_default();
        let lost = outputs.contains(&Output::Broken);
        self.take(store, outputs)?;
        if self.cluster_since.is_some_and(|it| now.saturating_duration_since(it) >= FLUSH_AFTER) {
            self.flush(store)?;
        }
        // A source that is silent is not asked: it is muted.
        Ok(lost && self.asks(now))
    }

    pub fn report(&mut self, store: &Store, ssrc: u32, ntp: u64, timestamp: u32, arrived: Instant) -> Result<(), TrackError> {
        let arrived_ms = self.timeline.at_ms(arrived);
        self.note(store, &SyncLine::Report { ssrc, timestamp, ntp, arrived_ms })
    }

    /// The source ended, for now: what waits is written.
    pub fn pause(&mut self, store: &Store) -> Result<(), TrackError> {
        self.splice(store)?;
        self.flush(store)
    }

    /// Closes the files and returns the row with its figures. Where writing fails, the files are closed as they are.
    pub fn finish(mut self, store: &Store) -> ManifestTrack {
        match self.close(store) {
            Ok(()) => self.row.condition = if self.index.is_empty() { TrackCondition::Empty } else { TrackCondition::Whole },
            Err(error) => {
                tracing::warn!(recording.id = %self.recording, source.id = %self.row.source, %error, "a track is closed as it is");
                recover(store, self.recording, &mut self.row);
            }
        }
        self.row
    }

    fn close(&mut self, store: &Store) -> Result<(), TrackError> {
        self.pause(store)?;
        for writer in [self.body.take(), self.sync.take()].into_iter().flatten() {
            writer.finish()?;
        }
        complete(store, self.recording, &mut self.row, &self.index)
    }

    /// The stream that was ends: what comes next is of another clock and needs a picture of its own.
    fn splice(&mut self, store: &Store) -> Result<(), TrackError> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        self.before = Some((stream.ssrc(), stream.highest()));
        self.take(store, stream.drain())?;
        self.timeline.splice();
        if self.picture != Picture::Always {
            self.picture = Picture::Missing;
        }
        Ok(())
    }

    fn take(&mut self, store: &Store, outputs: Vec<Output>) -> Result<(), TrackError> {
        for output in outputs {
            match (output, self.picture) {
                (Output::Broken, Picture::Since { .. }) => {
                    self.picture = Picture::Missing;
                    self.row.breaks = self.row.breaks.saturating_add(1);
                }
                (Output::Broken, Picture::Always | Picture::Missing) => {}
                (Output::Frame(frame), Picture::Missing) if !frame.key => {}
                (Output::Frame(frame), Picture::Always) => self.write(store, &frame, false)?,
                (Output::Frame(frame), Picture::Missing | Picture::Since { .. }) => {
                    if frame.key {
                        self.picture = Picture::Since { key_frame: frame.arrived };
                    }
                    self.write(store, &frame, frame.key)?;
                }
            }
        }
        Ok(())
    }

    fn asks(&mut self, now: Instant) -> bool {
        let wanted = match self.picture {
            Picture::Always => false,
            Picture::Missing => true,
            Picture::Since { key_frame } => now.saturating_duration_since(key_frame) >= KEY_FRAME_INTERVAL,
        };
        let asks = wanted && self.asked.is_none_or(|it| now.saturating_duration_since(it) >= KEY_FRAME_RETRY);
        if asks {
            self.asked = Some(now);
        }
        asks
    }

    fn write(&mut self, store: &Store, frame: &Frame, begins_cluster: bool) -> Result<(), TrackError> {
        let placed = self.timeline.place(frame.timestamp, frame.arrived);
        if placed.anchored
            && let Some(ssrc) = self.stream.as_ref().map(Stream::ssrc).or(self.before.map(|it| it.0))
        {
            self.note(store, &SyncLine::Anchor { ssrc, timestamp: frame.timestamp, at_ms: placed.at_ms })?;
        }
        if self.picture == Picture::Always && !self.fill(store, placed.at_ms, frame.arrived)? {
            return Ok(());
        }
        let at_ms = placed.at_ms.max(self.next_ms);
        if let Some(duration) = self.row.codec.facts(&frame.data).duration {
            self.sound_until_ms = Some(at_ms.saturating_add(duration.as_millis() as i64));
        }
        self.add(store, at_ms, frame, begins_cluster)
    }

    fn add(&mut self, store: &Store, at_ms: i64, frame: &Frame, begins_cluster: bool) -> Result<(), TrackError> {
        if begins_cluster || !self.cluster.has_room(at_ms, frame.data.len()) {
            self.flush(store)?;
        }
        self.cluster.add(at_ms, frame.key, &frame.data);
        self.cluster_since.get_or_insert(frame.arrived);
        self.next_ms = at_ms + 1;
        Ok(())
    }

    /// Fills the time since the last sound with silence: a browser plays packet after packet whatever times they carry, so each packet that was
    /// lost, and each pause of a microphone, would bring all that follows forward. False: the frame lies where there is sound already (two
    /// streams overlap at a splice) and is left out, which would hold back all that follows.
    fn fill(&mut self, store: &Store, at_ms: i64, arrived: Instant) -> Result<bool, TrackError> {
        let Some(mut until_ms) = self.sound_until_ms else { return Ok(true) };
        let mut gap = ClusterBuilder::of_silence();
        let long = at_ms - until_ms >= LONG_SILENCE_MS;
        if long {
            self.flush(store)?;
        }
        while let Some((length_ms, data)) = silence(at_ms - until_ms) {
            if !long {
                self.add(store, until_ms, &Frame { timestamp: 0, arrived, key: true, data: data.to_vec() }, false)?;
            } else {
                if !gap.has_room(until_ms, data.len()) {
                    self.store_cluster(store, gap.take())?;
                }
                gap.add(until_ms, true, data);
            }
            until_ms += length_ms;
        }
        self.store_cluster(store, gap.take())?;
        Ok(at_ms - until_ms > -OVERLAP_MS_MAX)
    }

    fn flush(&mut self, store: &Store) -> Result<(), TrackError> {
        self.cluster_since = None;
        let cluster = self.cluster.take();
        self.store_cluster(store, cluster)?;
        self.flush_sync(store)
    }

    fn store_cluster(&mut self, store: &Store, cluster: Option<Cluster>) -> Result<(), TrackError> {
        if let Some(cluster) = cluster {
            append(&mut self.body, store, self.recording, StoredFile::Track(self.row.source, Part::Body), &cluster.bytes)?;
            self.index.add(&cluster.bytes)?;
            metrics::counter!("sidang_recording_bytes_total").increment(cluster.bytes.len() as u64);
        }
        Ok(())
    }

    fn note(&mut self, store: &Store, line: &SyncLine) -> Result<(), TrackError> {
        serde_json::to_writer(&mut self.sync_lines, line)?;
        self.sync_lines.push(b'\n');
        if self.sync_lines.len() > SYNC_BYTES_MAX { self.flush_sync(store) } else { Ok(()) }
    }

    fn flush_sync(&mut self, store: &Store) -> Result<(), TrackError> {
        let lines = std::mem::take(&mut self.sync_lines);
        if !lines.is_empty() {
            append(&mut self.sync, store, self.recording, StoredFile::Track(self.row.source, Part::Sync), &lines)?;
        }
        Ok(())
    }
}

fn append(
    writer: &mut Option<SealedWriter>,
    store: &Store,
    recording: RecordingId,
    file: StoredFile,
    plain: &[u8],
) -> Result<(), SealError> {
    match writer {
        Some(writer) => writer.append(plain),
        None => writer.insert(store.writer(recording, file)?).append(plain),
    }
}

/// The body is closed: writes the head and fills in the row.
fn complete(store: &Store, recording: RecordingId, row: &mut ManifestTrack, index: &TrackIndex) -> Result<(), TrackError> {
    if index.is_empty() {
        return Ok(());
    }
    let head = write_head(row.codec, index)?;
    store.write(recording, StoredFile::Track(row.source, Part::Head), &head)?;
    row.size = index.size;
    row.starts_after_ms = index.starts_after_ms();
    row.duration_ms = index.ends_after_ms() - index.starts_after_ms();
    row.bytes = i64::try_from(head.len() as u64 + index.body_bytes).unwrap_or(i64::MAX);
    row.spans.clone_from(&index.spans);
    Ok(())
}

/// Closes the files of a writer that did not come to its end, with all that stands in them. Repeating it is harmless.
pub fn recover(store: &Store, recording: RecordingId, row: &mut ManifestTrack) {
    row.condition = match recover_files(store, recording, row) {
        Ok(true) => TrackCondition::Recovered,
        Ok(false) => TrackCondition::Empty,
        // Room on the disk may come back: the next start tries again.
        Err(TrackError::Sealed(SealError::Io(error))) => {
            tracing::error!(recording.id = %recording, source.id = %row.source, %error, "a track could not be closed");
            TrackCondition::Running
        }
        Err(error) => {
            tracing::error!(recording.id = %recording, source.id = %row.source, %error, "a track is damaged");
            TrackCondition::Damaged
        }
    };
}

fn recover_files(store: &Store, recording: RecordingId, row: &mut ManifestTrack) -> Result<bool, TrackError> {
    store.mend(recording, StoredFile::Track(row.source, Part::Sync))?;
    let body = StoredFile::Track(row.source, Part::Body);
    if !store.mend(recording, body)? {
        return Ok(false);
    }
    let reader = store.reader(recording, body)?;
    let mut index = TrackIndex::new(row.codec);
    for (number, place) in reader.records().iter().enumerate() {
        let cluster = reader.read(number)?;
        if place.plain_bytes > 0 {
            index.add(&cluster)?;
        }
    }
    complete(store, recording, row, &index)?;
    Ok(!index.is_empty())
}
