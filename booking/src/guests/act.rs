//! The acts upon guests: inviting one, sending the link again, taking it back; and what a link opens.

use super::{GuestDraft, Stored, names, store, token};
use crate::{
    Booking,
    meetings::{self, change, grant::Shown},
    notices::{self, Notice, words::Language},
    people::People,
};
use identity::Actor;
use kernel::{
    Error, Result, Tx,
    audit::{self, Entry},
    digest::sha256_hex,
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{MeetingId, PersonId},
    limits::GUESTS_MAX,
};

/// RFC 5321, section 4.5.3.1.3.
const EMAIL_CHARS_MAX: usize = 254;

/// The meeting, for those who chair it; of its existence nobody outside it is told.
async fn chaired(tx: &mut Tx, id: MeetingId, actor: &Actor) -> Result<meetings::Stored> {
    let meeting = meetings::store::by_id(tx, id).await?.ok_or(Error::from(Code::NotFound))?;
    match meeting.listed(actor.person) {
        Some(listed) if listed.role.chairs() => Ok(meeting),
        Some(_) => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", serde_json::json!(["host"])).into()),
        None => Err(Code::NotFound.into()),
    }
}

/// CLASS-4, and that the meeting is not over.
fn may_have_guests(meeting: &meetings::Stored, now: UnixMs) -> Result<(), Refusal> {
    if meeting.state(now) == meetings::State::Ended {
        return Err(Refusal::new(Code::MeetingEnded));
    }
    match meeting.classification.policy().may_admit_guests {
        true => Ok(()),
        false => Err(Refusal::by(Code::GuestsForbidden, Rule::Class4).with("classification", meeting.classification.name())),
    }
}

fn email(text: &str) -> Result<String, Refusal> {
    let email = crate::text::line("email", text, EMAIL_CHARS_MAX)?.to_lowercase();
    match email.parse::<lettre::Address>() {
        Ok(_) => Ok(email),
        Err(_) => Err(kernel::extract::malformed("email", "e-mail address")),
    }
}

/// Those whom the actor invited, and the others of the meeting.
pub async fn listed(tx: &mut Tx, id: MeetingId, actor: &Actor) -> Result<Vec<Stored>> {
    chaired(tx, id, actor).await?;
    store::of_meeting(tx, id).await
}

pub async fn invite(booking: &Booking, actor: &Actor, meeting: MeetingId, draft: &GuestDraft) -> Result<Stored> {
    let now = booking.clock.now();
    let outcome = try_invite(booking, actor, meeting, draft, now).await;
    let refused = || Entry::new(now, "guest.invite", "meeting", meeting).by(actor.person).on_behalf_of(actor.agency.id);
    audit::record_refusal(&booking.db, outcome, refused).await
}

async fn try_invite(booking: &Booking, actor: &Actor, id: MeetingId, draft: &GuestDraft, now: UnixMs) -> Result<Stored> {
    let fresh = PersonId::fresh();
    kernel::transact!(booking.db, tx => {
        let meeting = chaired(tx, id, actor).await?;
        may_have_guests(&meeting, now)?;
        let guest = Stored {
            id: fresh,
            meeting: id,
            name: names::checked("name", &draft.name)?,
            organisation: names::checked("organisation", &draft.organisation)?,
            email: email(&draft.email)?,
            language: draft.language.unwrap_or(Language::Ms),
            version: 0,
            invited_by: actor.person,
            invited_at: now,
            opened_at: None,
            revoked_at: None,
        };
        let others: BTreeSet<PersonId> = meeting.people.iter().filter(|it| !it.removed).map(|it| it.person).collect();
        let people = People::of(tx, others.clone()).await?;
        let known: Vec<String> = others.iter().map(|it| people.name(*it)).filter(|it| !it.is_empty()).collect();
        names::distinct(&guest.name, known.iter().map(String::as_str))?;
        let invited = store::of_meeting(tx, id).await?;
        if invited.iter().any(|it| it.email == guest.email) {
            return Err(Code::GuestExists.into());
        }
        if invited.len() >= GUESTS_MAX {
            return Err(Refusal::new(Code::GuestsTooMany).with("guests_max", GUESTS_MAX).into());
        }
        store::insert(tx, &guest, &hash(booking, &guest)).await?;
        mail(tx, now, actor, &meeting, &guest).await?;
        audit::record(tx, entry("guest.invite", now, &guest).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Meet8));
        Ok(guest)
    })
}

