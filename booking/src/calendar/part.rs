//! An event as a file: the part of a mail that asks a calendar for something (RFC 6047), and the file that one takes from the page.

use super::{
    invite::Part,
    writer::{Address, Attendee, Document, Event, Method, Status, Unwritable, write},
};
use crate::notices::{
    AboutMeeting, is_classified,
    words::{self, Language},
};
use wire::UnixMs;

/// Somebody to whom a file goes, and where it comes from.
#[derive(Clone, Debug)]
pub struct Correspondents<'a> {
    pub to: &'a Address,
    pub language: Language,
    /// The service's own mailbox: it organizes every event, so that nobody's address travels with an event that others get.
    pub organizer: &'a Address,
    /// Where the service is reached, without a slash at its end.
    pub address: &'a str,
}

/// The calendar part of a mail. Only the recipient and the rooms are named in it: who else comes stands in the app.
pub fn of_mail(part: &Part, event: &AboutMeeting, between: &Correspondents) -> Result<String, Unwritable> {
    let person = Attendee::Person { address: between.to.clone(), chair: part.chair };
    let rooms = event.sites.iter().map(|site| Attendee::Room { id: site.id.0, name: site.name.clone() });
    let status = match part.method {
        Method::Publish | Method::Request => Some(Status::Confirmed),
        Method::Cancel => part.called_off.then_some(Status::Cancelled),
    };
    let written = Event {
        organizer: Some(between.organizer.clone()),
        attendees: std::iter::once(person).chain(rooms).collect(),
        status,
        ..of_meeting(event, &part.uid, part.stamped_at_ms, between.language, between.address)
    };
    write(&Document { method: Some(part.method), name: None, refresh_minutes: None, events: vec![written] })
}

/// An event of a meeting, as somebody of its group sees it; of a classified one its reference and its time.
pub fn of_meeting(event: &AboutMeeting, uid: &str, stamped_at: UnixMs, language: Language, address: &str) -> Event {
    let link = format!("{address}/m/{}", event.meeting);
    let names: Vec<_> = event.sites.iter().map(|it| it.name.as_str()).collect();
    Event {
        uid: uid.to_owned(),
        sequence: event.sequence,
        stamped_at,
        starts_at: event.starts_at_ms,
        ends_at: event.ends_at_ms,
        summary: words::summary(event, language),
        description: Some(words::event(event, language, &link).join("\n")),
        location: (!names.is_empty()).then(|| names.join("; ")),
        link: Some(link),
        status: Some(Status::Confirmed),
        private: is_classified(event.classification),
        organizer: None,
        attendees: Vec::new(),
    }
}
