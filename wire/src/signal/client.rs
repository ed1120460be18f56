//! What a client says.

use super::*;
use crate::{
    classification::Classification,
    grant::{Act, LobbyPolicy},
    id::*,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a client sends: a number and one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ClientEnvelope {
    pub id: RequestId,
    pub message: ClientMessage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ClientMessage {
    /// First message of a new session. Answered by `joined` or `refused`.
    Join {
        version: u16,
        room: MeetingId,
        token: String,
        offer: String,
        publish: Vec<PublishIntent>,
        /// That the sender holds the key which the token names (RFC 9449): a room system's alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        proof: Option<String>,
    },
    /// First message on a new socket of an existing session. With an offer where the media transport has to be built anew.
    /// Answered by `joined` (with `resumed: true`) or `refused`.
    Resume {
        version: u16,
        ticket: String,
        #[ts(optional)]
        offer: Option<String>,
        #[serde(default)]
        publish: Vec<PublishIntent>,
    },
    /// A further offer on the same connection: more slots, or an ICE restart. Answered by `answer`.
    Offer {
        offer: String,
        publish: Vec<PublishIntent>,
    },
    /// What each video slot should show and how large it is drawn. Slots not named keep what they show.
    View {
        slots: Vec<SlotRequest>,
    },
    /// Mute or unmute one's own source. A source that the host muted can be unmuted by its owner alone.
    Mute {
        kind: SourceKind,
        muted: bool,
    },
    RaiseHand {
        raised: bool,
    },
    /// `Act::Chat` (MEET-2): to everyone, or to one person alone. Refused by CLASS-5 in every meeting that is not TERBUKA.
    Say {
        /// At most [`limits::CHAT_TEXT_BYTES_MAX`](crate::limits::CHAT_TEXT_BYTES_MAX).
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<SessionId>,
        /// People named in it; those who are not here are passed over.
        #[serde(default)]
        mentions: Vec<PersonId>,
    },
    /// `Act::RaiseHand`: seen by everyone for a moment.
    React {
        reaction: Reaction,
    },
    /// Once, in the poll that is open.
    Vote {
        poll: u32,
        /// Its place among the choices, from 0.
        choice: u8,
    },
    /// The holder gives the floor back before the time is over.
    YieldFloor,
    /// `Act::Record`; refused by CLASS-3 in every meeting that is not TERBUKA.
    StartRecording,
    StopRecording,
    /// `Act::MuteOthers`: the server stops forwarding it at once.
    MuteOther {
        session: SessionId,
        kind: SourceKind,
    },
    /// `Act::MuteOthers`: this source of everyone who does not chair.
    MuteAll {
        kind: SourceKind,
    },
    /// `Act::RemoveOthers`. No token of the person's, old or new, opens the meeting again.
    Remove {
        session: SessionId,
    },
    /// `Act::Chair`: one raised hand, or all of them.
    LowerHand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        session: Option<SessionId>,
    },
    /// `Act::Chair`: what members and guests may do from now on.
    SetRules {
        rules: RoleRules,
    },
    /// `Act::Chair`: what one person may do beyond the rules, of what the grant permits.
    Allow {
        session: SessionId,
        acts: BTreeSet<Act>,
    },
    /// `Act::Chair`: a member becomes a co-host or is one no longer. A guest cannot be one.
    SetCoHost {
        session: SessionId,
        co_host: bool,
    },
    /// `Act::Chair`: in front for everyone, in this order. Replaces what was; empty: nobody.
    Spotlight {
        sessions: Vec<SessionId>,
    },
    /// `Act::Chair`: from now on the floor is given. `seconds`: how long each may speak.
    ControlFloor {
        on: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        seconds: Option<u16>,
    },
    /// `Act::Chair`: to this participant, or, without one, to nobody. A raised hand goes down with it. Nobody is unmuted by it.
    GiveFloor {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        session: Option<SessionId>,
    },
    /// `Act::Chair`: opens rooms and sends those named into them; whoever is not named stays in the main room.
    OpenBreakouts {
        /// At most [`limits::BREAKOUTS_MAX`](crate::limits::BREAKOUTS_MAX); nobody is in two of them.
        rooms: Vec<BreakoutPlan>,
        choose: bool,
        may_return: bool,
        /// They close by themselves after this; a minute before everyone is warned. Absent: without an end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        seconds: Option<u16>,
    },
    /// `Act::Chair`: sends people into a room, or, without one, back to the main room.
    MoveTo {
        sessions: Vec<SessionId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        breakout: Option<BreakoutNumber>,
    },
    /// Goes into a room, or, without one, back to the main room: a chair everywhere, others as the rooms allow.
    EnterBreakout {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        breakout: Option<BreakoutNumber>,
    },
    /// From a breakout room to those who chair, once in [`limits::HELP_EVERY_S`](crate::limits::HELP_EVERY_S) from each room.
    CallForHelp,
    /// `Act::Chair` and `Act::Chat`: one line into all rooms.
    Announce {
        text: String,
    },
    /// `Act::Chair`: everyone comes back then. 0: now. Takes the place of the time that was set.
    CloseBreakouts {
        after_s: u16,
    },
    /// `Act::Chair`: one poll is open at a time.
    OpenPoll {
        question: String,
        choices: Vec<String>,
        anonymous: bool,
    },
    /// `Act::Chair`: the results go to everyone.
    ClosePoll {
        poll: u32,
    },
    /// `Act::LockMeeting`
    Lock {
        locked: bool,
    },
    /// `Act::AdmitOthers`: who has to wait from now on. Whoever has not to any more comes in.
    SetLobby {
        lobby: LobbyPolicy,
    },
    /// `Act::AdmitOthers`: of those who wait; without any named, all.
    Admit {
        #[serde(default)]
        sessions: Vec<SessionId>,
    },
    /// `Act::AdmitOthers`: who waits is turned away, and may ask again only after a while.
    Deny {
        session: SessionId,
    },
    /// `Act::AdmitOthers`: who is inside goes back to wait before the door.
    SendBack {
        session: SessionId,
    },
    /// `Act::EndMeeting`: over for the others.
    Debrief {
        keep: Debrief,
    },
    /// `Act::RaiseClassification` (CLASS-6)
    RaiseClassification {
        to: Classification,
    },
    /// `Act::EndMeeting`
    EndMeeting,
    Leave,
    /// Keeps the socket's path open and measures it; answered by `pong`.
    Ping,
}
