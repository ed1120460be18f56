//! The gate before one subscriber's line: pictures leave no faster than the line carries, in steps of 5 ms, so that a key frame does not stand in
//! the way of everything else. Sound does not wait: it leaves at once, and pictures wait the longer for it.

use bytes::BytesMut;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Packets leave together where they would leave within this: few sends, each of many packets.
pub const STEP: Duration = Duration::from_millis(5);
/// How much faster than the estimate pictures leave: a key frame is soon through, and a line that is wider shows it.
const HASTE: f64 = 2.0;
/// What waits is sent within this whatever the estimate: later it is of no use.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// Bytes that wait at most: half a second of the widest line. More is lost, as on a network.
const BYTES_MAX: usize = 2 << 20;
/// Sound makes pictures wait this long at most: a flood of it must not stop them.
const DEBT_MAX: Duration = Duration::from_millis(200);

/// What a packet is, in the order in which it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Sound,
    /// A picture waits for it.
    Repair,
    Picture,
    /// Asks the line for more.
    Padding,
}

#[derive(Debug)]
pub struct Waiting {
    pub class: Class,
    /// The source's place in the shard, for what may not leave any more.
    pub source: Option<u32>,
    pub packet: BytesMut,
}

#[derive(Debug, Default)]
pub struct Pacer {
    repairs: VecDeque<Waiting>,
    pictures: VecDeque<Waiting>,
    padding: VecDeque<Waiting>,
    bytes: usize,
    /// When the line has carried what was sent.
    free_at: Option<Instant>,
}

impl Pacer {
    /// Takes a packet, or gives it back: it leaves now.
    pub fn offer(&mut self, now: Instant, estimate_bps: u64, waiting: Waiting) -> Option<Waiting> {
        if waiting.class == Class::Sound || self.bytes == 0 && self.open(now) {
            self.spend(now, estimate_bps, waiting.packet.len());
            return Some(waiting);
        }
        if self.bytes + waiting.packet.len() <= BYTES_MAX {
            self.bytes += waiting.packet.len();
            match waiting.class {
                Class::Repair => self.repairs.push_back(waiting),
                Class::Padding => self.padding.push_back(waiting),
                Class::Sound | Class::Picture => self.pictures.push_back(waiting),
            }
        }
        None
    }

    /// The next packet that may leave now.
    pub fn poll(&mut self, now: Instant, estimate_bps: u64) -> Option<Waiting> {
        if !self.open(now) {
            return None;
        }
        let waiting = [&mut self.repairs, &mut self.pictures, &mut self.padding].into_iter().find_map(VecDeque::pop_front)?;
        self.spend(now, estimate_bps, waiting.packet.len());
        self.bytes -= waiting.packet.len();
        Some(waiting)
    }

    /// When there is something to poll for.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        (self.bytes > 0).then(|| self.free_at.map_or(now, |at| at.max(now + STEP)))
    }

    /// What waits of a source does not leave.
    pub fn forget(&mut self, source: u32) {
        for queue in [&mut self.repairs, &mut self.pictures, &mut self.padding] {
            queue.retain(|waiting| waiting.source != Some(source));
        }
        let queues = [&self.repairs, &self.pictures, &self.padding];
        self.bytes = queues.into_iter().flatten().map(|waiting| waiting.packet.len()).sum();
    }

    fn open(&self, now: Instant) -> bool {
        self.free_at.is_none_or(|at| at < now + STEP)
    }

    fn spend(&mut self, now: Instant, estimate_bps: u64, bytes: usize) {
        let in_time = self.bytes as f64 * 8.0 / WAIT_MAX.as_secs_f64();
        let rate = (estimate_bps as f64 * HASTE).max(in_time).max(1.0);
        let begins = self.free_at.map_or(now, |at| at.max(now));
        let ends = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / rate);
        self.free_at = Some(ends.min(now + DEBT_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BPS: u64 = 500_000;

    fn packet(class: Class, bytes: usize) -> Waiting {
        Waiting { class, source: Some(class as u32), packet: BytesMut::zeroed(bytes) }
    }

    /// Fetches as the loop does, and tells what left when.
    fn drain(pacer: &mut Pacer, mut now: Instant, begun: Instant) -> Vec<(u128, Class)> {
        let mut left = Vec::new();
        while let Some(at) = pacer.deadline(now) {
            assert!(at > now);
            now = at;
            while let Some(waiting) = pacer.poll(now, BPS) {
                left.push(((now - begun).as_millis(), waiting.class));
            }
        }
        left
    }

    #[test]
    fn a_key_frame_leaves_in_steps_and_repairs_before_it() {
        let (now, mut pacer) = (Instant::now(), Pacer::default());
        let at_once = (0..20).filter(|_| pacer.offer(now, BPS, packet(Class::Picture, 1_250)).is_some()).count();
        assert_eq!(at_once, 1, "10 ms each");
        assert!(pacer.offer(now, BPS, packet(Class::Padding, 250)).is_none());
        assert!(pacer.offer(now, BPS, packet(Class::Repair, 1_250)).is_none());
        let left = drain(&mut pacer, now, now);
        assert_eq!((left[0].1, left.last().unwrap().1, left.len()), (Class::Repair, Class::Padding, 21));
        let last = left.last().unwrap().0;
        assert!((180..=220).contains(&last), "25 kB at 1 Mbit/s in {last} ms");
        assert_eq!(pacer.deadline(now), None);
    }

    #[test]
    fn sound_never_waits_and_never_stops_pictures() {
        let (begun, mut pacer, mut left) = (Instant::now(), Pacer::default(), 0);
        (0..200).for_each(|_| drop(pacer.offer(begun, BPS, packet(Class::Picture, 1_000))));
        for ms in 0..2_000 {
            let now = begun + Duration::from_millis(ms);
            if ms % 10 == 0 {
                // As much sound as the line carries.
                assert!(pacer.offer(now, BPS, packet(Class::Sound, 625)).is_some());
            }
            if pacer.deadline(now).is_some() {
                while pacer.poll(now, BPS).is_some() {
                    left += 1;
                }
            }
        }
        assert!(left >= 150, "{left} of 200");
    }

    #[test]
    fn what_waits_is_bounded_in_time_and_bytes_and_can_be_forgotten() {
        let (now, mut pacer) = (Instant::now(), Pacer::default());
        (0..10_000).for_each(|_| drop(pacer.offer(now, BPS, packet(Class::Picture, 1_000))));
        assert!(pacer.bytes <= BYTES_MAX);
        let left = drain(&mut pacer, now, now);
        assert!(left.last().unwrap().0 <= 5_000, "{:?}", left.last());
        (0..100).for_each(|_| drop(pacer.offer(now, BPS, packet(Class::Picture, 1_000))));
        pacer.forget(Class::Picture as u32);
        assert_eq!((pacer.bytes, pacer.deadline(now)), (0, None));
    }
}
