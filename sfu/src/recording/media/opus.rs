//! Opus: the payload is the packet (RFC 7587, section 4.2); how long it lasts stands in its first bytes (RFC 6716, section 3).

use std::time::Duration;

/// RFC 6716, section 3.2.5: at most 120 ms in a packet.
const PACKET_US_MAX: u64 = 120_000;

/// None where the packet cannot be one.
pub fn duration(packet: &[u8]) -> Option<Duration> {
    let toc = *packet.first()?;
    // RFC 6716, table 2: sizes of a frame by configuration.
    let frame_us = match toc >> 3 {
        config @ 0..=11 => [10_000, 20_000, 40_000, 60_000][usize::from(config & 3)],
        config @ 12..=15 => [10_000, 20_000][usize::from(config & 1)],
        config => [2_500, 5_000, 10_000, 20_000][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    let total = frame_us * frames;
    (1..=PACKET_US_MAX).contains(&total).then(|| Duration::from_micros(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_durations() {
        for (packet, us) in [
            (&[0b00000_000][..], Some(10_000)),
            (&[0b00011_000], Some(60_000)),
            (&[0b01011_000], Some(60_000)),
            (&[0b01100_000], Some(10_000)),
            (&[0b01111_000], Some(20_000)),
            (&[0b10000_000], Some(2_500)),
            (&[0b11111_000], Some(20_000)),
            (&[0b11111_100], Some(20_000)),
            (&[0b11111_001], Some(40_000)),
            (&[0b11111_010], Some(40_000)),
            (&[0b11111_011, 3], Some(60_000)),
            (&[0b11111_011, 6], Some(120_000)),
            (&[0b11111_011, 0b1100_0110], Some(120_000)),
            (&[0b11111_011, 7], None),
            (&[0b00011_011, 3], None),
            (&[0b11111_011, 0], None),
            (&[0b11111_011], None),
            (&[], None),
        ] {
            assert_eq!(duration(packet), us.map(Duration::from_micros), "{packet:?}");
        }
    }
}
