//! A cluster: about a second of one track (RFC 9559, section 5.1.3), a timestamp and blocks after it. One cluster is one record at rest, so
//! it is also what is lost at most when the process is killed.

use super::{
    TRACK,
    vint::{put_size, size_at},
};
use crate::recording::seal::RECORD_BYTES_MAX;

/// A cluster spans less than this. Blocks count from its start in 16 bits of milliseconds; a second keeps what a kill costs small.
const CLUSTER_MS: i64 = 1_000;

/// What a cluster of silence spans at most; a block's time ends at 32,767 ms.
const SILENCE_CLUSTER_MS: i64 = 30_000;

const CLUSTER_ID: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
const TIMESTAMP_ID: u8 = 0xe7;
const SIMPLE_BLOCK_ID: u8 = 0xa3;
/// Track number, 16 bits of time, flags.
const BLOCK_HEAD_BYTES: usize = 4;
const KEY_FRAME: u8 = 0x80;
/// Around blocks and cluster: IDs, sizes, timestamp.
const OVERHEAD_BYTES: usize = 64;

/// A cluster as it goes into the body.
#[derive(Debug, PartialEq, Eq)]
pub struct Cluster {
    pub bytes: Vec<u8>,
}

/// The cluster that is being filled.
#[derive(Debug)]
pub struct ClusterBuilder {
    span_ms: i64,
    start_ms: Option<i64>,
    blocks: Vec<u8>,
}

impl Default for ClusterBuilder {
    fn default() -> Self {
        Self { span_ms: CLUSTER_MS, start_ms: None, blocks: Vec::new() }
    }
}

impl ClusterBuilder {
    /// One of silence, of which nothing is lost by a kill: it may be as long as a block's time can say.
    pub fn of_silence() -> Self {
        Self { span_ms: SILENCE_CLUSTER_MS, ..Self::default() }
    }

    /// Whether a frame at this time and of this size goes into this cluster; else it is to be taken first. An empty one takes any.
    pub fn has_room(&self, at_ms: i64, bytes: usize) -> bool {
        self.start_ms.is_none_or(|start_ms| {
            let fits = self.blocks.len() + bytes + 2 * OVERHEAD_BYTES <= RECORD_BYTES_MAX;
            fits && (0..self.span_ms).contains(&(at_ms - start_ms))
        })
    }

    /// Adds a frame for which there is room.
    pub fn add(&mut self, at_ms: i64, key: bool, data: &[u8]) {
        let start_ms = *self.start_ms.get_or_insert(at_ms);
        let after = i16::try_from(at_ms - start_ms).expect("a frame for which there is room lies within the cluster's span");
        self.blocks.push(SIMPLE_BLOCK_ID);
        put_size(&mut self.blocks, (BLOCK_HEAD_BYTES + data.len()) as u64);
        self.blocks.push(0x80 | TRACK);
        self.blocks.extend_from_slice(&after.to_be_bytes());
        self.blocks.push(if key { KEY_FRAME } else { 0 });
        self.blocks.extend_from_slice(data);
    }

    pub fn take(&mut self) -> Option<Cluster> {
        let start_ms = self.start_ms.take()?;
        let blocks = std::mem::take(&mut self.blocks);
        let mut content = Vec::with_capacity(10);
        content.push(TIMESTAMP_ID);
        put_size(&mut content, 8);
        content.extend_from_slice(&start_ms.max(0).to_be_bytes());
        let mut bytes = Vec::with_capacity(blocks.len() + OVERHEAD_BYTES);
        bytes.extend_from_slice(&CLUSTER_ID);
        put_size(&mut bytes, (content.len() + blocks.len()) as u64);
        bytes.extend_from_slice(&content);
        bytes.extend_from_slice(&blocks);
        Some(Cluster { bytes })
    }
}

/// A frame as it stands in a cluster.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'a> {
    pub at_ms: i64,
    pub key: bool,
    pub data: &'a [u8],
}

/// Not what [`ClusterBuilder`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is not a cluster")]
pub struct MalformedCluster;

