//! One deadline for each session (or meeting), the nearest first: nothing walks all of them a turn.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    time::{Duration, Instant},
};
use wire::UnixMs;

#[derive(Debug)]
pub struct Deadlines<Of> {
    by_time: BTreeSet<(Instant, Of)>,
    by_subject: HashMap<Of, Instant>,
}

impl<Of> Default for Deadlines<Of> {
    fn default() -> Self {
        Self { by_time: BTreeSet::new(), by_subject: HashMap::new() }
    }
}

impl<Of: Copy + Ord + Hash> Deadlines<Of> {
    pub fn set(&mut self, subject: Of, at: Instant) {
        self.cancel(subject);
        self.by_subject.insert(subject, at);
        self.by_time.insert((at, subject));
    }

    pub fn cancel(&mut self, subject: Of) {
        if let Some(at) = self.by_subject.remove(&subject) {
            self.by_time.remove(&(at, subject));
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes one whose time has come.
    pub fn take_due(&mut self, now: Instant) -> Option<Of> {
        let (at, subject) = *self.by_time.first()?;
        (at <= now).then(|| {
            self.cancel(subject);
            subject
        })
    }
}

/// The wall clock as it was last told, read on by the monotonic one: so that a time of day, too, becomes a deadline.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    at: Instant,
    ms: UnixMs,
}

impl WallClock {
    /// A deadline further away than this is set again when it comes.
    const FAR: Duration = Duration::from_secs(60 * 60);

    pub const fn new(at: Instant, ms: UnixMs) -> Self {
        Self { at, ms }
    }

    /// Rounded up, so that a deadline's own instant is not before its time of day.
    pub fn ms_at(&self, now: Instant) -> UnixMs {
        let since = now.saturating_duration_since(self.at);
        let ms = i64::try_from(since.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
        self.ms.saturating_add_ms(ms)
    }

    pub fn instant_of(&self, ms: UnixMs) -> Instant {
        let ahead = Duration::from_millis(u64::try_from(ms.saturating_since_ms(self.ms)).unwrap_or(0));
        self.at + ahead.min(Self::FAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::SessionId;

    #[test]
    fn a_session_has_one_deadline_and_the_nearest_comes_first() {
        let (a, b, start) = (SessionId::fresh(), SessionId::fresh(), Instant::now());
        let at = |s| start + Duration::from_secs(s);
        let mut deadlines = Deadlines::default();
        deadlines.set(a, at(5));
        deadlines.set(b, at(3));
        deadlines.set(a, at(1));
        assert_eq!(deadlines.next(), Some(at(1)));
        assert_eq!(deadlines.take_due(start), None);
        assert_eq!((deadlines.take_due(at(9)), deadlines.take_due(at(9)), deadlines.take_due(at(9))), (Some(a), Some(b), None));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_time_of_day_is_reached_exactly_at_its_instant() {
        let start = Instant::now();
        let clock = WallClock::new(start, UnixMs(10_000));
        let at = clock.instant_of(UnixMs(12_345));
        assert_eq!(clock.ms_at(at), UnixMs(12_345));
        assert!(clock.ms_at(at - Duration::from_millis(1)) < UnixMs(12_345));
        assert_eq!(clock.instant_of(UnixMs(0)), start);
        assert_eq!(clock.instant_of(UnixMs(i64::MAX)), start + WallClock::FAR);
    }
}
