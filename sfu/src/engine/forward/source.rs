//! What one peer sends on one m-line: its layers, who watches it, and the key frames asked of it.

use super::{demand::Demand, keyframe::Requests, layer::Layer, tap::Tapped};
use crate::engine::negotiated::{Codec, Mid, PayloadMap, ReceiveLine, Rid};
use smallvec::SmallVec;
use std::time::Instant;
use wire::{
    id::{SessionId, SourceId},
    signal::SourceKind,
};

/// Simulcast layers of one camera: browsers make at most three.
pub const LAYERS_MAX: usize = 4;
/// A picture drawn this much larger than it was sent is still good: in 1/100.
const ENLARGEMENT_MAX: u32 = 133;
/// The top layer where no key frame told its size yet; each layer below has half of it.
const SIZE_GUESS: (u16, u16) = (1_280, 720);

/// A slot that shows the source, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watcher {
    pub peer: u32,
    pub slot: u16,
}

#[derive(Debug)]
pub struct Source {
    pub id: SourceId,
    pub session: SessionId,
    pub peer: u32,
    pub room: u32,
    pub mid: Mid,
    pub kind: SourceKind,
    pub enabled: bool,
    pub payloads: Vec<PayloadMap>,
    pub rids: Vec<Rid>,
    pub layers: SmallVec<[Layer; 3]>,
    pub watchers: Vec<Watcher>,
    pub keyframes: Requests,
    pub keyframe_alarm: Option<Instant>,
    pub started: bool,
    pub tapped: Option<Tapped>,
    /// The tap before, while its sender is where nothing is recorded.
    pub parked: Option<Tapped>,
    pub demand: Demand,
}

impl Source {
    pub fn new(line: &ReceiveLine, session: SessionId, peer: u32, room: u32, mut epoch: impl FnMut() -> u32) -> Self {
        let clock_rate = line.payloads.first().map_or(90_000, |payload| payload.clock_rate.max(1));
        let count = line.rids.len().clamp(1, LAYERS_MAX);
        Self {
            id: line.source,
            session,
            peer,
            room,
            mid: line.mid.clone(),
            kind: line.kind,
            enabled: !line.muted,
            payloads: line.payloads.clone(),
            rids: line.rids.iter().take(LAYERS_MAX).cloned().collect(),
            layers: (0..count).map(|_| Layer::new(epoch(), clock_rate)).collect(),
            watchers: Vec::new(),
            keyframes: Requests::default(),
            keyframe_alarm: None,
            started: false,
            tapped: None,
            parked: None,
            demand: Demand::new(count),
        }
    }

    pub fn is_audio(&self) -> bool {
        self.kind.is_audio()
    }

    /// The payload's map, and whether the type is that of its retransmissions.
    pub fn payload(&self, payload_type: u8) -> Option<(&PayloadMap, bool)> {
        self.payloads
            .iter()
            .find(|map| map.payload_type == payload_type)
            .map(|map| (map, false))
            .or_else(|| self.payloads.iter().find(|map| map.rtx == Some(payload_type)).map(|map| (map, true)))
    }

    pub fn nacks(&self) -> bool {
        self.payloads.first().is_some_and(|map| map.nack)
    }

    /// Whether a receiver of `carries` can be shown what is sent now, or where nothing was sent yet, what may be.
    pub fn is_carried(&self, carries: impl Fn(Codec) -> bool) -> bool {
        let mut sent = self.layers.iter().filter_map(|layer| layer.codec).peekable();
        if sent.peek().is_some() { sent.any(carries) } else { self.payloads.iter().any(|map| carries(map.codec)) }
    }

    pub fn size(&self, layer: usize) -> (u16, u16) {
        self.layers.get(layer).and_then(|layer| layer.size).unwrap_or_else(|| {
            let below_top = self.layers.len() - 1 - layer.min(self.layers.len() - 1);
            (SIZE_GUESS.0 >> below_top, SIZE_GUESS.1 >> below_top)
        })
    }

    /// Whether a layer, or what is so many of its own spatial layers smaller (each has half the size of the next), is large enough for the drawn
    /// size. Zero asks for the smallest.
    pub fn suffices(&self, layer: usize, smaller: u8, width: u16, height: u16) -> bool {
        let (w, h) = self.size(layer);
        let (w, h) = (w >> smaller.min(15), h >> smaller.min(15));
        let fits = |have: u16, drawn: u16| u32::from(have) * ENLARGEMENT_MAX >= u32::from(drawn) * 100;
        // One side fills the tile first: the other may be letterboxed.
        fits(w, width) || fits(h, height)
    }

    /// Whether only a receiver that reads dependency descriptors can show it: AV1 in more than one size says nowhere else what belongs together.
    pub fn needs_dependencies(&self) -> bool {
        let layered = |layer: &Layer| layer.structure.as_ref().is_some_and(|structure| structure.spatials() > 1);
        self.layers.iter().any(|layer| layer.codec == Some(Codec::Av1) && layered(layer))
    }

    /// The smallest layer that is large enough for the drawn size, or the largest.
    pub fn layer_for(&self, width: u16, height: u16) -> usize {
        (0..self.layers.len()).find(|at| self.suffices(*at, 0, width, height)).unwrap_or(self.layers.len() - 1)
    }

    /// The best layer that flows.
    pub fn best(&self, now: Instant) -> Option<u8> {
        (0..self.layers.len()).rev().find(|at| self.layers[*at].flows(now)).map(|at| at as u8)
    }

    pub fn unwatch(&mut self, watcher: Watcher) {
        self.watchers.retain(|other| *other != watcher);
    }

    pub fn watch(&mut self, watcher: Watcher) {
        if !self.watchers.contains(&watcher) {
            self.watchers.push(watcher);
        }
    }
}
