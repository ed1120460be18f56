//! RTP packets as the generator sends them, and what it reads off those that come: Opus and VP8 to a forwarder, with the sender's clock at the
//! end of each payload, so that a receiver knows how long a packet took.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
/// Retransmissions of VP8 (RFC 4588), and padding that asks a line for more.
pub const VP8_REPAIRS: u8 = 97;
/// Ids of header extensions in every offer of the generator.
pub const AUDIO_LEVEL: u8 = 1;
pub const TRANSPORT_CC: u8 = 3;

/// RTP header (RFC 3550, section 5.1) with the extension block that every packet of the generator has.
const HEADER_BYTES: usize = 12 + 4 + 8;
const STAMP_BYTES: usize = 8;
/// Speech at -30 dBov, with the flag for voice (RFC 6464).
const LEVEL: u8 = 0x80 | 30;

/// Nanoseconds since 1970, on the clock by which the kernel stamps what arrives.
pub fn wall_ns() -> u64 {
    since_1970_ns(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub fn since_1970_ns(since: Duration) -> u64 {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The numbers of one stream as it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
}

impl Stream {
    /// Begins low: a counter that wraps early is none of what is measured (RFC 3711, section 3.3.1).
    pub const fn new(ssrc: u32, payload_type: u8) -> Self {
        Self { ssrc, payload_type, sequence: 1, timestamp: 1 }
    }

    fn head(&mut self, marker: bool, transport: u16, payload_bytes: usize) -> Vec<u8> {
        let mut packet = Vec::with_capacity(HEADER_BYTES + payload_bytes);
        packet.extend([0x90, u8::from(marker) << 7 | self.payload_type]);
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        // One-byte elements (RFC 8285), in two words.
        packet.extend([0xbe, 0xde, 0, 2, TRANSPORT_CC << 4 | 1]);
        packet.extend(transport.to_be_bytes());
        packet.extend([AUDIO_LEVEL << 4, LEVEL, 0, 0, 0]);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    /// 20 ms of Opus.
    pub fn sound(&mut self, transport: u16, payload_bytes: usize) -> Vec<u8> {
        self.timestamp = self.timestamp.wrapping_add(960);
        let mut packet = self.head(false, transport, payload_bytes);
        // RFC 6716, section 3.1: CELT, 20 ms, mono.
        packet.push(0b1111_1000);
        finish(packet, payload_bytes)
    }

    /// One packet of a VP8 frame (RFC 7741).
    pub fn picture(&mut self, transport: u16, part: Part, payload_bytes: usize) -> Vec<u8> {
        let mut packet = self.head(part.last, transport, payload_bytes);
        let [high, low] = (part.number | 0x8000).to_be_bytes();
        packet.extend([if part.first { 0x90 } else { 0x80 }, 0x80, high, low]);
        if part.first && part.key {
            // 1280 × 720.
            packet.extend([0x10, 2, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2]);
        } else if part.first {
            packet.extend([0x11, 2, 0]);
        }
        finish(packet, payload_bytes)
    }
}

/// Where a packet stands in its frame.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub number: u16,
    pub key: bool,
    pub first: bool,
    pub last: bool,
}

fn finish(mut packet: Vec<u8>, payload_bytes: usize) -> Vec<u8> {
    packet.resize(HEADER_BYTES + payload_bytes - STAMP_BYTES, 0x55);
    packet.extend(wall_ns().to_be_bytes());
    packet
}

/// When a decrypted packet was sent.
pub fn sent_ns(plain: &[u8]) -> Option<u64> {
    plain.last_chunk().map(|it| u64::from_be_bytes(*it))
}

/// What stands in the open part of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub payload_type: u8,
    pub sequence: u16,
    pub ssrc: u32,
    pub transport: Option<u16>,
}

impl Head {
    /// None where it is not RTP (RFC 5761, section 4, tells it from RTCP).
    pub fn read(packet: &[u8]) -> Option<Self> {
        let fixed: &[u8; 12] = packet.first_chunk()?;
        if fixed[0] >> 6 != 2 || (192..=223).contains(&fixed[1]) {
            return None;
        }
        let at = 12 + 4 * usize::from(fixed[0] & 0x0f);
        let block = (fixed[0] & 0x10 != 0).then(|| packet.get(at..)).flatten();
        Some(Self {
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            transport: block.and_then(transport),
        })
    }
}

/// The transport-wide number in a block of one-byte elements.
fn transport(block: &[u8]) -> Option<u16> {
    let &[0xbe, 0xde, high, low] = block.first_chunk()? else { return None };
    let mut rest = block.get(4..4 + 4 * usize::from(u16::from_be_bytes([high, low])))?;
    while let [first, after @ ..] = rest {
        if *first == 0 {
            rest = after;
            continue;
        }
        let length = usize::from(first & 0x0f) + 1;
        if first >> 4 == TRANSPORT_CC {
            return after.first_chunk().map(|it| u16::from_be_bytes(*it));
        }
        rest = after.get(length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut stream = Stream::new(7, VP8);
        let part = Part { number: 3, key: true, first: true, last: true };
        let packet = stream.picture(40_000, part, 1_150);
        assert_eq!(packet.len(), HEADER_BYTES + 1_150);
        assert_eq!(Head::read(&packet), Some(Head { payload_type: VP8, sequence: 1, ssrc: 7, transport: Some(40_000) }));
        assert!(sent_ns(&packet).unwrap() <= wall_ns());
        let sound = Stream::new(8, OPUS).sound(5, 100);
        assert_eq!(Head::read(&sound).unwrap().transport, Some(5));
        for length in 0..packet.len() {
            let _ = Head::read(&packet[..length]);
        }
        assert_eq!(Head::read(&[0x80, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None, "a sender report");
    }
}
