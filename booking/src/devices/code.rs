//! The code on a device's screen: eight letters that are read out and typed without mistaking one for another.

use kernel::{Error, Result, digest};

/// No 0 O, 1 I L, and no vowel that could make a word: thirty letters less the confusable ones.
const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";
pub const LETTERS: usize = 8;
/// How long a code is shown.
pub const LIFE_MS: i64 = 10 * 60_000;
/// Wrong codes of one person within that time. 28^8 codes and five tries: one in 75 thousand million, were a code shown at all.
pub const TRIES_MAX: i64 = 5;

/// A fresh code, each letter as likely as another.
pub fn fresh() -> Result<String> {
    let mut code = String::with_capacity(LETTERS);
    let mut byte = [0u8; 1];
    while code.len() < LETTERS {
        aws_lc_rs::rand::fill(&mut byte).map_err(|_| Error::broken("the random source failed"))?;
        // 32 values of five bits, of which the last four are drawn anew.
        if let Some(letter) = ALPHABET.get(usize::from(byte[0] & 31)) {
            code.push(char::from(*letter));
        }
    }
    Ok(code)
}

/// As it is compared and stored: typed small, with a space or a dash in the middle, it is the same code.
pub fn hash(typed: &str) -> Option<String> {
    let letters: String = typed.chars().filter(|it| !matches!(it, ' ' | '-')).map(|it| it.to_ascii_uppercase()).take(LETTERS + 1).collect();
    (letters.len() == LETTERS && letters.bytes().all(|it| ALPHABET.contains(&it))).then(|| digest::sha256_hex(letters.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_and_hold_no_letter_that_is_mistaken() {
        let codes: BTreeSet<String> = (0..200).map(|_| fresh().unwrap()).collect();
        assert_eq!(codes.len(), 200);
        for code in &codes {
            assert!(code.len() == LETTERS && !code.contains(['0', 'O', '1', 'I', 'L', 'A', 'E', 'U']), "{code}");
            assert!(hash(code).is_some());
        }
        let used: BTreeSet<char> = codes.iter().flat_map(|it| it.chars()).collect();
        assert_eq!(used.len(), ALPHABET.len(), "every letter is drawn");
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let one = hash("BCDF2345");
        assert!(one.is_some());
        for same in ["bcdf2345", "BCDF-2345", " bcdf 2345 "] {
            assert_eq!(hash(same), one, "{same}");
        }
        for none in ["", "BCDF234", "BCDF23456", "BCDF234O", "BCDF234é"] {
            assert_eq!(hash(none), None, "{none}");
        }
    }
}
