//! Deadlines of everything in the shard, in one heap: nothing walks all peers to find what is due.

use std::{cmp::Reverse, collections::BinaryHeap, time::Instant};

/// What is to be done. The numbers are places in the shard's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Transport-wide feedback to a publisher.
    Feedback(u32),
    /// NACKs to a publisher.
    Nack(u32),
    /// Sender and receiver reports to a peer.
    Reports(u32),
    /// The split of a subscriber's line.
    Allocate(u32),
    /// What waits before a subscriber's line.
    Pace(u32),
    /// Padding towards a subscriber.
    Probe(u32),
    /// Key frame requests of a source.
    Keyframe(u32),
    /// What of a source's layers anyone watches.
    Demand(u32),
    /// Loudness in a room.
    Speakers(u32),
}

#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Task)>>,
}

impl Timers {
    /// Sets the alarm that its owner keeps, unless it rings earlier already. An entry whose alarm was set anew is stale and ignored:
    /// at most a handful for each alarm, since alarms only ever move forward by being rung.
    pub fn arm(&mut self, alarm: &mut Option<Instant>, at: Instant, task: Task) {
        if alarm.is_none_or(|set| at < set) {
            *alarm = Some(at);
            self.heap.push(Reverse((at, task)));
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, Task)> {
        self.heap.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

/// Whether an entry is the alarm's own; then it is taken.
pub fn rings(alarm: &mut Option<Instant>, at: Instant) -> bool {
    let own = *alarm == Some(at);
    if own {
        *alarm = None;
    }
    own
}
