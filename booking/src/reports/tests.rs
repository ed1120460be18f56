//! Trails written row by row, and what reports make of them.

use super::{
    Month, Reports,
    figures::{self, Ask, By, Figures, Key},
    from_the_first_row,
    records::{MONTHS_KEPT, Records},
    wanted,
};
use crate::testing::{DAY, HOUR, NOW};
use kernel::{
    Db,
    audit::{self, Entry},
};
use std::{collections::BTreeMap, sync::Arc};
use wire::{
    Rule, UnixMs,
    id::{AgencyId, FaultId, ReservationId, SiteId},
};

/// A trail in the making.
struct Trail<'a> {
    db: &'a Db,
    agency: AgencyId,
    sites: [SiteId; 2],
}

impl<'a> Trail<'a> {
    fn on(db: &'a Db) -> Self {
        Self { db, agency: AgencyId::fresh(), sites: [SiteId::fresh(), SiteId::fresh()] }
    }

    async fn row(&self, entry: Entry) {
        audit::record_alone(self.db, entry).await.unwrap();
    }

    /// Applied for both sites, for two hours.
    async fn applied(&self, at: UnixMs, starts_at: UnixMs) -> ReservationId {
        let id = ReservationId::fresh();
        let sites: Vec<String> = self.sites.iter().map(ToString::to_string).collect();
        let row = Entry::new(at, "reservation.apply", "reservation", id).on_behalf_of(self.agency).detail("days_before_use", 3);
        self.row(row.detail("sites", sites).detail("starts_at_ms", starts_at.0).detail("ends_at_ms", starts_at.0 + 2 * HOUR)).await;
        id
    }

    async fn act(&self, at: UnixMs, act: &'static str, id: ReservationId) {
        self.row(Entry::new(at, act, "reservation", id)).await;
    }

    async fn at_site(&self, at: UnixMs, act: &'static str, id: ReservationId, site: SiteId) {
        self.row(Entry::new(at, act, "reservation", id).detail("site", site.to_string())).await;
    }

    async fn records(&self) -> Arc<Records> {
        from_the_first_row(self.db).await.unwrap()
    }
}

fn ask(first: &str, last: &str) -> Ask {
    Ask { first: first.parse().unwrap(), last: last.parse().unwrap(), agency: None, sites: None }
}

const fn later(ms: i64) -> UnixMs {
    UnixMs(NOW.0 + ms)
}

fn total(records: &Records, ask: &Ask, now: UnixMs) -> Figures {
    figures::figures(records, ask, By::Everything, now).remove(&Key::All).unwrap_or_default()
}

