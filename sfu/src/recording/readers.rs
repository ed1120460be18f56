//! Places among those who read at once: bounded on the node, because each holds a record in memory, and for each person, so that no one
//! person's browser takes them all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use wire::id::PersonId;

/// A page with sixteen people, each with picture and sound.
pub const PERSON_MAX: usize = 32;

#[derive(Debug)]
pub struct Readers {
    max: usize,
    /// Bounded by `max`: a person with no place has no row.
    places: Mutex<BTreeMap<PersonId, usize>>,
}

/// Taken as long as it lives.
#[derive(Debug)]
pub struct Place {
    readers: Arc<Readers>,
    person: PersonId,
}

impl Readers {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, places: Mutex::default() })
    }

    /// None: all places are taken, or all that one person may take.
    pub fn take(self: &Arc<Self>, person: PersonId) -> Option<Place> {
        let mut places = self.places();
        let mine = places.get(&person).copied().unwrap_or(0);
        if mine >= PERSON_MAX || places.values().sum::<usize>() >= self.max {
            return None;
        }
        places.insert(person, mine + 1);
        Some(Place { readers: self.clone(), person })
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<PersonId, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.readers.places();
        if let Some(mine) = places.get_mut(&self.person) {
            *mine -= 1;
            if *mine == 0 {
                places.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_does_not_take_the_places_of_the_others() {
        let readers = Readers::new(PERSON_MAX + 2);
        let (aminah, bala) = (PersonId::fresh(), PersonId::fresh());
        let mut places: Vec<_> = (0..PERSON_MAX).map(|_| readers.take(aminah).unwrap()).collect();
        assert!(readers.take(aminah).is_none());
        let _both = [readers.take(bala).unwrap(), readers.take(bala).unwrap()];
        assert!(readers.take(bala).is_none(), "the node is full");
        places.pop();
        assert!(readers.take(bala).is_some());
        drop(places);
        assert_eq!(readers.places().len(), 1);
    }
}
