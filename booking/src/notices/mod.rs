//! What people are told: stored once for each person with the change that it tells of, listed in the app, and mailed in their own language.
//!
//! Whoever changes something calls [`tell`] in the same transaction with a [`Notice`]: codes and values, no sentence. The sentences of the mail
//! stand in [`words`], Malay and English, and a kind without one does not compile; those of the app stand in the browser client. The same notice
//! (person, kind, object, version) is told once, however often the change is carried out.
//!
//! **Of what is classified, a notice names the reference and the time** (CLASS-5, CLASS-7 in spirit): title, host, the list of sites and free
//! words are taken out as it is stored, so that neither the list nor a mail, which leaves the service, can have them. A notice that is about
//! one room (nobody checked in, a report is overdue) names that room.
//!
//! A new kind is: a variant here with its arms below; its words in `words/ms.rs` and `words/en.rs`; its sentence in the client's
//! `notices.json` and its line in `web/src/notices/sentences.ts`.

pub mod audience;
pub mod http;
pub(crate) mod store;
pub mod words;

#[cfg(test)]
mod tests;

use crate::{
    affected::Kind as Misfit,
    blocks,
    decisions::ReasonCode,
    faults::{FaultState, Severity},
    names::names,
    reservations, sites,
};
use kernel::{Result, Tx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    Classification, UnixMs,
    id::{DelegationId, FaultId, MeetingId, OverrideId, PersonId, ReservationId, SiteId},
};

/// Letters of free words in a notice: a mail is read on a telephone, and the whole stands in the app.
const WORDS_CHARS_MAX: usize = 500;

/// The use of sites that a notice is about. A classified one is named by its reference and its time alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct About {
    pub reservation: ReservationId,
    pub reference: String,
    pub classification: Classification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Names of the sites.
    #[serde(default)]
    pub sites: Vec<String>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

impl About {
    pub async fn of(tx: &mut Tx, it: &reservations::Stored) -> Result<Self> {
        let known = sites::all(tx).await?;
        let names = it.sites.iter().filter_map(|used| known.iter().find(|site| site.id == used.site)).map(|site| site.name.clone());
        Ok(Self {
            reservation: it.id,
            reference: it.reference.clone(),
            classification: it.classification,
            title: Some(it.title.clone()),
            sites: names.collect(),
            starts_at_ms: it.slot.starts_at,
            ends_at_ms: it.slot.ends_at,
        }
        .guarded())
    }

    fn guarded(mut self) -> Self {
        if is_classified(self.classification) {
            self.title = None;
            self.sites.clear();
        }
        self
    }
}

/// Anything above TERBUKA.
pub fn is_classified(classification: Classification) -> bool {
    classification > Classification::Terbuka
}

/// A fault that a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AboutFault {
    pub fault: FaultId,
    pub reference: String,
    pub severity: Severity,
    pub site: Place,
    /// Name of the equipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<String>,
}

/// A site by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoticePlace)]
pub struct Place {
    pub id: SiteId,
    pub name: String,
}

impl From<&sites::Site> for Place {
    fn from(site: &sites::Site) -> Self {
        Self { id: site.id, name: site.name.clone() }
    }
}

/// A meeting that a notice is about, as its own people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AboutMeeting {
    pub meeting: MeetingId,
    /// Of the reservation that it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub classification: Classification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default)]
    pub sites: Vec<Place>,
    /// Name of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// Of the invitation that goes with it (RFC 5545, section 3.8.7.4).
    pub sequence: u32,
}

impl AboutMeeting {
    pub(crate) fn guarded(mut self) -> Self {
        if is_classified(self.classification) {
            (self.title, self.host) = (None, None);
            self.sites.clear();
        }
        self
    }
}

/// An exception from a rule of time that a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AboutOverride {
    pub id: OverrideId,
    /// Name of the agency that it is for.
    pub agency: String,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

/// A slot that could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FreeSlot {
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

names! {
    /// Why sites that were approved are not to be had after all.
    Cause {
        Fault = "fault",
        Maintenance = "maintenance",
        Closure = "closure",
    }
}

