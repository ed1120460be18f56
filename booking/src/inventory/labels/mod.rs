//! A sheet of labels to print (PDF, A4, three columns of eight): for each piece its QR code, its tag, its name and site in words, and what the
//! code is for, in Malay and English.
//!
//! All of it is drawn as lines and in the fonts that every reader of PDF has, so that a sheet is small and sharp at any printer's resolution.

mod text;

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::{Color, EcLevel, QrCode, types::QrError};
use text::{Font, fitted, win_ansi};

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;
const PAGE: (f32, f32) = (210.0 * MM, 297.0 * MM);
const COLUMNS: usize = 3;
const ROWS: usize = 8;
/// Labels on one sheet, 70 by 37 millimetres each: the common sheet without a margin between.
pub const PER_PAGE: usize = COLUMNS * ROWS;
const LABEL: (f32, f32) = (70.0 * MM, 37.0 * MM);
/// The sheet's labels stand in the middle of the page: half a millimetre above and below.
const TOP: f32 = (297.0 - 8.0 * 37.0) / 2.0 * MM;
/// Printers leave the edge of a page white; nothing of a label comes nearer to its own edge.
const INSET: f32 = 5.0 * MM;
/// The QR code with its quiet zone.
const CODE_SIDE: f32 = 27.0 * MM;
/// ISO/IEC 18004 asks for four modules of white around a code.
const QUIET_MODULES: usize = 4;

const SCAN_MS: &str = "Ada kerosakan? Imbas untuk lapor.";
const SCAN_EN: &str = "Something wrong? Scan to report.";

/// What one label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub tag: String,
    pub name: String,
    pub site: String,
    /// What the code says: an address.
    pub address: String,
}

/// The sheets. `skip` labels at the start of the first are left free, because they were used before.
pub fn sheets(labels: &[Label], skip: usize) -> Result<Vec<u8>, QrError> {
    let skip = skip.min(PER_PAGE - 1);
    let count = (labels.len() + skip).div_ceil(PER_PAGE).max(1);
    let mut next = 1;
    let mut fresh = || {
        next += 1;
        Ref::new(next - 1)
    };
    let (catalog, tree, information, regular, bold) = (fresh(), fresh(), fresh(), fresh(), fresh());
    let pages: Vec<(Ref, Ref)> = (0..count).map(|_| (fresh(), fresh())).collect();

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree).lang(TextStr("ms")).viewer_preferences().display_doc_title(true);
    pdf.document_info(information).title(TextStr("Label peralatan / Equipment labels")).creator(TextStr("Sidang"));
    pdf.pages(tree).kids(pages.iter().map(|it| it.0)).count(count as i32);
    for (font, base) in [(regular, &b"Helvetica"[..]), (bold, b"Helvetica-Bold")] {
        pdf.type1_font(font).base_font(Name(base)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (number, (page, content)) in pages.iter().enumerate() {
        let mut written = pdf.page(*page);
        written.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(*content);
        let mut resources = written.resources();
        let mut fonts = resources.fonts();
        fonts.pair(Font::Regular.name(), regular).pair(Font::Bold.name(), bold);
        fonts.finish();
        resources.finish();
        written.finish();
        let mut drawn = Content::new();
        let places = number * PER_PAGE..(number + 1) * PER_PAGE;
        for place in places {
            if let Some(label) = place.checked_sub(skip).and_then(|it| labels.get(it)) {
                draw(&mut drawn, label, place % PER_PAGE)?;
            }
        }
        pdf.stream(*content, &drawn.finish());
    }
    Ok(pdf.finish())
}

/// Draws one label at its place on the page, row by row from the top left. A page's origin is its bottom left corner.
fn draw(on: &mut Content, label: &Label, place: usize) -> Result<(), QrError> {
    let left = (place % COLUMNS) as f32 * LABEL.0 + INSET;
    let top = PAGE.1 - TOP - (place / COLUMNS) as f32 * LABEL.1 - INSET;
    code(on, &label.address, left, top)?;
    let text_left = left + CODE_SIDE + 2.0 * MM;
    let width = LABEL.0 - 2.0 * INSET - CODE_SIDE - 2.0 * MM;
    let lines: [(&str, Font, f32, f32); 5] = [
        (&label.tag, Font::Bold, 12.0, 16.0),
        (&label.name, Font::Bold, 8.0, 15.0),
        (&label.site, Font::Regular, 7.5, 11.0),
        (SCAN_MS, Font::Regular, 6.0, 17.0),
        (SCAN_EN, Font::Regular, 6.0, 8.0),
    ];
    let mut baseline = top - 2.0 * MM;
    for (words, font, size, lead) in lines {
        baseline -= lead;
        let (words, size) = fitted(words, font, size, width);
        on.begin_text().set_font(font.name(), size).next_line(text_left, baseline).show(Str(&win_ansi(&words))).end_text();
    }
    Ok(())
}

/// The QR code as black squares, runs of a row joined, in one filled path.
fn code(on: &mut Content, address: &str, left: f32, top: f32) -> Result<(), QrError> {
    // A quarter of a code may be scratched (level Q): labels wear.
    let code = QrCode::with_error_correction_level(address, EcLevel::Q)?;
    let modules = code.width();
    let side = CODE_SIDE / (modules + 2 * QUIET_MODULES) as f32;
    let colors = code.to_colors();
    let dark = |row: usize, column: usize| colors[row * modules + column] == Color::Dark;
    for row in 0..modules {
        let mut column = 0;
        while column < modules {
            let run = (column..modules).take_while(|it| dark(row, *it)).count();
            if run > 0 {
                let x = left + (QUIET_MODULES + column) as f32 * side;
                let y = top - (QUIET_MODULES + row + 1) as f32 * side;
                on.rect(x, y, run as f32 * side, side);
            }
            column += run.max(1);
        }
    }
    on.fill_even_odd();
    Ok(())
}

#[cfg(test)]
mod tests;
