//! Padding: what asks a line for more where there is no media to ask it with.

use super::{HEADER_BYTES_MAX, Slot};
use crate::engine::forward::{
    SPARE_BYTES,
    downlink::Downlink,
    outbox::Outbox,
    pacer::Class,
    rtp::{self, Fields},
};
use bytes::{BufMut, BytesMut};
use std::time::Instant;

/// The most that one byte can say (RFC 3550, section 5.1).
const PADDING: u8 = 255;

impl Slot {
    /// Whether it can be padded at all: it has a retransmission stream, and the receiver tells when it arrives.
    pub fn can_pad(&self) -> bool {
        self.line.rtx_ssrc.is_some() && self.line.extensions.transport_cc.is_some() && self.padding_type().is_some()
    }

    /// Of the codec that flows, or before anything did, of the first that has one.
    fn padding_type(&self) -> Option<u8> {
        self.types.and_then(|types| types.rtx).or_else(|| self.line.payloads.iter().find_map(|map| map.rtx))
    }

    /// Padding on the retransmission SSRC: tells the line's width where media alone does not fill it, also before any media. False: the slot
    /// has none.
    pub fn pad(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox) -> bool {
        let (Some(ssrc), Some(payload_type), Some(id)) = (self.line.rtx_ssrc, self.padding_type(), self.line.extensions.transport_cc)
        else {
            return false;
        };
        let timestamp = self.rewriter.last_timestamp().unwrap_or(self.line.first_timestamp);
        let mut buffer = BytesMut::with_capacity(HEADER_BYTES_MAX + usize::from(PADDING) + SPARE_BYTES);
        let fields = Fields { marker: false, payload_type, sequence: self.next_rtx as u16, timestamp, ssrc };
        self.next_rtx += 1;
        rtp::write(&mut buffer, fields, &[(id, &[0, 0])]);
        buffer[0] |= 0x20;
        buffer.put_bytes(0, usize::from(PADDING) - 1);
        buffer.put_u8(PADDING);
        down.post(now, out, Class::Padding, None, buffer);
        true
    }
}