/// What somebody is told. Instants that are not of the use itself say which change it is, and so make the notice one of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// To the approvers: an application waits for them.
    ApplicationReceived {
        about: About,
        agency: String,
        received_at_ms: UnixMs,
    },
    /// To the applicant: to be corrected and sent again.
    ApplicationReturned {
        about: About,
        reason_code: Option<ReasonCode>,
        reason: Option<String>,
        at_ms: UnixMs,
    },
    Approved {
        about: About,
        meeting: Option<MeetingId>,
        at_ms: UnixMs,
    },
    Refused {
        about: About,
        reason_code: Option<ReasonCode>,
        reason: Option<String>,
        at_ms: UnixMs,
    },
    /// The sites are kept for an application until then.
    HoldExpiring {
        about: About,
        expires_at_ms: UnixMs,
    },
    /// Its time, or its hold's, came before a decision did.
    Lapsed {
        about: About,
        at_ms: UnixMs,
    },
    Withdrawn {
        about: About,
        at_ms: UnixMs,
    },
    /// What was approved cannot be: the site is not to be had.
    Displaced {
        about: About,
        cause: Cause,
        site: Option<Place>,
        at_ms: UnixMs,
    },
    /// What became of a booking that lost a room: another one, joining from a browser, or the same again.
    RoomSettled {
        about: About,
        outcome: blocks::Outcome,
        /// The room that it has.
        site: Option<Place>,
        at_ms: UnixMs,
    },
    /// To the applicants: a change of the site or of its calendar leaves a use that does not fit it any more. It stands.
    Flagged {
        about: About,
        site: Place,
        #[schema(inline)]
        why: Misfit,
        at_ms: UnixMs,
    },
    /// A slot that was waited for is free, and kept until then.
    WaitingListOffer {
        about: About,
        until_ms: UnixMs,
    },
    /// To the approvers: nobody has decided yet.
    DecisionReminder {
        about: About,
        received_at_ms: UnixMs,
        remind_at_ms: UnixMs,
    },
    /// To those above them: nobody has decided in time.
    DecisionEscalated {
        about: About,
        received_at_ms: UnixMs,
        escalated_at_ms: UnixMs,
    },
    /// Nobody is there: the site is let go at that time unless somebody checks in.
    CheckInWarning {
        about: About,
        site: Place,
        release_at_ms: UnixMs,
    },
    NoShow {
        about: About,
        site: Place,
        at_ms: UnixMs,
    },
    /// TP-7: `reminder` counts them.
    ConditionOverdue {
        about: About,
        site: Place,
        reminder: u32,
    },
    /// To the facilitators of the site.
    FaultReported {
        fault: AboutFault,
        at_ms: UnixMs,
    },
    FaultAssigned {
        fault: AboutFault,
        at_ms: UnixMs,
    },
    FaultChanged {
        fault: AboutFault,
        state: FaultState,
        at_ms: UnixMs,
    },
    /// To whoever sees to it: its time runs out, or has.
    FaultDue {
        fault: AboutFault,
        overdue: bool,
        due_at_ms: UnixMs,
        at_ms: UnixMs,
    },
    /// To the people of a use: it still stands, and this is not working.
    FaultAffects {
        about: About,
        fault: AboutFault,
    },
    /// `block` is the stretch in which the site is not to be had.
    MaintenancePlanned {
        block: uuid::Uuid,
        site: Place,
        starts_at_ms: UnixMs,
        ends_at_ms: UnixMs,
    },
    /// A second person is asked to confirm that a rule be set aside.
    OverrideAsked {
        exception: AboutOverride,
        at_ms: UnixMs,
    },
    /// To who asked, and where it was confirmed to the agency that it is for.
    OverrideDecided {
        exception: AboutOverride,
        confirmed: bool,
        at_ms: UnixMs,
    },
    /// To the facilitators of a site: it is to be used on a rest day or a holiday.
    ConsentAsked {
        about: About,
        site: Place,
        at_ms: UnixMs,
    },
    /// To the applicants and the approvers: those who look after a site cannot open it on that rest day or holiday.
    ConsentWithheld {
        about: About,
        site: Place,
        reason: Option<String>,
        at_ms: UnixMs,
    },
    /// To the applicant: the sites went to somebody else before a decision; these slots are free.
    SlotLost {
        about: About,
        alternatives: Vec<FreeSlot>,
        at_ms: UnixMs,
    },
    /// To somebody who is lent the approver's role, the last day included.
    DelegationMade {
        delegation: DelegationId,
        lender: String,
        from: String,
        to: String,
    },
    /// What became of a series; `about` is its first use.
    SeriesResult {
        about: About,
        occurrences: u32,
        accepted: u32,
        at_ms: UnixMs,
    },
    /// These three go with an invitation for the calendar, and are told by [`crate::calendar`] alone.
    Invited {
        event: AboutMeeting,
    },
    InvitationChanged {
        event: AboutMeeting,
    },
    InvitationCancelled {
        event: AboutMeeting,
    },
}

