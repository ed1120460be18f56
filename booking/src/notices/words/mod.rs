//! The sentences of a mail, in the language of whoever reads it. Each language is one function over every kind: a kind without its sentences does
//! not compile.

mod en;
mod ms;

use super::{About, AboutFault, AboutMeeting, Notice};
use crate::names::names;
use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use kernel::clock::MALAYSIA;
use wire::UnixMs;

names! {
    /// The languages of the service.
    Language {
        Ms = "ms",
        En = "en",
    }
}

impl Language {
    /// As it stands with an account; one that is not known is Malay, the language of the service.
    pub fn of(text: &str) -> Self {
        text.parse().unwrap_or(Self::Ms)
    }
}

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    pub paragraphs: Vec<String>,
}

impl Words {
    fn new(subject: String, paragraphs: impl IntoIterator<Item = Option<String>>) -> Self {
        Self { subject, paragraphs: paragraphs.into_iter().flatten().collect() }
    }
}

/// The whole text of the mail about `notice`; `address` is where the service is reached, without a slash at its end.
pub fn mail(notice: &Notice, language: Language, address: &str) -> Words {
    let mut words = match language {
        Language::Ms => ms::words(notice),
        Language::En => en::words(notice),
    };
    let link = format!("{address}{}", notice.path());
    words.paragraphs.push(match language {
        Language::Ms => ms::open(&link),
        Language::En => en::open(&link),
    });
    words.paragraphs.push(match language {
        Language::Ms => ms::AUTOMATIC.to_owned(),
        Language::En => en::AUTOMATIC.to_owned(),
    });
    words
}

/// What is told of a calendar's event where a calendar shows it: what a mail says, without how to answer it.
pub fn event(event: &AboutMeeting, language: Language, link: &str) -> Vec<String> {
    match language {
        Language::Ms => ms::event(event, link),
        Language::En => en::event(event, link),
    }
}

/// The name of an event: its title, or where it is classified its reference.
pub fn summary(event: &AboutMeeting, language: Language) -> String {
    let classified = || match language {
        Language::Ms => ms::CLASSIFIED_MEETING.to_owned(),
        Language::En => en::CLASSIFIED_MEETING.to_owned(),
    };
    event.title.clone().or_else(|| event.reference.clone()).unwrap_or_else(classified)
}

fn at(instant: UnixMs) -> DateTime<Tz> {
    DateTime::<Utc>::from_timestamp_millis(instant.0).unwrap_or(DateTime::UNIX_EPOCH).with_timezone(&MALAYSIA)
}

fn clock(instant: UnixMs) -> String {
    let it = at(instant);
    format!("{:02}:{:02}", it.hour(), it.minute())
}

/// `Jumaat, 4 Disember 2026`
fn date(instant: UnixMs, weekdays: &[&str; 7], months: &[&str; 12]) -> String {
    let it = at(instant);
    let (weekday, month) = (it.weekday().num_days_from_monday() as usize, it.month0() as usize);
    let name = |names: &[&str], place: usize| names.get(place).copied().unwrap_or_default().to_owned();
    format!("{}, {} {} {}", name(weekdays, weekday), it.day(), name(months, month), it.year())
}

/// `TP-2026-00012 "Mesyuarat penyelarasan"`, or the reference alone.
fn named(about: &About) -> String {
    match &about.title {
        Some(title) => format!("{} \u{201c}{title}\u{201d}", about.reference),
        None => about.reference.clone(),
    }
}

/// The same of a meeting, which may come with no reference.
fn named_meeting(event: &AboutMeeting, language: Language) -> String {
    match (&event.reference, &event.title) {
        (Some(reference), Some(title)) => format!("{reference} \u{201c}{title}\u{201d}"),
        (None, Some(title)) => format!("\u{201c}{title}\u{201d}"),
        _ => summary(event, language),
    }
}

/// `F-2026-00003, CBJ-CAM-1, MAMPU Cyberjaya`
fn named_fault(fault: &AboutFault) -> String {
    let equipment = fault.equipment.iter().map(String::as_str);
    std::iter::once(fault.reference.as_str()).chain(equipment).chain([fault.site.name.as_str()]).collect::<Vec<_>>().join(", ")
}
