//! What is due by time: feedback, reports and requests to peers.

use super::{
    CNAME, Forwarder, Outgoing, PacketKind, SPARE_BYTES, nack,
    rtcp::{self, ReportBlock},
    timers::Task,
};
use bytes::BytesMut;
use smallvec::SmallVec;
use std::time::{Duration, Instant};

/// Between two reports to a peer (RFC 3550, section 6.2, allows less than its 5 s where the share of bandwidth does).
pub const INTERVAL: Duration = Duration::from_secs(1);
/// A datagram of RTCP, with room for what SRTCP adds.
const DATAGRAM_BYTES: usize = 1_150;
/// Loss told to a microphone's owner at most, in 1/256: error correction takes bits from the sound itself.
const TOLD_LOSS_MAX: u8 = 64;

impl Forwarder {
    /// Sends what `write` wrote; nothing for nothing.
    pub(super) fn send_rtcp(&mut self, peer_index: u32, write: impl FnOnce(&mut BytesMut)) {
        let Some(peer) = self.peers.get(peer_index) else {
            return;
        };
        let mut packet = BytesMut::with_capacity(256 + SPARE_BYTES);
        write(&mut packet);
        if packet.is_empty() {
            return;
        }
        packet.reserve(SPARE_BYTES);
        self.outbox.push(Outgoing { peer: peer.session, index: peer.down.index, kind: PacketKind::Rtcp, packet });
    }

    pub(super) fn send_feedback(&mut self, peer_index: u32) {
        let mut more = true;
        while more {
            more = false;
            let Some(peer) = self.peers.get_mut(peer_index) else {
                return;
            };
            let (ssrc, media, mut recorder) = (peer.feedback_ssrc(), peer.up.media_ssrc, std::mem::take(&mut peer.up.recorder));
            self.send_rtcp(peer_index, |out| more = recorder.write(out, ssrc, media));
            if let Some(peer) = self.peers.get_mut(peer_index) {
                peer.up.recorder = recorder;
            }
        }
    }

    pub(super) fn send_nacks(&mut self, now: Instant, peer_index: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let (ssrc, rtt) = (peer.feedback_ssrc(), peer.down.rtt());
        let mut out = BytesMut::with_capacity(256 + SPARE_BYTES);
        let (mut next, mut broken): (Option<Instant>, SmallVec<[(u32, u8); 4]>) = (None, SmallVec::new());
        for index in &peer.up.sources {
            let Some(source) = self.sources.get_mut(*index) else {
                continue;
            };
            let needed = source.enabled && !source.is_audio() && !(source.watchers.is_empty() && source.tapped.is_none());
            let interval = nack::interval(rtt, source.is_audio());
            for (at, layer) in source.layers.iter_mut().enumerate() {
                self.asked.clear();
                let given_up = layer.nack.poll(now, interval, &mut self.asked);
                peer.down.stats.lost_packets += given_up as u64;
                peer.down.stats.nacks_sent += self.asked.len() as u64;
                if given_up > 0 && needed {
                    broken.push((*index, at as u8));
                }
                if let Some(media) = layer.ssrc {
                    rtcp::write_nack(&mut out, ssrc, media, &self.asked);
                }
                next = [next, layer.nack.deadline()].into_iter().flatten().min();
            }
        }
        if let Some(next) = next {
            self.timers.arm(&mut peer.alarms.nack, next.max(now + Duration::from_millis(1)), Task::Nack(peer_index));
        }
        if !out.is_empty() {
            self.send_rtcp(peer_index, |packet| packet.unsplit(out));
        }
        for (source, layer) in broken {
            self.want_keyframe(now, source, layer);
        }
    }

