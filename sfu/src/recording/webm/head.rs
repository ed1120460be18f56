//! What stands before the clusters: EBML header, Info, Tracks and Cues (RFC 9559), with the sizes of a body that is complete.

use super::{
    TRACK, TrackIndex,
    vint::{put_size, put_size_in_eight},
};
use crate::recording::media::TrackCodec;
use mkv_element::{io::blocking_impl::WriteTo, prelude as mkv, prelude::Element};

const SEGMENT_ID: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
const CUES_ID: [u8; 4] = [0x1c, 0x53, 0xbb, 0x6b];
const NS_PER_MS: u64 = 1_000_000;
/// RFC 7845, section 4.6: a decoder that starts inside a stream needs 80 ms before what it plays is right.
const OPUS_PRE_ROLL_NS: u64 = 80 * NS_PER_MS;
const APP: &str = "sidang";
/// The size named where no key frame was seen; a player takes the frame's own.
const SIZE_UNKNOWN: (u16, u16) = (640, 360);

/// The head of a body that is complete.
pub fn write_head(codec: TrackCodec, index: &TrackIndex) -> mkv_element::Result<Vec<u8>> {
    let mut before = Vec::new();
    info(index).write_to(&mut before)?;
    mkv::Tracks { track_entry: vec![track(codec, index)], ..Default::default() }.write_to(&mut before)?;
    let cues = cues(index, before.len() as u64)?;

    let mut head = Vec::new();
    ebml().write_to(&mut head)?;
    head.extend_from_slice(&SEGMENT_ID);
    put_size_in_eight(&mut head, before.len() as u64 + cues.len() as u64 + index.body_bytes);
    head.extend_from_slice(&before);
    head.extend_from_slice(&cues);
    Ok(head)
}

fn ebml() -> mkv::Ebml {
    mkv::Ebml {
        ebml_version: Some(mkv::EbmlVersion(1)),
        ebml_read_version: Some(mkv::EbmlReadVersion(1)),
        ebml_max_id_length: mkv::EbmlMaxIdLength(4),
        ebml_max_size_length: mkv::EbmlMaxSizeLength(8),
        doc_type: Some(mkv::DocType("webm".to_owned())),
        doc_type_version: Some(mkv::DocTypeVersion(4)),
        doc_type_read_version: Some(mkv::DocTypeReadVersion(2)),
        ..Default::default()
    }
}

fn info(index: &TrackIndex) -> mkv::Info {
    mkv::Info {
        timestamp_scale: mkv::TimestampScale(NS_PER_MS),
        duration: Some(mkv::Duration(index.ends_after_ms() as f64)),
        muxing_app: mkv::MuxingApp(APP.to_owned()),
        writing_app: mkv::WritingApp(APP.to_owned()),
        ..Default::default()
    }
}

fn track(codec: TrackCodec, index: &TrackIndex) -> mkv::TrackEntry {
    let common = mkv::TrackEntry {
        track_number: mkv::TrackNumber(u64::from(TRACK)),
        track_uid: mkv::TrackUid(u64::from(TRACK)),
        flag_lacing: mkv::FlagLacing(0),
        language: mkv::Language("und".to_owned()),
        codec_id: mkv::CodecId(codec.matroska_id().to_owned()),
        ..Default::default()
    };
    match codec {
        TrackCodec::Opus => mkv::TrackEntry {
            track_type: mkv::TrackType(2),
            codec_private: Some(mkv::CodecPrivate(bytes::Bytes::copy_from_slice(&opus_head()))),
            seek_pre_roll: mkv::SeekPreRoll(OPUS_PRE_ROLL_NS),
            audio: Some(mkv::Audio {
                sampling_frequency: mkv::SamplingFrequency(48_000.0),
                channels: mkv::Channels(2),
                ..Default::default()
            }),
            ..common
        },
        TrackCodec::Vp8 | TrackCodec::Vp9 => {
            let (width, height) = index.size.unwrap_or(SIZE_UNKNOWN);
            mkv::TrackEntry {
                track_type: mkv::TrackType(1),
                video: Some(mkv::Video {
                    pixel_width: mkv::PixelWidth(u64::from(width)),
                    pixel_height: mkv::PixelHeight(u64::from(height)),
                    ..Default::default()
                }),
                ..common
            }
        }
    }
}

