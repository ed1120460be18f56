//! Redundant sound (RFC 2198): a packet that repeats what the packets before it carried, so that a lost one is made good by the next.

use super::{loss::Share, ring::Ring, ring::Stored};
use bytes::{BufMut, Bytes, BytesMut};
use smallvec::SmallVec;

/// Repetitions in one received packet that are looked at: browsers send one, or up to nine where told to.
pub const REPEATS_READ_MAX: usize = 9;
/// Repetitions that are written at most: at 30 % loss one packet in a hundred is still missing.
pub const REPEATS_WRITTEN_MAX: usize = 3;
/// RFC 2198, section 3: ten bits of length, fourteen of offset.
const BLOCK_BYTES_MAX: usize = 1_023;
const OFFSET_MAX: u32 = (1 << 14) - 1;
/// A datagram of sound with its headers stays below this, whatever it repeats: 96 kbit/s of programme sound three times over.
const PAYLOAD_BYTES_MAX: usize = 1_000;
/// What repetition adds to a payload at most: a head for each and for its own sound.
pub const GROWTH_BYTES: usize = PAYLOAD_BYTES_MAX + 4 * REPEATS_WRITTEN_MAX + 1;
/// Below this estimate a line is too narrow to say everything twice while nothing is lost, and to say it four times at all.
const NARROW_BPS: u64 = 300_000;

/// One block of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub payload_type: u8,
    /// Ticks before the packet's own timestamp; 0: the packet's own sound.
    pub offset: u32,
    pub payload: Bytes,
}

/// The blocks of a packet, the oldest first, its own sound last. `None`: lengths that lie, or more repetitions than anyone sends.
pub fn read(payload: &Bytes) -> Option<SmallVec<[Block; 4]>> {
    let mut heads: SmallVec<[(u8, u32, usize); 4]> = SmallVec::new();
    let mut at = 0;
    let own = loop {
        let first = *payload.get(at)?;
        if first & 0x80 == 0 {
            at += 1;
            break first;
        }
        let &[_, high, middle, low] = payload.get(at..)?.first_chunk()?;
        if heads.len() == REPEATS_READ_MAX {
            return None;
        }
        // Fourteen bits and ten.
        let (offset, length) = (u32::from(high) << 6 | u32::from(middle) >> 2, usize::from(middle & 3) << 8 | usize::from(low));
        heads.push((first & 0x7f, offset, length));
        at += 4;
    };
    let mut blocks = SmallVec::new();
    for (payload_type, offset, length) in heads {
        let end = at + length;
        if end > payload.len() {
            return None;
        }
        blocks.push(Block { payload_type, offset, payload: payload.slice(at..end) });
        at = end;
    }
    blocks.push(Block { payload_type: own, offset: 0, payload: payload.slice(at..) });
    Some(blocks)
}

/// How often sound is said again towards a line that loses this share: none of it is free, and each takes the share to one power more.
pub fn repeats(lost: Share, estimate_bps: u64) -> usize {
    let narrow = estimate_bps < NARROW_BPS;
    match lost.percent() {
        0..2 => usize::from(!narrow),
        2..6 => 1,
        6..16 => 2,
        _ if narrow => 2,
        _ => REPEATS_WRITTEN_MAX,
    }
}

