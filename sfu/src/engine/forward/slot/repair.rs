//! What a receiver misses goes out again: pictures on the retransmission SSRC, sound as it was.

use super::{HEADER_BYTES_MAX, RESENT_KEPT, Slot};
use crate::engine::forward::{
    SPARE_BYTES, downlink::Downlink, outbox::Outbox, pacer::Class, rewrite::Feed, ring::Stored, rtp::Fields, sequence::nearest,
};
use bytes::{BufMut, BytesMut};
use std::time::{Duration, Instant};

/// A packet is not repeated within this, however short the round trip.
const RESEND_INTERVAL_MIN: Duration = Duration::from_millis(10);

impl Slot {
    /// Answers a NACK for one number, if it is kept, not repeated a moment ago, and within the peer's budget. `find` gives the ring's
    /// packet of a feed.
    pub fn retransmit<'a>(
        &mut self,
        now: Instant,
        down: &mut Downlink,
        out: &mut Outbox,
        number: u16,
        find: impl Fn(Feed, u64) -> Option<&'a Stored>,
    ) {
        let written = nearest(self.rewriter.highest(), number);
        if self.audio {
            return self.repeat(now, down, out, written);
        }
        let Some((segment, sequence)) = self.rewriter.origin(written) else {
            return;
        };
        let is_filled = self.rewriter.is_filled(written);
        let ids = (segment.picture_offset(sequence), segment.tl0_offset);
        let (feed, timestamp_offset) = (segment.feed, segment.timestamp_offset);
        let (Some(ssrc), Some(packet)) = (self.line.rtx_ssrc, find(feed, sequence)) else {
            return;
        };
        let Some(payload_type) = self.map(packet.codec).and_then(|map| map.rtx) else {
            return;
        };
        if self.resent.is_empty() {
            self.resent.resize(RESENT_KEPT, (0, now));
        }
        let entry = &mut self.resent[written as usize % RESENT_KEPT];
        let interval = (down.rtt() * 3 / 4).max(RESEND_INTERVAL_MIN);
        if entry.0 == written && now.saturating_duration_since(entry.1) < interval {
            return;
        }
        if !down.spend(packet.payload.len() + HEADER_BYTES_MAX) {
            return;
        }
        *entry = (written, now);
        let fields = Fields {
            marker: packet.marker || self.filter.ends_picture(packet),
            payload_type,
            sequence: self.next_rtx as u16,
            timestamp: packet.timestamp.wrapping_add(timestamp_offset),
            ssrc,
        };
        self.next_rtx += 1;
        let mut buffer = self.head(fields, packet, ids.0);
        buffer.put_u16(written as u16);
        // Of what is left out its number alone, as it went out.
        if !is_filled {
            packet.ids.write(&packet.payload, ids.0, ids.1, &mut buffer);
        }
        let length = buffer.len();
        down.post(now, out, Class::Repair, Some(feed.source), buffer);
        down.stats.retransmitted_packets += 1;
        down.stats.retransmitted_bytes += length as u64;
    }

    /// Sound that was lost goes out again as it was. Its transport-wide number is the old one: the estimate does not count it.
    fn repeat(&mut self, now: Instant, down: &mut Downlink, out: &mut Outbox, written: u64) {
        let interval = (down.rtt() * 3 / 4).max(RESEND_INTERVAL_MIN);
        let Some(packet) = self.repeater.take(now, written, interval) else {
            return;
        };
        if !down.spend(packet.len()) {
            return;
        }
        let mut buffer = BytesMut::with_capacity(packet.len() + SPARE_BYTES);
        buffer.put_slice(packet);
        down.stats.retransmitted_packets += 1;
        down.stats.retransmitted_bytes += packet.len() as u64;
        down.post(now, out, Class::Sound, None, buffer);
    }
}
