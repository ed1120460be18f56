//! Counters of a shard for the outside, brought up to date once a second by what was added since.

use super::socket::SocketCounters;
use crate::engine::Counters;
use metrics::{counter, gauge};

#[derive(Debug, Default)]
pub struct Measure {
    engine: Counters,
    socket: SocketCounters,
    streams_dropped: u64,
}

impl Measure {
    pub fn report(&mut self, engine: &Counters, socket: &SocketCounters, streams_dropped: u64) {
        let (now, before) = (&engine.transport, &self.engine.transport);
        counter!("sidang_media_received_datagrams_total").increment(now.received - before.received);
        counter!("sidang_media_received_bytes_total").increment(now.received_bytes - before.received_bytes);
        counter!("sidang_media_sent_datagrams_total").increment(engine.sent - self.engine.sent);
        counter!("sidang_media_sent_bytes_total").increment(engine.sent_bytes - self.engine.sent_bytes);
        counter!("sidang_media_sends_total").increment(socket.sends - self.socket.sends);
        counter!("sidang_media_checks_total").increment(now.checks - before.checks);
        for (reason, added) in [
            ("unknown", now.refused_unknown - before.refused_unknown),
            ("address", now.refused_address - before.refused_address),
            ("check", now.refused_checks - before.refused_checks),
            ("media", now.refused_media - before.refused_media),
            ("handshake_rate", now.refused_handshakes - before.refused_handshakes),
        ] {
            counter!("sidang_media_refused_datagrams_total", "reason" => reason).increment(added);
        }
        for (reason, added) in [
            ("engine", now.writes_dropped - before.writes_dropped),
            ("kernel", socket.refused - self.socket.refused),
            ("slow_stream", streams_dropped - self.streams_dropped),
        ] {
            counter!("sidang_media_unsent_datagrams_total", "reason" => reason).increment(added);
        }
        for (outcome, added) in
            [("done", now.handshakes_done - before.handshakes_done), ("failed", now.handshakes_failed - before.handshakes_failed)]
        {
            counter!("sidang_media_handshakes_total", "outcome" => outcome).increment(added);
        }
        counter!("sidang_media_peers_lost_total").increment(now.peers_lost - before.peers_lost);
        counter!("sidang_media_events_dropped_total").increment(engine.events_dropped - self.engine.events_dropped);
        // Peers, not sessions: one whose connection is lost counts again when it comes back.
        gauge!("sidang_media_peers").set(engine.peers as f64);
        (self.engine, self.socket, self.streams_dropped) = (*engine, *socket, streams_dropped);
    }
}
