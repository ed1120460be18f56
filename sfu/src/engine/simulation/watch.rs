//! What must hold at every step of every life. The numbers are those by which the list of invariants is known: I1 who receives what, I2 no recording
//! of what is classified, I5 and I6 one number one packet, I7 nothing before keys, I11 nothing for strangers, I12 sound does not wait.

use super::{person::Person, probe::Emitted};
use crate::engine::{
    api::Tap,
    forward::{
        PacketKind,
        tests::{client::Tag, sight::Sight},
    },
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    net::SocketAddr,
    time::{Duration, Instant},
};
use wire::{
    Classification,
    id::{MeetingId, RecordingId, SessionId},
    signal::SourceKind,
};

/// Half of what a receiver needs to tell how often a number wrapped (RFC 3711, section 3.3.1).
const AHEAD_MAX: i64 = 1 << 14;

/// When a sound or a piece of a picture last reached the node, and whether its source was shown as muted each time.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Instant,
    muted: bool,
}

#[derive(Default)]
pub struct Watch {
    arrivals: HashMap<Tag, Arrival>,
    /// Of each subscriber's SSRC the packets by number without wraps, and the highest.
    numbers: HashMap<(SessionId, u32), (u64, HashMap<u64, u64>)>,
    /// Which life of which session a tag's sender is.
    senders: BTreeMap<u32, SessionId>,
    recordings: BTreeMap<RecordingId, MeetingId>,
    pub recorded: u64,
    /// Addresses that a genuine check came from, and what strangers sent and got.
    validated: HashSet<SocketAddr>,
    strangers: HashMap<SocketAddr, (usize, usize)>,
    pub forwarded: u64,
    pub repaired: u64,
    trace: DefaultHasher,
}

impl Watch {
    /// A life of a session begins: tags with this number are its own, and its subscriber's numbers begin anew.
    pub fn begins(&mut self, number: u32, session: SessionId) {
        self.senders.insert(number, session);
        self.numbers.retain(|(of, _), _| *of != session);
    }

    /// A datagram reaches the node.
    pub fn arrives(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: usize,
        genuine_check: bool,
        plain: Option<&Bytes>,
        sender: Option<&Person>,
    ) {
        if genuine_check {
            self.validated.insert(from);
        }
        self.strangers.entry(from).or_default().0 += bytes;
        let (Some(sight), Some(sender)) = (plain.and_then(Sight::of), sender) else { return };
        for tag in sight.tags {
            let kind = if tag.layer == 9 { SourceKind::Microphone } else { SourceKind::Camera };
            let row = sender.roster.get(&sender.session);
            let muted = row.is_some_and(|row| row.sources.iter().any(|it| it.kind == kind && it.muted));
            // It may come more than once, and be taken the second time.
            let arrival = self.arrivals.entry(tag).or_insert(Arrival { at: now, muted });
            *arrival = Arrival { at: now, muted: muted && arrival.muted };
        }
    }

    /// A datagram leaves the node: I11, RFC 8445 says nothing of it, RFC 9000 section 8 says three times.
    pub fn leaves(&mut self, to: SocketAddr, bytes: usize) {
        let (received, sent) = self.strangers.entry(to).or_default();
        *sent += bytes;
        let validated = self.validated.contains(&to);
        assert!(validated || *sent <= 3 * *received, "I11: {to} sent {received} bytes and got {sent}");
        assert!(!validated || bytes <= 1_452, "a datagram fits any path");
    }

