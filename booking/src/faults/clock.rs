//! How long a fault has waited, in the working hours of its site: a pure function of what happened. The clock runs from the report until the
//! fault is mended, stands still while it waits for something that nobody here can hasten, and knows no night, rest day or holiday.

use super::Severity;
use crate::names::names;
use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::clock::{civil_date, civil_minute, instant};
use serde::Serialize;
use wire::UnixMs;

const MINUTE_MS: i64 = 60_000;
/// Days counted or searched, three years: no fault is older, and no longer row of closed days is believed.
const DAYS_MAX: usize = 3 * 366;

/// When a site is worked at.
pub trait WorkingDays {
    /// Minutes of that civil day; nothing on a day on which nobody works.
    fn hours(&self, date: NaiveDate) -> Option<(u32, u32)>;
    fn zone(&self) -> Tz;
}

/// What happened to a fault, as far as the clock is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Reported(Severity),
    /// The time that has passed, and the time that was waited, stay as they are.
    Severity(Severity),
    Waits,
    Resumes,
    Mended,
    Reopened,
}

names! {
    /// How a fault stands against its target.
    SlaState {
        OnTime = "on_time",
        /// A quarter of the time is left, or less.
        DueSoon = "due_soon",
        Overdue = "overdue",
        /// It waits for parts, a vendor or access: the clock stands.
        Waiting = "waiting",
        /// It was mended in time.
        Met = "met",
        /// It was mended, and late.
        Missed = "missed",
    }
}

/// How a fault stands against its target, in working minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Sla {
    #[schema(inline)]
    pub state: SlaState,
    pub target_minutes: i64,
    pub worked_minutes: i64,
    /// Waited for parts, a vendor or access.
    pub waited_minutes: i64,
    /// What is left of the target; below 0 where it is overdue.
    pub left_minutes: i64,
    /// When it is due, if the clock runs from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at_ms: Option<UnixMs>,
}

/// Working minutes within which a fault is mended, by severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets(pub [i64; 4]);

