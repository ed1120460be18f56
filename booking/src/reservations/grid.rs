//! What is taken of a few sites in a stretch of time, read once and asked often.

use super::taken;
use crate::{policy::Slot, sites::Site};
use kernel::{Result, Tx};
use std::collections::BTreeMap;
use wire::id::{ReservationId, SiteId};

/// Sites with what is taken of each, in the order of time. No two stretches of one site overlap: the schema keeps that.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    taken: BTreeMap<SiteId, Vec<Slot>>,
}

impl Grid {
    /// Reads the sites one range each. What `but` holds is left out: a reservation is not in its own way.
    pub async fn read(tx: &mut Tx, sites: &[&Site], within: Slot, but: Option<ReservationId>) -> Result<Self> {
        let mut grid = Self::default();
        for site in sites {
            let around = site.occupied(within);
            grid.taken.insert(site.id, taken::busy(tx, site.id, around, but).await?);
        }
        Ok(grid)
    }

    /// For tests, and for whoever has read the stretches already.
    pub fn of(site: SiteId, mut taken: Vec<Slot>) -> Self {
        taken.sort_by_key(|it| it.starts_at);
        Self { taken: BTreeMap::from([(site, taken)]) }
    }

    #[must_use]
    pub fn and(mut self, site: SiteId, taken: Vec<Slot>) -> Self {
        self.taken.extend(Self::of(site, taken).taken);
        self
    }

    /// Whether a use in that slot, with the time that the room needs around it, meets nothing.
    pub fn is_free(&self, site: &Site, slot: Slot) -> bool {
        let span = site.occupied(slot);
        let Some(taken) = self.taken.get(&site.id) else { return true };
        // The first that ends after the span begins is the only one that can meet it first.
        let at = taken.partition_point(|it| it.ends_at <= span.starts_at);
        taken.get(at).is_none_or(|it| !it.overlaps(span))
    }

    /// The sites of these at which the slot is not free.
    pub fn taken_at<'a>(&'a self, sites: &'a [&Site], slot: Slot) -> impl Iterator<Item = &'a Site> + 'a {
        sites.iter().copied().filter(move |site| !self.is_free(site, slot))
    }
}
