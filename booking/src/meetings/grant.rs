//! Minting of join grants and of tokens that open a recording: what they say, and for how long.

use super::{Listed, Stored};
use crate::{devices, settings::Settings, sites::Site};
use wire::{
    UnixMs,
    grant::{Confirmation, GrantClaims, RecordingViewClaims, Role, RoomSystem, Seat},
    id::{GrantId, PersonId, RecordingId},
    limits::{GRANT_LIFE_S_MAX, PEOPLE_PER_SITE_MAX},
};

/// What is shown of a person in the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: String,
    pub agency: String,
}

/// The claims of a join grant. Who calls this has asked [`super::rules::may_join`] first.
pub fn claims(meeting: &Stored, listed: &Listed, shown: Shown, site_name: Option<String>, settings: &Settings, now: UnixMs) -> GrantClaims {
    let iat = now.seconds();
    GrantClaims {
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
        sub: listed.person,
        jti: GrantId::fresh(),
        iat,
        nbf: iat,
        exp: iat.saturating_add(GRANT_LIFE_S_MAX),
        room: meeting.id,
        epoch: meeting.epoch,
        classification: meeting.classification,
        role: listed.role,
        acts: listed.role.acts_under(meeting.classification),
        name: shown.name,
        agency: shown.agency,
        seat: listed.seat.map(|(site, seat_no)| Seat { site, site_name: site_name.unwrap_or_default(), seat_no }),
        room_system: None,
        cnf: None,
        lobby: meeting.lobby,
        opens_at: meeting.opens_at.seconds(),
        closes_at: meeting.closes_at.seconds(),
    }
}

/// The claims of a join grant of a room system: it joins as its site, stands for whoever sits there (TP-3), and must show that it holds its
/// key. Who calls this has asked [`super::rules::may_join_as_room`] first.
pub fn room_claims(meeting: &Stored, device: &devices::Stored, site: &Site, settings: &Settings, now: UnixMs) -> GrantClaims {
    let iat = now.seconds();
    let people_max = u8::try_from(site.seats).unwrap_or(0).min(PEOPLE_PER_SITE_MAX);
    GrantClaims {
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
        sub: PersonId(device.id.0),
        jti: GrantId::fresh(),
        iat,
        nbf: iat,
        exp: iat.saturating_add(GRANT_LIFE_S_MAX),
        room: meeting.id,
        epoch: meeting.epoch,
        classification: meeting.classification,
        role: Role::Member,
        acts: Role::Member.acts_under(meeting.classification),
        name: site.name.clone(),
        agency: site.short_name.clone(),
        seat: None,
        room_system: Some(RoomSystem { device: device.id, site: site.id, site_name: site.name.clone(), people_max }),
        cnf: Some(Confirmation { jkt: device.jkt.clone() }),
        lobby: meeting.lobby,
        opens_at: meeting.opens_at.seconds(),
        closes_at: meeting.closes_at.seconds(),
    }
}

/// The claims of a token that opens one recording for one person.
pub fn view_claims(recording: RecordingId, person: PersonId, settings: &Settings, now: UnixMs) -> RecordingViewClaims {
    let iat = now.seconds();
    RecordingViewClaims {
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
        sub: person,
        jti: GrantId::fresh(),
        iat,
        nbf: iat,
        exp: iat.saturating_add(GRANT_LIFE_S_MAX),
        recording,
    }
}
