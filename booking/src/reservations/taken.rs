//! What is taken of a site, as it is read: months of it at once, by everyone who looks for a time.
//!
//! A site's stretches come as one text, a line for each, instead of a row for each, and reservations are looked at only for those who are told
//! their titles (what each of the two gained: `docs/measurements.md`).

use crate::policy::Slot;
use kernel::{Error, Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{AgencyId, ReservationId, SiteId},
};

/// Occupancies of a site in one answer: a quarter of a year of a full site is less than a thousand.
pub const OCCUPANCIES_MAX: i64 = 5_000;
/// Longest occupancy, which the schema keeps too: what touches a stretch of time begins at most so long before it, and an index finds it.
pub const SPAN_MS_MAX: i64 = 31 * 86_400_000;

kernel::sql! {
    BUSY = "SELECT string_agg(o.starts_at_ms || ' ' || o.ends_at_ms, '\n' ORDER BY o.starts_at_ms)
        FROM (SELECT starts_at_ms, ends_at_ms FROM occupancy
            WHERE site_id = $1 AND state <> 'released' AND starts_at_ms < $3 AND ends_at_ms > $2 AND starts_at_ms > $4
                AND (reservation_id IS NULL OR reservation_id <> $5) ORDER BY starts_at_ms LIMIT $6) o";
    /// What everybody is told stands in the index; the reservation is looked at for those who are told its title, which stands last and alone
    /// may hold a blank.
    TAKEN = "SELECT string_agg(o.starts_at_ms || ' ' || o.ends_at_ms || ' ' || o.state || ' ' || o.kind
            || ' ' || COALESCE(o.use_starts_at_ms, o.starts_at_ms) || ' ' || COALESCE(o.use_ends_at_ms, o.ends_at_ms)
            || CASE WHEN r.id IS NULL THEN '' ELSE ' ' || r.id || ' ' || r.agency_id || ' ' || r.title END, '\n' ORDER BY o.starts_at_ms)
        FROM (SELECT starts_at_ms, ends_at_ms, state, kind, agency_id, use_starts_at_ms, use_ends_at_ms, reservation_id FROM occupancy
            WHERE site_id = $1 AND state <> 'released' AND starts_at_ms < $3 AND ends_at_ms > $2 AND starts_at_ms > $4
            ORDER BY starts_at_ms LIMIT $5) o
        LEFT JOIN reservation r ON r.id = CASE WHEN $6 = 1 OR o.agency_id = $7 THEN o.reservation_id END";
}

/// A stretch in which a site is taken, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What is taken, buffers and all.
    pub span: Slot,
    /// `held`, `approved`, `in_use` or `blocked`.
    pub state: String,
    /// `reservation`, `maintenance`, `fault` or `blackout`.
    pub kind: String,
    /// The use itself.
    pub during: Slot,
    /// Of a reservation that is told.
    pub told: Option<Told>,
}

/// A reservation, to those who are told what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub reservation: ReservationId,
    pub agency: AgencyId,
    pub title: String,
}

/// Whose reservations are told: those of an agency, or all.
#[derive(Clone, Copy, Debug)]
pub enum Titles {
    All,
    Of(AgencyId),
}

/// The occupied stretches of a site that touch `within`, in the order of time; what `but` holds is left out.
pub async fn busy(tx: &mut Tx, site: SiteId, within: Slot, but: Option<ReservationId>) -> Result<Vec<Slot>> {
    let but = but.map_or_else(String::new, |it| it.to_string());
    let lines: Option<String> = on!(tx, c => sqlx::query_scalar(BUSY)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(begins_after(within)).bind(&but).bind(OCCUPANCIES_MAX)
        .fetch_one(c).await)?;
    read(lines.as_deref(), |line| slot(&mut line.split(' ')))
}

/// What is taken of a site, in the order of time: one range of the index.
pub async fn taken(tx: &mut Tx, site: SiteId, within: Slot, titles: Titles) -> Result<Vec<Taken>> {
    let (all, agency) = match titles {
        Titles::All => (1i64, String::new()),
        Titles::Of(agency) => (0, agency.to_string()),
    };
    let lines: Option<String> = on!(tx, c => sqlx::query_scalar(TAKEN)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(begins_after(within)).bind(OCCUPANCIES_MAX)
        .bind(all).bind(&agency).fetch_one(c).await)?;
    read(lines.as_deref(), stretch)
}

/// Nothing that touches `within` begins before this.
const fn begins_after(within: Slot) -> i64 {
    within.starts_at.0.saturating_sub(SPAN_MS_MAX).saturating_sub(1)
}

#[derive(Debug, thiserror::Error)]
#[error("what is taken of a site is not as it was written")]
struct Unreadable;

fn read<T>(lines: Option<&str>, line: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let unreadable = || Error::Broken(Unreadable.into());
    lines.unwrap_or_default().split_terminator('\n').map(|it| line(it).ok_or_else(unreadable)).collect()
}

fn slot<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Slot> {
    let mut instant = || words.next()?.parse().ok().map(UnixMs);
    Some(Slot { starts_at: instant()?, ends_at: instant()? })
}

fn stretch(line: &str) -> Option<Taken> {
    let mut words = line.splitn(9, ' ');
    let span = slot(&mut words)?;
    let (state, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
    let during = slot(&mut words)?;
    let told = match words.next() {
        None => None,
        Some(reservation) => {
            Some(Told { reservation: reservation.parse().ok()?, agency: words.next()?.parse().ok()?, title: words.next()?.to_owned() })
        }
    };
    Some(Taken { span, state, kind, during, told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let (reservation, agency) = (ReservationId::fresh(), AgencyId::fresh());
        let line = format!("1000 9000 approved reservation 2000 8000 {reservation} {agency} Mesyuarat  dua kali");
        let it = stretch(&line).unwrap();
        assert_eq!(it.span, Slot { starts_at: UnixMs(1000), ends_at: UnixMs(9000) });
        assert_eq!(it.during, Slot { starts_at: UnixMs(2000), ends_at: UnixMs(8000) });
        assert_eq!(it.told, Some(Told { reservation, agency, title: "Mesyuarat  dua kali".to_owned() }));
        let block = stretch("-5 10 blocked fault -5 10").unwrap();
        assert_eq!((block.span.starts_at, block.told), (UnixMs(-5), None));
    }

    #[test]
    fn what_is_not_as_it_was_written_is_told_and_not_left_out() {
        assert_eq!(read(None, stretch).unwrap(), []);
        for lines in ["1 2 approved reservation 1", "1 2\n3 x", "1 2 approved reservation 1 2 x y Tajuk"] {
            assert!(read(Some(lines), stretch).is_err(), "{lines}");
        }
    }
}
