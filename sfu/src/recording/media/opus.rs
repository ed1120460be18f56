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

/// Silence of a length that a packet can have, milliseconds, longest first. CELT at full band with the silence flag (RFC 6716, sections 3.1
/// and 4.3): it asks nothing of the decoder's state, and fades in and out with its window.
const SILENCE: [(i64, &[u8]); 4] = [
    (120, &[0xfb, 6, 0xff, 0xfe, 0xff, 0xfe, 0xff, 0xfe, 0xff, 0xfe, 0xff, 0xfe, 0xff, 0xfe]),
    (20, &[0xf8, 0xff, 0xfe]),
    (10, &[0xf0, 0xff, 0xfe]),
    (5, &[0xe8, 0xff, 0xfe]),
];

/// The longest packet of silence that is no longer than this, and its length in milliseconds.
pub fn silence(at_most_ms: i64) -> Option<(i64, &'static [u8])> {
    SILENCE.into_iter().find(|(ms, _)| *ms <= at_most_ms)
}

/// Nothing is heard of it: [`silence`], or what an encoder makes of a microphone that is switched off.
pub fn is_silence(packet: &[u8]) -> bool {
    SILENCE.iter().any(|(_, silence)| packet == *silence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_as_long_as_it_says() {
        for (ms, packet) in SILENCE {
            assert_eq!(duration(packet), Some(Duration::from_millis(ms as u64)));
            assert!(is_silence(packet) && packet.len() > 2);
        }
        assert_eq!(
            [4, 5, 19, 20, 119, 120, 9_999].map(|it| silence(it).map(|it| it.0)),
            [None, Some(5), Some(10), Some(20), Some(20), Some(120), Some(120)]
        );
    }

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
