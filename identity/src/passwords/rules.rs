//! What a password must hold (ID-2): pure.

use wire::{Code, Refusal, Rule};

/// ID-2: at least 12 characters.
pub const LENGTH_MIN: usize = 12;
/// Longer ones only cost time to hash.
pub const LENGTH_MAX: usize = 128;

/// What ID-2 asks for and a password lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Length,
    Digit,
    Capital,
    Symbol,
}

impl Missing {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Digit => "digit",
            Self::Capital => "capital",
            Self::Symbol => "symbol",
        }
    }
}

/// What `password` lacks, in the order of the rule.
pub fn missing(password: &str) -> Vec<Missing> {
    let has = |is: fn(char) -> bool| password.chars().any(is);
    [
        (password.chars().count() >= LENGTH_MIN, Missing::Length),
        (has(|letter| letter.is_ascii_digit()), Missing::Digit),
        (has(char::is_uppercase), Missing::Capital),
        (has(is_symbol), Missing::Symbol),
    ]
    .into_iter()
    .filter_map(|(there, what)| (!there).then_some(what))
    .collect()
}

fn is_symbol(letter: char) -> bool {
    !letter.is_alphanumeric() && !letter.is_whitespace() && !letter.is_control()
}

/// Refuses a password that does not keep ID-2.
pub fn check(password: &str) -> Result<(), Refusal> {
    if password.chars().count() > LENGTH_MAX {
        return Err(kernel::extract::malformed("new_password", format!("at most {LENGTH_MAX} characters")));
    }
    match missing(password) {
        lacks if lacks.is_empty() => Ok(()),
        lacks => Err(weak(&lacks.into_iter().map(Missing::text).collect::<Vec<_>>())),
    }
}

/// ID-2: a temporary password is changed, which the same one again is not.
pub fn unchanged() -> Refusal {
    weak(&["change"])
}

fn weak(missing: &[&str]) -> Refusal {
    Refusal::by(Code::PasswordWeak, Rule::Id2).with("missing", missing).with("length_min", LENGTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Missing::*;
    use proptest::prelude::*;

    #[test]
    fn each_part_of_the_rule_on_both_sides() {
        let table: &[(&str, &[Missing])] = &[
            ("Abcdefghij1!", &[]),
            ("Abcdefghi1!", &[Length]),
            ("Abcdefghijk!", &[Digit]),
            ("abcdefghij1!", &[Capital]),
            ("Abcdefghijk1", &[Symbol]),
            ("Abcdefghij 1", &[Symbol]),
            ("Ábcdefghij1—", &[]),
            ("Абвгдежзик1!", &[]),
            ("😀😀😀😀😀😀😀😀😀😀1A", &[]),
            ("            ", &[Digit, Capital, Symbol]),
            ("", &[Length, Digit, Capital, Symbol]),
            ("Abcdefghij1\u{0}", &[Symbol]),
        ];
        for (password, expected) in table {
            assert_eq!(missing(password), *expected, "{password:?}");
        }
    }

    #[test]
    fn the_refusal_names_the_rule_and_what_is_missing() {
        let refusal = check("abc").expect_err("it is short");
        assert_eq!((refusal.code, refusal.rule), (Code::PasswordWeak, Some(Rule::Id2)));
        assert_eq!(refusal.values["missing"], serde_json::json!(["length", "digit", "capital", "symbol"]));
        assert_eq!(refusal.values["length_min"], 12);
        assert!(check(&format!("Aa1!{}", "x".repeat(124))).is_ok());
        assert_eq!(check(&format!("Aa1!{}", "x".repeat(125))).expect_err("it is long").code, Code::RequestMalformed);
    }

    proptest! {
        #[test]
        fn what_passes_holds_each_part(password in "\\PC{0,40}") {
            if check(&password).is_ok() {
                prop_assert!(password.chars().count() >= 12);
                prop_assert!(password.chars().any(|letter| letter.is_ascii_digit()) && password.chars().any(char::is_uppercase));
            }
        }
    }
}
