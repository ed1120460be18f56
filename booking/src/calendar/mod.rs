//! Invitations in the form that calendars read (RFC 5545): one event, in UTC, with the link as CONFERENCE (RFC 7986, section 5.11).
//!
//! Every line passes one guard: the library below escapes TEXT values alone, so nothing with a control character or a quotation mark
//! reaches it in any other place.

use crate::{meetings, people::People, reservations, settings::Settings, sites};
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Parameter, Property};
use kernel::{Result, Tx};
use wire::{UnixMs, id::MeetingId};

/// Characters of a text in an invitation; folding is quadratic in the library below.
const TEXT_CHARS_MAX: usize = 2_000;

/// Octets of a content line, without its end.
const LINE_OCTETS_MAX: usize = 75;

/// What an invitation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub meeting: MeetingId,
    pub title: String,
    /// Names of the sites, for people who sit there.
    pub location: Option<String>,
    pub organizer: String,
    /// Where the meeting is joined: an address of this service, never a token.
    pub link: String,
    /// The service's own name, which makes the UID stable and its own.
    pub issuer: String,
    pub starts_at: UnixMs,
    pub ends_at: UnixMs,
    pub stamped_at: UnixMs,
    pub cancelled: bool,
    /// Grows with every change that calendars must notice.
    pub sequence: u32,
}

/// An invitation that cannot be written as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error("{0} holds a character that a calendar would obey")]
    Character(&'static str),
    #[error("{0} is too long")]
    Long(&'static str),
    #[error("{0} is no instant of a calendar")]
    Instant(&'static str),
}

pub async fn of_meeting(tx: &mut Tx, meeting: &meetings::Stored, settings: &Settings, now: UnixMs) -> Result<Invitation> {
    let location = match meeting.reservation {
        Some(reservation) => {
            let used = reservations::store::by_id(tx, reservation).await?.map(|it| it.sites).unwrap_or_default();
            let sites = sites::all(tx).await?;
            let names: Vec<_> =
                used.iter().filter_map(|used| sites.iter().find(|it| it.id == used.site)).map(|it| it.name.as_str()).collect();
            Some(names.join("; ")).filter(|it| !it.is_empty())
        }
        None => None,
    };
    Ok(Invitation {
        meeting: meeting.id,
        title: meeting.title.clone(),
        location,
        organizer: People::of(tx, [meeting.host].into()).await?.name(meeting.host),
        link: format!("{}/m/{}", settings.public_url, meeting.id),
        issuer: settings.issuer.clone(),
        starts_at: meeting.slot.starts_at,
        ends_at: meeting.slot.ends_at,
        stamped_at: now,
        cancelled: meeting.ended_at.is_some_and(|ended| ended < meeting.slot.starts_at),
        sequence: meeting.epoch,
    })
}

/// The invitation as a calendar of one event.
pub fn write(it: &Invitation) -> Result<String, Unwritable> {
    let mut conference = Property::new("CONFERENCE", bare("link", &it.link)?);
    conference.append_parameter(Parameter::new("VALUE", "URI"));
    conference.append_parameter(Parameter::new("FEATURE", "AUDIO,VIDEO"));
    conference.append_parameter(Parameter::new("LABEL", "Sidang"));
    let mut event = Event::with_uid(&format!("{}@{}", it.meeting, host_of(&bare("issuer", &it.issuer)?)));
    event
        .append_property(("DTSTAMP", instant("stamped_at", it.stamped_at)?.as_str()))
        .append_property(("DTSTART", instant("starts_at", it.starts_at)?.as_str()))
        .append_property(("DTEND", instant("ends_at", it.ends_at)?.as_str()))
        .append_property(("SEQUENCE", it.sequence.to_string().as_str()))
        .append_property(("URL", bare("link", &it.link)?.as_str()))
        .summary(&text("title", &it.title)?)
        .description(&text("description", &format!("{}\n{}", it.organizer, it.link))?)
        .status(if it.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if let Some(location) = &it.location {
        event.location(&text("location", location)?);
    }
    event.append_property(conference);
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Sidang//Sidang//MS"))
        .append_property(("CALSCALE", "GREGORIAN"))
        // PUBLISH: the person took it from the page; nobody is asked to answer.
        .append_property(("METHOD", "PUBLISH"));
    Ok(fold(&calendar.push(event.done()).done().to_string()))
}

/// Folded anew (RFC 5545, section 3.1): 75 octets a line, the blank that marks a continuation among them, which the library leaves out of
/// its count. Never within a character.
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
    let year = utc.format("%Y").to_string();
    if year.len() != 4 {
        return Err(Unwritable::Instant(field));
    }
    Ok(utc.format("%Y%m%dT%H%M%SZ").to_string())
}

/// A TEXT value: the library escapes it; a line break within it is written as `\n`, other controls are refused.
fn text(field: &'static str, text: &str) -> Result<String, Unwritable> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Unwritable::Long(field));
    }
    match text.chars().any(|c| c.is_control() && c != '\n') {
        true => Err(Unwritable::Character(field)),
        false => Ok(text.to_owned()),
    }
}

/// A value that stands as it is: no control, no quotation mark, no space.
fn bare(field: &'static str, text: &str) -> Result<String, Unwritable> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Unwritable::Long(field));
    }
    match text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '"' | '\\')) {
        true => Err(Unwritable::Character(field)),
        false => Ok(text.to_owned()),
    }
}

/// The host of an address, or the text itself: the right side of a UID.
fn host_of(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |it| it.1);
    rest.split(['/', ':']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests;
