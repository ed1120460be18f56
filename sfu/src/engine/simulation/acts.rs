//! What befalls a meeting: what people do, what lines do, what strangers send. Which of it comes up in a life is drawn first (a swarm): a life in
//! which everything happens hides what a life with one trouble shows.

use super::{life::Life, person::Upward};
use crate::engine::{
    api::Command,
    transport::{Path, testing::Check},
};
use bytes::Bytes;
use loadtest::link::{Bursts, Conditions};
use rand::{Rng, rngs::StdRng};
use std::time::Duration;
use wire::{
    Classification,
    control::Command as Control,
    signal::{ClientMessage, SourceKind},
};

/// Kinds of trouble, one bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Faults(pub u32);

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Fault {
    Loss,
    Bursts,
    Jitter,
    Reordering,
    Duplication,
    Narrow,
    Outage,
    Move,
    Restart,
    Reload,
    Vanish,
    Leave,
    Enter,
    Mute,
    View,
    Record,
    Classify,
    Remove,
    Jump,
    Layers,
    Noise,
    Mutation,
    Replay,
    Stranger,
}

impl Fault {
    pub const ALL: [Self; 24] = [
        Self::Loss,
        Self::Bursts,
        Self::Jitter,
        Self::Reordering,
        Self::Duplication,
        Self::Narrow,
        Self::Outage,
        Self::Move,
        Self::Restart,
        Self::Reload,
        Self::Vanish,
        Self::Leave,
        Self::Enter,
        Self::Mute,
        Self::View,
        Self::Record,
        Self::Classify,
        Self::Remove,
        Self::Jump,
        Self::Layers,
        Self::Noise,
        Self::Mutation,
        Self::Replay,
        Self::Stranger,
    ];
}

impl Faults {
    pub const NONE: Self = Self(0);

    pub fn drawn(rng: &mut StdRng) -> Self {
        let chance = rng.random_range(0.1..0.9);
        Fault::ALL.into_iter().filter(|_| rng.random_bool(chance)).fold(Self::NONE, Self::with)
    }

    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as u32)
    }

    pub const fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(1 << fault as u32))
    }

    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }
}

/// Both ways of somebody's line.
pub fn conditions(rng: &mut StdRng, faults: Faults) -> (Conditions, Conditions) {
    let delay = Duration::from_millis(rng.random_range(1..80));
    let mut way = || {
        let mut drawn = |fault, most: f64| if faults.has(fault) && rng.random_bool(0.5) { rng.random_range(0.0..most) } else { 0.0 };
        let (loss, bursts, jitter) = (drawn(Fault::Loss, 0.2), drawn(Fault::Bursts, 0.08), drawn(Fault::Jitter, 100.0));
        let (reordered, duplicated, narrow) =
            (drawn(Fault::Reordering, 0.05), drawn(Fault::Duplication, 0.05), drawn(Fault::Narrow, 2_000_000.0));
        Conditions {
            loss,
            bursts: (bursts > 0.0).then_some(Bursts { share: bursts, run: 6.0 }),
            delay,
            jitter: Duration::from_millis(jitter as u64),
            reordered,
            duplicated,
            bits_per_second: (narrow > 0.0).then_some(200_000 + narrow as u64),
            ..Conditions::CLEAN
        }
    };
    (way(), way())
}

/// Numbers back to which the engine takes a packet for one that was late.
const LATE_MAX: u16 = 1_024;

