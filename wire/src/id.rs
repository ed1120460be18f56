//! Identifiers. Each is a UUID of its own type, so that one can never stand in another's place.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[serde(transparent)]
        #[ts(export, type = "string")]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh identifier that sorts by its time of making (RFC 9562, version 7).
            pub fn fresh() -> Self { Self(Uuid::now_v7()) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )*};
}

ids! {
    /// A person with an account.
    PersonId,
    /// A public sector agency.
    AgencyId,
    /// A place with telepresence rooms.
    SiteId,
    /// A room of a site.
    RoomId,
    /// A public holiday of a state or federal territory.
    HolidayId,
    /// An application for the use of one or more sites.
    ReservationId,
    /// Dated occurrences that were applied for together.
    SeriesId,
    /// An application that is not yet sent.
    DraftId,
    /// A meeting: what one joins. It is the `room` of a grant and the room of the media plane.
    MeetingId,
    /// One use of a join token (`jti`).
    GrantId,
    /// One participant's stay in a meeting; survives reconnects.
    SessionId,
    /// Something a participant sends: a microphone, a camera, a shared screen or its sound.
    SourceId,
    /// A recording of a meeting.
    RecordingId,
    /// A fault reported at a site.
    FaultId,
    /// A stretch of time in which a site cannot be used.
    BlockId,
    /// Planned work on a site.
    MaintenanceId,
    /// A condition report after use.
    ConditionId,
    /// A piece of equipment at a site.
    EquipmentId,
    /// A photograph of a room, of its equipment, or of what is wrong with them.
    PhotographId,
    /// Something that one person is told.
    NoticeId,
    /// A notice on its way by mail.
    MailId,
    /// A calendar feed that somebody subscribed to.
    FeedId,
    /// Some days on which a role is lent.
    DelegationId,
    /// An exception from a rule, which two people answer for.
    OverrideId,
    /// A row of the audit trail.
    AuditId,
    /// A media node.
    NodeId,
    /// A room system or door panel that was enrolled for a site.
    DeviceId,
}
