//! What waits to be encrypted and sent.

use super::Outgoing;
use std::collections::VecDeque;

/// Packets between two drains: one received packet to 500 subscribers, with a burst of 100 packets behind a cut for each.
const PACKETS_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Outgoing>,
}

impl Outbox {
    /// Full: the packet is lost as on a network, and repaired as there.
    pub fn push(&mut self, outgoing: Outgoing) {
        if self.queue.len() < PACKETS_MAX {
            self.queue.push_back(outgoing);
        }
    }

    pub fn pop(&mut self) -> Option<Outgoing> {
        self.queue.pop_front()
    }
}