names! {
    Kind {
        ApplicationReceived = "application_received",
        ApplicationReturned = "application_returned",
        Approved = "approved",
        Refused = "refused",
        HoldExpiring = "hold_expiring",
        Lapsed = "lapsed",
        Withdrawn = "withdrawn",
        Displaced = "displaced",
        RoomSettled = "room_settled",
        Flagged = "flagged",
        WaitingListOffer = "waiting_list_offer",
        DecisionReminder = "decision_reminder",
        DecisionEscalated = "decision_escalated",
        CheckInWarning = "check_in_warning",
        NoShow = "no_show",
        ConditionOverdue = "condition_overdue",
        FaultReported = "fault_reported",
        FaultAssigned = "fault_assigned",
        FaultChanged = "fault_changed",
        FaultDue = "fault_due",
        FaultAffects = "fault_affects",
        MaintenancePlanned = "maintenance_planned",
        OverrideAsked = "override_asked",
        OverrideDecided = "override_decided",
        ConsentAsked = "consent_asked",
        ConsentWithheld = "consent_withheld",
        SlotLost = "slot_lost",
        DelegationMade = "delegation_made",
        SeriesResult = "series_result",
        Invited = "invited",
        InvitationChanged = "invitation_changed",
        InvitationCancelled = "invitation_cancelled",
    }
}

/// What makes a notice the same as another to the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub kind: Kind,
    pub object: String,
    pub version: i64,
}

