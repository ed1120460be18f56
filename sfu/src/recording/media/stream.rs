//! One SSRC on its way to frames: order, then the codec's depacketizer.

use super::{
    FRAME_BYTES_MAX, Frame, TrackCodec,
    assemble::{Assembled, Assembler},
    opus,
    reorder::{Ordered, Reorder},
    vp8, vp9,
};
use crate::engine::api::TapPacket;
use std::time::Instant;

#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    Frame(Frame),
    /// Something is lost that later frames may lean on.
    Broken,
}

#[derive(Debug)]
enum Depacketizer {
    Opus,
    Picture(Assembler),
}

#[derive(Debug)]
pub struct Stream {
    ssrc: u32,
    highest: u64,
    reorder: Reorder,
    depacketizer: Depacketizer,
}

impl Stream {
    pub fn new(codec: TrackCodec, ssrc: u32) -> Self {
        let depacketizer = match codec {
            TrackCodec::Opus => Depacketizer::Opus,
            TrackCodec::Vp8 => Depacketizer::Picture(Assembler::new(vp8::piece)),
            TrackCodec::Vp9 => Depacketizer::Picture(Assembler::new(vp9::piece)),
        };
        Self { ssrc, highest: 0, reorder: Reorder::default(), depacketizer }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The highest sequence number that came.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    pub fn push(&mut self, packet: TapPacket) -> Vec<Output> {
        self.highest = self.highest.max(packet.sequence);
        self.turn(|reorder, ordered| reorder.push(packet, ordered))
    }

    pub fn tick(&mut self, now: Instant) -> Vec<Output> {
        self.turn(|reorder, ordered| reorder.tick(now, ordered))
    }

    /// Nothing more comes: what waits comes out.
    pub fn drain(&mut self) -> Vec<Output> {
        self.turn(|reorder, ordered| reorder.drain(ordered))
    }

    fn turn(&mut self, turn: impl FnOnce(&mut Reorder, &mut Vec<Ordered>)) -> Vec<Output> {
        let mut ordered = Vec::new();
        turn(&mut self.reorder, &mut ordered);
        ordered.into_iter().filter_map(|it| self.depacketizer.take(it)).collect()
    }
}

impl Depacketizer {
    fn take(&mut self, ordered: Ordered) -> Option<Output> {
        match (self, ordered) {
            // Each packet stands alone; its decoder conceals what is missing.
            (Self::Opus, Ordered::Gap) => None,
            (Self::Opus, Ordered::Packet(packet)) => {
                let sound = opus::duration(&packet.payload).is_some() && packet.payload.len() <= FRAME_BYTES_MAX;
                let frame = Frame { timestamp: packet.timestamp, arrived: packet.arrived, key: true, data: packet.payload.to_vec() };
                sound.then_some(Output::Frame(frame))
            }
            (Self::Picture(assembler), Ordered::Gap) => {
                assembler.gap();
                Some(Output::Broken)
            }
            (Self::Picture(assembler), Ordered::Packet(packet)) => match assembler.push(&packet) {
                Assembled::Nothing => None,
                Assembled::Frame(frame) => Some(Output::Frame(frame)),
                Assembled::Broken => Some(Output::Broken),
            },
        }
    }
}
