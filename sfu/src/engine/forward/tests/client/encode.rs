//! The head of a packet as an encoder of each codec writes it.

use super::Tag;
use crate::engine::{
    forward::{dependency, picture::Depth},
    negotiated::Codec,
};

pub struct Picture {
    pub tag: Tag,
    /// It leans on the base layer alone.
    pub switches: bool,
    pub size: (u16, u16),
    pub id: u16,
    pub tl0: u8,
    pub spatials: u8,
    pub temporals: u8,
}

impl Picture {
    /// The first bytes of the payload, and the dependency descriptor where the codec has one.
    pub fn encode(&self, codec: Codec) -> (Vec<u8>, Option<Vec<u8>>) {
        match codec {
            Codec::Vp9 => (self.vp9(), None),
            Codec::H264 => (self.h264(), None),
            Codec::Av1 => (vec![0x10], Some(self.dependency())),
            _ => (self.vp8(), None),
        }
    }

    fn vp8(&self) -> Vec<u8> {
        let Tag { index, key, temporal, .. } = self.tag;
        let layers = temporal << 6 | u8::from(self.switches) << 5;
        let mut payload = vec![if index == 0 { 0x90 } else { 0x80 }, 0xe0, 0x80 | (self.id >> 8) as u8, self.id as u8, self.tl0, layers];
        if index == 0 && key {
            payload.extend([0x10, 0, 0, 0x9d, 0x01, 0x2a]);
            payload.extend(self.size.0.to_le_bytes());
            payload.extend(self.size.1.to_le_bytes());
        } else if index == 0 {
            payload.push(0x11);
        }
        payload
    }

    fn vp9(&self) -> Vec<u8> {
        let Tag { index, count, key, spatial, temporal, .. } = self.tag;
        let (begins, ends) = (index == 0, index + 1 == count);
        let tells = begins && key && spatial == 0;
        let first = 0xa0 | u8::from(!key) << 6 | u8::from(begins) << 3 | u8::from(ends) << 2 | u8::from(tells) << 1;
        let layers = temporal << 5 | u8::from(self.switches) << 4 | spatial << 1;
        let mut payload = vec![first, 0x80 | (self.id >> 8) as u8, self.id as u8, layers, self.tl0];
        if tells {
            payload.push((self.spatials - 1) << 5 | 0x10);
            for spatial in (0..self.spatials).rev() {
                payload.extend((1_280u16 >> spatial).to_be_bytes());
                payload.extend((720u16 >> spatial).to_be_bytes());
            }
        }
        payload
    }

    fn h264(&self) -> Vec<u8> {
        let Tag { index, key, .. } = self.tag;
        vec![if index == 0 && key { 0x67 } else { 0x41 }, 0x42]
    }

    fn dependency(&self) -> Vec<u8> {
        let Tag { index, count, key, spatial, temporal, frame, .. } = self.tag;
        let writer = dependency::tests::Writer { spatials: self.spatials, temporals: self.temporals };
        writer.descriptor(key, index == 0, index + 1 == count, Depth { spatial, temporal }, frame as u16)
    }
}
