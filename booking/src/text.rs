//! What people write in forms: trimmed, bounded, and free of characters that a screen or a calendar would obey.

use chrono::{Datelike, NaiveDate};
use kernel::extract::malformed;
use wire::{Code, Refusal};

/// Characters that are not shown but change how others are shown or read: C0 and C1 controls, bidirectional overrides (a name must
/// not read as another), zero-width marks and line separators.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A single line, 1 to `chars_max` characters.
pub fn line(field: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    checked(field, text, chars_max, false)
}

/// One or more lines, 1 to `chars_max` characters.
pub fn paragraph(field: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    checked(field, text, chars_max, true)
}

/// As `of`, where an absent or blank text is none.
pub fn optional<F>(field: &'static str, text: Option<&str>, chars_max: usize, of: F) -> Result<Option<String>, Refusal>
where
    F: Fn(&'static str, &str, usize) -> Result<String, Refusal>,
{
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => of(field, text, chars_max).map(Some),
    }
}

/// A day that the calendars of the rules hold.
pub fn day(field: &'static str, date: NaiveDate) -> Result<NaiveDate, Refusal> {
    match (2000..=2999).contains(&date.year()) {
        true => Ok(date),
        false => Err(malformed(field, "a day of this calendar")),
    }
}

fn checked(field: &'static str, text: &str, chars_max: usize, lines: bool) -> Result<String, Refusal> {
    let text = text.trim().replace("\r\n", "\n");
    let refused = |expected: &'static str| {
        Err(Refusal::new(Code::RequestMalformed).with("field", field).with("expected", expected).with("length_max", chars_max))
    };
    if text.is_empty() {
        return refused("text");
    }
    if text.chars().count() > chars_max {
        return refused("shorter_text");
    }
    if text.chars().any(|c| is_hidden(c) && !(lines && matches!(c, '\n' | '\t'))) {
        return refused("plain_text");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_lines() {
        for (text, expected) in [
            ("Mesyuarat", Some("Mesyuarat")),
            ("  Mesyuarat  ", Some("Mesyuarat")),
            ("", None),
            ("   ", None),
            ("a\r\nATTENDEE:mailto:x@y.example", None),
            ("a\u{202E}b", None),
            ("a\u{0}b", None),
            ("12345678901", None),
        ] {
            assert_eq!(line("title", text, 10).ok().as_deref(), expected, "{text:?}");
        }
        assert_eq!(paragraph("purpose", "a\r\nb", 10).unwrap(), "a\nb");
        assert_eq!(optional("needs", Some("  "), 10, line).unwrap(), None);
    }
}
