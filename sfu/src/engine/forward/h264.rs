//! H.264 in RTP (RFC 6184), as browsers send it: single NAL units, aggregates (STAP-A) and fragments (FU-A). A picture to start at begins with a
//! sequence parameter set, which browsers send in the stream before each (RFC 7742, section 6.2).

use super::picture::Picture;

const NAL_TYPE: u8 = 0x1f;
const SEQUENCE_PARAMETERS: u8 = 7;
const AGGREGATE: u8 = 24;
const FRAGMENT: u8 = 28;
const FRAGMENT_BEGINS: u8 = 0x80;
/// A parameter set is some twenty bytes; what is read of one stands in its first.
const PARAMETERS_READ_MAX: usize = 256;

/// What a packet's NAL units say. Nothing of it has layers.
pub fn read(payload: &[u8]) -> Picture {
    let parameters = units(payload).find(|unit| unit.first().is_some_and(|head| head & NAL_TYPE == SEQUENCE_PARAMETERS));
    let keyframe = parameters.is_some() || fragment_of_parameters(payload);
    Picture { keyframe, begins: keyframe, size: parameters.and_then(size), ..Picture::default() }
}

fn fragment_of_parameters(payload: &[u8]) -> bool {
    matches!(payload, [indicator, head, ..] if indicator & NAL_TYPE == FRAGMENT && head & FRAGMENT_BEGINS != 0 && head & NAL_TYPE == SEQUENCE_PARAMETERS)
}

/// The whole NAL units of a payload: one, or those of an aggregate as far as its lengths are true.
pub fn units(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let kind = payload.first().map_or(0, |head| head & NAL_TYPE);
    let (single, mut rest) = match kind {
        1..=23 => (Some(payload), &[][..]),
        AGGREGATE => (None, payload.get(1..).unwrap_or_default()),
        _ => (None, &[][..]),
    };
    single.into_iter().chain(std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = after;
        (!unit.is_empty()).then_some(unit)
    }))
}

/// Width and height that a sequence parameter set tells (ITU-T H.264, section 7.3.2.1.1), for the profiles of which browsers send pictures: baseline,
/// main and extended, which have one chroma format.
pub fn size(parameters: &[u8]) -> Option<(u16, u16)> {
    let plain: Vec<u8> = unescaped(parameters.get(1..)?).take(PARAMETERS_READ_MAX).collect();
    let profile = *plain.first()?;
    let mut bits = Bits { bytes: plain.get(3..)?, at: 0 };
    bits.exponential()?;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        let chroma = bits.exponential()?;
        if chroma == 3 {
            return None;
        }
        (bits.exponential()?, bits.exponential()?);
        bits.take(1)?;
        // Scaling lists: of pictures that no browser sends.
        if bits.take(1)? == 1 {
            return None;
        }
    }
    bits.exponential()?;
    match bits.exponential()? {
        0 => drop(bits.exponential()?),
        1 => {
            bits.take(1)?;
            (bits.exponential()?, bits.exponential()?);
            let frames = bits.exponential()?;
            for _ in 0..frames.min(255) {
                bits.exponential()?;
            }
        }
        _ => {}
    }
    bits.exponential()?;
    bits.take(1)?;
    let (wide, high) = (bits.exponential()?.checked_add(1)?, bits.exponential()?.checked_add(1)?);
    let frames_only = bits.take(1)?;
    if frames_only == 0 {
        bits.take(1)?;
    }
    bits.take(1)?;
    let mut crop = [0; 4];
    if bits.take(1)? == 1 {
        for side in &mut crop {
            *side = bits.exponential()?;
        }
    }
    let fields = 2 - frames_only;
    let [left, right, top, bottom] = crop.map(u64::from);
    let width = (u64::from(wide) * 16).checked_sub(2 * (left + right))?;
    let height = (u64::from(high) * 16 * u64::from(fields)).checked_sub(2 * u64::from(fields) * (top + bottom))?;
    let size = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// Without the bytes that keep start codes out (section 7.4.1.1).
fn unescaped(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut zeros = 0;
    bytes.iter().copied().filter(move |byte| {
        let escape = zeros >= 2 && *byte == 3;
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        !escape
    })
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// Exponential-Golomb (section 9.1), of at most 31 bits.
    fn exponential(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 30 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exponential(bits: &mut Vec<u8>, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        bits.extend(std::iter::repeat_n(0, length as usize - 1));
        bits.extend((0..length).rev().map(|at| ((value + 1) >> at & 1) as u8));
    }

    /// A parameter set for a picture of so many macroblocks, with lines cropped at the bottom in pairs.
    fn parameters(wide: u32, high: u32, crop: u32) -> Vec<u8> {
        let mut bits = Vec::new();
        exponential(&mut bits, 0); // id
        exponential(&mut bits, 0); // log2_max_frame_num
        exponential(&mut bits, 2); // pic_order_cnt_type
        exponential(&mut bits, 1); // max_num_ref_frames
        bits.push(0);
        exponential(&mut bits, wide - 1);
        exponential(&mut bits, high - 1);
        bits.extend([1, 1, u8::from(crop > 0)]);
        if crop > 0 {
            for side in [0, 0, 0, crop] {
                exponential(&mut bits, side);
            }
        }
        bits.push(1);
        let mut unit = vec![0x67, 0x42, 0xe0, 0x1f];
        for byte in bits.chunks(8) {
            let value = byte.iter().enumerate().fold(0, |value, (at, bit)| value | bit << (7 - at));
            if unit.ends_with(&[0, 0]) && value <= 3 {
                unit.push(3);
            }
            unit.push(value);
        }
        unit
    }

    #[test]
    fn pictures_to_start_at_are_known_in_each_form() {
        let set = parameters(40, 23, 4);
        let aggregate = [&[0x78, 0, set.len() as u8][..], &set, &[0, 4, 0x68, 0xce, 0x3c, 0x80]].concat();
        for (name, payload, keyframe, size) in [
            ("a set alone", set.clone(), true, Some((640, 360))),
            ("a set in an aggregate", aggregate.clone(), true, Some((640, 360))),
            ("a fragment of a set", vec![0x7c, 0x87, 1, 2], true, None),
            ("a fragment of an IDR", vec![0x7c, 0x85, 1, 2], false, None),
            ("an IDR alone", vec![0x65, 1, 2], false, None),
            ("another slice", vec![0x41, 1, 2], false, None),
            ("an aggregate whose length lies", vec![0x78, 0, 200, 0x67], false, None),
            ("an empty aggregate", vec![0x78], false, None),
            ("nothing", vec![], false, None),
        ] {
            let picture = read(&payload);
            assert_eq!((picture.keyframe, picture.size), (keyframe, size), "{name}");
        }
        assert_eq!(units(&aggregate).count(), 2);
    }

    proptest! {
        #[test]
        fn sizes_are_read_whatever_they_are(wide in 1u32..256, high in 1u32..256, crop in 0u32..8) {
            let expected = (wide as u16 * 16, high as u16 * 16 - crop as u16 * 2);
            prop_assert_eq!(size(&parameters(wide, high, crop)), Some(expected));
        }

        #[test]
        fn arbitrary_bytes_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&payload);
            size(&payload);
            let whole: usize = units(&payload).map(<[u8]>::len).sum();
            prop_assert!(whole <= payload.len());
        }

        /// A set that was changed on the way is read as something or as nothing.
        #[test]
        fn mutated_sets_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut set = parameters(80, 45, 0);
            let length = set.len();
            set[at.index(length)] = byte;
            set.truncate(cut.index(length + 1));
            read(&set);
        }
    }
}