impl Notice {
    pub fn key(&self) -> Key {
        let of = |kind, object: &dyn std::fmt::Display, version: i64| Key { kind, object: object.to_string(), version };
        match self {
            Self::ApplicationReceived { about, received_at_ms, .. } => of(Kind::ApplicationReceived, &about.reservation, received_at_ms.0),
            Self::ApplicationReturned { about, at_ms, .. } => of(Kind::ApplicationReturned, &about.reservation, at_ms.0),
            Self::Approved { about, at_ms, .. } => of(Kind::Approved, &about.reservation, at_ms.0),
            Self::Refused { about, at_ms, .. } => of(Kind::Refused, &about.reservation, at_ms.0),
            Self::HoldExpiring { about, expires_at_ms } => of(Kind::HoldExpiring, &about.reservation, expires_at_ms.0),
            Self::Lapsed { about, at_ms } => of(Kind::Lapsed, &about.reservation, at_ms.0),
            Self::Withdrawn { about, at_ms } => of(Kind::Withdrawn, &about.reservation, at_ms.0),
            Self::RoomSettled { about, at_ms, .. } => of(Kind::RoomSettled, &about.reservation, at_ms.0),
            Self::Displaced { about, at_ms, .. } => of(Kind::Displaced, &about.reservation, at_ms.0),
            Self::Flagged { about, site, why, at_ms } => of(Kind::Flagged, &format!("{}/{}/{why}", about.reservation, site.id), at_ms.0),
            Self::WaitingListOffer { about, until_ms } => of(Kind::WaitingListOffer, &about.reservation, until_ms.0),
            Self::DecisionReminder { about, remind_at_ms, .. } => of(Kind::DecisionReminder, &about.reservation, remind_at_ms.0),
            Self::DecisionEscalated { about, escalated_at_ms, .. } => of(Kind::DecisionEscalated, &about.reservation, escalated_at_ms.0),
            Self::CheckInWarning { about, site, release_at_ms } => {
                of(Kind::CheckInWarning, &format!("{}/{}", about.reservation, site.id), release_at_ms.0)
            }
            Self::NoShow { about, site, at_ms } => of(Kind::NoShow, &format!("{}/{}", about.reservation, site.id), at_ms.0),
            Self::ConditionOverdue { about, site, reminder } => {
                of(Kind::ConditionOverdue, &format!("{}/{}", about.reservation, site.id), i64::from(*reminder))
            }
            Self::FaultReported { fault, at_ms } => of(Kind::FaultReported, &fault.fault, at_ms.0),
            Self::FaultAssigned { fault, at_ms } => of(Kind::FaultAssigned, &fault.fault, at_ms.0),
            Self::FaultChanged { fault, at_ms, .. } => of(Kind::FaultChanged, &fault.fault, at_ms.0),
            Self::FaultDue { fault, at_ms, .. } => of(Kind::FaultDue, &fault.fault, at_ms.0),
            Self::FaultAffects { about, fault } => of(Kind::FaultAffects, &format!("{}/{}", about.reservation, fault.fault), 0),
            Self::MaintenancePlanned { block, starts_at_ms, .. } => of(Kind::MaintenancePlanned, block, starts_at_ms.0),
            Self::OverrideAsked { exception, at_ms } => of(Kind::OverrideAsked, &exception.id, at_ms.0),
            Self::OverrideDecided { exception, at_ms, .. } => of(Kind::OverrideDecided, &exception.id, at_ms.0),
            Self::ConsentAsked { about, site, at_ms } => of(Kind::ConsentAsked, &format!("{}/{}", about.reservation, site.id), at_ms.0),
            Self::ConsentWithheld { about, site, at_ms, .. } => {
                of(Kind::ConsentWithheld, &format!("{}/{}", about.reservation, site.id), at_ms.0)
            }
            // Told once for one slot, however often somebody tries to approve it.
            Self::SlotLost { about, .. } => of(Kind::SlotLost, &about.reservation, about.starts_at_ms.0),
            Self::DelegationMade { delegation, .. } => of(Kind::DelegationMade, delegation, 0),
            // Told again where one of its uses is decided on anew, with another result.
            Self::SeriesResult { about, accepted, .. } => of(Kind::SeriesResult, &about.reservation, i64::from(*accepted)),
            Self::Invited { event } => of(Kind::Invited, &event.meeting, i64::from(event.sequence)),
            Self::InvitationChanged { event } => of(Kind::InvitationChanged, &event.meeting, i64::from(event.sequence)),
            Self::InvitationCancelled { event } => of(Kind::InvitationCancelled, &event.meeting, i64::from(event.sequence)),
        }
    }

    /// The use of sites that it is about.
    pub fn about(&self) -> Option<&About> {
        match self {
            Self::ApplicationReceived { about, .. }
            | Self::ApplicationReturned { about, .. }
            | Self::Approved { about, .. }
            | Self::Refused { about, .. }
            | Self::HoldExpiring { about, .. }
            | Self::Lapsed { about, .. }
            | Self::Withdrawn { about, .. }
            | Self::Displaced { about, .. }
            | Self::RoomSettled { about, .. }
            | Self::Flagged { about, .. }
            | Self::WaitingListOffer { about, .. }
            | Self::DecisionReminder { about, .. }
            | Self::DecisionEscalated { about, .. }
            | Self::CheckInWarning { about, .. }
            | Self::NoShow { about, .. }
            | Self::ConditionOverdue { about, .. }
            | Self::FaultAffects { about, .. }
            | Self::ConsentAsked { about, .. }
            | Self::ConsentWithheld { about, .. }
            | Self::SlotLost { about, .. }
            | Self::SeriesResult { about, .. } => Some(about),
            Self::FaultReported { .. }
            | Self::FaultAssigned { .. }
            | Self::FaultChanged { .. }
            | Self::FaultDue { .. }
            | Self::MaintenancePlanned { .. }
            | Self::OverrideAsked { .. }
            | Self::OverrideDecided { .. }
            | Self::DelegationMade { .. }
            | Self::Invited { .. }
            | Self::InvitationChanged { .. }
            | Self::InvitationCancelled { .. } => None,
        }
    }

