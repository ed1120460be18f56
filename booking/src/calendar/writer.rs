//! The one writer of calendar files (RFC 5545, RFC 5546, RFC 7986).
//!
//! Every value passes a guard before the library sees it: the library escapes TEXT values and nothing else, so that a line break in an
//! address or in a name would begin a line of its own. What the guard refuses is not written at all. Instants are written in UTC, which
//! needs no time zone of its own; lines are folded anew, because the library leaves the blank of a continuation out of its count.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Class, Component, Event as Entry, EventLike, EventStatus, Parameter, Property};
use wire::UnixMs;

/// Characters of a text in a calendar; folding is quadratic in the library below.
const TEXT_CHARS_MAX: usize = 2_000;
/// Events in one file: a quarter of a year of a busy site.
pub const EVENTS_MAX: usize = 1_000;
/// People and rooms of one event: a telepresence session has 18 people at three sites.
const ATTENDEES_MAX: usize = 100;
/// Octets of a content line, without its end (RFC 5545, section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// What a file asks of the calendar that reads it (RFC 5546, section 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Method {
    /// Taken by whoever wants it; nobody is asked anything.
    Publish,
    /// Somebody is invited, or what they are invited to has changed.
    Request,
    /// Somebody who was invited no longer is.
    Cancel,
}

impl Method {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
}

/// A mailbox with the name that it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub name: String,
    pub email: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attendee {
    Person {
        address: Address,
        chair: bool,
    },
    /// A room has no mailbox and answers nobody: it is named by its identifier, and has accepted.
    Room {
        id: uuid::Uuid,
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub uid: String,
    /// Grows with every change that calendars must notice.
    pub sequence: u32,
    pub stamped_at: UnixMs,
    pub starts_at: UnixMs,
    pub ends_at: UnixMs,
    pub summary: String,
    pub description: Option<String>,
    pub location: Option<String>,
    /// Where it is joined: an address of this service, never a token.
    pub link: Option<String>,
    /// Nothing in a CANCEL that takes one person out of an event that stands (RFC 5546, section 3.2.5).
    pub status: Option<Status>,
    /// Shown to nobody but its owner, by calendars that share.
    pub private: bool,
    pub organizer: Option<Address>,
    pub attendees: Vec<Attendee>,
}

/// A file: a message about one event, or a list of events to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Nothing where it is a list that is read again and again: each event in it stands for itself.
    pub method: Option<Method>,
    /// What a list is called.
    pub name: Option<String>,
    /// How often a list should be read again.
    pub refresh_minutes: Option<u32>,
    pub events: Vec<Event>,
}