/// RFC 7845, section 5.1. Two channels whatever is sent: RFC 7587 (section 7) always names two, and a decoder makes two of one. No pre-skip:
/// recording does not begin where the encoder did.
fn opus_head() -> [u8; 19] {
    let mut head = *b"OpusHead\x01\x02\0\0\0\0\0\0\0\0\0";
    head[12..16].copy_from_slice(&48_000u32.to_le_bytes());
    head
}

/// Positions count from the first byte within the segment, thus over the cues themselves: their size is sought until it fits itself.
fn cues(index: &TrackIndex, before: u64) -> mkv_element::Result<Vec<u8>> {
    if index.cues.is_empty() {
        return Ok(Vec::new());
    }
    let mut element = Vec::new();
    loop {
        let body_at = before + element.len() as u64;
        let points = index.cues.iter().map(|cue| mkv::CuePoint {
            crc32: None,
            void: None,
            cue_time: mkv::CueTime(cue.at_ms.max(0).cast_unsigned()),
            cue_track_positions: vec![mkv::CueTrackPositions {
                crc32: None,
                void: None,
                cue_track: mkv::CueTrack(u64::from(TRACK)),
                cue_cluster_position: mkv::CueClusterPosition(body_at + cue.position),
                cue_relative_position: None,
                cue_duration: None,
                cue_block_number: None,
                cue_codec_state: mkv::CueCodecState(0),
                cue_reference: Vec::new(),
            }],
        });
        let mut content = Vec::new();
        mkv::Cues { crc32: None, void: None, cue_point: points.collect() }.encode_body(&mut content)?;
        let mut next = CUES_ID.to_vec();
        put_size(&mut next, content.len() as u64);
        next.extend_from_slice(&content);
        // Larger positions never take fewer bytes, so the size only grows, by a few bytes a turn, and at most once a byte of each position.
        if next.len() == element.len() {
            return Ok(next);
        }
        element = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::webm::ClusterBuilder;
    use mkv_element::io::blocking_impl::ReadFrom;

    /// Wherever the sizes of cues pass a width, each cue leads to the first byte of its cluster.
    #[test]
    fn each_cue_leads_to_its_cluster() {
        for clusters in [1usize, 2, 5, 6, 7, 8, 100, 127, 128, 1000, 1200, 5000] {
            let mut index = TrackIndex::new(TrackCodec::Vp8);
            let mut body = Vec::new();
            for number in 0..clusters as i64 {
                let mut builder = ClusterBuilder::default();
                builder.add(1000 * number, true, &[0x10; 20]);
                let cluster = builder.take().unwrap();
                index.add(&cluster.bytes).unwrap();
                body.extend(cluster.bytes);
            }
            let mut file = write_head(TrackCodec::Vp8, &index).unwrap();
            file.extend(body);
            let mut rest = file.as_slice();
            mkv::Ebml::read_from(&mut rest).unwrap();
            let header = mkv::Header::read_from(&mut rest).unwrap();
            assert_eq!(header.id, mkv::Segment::ID);
            assert_eq!(*header.size, rest.len() as u64, "the segment spans the file, {clusters} clusters");
            let segment = mkv::Segment::decode_body(&mut &*rest).unwrap();
            assert_eq!(segment.cluster.len(), clusters);
            let cues = segment.cues.unwrap().cue_point;
            assert_eq!(cues.len(), clusters);
            for cue in cues {
                let mut at = &rest[*cue.cue_track_positions[0].cue_cluster_position as usize..];
                assert_eq!(mkv::Cluster::read_from(&mut at).unwrap().timestamp, mkv::Timestamp(*cue.cue_time));
            }
        }
    }
}
