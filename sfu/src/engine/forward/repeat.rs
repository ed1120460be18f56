//! The sound that one slot sent lately, as it was on the wire. Browsers take no retransmission stream for sound: a lost packet is sent
//! again as it was, byte for byte, because the same counter with other bytes would give the cipher's key away (RFC 7714, section 8.1).

use std::time::{Duration, Instant};

/// Packets kept, a power of two: 1.3 seconds of 20 ms; what is older was played without it.
const KEPT: usize = 64;

#[derive(Debug, Default)]
struct Kept {
    number: u64,
    resent: Option<Instant>,
    /// Its memory is used anew.
    packet: Vec<u8>,
}

#[derive(Debug, Default)]
pub struct Repeater {
    kept: Vec<Kept>,
}

impl Repeater {
    /// `number` is the written sequence number, without wraps.
    pub fn keep(&mut self, number: u64, packet: &[u8]) {
        if self.kept.is_empty() {
            self.kept.resize_with(KEPT, Kept::default);
        }
        let entry = &mut self.kept[number as usize % KEPT];
        (entry.number, entry.resent) = (number, None);
        entry.packet.clear();
        entry.packet.extend_from_slice(packet);
    }

    /// The packet, unless it is gone or was sent again less than `interval` ago.
    pub fn take(&mut self, now: Instant, number: u64, interval: Duration) -> Option<&[u8]> {
        let entry = self.kept.get_mut(number as usize % KEPT)?;
        let lately = entry.resent.is_some_and(|last| now.saturating_duration_since(last) < interval);
        if entry.number != number || entry.packet.is_empty() || lately {
            return None;
        }
        entry.resent = Some(now);
        Some(&entry.packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_last_packets_again_and_none_twice_at_once() {
        let (now, mut repeater, interval) = (Instant::now(), Repeater::default(), Duration::from_millis(75));
        assert_eq!(repeater.take(now, 5, interval), None);
        (1..=100).for_each(|number| repeater.keep(number, &[number as u8; 9]));
        assert_eq!(repeater.take(now, 100, interval), Some(&[100; 9][..]));
        assert_eq!(repeater.take(now, 100, interval), None);
        assert_eq!(repeater.take(now + interval, 100, interval), Some(&[100; 9][..]));
        assert_eq!(repeater.take(now, 36, interval), None, "gone");
        assert_eq!(repeater.take(now, 37, interval), Some(&[37; 9][..]));
        assert_eq!(repeater.take(now, 101, interval), None, "not yet");
    }
}
