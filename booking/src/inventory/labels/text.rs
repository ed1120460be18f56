//! Words in the standard fonts of PDF: which bytes they are, how wide they are, and how they are made to fit.

use pdf_writer::Name;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    Regular,
    Bold,
}

impl Font {
    pub const fn name(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"F1"),
            Self::Bold => Name(b"F2"),
        }
    }
}

/// No text is set smaller: it could not be read.
const SIZE_MIN: f32 = 5.5;

/// Widths of Helvetica from space to tilde, in thousandths of the size (Adobe Font Metrics 4.1, Helvetica).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278,
    278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
    667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
    556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Letters beyond ASCII: as wide as the widest of the common ones.
const WIDTH_OTHER: u16 = 722;
/// Bold is wider by less than this in every word that was measured.
const BOLD_FACTOR: f32 = 1.08;

/// As the fonts' encoding has it (Windows-1252, of which Latin-1 is a part); a letter that it lacks is a question mark.
pub fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |letter: char| match u32::from(letter) {
        code @ (0x20..=0x7e | 0xa0..=0xff) => code as u8,
        0x2013 => 0x96,
        0x2014 => 0x97,
        0x2018 => 0x91,
        0x2019 => 0x92,
        0x201c => 0x93,
        0x201d => 0x94,
        0x2026 => 0x85,
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// The width of a line, in points, or a little more.
pub fn width(text: &str, font: Font, size: f32) -> f32 {
    let thousandths: u32 = win_ansi(text)
        .iter()
        .map(|byte| u32::from(byte.checked_sub(b' ').and_then(|it| WIDTHS.get(usize::from(it)).copied()).unwrap_or(WIDTH_OTHER)))
        .sum();
    let factor = if font == Font::Bold { BOLD_FACTOR } else { 1.0 };
    thousandths as f32 / 1000.0 * size * factor
}

/// The line in the size that fits, smaller where it must; cut with an ellipsis where even the smallest is too wide.
pub fn fitted(text: &str, font: Font, size: f32, room: f32) -> (String, f32) {
    let wide = width(text, font, size);
    if wide <= room {
        return (text.to_owned(), size);
    }
    let smaller = (size * room / wide).max(SIZE_MIN);
    let mut kept = text.to_owned();
    while width(&kept, font, smaller) > room && kept.chars().count() > 1 {
        kept = kept.trim_end_matches('…').to_owned();
        kept.pop();
        kept = format!("{}…", kept.trim_end());
    }
    (kept, smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_made_to_fit() {
        assert_eq!(fitted("CBJ-CAM-1", Font::Bold, 12.0, 100.0), ("CBJ-CAM-1".to_owned(), 12.0));
        let long = "Bilik Persidangan Jabatan Digital Negara di Aras Tujuh Menara Timur";
        for room in [10.0, 40.0, 80.0, 120.0] {
            let (kept, size) = fitted(long, Font::Regular, 8.0, room);
            assert!(width(&kept, Font::Regular, size) <= room && size >= SIZE_MIN, "{room} {kept}");
        }
        assert!(fitted(long, Font::Regular, 8.0, 80.0).0.ends_with('…'));
        assert!((width("AV", Font::Regular, 1000.0) - 1334.0).abs() < 0.1);
    }

    #[test]
    fn a_letter_that_the_font_lacks_is_a_question_mark() {
        assert_eq!(win_ansi("Kuching – é 会…"), b"Kuching \x96 \xe9 ?\x85");
    }
}
