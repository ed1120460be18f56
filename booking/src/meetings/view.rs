//! A meeting as it is shown to one of its group.

use super::{Kind, State, Stored, rules};
use crate::{
    Booking,
    names::names,
    people::People,
    sites::{self, Site},
};
use identity::{Actor, PersonRef};
use kernel::{Result, Tx};
use serde::Serialize;
use wire::{
    Classification, Rule, UnixMs,
    grant::{Act, LobbyPolicy, Role, Seat},
    id::{MeetingId, ReservationId},
};

names! {
    /// An act that is open to this person now.
    MeetingMay {
        Join = "join",
        Record = "record",
        End = "end",
        ViewRecordings = "view_recordings",
        ViewAttendance = "view_attendance",
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meeting {
    pub id: MeetingId,
    pub title: String,
    pub classification: Classification,
    #[schema(inline)]
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<ReservationId>,
    pub host: PersonRef,
    pub people: Vec<MeetingPerson>,
    /// The door: one can join from here,
    pub opens_at_ms: UnixMs,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// and until here.
    pub closes_at_ms: UnixMs,
    #[schema(inline)]
    pub state: State,
    /// How many are in it.
    pub present: i64,
    /// Rules that it does not meet and is let to start without.
    pub lacks: Vec<Rule>,
    /// Who waits before the door until somebody inside lets them in.
    pub lobby: LobbyPolicy,
    pub may: Vec<MeetingMay>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MeetingPerson {
    pub person: PersonRef,
    pub role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
}

pub async fn all(booking: &Booking, tx: &mut Tx, actor: &Actor, of: Vec<Stored>) -> Result<Vec<Meeting>> {
    let people = People::of(tx, of.iter().flat_map(|it| it.people.iter().map(|it| it.person).chain([it.host])).collect()).await?;
    let sites = sites::all(tx).await?;
    Ok(of.into_iter().map(|it| one(booking, actor, &people, &sites, it)).collect())
}

fn one(booking: &Booking, actor: &Actor, people: &People, sites: &[Site], it: Stored) -> Meeting {
    let mut listed: Vec<_> = it.people.iter().filter(|it| !it.removed).collect();
    let site_of = |id| sites.iter().find(|site| site.id == id).map(|site| site.name.clone()).unwrap_or_default();
    listed.sort_by_key(|it| (it.role != Role::Host, it.seat));
    Meeting {
        id: it.id,
        classification: it.classification,
        kind: it.kind,
        reservation: it.reservation,
        host: people.get(it.host),
        people: listed
            .iter()
            .map(|it| MeetingPerson {
                person: people.get(it.person),
                role: it.role,
                seat: it.seat.map(|(site, seat_no)| Seat { site, site_name: site_of(site), seat_no }),
            })
            .collect(),
        opens_at_ms: it.opens_at,
        starts_at_ms: it.slot.starts_at,
        ends_at_ms: it.slot.ends_at,
        closes_at_ms: it.closes_at,
        state: it.state(booking.clock.now()),
        present: it.present,
        lacks: rules::lacks(it.classification),
        lobby: it.lobby,
        may: may(booking, actor, &it),
        title: it.title,
    }
}

fn may(booking: &Booking, actor: &Actor, it: &Stored) -> Vec<MeetingMay> {
    let mut may = Vec::new();
    if let Ok(listed) = rules::may_join(it, actor.person, booking.clock.now(), booking.settings.classified_without_e2ee) {
        let acts = listed.role.acts_under(it.classification);
        may.push(MeetingMay::Join);
        may.extend(acts.contains(&Act::Record).then_some(MeetingMay::Record));
        may.extend(acts.contains(&Act::EndMeeting).then_some(MeetingMay::End));
    }
    if rules::may_view_recordings(it, actor.person, actor.has(identity::PersonRole::Auditor)).is_ok() {
        may.push(MeetingMay::ViewRecordings);
    }
    if it.listed(actor.person).is_some_and(|listed| listed.role.chairs()) || actor.has(identity::PersonRole::Auditor) {
        may.push(MeetingMay::ViewAttendance);
    }
    may
}