    /// Receiver reports on what the peer sends, sender reports on what it is sent.
    pub(super) fn send_reports(&mut self, now: Instant, peer_index: u32) {
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        self.timers.arm(&mut peer.alarms.reports, now + INTERVAL, Task::Reports(peer_index));
        let ssrc = peer.feedback_ssrc();
        let mut datagrams: SmallVec<[BytesMut; 4]> = SmallVec::new();
        let mut open = BytesMut::with_capacity(DATAGRAM_BYTES + SPARE_BYTES);
        for slot in &mut peer.slots {
            let source = slot.current.and_then(|feed| self.sources.get(feed.source));
            let Some(info) = slot.sender_report(now, source) else {
                continue;
            };
            if open.len() + 64 > DATAGRAM_BYTES {
                datagrams.push(std::mem::replace(&mut open, BytesMut::with_capacity(DATAGRAM_BYTES + SPARE_BYTES)));
            }
            rtcp::write_sender_report(&mut open, &info);
            rtcp::write_cname(&mut open, info.ssrc, CNAME);
        }
        let mut blocks: SmallVec<[ReportBlock; 8]> = SmallVec::new();
        let mut upgrades: SmallVec<[(u32, u8); 2]> = SmallVec::new();
        let own = peer.up.sources.clone();
        let mut heard = None;
        for index in own {
            let told = self.worst_loss(index);
            let Some(source) = self.sources.get_mut(index) else {
                continue;
            };
            let is_audio = source.is_audio();
            for layer in &mut source.layers {
                if let Some(mut block) = layer.report(now) {
                    if is_audio {
                        heard = Some((block.fraction_lost, u64::from(block.jitter) * 1_000 / u64::from(layer.clock_rate)));
                        block.fraction_lost = block.fraction_lost.max(told);
                    }
                    blocks.push(block);
                }
            }
            if let Some(layer) = source.tapped.as_ref().filter(|_| source.enabled).and_then(|tapped| tapped.wants(now, source)) {
                upgrades.push((index, layer));
            }
        }
        if let (Some((lost, jitter)), Some(peer)) = (heard, self.peers.get_mut(peer_index)) {
            let stats = &mut peer.down.stats;
            stats.own_loss_256 = ((u32::from(stats.own_loss_256) * 2 + u32::from(lost)) / 3) as u8;
            stats.own_jitter_ms = jitter as u32;
        }
        blocks.truncate(rtcp::BLOCKS_MAX);
        if !blocks.is_empty() {
            let bytes = 64 + ReportBlock::BYTES * blocks.len();
            if open.len() + bytes > DATAGRAM_BYTES {
                datagrams.push(std::mem::take(&mut open));
            }
            rtcp::write_receiver_report(&mut open, ssrc, &blocks);
            rtcp::write_cname(&mut open, ssrc, CNAME);
        }
        datagrams.push(open);
        for datagram in datagrams {
            self.send_rtcp(peer_index, |packet| packet.unsplit(datagram));
        }
        for (source, layer) in upgrades {
            self.want_keyframe(now, source, layer);
        }
    }

    /// Opus makes its sound repairable only for losses it hears of: the worst of those who listen (measured: 32 % concealed without,
    /// 12 % with, at 30 % loss).
    fn worst_loss(&self, source: u32) -> u8 {
        let Some(source) = self.sources.get(source).filter(|source| source.is_audio()) else {
            return 0;
        };
        let losses = source.watchers.iter().filter_map(|watcher| self.slot(*watcher)).map(|slot| slot.loss as u8);
        losses.max().unwrap_or(0).min(TOLD_LOSS_MAX)
    }

    pub(super) fn want_keyframe(&mut self, now: Instant, source_index: u32, layer: u8) {
        let Some(source) = self.sources.get_mut(source_index).filter(|source| source.enabled && !source.is_audio()) else {
            return;
        };
        source.keyframes.want(layer);
        self.send_keyframe_requests(now, source_index);
    }

    pub(super) fn send_keyframe_requests(&mut self, now: Instant, source_index: u32) {
        let Some(source) = self.sources.get_mut(source_index) else {
            return;
        };
        let asked = source.keyframes.poll(now);
        if let Some(due) = source.keyframes.due(now) {
            self.timers.arm(&mut source.keyframe_alarm, due.max(now + Duration::from_millis(1)), Task::Keyframe(source_index));
        }
        let peer_index = source.peer;
        let layers: SmallVec<[u32; 4]> =
            source.layers.iter().enumerate().filter(|(at, _)| asked >> at & 1 == 1).filter_map(|(_, layer)| layer.ssrc).collect();
        let Some(peer) = self.peers.get_mut(peer_index) else {
            return;
        };
        let ssrc = peer.feedback_ssrc();
        peer.down.stats.keyframe_requests_sent += layers.len() as u64;
        self.send_rtcp(peer_index, |out| layers.iter().for_each(|media| rtcp::write_picture_loss(out, ssrc, *media)));
    }
}