/// The blocks of one cluster as [`ClusterBuilder`] wrote it. No reader for the files of others.
pub fn read_cluster(bytes: &[u8]) -> Result<Vec<Block<'_>>, MalformedCluster> {
    let rest = bytes.strip_prefix(&CLUSTER_ID).ok_or(MalformedCluster)?;
    let (content, after) = body(rest)?;
    let (time, mut blocks) = body(content.strip_prefix(&[TIMESTAMP_ID]).ok_or(MalformedCluster)?)?;
    let start_ms = i64::from_be_bytes(time.try_into().map_err(|_| MalformedCluster)?);
    if !after.is_empty() || start_ms < 0 {
        return Err(MalformedCluster);
    }
    let mut read = Vec::new();
    while !blocks.is_empty() {
        let (block, rest) = body(blocks.strip_prefix(&[SIMPLE_BLOCK_ID]).ok_or(MalformedCluster)?)?;
        let ([_track, high, low, flags], data) = block.split_first_chunk().ok_or(MalformedCluster)?;
        let at_ms = start_ms.saturating_add(i64::from(i16::from_be_bytes([*high, *low])));
        read.push(Block { at_ms, key: flags & KEY_FRAME != 0, data });
        blocks = rest;
    }
    Ok(read)
}

/// What an element's size spans, and what follows it.
fn body(bytes: &[u8]) -> Result<(&[u8], &[u8]), MalformedCluster> {
    let (size, width) = size_at(bytes).ok_or(MalformedCluster)?;
    let size = usize::try_from(size).map_err(|_| MalformedCluster)?;
    bytes[width..].split_at_checked(size).ok_or(MalformedCluster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mkv_element::{io::blocking_impl::ReadFrom, prelude as mkv};
    use proptest::prelude::*;

    #[test]
    fn room_ends_after_a_second_before_a_step_back_and_at_the_size_of_a_record() {
        let mut builder = ClusterBuilder::default();
        assert!(builder.has_room(70_000, 10));
        builder.add(70_000, true, &[1; 10]);
        for (at_ms, room) in [(70_000, true), (70_999, true), (71_000, false), (69_999, false)] {
            assert_eq!(builder.has_room(at_ms, 10), room, "{at_ms}");
        }
        assert!(!builder.has_room(70_000, RECORD_BYTES_MAX));
    }

    #[test]
    fn a_cluster_of_silence_is_longer() {
        let mut builder = ClusterBuilder::of_silence();
        builder.add(5, true, &[1]);
        assert!(builder.has_room(30_004, 1) && !builder.has_room(30_005, 1));
        builder.add(30_004, true, &[1]);
        let cluster = builder.take().unwrap();
        assert_eq!(read_cluster(&cluster.bytes).unwrap()[1].at_ms, 30_004);
    }

    #[test]
    fn two_of_the_largest_frames_never_pass_a_record() {
        use crate::recording::media::FRAME_BYTES_MAX;
        let mut builder = ClusterBuilder::default();
        let frame = vec![0; FRAME_BYTES_MAX];
        let mut at_ms = 0;
        while builder.has_room(at_ms, frame.len()) {
            builder.add(at_ms, false, &frame);
            at_ms += 1;
        }
        assert!(at_ms > 0 && builder.take().unwrap().bytes.len() <= RECORD_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_by_us_and_by_another(
            start in 0i64..100_000_000,
            frames in proptest::collection::vec((0i64..CLUSTER_MS, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 1..20),
        ) {
            let mut builder = ClusterBuilder::default();
            let mut written = Vec::new();
            for (number, (after, key, data)) in frames.iter().enumerate() {
                let at_ms = if number == 0 { start } else { start + after };
                prop_assert!(builder.has_room(at_ms, data.len()));
                builder.add(at_ms, *key, data);
                written.push(Block { at_ms, key: *key, data });
            }
            let cluster = builder.take().unwrap();
            prop_assert!(builder.take().is_none());
            prop_assert_eq!(read_cluster(&cluster.bytes).unwrap(), written);
            let theirs = mkv::Cluster::read_from(&mut cluster.bytes.as_slice()).unwrap();
            prop_assert_eq!((*theirs.timestamp, theirs.blocks.len()), (start as u64, frames.len()));
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), headed in any::<bool>()) {
            if headed {
                bytes.splice(..0, CLUSTER_ID);
            }
            let _ = read_cluster(&bytes);
        }
    }
}
