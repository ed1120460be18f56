//! Passwords: the rule that they keep (ID-2), how they are hashed, and the temporary ones that the service hands out.

pub mod hasher;
pub mod http;
pub mod rules;
pub(crate) mod store;

pub use hasher::Hasher;

use kernel::{Error, Result};
use zeroize::Zeroizing;

/// A password on its way through the service: never printed, wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password itself, for hashing it or handing it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Letters of a temporary password: none that is taken for another when it is read out or copied from paper.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Groups of four, joined by hyphens: 16 letters of 55, more than 92 bits.
const GROUPS: usize = 4;

/// A fresh temporary password that keeps the rule.
pub fn temporary() -> Result<Password> {
    // A draw lacks a digit or a capital about once in 12 times; that 64 draws all do happens to nobody.
    for _ in 0..64 {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * 5));
        for group in 0..GROUPS {
            if group > 0 {
                text.push('-');
            }
            for _ in 0..4 {
                text.push(char::from(LETTERS[draw_below(LETTERS.len())?]));
            }
        }
        if rules::missing(&text).is_empty() {
            return Ok(Password(text));
        }
    }
    Err(Error::broken("the random source repeats itself"))
}

/// A fair draw of 0..n, for n up to 256.
fn draw_below(n: usize) -> Result<usize> {
    let fair = 256 - 256 % n;
    loop {
        let mut byte = [0u8; 1];
        aws_lc_rs::rand::fill(&mut byte).map_err(|_| Error::broken("the random source failed"))?;
        if usize::from(byte[0]) < fair {
            return Ok(usize::from(byte[0]) % n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn temporary_passwords_keep_the_rule_and_differ() {
        let drawn: BTreeSet<String> = (0..200).map(|_| temporary().expect("a password").expose().to_owned()).collect();
        assert_eq!(drawn.len(), 200);
        for password in &drawn {
            assert_eq!(rules::missing(password), [], "{password}");
            assert_eq!(password.len(), 19);
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        assert!(!format!("{:?}", Password::new("Kata-Laluan-1")).contains("Kata"));
    }
}
