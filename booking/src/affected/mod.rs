//! What a change of a site or of its calendar does to the bookings that stand: they are listed before the change is made, and flagged as it
//! is made. None is called off by it: what becomes of them, people decide.

pub mod http;
mod store;

use crate::{
    holidays::{Calendar, DayKind, flags},
    names::names,
    notices::{self, About, Notice, Place, audience},
    people,
    policy::Slot,
    reservations::{self, State},
    sites::{self, Site, SiteRef},
};
use identity::AgencyShort;
use kernel::{
    Error, Result, Tx,
    audit::{self, Entry},
};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, PersonId, ReservationId, SiteId},
};

#[cfg(test)]
pub(crate) use store::SQL;
pub(crate) use store::uses_of;

/// Bookings looked through and listed: half a year of sixty uses a week.
pub const AFFECTED_MAX: i64 = 2_000;

names! {
    /// In what a booking does not fit any more.
    Kind {
        /// More people than seats (TP-3).
        Seats = "seats",
        /// Outside the opening hours.
        Hours = "hours",
        /// On a day on which the site is not used any more.
        Closed = "closed",
        /// On a public holiday of the site's state.
        Holiday = "holiday",
        /// On a rest day of the site's state.
        RestDay = "rest_day",
    }
}

impl Kind {
    const fn rule(self) -> Option<Rule> {
        match self {
            Self::Seats => Some(Rule::Tp3),
            Self::Hours | Self::Closed => Some(Rule::Tp1),
            Self::Holiday | Self::RestDay => None,
        }
    }
}

/// A live booking's use of one site, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub reservation: ReservationId,
    pub reference: String,
    pub title: String,
    pub agency: AgencyId,
    pub state: State,
    pub site: SiteId,
    pub slot: Slot,
    pub people: i64,
}

/// A use that does not fit any more.
pub type Hit = (Use, Kind);

/// How the uses of a site do not fit it as it is to be.
pub fn by_site(site: &Site, uses: &[Use]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for it in uses.iter().filter(|it| it.site == site.id) {
        let (date, _) = site.begins(it.slot);
        if it.people > site.seats {
            hits.push((it.clone(), Kind::Seats));
        }
        if site.is_closed_on(date) {
            hits.push((it.clone(), Kind::Closed));
        } else if !site.is_open_for(it.slot) {
            hits.push((it.clone(), Kind::Hours));
        }
    }
    hits
}

/// The uses that lie on a rest day of their site.
pub fn by_calendar(calendar: &Calendar, sites: &[Site], uses: &[Use]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for it in uses {
        let Some(site) = sites.iter().find(|site| site.id == it.site) else { continue };
        for flag in flags(calendar, site, it.slot) {
            match flag.kind {
                DayKind::Holiday => hits.push((it.clone(), Kind::Holiday)),
                DayKind::RestDay => hits.push((it.clone(), Kind::RestDay)),
                _ => {}
            }
        }
    }
    hits
}

/// Those of `after` that were not there before: what the change itself does.
pub fn new_hits(before: &[Hit], after: Vec<Hit>) -> Vec<Hit> {
    let known: BTreeSet<_> = before.iter().map(|(it, kind)| (it.reservation, it.site, *kind)).collect();
    after.into_iter().filter(|(it, kind)| !known.contains(&(it.reservation, it.site, *kind))).collect()
}

/// A booking that a change affects, as it is shown.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Affected {
    pub reservation: ReservationId,
    pub reference: String,
    pub title: String,
    pub agency: AgencyShort,
    #[schema(inline)]
    pub state: State,
    pub site: SiteRef,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// People seated at the site.
    pub people: i64,
    #[schema(inline)]
    pub kind: Kind,
}

/// What a change would do, and the word by which the one who makes it says that it was seen.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Preview {
    pub affected: Vec<Affected>,
    /// To be sent with the change. It holds for these bookings alone.
    pub confirm: String,
}

/// The same hits have the same word, in whatever order they were found.
fn confirm(hits: &[Hit]) -> String {
    let lines: BTreeSet<String> = hits.iter().map(|(it, kind)| format!("{} {} {kind}\n", it.reservation, it.site)).collect();
    let mut word = kernel::digest::sha256_hex(lines.into_iter().collect::<String>().as_bytes());
    word.truncate(CONFIRM_CHARS);
    word
}

/// Enough that no two lists of bookings share a word by chance.
const CONFIRM_CHARS: usize = 24;

pub async fn preview(tx: &mut Tx, sites: &[Site], hits: &[Hit]) -> Result<Preview> {
    let mut agencies: BTreeMap<AgencyId, AgencyShort> = BTreeMap::new();
    let mut affected = Vec::with_capacity(hits.len());
    for (it, kind) in hits {
        let agency = match agencies.get(&it.agency) {
            Some(known) => known.clone(),
            None => {
                let found = people::agency(tx, it.agency).await?;
                agencies.insert(it.agency, found.clone());
                found
            }
        };
        affected.push(Affected {
            reservation: it.reservation,
            reference: it.reference.clone(),
            title: it.title.clone(),
            agency,
            state: it.state,
            site: reservations::view::named_site(sites, it.site),
            starts_at_ms: it.slot.starts_at,
            ends_at_ms: it.slot.ends_at,
            people: it.people,
            kind: *kind,
        });
    }
    affected.sort_by_key(|it| (it.starts_at_ms, it.reservation, it.site.id));
    Ok(Preview { affected, confirm: confirm(hits) })
}

