//! The stays for a spreadsheet: RFC 4180, in UTF-8 with a byte order mark, instants in Malaysian time.

use super::Stay;
use crate::reports::csv::inert;
use chrono::{DateTime, SecondsFormat, Utc};
use kernel::{Error, Result, clock::MALAYSIA};
use wire::UnixMs;

const HEAD: [&str; 10] = ["name", "position", "agency", "room", "room_system", "breakout_rooms", "joined", "left", "minutes", "reason"];

fn unwritten<E>(_: E) -> Error {
    Error::broken("the attendance could not be written")
}

fn instant(at: UnixMs) -> String {
    DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&MALAYSIA).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// One row for each stay. What is not known yet is an empty cell.
pub fn file(stays: &[Stay]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEAD).map_err(unwritten)?;
    for stay in stays {
        let of = |text: fn(&identity::PersonRef) -> &str| stay.person.as_ref().map(|it| inert(text(it))).unwrap_or_default();
        let minutes = stay.left_at_ms.map(|left| (left.saturating_since_ms(stay.joined_at_ms) / 60_000).to_string());
        let cells = [
            of(|it| &it.name),
            of(|it| &it.position),
            of(|it| &it.agency.name),
            stay.site.as_deref().map(inert).unwrap_or_default(),
            if stay.room_system { "yes" } else { "no" }.to_owned(),
            inert(&stay.rooms.iter().filter_map(|it| it.breakout.as_deref()).collect::<Vec<_>>().join("; ")),
            instant(stay.joined_at_ms),
            stay.left_at_ms.map(instant).unwrap_or_default(),
            minutes.unwrap_or_default(),
            stay.reason.clone().unwrap_or_default(),
        ];
        writer.write_record(cells).map_err(unwritten)?;
    }
    writer.into_inner().map_err(unwritten)
}
