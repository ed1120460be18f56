//! Which name a guest may bear. Everybody in the meeting reads it beside the word *guest*; it must not read as somebody else's.
//!
//! Two names are taken for one where their skeletons are the same (Unicode UTS #39, section 4), letters in upper and lower case, and letters and
//! digits that look alike in many typefaces, counted as one. A name is of one script (section 5.1), so that no foreign letter hides in it.

use unicode_security::{MixedScript, skeleton};
use wire::{Code, Refusal};

/// Characters of a name and of an organisation.
pub const CHARS_MAX: usize = 80;

/// The text as it is kept: single spaces between its words.
pub fn checked(field: &'static str, text: &str) -> Result<String, Refusal> {
    let unfit = |why| Refusal::new(Code::GuestName).with("field", field).with("why", why).with("chars_max", CHARS_MAX);
    if text.chars().any(is_hidden) {
        return Err(unfit("hidden"));
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !words.chars().any(char::is_alphabetic) {
        return Err(unfit("empty"));
    }
    if words.chars().count() > CHARS_MAX {
        return Err(unfit("length"));
    }
    if !words.as_str().is_single_script() {
        return Err(unfit("scripts"));
    }
    Ok(words)
}

/// Refuses a name that looks like one of these.
pub fn distinct<'a>(name: &str, others: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
    let own = looks(name);
    match others.into_iter().any(|other| looks(other) == own) {
        true => Err(Refusal::new(Code::GuestName).with("field", "name").with("why", "resembles").with("chars_max", CHARS_MAX)),
        false => Ok(()),
    }
}

/// What is left of a name when everything is taken out by which an eye may be deceived.
fn looks(name: &str) -> String {
    let lower: String = name.chars().flat_map(char::to_lowercase).collect();
    let skeleton: String = skeleton(&lower).flat_map(char::to_lowercase).filter(|it| it.is_alphanumeric()).collect();
    // An I, an l and a 1, an O and a 0: in capitals the first two pairs change places.
    skeleton.chars().map(|it| if matches!(it, 'i' | '1' | 'ı' | 'j') { 'l' } else if it == '0' { 'o' } else { it }).collect()
}

/// Control, direction, width and formatting marks, tags, variation selectors, and what has no meaning of its own.
fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(outcome: Result<impl std::fmt::Debug, Refusal>) -> Option<String> {
        outcome.err().map(|it| it.values["why"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_table_of_names() {
        for (name, expected) in [
            ("Siti Nurhaliza binti Tarudin", Ok("Siti Nurhaliza binti Tarudin")),
            ("  Dr.  Tan   Ah Kow ", Ok("Dr. Tan Ah Kow")),
            ("Arumugam a/l Krishnan", Ok("Arumugam a/l Krishnan")),
            ("D'Cruz-O’Neil", Ok("D'Cruz-O’Neil")),
            ("José Ñuñez", Ok("José Ñuñez")),
            ("陳小明", Ok("陳小明")),
            ("முருகன்", Ok("முருகன்")),
            ("احمد", Ok("احمد")),
            ("", Err("empty")),
            (" \u{3000} ", Err("empty")),
            ("--- 12", Err("empty")),
            ("a\u{202e}b", Err("hidden")),
            ("a\u{200b}b", Err("hidden")),
            ("a\nb", Err("hidden")),
            ("a\u{ad}b", Err("hidden")),
            ("\u{3164}", Err("hidden")),
            ("\u{e0041}a", Err("hidden")),
            ("\u{410}hmad", Err("scripts")),
            ("Ahm\u{3b1}d", Err("scripts")),
        ] {
            let outcome = checked("name", name);
            assert_eq!(outcome.clone().ok().as_deref(), expected.ok(), "{name:?}");
            assert_eq!(why(outcome), expected.err().map(str::to_owned), "{name:?}");
        }
        assert!(checked("name", &"a".repeat(CHARS_MAX)).is_ok());
        assert_eq!(why(checked("name", &"a".repeat(CHARS_MAX + 1))).as_deref(), Some("length"));
    }

    #[test]
    fn the_table_of_names_that_look_alike() {
        for (name, other, alike) in [
            ("Ismail bin Ali", "Ismail bin Ali", true),
            ("ISMAIL BIN ALI", "Ismail bin Ali", true),
            ("lsmail bin Ali", "Ismail bin Ali", true),
            ("1smail bin A1i", "Ismail bin Ali", true),
            ("lSMAIL BIN ALI", "Ismail bin Ali", true),
            ("Ismail  bin-Ali.", "Ismail bin Ali", true),
            ("Isrnail bin Ali", "Ismail bin Ali", true),
            ("N0r Azlina", "Nor Azlina", true),
            ("\u{410}\u{415}\u{41d}", "AEH", true),
            ("Ísmail bin Ali", "Ismail bin Ali", false),
            ("Ismail bin Abu", "Ismail bin Ali", false),
            ("Ismail", "Ismail bin Ali", false),
        ] {
            assert_eq!(distinct(name, [other]).is_err(), alike, "{name:?} {other:?}");
        }
        assert!(distinct("Ismail", []).is_ok());
    }
}
