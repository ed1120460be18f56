//! What a packet carries, read from outside: for whoever watches a whole meeting and must know whose sound or picture went where.

use super::{
    super::{red, rtp},
    client::Tag,
};
use bytes::Bytes;

const RED: u8 = 63;

/// One packet of RTP with what its sender put into it.
#[derive(Clone, Debug)]
pub struct Sight {
    pub ssrc: u32,
    pub sequence: u16,
    /// The sounds or the piece of a picture in it, its own last. Empty: padding.
    pub tags: Vec<Tag>,
}

impl Sight {
    /// `None`: not RTP.
    pub fn of(packet: &Bytes) -> Option<Self> {
        let header = rtp::Header::parse(packet)?;
        let payload = packet.slice(header.payload.clone());
        let payloads: Vec<Bytes> = match header.payload_type {
            RED => red::read(&payload)?.into_iter().map(|block| block.payload).collect(),
            _ => vec![payload],
        };
        let tags = payloads.iter().filter(|it| it.len() >= Tag::BYTES).map(|it| Tag::read(it)).collect();
        Some(Self { ssrc: header.ssrc, sequence: header.sequence, tags })
    }

    /// Sound has no pictures' layer.
    pub fn is_sound(&self) -> bool {
        self.tags.last().is_some_and(|tag| tag.layer == 9)
    }
}
