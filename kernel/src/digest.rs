//! SHA-256 as the store keeps it: 64 lower-case hexadecimal letters.

use aws_lc_rs::digest::{Context, SHA256};

/// SHA-256 of `bytes`, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref())
}

/// SHA-256 over fields, each led by its length, so that no two different rows of fields have one text.
pub(crate) fn sha256_fields<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut context = Context::new(&SHA256);
    for field in fields {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field.as_bytes());
    }
    hex(context.finish().as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_moved_border_changes_the_digest() {
        assert_ne!(sha256_fields(["ab", "c"]), sha256_fields(["a", "bc"]));
        assert_ne!(sha256_fields(["ab"]), sha256_fields(["ab", ""]));
    }
}
