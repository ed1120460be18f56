//! What all slots of one subscriber share: the transport-wide counter, the estimate of its line, the budget for repairs.

use super::{
    PeerIndex, PeerStats,
    estimate::{BandwidthEstimator, Estimator},
    rate::Meter,
};
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
            transport: 0,
            rtt: None,
            credit: CREDIT_FIRST,
            media: Meter::default(),
        }
    }

    /// One counter for media, retransmissions and padding alike.
    pub fn next_transport(&mut self) -> u16 {
        let number = self.transport;
        self.transport = number.wrapping_add(1);
        number
    }

    pub fn sent(&mut self, now: Instant, transport: Option<u16>, bytes: usize) {
        self.stats.sent_packets += 1;
        self.stats.sent_bytes += bytes as u64;
        if let Some(number) = transport {
            self.estimator.sent(now, number, bytes + OVERHEAD_BYTES);
        }
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
