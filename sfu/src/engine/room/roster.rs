//! Who is in a meeting: one [`Member`] for each person's session, in the order in which they came.

use super::{
    bounds::{Bounds, Standing},
    bucket::TokenBucket,
};
use crate::engine::negotiated::{Negotiated, SlotLine};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};
use wire::{
    UnixMs,
    grant::{Act, GrantClaims, Role},
    id::*,
    limits,
    signal::{BreakoutNumber, Participant, ParticipantKind, SlotRequest, SlotState, Source, SourceKind, SourceLayers},
};

/// Messages of one session at once: a client that draws a page anew sends a handful.
const MESSAGES_BURST: u32 = 60;
/// Messages of one session a second after that: more than hands can make.
const MESSAGES_PER_SECOND: u32 = 20;
/// Lines of the chat at once, and one a second after that: faster than anybody writes.
const SAYINGS_BURST: u32 = 8;
/// Signs at once, and one a second after that.
const SIGNS_BURST: u32 = 4;

#[derive(Debug)]
pub struct Member {
    pub session: SessionId,
    pub grant: GrantClaims,
    pub role: Role,
    /// What the grant, or the control plane after it, permits; [`Self::acts`] is what the meeting's bounds leave of it.
    pub permitted: BTreeSet<Act>,
    pub acts: BTreeSet<Act>,
    /// What the grant and the classification permit: its sources stand in the row, muted where the rules or the floor forbid them now.
    seen: BTreeSet<Act>,
    /// What a chair allowed beyond the rules for the role.
    pub allowed: BTreeSet<Act>,
    pub joined_at_ms: UnixMs,
    pub hand_raised_at_ms: Option<UnixMs>,
    /// The breakout room in which the member stands; absent: the main room.
    pub breakout: Option<BreakoutNumber>,
    pub sources: Vec<HeldSource>,
    /// Of the member's own sources those of which not every layer is watched: at most one for each.
    pub layers: Vec<SourceLayers>,
    /// Every slot that was negotiated and what the forwarder last said of it.
    pub slots: Vec<SlotState>,
    video_mids: BTreeSet<String>,
    /// The last request for each video slot.
    pub view: BTreeMap<String, SlotRequest>,
    pub socket: Socket,
    pub media: Media,
    /// Since when one of the two is missing.
    pub away_since: Option<Instant>,
    pub messages: TokenBucket,
    pub sayings: TokenBucket,
    pub signs: TokenBucket,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSource {
    pub source: SourceId,
    pub kind: SourceKind,
    pub muted: bool,
    /// False where the grant or the classification does not permit the kind, or the offer has a second one of it: nobody is given it,
    /// nobody sees it.
    pub permitted: bool,
    /// False while a rule or the floor forbids it: it is seen as muted, and nobody is given it.
    pub free: bool,
}

impl HeldSource {
    pub const fn forwarded(&self) -> bool {
        self.permitted && self.free && !self.muted
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    Attached,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// Agreed on; no packet has come yet.
    Expected,
    Connected,
    Lost,
}

impl Member {
    pub fn new(session: SessionId, grant: GrantClaims, media: &Negotiated, bounds: &Bounds, now: Instant, now_ms: UnixMs) -> Self {
        let mut member = Self {
            session,
            role: grant.role,
            permitted: grant.acts.clone(),
            acts: BTreeSet::new(),
            seen: BTreeSet::new(),
            allowed: BTreeSet::new(),
            joined_at_ms: now_ms,
            hand_raised_at_ms: None,
            breakout: None,
            sources: Vec::new(),
            layers: Vec::new(),
            slots: Vec::new(),
            video_mids: BTreeSet::new(),
            view: BTreeMap::new(),
            socket: Socket::Attached,
            media: Media::Expected,
            away_since: None,
            messages: TokenBucket::new(MESSAGES_BURST, MESSAGES_PER_SECOND, now),
            sayings: TokenBucket::new(SAYINGS_BURST, 1, now),
            signs: TokenBucket::new(SIGNS_BURST, 1, now),
            grant,
        };
        member.take_media(media);
        member.rebind(bounds);
        member
    }