/// Refuses a change whose consequences were not shown to the one who makes it, with what they are.
pub async fn seen(tx: &mut Tx, sites: &[Site], hits: &[Hit], confirmed: Option<&str>) -> Result<()> {
    if hits.is_empty() || confirmed == Some(confirm(hits).as_str()) {
        return Ok(());
    }
    let preview = preview(tx, sites, hits).await?;
    let refusal =
        Refusal::new(Code::ChangeUnconfirmed).with("affected", serde_json::to_value(&preview.affected)?).with("confirm", preview.confirm);
    Err(Error::Refused(refusal))
}

/// What is left of a change on the bookings: flags what it made not to fit, takes back the flags of what fits again, and tells either in the
/// booking's history.
pub async fn flag(tx: &mut Tx, now: UnixMs, by: PersonId, change: Marks<'_>) -> Result<()> {
    let ids = |hits: &[Hit]| hits.iter().map(|(it, kind)| (it.reservation, it.site, *kind)).collect::<BTreeSet<_>>();
    let (new, after) = (ids(change.new), ids(change.after));
    for it in change.uses {
        for kind in change.kinds {
            let hit = (it.reservation, it.site, *kind);
            let act = if new.contains(&hit) && store::raise(tx, hit, now).await? {
                (reservations::HistoryAct::Flag, "reservation.flag")
            } else if !after.contains(&hit) && store::clear(tx, hit, now).await? {
                (reservations::HistoryAct::Unflag, "reservation.unflag")
            } else {
                continue;
            };
            reservations::store::note(tx, it.reservation, now, act.0, Some(by), kind.rule()).await?;
            if act.0 == reservations::HistoryAct::Flag {
                tell(tx, now, it, *kind).await?;
            }
            let entry = Entry::new(now, act.1, "reservation", it.reservation).by(by);
            let entry = entry.detail("site", it.site.to_string()).detail("kind", kind.text());
            audit::record(
                tx,
                match kind.rule() {
                    Some(rule) => entry.rule(rule),
                    None => entry,
                },
            );
        }
    }
    Ok(())
}

/// Tells those who answer for the booking.
async fn tell(tx: &mut Tx, now: UnixMs, it: &Use, why: Kind) -> Result<()> {
    let (Some(stored), Some(site)) = (reservations::store::by_id(tx, it.reservation).await?, sites::by_id(tx, it.site).await?) else {
        return Ok(());
    };
    let people = audience::applicants(tx, &stored).await?;
    let about = About::of(tx, &stored).await?;
    notices::tell(tx, now, &people, &Notice::Flagged { about, site: Place::from(&site), why, at_ms: now }).await
}

/// What a change does to the uses that it is about.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    pub uses: &'a [Use],
    pub kinds: &'a [Kind],
    /// What does not fit because of it.
    pub new: &'a [Hit],
    /// Everything that does not fit once it is made.
    pub after: &'a [Hit],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HOUR, USE};

    fn used(site: &Site, people: i64) -> Use {
        Use {
            reservation: ReservationId::fresh(),
            reference: "TP-2026-00001".into(),
            title: "Mesyuarat".into(),
            agency: AgencyId::fresh(),
            state: State::Approved,
            site: site.id,
            slot: Slot { starts_at: USE, ends_at: USE.saturating_add_ms(HOUR) },
            people,
        }
    }

    #[test]
    fn vector_24_seats_lowered_to_four_flag_a_use_of_six_and_leave_one_of_four() {
        let site = Site { seats: 4, ..Site::sample(1) };
        let uses = [used(&site, 6), used(&site, 4), used(&Site::sample(2), 6)];
        let hits = by_site(&site, &uses);
        assert_eq!(hits.iter().map(|(it, kind)| (it.reservation, *kind)).collect::<Vec<_>>(), [(uses[0].reservation, Kind::Seats)]);
        assert_eq!(new_hits(&hits, hits.clone()), [], "what was so before is not the change's doing");
    }

    #[test]
    fn hours_and_closing_are_told_apart() {
        let site = Site::sample(1);
        let uses = [used(&site, 2)];
        let kinds = |site: &Site| by_site(site, &uses).into_iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(kinds(&site), []);
        assert_eq!(kinds(&Site { hours: vec![], ..site.clone() }), [Kind::Hours]);
        assert_eq!(kinds(&Site { closed_from: Some("2026-12-04".parse().unwrap()), ..site.clone() }), [Kind::Closed]);
        assert_eq!(kinds(&Site { closed_from: Some("2026-12-05".parse().unwrap()), ..site }), []);
    }

    #[test]
    fn the_word_is_for_these_bookings_alone() {
        let site = Site::sample(1);
        let hits: Vec<Hit> = [used(&site, 6), used(&site, 5)].into_iter().map(|it| (it, Kind::Seats)).collect();
        let turned: Vec<Hit> = hits.iter().rev().cloned().collect();
        assert_eq!(confirm(&hits), confirm(&turned));
        assert_ne!(confirm(&hits), confirm(&hits[..1]));
    }
}
