//! The join grant: what a join token says. The control plane mints it, the media plane checks it, and neither reads into it
//! what is not there: an act that is absent is not allowed.

use crate::{classification::Classification, id::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `typ` of a join token's header (RFC 8725, section 3.11).
pub const GRANT_TYP: &str = "sidang-grant+jwt";
/// `typ` of a token that opens one recording for one person.
pub const RECORDING_VIEW_TYP: &str = "sidang-recording+jwt";
/// `typ` of a signed command from the control plane to a media node.
pub const COMMAND_TYP: &str = "sidang-command+jwt";
/// `typ` of a media node's own token towards the control plane.
pub const NODE_TYP: &str = "sidang-node+jwt";

/// What a participant may do. A grant lists the acts it permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Act {
    PublishAudio,
    PublishVideo,
    ShareScreen,
    RaiseHand,
    Chat,
    Record,
    MuteOthers,
    RemoveOthers,
    LockMeeting,
    AdmitOthers,
    RaiseClassification,
    EndMeeting,
    /// Directs the meeting: the floor, hands, what stands in front, polls, what members may do, who helps to chair.
    Chair,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    Host,
    CoHost,
    Member,
    Guest,
}

impl Role {
    /// Host or co-host.
    pub const fn chairs(self) -> bool {
        matches!(self, Self::Host | Self::CoHost)
    }

    /// The acts of a role, before the classification takes away what it forbids.
    pub fn acts(self) -> BTreeSet<Act> {
        use Act::*;
        let member = [PublishAudio, PublishVideo, ShareScreen, RaiseHand, Chat];
        let host = [Record, MuteOthers, RemoveOthers, LockMeeting, AdmitOthers, RaiseClassification, EndMeeting, Chair];
        match self {
            Self::Host | Self::CoHost => member.into_iter().chain(host).collect(),
            Self::Member | Self::Guest => member.into_iter().collect(),
        }
    }

    /// The acts of a role in a meeting of this classification.
    pub fn acts_under(self, classification: Classification) -> BTreeSet<Act> {
        self.acts().into_iter().filter(|act| classification.forbids(*act).is_none()).collect()
    }
}

/// Who waits before the door until somebody inside lets them in. Those who chair never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LobbyPolicy {
    #[default]
    Off,
    ForGuests,
    ForEveryone,
}

impl LobbyPolicy {
    pub const fn holds(self, role: Role) -> bool {
        match self {
            Self::Off => false,
            Self::ForGuests => matches!(role, Role::Guest),
            Self::ForEveryone => !role.chairs(),
        }
    }
}

/// Where a participant of a telepresence session sits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Seat {
    pub site: SiteId,
    pub site_name: String,
    /// 1 to 6 (TP-3).
    pub seat_no: u8,
}

/// The endpoint of a site: one participant that stands for everyone who sits in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RoomSystem {
    pub device: DeviceId,
    pub site: SiteId,
    pub site_name: String,
    /// For how many people it stands at most (TP-3).
    pub people_max: u8,
}

/// The key that the bearer of a token must show to hold (RFC 7800): by its thumbprint (RFC 7638, RFC 9449 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub jkt: String,
}

/// `typ` of a proof that its sender holds the key of a device (RFC 9449, section 4.2).
pub const PROOF_TYP: &str = "dpop+jwt";
/// `htm` of a proof that goes with a join token: it is no HTTP request.
pub const JOIN_METHOD: &str = "JOIN";
/// How old a proof may be, seconds, and how far its device's clock may be ahead.
pub const PROOF_LIFE_S_MAX: i64 = 90;

/// `htu` of a proof that goes with a join token.
pub fn join_target(room: MeetingId) -> String {
    format!("urn:sidang:meeting:{room}")
}

/// The claims of a proof of possession (RFC 9449, section 4.2). Its header carries the public key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofClaims {
    pub jti: String,
    pub iat: i64,
    /// The request's method, or [`JOIN_METHOD`].
    pub htm: String,
    /// The request's address without query, or [`join_target`].
    pub htu: String,
    /// Base64url of the SHA-256 of the token that it goes with; absent where there is none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ath: Option<String>,
}

/// The claims of a join token (RFC 7519), signed with EdDSA. Times are seconds, as JWT has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantClaims {
    pub iss: String,
    pub aud: String,
    /// The person; of a room system its device, by the same UUID.
    pub sub: PersonId,
    pub jti: GrantId,
    pub iat: i64,
    pub nbf: i64,
    /// At most [`crate::limits::GRANT_LIFE_S_MAX`] after `iat`: it bounds the press on Join, not the meeting.
    pub exp: i64,
    /// One meeting, never a pattern.
    pub room: MeetingId,
    /// Counts the changes of the booking that void earlier grants.
    pub epoch: u32,
    pub classification: Classification,
    pub role: Role,
    #[serde(default)]
    pub acts: BTreeSet<Act>,
    /// The verified name and agency, shown to all.
    pub name: String,
    pub agency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// It is a room system's: then `cnf` is there too, and the join brings a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_system: Option<RoomSystem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who waits before the door, until somebody inside decides otherwise.
    #[serde(default)]
    pub lobby: LobbyPolicy,
    /// The booked window, in seconds: the media plane ends the stay at its close.
    pub opens_at: i64,
    pub closes_at: i64,
}

/// The claims of a token that opens one recording: exchanged for a cookie of the media node, never put in an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingViewClaims {
    pub iss: String,
    pub aud: String,
    pub sub: PersonId,
    pub jti: GrantId,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    pub recording: RecordingId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_without_acts_permits_nothing() {
        let text = serde_json::json!({
            "iss": "i", "aud": "a", "sub": PersonId::fresh(), "jti": GrantId::fresh(), "iat": 1, "nbf": 1, "exp": 2,
            "room": MeetingId::fresh(), "epoch": 0, "classification": "TERBUKA", "role": "host", "name": "n", "agency": "a",
            "opens_at": 0, "closes_at": 9,
        });
        assert!(serde_json::from_value::<GrantClaims>(text).unwrap().acts.is_empty());
    }

    #[test]
    fn no_role_may_record_an_official_secret() {
        for role in [Role::Host, Role::CoHost, Role::Member, Role::Guest] {
            for classification in Classification::ALL.into_iter().filter(|it| *it != Classification::Terbuka) {
                assert!(!role.acts_under(classification).contains(&Act::Record), "{role:?} {classification:?}");
            }
        }
        assert!(Role::Host.acts_under(Classification::Terbuka).contains(&Act::Record));
        assert!(!Role::Member.acts_under(Classification::Terbuka).contains(&Act::Record));
    }
}
