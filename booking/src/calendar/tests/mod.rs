//! Calendar files, read back by three readers that did not write them: one of content lines written here from RFC 5545, section 3.1; calcard;
//! and, over the files in `golden/`, ical.js and Python's icalendar (`web/test/calendar.test.js`, `scripts/read-calendars`).

use super::{
    invite::Part,
    part::{Correspondents, of_mail},
    writer::{Address, Attendee, Document, Event, Method, Status, plain, write},
    *,
};
use crate::notices::words::Language;
use calcard::icalendar::{ICalendar, ICalendarComponentType, ICalendarParameterName, ICalendarProperty};
use proptest::prelude::*;
use std::path::PathBuf;
use uuid::Uuid;
use wire::{Classification, id::SiteId};

mod feeds;
mod flow;

fn meeting(classification: Classification) -> AboutMeeting {
    AboutMeeting {
        meeting: MeetingId(Uuid::from_u128(1)),
        reference: Some("TP-2026-00012".into()),
        classification,
        title: Some("Penyelarasan; bil. 3, 2026 \\ \u{201c}Bandar\u{201d} & 老虎".into()),
        sites: vec![
            Place { id: SiteId(Uuid::from_u128(0xc1)), name: "MAMPU Cyberjaya".into() },
            Place { id: SiteId(Uuid::from_u128(0xc2)), name: "MAMPU Cawangan Sarawak; Aras 3, \"Blok B\"".into() },
        ],
        host: Some("Dato' Hamzah bin Osman".into()),
        starts_at_ms: UnixMs(1_796_349_600_000),
        ends_at_ms: UnixMs(1_796_353_200_000),
        sequence: 2,
    }
    .guarded()
}

fn organizer() -> Address {
    Address { name: "Sidang".into(), email: "sidang@sidang.example".into() }
}

fn recipient() -> Address {
    Address { name: "Nor Aini binti Kassim, Dr.".into(), email: "nor.aini+uc@agensi.example".into() }
}

fn part(method: Method, called_off: bool) -> Part {
    Part {
        method,
        uid: format!("{}@sidang.example", Uuid::from_u128(1)),
        stamped_at_ms: UnixMs(1_796_090_400_000),
        chair: false,
        called_off,
    }
}

fn mailed(part: &Part, event: &AboutMeeting, language: Language) -> String {
    let (to, organizer) = (recipient(), organizer());
    of_mail(part, event, &Correspondents { to: &to, language, organizer: &organizer, address: "https://sidang.example" }).unwrap()
}

fn feed() -> Document {
    let event = |n: u128, summary: &str, status| Event {
        uid: format!("{}@sidang.example", Uuid::from_u128(n)),
        sequence: 0,
        stamped_at: UnixMs(1_796_090_400_000),
        starts_at: UnixMs(1_796_349_600_000),
        ends_at: UnixMs(1_796_353_200_000),
        summary: summary.into(),
        description: None,
        location: Some("MAMPU Cyberjaya".into()),
        link: None,
        status: Some(status),
        private: false,
        organizer: None,
        attendees: Vec::new(),
    };
    Document {
        method: None,
        name: Some("Sidang: MAMPU Cyberjaya; bilik 1, aras 2".into()),
        refresh_minutes: Some(15),
        events: vec![event(1, "Ditempah", Status::Confirmed), event(2, "Ditempah (menunggu keputusan)", Status::Tentative)],
    }
}