/// A file that cannot be written as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error("{0} holds a character that a calendar would obey")]
    Character(&'static str),
    #[error("{0} is too long")]
    Long(&'static str),
    #[error("{0} is no instant of a calendar")]
    Instant(&'static str),
    /// RFC 5546, sections 3.2.1, 3.2.2 and 3.2.5.
    #[error("the method needs or forbids {0}")]
    Method(&'static str),
}

/// The file.
pub fn write(document: &Document) -> Result<String, Unwritable> {
    if document.events.len() > EVENTS_MAX {
        return Err(Unwritable::Long("events"));
    }
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Sidang//Sidang//MS"))
        .append_property(("CALSCALE", "GREGORIAN"));
    if let Some(method) = document.method {
        fits(method, &document.events)?;
        calendar.append_property(("METHOD", method.text()));
    }
    if let Some(name) = &document.name {
        let name = text("name", name)?;
        // RFC 7986, section 5.1, which the library does not know and so does not escape; and what calendars before it read.
        calendar.append_property(("NAME", escaped(&name).as_str()));
        calendar.append_property(("X-WR-CALNAME", name.as_str()));
    }
    if let Some(minutes) = document.refresh_minutes {
        let duration = format!("PT{minutes}M");
        let mut refresh = Property::new("REFRESH-INTERVAL", duration.clone());
        refresh.append_parameter(Parameter::new("VALUE", "DURATION"));
        calendar.append_property(refresh);
        calendar.append_property(("X-PUBLISHED-TTL", duration.as_str()));
    }
    for event in &document.events {
        calendar.push(entry(event)?);
    }
    Ok(fold(&calendar.done().to_string()))
}

/// What the method demands of its events (RFC 5546).
fn fits(method: Method, events: &[Event]) -> Result<(), Unwritable> {
    let [event] = events else { return Err(Unwritable::Method("one event")) };
    match method {
        Method::Publish if !event.attendees.is_empty() => Err(Unwritable::Method("no attendee")),
        Method::Publish => Ok(()),
        Method::Request | Method::Cancel if event.organizer.is_none() => Err(Unwritable::Method("an organizer")),
        Method::Request | Method::Cancel if !event.attendees.iter().any(|it| matches!(it, Attendee::Person { .. })) => {
            Err(Unwritable::Method("an attendee"))
        }
        Method::Cancel if event.status.is_some_and(|it| it != Status::Cancelled) => {
            Err(Unwritable::Method("the status CANCELLED, or none"))
        }
        Method::Request if event.status == Some(Status::Cancelled) => Err(Unwritable::Method("a status that stands")),
        Method::Request | Method::Cancel => Ok(()),
    }
}

fn entry(it: &Event) -> Result<Entry, Unwritable> {
    if it.attendees.len() > ATTENDEES_MAX {
        return Err(Unwritable::Long("attendees"));
    }
    if it.ends_at <= it.starts_at {
        return Err(Unwritable::Instant("ends_at"));
    }
    let mut event = Entry::with_uid(&bare("uid", &it.uid)?);
    event
        .append_property(("DTSTAMP", instant("stamped_at", it.stamped_at)?.as_str()))
        .append_property(("DTSTART", instant("starts_at", it.starts_at)?.as_str()))
        .append_property(("DTEND", instant("ends_at", it.ends_at)?.as_str()))
        .append_property(("SEQUENCE", it.sequence.to_string().as_str()))
        .summary(&text("summary", &it.summary)?);
    if let Some(description) = &it.description {
        event.description(&text("description", description)?);
    }
    if let Some(location) = &it.location {
        event.location(&text("location", location)?);
    }
    if let Some(link) = &it.link {
        let link = bare("link", link)?;
        // RFC 7986, section 5.11. A list of features would be quoted by the library, which makes one feature of it.
        let mut conference = Property::new("CONFERENCE", link.clone());
        conference.append_parameter(Parameter::new("VALUE", "URI"));
        conference.append_parameter(Parameter::new("FEATURE", "VIDEO"));
        conference.append_parameter(Parameter::new("LABEL", "Sidang"));
        event.append_property(conference);
        event.append_property(("URL", link.as_str()));
    }
    if let Some(status) = it.status {
        event.status(match status {
            Status::Tentative => EventStatus::Tentative,
            Status::Confirmed => EventStatus::Confirmed,
            Status::Cancelled => EventStatus::Cancelled,
        });
    }
    if it.private {
        event.class(Class::Private);
    }
    if let Some(organizer) = &it.organizer {
        event.append_property(mailbox("ORGANIZER", organizer)?);
    }
    for attendee in &it.attendees {
        event.append_multi_property(attending(attendee)?);
    }
    Ok(event.done())
}

fn attending(attendee: &Attendee) -> Result<Property, Unwritable> {
    let (mut property, facts) = match attendee {
        Attendee::Person { address, chair } => {
            let role = if *chair { "CHAIR" } else { "REQ-PARTICIPANT" };
            (mailbox("ATTENDEE", address)?, [("CUTYPE", "INDIVIDUAL"), ("ROLE", role), ("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "FALSE")])
        }
        Attendee::Room { id, name } => {
            let mut property = Property::new("ATTENDEE", format!("urn:uuid:{id}"));
            property.append_parameter(Parameter::new("CN", &shown("room", name)?));
            (property, [("CUTYPE", "ROOM"), ("ROLE", "NON-PARTICIPANT"), ("PARTSTAT", "ACCEPTED"), ("RSVP", "FALSE")])
        }
    };
    for (key, value) in facts {
        property.append_parameter(Parameter::new(key, value));
    }
    Ok(property)
}

fn mailbox(property: &'static str, address: &Address) -> Result<Property, Unwritable> {
    let email = bare("e-mail", &address.email)?;
    // RFC 6068: what an address of an account may hold needs no escape, but for the percent sign itself.
    if !email.contains('@') || email.contains(['%', '?', '#']) {
        return Err(Unwritable::Character("e-mail"));
    }
    let mut property = Property::new(property, format!("mailto:{email}"));
    property.append_parameter(Parameter::new("CN", &shown("name", &address.name)?));
    Ok(property)
}

/// Folded anew (RFC 5545, section 3.1): 75 octets a line, the blank that marks a continuation among them. Never within a character.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 32);
    let mut octets = 0;
    for c in text.replace("\r\n ", "").chars() {
        if c == '\n' {
            octets = 0;
        } else if octets + c.len_utf8() > LINE_OCTETS_MAX && c != '\r' {
            folded.push_str("\r\n ");
            octets = 1 + c.len_utf8();
        } else if c != '\r' {
            octets += c.len_utf8();
        }
        folded.push(c);
    }
    folded
}

/// `20261204T010000Z`
fn instant(field: &'static str, at: UnixMs) -> Result<String, Unwritable> {
    let utc = DateTime::<Utc>::from_timestamp_millis(at.0).ok_or(Unwritable::Instant(field))?;
    if utc.format("%Y").to_string().len() != 4 {
        return Err(Unwritable::Instant(field));
    }
    Ok(utc.format("%Y%m%dT%H%M%SZ").to_string())
}

fn bounded(field: &'static str, text: &str) -> Result<(), Unwritable> {
    match text.chars().count() > TEXT_CHARS_MAX {
        true => Err(Unwritable::Long(field)),
        false => Ok(()),
    }
}

/// A TEXT value: the library escapes it; a line break within it is written as `\n`, other controls are refused.
fn text(field: &'static str, text: &str) -> Result<String, Unwritable> {
    bounded(field, text)?;
    match text.chars().any(|c| c.is_control() && c != '\n') {
        true => Err(Unwritable::Character(field)),
        false => Ok(text.to_owned()),
    }
}

/// RFC 5545, section 3.3.11, for a property whose kind the library does not know.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// A value that stands as it is: no control, no quotation mark, no space.
fn bare(field: &'static str, text: &str) -> Result<String, Unwritable> {
    bounded(field, text)?;
    match text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '"' | '\\')) {
        true => Err(Unwritable::Character(field)),
        false => Ok(text.to_owned()),
    }
}

/// A name in a parameter. A quotation mark cannot stand there, a caret would be read as an escape by those who know RFC 6868, and a backslash
/// by those who know no better: each is shown by what looks like it and means nothing.
fn shown(field: &'static str, name: &str) -> Result<String, Unwritable> {
    bounded(field, name)?;
    match name.chars().any(char::is_control) {
        true => Err(Unwritable::Character(field)),
        false => Ok(plain(name)),
    }
}

/// A name as [`shown`] writes it.
pub(super) fn plain(name: &str) -> String {
    name.replace('"', "'").replace('^', "\u{2c6}").replace('\\', "\u{2216}")
}