/// Packets of the ring that a packet repeats, the oldest first, as ticks before it and what they carry. `begins` is the first that the
/// receiver may have: what lies before a cut is another's.
pub fn gather<'a>(ring: &'a Ring, packet: &Stored, begins: u64, repeats: usize) -> SmallVec<[(u32, &'a [u8]); REPEATS_WRITTEN_MAX]> {
    let mut room = PAYLOAD_BYTES_MAX.saturating_sub(packet.payload.len());
    let mut blocks: SmallVec<[(u32, &[u8]); REPEATS_WRITTEN_MAX]> = SmallVec::new();
    for distance in 1..=repeats.min(REPEATS_WRITTEN_MAX) as u64 {
        let Some(old) = packet.sequence.checked_sub(distance).filter(|number| *number >= begins).and_then(|number| ring.get(number)) else {
            continue;
        };
        let (offset, length) = (packet.timestamp.wrapping_sub(old.timestamp), old.payload.len());
        if !(1..=OFFSET_MAX).contains(&offset) || length == 0 || length > BLOCK_BYTES_MAX || length > room {
            break;
        }
        room -= length;
        blocks.push((offset, &old.payload));
    }
    blocks.reverse();
    blocks
}

/// Appends a payload: what is repeated, then the packet's own sound, all of one payload type.
pub fn write(out: &mut BytesMut, payload_type: u8, repeated: &[(u32, &[u8])], own: &[u8]) {
    for (offset, payload) in repeated {
        out.put_u8(0x80 | payload_type);
        out.put_uint(u64::from(offset << 10) | payload.len() as u64, 3);
    }
    out.put_u8(payload_type & 0x7f);
    repeated.iter().for_each(|(_, payload)| out.put_slice(payload));
    out.put_slice(own);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::forward::picture::{Ids, Picture};
    use crate::engine::negotiated::Codec;
    use proptest::prelude::*;
    use std::time::Instant;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            repeated in proptest::collection::vec((1u32..=OFFSET_MAX, proptest::collection::vec(any::<u8>(), 1..200)), 0..4),
            own in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut out = BytesMut::new();
            let borrowed: Vec<(u32, &[u8])> = repeated.iter().map(|(offset, payload)| (*offset, payload.as_slice())).collect();
            write(&mut out, 111, &borrowed, &own);
            let blocks = read(&out.freeze()).unwrap();
            let expected: Vec<(u32, &[u8])> = borrowed.iter().copied().chain([(0, own.as_slice())]).collect();
            prop_assert!(blocks.iter().all(|block| block.payload_type == 111));
            prop_assert_eq!(blocks.iter().map(|block| (block.offset, &*block.payload)).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = read(&Bytes::from(bytes));
        }
    }

    #[test]
    fn lengths_that_lie_and_endless_heads_are_refused() {
        for (name, bytes, blocks) in [
            ("nothing", vec![], None),
            ("own sound of no bytes", vec![111], Some(1)),
            ("own sound", vec![111, 1, 2], Some(1)),
            ("half a head", vec![0x80 | 111, 0, 0], None),
            ("a head and no own", vec![0x80 | 111, 0, 0, 0], None),
            ("a block that is not there", vec![0x80 | 111, 0x0f, 0, 2, 111, 1], None),
            ("a block and no own sound", vec![0x80 | 111, 0x0f, 0, 2, 111, 1, 2], Some(2)),
            ("endless heads", vec![0x80 | 111, 0, 0, 0].repeat(40), None),
        ] {
            assert_eq!(read(&Bytes::from(bytes)).map(|blocks| blocks.len()), blocks, "{name}");
        }
    }

    fn stored(sequence: u64, timestamp: u32, bytes: usize) -> Stored {
        Stored {
            sequence,
            timestamp,
            marker: false,
            codec: Codec::Opus,
            audio_level: None,
            orientation: None,
            picture: Picture { keyframe: true, ..Picture::default() },
            ids: Ids::None,
            arrived: Instant::now(),
            payload: Bytes::from(vec![sequence as u8; bytes]),
        }
    }

    #[test]
    fn repeats_what_is_there_near_and_small() {
        let mut ring = Ring::default();
        for (sequence, timestamp, bytes) in [(70_000, 960, 80), (70_001, 1_920, 80), (70_003, 3_840, 80)] {
            ring.push(stored(sequence, timestamp, bytes));
        }
        let offsets = |timestamp: u32, bytes, begins, repeats| -> Vec<u32> {
            gather(&ring, &stored(70_004, timestamp, bytes), begins, repeats).iter().map(|block| block.0).collect()
        };
        assert_eq!(offsets(4_800, 80, 0, 3), [2_880, 960], "a hole is left out");
        assert_eq!(offsets(4_800, 80, 0, 1), [960]);
        assert_eq!(offsets(4_800, 80, 70_002, 3), [960], "nothing from before the cut");
        assert_eq!(offsets(4_800, 990, 0, 3), [0u32; 0], "no room");
        assert_eq!(offsets(48_000, 80, 0, 3), [0u32; 0], "behind a pause");
    }

    #[test]
    fn more_loss_is_met_with_more_repetition() {
        let wide = 2_000_000;
        let of = |percent: f64| Share::new(percent / 100.0);
        assert_eq!([0.0, 3.0, 10.0, 30.0].map(|percent| repeats(of(percent), wide)), [1, 1, 2, 3]);
        assert_eq!([0.0, 3.0, 10.0, 30.0].map(|percent| repeats(of(percent), 200_000)), [0, 1, 2, 2]);
    }
}