/// Every shape of file that the service writes.
fn golden() -> Vec<(&'static str, String)> {
    let (open, secret) = (meeting(Classification::Terbuka), meeting(Classification::Sulit));
    let online = AboutMeeting { reference: None, sites: Vec::new(), ..open.clone() };
    let published =
        Event { ..part::of_meeting(&open, "1@sidang.example", UnixMs(1_796_090_400_000), Language::En, "https://sidang.example") };
    let published = Document { method: Some(Method::Publish), name: None, refresh_minutes: None, events: vec![published] };
    vec![
        ("request", mailed(&part(Method::Request, false), &open, Language::Ms)),
        ("request-online", mailed(&Part { chair: true, ..part(Method::Request, false) }, &online, Language::En)),
        ("request-classified", mailed(&part(Method::Request, false), &secret, Language::Ms)),
        ("cancel", mailed(&part(Method::Cancel, true), &open, Language::Ms)),
        ("cancel-one-person", mailed(&part(Method::Cancel, false), &open, Language::En)),
        ("publish", write(&published).unwrap()),
        ("feed", write(&feed()).unwrap()),
        ("feed-empty", write(&Document { events: Vec::new(), ..feed() }).unwrap()),
    ]
}

#[test]
fn the_files_are_those_that_other_readers_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/calendar/golden");
    for (name, text) in golden() {
        let path = folder.join(format!("{name}.ics"));
        if std::env::var("SIDANG_TEST_WRITE_GOLDEN").is_ok() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(text, kept, "{name}: where the change is meant, write it with SIDANG_TEST_WRITE_GOLDEN=1, and look at it");
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

fn value<'a>(lines: &'a [Line], name: &str) -> Option<&'a str> {
    lines.iter().find(|line| line.0.split(';').next() == Some(name)).map(|line| line.1.as_str())
}

fn count(lines: &[Line], name: &str) -> usize {
    lines.iter().filter(|line| line.0.split(';').next() == Some(name)).count()
}

#[test]
fn a_request_says_what_rfc_5546_asks() {
    let lines = read(&mailed(&part(Method::Request, false), &meeting(Classification::Terbuka), Language::Ms));
    assert_eq!(lines.first().unwrap(), &("BEGIN".into(), "VCALENDAR".into()));
    assert_eq!(lines.last().unwrap(), &("END".into(), "VCALENDAR".into()));
    assert_eq!((value(&lines, "VERSION"), value(&lines, "METHOD")), (Some("2.0"), Some("REQUEST")));
    assert_eq!((value(&lines, "DTSTART"), value(&lines, "DTEND")), (Some("20261204T020000Z"), Some("20261204T030000Z")));
    assert_eq!((value(&lines, "DTSTAMP"), value(&lines, "SEQUENCE")), (Some("20261201T020000Z"), Some("2")));
    assert_eq!(value(&lines, "UID"), Some("00000000-0000-0000-0000-000000000001@sidang.example"));
    assert_eq!((value(&lines, "STATUS"), value(&lines, "ORGANIZER")), (Some("CONFIRMED"), Some("mailto:sidang@sidang.example")));
    assert_eq!(value(&lines, "SUMMARY").map(unescaped), meeting(Classification::Terbuka).title);
    for once in
        ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CONFERENCE", "URL", "METHOD", "VERSION", "PRODID", "ORGANIZER", "SEQUENCE"]
    {
        assert_eq!(count(&lines, once), 1, "{once}");
    }
    let attendees: Vec<_> = lines.iter().filter(|it| it.0.starts_with("ATTENDEE")).collect();
    let [person, rooms @ ..] = attendees.as_slice() else { panic!("nobody is asked") };
    assert_eq!(person.1, "mailto:nor.aini+uc@agensi.example");
    assert!(person.0.contains("ROLE=REQ-PARTICIPANT") && person.0.contains("CN=\"Nor Aini binti Kassim, Dr.\""), "{person:?}");
    assert_eq!(rooms.len(), 2);
    assert!(
        rooms.iter().all(|it| it.0.contains("CUTYPE=ROOM") && it.0.contains("ROLE=NON-PARTICIPANT") && it.0.contains("PARTSTAT=ACCEPTED"))
    );
}

#[test]
fn a_cancellation_of_one_person_leaves_the_event_standing() {
    let open = meeting(Classification::Terbuka);
    let whole = read(&mailed(&part(Method::Cancel, true), &open, Language::Ms));
    assert_eq!((value(&whole, "METHOD"), value(&whole, "STATUS")), (Some("CANCEL"), Some("CANCELLED")));
    let one = read(&mailed(&part(Method::Cancel, false), &open, Language::Ms));
    assert_eq!((value(&one, "METHOD"), value(&one, "STATUS")), (Some("CANCEL"), None), "RFC 5546, section 3.2.5");
}

