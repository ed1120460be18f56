//! The invitation, read back by a reader of content lines written from RFC 5545, section 3.1, and not by the library that wrote it.

use super::*;
use proptest::prelude::*;

fn invitation() -> Invitation {
    Invitation {
        meeting: MeetingId(uuid::Uuid::from_u128(1)),
        title: "Penyelarasan; bil. 3, 2026".into(),
        location: Some("MAMPU Cyberjaya; MAMPU Cawangan Sarawak".into()),
        organizer: "Nor Aini binti Kassim".into(),
        link: "https://sidang.example/meetings/00000000-0000-0000-0000-000000000001".into(),
        issuer: "https://sidang.example".into(),
        starts_at: UnixMs(1_796_349_600_000),
        ends_at: UnixMs(1_796_353_200_000),
        stamped_at: UnixMs(1_796_090_400_000),
        cancelled: false,
        sequence: 2,
    }
}

/// A content line: name with parameters, and value.
type Line = (String, String);

/// Unfolds and splits; panics where a line is none.
fn read(text: &str) -> Vec<Line> {
    assert!(text.ends_with("\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "folded at 75 octets");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "line ends come in pairs");
    let unfolded = text.replace("\r\n ", "").replace("\r\n\t", "");
    unfolded.trim_end_matches("\r\n").split("\r\n").map(split).collect()
}

fn split(line: &str) -> Line {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let (at, _) = colon.unwrap_or_else(|| panic!("no content line: {line:?}"));
    assert!(line[..at].split([';', '=']).next().unwrap().bytes().all(|it| it.is_ascii_uppercase() || it == b'-'), "{line:?}");
    (line[..at].to_owned(), line[at + 1..].to_owned())
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(c @ ('\\' | ';' | ',')) => out.push(c),
                other => panic!("an escape that is none: {other:?}"),
            },
            (';' | ',', _) => panic!("not escaped"),
            (c, _) => out.push(c),
        }
    }
    out
}

#[test]
fn it_is_one_event_in_utc_with_its_link() {
    let lines = read(&write(&invitation()).unwrap());
    let value = |name: &str| lines.iter().find(|line| line.0 == name).map(|line| line.1.as_str());
    let count = |name: &str| lines.iter().filter(|line| line.0.split(';').next() == Some(name)).count();
    assert_eq!(lines.first().unwrap(), &("BEGIN".into(), "VCALENDAR".into()));
    assert_eq!(lines.last().unwrap(), &("END".into(), "VCALENDAR".into()));
    assert_eq!((value("VERSION"), value("METHOD")), (Some("2.0"), Some("PUBLISH")));
    assert_eq!((value("DTSTART"), value("DTEND")), (Some("20261204T020000Z"), Some("20261204T030000Z")));
    assert_eq!((value("DTSTAMP"), value("SEQUENCE")), (Some("20261201T020000Z"), Some("2")));
    assert_eq!(value("UID"), Some("00000000-0000-0000-0000-000000000001@sidang.example"));
    assert_eq!(value("STATUS"), Some("CONFIRMED"));
    assert_eq!(value("SUMMARY").map(unescaped).as_deref(), Some("Penyelarasan; bil. 3, 2026"));
    assert_eq!(value("LOCATION").map(unescaped), invitation().location);
    let conference = lines.iter().find(|line| line.0.starts_with("CONFERENCE;")).unwrap();
    assert_eq!(conference.1, invitation().link);
    assert!(conference.0.contains("VALUE=URI"));
    for once in ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CONFERENCE", "URL", "METHOD", "VERSION", "PRODID"] {
        assert_eq!(count(once), 1, "{once}");
    }
    assert_eq!(count("ATTENDEE") + count("ORGANIZER"), 0, "PUBLISH asks nobody, and a file that travels names nobody's address");
}

#[test]
fn a_withdrawn_meeting_is_cancelled() {
    assert!(write(&Invitation { cancelled: true, ..invitation() }).unwrap().contains("\r\nSTATUS:CANCELLED\r\n"));
}

#[test]
fn what_a_calendar_would_obey_is_refused() {
    let injected = "https://sidang.example/\r\nATTENDEE:mailto:x@y.example";
    let table = [
        Invitation { link: injected.into(), ..invitation() },
        Invitation { link: "https://sidang.example/\"".into(), ..invitation() },
        Invitation { title: "a\r\nb".into(), ..invitation() },
        Invitation { title: "a\u{0}b".into(), ..invitation() },
        Invitation { location: Some("a\rb".into()), ..invitation() },
        Invitation { issuer: "sidang\nexample".into(), ..invitation() },
        Invitation { title: "a".repeat(TEXT_CHARS_MAX + 1), ..invitation() },
        Invitation { starts_at: UnixMs(i64::MAX), ..invitation() },
        Invitation { starts_at: UnixMs(253_402_300_800_000), ..invitation() },
    ];
    for it in table {
        assert!(write(&it).is_err(), "{it:?}");
    }
}

proptest! {
    /// Whatever the title: it is refused, or it reads back as it was and adds no line.
    #[test]
    fn a_title_reads_back(title in any::<String>(), location in "[^\\p{Cc}]{0,200}") {
        let it = Invitation { title: title.clone(), location: Some(location.clone()).filter(|it| !it.is_empty()), ..invitation() };
        let Ok(text) = write(&it) else { return Ok(()) };
        let lines = read(&text);
        prop_assert_eq!(lines.len(), read(&write(&Invitation { title: "t".into(), location: it.location.clone(), ..invitation() }).unwrap()).len());
        let summary = lines.iter().find(|line| line.0 == "SUMMARY").unwrap();
        prop_assert_eq!(unescaped(&summary.1), title);
    }
}