kernel::on_both! {
    async fn a_session_counts_once_in_total_and_at_each_of_its_sites(db: Db) {
        let trail = Trail::on(&db);
        let used = trail.applied(NOW, later(3 * DAY)).await;
        trail.act(later(HOUR), "reservation.approve", used).await;
        trail.at_site(later(3 * DAY + 3 * HOUR), "condition.file", used, trail.sites[0]).await;
        let missed = Entry::new(later(3 * DAY + HOUR), "reservation.no_show", "reservation", used);
        trail.row(missed.detail("sites", vec![trail.sites[1].to_string()])).await;
        let withdrawn = trail.applied(NOW, later(4 * DAY)).await;
        trail.act(later(3 * HOUR), "reservation.approve", withdrawn).await;
        trail.act(later(4 * HOUR), "reservation.withdraw", withdrawn).await;
        let declined = trail.applied(NOW, later(5 * DAY)).await;
        trail.row(Entry::new(later(2 * HOUR), "reservation.refuse", "reservation", declined).detail("reason_code", "room_needed")).await;
        let records = trail.records().await;

        let before = total(&records, &ask("2026-12", "2026-12"), later(3 * DAY));
        assert_eq!((before.held, before.minutes_held, before.conditions_owed), (0, 0, 0), "what has not ended was not held");
        let after = total(&records, &ask("2026-12", "2026-12"), later(9 * DAY));
        let expected = Figures {
            applications: 3, approved: 1, declined: 1, withdrawn: 1, lead_days_median: Some(3),
            approval_minutes_median: Some(120), approval_minutes_p90: Some(180),
            held: 1, no_shows: 1, minutes_held: 120, conditions_in_time: 1, ..Figures::default()
        };
        assert_eq!(after, expected);
        let sites = figures::figures(&records, &ask("2026-12", "2026-12"), By::Site, later(9 * DAY));
        assert_eq!(sites.len(), 2);
        assert!(sites.values().all(|it| it.applications == 3));
        assert_eq!((sites[&Key::Site(trail.sites[0])].held, sites[&Key::Site(trail.sites[1])].no_shows), (1, 1));
        assert_eq!(total(&records, &ask("2026-11", "2026-11"), later(9 * DAY)), Figures::default());
        let one = Ask { sites: Some(vec![trail.sites[1]]), ..ask("2026-12", "2026-12") };
        assert_eq!((total(&records, &one, later(9 * DAY)).held, total(&records, &one, later(9 * DAY)).no_shows), (0, 1));
    }

    async fn a_report_late_or_owed_is_not_one_in_time(db: Db) {
        let trail = Trail::on(&db);
        let used = trail.applied(NOW, later(3 * DAY)).await;
        trail.act(later(HOUR), "reservation.approve", used).await;
        let end = 3 * DAY + 2 * HOUR;
        trail.at_site(later(end + figures::CONDITION_IN_TIME_MS + 1), "condition.file", used, trail.sites[0]).await;
        let it = total(&*trail.records().await, &ask("2026-12", "2026-12"), later(9 * DAY));
        assert_eq!((it.conditions_in_time, it.conditions_late, it.conditions_owed), (0, 1, 1));
    }

    async fn refusals_count_by_rule_the_most_frequent_first(db: Db) {
        let trail = Trail::on(&db);
        for rule in [Rule::Tp3, Rule::Tp2, Rule::Tp2] {
            let refusal = wire::Refusal::by(wire::Code::LeadTime, rule);
            trail.row(Entry::new(NOW, "reservation.apply", "reservation", ReservationId::fresh()).on_behalf_of(trail.agency).refused(&refusal)).await;
        }
        trail.row(Entry::new(NOW, "reservation.approve", "reservation", ReservationId::fresh()).refused(&wire::Refusal::new(wire::Code::NotFound))).await;
        let records = trail.records().await;
        assert_eq!(figures::refusals_by_rule(&records, &ask("2026-12", "2026-12")), [("TP-2".to_owned(), 2), ("TP-3".to_owned(), 1)]);
        assert_eq!(total(&records, &ask("2026-12", "2026-12"), NOW).refused_by_rules, 3);
        let another = Ask { agency: Some(AgencyId::fresh()), ..ask("2026-12", "2026-12") };
        assert_eq!(figures::refusals_by_rule(&records, &another), []);
    }

    async fn the_time_to_repair_runs_until_the_last_mending(db: Db) {
        let trail = Trail::on(&db);
        let fault = FaultId::fresh();
        let report = Entry::new(NOW, "fault.report", "fault", fault).detail("site", trail.sites[0].to_string()).detail("severity", "s1");
        trail.row(report).await;
        let of = async || total(&*trail.records().await, &ask("2026-12", "2026-12"), later(9 * DAY));
        assert_eq!((of().await.faults, of().await.faults_mended), (1, 0));
        for (after, act) in [(HOUR, "fault.mend"), (2 * HOUR, "fault.reopen"), (5 * HOUR, "fault.mend")] {
            trail.row(Entry::new(later(after), act, "fault", fault)).await;
        }
        assert_eq!((of().await.faults_mended, of().await.repair_minutes_median), (1, Some(300)));
    }

    async fn what_was_folded_in_parts_is_what_the_whole_trail_says(db: Db) {
        let trail = Trail::on(&db);
        let reports = Reports::default();
        for day in 0..5 {
            let id = trail.applied(later(day * DAY), later((day + 3) * DAY)).await;
            let first = reports.up_to_date(&db).await.unwrap();
            assert_eq!(first.last_row(), trail.records().await.last_row());
            trail.act(later(day * DAY + HOUR), "reservation.approve", id).await;
        }
        let (held, whole) = (reports.up_to_date(&db).await.unwrap(), trail.records().await);
        let asked = ask("2026-12", "2026-12");
        assert_eq!(total(&held, &asked, later(20 * DAY)), total(&whole, &asked, later(20 * DAY)));
        assert_eq!(total(&whole, &asked, later(20 * DAY)).held, 10, "five sessions, two sites each");
    }

    async fn what_is_older_than_any_report_is_let_go(db: Db) {
        let trail = Trail::on(&db);
        trail.applied(NOW, later(3 * DAY)).await;
        let far = later((i64::from(MONTHS_KEPT) + 1) * 31 * DAY);
        trail.applied(far, UnixMs(far.0 + 3 * DAY)).await;
        assert_eq!(trail.records().await.applications.len(), 1);
    }

    async fn six_months_below_the_wanted_level_flag_an_agency(db: Db) {
        let start: Month = "2026-01".parse().unwrap();
        let trail = Trail::on(&db);
        trail.row(Entry::new(start.starts_at(), "agency.create", "agency", trail.agency)).await;
        let use_of = |months: &[i32]| {
            let days: Vec<UnixMs> = months.iter().map(|month| UnixMs(start.plus(*month).starts_at().0 + DAY)).collect();
            days
        };
        for at in use_of(&[0, 6]) {
            let id = trail.applied(UnixMs(at.0 - 3 * DAY), at).await;
            trail.act(at, "reservation.approve", id).await;
        }
        let records = trail.records().await;
        let flagged = |wanted: &BTreeMap<AgencyId, i64>, month: i32| {
            let found = wanted::of_agencies(&records, wanted, 1, 12, UnixMs(start.plus(month).starts_at().0 + DAY));
            found.iter().find(|it| it.agency == trail.agency).unwrap().low
        };
        let own = BTreeMap::new();
        // Months 1 to 5 are five; month 6 was used; months 7 to 12 are six.
        for (month, low) in [(3, false), (6, false), (7, false), (12, false), (13, true), (14, true)] {
            assert_eq!(flagged(&own, month), low, "at month {month}");
        }
        assert!(flagged(&BTreeMap::from([(trail.agency, 2)]), 6), "one use a month is below two");
        assert!(!flagged(&BTreeMap::from([(trail.agency, 0)]), 14), "where nothing is wanted nobody is below it");
    }
}
