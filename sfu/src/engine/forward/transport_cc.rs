//! Transport-wide congestion control feedback: the recorder that writes it for what a peer sends us, and the reader of what a peer
//! says of what we send it (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).

use super::{rtcp, sequence::Unwrapper};
use bytes::{BufMut, BytesMut};
use std::{collections::VecDeque, time::Duration};

/// How often the recorder speaks: often enough that a sender's estimate follows, seldom enough to cost nothing.
pub const INTERVAL: Duration = Duration::from_millis(50);
/// Packets one feedback tells of: 200 ms of 10 000 packets a second. A jump beyond it starts anew.
const SPAN_MAX: usize = 2_048;
const TICK_US: u64 = 250;
const REFERENCE_TICKS: u64 = 256;

/// What arrived since the last feedback.
#[derive(Debug, Default)]
pub struct Recorder {
    unwrapper: Unwrapper,
    /// The number that `arrivals[0]` is about.
    base: u64,
    /// Arrival in ticks of 250 us since the shard's start.
    arrivals: VecDeque<Option<u64>>,
    count: u8,
    symbols: Vec<u8>,
}

impl Recorder {
    pub fn record(&mut self, number: u16, since_start: Duration) {
        let number = self.unwrapper.unwrap(number);
        let ticks = since_start.as_micros() as u64 / TICK_US;
        if self.base == 0 || number >= self.base + 2 * SPAN_MAX as u64 {
            self.base = number;
            self.arrivals.clear();
        }
        let Some(at) = number.checked_sub(self.base).map(|at| at as usize) else {
            return;
        };
        let excess = (at + 1).saturating_sub(SPAN_MAX);
        self.arrivals.drain(..excess.min(self.arrivals.len()));
        self.base += excess as u64;
        let at = at - excess;
        if at >= self.arrivals.len() {
            self.arrivals.resize(at + 1, None);
        }
        self.arrivals[at].get_or_insert(ticks);
    }

    /// Appends one feedback packet. Call again while it returns true: a step in time too wide for a delta needs the next packet.
    pub fn write(&mut self, out: &mut BytesMut, sender_ssrc: u32, media_ssrc: u32) -> bool {
        let Some(first) = self.arrivals.iter().flatten().next().copied() else {
            self.arrivals.clear();
            return false;
        };
        let reference = first / REFERENCE_TICKS;
        let mut previous = reference * REFERENCE_TICKS;
        let mut told = 0;
        self.symbols.clear();
        for arrival in &self.arrivals {
            let symbol = match arrival {
                None => 0,
                Some(ticks) => {
                    let delta = *ticks as i64 - previous as i64;
                    if i16::try_from(delta).is_err() {
                        break;
                    }
                    previous = *ticks;
                    if (0..256).contains(&delta) { 1 } else { 2 }
                }
            };
            self.symbols.push(symbol);
            told += 1;
        }
        let start = out.len();
        rtcp::header(out, 15, 205, 0);
        out.put_u32(sender_ssrc);
        out.put_u32(media_ssrc);
        out.put_u16(self.base as u16);
        out.put_u16(told as u16);
        out.put_u32((reference as u32) << 8 | u32::from(self.count));
        write_chunks(out, &self.symbols);
        let mut previous = reference * REFERENCE_TICKS;
        for ticks in self.arrivals.drain(..told).flatten() {
            let delta = ticks as i64 - previous as i64;
            previous = ticks;
            if (0..256).contains(&delta) {
                out.put_u8(delta as u8);
            } else {
                out.put_i16(delta as i16);
            }
        }
        while !(out.len() - start).is_multiple_of(4) {
            out.put_u8(0);
        }
        let words = ((out.len() - start) / 4 - 1) as u16;
        out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
        self.base += told as u64;
        self.count = self.count.wrapping_add(1);
        true
    }
}

/// Status chunks: a run where seven or more are alike, else a vector of 14 one-bit or 7 two-bit symbols.
fn write_chunks(out: &mut BytesMut, mut symbols: &[u8]) {
    while let Some(first) = symbols.first() {
        let run = symbols.iter().take(0x1fff).take_while(|symbol| *symbol == first).count();
        let taken = if run >= 7 {
            out.put_u16(u16::from(*first) << 13 | run as u16);
            run
        } else {
            let narrow = symbols.iter().take(14).all(|symbol| *symbol < 2);
            let (width, room, head) = if narrow { (1, 14, 0x8000) } else { (2, 7, 0xc000) };
            let taken = symbols.len().min(room);
            let bits =
                symbols[..taken].iter().enumerate().fold(0, |bits, (at, symbol)| bits | u16::from(*symbol) << (width * (room - 1 - at)));
            out.put_u16(head | bits);
            taken
        };
        symbols = &symbols[taken..];
    }
}