    /// The page of the client that it leads to: a path under the service's own address.
    pub fn path(&self) -> String {
        match self {
            Self::ApplicationReceived { about, .. } | Self::DecisionReminder { about, .. } | Self::DecisionEscalated { about, .. } => {
                format!("/decide/{}", about.reservation)
            }
            Self::ConditionOverdue { about, site, .. } => format!("/bookings/{}/sites/{}/condition", about.reservation, site.id),
            Self::FaultReported { fault, .. }
            | Self::FaultAssigned { fault, .. }
            | Self::FaultChanged { fault, .. }
            | Self::FaultDue { fault, .. } => format!("/faults/{}", fault.fault),
            Self::MaintenancePlanned { .. } => "/availability".into(),
            Self::OverrideAsked { .. } | Self::OverrideDecided { .. } => "/overrides".into(),
            Self::ConsentAsked { .. } => "/consents".into(),
            Self::DelegationMade { .. } => "/delegations".into(),
            Self::Invited { event } | Self::InvitationChanged { event } | Self::InvitationCancelled { event } => {
                format!("/m/{}", event.meeting)
            }
            _ => self.about().map_or_else(|| "/notices".into(), |about| format!("/bookings/{}", about.reservation)),
        }
    }

    /// As it may be kept and sent: what is classified without title, sites and words; words cut to a bound.
    fn guarded(mut self) -> Self {
        let classified = self.about().is_some_and(|about| is_classified(about.classification));
        match &mut self {
            Self::ApplicationReturned { reason, .. } | Self::Refused { reason, .. } | Self::ConsentWithheld { reason, .. } => {
                *reason = reason.take().filter(|_| !classified).map(|words| words.chars().take(WORDS_CHARS_MAX).collect());
            }
            Self::Invited { event } | Self::InvitationChanged { event } | Self::InvitationCancelled { event } => {
                *event = event.clone().guarded();
            }
            _ => {}
        }
        if let Some(about) = self.about_mut() {
            *about = about.clone().guarded();
        }
        self
    }

    fn about_mut(&mut self) -> Option<&mut About> {
        match self {
            Self::ApplicationReceived { about, .. }
            | Self::ApplicationReturned { about, .. }
            | Self::Approved { about, .. }
            | Self::Refused { about, .. }
            | Self::HoldExpiring { about, .. }
            | Self::Lapsed { about, .. }
            | Self::Withdrawn { about, .. }
            | Self::Displaced { about, .. }
            | Self::RoomSettled { about, .. }
            | Self::Flagged { about, .. }
            | Self::WaitingListOffer { about, .. }
            | Self::DecisionReminder { about, .. }
            | Self::DecisionEscalated { about, .. }
            | Self::CheckInWarning { about, .. }
            | Self::NoShow { about, .. }
            | Self::ConditionOverdue { about, .. }
            | Self::FaultAffects { about, .. }
            | Self::ConsentAsked { about, .. }
            | Self::ConsentWithheld { about, .. }
            | Self::SlotLost { about, .. }
            | Self::SeriesResult { about, .. } => Some(about),
            _ => None,
        }
    }
}

/// Tells these people, each once: the notice commits with the transaction, stands in their list, and is mailed. Told again with the same kind,
/// object and version it changes nothing.
pub async fn tell(tx: &mut Tx, now: UnixMs, people: &[PersonId], notice: &Notice) -> Result<()> {
    told(tx, now, people, notice, None).await
}

/// As [`tell`], with a part for the calendar (RFC 5546) in the mail.
pub(crate) async fn told(tx: &mut Tx, now: UnixMs, people: &[PersonId], notice: &Notice, calendar: Option<&str>) -> Result<()> {
    let notice = notice.clone().guarded();
    let (key, payload) = (notice.key(), serde_json::to_string(&notice)?);
    // In one order, so that two who tell the same people do not wait for each other in a circle.
    for person in people.iter().copied().collect::<BTreeSet<_>>() {
        if let Some(id) = store::insert(tx, person, &key, &payload, now).await? {
            crate::mail::queue(tx, id, person, calendar, now).await?;
        }
    }
    Ok(())
}
