//! Join tokens that were used: each opens one session, once.

use std::collections::{BTreeSet, HashMap};
use wire::{
    UnixMs,
    id::GrantId,
    limits::{CLOCK_LEEWAY_S, GRANT_LIFE_S_MAX},
};

/// Grants used within one grant's life: a node that takes 500 joins a second for all of it.
const USED_MAX: usize = 50_000;

#[derive(Debug, Default)]
pub struct UsedGrants {
    until: HashMap<GrantId, i64>,
    by_time: BTreeSet<(i64, GrantId)>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Use {
    First,
    Again,
    /// Too many are remembered to be sure of one more.
    Full,
}

impl UsedGrants {
    /// Marks the grant as used. It is remembered for as long as it could be shown again.
    pub fn consume(&mut self, grant: GrantId, exp: i64, now_ms: UnixMs) -> Use {
        let now = now_ms.seconds();
        while let Some((until, old)) = self.by_time.first().copied().filter(|(until, _)| *until < now) {
            self.by_time.remove(&(until, old));
            self.until.remove(&old);
        }
        if self.until.contains_key(&grant) {
            return Use::Again;
        }
        if self.until.len() >= USED_MAX {
            return Use::Full;
        }
        let until = exp.min(now.saturating_add(GRANT_LIFE_S_MAX + CLOCK_LEEWAY_S)).saturating_add(CLOCK_LEEWAY_S);
        self.until.insert(grant, until);
        self.by_time.insert((until, grant));
        Use::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> UnixMs {
        UnixMs::from_seconds(seconds)
    }

    #[test]
    fn abuse_6_a_grant_is_used_once_for_as_long_as_it_could_be_shown() {
        let (grant, mut used) = (GrantId::fresh(), UsedGrants::default());
        assert_eq!(used.consume(grant, 1090, at(1000)), Use::First);
        for again in [1000, 1050, 1090, 1095] {
            assert_eq!(used.consume(grant, 1090, at(again)), Use::Again, "{again}");
        }
        used.consume(GrantId::fresh(), 1200, at(1096));
        assert_eq!(used.until.len(), 1, "forgotten when it is out of date for certain");
    }

    #[test]
    fn a_full_memory_refuses_rather_than_forgets() {
        let mut used = UsedGrants::default();
        for _ in 0..USED_MAX {
            assert_eq!(used.consume(GrantId::fresh(), 1090, at(1000)), Use::First);
        }
        assert_eq!(used.consume(GrantId::fresh(), 1090, at(1000)), Use::Full);
        assert_eq!(used.consume(GrantId::fresh(), 1200, at(1096)), Use::First);
        assert_eq!(used.until.len(), used.by_time.len());
    }
}
