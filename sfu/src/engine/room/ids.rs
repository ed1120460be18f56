//! Identifiers drawn inside the engine, out of the seed that it was given: time first, then a counter on the seed, so that they differ
//! within a process by the counter and between processes by the seed.

use wire::UnixMs;

pub struct IdSource {
    next: u128,
}

impl IdSource {
    pub const fn new(seed: u128) -> Self {
        Self { next: seed }
    }

    /// RFC 9562, version 7.
    pub fn draw(&mut self, now_ms: UnixMs) -> uuid::Uuid {
        self.next = self.next.wrapping_add(1);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&self.next.to_be_bytes()[6..]);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now_ms.0).unwrap_or(0), &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_differ_and_sort_by_time() {
        let mut ids = IdSource::new(u128::MAX - 2);
        let drawn: Vec<_> = (0..5).map(|_| ids.draw(UnixMs(1_700_000_000_000))).collect();
        let mut unique = drawn.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), drawn.len());
        assert!(drawn.iter().all(|id| *id < ids_at(1_700_000_000_001)));
    }

    fn ids_at(ms: i64) -> uuid::Uuid {
        IdSource::new(0).draw(UnixMs(ms))
    }
}
