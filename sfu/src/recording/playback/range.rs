//! Byte ranges (RFC 9110, section 14): one range is honoured, several are answered whole, as the RFC permits.

/// What a `Range` field asks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No range, one in another unit or malformed, or several: the file whole.
    Whole,
    /// From the first to the last byte, both within the file.
    Part { first: u64, last: u64 },
    /// Nothing of the file.
    Outside,
}

pub fn read_range(field: Option<&str>, bytes: u64) -> Asked {
    let Some(range) = field.and_then(|it| it.trim().strip_prefix("bytes=")).map(str::trim).filter(|it| !it.contains(',')) else {
        return Asked::Whole;
    };
    let Some((first, last)) = range.split_once('-') else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    match (number(first), number(last)) {
        // The last so many bytes.
        (None, Some(count)) if first.is_empty() => match bytes.checked_sub(1) {
            Some(last) if count > 0 => Asked::Part { first: bytes.saturating_sub(count), last },
            _ => Asked::Outside,
        },
        (Some(first), None) if last.is_empty() => part(first, u64::MAX, bytes),
        (Some(first), Some(last)) if first <= last => part(first, last, bytes),
        _ => Asked::Whole,
    }
}

fn part(first: u64, last: u64, bytes: u64) -> Asked {
    match bytes.checked_sub(1) {
        Some(end) if first <= end => Asked::Part { first, last: last.min(end) },
        _ => Asked::Outside,
    }
}

/// Digits alone; a number too large for the file's is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Asked::*, *};

    #[test]
    fn the_table_of_ranges() {
        for (field, bytes, asked) in [
            (None, 100, Whole),
            (Some("bytes=0-"), 100, Part { first: 0, last: 99 }),
            (Some("bytes=0-0"), 100, Part { first: 0, last: 0 }),
            (Some("bytes=99-"), 100, Part { first: 99, last: 99 }),
            (Some("bytes=100-"), 100, Outside),
            (Some("bytes=10-19"), 100, Part { first: 10, last: 19 }),
            (Some("bytes=10-1000"), 100, Part { first: 10, last: 99 }),
            (Some("bytes=-1"), 100, Part { first: 99, last: 99 }),
            (Some("bytes=-1000"), 100, Part { first: 0, last: 99 }),
            (Some("bytes=-0"), 100, Outside),
            (Some("bytes=0-"), 0, Outside),
            (Some("bytes=-5"), 0, Outside),
            (Some("bytes= 5 - 9 "), 100, Part { first: 5, last: 9 }),
            (Some("bytes=99999999999999999999999-"), 100, Outside),
            (Some("bytes=5-99999999999999999999999"), 100, Part { first: 5, last: 99 }),
            (Some("bytes=9-5"), 100, Whole),
            (Some("bytes=-"), 100, Whole),
            (Some("bytes=a-b"), 100, Whole),
            (Some("bytes=+1-2"), 100, Whole),
            (Some("bytes=1-2,5-6"), 100, Whole),
            (Some("lines=1-2"), 100, Whole),
            (Some(""), 100, Whole),
        ] {
            assert_eq!(read_range(field, bytes), asked, "{field:?} of {bytes}");
        }
    }
}
