//! RTCP as far as a forwarder speaks it: reports (RFC 3550, section 6), feedback (RFC 4585, RFC 5104). Read in place, written without
//! an allocation per packet. Transport-wide feedback is `transport_cc`.

use super::sequence::nearest;
use bytes::{BufMut, BytesMut};

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const NACK: u8 = 1;
const TRANSPORT_CC: u8 = 15;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;
/// Report blocks and BYE sources in one packet: a five-bit count.
pub const BLOCKS_MAX: usize = 31;

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp_timestamp: u32,
        blocks: &'a [u8],
    },
    ReceiverReport {
        blocks: &'a [u8],
    },
    Goodbye {
        ssrcs: &'a [u8],
    },
    Nack {
        media_ssrc: u32,
        pairs: &'a [u8],
    },
    PictureLoss {
        media_ssrc: u32,
    },
    FullIntra {
        entries: &'a [u8],
    },
    /// Everything behind the two SSRCs.
    TransportFeedback {
        body: &'a [u8],
    },
    /// Well-formed, of no use here.
    Other,
}

/// Reads the packets of a datagram until the first that is malformed.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

pub fn packets(datagram: &[u8]) -> Packets<'_> {
    Packets { rest: datagram }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let &[first, kind, high, low] = self.rest.first_chunk()?;
        let length = 4 * usize::from(u16::from_be_bytes([high, low])) + 4;
        let whole = std::mem::take(&mut self.rest);
        let (packet, rest) = (whole.get(..length)?, &whole[length..]);
        let mut body = &packet[4..];
        if first >> 6 != 2 {
            return None;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            body = body.get(..body.len().checked_sub(padding)?)?;
        }
        let parsed = parse(first & 0x1f, kind, body)?;
        self.rest = rest;
        Some(parsed)
    }
}

fn parse(count: u8, kind: u8, body: &[u8]) -> Option<Packet<'_>> {
    let blocks = |from: usize| body.get(from..from + ReportBlock::BYTES * usize::from(count));
    Some(match (kind, count) {
        (SENDER_REPORT, _) => Packet::SenderReport {
            ssrc: word(body, 0)?,
            ntp: u64::from(word(body, 4)?) << 32 | u64::from(word(body, 8)?),
            rtp_timestamp: word(body, 12)?,
            blocks: blocks(24)?,
        },
        (RECEIVER_REPORT, _) => Packet::ReceiverReport { blocks: blocks(4)? },
        (GOODBYE, _) => Packet::Goodbye { ssrcs: body.get(..4 * usize::from(count))? },
        (TRANSPORT_FEEDBACK, NACK) => Packet::Nack { media_ssrc: word(body, 4)?, pairs: body.get(8..)? },
        (TRANSPORT_FEEDBACK, TRANSPORT_CC) => Packet::TransportFeedback { body: body.get(8..)? },
        (PAYLOAD_FEEDBACK, PICTURE_LOSS) => Packet::PictureLoss { media_ssrc: word(body, 4)? },
        (PAYLOAD_FEEDBACK, FULL_INTRA) => Packet::FullIntra { entries: body.get(8..)? },
        _ => Packet::Other,
    })
}

/// RFC 3550, section 6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// 24 bits, signed.
    pub cumulative_lost: i32,
    pub highest_sequence: u32,
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time; 0: none yet.
    pub last_report: u32,
    /// Since it arrived, in 1/65536 s.
    pub delay: u32,
}

impl ReportBlock {
    pub const BYTES: usize = 24;

    fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Self {
            ssrc: word(0),
            fraction_lost: bytes[4],
            cumulative_lost: ((word(4) << 8) as i32) >> 8,
            highest_sequence: word(8),
            jitter: word(12),
            last_report: word(16),
            delay: word(20),
        }
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_u32(self.ssrc);
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0x00ff_ffff;
        out.put_u32(u32::from(self.fraction_lost) << 24 | lost);
        out.put_u32(self.highest_sequence);
        out.put_u32(self.jitter);
        out.put_u32(self.last_report);
        out.put_u32(self.delay);
    }
}

