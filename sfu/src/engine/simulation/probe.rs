//! A place in the engine from which a simulation sees every packet as it leaves, still readable, and at which it can plant a bug: one that the
//! invariants must find, or they are worth nothing. In tests alone.

use crate::engine::{
    api::Event,
    forward::{Outgoing, PacketKind},
    room::Effect,
    transport::{Path, Transmit},
};
use bytes::{Bytes, BytesMut};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};
use wire::{Classification, id::SessionId, signal::ServerMessage};

/// A bug that could be anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// One sequence number, two packets: the cipher's counter twice.
    NumberTwice,
    /// The last packet's number again with one bit of another payload.
    SameNumberOtherBytes,
    TimestampGoesBack,
    PictureIdJumps,
    /// A packet reaches another subscriber.
    ToAnother,
    /// A muted source is forwarded.
    MutedGoesOn,
    /// The recorder is not told to stop.
    RecordsOn,
    /// The next deadline is always now.
    WakesForNothing,
    /// The forwarder's deadlines are never told.
    SleepsThrough,
    /// Who left keeps its connection.
    KeepsThePeer,
    /// Sound waits for the packets behind it.
    SoundWaits,
    /// Some are not told who came and who went.
    ForgetsToSay,
    /// The classification that is told falls.
    LabelFalls,
    /// Whoever sends something gets four times as much back.
    EchoesStrangers,
    /// Retransmissions are given to the wrong slot's number.
    RepairsAnother,
    /// Every few packets one is lost inside.
    LosesSound,
}

impl Plant {
    pub const ALL: [Self; 16] = [
        Self::NumberTwice,
        Self::SameNumberOtherBytes,
        Self::TimestampGoesBack,
        Self::PictureIdJumps,
        Self::ToAnother,
        Self::MutedGoesOn,
        Self::RecordsOn,
        Self::WakesForNothing,
        Self::SleepsThrough,
        Self::KeepsThePeer,
        Self::SoundWaits,
        Self::ForgetsToSay,
        Self::LabelFalls,
        Self::EchoesStrangers,
        Self::RepairsAnother,
        Self::LosesSound,
    ];
}

/// A packet as it leaves, before it is encrypted.
#[derive(Clone, Debug)]
pub struct Emitted {
    pub to: SessionId,
    pub kind: PacketKind,
    pub packet: Bytes,
}

#[derive(Default)]
pub struct Probe {
    pub plant: Option<Plant>,
    /// In the order in which they leave; the simulation takes them.
    pub emitted: VecDeque<Emitted>,
    pub watching: bool,
    pub begun: Option<Instant>,
    counted: u32,
    told: bool,
    known: BTreeSet<SessionId>,
    last: Option<BytesMut>,
    held: VecDeque<Outgoing>,
    pub extra: VecDeque<Transmit>,
}

const SOUND: u8 = 111;
const REDUNDANT_SOUND: u8 = 63;
const VP8: u8 = 96;
const VP8_RTX: u8 = 97;

impl Probe {
    /// A packet on its way to the cipher.
    pub fn leaves(&mut self, outgoing: Outgoing) -> Option<Outgoing> {
        if !self.watching {
            return Some(outgoing);
        }
        let outgoing = match outgoing.kind {
            PacketKind::Rtp => self.tampered(outgoing)?,
            PacketKind::Rtcp => outgoing,
        };
        let packet = Bytes::copy_from_slice(&outgoing.packet);
        self.emitted.push_back(Emitted { to: outgoing.peer, kind: outgoing.kind, packet });
        Some(outgoing)
    }

