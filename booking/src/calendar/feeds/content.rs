//! What a feed lists, and what of it its owner may see: judged anew at each reading.

use super::{
    FeedKind,
    store::{self, Stored, Use},
};
use crate::{
    calendar::{
        about, part,
        writer::{Document, Event, Status},
    },
    meetings,
    notices::{AboutMeeting, is_classified, words::Language},
    policy::Slot,
    sites,
};
use identity::{PersonRole, Standing};
use kernel::{Result, Tx};
use wire::{
    UnixMs,
    id::{AgencyId, SiteId},
};

/// What is over stays for a month: calendars are looked back in.
const BACK_MS: i64 = 31 * 86_400_000;
/// As far as anybody may book, and a little more.
const AHEAD_MS: i64 = 200 * 86_400_000;
/// How often calendars should ask.
const REFRESH_MINUTES: u32 = 15;

/// Where and as what the service names its events.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// The right side of a UID.
    pub host: &'a str,
    /// Without a slash at its end.
    pub address: &'a str,
}

/// The list; nothing where its owner may not have it any more.
pub async fn list(tx: &mut Tx, feed: &Stored, owner: &Standing, service: Service<'_>, now: UnixMs) -> Result<Option<Document>> {
    let language = Language::of(&owner.language);
    let within = Slot { starts_at: now.saturating_add_ms(-BACK_MS), ends_at: now.saturating_add_ms(AHEAD_MS) };
    let (name, events) = match (feed.kind.0, feed.site_id) {
        (FeedKind::Person, _) => (mine(language).to_owned(), of_person(tx, owner, within, service, language).await?),
        (FeedKind::Agency, _) if may_administer(owner) => {
            (owner.agency.name.clone(), of_agency(tx, owner.agency.id, within, service, language).await?)
        }
        (FeedKind::Site, Some(site)) => {
            let Some(found) = sites::by_id(tx, site.0).await? else { return Ok(None) };
            (found.name.clone(), at_site(tx, &found, owner, within, service, language).await?)
        }
        (FeedKind::Agency | FeedKind::Site, _) => return Ok(None),
    };
    let name = format!("Sidang: {name}");
    Ok(Some(Document { method: None, name: Some(name), refresh_minutes: Some(REFRESH_MINUTES), events }))
}

pub fn may_administer(owner: &Standing) -> bool {
    owner.roles.contains(&PersonRole::UcAdministrator)
}

/// Who is told the title of a use at a site: as on the grid of what is free.
fn told_title(owner: &Standing, site: SiteId, agency: AgencyId) -> bool {
    let approves = owner.agency.is_central && owner.roles.contains(&PersonRole::Approver);
    let facilitates = owner.roles.contains(&PersonRole::Facilitator) && owner.sites.contains(&site);
    approves || facilitates || agency == owner.agency.id
}

async fn of_person(tx: &mut Tx, owner: &Standing, within: Slot, service: Service<'_>, language: Language) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for meeting in meetings::store::of_person(tx, owner.person, within).await? {
        if meeting.ended_at.is_some_and(|ended| ended < meeting.slot.starts_at) {
            continue;
        }
        let uid = format!("{}@{}", meeting.id, service.host);
        // Nobody's name is in a list whose address others may come to know.
        let event = AboutMeeting { host: None, ..about(tx, &meeting).await? };
        events.push(part::of_meeting(&event, &uid, UnixMs(0), language, service.address));
    }
    Ok(events)
}

async fn of_agency(tx: &mut Tx, agency: AgencyId, within: Slot, service: Service<'_>, language: Language) -> Result<Vec<Event>> {
    let sites = store::sites_used(tx, agency, within).await?;
    let uses = store::of_agency(tx, agency, within).await?;
    let event = |it: Use| {
        let names: Vec<_> = sites.iter().filter(|used| used.0 == it.id).map(|used| used.1.as_str()).collect();
        let location = Some(names.join("; ")).filter(|names| !names.is_empty() && !is_classified(it.classification));
        let summary = if is_classified(it.classification) { it.reference.clone() } else { it.title.clone() };
        Event { location, link: Some(format!("{}/bookings/{}", service.address, it.id)), ..used(&it, summary, service, language) }
    };
    Ok(uses.into_iter().map(event).collect())
}

async fn at_site(
    tx: &mut Tx,
    site: &sites::Site,
    owner: &Standing,
    within: Slot,
    service: Service<'_>,
    language: Language,
) -> Result<Vec<Event>> {
    let uses = store::at_site(tx, site.id, within).await?;
    let blocks = store::blocks(tx, site.id, within).await?;
    let event = |it: Use| {
        let summary = match (told_title(owner, site.id, it.agency), is_classified(it.classification)) {
            (false, _) => taken(language).to_owned(),
            (true, true) => it.reference.clone(),
            (true, false) => it.title.clone(),
        };
        Event { location: Some(site.name.clone()), ..used(&it, summary, service, language) }
    };
    let blocked = |it: store::Block| Event {
        summary: closed(&it.kind, language).to_owned(),
        location: Some(site.name.clone()),
        ..entry(format!("{}@{}", it.id, service.host), Slot { starts_at: UnixMs(it.starts_at_ms), ends_at: UnixMs(it.ends_at_ms) })
    };
    Ok(uses.into_iter().map(event).chain(blocks.into_iter().map(blocked)).collect())
}

/// An application that waits is tentative. Its name does not show in its UID what the feed does not tell.
fn used(it: &Use, summary: String, service: Service<'_>, language: Language) -> Event {
    let uid = it.meeting.map_or_else(|| it.id.0, |meeting| meeting.0);
    Event {
        summary: if it.approved { summary } else { format!("{summary} ({})", waiting(language)) },
        status: Some(if it.approved { Status::Confirmed } else { Status::Tentative }),
        private: is_classified(it.classification),
        ..entry(format!("{uid}@{}", service.host), it.slot)
    }
}

fn entry(uid: String, slot: Slot) -> Event {
    Event {
        uid,
        sequence: 0,
        // Set once it is known since when the list says what it says.
        stamped_at: UnixMs(0),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        summary: String::new(),
        description: None,
        location: None,
        link: None,
        status: Some(Status::Confirmed),
        private: false,
        organizer: None,
        attendees: Vec::new(),
    }
}

const fn mine(language: Language) -> &'static str {
    match language {
        Language::Ms => "Mesyuarat saya",
        Language::En => "My meetings",
    }
}

const fn taken(language: Language) -> &'static str {
    match language {
        Language::Ms => "Ditempah",
        Language::En => "Booked",
    }
}

const fn waiting(language: Language) -> &'static str {
    match language {
        Language::Ms => "menunggu keputusan",
        Language::En => "awaiting a decision",
    }
}

fn closed(kind: &str, language: Language) -> &'static str {
    match (kind, language) {
        ("maintenance", Language::Ms) => "Penyelenggaraan",
        ("maintenance", Language::En) => "Maintenance",
        ("fault", Language::Ms) => "Kerosakan",
        ("fault", Language::En) => "Out of order",
        (_, Language::Ms) => "Ditutup",
        (_, Language::En) => "Closed",
    }
}
