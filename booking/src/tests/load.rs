//! How long 90 days of three sites take over a million stored bookings, through the whole route. It measures and judges nothing: run it alone
//! and optimised, `cargo nextest run --release -p booking --run-ignored only --no-capture a_million`, and write what it says into
//! `docs/measurements.md`.

use super::cast::officer;
use crate::testing::{DAY, NOW, Plane};
use kernel::{Db, db::Kind};
use std::time::{Duration, Instant};

const QUESTIONS: usize = 500;

/// Nine uses of an hour on each day at each of the three sites, from 1970 on: a hundred years of full rooms, and today is in their midst.
const LITE: [&str; 2] = [
    "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999999)
    INSERT INTO reservation (id, reference, title, purpose, official, classification, state, agency_id, applicant_id, chair_id,
        starts_at_ms, ends_at_ms, use_date, received_at_ms, lawful_until_ms, days_before_use, policy_version, decided_by, decided_at_ms)
    SELECT '019aa000-0000-7000-8001-' || substr('000000000000' || n, -12), 'X-' || n, 'Mesyuarat ' || n, 'Ujian', 1, 'TERBUKA', 'approved',
        '019aa000-0000-7000-8000-00000000a001', '019aa000-0000-7000-8000-00000000f001', '019aa000-0000-7000-8000-00000000f001',
        (n / 27) * 86400000 + (n % 9) * 3600000, (n / 27) * 86400000 + (n % 9 + 1) * 3600000, '1970-01-01', 0, 1, 3, 1,
        '019aa000-0000-7000-8000-00000000f001', 0 FROM numbers",
    "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999999)
    INSERT INTO occupancy (id, reservation_id, site_id, kind, starts_at_ms, ends_at_ms, state)
    SELECT '019aa000-0000-7000-8002-' || substr('000000000000' || n, -12), '019aa000-0000-7000-8001-' || substr('000000000000' || n, -12),
        '019aa000-0000-7000-8000-00000000c00' || ((n / 9) % 3 + 1), 'reservation', (n / 27) * 86400000 + (n % 9) * 3600000,
        (n / 27) * 86400000 + (n % 9 + 1) * 3600000, 'approved' FROM numbers",
];
const POSTGRES: [&str; 2] = [
    "INSERT INTO reservation (id, reference, title, purpose, official, classification, state, agency_id, applicant_id, chair_id,
        starts_at_ms, ends_at_ms, use_date, received_at_ms, lawful_until_ms, days_before_use, policy_version, decided_by, decided_at_ms)
    SELECT '019aa000-0000-7000-8001-' || lpad(n::text, 12, '0'), 'X-' || n, 'Mesyuarat ' || n, 'Ujian', TRUE, 'TERBUKA', 'approved',
        '019aa000-0000-7000-8000-00000000a001', '019aa000-0000-7000-8000-00000000f001', '019aa000-0000-7000-8000-00000000f001',
        (n / 27) * 86400000::bigint + (n % 9) * 3600000, (n / 27) * 86400000::bigint + (n % 9 + 1) * 3600000, '1970-01-01', 0, 1, 3, 1,
        '019aa000-0000-7000-8000-00000000f001', 0 FROM generate_series(0, 999999) AS n",
    "INSERT INTO occupancy (id, reservation_id, site_id, kind, starts_at_ms, ends_at_ms, state)
    SELECT '019aa000-0000-7000-8002-' || lpad(n::text, 12, '0'), '019aa000-0000-7000-8001-' || lpad(n::text, 12, '0'),
        '019aa000-0000-7000-8000-00000000c00' || ((n / 9) % 3 + 1), 'reservation', (n / 27) * 86400000::bigint + (n % 9) * 3600000,
        (n / 27) * 86400000::bigint + (n % 9 + 1) * 3600000, 'approved' FROM generate_series(0, 999999) AS n",
];

fn told(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!("{what}: p50 {:?}, p95 {:?}, p99 {:?}, worst {:?}", at(50), at(95), at(99), at(100));
}

async fn measured(db: Db) {
    let plane = Plane::new(db.clone()).await;
    let someone = officer(&plane, "pegawai").await;
    let began = Instant::now();
    for sql in if db.kind() == Kind::Sqlite { LITE } else { POSTGRES } {
        db.execute_for_tests(sql).await.unwrap();
    }
    db.execute_for_tests("ANALYZE").await.unwrap();
    println!("{:?}: a million bookings stored in {:?}", db.kind(), began.elapsed());
    let (mut grid, mut search) = (Vec::new(), Vec::new());
    for nth in 0..QUESTIONS as i64 {
        let from = NOW.0 + (nth % 300 - 150) * DAY;
        let asked = Instant::now();
        let answered = plane.get(Some(&someone), &format!("/api/v1/availability?from_ms={from}&to_ms={}", from + 90 * DAY)).await;
        grid.push(asked.elapsed());
        if nth == 0 {
            println!("one answer: {} stretches, {} bytes", answered.body["occupancies"].as_array().unwrap().len(), answered.text.len());
        }
        assert!(answered.status.is_success(), "{}", answered.text);
        let question = serde_json::json!({ "sites": plane.sites, "minutes": 60, "from_date": "2026-12-04", "to_date": "2027-03-04" });
        let asked = Instant::now();
        let answered = plane.post(Some(&someone), "/api/v1/availability/search", question).await;
        search.push(asked.elapsed());
        assert!(answered.status.is_success(), "{}", answered.text);
    }
    told("GET /availability, 90 days of three sites", grid);
    told("POST /availability/search, 90 days of three sites", search);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: minutes of work, and nothing to fail"]
async fn a_million_on_sqlite() {
    kernel::testing::on_fresh(Kind::Sqlite, measured).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: minutes of work, and nothing to fail"]
async fn a_million_on_postgres() {
    kernel::testing::on_fresh(Kind::Postgres, measured).await;
}
