//! Figures for a spreadsheet: RFC 4180, in UTF-8 with a byte order mark, with no cell that a spreadsheet would take for a formula.

use super::http::ReportRow;
use kernel::{Error, Result};

/// The first letters by which spreadsheets know a formula or a command.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The cell as text that stays text.
pub fn inert(text: &str) -> String {
    match text.starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The file is written into memory, where nothing fails but memory itself.
fn unwritten<E>(_: E) -> Error {
    Error::broken("a report could not be written")
}

const HEAD: [&str; 24] = [
    "month",
    "agency",
    "site",
    "applications",
    "refused_by_rules",
    "approved",
    "declined",
    "withdrawn",
    "lapsed",
    "displaced",
    "waiting",
    "overrides",
    "lead_days_median",
    "approval_minutes_median",
    "approval_minutes_p90",
    "held",
    "no_shows",
    "minutes_held",
    "minutes_open",
    "conditions_in_time",
    "conditions_late",
    "conditions_owed",
    "faults",
    "repair_minutes_median",
];

/// The rows of a report as one file. A figure that there is none of is an empty cell.
pub fn file<'a>(rows: impl IntoIterator<Item = &'a ReportRow>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEAD).map_err(unwritten)?;
    for row in rows {
        let it = &row.figures;
        let known = |value: Option<i64>| value.map(|it| it.to_string()).unwrap_or_default();
        let cells = [
            row.month.clone().unwrap_or_default(),
            row.agency.as_ref().map(|it| inert(&it.name)).unwrap_or_default(),
            row.site.as_ref().map(|it| inert(&it.name)).unwrap_or_default(),
            it.applications.to_string(),
            it.refused_by_rules.to_string(),
            it.approved.to_string(),
            it.declined.to_string(),
            it.withdrawn.to_string(),
            it.lapsed.to_string(),
            it.displaced.to_string(),
            it.waiting.to_string(),
            it.overrides.to_string(),
            known(it.lead_days_median),
            known(it.approval_minutes_median),
            known(it.approval_minutes_p90),
            it.held.to_string(),
            it.no_shows.to_string(),
            it.minutes_held.to_string(),
            known(it.minutes_open),
            it.conditions_in_time.to_string(),
            it.conditions_late.to_string(),
            it.conditions_owed.to_string(),
            it.faults.to_string(),
            known(it.repair_minutes_median),
        ];
        writer.write_record(cells).map_err(unwritten)?;
    }
    writer.into_inner().map_err(unwritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_formula() {
        for text in ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(inert(text), format!("'{text}"));
        }
        for text in ["Kementerian Kesihatan Malaysia", "A=1", "", "'x"] {
            assert_eq!(inert(text), text);
        }
    }
}
