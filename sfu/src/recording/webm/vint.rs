//! Element sizes (RFC 8794, section 4): variable length, the shortest that is not all ones.

/// Appends `size`. Sizes from 2^56 - 1 on do not occur: nothing in memory is that large.
pub fn put_size(out: &mut Vec<u8>, size: u64) {
    let width = (1..=7).find(|width| size < (1 << (7 * width)) - 1).unwrap_or(8);
    put_size_of(out, size, width);
}

/// Appends `size` in eight bytes, so that its place has the same width whatever is known of it.
pub fn put_size_in_eight(out: &mut Vec<u8>, size: u64) {
    put_size_of(out, size, 8);
}

fn put_size_of(out: &mut Vec<u8>, size: u64, width: usize) {
    let marked = size | 1 << (7 * width);
    out.extend_from_slice(&marked.to_be_bytes()[8 - width..]);
}

/// The size that stands at the front of `bytes`, and how many bytes it took. None where it is cut or unknown.
pub fn size_at(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let width = first.leading_zeros() as usize + 1;
    if width > 8 {
        return None;
    }
    let marked = bytes.get(..width)?.iter().fold(0, |all, it| all << 8 | u64::from(*it));
    let size = marked & ((1 << (7 * width)) - 1);
    (size != (1 << (7 * width)) - 1).then_some((size, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_widths() {
        for (size, bytes) in [
            (0u64, &[0x80][..]),
            (126, &[0xfe]),
            (127, &[0x40, 0x7f]),
            (16_382, &[0x7f, 0xfe]),
            (16_383, &[0x20, 0x3f, 0xff]),
            (2_097_150, &[0x3f, 0xff, 0xfe]),
            (2_097_151, &[0x10, 0x1f, 0xff, 0xff]),
        ] {
            let mut out = Vec::new();
            put_size(&mut out, size);
            assert_eq!(out, bytes, "{size}");
        }
        let mut out = Vec::new();
        put_size_in_eight(&mut out, 5);
        assert_eq!(out, [1, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(size_at(&[0xff]), None);
        assert_eq!(size_at(&[0x00, 0x80]), None);
        assert_eq!(size_at(&[0x40]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(size in 0u64..(1 << 56) - 1) {
            let mut out = Vec::new();
            put_size(&mut out, size);
            prop_assert_eq!(size_at(&out), Some((size, out.len())));
        }
    }
}