pub fn report_blocks(blocks: &[u8]) -> impl Iterator<Item = ReportBlock> + '_ {
    blocks.as_chunks::<{ ReportBlock::BYTES }>().0.iter().map(ReportBlock::read)
}

pub fn ssrcs(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The SSRCs of whom a full intra request asks a key frame (RFC 5104, section 4.3.1.1).
pub fn full_intra_ssrcs(entries: &[u8]) -> impl Iterator<Item = u32> + '_ {
    entries.as_chunks::<8>().0.iter().map(|entry| u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]))
}

/// The numbers a NACK names, at most 17 a pair (RFC 4585, section 6.2.1).
pub fn nacked(pairs: &[u8]) -> impl Iterator<Item = u16> + '_ {
    pairs.as_chunks::<4>().0.iter().flat_map(|pair| {
        let (first, mask) = (u16::from_be_bytes([pair[0], pair[1]]), u16::from_be_bytes([pair[2], pair[3]]));
        std::iter::once(first).chain((0..16).filter(move |bit| mask >> bit & 1 == 1).map(move |bit| first.wrapping_add(bit + 1)))
    })
}

pub(super) fn header(out: &mut BytesMut, count: u8, kind: u8, body_bytes: usize) {
    out.put_u8(0x80 | count & 0x1f);
    out.put_u8(kind);
    out.put_u16((body_bytes / 4) as u16);
}

/// A sender's side of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    pub ssrc: u32,
    pub ntp: u64,
    pub rtp_timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

pub fn write_sender_report(out: &mut BytesMut, info: &SenderInfo) {
    header(out, 0, SENDER_REPORT, 24);
    out.put_u32(info.ssrc);
    out.put_u64(info.ntp);
    out.put_u32(info.rtp_timestamp);
    out.put_u32(info.packets);
    out.put_u32(info.octets);
}

/// At most [`BLOCKS_MAX`] blocks; more are the caller's next packet.
pub fn write_receiver_report(out: &mut BytesMut, ssrc: u32, blocks: &[ReportBlock]) {
    let blocks = &blocks[..blocks.len().min(BLOCKS_MAX)];
    header(out, blocks.len() as u8, RECEIVER_REPORT, 4 + ReportBlock::BYTES * blocks.len());
    out.put_u32(ssrc);
    blocks.iter().for_each(|block| block.write(out));
}

/// One chunk with a CNAME of at most 255 bytes (RFC 3550, section 6.5).
pub fn write_cname(out: &mut BytesMut, ssrc: u32, cname: &str) {
    let name = &cname.as_bytes()[..cname.len().min(255)];
    // At least one zero ends the list of items; the chunk ends on a word.
    let chunk = (4 + 2 + name.len() + 1).next_multiple_of(4);
    header(out, 1, SOURCE_DESCRIPTION, chunk);
    out.put_u32(ssrc);
    out.put_u8(1);
    out.put_u8(name.len() as u8);
    out.put_slice(name);
    out.put_bytes(0, chunk - 6 - name.len());
}

pub fn write_picture_loss(out: &mut BytesMut, sender_ssrc: u32, media_ssrc: u32) {
    header(out, PICTURE_LOSS, PAYLOAD_FEEDBACK, 8);
    out.put_u32(sender_ssrc);
    out.put_u32(media_ssrc);
}