    /// The lines of an offer and its answer take the place of what was known.
    pub fn take_media(&mut self, media: &Negotiated) {
        let known = std::mem::take(&mut self.slots);
        let state = |line: &SlotLine| {
            known.iter().find(|slot| *slot.mid == *line.mid).cloned().unwrap_or(SlotState {
                mid: line.mid.to_string(),
                source: None,
                session: None,
                paused: None,
            })
        };
        // The answer has no more slots than these; a caller that says otherwise is not followed.
        let audio = media.audio_slots.iter().take(limits::AUDIO_SLOTS_MAX);
        let video = media.video_slots.iter().take(limits::VIDEO_SLOTS_MAX);
        self.slots = audio.chain(video.clone()).map(state).collect();
        self.video_mids = video.map(|line| line.mid.to_string()).collect();
        self.view.retain(|mid, _| self.video_mids.contains(mid));
        self.sources = media
            .receives
            .iter()
            .take(limits::OFFER_MEDIA_LINES_MAX)
            .map(|line| HeldSource { source: line.source, kind: line.kind, muted: line.muted, permitted: false, free: true })
            .collect();
        self.permit();
    }

    /// On a new transport nothing of the old one's slots holds.
    pub fn forget_slots(&mut self) {
        self.slots.clear();
        self.view.clear();
        self.layers.clear();
    }

    /// To another room: nothing of what was seen and heard in this one goes along.
    pub fn leave_for(&mut self, to: Option<BreakoutNumber>) {
        self.breakout = to;
        self.hand_raised_at_ms = None;
        self.view.clear();
        for slot in &mut self.slots {
            (slot.source, slot.session, slot.paused) = (None, None, None);
        }
    }

    pub fn has_video_slot(&self, mid: &str) -> bool {
        self.video_mids.contains(mid)
    }

    /// What the grant permits from now on; [`Self::rebind`] follows.
    pub fn set_permitted(&mut self, role: Role, permitted: BTreeSet<Act>) {
        self.role = role;
        self.permitted = permitted;
    }

    /// The bounds, or what is permitted, changed. True where the acts that count have changed.
    pub fn rebind(&mut self, bounds: &Bounds) -> bool {
        let who = Standing { session: self.session, role: self.role, allowed: &self.allowed, apart: self.breakout.is_some() };
        let acts = bounds.leave(&self.permitted, who);
        let changed = acts != self.acts;
        self.acts = acts;
        self.seen = self.permitted.iter().copied().filter(|act| bounds.classification.forbids(*act).is_none()).collect();
        self.permit();
        changed
    }

    /// What may not be sent any more is muted: when it may be again, its owner alone unmutes it.
    fn permit(&mut self) {
        let mut kinds = BTreeSet::new();
        for source in &mut self.sources {
            let act = source.kind.act();
            source.permitted = self.seen.contains(&act) && kinds.insert(source.kind);
            source.free = self.acts.contains(&act);
            source.muted |= source.permitted && !source.free;
        }
    }

    pub fn source_of(&mut self, kind: SourceKind) -> Option<&mut HeldSource> {
        self.sources.iter_mut().find(|source| source.kind == kind && source.permitted)
    }

    pub fn connected(&self) -> bool {
        self.socket == Socket::Attached && self.media != Media::Lost
    }

    /// Keeps `away_since` in step with the two; true where `connected` has changed.
    pub fn note_presence(&mut self, now: Instant) -> bool {
        let was_away = self.away_since.is_some();
        self.away_since = if self.connected() { None } else { self.away_since.or(Some(now)) };
        was_away != self.away_since.is_some()
    }

    pub fn row(&self) -> Participant {
        Participant {
            session: self.session,
            kind: match self.grant.room_system {
                Some(_) => ParticipantKind::RoomSystem,
                None => ParticipantKind::Person,
            },
            person: self.grant.sub,
            name: self.grant.name.clone(),
            agency: self.grant.agency.clone(),
            role: self.role,
            seat: self.grant.seat.clone(),
            room_system: self.grant.room_system.clone(),
            hand_raised_at_ms: self.hand_raised_at_ms,
            allowed: self.allowed.clone(),
            breakout: self.breakout,
            joined_at_ms: self.joined_at_ms,
            connected: self.connected(),
            sources: self
                .sources
                .iter()
                .filter(|source| source.permitted)
                .map(|source| Source { source: source.source, kind: source.kind, muted: source.muted })
                .collect(),
        }
    }
}

/// Session ids sort by their time of making, so iterating is the order of coming.
pub type Roster = BTreeMap<SessionId, Member>;
