//! Calendars: invitations that follow every change (RFC 5546), the file that one takes from a meeting's page, and feeds to subscribe to.
//!
//! | module | is |
//! |---|---|
//! | [`writer`] | the one writer of calendar files, behind its guard |
//! | [`plan`] | who must be sent what, from what each was sent last: pure |
//! | [`invite`] | what has changed is compared and told |
//! | [`part`] | an event as a file |
//! | [`feeds`] | lists of events at an address that only its owner knows |

pub mod feeds;
pub mod invite;
pub mod part;
pub mod plan;
mod store;
pub mod writer;

use crate::{
    meetings,
    notices::{AboutMeeting, Place, words::Language},
    people::People,
    reservations,
    settings::Settings,
    sites,
};
use kernel::{Result, Tx};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    id::{MeetingId, PersonId},
};
use writer::{Document, Event, Method, Status, Unwritable};

/// A meeting as calendars know it; of a classified one its reference and its time alone.
pub(crate) async fn about(tx: &mut Tx, meeting: &meetings::Stored) -> Result<AboutMeeting> {
    let of = match meeting.reservation {
        Some(id) => reservations::store::by_id(tx, id).await?,
        None => None,
    };
    let known = sites::all(tx).await?;
    let used = of.iter().flat_map(|it| it.sites.iter().map(|used| used.site));
    let places = used.filter_map(|site| known.iter().find(|it| it.id == site)).map(Place::from).collect();
    let about = AboutMeeting {
        meeting: meeting.id,
        reference: of.as_ref().map(|it| it.reference.clone()),
        classification: meeting.classification,
        title: Some(meeting.title.clone()),
        sites: places,
        host: Some(People::of(tx, [meeting.host].into()).await?.name(meeting.host)).filter(|it| !it.is_empty()),
        starts_at_ms: meeting.slot.starts_at,
        ends_at_ms: meeting.slot.ends_at,
        sequence: 0,
    };
    Ok(about.guarded())
}

/// The name of a meeting's event in calendars: for good, once somebody was sent it.
fn uid(meeting: MeetingId, host: &str) -> String {
    format!("{meeting}@{host}")
}

/// The file that somebody of the meeting's group takes from its page: published, so that nobody is asked to answer. It has the UID of the
/// invitation, and so is the same entry where both are taken.
pub async fn published(tx: &mut Tx, meeting: &meetings::Stored, to: PersonId, settings: &Settings, now: UnixMs) -> Result<Document> {
    let ledger = store::ledger(tx, meeting.id).await?;
    let sequence = ledger.held.values().map(|it| it.sequence).max().unwrap_or(0);
    let language = identity::recipients(tx, &[to]).await?.first().map_or(Language::Ms, |it| Language::of(&it.language));
    let called_off = store::is_called_off(tx, meeting.id).await?;
    let event = AboutMeeting { sequence, ..about(tx, meeting).await? };
    let uid = ledger.uid.unwrap_or_else(|| uid(meeting.id, host_of(&settings.issuer)));
    let event = Event {
        status: Some(if called_off { Status::Cancelled } else { Status::Confirmed }),
        ..part::of_meeting(&event, &uid, now, language, &settings.public_url)
    };
    Ok(Document { method: Some(Method::Publish), name: None, refresh_minutes: None, events: vec![event] })
}

/// The file of a document that this service made of its own data.
pub(crate) fn file(document: &Document) -> Result<String> {
    writer::write(document).map_err(|error: Unwritable| kernel::Error::Broken(error.into()))
}

/// The host of an address, or the text itself: the right side of a UID and of a Message-ID.
pub(crate) fn host_of(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |it| it.1);
    rest.split(['/', ':']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests;
