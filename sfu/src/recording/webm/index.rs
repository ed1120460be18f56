//! What a head says of a body, gathered from its clusters: as they are written, and again in the same way when a recording is recovered.

use super::cluster::{MalformedCluster, read_cluster};
use crate::recording::media::TrackCodec;
use serde::{Deserialize, Serialize};

/// Cues lie this far apart at least, which bounds them by the length of the recording: 12 hours are 43,200 at most. Audio needs no more than
/// one in [`AUDIO_CUE_MS`].
const CUE_MS_MIN: i64 = 1_000;
const AUDIO_CUE_MS: i64 = 5_000;
/// Nothing seen or heard for longer than this: the span ends. Muted, away, or lost.
const SPAN_BREAK_MS: i64 = 2_000;
/// Spans kept apart at most; what comes later lengthens the last. A source muted and unmuted once a minute fills 8 hours.
const SPANS_MAX: usize = 512;
/// What the last frame of a video is taken to last at most, where the one before it lasted longer: it was the end of a pause.
const LAST_FRAME_MS_MAX: i64 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue {
    pub at_ms: i64,
    /// From the first byte of the body.
    pub position: u64,
}

/// From here to there the source gave something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackIndex {
    codec: TrackCodec,
    pub body_bytes: u64,
    pub cues: Vec<Cue>,
    /// Never empty once a cluster was added.
    pub spans: Vec<Span>,
    /// Width and height of the first key frame.
    pub size: Option<(u16, u16)>,
    last_block_ms: Option<i64>,
    starts_ms: i64,
    ends_ms: i64,
}

impl TrackIndex {
    pub fn new(codec: TrackCodec) -> Self {
        Self { codec, body_bytes: 0, cues: Vec::new(), spans: Vec::new(), size: None, last_block_ms: None, starts_ms: 0, ends_ms: 0 }
    }

    /// Takes the next cluster of the body.
    pub fn add(&mut self, cluster: &[u8]) -> Result<(), MalformedCluster> {
        for (number, block) in read_cluster(cluster)?.into_iter().enumerate() {
            let facts = self.codec.facts(block.data);
            self.size = self.size.or(facts.size);
            if number == 0 && block.key {
                self.cue(block.at_ms);
            }
            let before = self.last_block_ms.replace(block.at_ms);
            let lasts_ms = match (facts.duration, before) {
                (Some(duration), _) => duration.as_micros().div_ceil(1000) as i64,
                (None, Some(before)) => (block.at_ms - before).clamp(1, LAST_FRAME_MS_MAX),
                (None, None) => 1,
            };
            let end_ms = block.at_ms.saturating_add(lasts_ms);
            if before.is_none() {
                self.starts_ms = block.at_ms;
            }
            self.ends_ms = self.ends_ms.max(end_ms);
            if before.is_none() || !facts.silent {
                self.span(block.at_ms, end_ms);
            }
        }
        self.body_bytes += cluster.len() as u64;
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.last_block_ms.is_none()
    }

    /// From the epoch to the first frame.
    pub fn starts_after_ms(&self) -> i64 {
        self.starts_ms
    }

    /// From the epoch to the end of the last frame.
    pub fn ends_after_ms(&self) -> i64 {
        self.ends_ms
    }

    fn cue(&mut self, at_ms: i64) {
        let apart_ms = if self.codec.is_video() { CUE_MS_MIN } else { AUDIO_CUE_MS };
        if self.cues.last().is_none_or(|it| at_ms - it.at_ms >= apart_ms) {
            self.cues.push(Cue { at_ms, position: self.body_bytes });
        }
    }

    fn span(&mut self, from_ms: i64, to_ms: i64) {
        let full = self.spans.len() >= SPANS_MAX;
        match self.spans.last_mut() {
            Some(last) if full || from_ms - last.to_ms < SPAN_BREAK_MS => last.to_ms = to_ms.max(last.to_ms),
            _ => self.spans.push(Span { from_ms, to_ms }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::webm::ClusterBuilder;

    const OPUS_20_MS: [u8; 3] = [0b11111_000, 1, 2];
    const KEY: [u8; 11] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 1];
    const DELTA: [u8; 2] = [0x11, 0];

    fn cluster(frames: &[(i64, bool, &[u8])]) -> Vec<u8> {
        let mut builder = ClusterBuilder::default();
        for (at_ms, key, data) in frames {
            builder.add(*at_ms, *key, data);
        }
        builder.take().unwrap().bytes
    }

    #[test]
    fn sound_ends_with_its_last_packet_and_a_pause_breaks_the_span() {
        let mut index = TrackIndex::new(TrackCodec::Opus);
        for start in (0..10_000).step_by(1000).chain((20_000..22_000).step_by(1000)) {
            index.add(&cluster(&(0..50).map(|it| (start + 20 * it, true, &OPUS_20_MS[..])).collect::<Vec<_>>())).unwrap();
        }
        assert_eq!(index.spans, [Span { from_ms: 0, to_ms: 10_000 }, Span { from_ms: 20_000, to_ms: 22_000 }]);
        assert_eq!(index.cues.iter().map(|it| it.at_ms).collect::<Vec<_>>(), [0, 5_000, 20_000]);
        assert_eq!((index.starts_after_ms(), index.ends_after_ms()), (0, 22_000));
    }

    #[test]
    fn silence_in_a_row_is_a_pause_and_none_of_it_shortens_the_track() {
        let (long_ms, long) = crate::recording::media::silence(120).unwrap();
        let mut index = TrackIndex::new(TrackCodec::Opus);
        index.add(&cluster(&[(500, true, long), (620, true, &OPUS_20_MS)])).unwrap();
        let silence: Vec<_> = (0..30).map(|it| (640 + it * long_ms, true, long)).collect();
        for it in silence.chunks(8) {
            index.add(&cluster(it)).unwrap();
        }
        index.add(&cluster(&[(4_240, true, &OPUS_20_MS), (4_260, true, long)])).unwrap();
        assert_eq!(index.spans, [Span { from_ms: 500, to_ms: 640 }, Span { from_ms: 4_240, to_ms: 4_260 }]);
        assert_eq!((index.starts_after_ms(), index.ends_after_ms()), (500, 4_380));
    }

    #[test]
    fn a_cue_stands_where_a_cluster_begins_with_a_key_frame() {
        let mut index = TrackIndex::new(TrackCodec::Vp8);
        let first = cluster(&[(300, true, &KEY), (333, false, &DELTA)]);
        index.add(&first).unwrap();
        index.add(&cluster(&[(1300, false, &DELTA)])).unwrap();
        let before = index.body_bytes;
        index.add(&cluster(&[(1600, true, &KEY)])).unwrap();
        index.add(&cluster(&[(1700, true, &KEY)])).unwrap();
        assert_eq!(index.cues, [Cue { at_ms: 300, position: 0 }, Cue { at_ms: 1600, position: before }]);
        assert_eq!(index.size, Some((640, 360)));
        assert_eq!(index.starts_after_ms(), 300);
    }

    #[test]
    fn spans_are_bounded() {
        let mut index = TrackIndex::new(TrackCodec::Opus);
        for minute in 0..1000 {
            index.add(&cluster(&[(minute * 60_000, true, &OPUS_20_MS)])).unwrap();
        }
        assert_eq!(index.spans.len(), SPANS_MAX);
        assert_eq!(index.ends_after_ms(), 999 * 60_000 + 20);
    }
}