/// Another link, by mail too; the one before opens nothing any more.
pub async fn resend(booking: &Booking, actor: &Actor, meeting: MeetingId, guest: PersonId) -> Result<Stored> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let meeting = chaired(tx, meeting, actor).await?;
        may_have_guests(&meeting, now)?;
        let before = of(tx, meeting.id, guest).await?;
        let guest = Stored { version: before.version.saturating_add(1), opened_at: None, ..before.clone() };
        if !store::renew(tx, &before, guest.version, &hash(booking, &guest)).await? {
            return Err(Code::Conflict.into());
        }
        mail(tx, now, actor, &meeting, &guest).await?;
        audit::record(tx, entry("guest.resend", now, &guest).by(actor.person).on_behalf_of(actor.agency.id));
        Ok(guest)
    })
}

/// The link opens nothing any more, and whoever is inside by it is sent away.
pub async fn revoke(booking: &Booking, actor: &Actor, meeting: MeetingId, guest: PersonId) -> Result<()> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let meeting = chaired(tx, meeting, actor).await?;
        let guest = of(tx, meeting.id, guest).await?;
        if !store::revoke(tx, guest.id, now).await? {
            return Err(Code::NotFound.into());
        }
        change::unlist(tx, now, meeting.id, guest.id).await?;
        audit::record(tx, entry("guest.revoke", now, &guest).by(actor.person).on_behalf_of(actor.agency.id));
        Ok(())
    })
}

/// Whose link it is, and the meeting that it opens. The first look at it leaves its row.
pub async fn open(booking: &Booking, token: &str) -> Result<(Stored, meetings::Stored)> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let (guest, meeting) = opened(booking, tx, token, now).await?;
        may_have_guests(&meeting, now)?;
        if store::opened(tx, guest.id, now).await? {
            audit::record(tx, entry("guest.open", now, &guest));
        }
        Ok((guest, meeting))
    })
}

/// A guest's join grant: under the same rules as everyone's.
pub async fn grant(booking: &Booking, token: &str) -> Result<meetings::act::Grant> {
    let now = booking.clock.now();
    let (guest, meeting) = {
        let mut tx = booking.db.read().await?;
        opened(booking, &mut tx, token, now).await?
    };
    let joining = meetings::act::Joining {
        person: guest.id,
        agency: None,
        shown: Shown { name: guest.name, agency: guest.organisation },
    };
    meetings::act::mint(&booking.db, now, &booking.keys, &booking.settings, &joining, meeting.id).await
}

async fn opened(booking: &Booking, tx: &mut Tx, token: &str, now: UnixMs) -> Result<(Stored, meetings::Stored)> {
    let unknown = || Error::from(Code::InvitationUnknown);
    let (id, _) = booking.guest_key.guest(token).ok_or_else(unknown)?;
    let guest = store::by_link(tx, id, &sha256_hex(token.as_bytes())).await?.ok_or_else(unknown)?;
    let meeting = meetings::store::by_id(tx, guest.meeting).await?.ok_or_else(unknown)?;
    // Whom the host removed in the meeting, or a meeting that is over: nothing more is told of it.
    match meeting.listed(id).is_some() && meeting.state(now) != meetings::State::Ended {
        true => Ok((guest, meeting)),
        false => Err(unknown()),
    }
}

async fn of(tx: &mut Tx, meeting: MeetingId, guest: PersonId) -> Result<Stored> {
    let found = store::by_id(tx, guest).await?.filter(|it| it.meeting == meeting && it.revoked_at.is_none());
    found.ok_or_else(|| Code::NotFound.into())
}

fn hash(booking: &Booking, guest: &Stored) -> String {
    sha256_hex(booking.guest_key.token(guest.id, guest.version).as_bytes())
}

/// What the host may hand on, and what the mail holds.
pub fn link_of(booking: &Booking, guest: &Stored) -> String {
    token::link(&booking.settings.public_url, &booking.guest_key.token(guest.id, guest.version))
}

async fn mail(tx: &mut Tx, now: UnixMs, actor: &Actor, meeting: &meetings::Stored, guest: &Stored) -> Result<()> {
    let event = notices::AboutMeeting {
        meeting: meeting.id,
        reference: None,
        classification: meeting.classification,
        title: Some(meeting.title.clone()),
        sites: Vec::new(),
        host: Some(actor.name.clone()),
        starts_at_ms: meeting.slot.starts_at,
        ends_at_ms: meeting.slot.ends_at,
        sequence: guest.version,
    };
    notices::tell(tx, now, &[guest.id], &Notice::GuestInvited { event }).await
}

/// No name and no address: the trail is read by many.
fn entry(act: &'static str, now: UnixMs, guest: &Stored) -> Entry {
    Entry::new(now, act, "meeting", guest.meeting).detail("guest", guest.id.to_string())
}

/// The mail's way to a guest whose link it holds is still the last one; nothing where it was replaced or taken back.
pub async fn addressed(tx: &mut Tx, guest: PersonId, version: u32) -> Result<Option<Stored>> {
    Ok(store::by_id(tx, guest).await?.filter(|it| it.revoked_at.is_none() && it.version == version))
}