#[test]
fn of_what_is_classified_a_calendar_gets_reference_and_time() {
    for method in [Method::Request, Method::Cancel] {
        let text = mailed(&part(method, true), &meeting(Classification::Sulit), Language::Ms).replace("\r\n ", "");
        for secret in ["Penyelarasan", "Hamzah", "MAMPU", "Bandar"] {
            assert!(!text.contains(secret), "{text}");
        }
        let lines = read(&mailed(&part(method, true), &meeting(Classification::Sulit), Language::Ms));
        assert_eq!((value(&lines, "SUMMARY"), value(&lines, "CLASS")), (Some("TP-2026-00012"), Some("PRIVATE")));
        assert_eq!(count(&lines, "ATTENDEE"), 1, "the recipient alone");
    }
}

fn event() -> Event {
    Event {
        organizer: Some(organizer()),
        attendees: vec![Attendee::Person { address: recipient(), chair: false }],
        ..feed().events.remove(0)
    }
}

fn request(event: Event) -> Document {
    Document { method: Some(Method::Request), name: None, refresh_minutes: None, events: vec![event] }
}

#[test]
fn what_a_calendar_would_obey_is_refused() {
    let injected = "https://sidang.example/\r\nATTENDEE:mailto:x@y.example";
    let person =
        |name: &str, email: &str| vec![Attendee::Person { address: Address { name: name.into(), email: email.into() }, chair: false }];
    let room = |name: &str| Attendee::Room { id: Uuid::nil(), name: name.into() };
    let table = [
        Event { link: Some(injected.into()), ..event() },
        Event { link: Some("https://sidang.example/\"".into()), ..event() },
        Event { summary: "a\r\nb".into(), ..event() },
        Event { summary: "a\u{0}b".into(), ..event() },
        Event { summary: "a\u{85}b".into(), ..event() },
        Event { location: Some("a\rb".into()), ..event() },
        Event { description: Some("a\u{7}b".into()), ..event() },
        Event { uid: "a\nb".into(), ..event() },
        Event { uid: String::new(), ..event() },
        Event { summary: "a".repeat(2_001), ..event() },
        Event { starts_at: UnixMs(i64::MAX), ..event() },
        Event { ends_at: UnixMs(253_402_300_800_000), ..event() },
        Event { ends_at: event().starts_at, ..event() },
        Event { attendees: person("a\nb", "a@b.example"), ..event() },
        Event { attendees: person("a", "a@b.example\r\nX:y"), ..event() },
        Event { attendees: person("a", "a@b.example?bcc=c@d.example"), ..event() },
        Event { attendees: person("a", "nobody"), ..event() },
        Event { attendees: vec![event().attendees.remove(0), room("a\u{1}b")], ..event() },
        Event { organizer: Some(Address { name: "a\rb".into(), ..organizer() }), ..event() },
        // what the method needs or forbids
        Event { organizer: None, ..event() },
        Event { attendees: Vec::new(), ..event() },
        Event { attendees: vec![room("a")], ..event() },
        Event { status: Some(Status::Cancelled), ..event() },
    ];
    assert!(write(&request(event())).is_ok());
    for it in table {
        assert!(write(&request(it.clone())).is_err(), "{it:?}");
    }
    assert!(write(&Document { method: Some(Method::Publish), ..request(event()) }).is_err(), "PUBLISH asks nobody");
    assert!(write(&Document { method: Some(Method::Cancel), ..request(event()) }).is_err(), "CANCEL of what stands");
    assert!(write(&Document { events: Vec::new(), ..request(event()) }).is_err(), "a message is about one event");
    assert!(write(&Document { name: Some("a\nX-B:c\r".into()), ..feed() }).is_err());
}