    pub fn emitted(&mut self, now: Instant, begun: Instant, emitted: &Emitted, people: &[Person]) {
        let Emitted { to, kind, packet } = emitted;
        (to, now - begun, *kind == PacketKind::Rtp, &packet[..]).hash(&mut self.trace);
        let receiver = people.iter().find(|it| it.session == *to).expect("I1: a session that is here");
        assert!(receiver.joined && receiver.ended.is_none(), "I1: only who stands in the roster is sent anything");
        if *kind == PacketKind::Rtcp {
            return;
        }
        let sight = Sight::of(packet).expect("what leaves is RTP");
        let fresh = self.number(*to, &sight, packet);
        self.forwarded += 1;
        for (place, tag) in sight.tags.iter().rev().enumerate() {
            let sender = self.senders.get(&tag.from).expect("I1: somebody sent it");
            let sender = people.iter().find(|it| it.session == *sender).expect("I1: who sent it was here");
            assert_eq!(sender.room, receiver.room, "I1: nothing goes to another room");
            assert_ne!(sender.session, receiver.session, "I1: nobody is given what is their own");
            // Sound of theirs that was lost a moment ago may still be repeated.
            let repeats = sight.is_sound() && (!fresh || place > 0);
            assert!(sender.joined && (sender.ended.is_none() || repeats), "I1: nothing of those who left");
            let arrival = self.arrivals.get(tag).unwrap_or_else(|| panic!("I1: {tag:?} never came"));
            assert!(!arrival.muted, "I1: {tag:?} came while its source was muted");
            if place == 0 && fresh && sight.is_sound() {
                assert_eq!(arrival.at, now, "I12: sound waits for nothing");
            }
        }
    }

    /// I5 and I6: a number stands for one packet, whatever happens; and the receiver can tell how often it wrapped. True: sent for the first time.
    fn number(&mut self, to: SessionId, sight: &Sight, packet: &Bytes) -> bool {
        let (highest, packets) =
            self.numbers.entry((to, sight.ssrc)).or_insert_with(|| (u64::from(sight.sequence) + (1 << 16), HashMap::new()));
        let ahead = i64::from(sight.sequence.wrapping_sub(*highest as u16) as i16);
        let number = highest.checked_add_signed(ahead).expect("one wrap at least");
        assert!(ahead < AHEAD_MAX && ahead > -AHEAD_MAX, "I5: {} is far from {highest}", sight.sequence);
        *highest = number.max(*highest);
        let mut hasher = DefaultHasher::new();
        packet.hash(&mut hasher);
        match packets.insert(number, hasher.finish()) {
            None => true,
            Some(before) => {
                assert_eq!(before, hasher.finish(), "I6: number {number} of {:x} twice with other bytes", sight.ssrc);
                assert!(sight.is_sound(), "I6: only sound goes out again as it was");
                self.repaired += 1;
                false
            }
        }
    }

    pub fn tapped(&mut self, tap: &Tap, people: &[Person]) {
        let recording = match tap {
            Tap::Started { recording, room, .. } => {
                self.recordings.insert(*recording, *room);
                recording
            }
            Tap::Stopped { recording, .. } => {
                self.recordings.remove(recording);
                return;
            }
            Tap::Track { recording, .. } | Tap::SenderReport { recording, .. } | Tap::TrackEnded { recording, .. } => recording,
            Tap::Packet(packet) => {
                self.recorded += 1;
                &packet.recording
            }
        };
        let room = self.recordings.get(recording).expect("I2: a recording that began and has not ended");
        let label = people.iter().filter(|it| it.room == *room && it.joined && it.ended.is_none()).map(|it| it.classification).max();
        assert!(label.is_none_or(|it| it == Classification::Terbuka), "I2: nothing of a classified meeting is recorded");
    }

    /// The same for the same seed.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }
}

/// What the simulation saw, over many lives: conditions that must come up sometimes, or it is about nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub lives: u32,
    pub virtual_time: Duration,
    pub forwarded: u64,
    pub recorded: u64,
    pub repeated: u64,
    pub restarts: u32,
    pub moves: u32,
    pub reloads: u32,
    pub raised_while_recording: u32,
    pub pauses_for_bandwidth: u32,
    pub hostile: u64,
}

impl Seen {
    pub fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.virtual_time += other.virtual_time;
        self.forwarded += other.forwarded;
        self.recorded += other.recorded;
        self.repeated += other.repeated;
        self.restarts += other.restarts;
        self.moves += other.moves;
        self.reloads += other.reloads;
        self.raised_while_recording += other.raised_while_recording;
        self.pauses_for_bandwidth += other.pauses_for_bandwidth;
        self.hostile += other.hostile;
    }
}
