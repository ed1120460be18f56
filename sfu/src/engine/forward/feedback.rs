//! What a peer's RTCP says: of its own streams (sender reports), and of what it receives (loss, losses to repair, pictures it cannot
//! decode, arrival times).

use super::{
    Forwarder,
    estimate::BandwidthEstimator,
    layer::Clock,
    rewrite::Feed,
    rtcp::{self, Packet, ReportBlock},
    timers::Task,
};
use std::time::Instant;

/// Numbers of one datagram's NACKs that are looked at: no receiver keeps more missing.
const NACKED_MAX: usize = 1_000;
/// Weight of a new receiver report in a slot's smoothed loss.
const LOSS_WEIGHT: f32 = 0.3;
/// An estimate that fell to less than this of what the line was split by, in 1/100, splits it anew at once.
const SPLIT_ANEW: u64 = 90;

impl Forwarder {
    pub(super) fn heed(&mut self, now: Instant, peer_index: u32, compound: &[u8]) {
        let mut nacked = 0;
        for packet in rtcp::packets(compound) {
            match packet {
                Packet::SenderReport { ssrc, ntp, rtp_timestamp, blocks } => {
                    self.heed_clock(peer_index, ssrc, Clock { ntp, rtp_timestamp, arrived: now });
                    rtcp::report_blocks(blocks).for_each(|block| self.heed_report(now, peer_index, &block));
                }
                Packet::ReceiverReport { blocks } => {
                    rtcp::report_blocks(blocks).for_each(|block| self.heed_report(now, peer_index, &block));
                }
                Packet::Goodbye { ssrcs } => rtcp::ssrcs(ssrcs).for_each(|ssrc| self.heed_goodbye(peer_index, ssrc)),
                Packet::Nack { media_ssrc, pairs } => {
                    for number in rtcp::nacked(pairs) {
                        if nacked == NACKED_MAX {
                            break;
                        }
                        nacked += 1;
                        self.retransmit(now, peer_index, media_ssrc, number);
                    }
                }
                Packet::PictureLoss { media_ssrc } => self.heed_picture_loss(now, peer_index, media_ssrc),
                Packet::FullIntra { entries } => {
                    rtcp::full_intra_ssrcs(entries).for_each(|ssrc| self.heed_picture_loss(now, peer_index, ssrc));
                }
                Packet::TransportFeedback { body } => {
                    let Some(peer) = self.peers.get_mut(peer_index) else {
                        return;
                    };
                    peer.down.estimator.feedback(now, body);
                    // A line that became narrow is not filled until the next split.
                    if peer.down.estimator.bits_per_second() < peer.split_by * SPLIT_ANEW / 100 {
                        self.allocate(now, peer_index);
                    }
                }
                Packet::Other => {}
            }
        }
        if let Some(peer) = self.peers.get_mut(peer_index) {
            peer.down.stats.nacks_received += nacked as u64;
        }
    }

    fn heed_clock(&mut self, peer_index: u32, ssrc: u32, clock: Clock) {
        let binding = self.peers.get(peer_index).and_then(|peer| peer.up.find(ssrc)).filter(|binding| !binding.repair);
        let Some((binding, source)) = binding.and_then(|binding| Some((binding, self.sources.get_mut(binding.source)?))) else {
            return;
        };
        let layer = &mut source.layers[usize::from(binding.layer)];
        layer.clock = Some(clock);
        let feed = Feed { source: binding.source, layer: binding.layer, epoch: layer.epoch };
        if let Some(tapped) = source.tapped.as_ref().filter(|_| source.enabled) {
            tapped.sender_report(source, feed, clock, &mut self.events);
        }
    }

    fn heed_report(&mut self, now: Instant, peer_index: u32, block: &ReportBlock) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let Some(slot) = peer.slot_of(block.ssrc).and_then(|at| peer.slots.get_mut(at)) else {
            return;
        };
        slot.acknowledged = true;
        slot.loss += LOSS_WEIGHT * (f32::from(block.fraction_lost) - slot.loss);
        let (is_audio, slot_clock) = (slot.audio, slot.line.payloads.first().map(|map| map.clock_rate.max(1)));
        let (loss, sample) = (slot.loss, slot.round_trip(now, block.last_report, block.delay));
        let down = &mut peer.down;
        down.stats.loss_256 = loss as u8;
        if is_audio && let Some(rate) = slot_clock {
            down.stats.jitter_ms = (u64::from(block.jitter) * 1_000 / u64::from(rate)) as u32;
        }
        if let Some(sample) = sample {
            down.sample_rtt(sample);
        }
        down.estimator.loss(now, f64::from(block.fraction_lost) / 256.0);
    }

    fn heed_goodbye(&mut self, peer_index: u32, ssrc: u32) {
        let Some(binding) = self.peers.get(peer_index).and_then(|peer| peer.up.find(ssrc)).filter(|binding| !binding.repair) else {
            return;
        };
        if let Some(source) = self.sources.get_mut(binding.source) {
            let layer = &mut source.layers[usize::from(binding.layer)];
            layer.last_packet = None;
            layer.nack.clear();
        }
    }

    fn retransmit(&mut self, now: Instant, peer_index: u32, ssrc: u32, number: u16) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let Some(slot) = peer.slot_of(ssrc).and_then(|at| peer.slots.get_mut(at)) else {
            return;
        };
        let sources = &self.sources;
        slot.retransmit(now, &mut peer.down, &mut self.outbox, number, |feed, sequence| {
            let source = sources.get(feed.source).filter(|source| source.enabled)?;
            source.layers.get(usize::from(feed.layer)).filter(|layer| layer.epoch == feed.epoch)?.ring.get(sequence)
        });
        if let Some(at) = peer.down.waits_until(now) {
            self.timers.arm(&mut peer.alarms.pace, at, Task::Pace(peer_index));
        }
    }

    fn heed_picture_loss(&mut self, now: Instant, peer_index: u32, ssrc: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        peer.down.stats.keyframe_requests_received += 1;
        let feed = peer.slot_of(ssrc).and_then(|at| peer.slots.get(at)).and_then(|slot| slot.target.or(slot.current));
        if let Some(feed) = feed {
            self.want_keyframe(now, feed.source, feed.layer);
        }
    }
}
