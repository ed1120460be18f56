//! Tables by ids that this process or the control plane drew: random bits already, so that nobody outside chooses who collides, and a hash costs a
//! multiplication.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A table by an id (a UUID inside).
pub type ById<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// Of a slice: the same for all.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;
    use wire::id::SessionId;

    #[test]
    fn ids_of_one_instant_fall_apart() {
        let table: ById<SessionId, ()> = ById::default();
        // Where a table of 1,024 would put them, high bits and low ones.
        for shift in [0, 54] {
            let mut places: Vec<u64> = (0..1_000).map(|_| (table.hasher().hash_one(SessionId::fresh()) >> shift) & 1_023).collect();
            places.sort_unstable();
            places.dedup();
            assert!(places.len() > 550, "{} of 1,000 (632 by chance)", places.len());
        }
    }
}