impl Life {
    /// One thing that happens, if it is among those of this life.
    pub fn act(&mut self) {
        // What people do belongs to every life, if seldom.
        let often = Fault::ALL.into_iter().filter(|it| self.faults.has(*it)).chain([Fault::View, Fault::Mute]);
        let possible: Vec<Fault> = often.collect();
        let fault = possible[self.rng.random_range(0..possible.len())];
        let present = self.present();
        if fault == Fault::Enter {
            if present.len() < 7 {
                self.enter();
            }
            return;
        }
        if present.is_empty() {
            return;
        }
        let who = present[self.rng.random_range(0..present.len())];
        match fault {
            Fault::Loss | Fault::Bursts | Fault::Jitter | Fault::Reordering | Fault::Duplication | Fault::Narrow => {
                let (up, down) = conditions(&mut self.rng, self.faults);
                (self.people[who].up.conditions, self.people[who].down.conditions) = (up, down);
            }
            Fault::Outage => {
                let broken = !self.people[who].up.conditions.broken;
                (self.people[who].up.conditions.broken, self.people[who].down.conditions.broken) = (broken, broken);
            }
            Fault::Move => {
                let Some(number) = self.number() else { return };
                let now = self.now;
                self.people[who].moves(number, now);
                self.seen.moves += 1;
            }
            Fault::Restart => {
                let media = self.people[who].restart();
                let session = self.people[who].session;
                self.command(Command::Reoffer { request: 7, session, media: Box::new(media) });
                self.seen.restarts += 1;
            }
            Fault::Reload => self.reload(who),
            Fault::Vanish if present.len() > 2 => self.people[who].silent = true,
            Fault::Leave if present.len() > 2 => self.say(who, ClientMessage::Leave),
            Fault::Remove if present.len() > 2 => {
                let session = self.people[present[0]].session;
                self.say(who, ClientMessage::Remove { session });
            }
            Fault::Mute => {
                let kind = if self.rng.random_bool(0.5) { SourceKind::Microphone } else { SourceKind::Camera };
                let other = present[self.rng.random_range(0..present.len())];
                if self.rng.random_bool(0.3) {
                    let session = self.people[other].session;
                    self.say(who, ClientMessage::MuteOther { session, kind });
                } else {
                    let muted = self.rng.random_bool(0.5);
                    self.say(who, ClientMessage::Mute { kind, muted });
                }
            }
            Fault::View => self.show_somebody(who),
            Fault::Record => {
                let message = if self.rng.random_bool(0.7) { ClientMessage::StartRecording } else { ClientMessage::StopRecording };
                self.say(who, message);
            }
            Fault::Classify => {
                let to = Classification::ALL[self.rng.random_range(0..Classification::ALL.len())];
                let room = self.people[who].room;
                let at = usize::from(room == self.rooms[1]);
                self.seen.raised_while_recording += u32::from(self.recording[at] && to > Classification::Terbuka);
                if self.rng.random_bool(0.5) && to <= Classification::Sulit {
                    let now_ms = self.now_ms();
                    self.command(Command::Control { command: Control::RaiseClassification { room, to }, now_ms });
                } else {
                    self.say(who, ClientMessage::RaiseClassification { to });
                }
            }
            Fault::Jump => {
                // Anywhere but a little way back: what comes from there cannot be told from what was late on its way.
                let by = self.rng.random_range(1..u16::MAX - LATE_MAX);
                self.people[who].media.jump(by);
            }
            Fault::Layers => {
                let layer = self.rng.random_range(0..3);
                let off = &mut self.people[who].media.layers_off[layer];
                *off = !*off;
            }
            Fault::Noise | Fault::Mutation | Fault::Replay | Fault::Stranger => self.attack(fault, who),
            Fault::Vanish | Fault::Leave | Fault::Remove | Fault::Enter => {}
        }
    }

    /// A new page with the old ticket.
    pub fn reload(&mut self, who: usize) {
        let Some(number) = self.number() else { return };
        let (now, now_ms) = (self.now, self.now_ms());
        self.people[who].reload(number, now);
        self.people[who].begin(now);
        let (session, media) = (self.people[who].session, self.people[who].negotiated_media());
        self.watch.begins(number, session);
        self.command(Command::Resume { request: 8, session, media: Some(Box::new(media)), now_ms });
        self.show_somebody(who);
        self.seen.reloads += 1;
    }

    /// Datagrams that nobody in the meeting sent: noise, bent copies, copies, and checks of somebody who knows no password; from strangers'
    /// addresses and from those of people inside.
    fn attack(&mut self, fault: Fault, who: usize) {
        for _ in 0..self.rng.random_range(1..30) {
            let inside = self.rng.random_bool(0.5);
            let stranger = Path::udp(([198, 51, 100, self.rng.random()], 1_024 + self.rng.random_range(0..9)).into());
            let mut path = if inside { self.people[who].path } else { stranger };
            let wire = match fault {
                Fault::Noise => {
                    let length = self.rng.random_range(0..300);
                    let mut bytes: Vec<u8> = (0..length).map(|_| self.rng.random()).collect();
                    if let Some(first) = bytes.first_mut() {
                        *first = [0, 1, 22, 128, 144, 200][self.rng.random_range(0..6)];
                    }
                    bytes.into()
                }
                Fault::Stranger => {
                    let session = self.rng.random_range(0..self.numbers + 2);
                    let check = Check { nominates: true, pwd: "guessed".into(), ..Check::of(&format!("u{session}"), "theirs") };
                    Bytes::from(check.bytes())
                }
                _ => {
                    if self.overheard.is_empty() {
                        return;
                    }
                    let (from, mut heard) = self.overheard[self.rng.random_range(0..self.overheard.len())].clone();
                    // A copy of a check is a check: whoever sits on the way can send one and gets the answer. What comes of it is bounded elsewhere.
                    if heard.wire[0] < 4 {
                        continue;
                    }
                    if fault == Fault::Replay && inside {
                        // It may overtake its original: then the copy is what arrives.
                        self.seen.hostile += 1;
                        let at = self.now + Duration::from_millis(self.rng.random_range(1..50));
                        self.post(at, Some(from), heard);
                        continue;
                    }
                    path = if inside { heard.path } else { path };
                    let mut bytes = std::mem::take(&mut heard.wire).to_vec();
                    if fault == Fault::Mutation {
                        let at = self.rng.random_range(0..bytes.len());
                        bytes[at] ^= 1 << self.rng.random_range(0..8);
                    }
                    bytes.into()
                }
            };
            self.seen.hostile += 1;
            let at = self.now + Duration::from_millis(self.rng.random_range(1..50));
            self.post(at, None, Upward { path, wire, plain: None });
        }
    }
}
