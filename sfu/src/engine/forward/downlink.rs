//! What all slots of one subscriber share: the transport-wide counter, the estimate of its line, the gate before it, the budget for repairs.

use super::{
    Outgoing, PacketKind, PeerIndex, PeerStats,
    estimate::{BandwidthEstimator, Estimator},
    outbox::Outbox,
    pacer::{Class, Pacer, Waiting},
    rate::Meter,
    rtp,
};
use bytes::BytesMut;
use std::time::{Duration, Instant};
use wire::id::SessionId;

/// Assumed until a report tells: a connection across the country.
const RTT_ASSUMED: Duration = Duration::from_millis(100);
/// IPv4, UDP and the SRTP tag: what a packet takes on the line beyond its plaintext.
const OVERHEAD_BYTES: usize = 20 + 8 + 16;
/// Repairs may take this share of what was sent, in 1/4: at 30 % loss both ways 43 % are needed.
const REPAIR_QUARTERS: i64 = 3;
/// Saved up at most: a burst of losses after a calm.
const CREDIT_MAX: i64 = 256 * 1_024;
/// A new peer may lose its first key frame.
const CREDIT_FIRST: i64 = 64 * 1_024;

#[derive(Debug)]
pub struct Downlink {
    pub session: SessionId,
    pub index: PeerIndex,
    pub stats: PeerStats,
    pub estimator: Estimator,
    pacer: Pacer,
    /// A burst asks the line for more: all that leaves meanwhile is part of it.
    pub probes: bool,
    /// Packets carry transport-wide numbers.
    numbered: bool,
    transport: u16,
    rtt: Option<Duration>,
    credit: i64,
    media: Meter,
}

impl Downlink {
    pub fn new(now: Instant, session: SessionId, index: PeerIndex, transport_cc: bool) -> Self {
        Self {
            session,
            index,
            stats: PeerStats::default(),
            estimator: Estimator::new(now, transport_cc),
            pacer: Pacer::default(),
            probes: false,
            numbered: transport_cc,
            transport: 0,
            rtt: None,
            credit: CREDIT_FIRST,
            media: Meter::default(),
        }
    }

    /// A packet for the line: it leaves when the gate lets it. Gives it back as it left, if it left at once.
    pub fn post(&mut self, now: Instant, out: &mut Outbox, class: Class, source: Option<u32>, packet: BytesMut) {
        let estimate = self.gate_bps();
        if let Some(waiting) = self.pacer.offer(now, estimate, Waiting { class, source, packet }) {
            self.leave(now, out, waiting.class, waiting.packet);
        }
    }

    /// What the gate lets go by now.
    pub fn release(&mut self, now: Instant, out: &mut Outbox) {
        let estimate = self.gate_bps();
        while let Some(waiting) = self.pacer.poll(now, estimate) {
            self.leave(now, out, waiting.class, waiting.packet);
        }
    }

    /// By what the gate is measured: it lets pictures go at twice that. While a queue is drained, at no more than the estimate: what waited here for
    /// the line that was wide would keep the queue full.
    fn gate_bps(&self) -> u64 {
        let estimate = self.estimator.bits_per_second();
        if self.estimator.drains() { estimate / 2 } else { estimate }
    }

    /// When the gate is to be asked again.
    pub fn waits_until(&self, now: Instant) -> Option<Instant> {
        self.pacer.deadline(now)
    }

    pub fn forget(&mut self, source: u32) {
        self.pacer.forget(source);
    }

    /// Numbers a packet that leaves now: one counter for media, retransmissions and padding alike, in the order in which they leave.
    pub fn number(&mut self, now: Instant, packet: &mut BytesMut) {
        if self.numbered && rtp::stamp(packet, self.transport) {
            self.estimator.sent(now, self.transport, packet.len() + OVERHEAD_BYTES, self.probes);
            self.transport = self.transport.wrapping_add(1);
        }
    }

    fn leave(&mut self, now: Instant, out: &mut Outbox, class: Class, mut packet: BytesMut) {
        // Sound was numbered when it was written: it is kept to be repeated as it was.
        if class != Class::Sound {
            self.number(now, &mut packet);
        }
        self.stats.sent_packets += 1;
        self.stats.sent_bytes += packet.len() as u64;
        out.push(Outgoing { peer: self.session, index: self.index, kind: PacketKind::Rtp, packet });
    }

    /// Media and repairs over the last second, without padding.
    pub fn media_bps(&mut self, now: Instant) -> u64 {
        self.media.bits_per_second(now)
    }

    /// Media went out: repairs may take their share of it.
    pub fn earn(&mut self, now: Instant, bytes: usize) {
        self.media.add(now, bytes + OVERHEAD_BYTES);
        self.credit = (self.credit + bytes as i64 * REPAIR_QUARTERS / 4).min(CREDIT_MAX);
    }

    pub fn spend(&mut self, bytes: usize) -> bool {
        let affordable = self.credit >= bytes as i64;
        if affordable {
            self.credit -= bytes as i64;
        }
        affordable
    }

    pub fn rtt(&self) -> Duration {
        self.rtt.unwrap_or(RTT_ASSUMED)
    }

    pub fn sample_rtt(&mut self, sample: Duration) {
        let sample = sample.min(Duration::from_secs(5));
        self.rtt = Some(self.rtt.map_or(sample, |rtt| (rtt * 7 + sample) / 8));
        self.stats.rtt_ms = self.rtt.map(|rtt| rtt.as_millis() as u32);
    }
}