impl Targets {
    pub const fn minutes(&self, severity: Severity) -> i64 {
        self.0[severity as usize]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    Runs,
    Waits,
    Stands,
}

#[derive(Default)]
struct Spent {
    worked: i64,
    waited: i64,
}

impl Spent {
    const fn add(&mut self, hand: Hand, ms: i64) {
        match hand {
            Hand::Runs => self.worked += ms,
            Hand::Waits => self.waited += ms,
            Hand::Stands => {}
        }
    }
}

/// The whole of it. `turns` are in the order of time; nothing that lies after `now` is counted.
pub fn sla(turns: &[(UnixMs, Turn)], targets: &Targets, days: &impl WorkingDays, now: UnixMs) -> Sla {
    let (mut severity, mut hand) = (Severity::S4, Hand::Stands);
    let mut since = turns.first().map_or(now, |it| it.0);
    let mut spent = Spent::default();
    for (at, turn) in turns.iter().copied().take_while(|it| it.0 <= now) {
        spent.add(hand, working_ms(days, since, at));
        since = at;
        match turn {
            Turn::Reported(first) => (severity, hand) = (first, Hand::Runs),
            Turn::Severity(other) => severity = other,
            Turn::Waits => hand = Hand::Waits,
            Turn::Resumes | Turn::Reopened => hand = Hand::Runs,
            Turn::Mended => hand = Hand::Stands,
        }
    }
    spent.add(hand, working_ms(days, since, now));
    let Spent { worked, waited } = spent;
    let target = targets.minutes(severity).saturating_mul(MINUTE_MS);
    let left = target - worked;
    let state = match hand {
        Hand::Stands if left >= 0 => SlaState::Met,
        Hand::Stands => SlaState::Missed,
        Hand::Waits => SlaState::Waiting,
        Hand::Runs if left < 0 => SlaState::Overdue,
        Hand::Runs if left.saturating_mul(4) <= target => SlaState::DueSoon,
        Hand::Runs => SlaState::OnTime,
    };
    let due_at = match hand {
        Hand::Runs if left >= 0 => after(days, now, left),
        Hand::Runs => overdue_since(turns, target, days, now),
        Hand::Waits | Hand::Stands => None,
    };
    Sla {
        state,
        target_minutes: target / MINUTE_MS,
        worked_minutes: worked / MINUTE_MS,
        waited_minutes: waited / MINUTE_MS,
        left_minutes: left.div_euclid(MINUTE_MS),
        due_at_ms: due_at,
    }
}

/// The instant at which the target was reached: where the running stretches add up to it.
fn overdue_since(turns: &[(UnixMs, Turn)], target_ms: i64, days: &impl WorkingDays, now: UnixMs) -> Option<UnixMs> {
    let mut left = target_ms;
    let mut from: Option<UnixMs> = None;
    for (at, turn) in turns.iter().copied().chain([(now, Turn::Mended)]) {
        match turn {
            Turn::Reported(_) | Turn::Resumes | Turn::Reopened => from = from.or(Some(at)),
            Turn::Severity(_) => {}
            Turn::Waits | Turn::Mended => {
                if let Some(began) = from.take() {
                    let ran = working_ms(days, began, at.min(now));
                    if ran >= left {
                        return after(days, began, left);
                    }
                    left -= ran;
                }
            }
        }
    }
    None
}

/// Working time from `from` to `to`.
pub fn working_ms(days: &impl WorkingDays, from: UnixMs, to: UnixMs) -> i64 {
    let (zone, last) = (days.zone(), civil_date(to, days.zone()));
    let dates = civil_date(from, zone).iter_days().take(DAYS_MAX).take_while(|date| *date <= last);
    dates.filter_map(|date| stretch(days, date)).map(|(opens, closes)| (closes.min(to).0 - opens.max(from).0).max(0)).sum()
}

/// The instant at which `ms` of working time have passed since `from`; nothing where no such instant is near.
pub fn after(days: &impl WorkingDays, from: UnixMs, ms: i64) -> Option<UnixMs> {
    let mut left = ms;
    for date in civil_date(from, days.zone()).iter_days().take(DAYS_MAX) {
        let Some((opens, closes)) = stretch(days, date) else { continue };
        let begins = opens.max(from);
        let has = (closes.0 - begins.0).max(0);
        if has > 0 && left <= has {
            return Some(begins.saturating_add_ms(left));
        }
        left -= has;
    }
    None
}

fn stretch(days: &impl WorkingDays, date: NaiveDate) -> Option<(UnixMs, UnixMs)> {
    let (opens, closes) = days.hours(date)?;
    Some((instant(date, opens, days.zone())?, instant(date, closes, days.zone())?))
}

/// Whether somebody works at the site at that instant: nobody is reminded at another (never at midnight).
pub fn is_working_time(days: &impl WorkingDays, at: UnixMs) -> bool {
    let minute = civil_minute(at, days.zone());
    days.hours(civil_date(at, days.zone())).is_some_and(|(opens, closes)| (opens..closes).contains(&minute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Datelike, Weekday};
    use kernel::clock::MALAYSIA;
    use proptest::prelude::*;

    /// Monday to Friday, 08:00 to 17:00, without Malaysia Day.
    struct Office;

    impl WorkingDays for Office {
        fn hours(&self, date: NaiveDate) -> Option<(u32, u32)> {
            let rests = matches!(date.weekday(), Weekday::Sat | Weekday::Sun) || date == NaiveDate::from_ymd_opt(2026, 9, 16)?;
            (!rests).then_some((480, 1020))
        }
        fn zone(&self) -> Tz {
            MALAYSIA
        }
    }

    const TARGETS: Targets = Targets([240, 540, 2700, 8100]);

    fn at(text: &str) -> UnixMs {
        UnixMs(DateTime::parse_from_rfc3339(&format!("2026-{text}:00+08:00")).unwrap().timestamp_millis())
    }

    use super::Severity::*;
    use SlaState::*;
    use Turn::{Mended, Reopened, Reported, Resumes, Waits};

    #[test]
    fn the_table_of_cases() {
        // what it shows, what happened, now, state, worked, waited, left, due
        type Case = (&'static str, Vec<(&'static str, Turn)>, &'static str, SlaState, i64, i64, i64, Option<&'static str>);
        // 2026-12-04 is a Friday.
        let table: Vec<Case> = vec![
            ("an hour in working hours", vec![("12-04T09:00", Reported(S1))], "12-04T10:00", OnTime, 60, 0, 180, Some("12-04T13:00")),
            ("it goes on after the weekend", vec![("12-04T16:00", Reported(S1))], "12-05T12:00", OnTime, 60, 0, 180, Some("12-07T11:00")),
            ("the night counts for nothing", vec![("12-03T23:50", Reported(S1))], "12-04T08:00", OnTime, 0, 0, 240, Some("12-04T12:00")),
            ("a holiday counts for nothing", vec![("09-15T16:00", Reported(S2))], "09-17T08:30", OnTime, 90, 0, 450, Some("09-17T16:00")),
            ("a quarter is left", vec![("12-04T08:00", Reported(S1))], "12-04T11:00", DueSoon, 180, 0, 60, Some("12-04T12:00")),
            ("a minute more than a quarter", vec![("12-04T08:00", Reported(S1))], "12-04T10:59", OnTime, 179, 0, 61, Some("12-04T12:00")),
            ("on the dot it is in time", vec![("12-04T08:00", Reported(S1))], "12-04T12:00", DueSoon, 240, 0, 0, Some("12-04T12:00")),
            ("a minute later it is not", vec![("12-04T08:00", Reported(S1))], "12-04T12:01", Overdue, 241, 0, -1, Some("12-04T12:00")),
            ("waiting stops it", vec![("12-04T08:00", Reported(S1)), ("12-04T09:00", Waits)], "12-07T10:00", Waiting, 60, 600, 180, None),
            (
                "it runs on after waiting",
                vec![("12-04T08:00", Reported(S1)), ("12-04T09:00", Waits), ("12-07T10:00", Resumes)],
                "12-07T11:00",
                OnTime,
                120,
                600,
                120,
                Some("12-07T13:00"),
            ),
            (
                "another severity keeps the time that was waited",
                vec![("12-04T08:00", Reported(S3)), ("12-04T09:00", Waits), ("12-04T15:00", Resumes), ("12-04T15:30", Turn::Severity(S1))],
                "12-04T16:00",
                OnTime,
                120,
                360,
                120,
                Some("12-07T09:00"),
            ),
            (
                "a severity changed while it waits",
                vec![("12-04T08:00", Reported(S3)), ("12-04T09:00", Waits), ("12-04T10:00", Turn::Severity(S1)), ("12-04T11:00", Resumes)],
                "12-04T11:30",
                OnTime,
                90,
                120,
                150,
                Some("12-04T14:00"),
            ),
            (
                "a higher target makes it in time again",
                vec![("12-04T08:00", Reported(S1)), ("12-04T13:00", Turn::Severity(S2))],
                "12-04T13:00",
                OnTime,
                300,
                0,
                240,
                Some("12-04T17:00"),
            ),
            ("mended in time", vec![("12-04T08:00", Reported(S1)), ("12-04T09:00", Mended)], "12-31T09:00", Met, 60, 0, 180, None),
            ("mended late", vec![("12-04T08:00", Reported(S1)), ("12-04T13:00", Mended)], "12-31T09:00", Missed, 300, 0, -60, None),
            (
                "reopened, it goes on from where it stood",
                vec![("12-04T08:00", Reported(S1)), ("12-04T09:00", Mended), ("12-07T08:00", Reopened)],
                "12-07T09:00",
                OnTime,
                120,
                0,
                120,
                Some("12-07T11:00"),
            ),
            (
                "overdue since, over a wait",
                vec![("12-04T08:00", Reported(S1)), ("12-04T11:00", Waits), ("12-04T15:00", Resumes)],
                "12-04T17:00",
                Overdue,
                300,
                240,
                -60,
                Some("12-04T16:00"),
            ),
        ];
        for (shows, turns, now, state, worked, waited, left, due) in table {
            let turns: Vec<_> = turns.into_iter().map(|(text, turn)| (at(text), turn)).collect();
            let found = sla(&turns, &TARGETS, &Office, at(now));
            let expected = (state, worked, waited, left, due.map(at));
            assert_eq!((found.state, found.worked_minutes, found.waited_minutes, found.left_minutes, found.due_at_ms), expected, "{shows}");
        }
    }

    #[test]
    fn nobody_is_reminded_at_midnight() {
        for (text, works) in [
            ("12-04T00:00", false),
            ("12-04T07:59", false),
            ("12-04T08:00", true),
            ("12-04T16:59", true),
            ("12-04T17:00", false),
            ("12-05T10:00", false),
            ("09-16T10:00", false),
        ] {
            assert_eq!(is_working_time(&Office, at(text)), works, "{text}");
        }
    }

    proptest! {
        #[test]
        fn working_time_adds_up(a in 0i64..200_000, b in 0i64..200_000, c in 0i64..200_000, ms in 0i64..600_000_000) {
            let mut edges = [a, b, c];
            edges.sort_unstable();
            let [a, b, c] = edges.map(|minute| at("01-05T00:00").saturating_add_ms(minute * 60_000));
            prop_assert_eq!(working_ms(&Office, a, b) + working_ms(&Office, b, c), working_ms(&Office, a, c));
            let then = after(&Office, a, ms).unwrap();
            prop_assert_eq!(working_ms(&Office, a, then), ms);
        }

        /// Whatever happens: what ran and what waited is what passed in working hours until it was mended.
        #[test]
        fn no_time_is_lost_or_counted_twice(steps in proptest::collection::vec((1i64..4000, 0usize..3), 1..20)) {
            let begin = at("01-05T00:00");
            let (mut turns, mut then) = (vec![(begin, Reported(S2))], begin);
            for (minutes, kind) in steps {
                then = then.saturating_add_ms(minutes * 60_000);
                turns.push((then, [Waits, Resumes, Turn::Severity(S1)][kind]));
            }
            let now = then.saturating_add_ms(3_600_000);
            let found = sla(&turns, &TARGETS, &Office, now);
            prop_assert_eq!(found.worked_minutes + found.waited_minutes, working_ms(&Office, begin, now) / 60_000);
        }
    }
}