/// `sequences` in growing order. Nothing is written for none.
pub fn write_nack(out: &mut BytesMut, sender_ssrc: u32, media_ssrc: u32, sequences: &[u16]) {
    let start = out.len();
    header(out, NACK, TRANSPORT_FEEDBACK, 0);
    out.put_u32(sender_ssrc);
    out.put_u32(media_ssrc);
    let mut rest = sequences.iter().copied().peekable();
    if rest.peek().is_none() {
        out.truncate(start);
        return;
    }
    while let Some(first) = rest.next() {
        let mut mask = 0u16;
        while let Some(next) = rest.peek() {
            let distance = nearest(u64::from(first) + (1 << 16), *next) as i64 - (i64::from(first) + (1 << 16));
            if !(1..=16).contains(&distance) {
                break;
            }
            mask |= 1 << (distance - 1);
            rest.next();
        }
        out.put_u16(first);
        out.put_u16(mask);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block() -> impl Strategy<Value = ReportBlock> {
        (any::<u32>(), any::<u8>(), -0x80_0000i32..=0x7f_ffff, any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
            |(ssrc, fraction_lost, cumulative_lost, highest_sequence, jitter, last_report, delay)| ReportBlock {
                ssrc,
                fraction_lost,
                cumulative_lost,
                highest_sequence,
                jitter,
                last_report,
                delay,
            },
        )
    }

    proptest! {
        #[test]
        fn a_compound_is_read_as_written(blocks in proptest::collection::vec(block(), 0..32), ssrc in any::<u32>(), ntp in any::<u64>(), rtp_timestamp in any::<u32>(), name in "[a-z]{0,40}") {
            let mut out = BytesMut::new();
            write_sender_report(&mut out, &SenderInfo { ssrc, ntp, rtp_timestamp, packets: 1, octets: 2 });
            write_cname(&mut out, ssrc, &name);
            write_receiver_report(&mut out, ssrc, &blocks);
            write_picture_loss(&mut out, 1, ssrc);
            header(&mut out, 2, GOODBYE, 8);
            out.put_slice(&[ssrc.to_be_bytes(), 7u32.to_be_bytes()].concat());
            let read: Vec<Packet<'_>> = packets(&out).collect();
            let [Packet::SenderReport { ssrc: s, ntp: n, rtp_timestamp: t, blocks: none }, Packet::Other, Packet::ReceiverReport { blocks: found }, Packet::PictureLoss { media_ssrc }, Packet::Goodbye { ssrcs: gone }] = read[..] else {
                panic!("{read:?}");
            };
            prop_assert_eq!((s, n, t, none.len(), media_ssrc), (ssrc, ntp, rtp_timestamp, 0, ssrc));
            prop_assert_eq!(report_blocks(found).collect::<Vec<_>>(), blocks.into_iter().take(BLOCKS_MAX).collect::<Vec<_>>());
            prop_assert_eq!(ssrcs(gone).collect::<Vec<_>>(), vec![ssrc, 7]);
        }

        #[test]
        fn a_nack_names_exactly_its_numbers(first in any::<u16>(), gaps in proptest::collection::vec(1u16..40, 0..60)) {
            let mut sequences = vec![first];
            for gap in gaps {
                sequences.push(sequences.last().unwrap().wrapping_add(gap));
            }
            let mut out = BytesMut::new();
            write_nack(&mut out, 1, 2, &sequences);
            let [Packet::Nack { media_ssrc: 2, pairs }] = packets(&out).collect::<Vec<_>>()[..] else { panic!() };
            prop_assert_eq!(nacked(pairs).collect::<Vec<_>>(), sequences);
        }

        #[test]
        fn random_and_mutated_bytes_never_panic(random in proptest::collection::vec(any::<u8>(), 0..300), block in block(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut valid = BytesMut::new();
            write_receiver_report(&mut valid, 1, &[block, block]);
            write_nack(&mut valid, 1, 2, &[3, 5, 900]);
            let length = valid.len();
            valid[at.index(length)] = byte;
            valid.truncate(cut.index(length + 1));
            for datagram in [&random[..], &valid[..]] {
                for packet in packets(datagram) {
                    match packet {
                        Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks } => report_blocks(blocks).for_each(drop),
                        Packet::Nack { pairs, .. } => nacked(pairs).for_each(drop),
                        Packet::FullIntra { entries } => full_intra_ssrcs(entries).for_each(drop),
                        Packet::Goodbye { ssrcs: gone } => ssrcs(gone).for_each(drop),
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_missing_writes_nothing() {
        let mut out = BytesMut::new();
        write_nack(&mut out, 1, 2, &[]);
        assert!(out.is_empty());
    }
}
