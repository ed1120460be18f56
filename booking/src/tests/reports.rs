//! Reports over HTTP: what the acts of a week come to, and who may see it.

use super::cast::{Cast, text};
use crate::testing::{DAY, HOUR, Plane, USE};
use axum::http::Method;
use identity::PersonRole::SystemAdministrator;
use serde_json::json;
use wire::UnixMs;

const REPORT: &str = "/api/v1/reports?from=2026-12&to=2026-12";

kernel::on_both! {
    async fn the_acts_of_a_week_are_what_the_report_says(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let approved = cast.approved(&plane).await;
        let mut late = cast.draft(&plane);
        (late["starts_at_ms"], late["ends_at_ms"]) = (json!(USE.0 - DAY), json!(USE.0 - DAY + HOUR));
        plane.post(Some(&cast.applicant), "/api/v1/reservations", late).await.refused(422, "reservation.lead_time");
        let fault = json!({ "site": plane.sites[0], "severity": "s3", "description": "Mikrofon berdesing" });
        plane.post(Some(&cast.facilitator), "/api/v1/faults", fault).await.ok();
        plane.clock.set(UnixMs(USE.0 + 3 * HOUR));
        let points: Vec<_> = ["camera", "microphone", "display", "sound", "furniture", "cleanliness"]
            .iter().map(|point| json!({ "point": point, "sound": true })).collect();
        let path = format!("/api/v1/reservations/{}/sites/{}/condition", text(&approved["id"]), plane.sites[0]);
        plane.post(Some(&cast.facilitator), &path, json!({ "points": points })).await.ok();

        let report = plane.get(Some(&cast.auditor), REPORT).await.ok();
        let total = &report["total"];
        for (figure, expected) in [
            ("applications", 1), ("refused_by_rules", 1), ("approved", 1), ("held", 2), ("minutes_held", 240), ("conditions_in_time", 1),
            ("conditions_owed", 1), ("faults", 1), ("no_shows", 0), ("lead_days_median", 3), ("approval_minutes_median", 0),
        ] {
            assert_eq!(total[figure], expected, "{figure}: {total}");
        }
        assert_eq!(report["refusals"], json!([{ "rule": "TP-2", "count": 1 }]));
        assert_eq!(report["months"].as_array().unwrap().len(), 1);
        assert_eq!(report["agencies"][0]["agency"]["short_name"], "KKM");
        let cyberjaya = &report["sites"][0];
        assert_eq!((text(&cyberjaya["site"]["short_name"]), &cyberjaya["figures"]["held"]), ("CBJ".into(), &json!(1)));
        assert_eq!(cyberjaya["figures"]["minutes_open"], 21 * 540, "23 weekdays of nine hours, two of them holidays in Selangor");

        let file = plane.get(Some(&cast.auditor), "/api/v1/reports.csv?from=2026-12&to=2026-12").await;
        assert_eq!(file.status, 200);
        let lines: Vec<&str> = file.text.trim_start_matches('\u{feff}').split("\r\n").collect();
        assert!(lines[0].starts_with("month,agency,site,applications,"));
        assert!(lines[1].starts_with("2026-12,,,1,1,1,0,"), "{}", lines[1]);
        assert!(lines[2].starts_with(",Kementerian Kesihatan Malaysia,,1,1,"), "{}", lines[2]);
    }

    async fn a_room_lost_and_another_found_and_a_session_made_longer_count_as_they_came_out(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        plane.clock.set(UnixMs(USE.0 - HOUR / 2));
        let sites = plane.get(Some(&cast.stranger), "/api/v1/sites").await.ok();
        let codec = sites["sites"].as_array().unwrap().iter().find(|it| it["id"] == json!(plane.sites[0])).unwrap()["equipment"]
            .as_array().unwrap().iter().find(|it| it["kind"] == "codec").unwrap()["id"].clone();
        let broken = json!({ "site": plane.sites[0], "equipment": codec, "severity": "s1", "description": "Kodek tidak hidup" });
        let fault = plane.post(Some(&cast.facilitator), "/api/v1/faults", broken).await.ok();
        let total = async || plane.get(Some(&cast.auditor), REPORT).await.ok()["total"].clone();
        assert_eq!((&total().await["displaced"], &total().await["approved"]), (&json!(1), &json!(0)));

        let block = plane.get(Some(&cast.facilitator), &format!("/api/v1/faults/{}", text(&fault["id"]))).await.ok()["block"]["id"].clone();
        let path = format!("/api/v1/blocks/{}/affected/{}", text(&block), text(&booked["id"]));
        plane.post(Some(&cast.facilitator), &path, json!({ "choice": "resite", "site": plane.sites[2] })).await.ok();
        let settled = total().await;
        assert_eq!((&settled["displaced"], &settled["approved"], &settled["overrides"]), (&json!(0), &json!(1), &json!(1)));
        let of_ministry = plane.get(Some(&cast.applicant), REPORT).await.ok();
        assert_eq!(of_ministry["total"]["overrides"], 1, "an exception counts for the agency that it was made for");

        plane.clock.set(UnixMs(USE.0 + HOUR));
        let path = format!("/api/v1/reservations/{}/extension", text(&booked["id"]));
        plane.post(Some(&cast.officers[0]), &path, json!({ "minutes": 30 })).await.ok();
        plane.clock.set(UnixMs(USE.0 + 4 * HOUR));
        let report = plane.get(Some(&cast.auditor), REPORT).await.ok();
        assert_eq!((&report["total"]["held"], &report["total"]["minutes_held"]), (&json!(2), &json!(300)));
        let held: Vec<_> = report["sites"].as_array().unwrap().iter().map(|it| it["figures"]["held"].clone()).collect();
        assert_eq!(held, [json!(0), json!(1), json!(1)], "at the room that was used, not at the one that was booked");
    }

    async fn an_amended_use_counts_where_it_went_and_one_that_nobody_came_to_does_not(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        let path = format!("/api/v1/reservations/{}", text(&booked["id"]));
        let whole = plane.get(Some(&cast.applicant), &path).await.ok();
        let (from, until) = (USE.0 + 34 * DAY, USE.0 + 34 * DAY + HOUR);
        let mut moved = cast.draft(&plane);
        (moved["starts_at_ms"], moved["ends_at_ms"]) = (json!(from), json!(until));
        let amendment = json!({ "version": whole["version"], "draft": moved });
        plane.send(Method::PUT, Some(&cast.applicant), &path, Some(amendment), None).await.ok();
        let total = async |month: &str| {
            plane.get(Some(&cast.auditor), &format!("/api/v1/reports?from={month}&to={month}")).await.ok()["total"].clone()
        };
        assert_eq!((&total("2026-12").await["waiting"], &total("2026-12").await["approved"]), (&json!(1), &json!(0)), "decided anew");
        plane.post(Some(&cast.approver), &format!("{path}/decision"), json!({ "decision": "approve" })).await.ok();
        plane.clock.set(UnixMs(until + HOUR));
        assert_eq!(total("2026-12").await["held"], 0, "it is not where it was");
        assert_eq!((&total("2027-01").await["held"], &total("2027-01").await["minutes_held"]), (&json!(2), &json!(120)));

        for minutes in [10, 15] {
            assert_eq!(crate::use_of_rooms::no_shows_due(&db, UnixMs(from + minutes * 60_000)).await.unwrap(), 1);
        }
        let missed = total("2027-01").await;
        assert_eq!((&missed["held"], &missed["no_shows"]), (&json!(0), &json!(2)), "at both sites");
    }

    async fn each_sees_what_concerns_them_and_nothing_else(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        cast.approved(&plane).await;
        let root = plane.someone("akar", plane.central, &[SystemAdministrator], &[]).await;
        assert_eq!(plane.get(None, REPORT).await.status, 401);
        for who in [&cast.approver, &cast.auditor, &root] {
            assert_eq!(plane.get(Some(who), REPORT).await.ok()["total"]["applications"], 1);
        }
        plane.get(Some(&cast.stranger), REPORT).await.refused(403, "role.missing");
        let own = plane.get(Some(&cast.applicant), REPORT).await.ok();
        assert_eq!((own["total"]["applications"].as_i64(), own["agencies"].as_array().unwrap().len()), (Some(1), 1));
        plane.get(Some(&cast.applicant), &format!("{REPORT}&agency={}", plane.central)).await.refused(403, "role.missing");
        let at_site = plane.get(Some(&cast.facilitator), REPORT).await.ok();
        assert_eq!(at_site["sites"].as_array().unwrap().len(), 1);
        plane.get(Some(&cast.facilitator), &format!("{REPORT}&site={}", plane.sites[1])).await.refused(403, "role.missing");
        for wrong in ["from=2026-13", "from=2027-01&to=2026-01", "from=2020-01&to=2026-01", "month=2026-01"] {
            assert_eq!(plane.get(Some(&cast.auditor), &format!("/api/v1/reports?{wrong}")).await.status, 422, "{wrong}");
        }
    }

    async fn the_approver_says_how_much_use_is_wanted(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let path = format!("/api/v1/reports/use/{}", plane.ministry);
        let put = async |who, uses: i64| plane.send(Method::PUT, Some(who), &path, Some(json!({ "uses_each_month": uses })), None).await;
        put(&cast.auditor, 3).await.refused(403, "role.missing");
        put(&cast.approver, -1).await.refused(422, "request.malformed");
        assert_eq!(put(&cast.approver, 3).await.status, 204);
        let nowhere = format!("/api/v1/reports/use/{}", wire::id::AgencyId::fresh());
        let missing = plane.send(Method::PUT, Some(&cast.approver), &nowhere, Some(json!({ "uses_each_month": 1 })), None).await;
        missing.refused(404, "not_found");
        let watched = plane.get(Some(&cast.auditor), "/api/v1/reports/use").await.ok();
        let ministry = watched["agencies"].as_array().unwrap().iter().find(|it| it["agency"]["short_name"] == "KKM").unwrap();
        assert_eq!((&ministry["uses_wanted"], &ministry["low"]), (&json!(3), &json!(false)), "an agency of today is not low yet");
        assert_eq!(ministry["months"].as_array().unwrap().len(), 12);
        // Of the others the policy says it.
        db.execute_for_tests("UPDATE policy SET wanted_uses_per_month = 5").await.unwrap();
        let watched = plane.get(Some(&cast.auditor), "/api/v1/reports/use").await.ok();
        let wanted = |short: &str| watched["agencies"].as_array().unwrap().iter().find(|it| it["agency"]["short_name"] == short).unwrap()["uses_wanted"].clone();
        assert_eq!((wanted("KKM"), wanted("JDN")), (json!(3), json!(5)));
        plane.get(Some(&cast.applicant), "/api/v1/reports/use").await.refused(403, "role.missing");
        let trail = plane.get(Some(&cast.auditor), "/api/v1/audit?act=agency.want_use").await.ok();
        assert_eq!(trail["rows"].as_array().unwrap().len(), 3, "the refusals stand in the trail too");
    }
}