/// What calcard reads of a file.
fn calcard(text: &str) -> ICalendar {
    let read = ICalendar::parse(text).unwrap_or_else(|_| panic!("calcard does not read it:\n{text}"));
    let mut again = String::new();
    read.write_to(&mut again).unwrap();
    assert_eq!(ICalendar::parse(&again).unwrap_or_else(|_| panic!("not a second time:\n{again}")), read, "stable");
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever the texts: they are refused, or two readers read back what was written, and nothing else.
    #[test]
    fn what_is_written_reads_back(
        summary in any::<String>(), location in "[^\\p{Cc}]{0,200}", description in "[ -~\\n\u{e9}\u{8001}]{0,400}",
        name in any::<String>(), room in "[^\\p{Cc}]{1,80}", sequence in any::<u32>(), starts in 0i64..4_000_000_000, minutes in 1i64..10_000,
    ) {
        let it = Event {
            summary, description: Some(description), location: Some(location), link: Some("https://sidang.example/m/1".into()), sequence,
            starts_at: UnixMs(starts * 1000), ends_at: UnixMs(starts * 1000 + minutes * 60_000),
            attendees: vec![
                Attendee::Person { address: Address { name, email: "a@b.example".into() }, chair: true },
                Attendee::Room { id: Uuid::from_u128(5), name: room },
            ],
            ..event()
        };
        let Ok(text) = write(&request(it.clone())) else { return Ok(()) };
        let lines = read(&text);
        let expected = read(&write(&request(Event { summary: "t".into(), location: Some("l".into()), description: Some("d".into()),
            attendees: vec![Attendee::Person { address: recipient(), chair: true }, Attendee::Room { id: Uuid::nil(), name: "r".into() }], ..it.clone() })).unwrap());
        let names = |lines: &[Line]| lines.iter().map(|it| it.0.split(';').next().unwrap().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(names(&lines), names(&expected), "no line more and none less");
        prop_assert_eq!(value(&lines, "SUMMARY").map(unescaped), Some(it.summary.clone()));
        prop_assert_eq!(value(&lines, "LOCATION").map(unescaped), it.location.clone());
        prop_assert_eq!(value(&lines, "DESCRIPTION").map(unescaped), it.description.clone());

        let read = calcard(&text);
        let events: Vec<_> = read.components.iter().filter(|it| it.component_type == ICalendarComponentType::VEvent).collect();
        prop_assert_eq!((read.components.len(), events.len()), (2, 1));
        let event = events[0];
        let text_of = |property| event.property(&property).and_then(|it| it.values.first()).and_then(|it| it.as_text()).map(str::to_owned);
        prop_assert_eq!(text_of(ICalendarProperty::Summary).unwrap_or_default(), it.summary.clone());
        prop_assert_eq!(event.property(&ICalendarProperty::Sequence).unwrap().values[0].as_integer(), Some(i64::from(sequence)));
        let attendees: Vec<_> = event.properties(&ICalendarProperty::Attendee).collect();
        prop_assert_eq!(attendees.len(), 2);
        let cn = |at: usize| attendees[at].parameter(&ICalendarParameterName::Cn).and_then(|it| it.as_text()).map(str::to_owned);
        let Attendee::Person { address, .. } = &it.attendees[0] else { unreachable!() };
        if !address.name.is_empty() {
            let (read, written) = (cn(0).unwrap_or_default(), plain(&address.name));
            prop_assert_eq!(read.trim(), written.trim());
        }
    }
}

#[test]
fn every_kept_file_is_read_by_calcard_without_a_loss() {
    for (name, text) in golden() {
        let (lines, read) = (read(&text), calcard(&text));
        let entries: usize = read.components.iter().map(|it| it.entries.len()).sum();
        let structure = lines.iter().filter(|it| ["BEGIN", "END"].contains(&it.0.as_str())).count();
        assert_eq!(entries + structure, lines.len(), "{name}: a line more or less");
    }
}