/// Reads a feedback: for each number whether and when (microseconds on the receiver's clock) it arrived. `None` where it is malformed;
/// what was told before stays told.
pub fn read(body: &[u8], mut tell: impl FnMut(u16, Option<i64>)) -> Option<()> {
    let &[b0, b1, c0, c1, r0, r1, r2, _] = body.first_chunk()?;
    let (base, count) = (u16::from_be_bytes([b0, b1]), usize::from(u16::from_be_bytes([c0, c1])));
    let reference = i32::from_be_bytes([r0, r1, r2, 0]) >> 8;
    // First pass: where the deltas begin.
    let (mut at, mut covered) = (8, 0);
    while covered < count {
        let chunk = u16::from_be_bytes(*body.get(at..)?.first_chunk()?);
        covered += match chunk >> 14 {
            0 | 1 => usize::from(chunk & 0x1fff).max(1),
            2 => 14,
            _ => 7,
        };
        at += 2;
    }
    let (chunks, mut deltas) = (&body[8..at], &body[at..]);
    let mut time = i64::from(reference) * (REFERENCE_TICKS * TICK_US) as i64;
    let mut number = 0;
    for chunk in chunks.as_chunks::<2>().0 {
        let chunk = u16::from_be_bytes(*chunk);
        let (symbols, width) = match chunk >> 14 {
            0 | 1 => (usize::from(chunk & 0x1fff), 0),
            2 => (14, 1),
            _ => (7, 2),
        };
        for at in 0..symbols {
            if number == count {
                return Some(());
            }
            let symbol = match width {
                0 => chunk >> 13 & 0x3,
                1 => chunk >> (13 - at) & 0x1,
                _ => chunk >> (2 * (6 - at)) & 0x3,
            };
            let delta = match symbol {
                0 => None,
                1 => {
                    let (&delta, rest) = deltas.split_first()?;
                    deltas = rest;
                    Some(i64::from(delta))
                }
                2 => {
                    let (delta, rest) = deltas.split_first_chunk()?;
                    deltas = rest;
                    Some(i64::from(i16::from_be_bytes(*delta)))
                }
                _ => return None,
            };
            let arrived = delta.map(|delta| {
                time += delta * TICK_US as i64;
                time
            });
            tell(base.wrapping_add(number as u16), arrived);
            number += 1;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(datagram: &[u8]) -> Vec<(u16, Option<i64>)> {
        let mut told = Vec::new();
        for packet in rtcp::packets(datagram) {
            let rtcp::Packet::TransportFeedback { body } = packet else { panic!("{packet:?}") };
            read(body, |number, arrived| told.push((number, arrived))).unwrap();
        }
        told
    }

    proptest! {
        /// Every packet recorded is told once, at its time, and every hole between as lost.
        #[test]
        fn what_is_recorded_is_told(first in any::<u16>(), steps in proptest::collection::vec((1u16..30, 0u64..40_000), 1..300), wide in 0u64..30_000_000) {
            let (mut recorder, mut out) = (Recorder::default(), BytesMut::new());
            let (mut number, mut time_us, mut expected) = (first, 5_000_000, Vec::new());
            for (at, (step, gap)) in steps.iter().enumerate() {
                time_us += gap + if at == 10 { wide } else { 0 };
                recorder.record(number, Duration::from_micros(time_us));
                expected.push((number, Some((time_us / TICK_US * TICK_US) as i64)));
                if at % 40 == 39 {
                    while recorder.write(&mut out, 1, 2) {}
                }
                if at + 1 < steps.len() {
                    expected.extend((1..*step).map(|hole| (number.wrapping_add(hole), None)));
                }
                number = number.wrapping_add(*step);
            }
            while recorder.write(&mut out, 1, 2) {}
            let told = read_all(&out);
            prop_assert_eq!(told, expected);
        }

        #[test]
        fn random_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut told = 0usize;
            let _ = read(&body, |_, _| told += 1);
            prop_assert!(told <= 65_535);
        }

        #[test]
        fn wild_numbers_stay_bounded(numbers in proptest::collection::vec(any::<u16>(), 0..200)) {
            let mut recorder = Recorder::default();
            for (at, number) in numbers.into_iter().enumerate() {
                recorder.record(number, Duration::from_millis(at as u64));
                prop_assert!(recorder.arrivals.len() <= SPAN_MAX);
            }
            let mut out = BytesMut::new();
            while recorder.write(&mut out, 1, 2) {}
            read_all(&out);
        }
    }
}