    fn tampered(&mut self, mut outgoing: Outgoing) -> Option<Outgoing> {
        let payload_type = outgoing.packet[1] & 0x7f;
        let is_sound = matches!(payload_type, SOUND | REDUNDANT_SOUND);
        self.known.insert(outgoing.peer);
        self.counted += 1;
        let every = |count: u32| self.counted.is_multiple_of(count);
        let add = |packet: &mut BytesMut, at: usize, by: u16| {
            let value = u16::from_be_bytes([packet[at], packet[at + 1]]).wrapping_add(by);
            packet[at..at + 2].copy_from_slice(&value.to_be_bytes());
        };
        match self.plant {
            Some(Plant::NumberTwice) if every(200) => add(&mut outgoing.packet, 2, 1),
            Some(Plant::SameNumberOtherBytes) if payload_type == VP8 => {
                if every(5)
                    && let Some(last) = self.last.as_ref().filter(|it| it[8..12] == outgoing.packet[8..12])
                {
                    outgoing.packet.clear();
                    outgoing.packet.extend_from_slice(last);
                    let end = outgoing.packet.len() - 1;
                    outgoing.packet[end] ^= 1;
                }
                self.last = Some(outgoing.packet.clone());
            }
            Some(Plant::TimestampGoesBack) if payload_type == VP8 && every(50) => add(&mut outgoing.packet, 4, 0xffff),
            Some(Plant::PictureIdJumps) if payload_type == VP8 && every(50) => {
                let at = payload_at(&outgoing.packet) + 2;
                add(&mut outgoing.packet, at, 7);
            }
            Some(Plant::ToAnother) if every(300) => {
                outgoing.peer = self.known.iter().copied().find(|it| *it != outgoing.peer)?;
            }
            Some(Plant::SoundWaits) if is_sound => {
                self.held.push_back(outgoing);
                return if self.held.len() > 8 { self.held.pop_front() } else { None };
            }
            Some(Plant::RepairsAnother) if payload_type == VP8_RTX && outgoing.packet.len() > payload_at(&outgoing.packet) + 20 => {
                let at = payload_at(&outgoing.packet);
                add(&mut outgoing.packet, at, 1);
            }
            Some(Plant::LosesSound) if is_sound => return None,
            _ => {}
        }
        Some(outgoing)
    }

    /// Whether what a room decided is not carried out.
    pub fn hides(&mut self, effect: &Effect) -> bool {
        match (self.plant, effect) {
            (Some(Plant::MutedGoesOn), Effect::Forward { on: false, .. })
            | (Some(Plant::RecordsOn), Effect::StopTap { .. })
            | (Some(Plant::KeepsThePeer), Effect::RemovePeer { .. }) => true,
            (Some(Plant::ForgetsToSay), Effect::Event(Event::Message { message, .. })) => {
                self.counted += 1;
                let tells = matches!(message, ServerMessage::ParticipantJoined { .. } | ServerMessage::ParticipantLeft { .. });
                tells && self.counted.is_multiple_of(2)
            }
            _ => false,
        }
    }

    pub fn says(&mut self, mut event: Event) -> Event {
        if self.plant == Some(Plant::LabelFalls)
            && let Event::Message { message: ServerMessage::Classification { classification, .. }, .. } = &mut event
            && std::mem::replace(&mut self.told, true)
        {
            *classification = Classification::Terbuka;
        }
        event
    }

    /// Of transports, forwarder and rooms.
    pub fn deadlines(&self, deadlines: [Option<Instant>; 3]) -> [Option<Instant>; 3] {
        let [transports, _, rooms] = deadlines;
        match self.plant {
            Some(Plant::WakesForNothing) => [self.begun, None, None],
            Some(Plant::SleepsThrough) => [transports, None, rooms],
            _ => deadlines,
        }
    }

    pub fn reads(&mut self, path: Path, datagram: &[u8]) {
        if self.plant == Some(Plant::EchoesStrangers) && datagram.first().is_some_and(|it| *it < 4) {
            let payload = Bytes::copy_from_slice(datagram);
            self.extra.extend((0..4).map(|_| Transmit { path, payload: payload.clone() }));
        }
    }
}

/// Where the payload of a packet of ours begins: behind its header and its one block of extensions.
fn payload_at(packet: &[u8]) -> usize {
    let block = if packet[0] & 0x10 == 0 { 0 } else { 4 + 4 * usize::from(u16::from_be_bytes([packet[14], packet[15]])) };
    12 + block
}
