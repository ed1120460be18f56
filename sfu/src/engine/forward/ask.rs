//! Asking a line for more than media shows of it: bursts of padding, sent only while somebody wants more than the estimate carries, and before
//! anything flows as well as beside it.

use super::{Forwarder, peer::Probe, timers::Task};
use std::time::{Duration, Instant};

const LENGTH: Duration = Duration::from_millis(120);
const TICK: Duration = Duration::from_millis(10);
/// Between bursts: at first, twice as long after each that found nothing, and at most.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(16);
/// A burst found something where the estimate grew by this, in 1/100.
const FOUND: u64 = 115;
/// After the line was found full it is left alone for this long.
const CALM: Duration = Duration::from_secs(2);
/// Padding packets a tick: 10 Mbit/s; and what one takes of the line.
const PACKETS_MAX: u64 = 40;
const PADDING_BITS: u64 = 320 * 8;
/// Packets behind a burst that are no part of it: one that is told of closes it.
const CLOSING: usize = 2;

impl Forwarder {
    /// Asks for `wanted` bits per second where `estimate` is less, if the line rests.
    pub(super) fn consider_probe(&mut self, now: Instant, peer_index: u32, wanted: u64, estimate: u64) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let rested = peer.probed.is_none_or(|(last, _, pause)| now.saturating_duration_since(last) >= pause);
        let line = &mut peer.down.estimator;
        let calm = line.calm_for(now).is_none_or(|calm| calm >= CALM) && !line.drains();
        if peer.probe.is_some() || !rested || !calm || !line.answers(now) || !peer.slots.iter().any(|slot| !slot.audio && slot.can_pad()) {
            return;
        }
        line.begin_burst();
        let pause = peer.probed.map_or(PAUSE, |(_, before, pause)| {
            let found = estimate >= before * FOUND / 100;
            if found { PAUSE } else { (pause * 2).min(PAUSE_MAX) }
        });
        peer.probe = Some(Probe { until: now + LENGTH, target_bps: wanted.min(estimate * 2), owed: 0 });
        (peer.probed, peer.down.probes) = (Some((now, estimate, pause)), true);
        self.timers.arm(&mut peer.alarms.probe, now + TICK, Task::Probe(peer_index));
    }

    /// One tick of padding.
    pub(super) fn pad(&mut self, now: Instant, peer_index: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let media_bps = peer.down.media_bps(now);
        let mut packets = CLOSING as u64;
        match peer.probe.as_mut().filter(|probe| now < probe.until) {
            Some(probe) => {
                probe.owed += probe.target_bps.saturating_sub(media_bps) * TICK.as_millis() as u64 / 1_000;
                packets = (probe.owed / PADDING_BITS).min(PACKETS_MAX);
                probe.owed -= packets * PADDING_BITS;
                self.timers.arm(&mut peer.alarms.probe, now + TICK, Task::Probe(peer_index));
            }
            None => (peer.probe, peer.down.probes) = (None, false),
        }
        // Beside what flows, where something does: its receiver knows the stream.
        let can_pad = |slot: &&mut super::slot::Slot| !slot.audio && slot.can_pad();
        let flowing = peer.slots.iter().position(|slot| !slot.audio && slot.can_pad() && slot.current.is_some());
        let slot = match flowing {
            Some(at) => peer.slots.get_mut(at),
            None => peer.slots.iter_mut().find(can_pad),
        };
        if let Some(slot) = slot {
            for _ in 0..packets {
                slot.pad(now, &mut peer.down, &mut self.outbox);
            }
        }
        if let Some(at) = peer.down.waits_until(now) {
            self.timers.arm(&mut peer.alarms.pace, at, Task::Pace(peer_index));
        }
    }
}
