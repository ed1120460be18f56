//! What a receiver tells of arrivals: transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1) as browsers send it,
//! twenty times a second. A forwarder that estimates lines must not be measured with receivers that say nothing.

const TICK_US: u64 = 250;
/// One step of the reference time, in ticks.
const REFERENCE_TICKS: u64 = 256;
/// Packets of one report; what is left is told by the next.
const SPAN_MAX: u64 = 1_024;

/// Arrivals that have not been told yet.
#[derive(Debug, Default)]
pub struct Arrivals {
    highest: Option<u64>,
    /// The number after the last one that was told.
    next: Option<u64>,
    /// Number without wraps, and arrival in ticks.
    seen: Vec<(u64, u64)>,
    count: u8,
}

impl Arrivals {
    pub fn record(&mut self, number: u16, arrived_us: u64) {
        let near = self.highest.unwrap_or(u64::from(number) + (1 << 16));
        let number = near.wrapping_add_signed(i64::from(number.wrapping_sub(near as u16) as i16));
        self.highest = Some(near.max(number));
        if self.next.is_none_or(|next| number >= next) {
            self.seen.push((number, arrived_us / TICK_US));
        }
    }

    /// Appends a report; nothing where nothing came.
    pub fn write(&mut self, out: &mut Vec<u8>, sender: u32, media: u32) {
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|it| it.0);
        let Some(&(first, first_ticks)) = self.seen.first() else { return };
        let base = self.next.filter(|next| first - next < SPAN_MAX / 2).unwrap_or(first);
        let reference = first_ticks / REFERENCE_TICKS;
        let (mut symbols, mut deltas) = (Vec::new(), Vec::new());
        let (mut previous, mut told) = (reference * REFERENCE_TICKS, 0);
        for &(number, ticks) in &self.seen {
            let Ok(delta) = i16::try_from(ticks as i64 - previous as i64) else { break };
            if number - base >= SPAN_MAX {
                break;
            }
            symbols.resize((number - base) as usize, 0u8);
            if let Ok(small) = u8::try_from(delta) {
                symbols.push(1);
                deltas.push(small);
            } else {
                symbols.push(2);
                deltas.extend(delta.to_be_bytes());
            }
            previous = ticks;
            told += 1;
        }
        self.seen.drain(..told);
        self.next = Some(base + symbols.len() as u64);
        let start = out.len();
        // Transport-layer feedback (RFC 4585, section 6.1).
        out.extend([0x80 | 15, 205, 0, 0]);
        out.extend(sender.to_be_bytes());
        out.extend(media.to_be_bytes());
        out.extend((base as u16).to_be_bytes());
        out.extend((symbols.len() as u16).to_be_bytes());
        out.extend(((reference as u32) << 8 | u32::from(self.count)).to_be_bytes());
        self.count = self.count.wrapping_add(1);
        chunks(out, &symbols);
        out.extend(deltas);
        while !(out.len() - start).is_multiple_of(4) {
            out.push(0);
        }
        close(out, start);
    }
}

/// A run where seven or more are alike, else seven symbols of two bits.
fn chunks(out: &mut Vec<u8>, mut symbols: &[u8]) {
    while let Some(first) = symbols.first() {
        let run = symbols.iter().take(0x1fff).take_while(|it| *it == first).count();
        let taken = if run >= 7 {
            out.extend((u16::from(*first) << 13 | run as u16).to_be_bytes());
            run
        } else {
            let taken = symbols.len().min(7);
            let bits = symbols[..taken].iter().enumerate().fold(0xc000, |bits, (at, it)| bits | u16::from(*it) << (2 * (6 - at)));
            out.extend(bits.to_be_bytes());
            taken
        };
        symbols = &symbols[taken..];
    }
}

/// What a receiver report says of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub ssrc: u32,
    /// Without wraps.
    pub highest: u32,
}

/// A receiver report (RFC 3550, section 6.4.2) of a line that loses nothing.
pub fn receiver_report(out: &mut Vec<u8>, sender: u32, blocks: &[Block]) {
    let start = out.len();
    let blocks = &blocks[..blocks.len().min(31)];
    out.extend([0x80 | blocks.len() as u8, 201, 0, 0]);
    out.extend(sender.to_be_bytes());
    for block in blocks {
        out.extend(block.ssrc.to_be_bytes());
        out.extend([0; 4]);
        out.extend(block.highest.to_be_bytes());
        out.extend([0; 12]);
    }
    close(out, start);
}

/// Writes the length of the packet that begins at `start`.
fn close(out: &mut [u8], start: usize) {
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// Whether a compound asks for a key frame: PLI (RFC 4585, section 6.3.1) or FIR (RFC 5104, section 4.3.1).
pub fn wants_key_frame(mut compound: &[u8]) -> bool {
    while let Some(&[first, kind, high, low]) = compound.first_chunk() {
        if kind == 206 && matches!(first & 0x1f, 1 | 4) {
            return true;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        compound = compound.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_told_once_with_what_is_missing_between_them() {
        let mut arrivals = Arrivals::default();
        for (number, at_us) in [(65_534, 64_000), (65_535, 64_250), (1, 70_000)] {
            arrivals.record(number, at_us);
        }
        let mut out = Vec::new();
        arrivals.write(&mut out, 1, 2);
        // Base, count, reference (64 ms), number of the report; one chunk: received, received, missing, received; three deltas.
        assert_eq!(out[..4], [0x8f, 205, 0, 6]);
        assert_eq!(out[12..20], [0xff, 0xfe, 0, 4, 0, 0, 1, 0]);
        assert_eq!(out[20..22], 0b1101_0100_0100_0000u16.to_be_bytes());
        assert_eq!(out[22..25], [0, 1, 23]);
        out.clear();
        arrivals.write(&mut out, 1, 2);
        assert!(out.is_empty());
        arrivals.record(0, 80_000);
        arrivals.write(&mut out, 1, 2);
        assert!(out.is_empty(), "it was told as missing");
        for number in 2..40 {
            arrivals.record(number, 90_000 + u64::from(number));
        }
        arrivals.write(&mut out, 1, 2);
        assert_eq!(out[12..16], [0, 2, 0, 38]);
        assert_eq!(out[20..22], (1u16 << 13 | 38).to_be_bytes());
    }

    #[test]
    fn a_compound_is_read_to_its_end_and_no_further() {
        let mut compound = Vec::new();
        receiver_report(&mut compound, 1, &[Block { ssrc: 2, highest: 3 }]);
        assert_eq!(compound.len(), 32);
        assert!(!wants_key_frame(&compound));
        compound.extend([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
        assert!(wants_key_frame(&compound));
        for length in 0..compound.len() {
            let _ = wants_key_frame(&compound[..length]);
        }
    }
}
