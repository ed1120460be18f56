//! Booking over HTTP: a file per group of routes, each with nobody signed in, the wrong role, what is not there, and what goes well; and a
//! table that fails when a route has no case.

pub(crate) mod cast;
mod central;
mod conditions;
mod deciding;
mod demonstration;
mod edge;
mod inventory;
mod load;
mod meetings;
mod photographs;
mod receipt;
mod recordings;
mod reports;
mod rooms;
mod telepresence;

use crate::testing::Plane;
use axum::http::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Every route with a request that would be lawful in shape. A route that is added and not listed here fails the test below.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/sites", "/sites"),
    ("POST", "/sites", "/sites"),
    ("GET", "/sites/{id}", "/sites/019aa000-0000-7000-8000-00000000c001"),
    ("PUT", "/sites/{id}", "/sites/019aa000-0000-7000-8000-00000000c001"),
    ("POST", "/sites/{id}/preview", "/sites/019aa000-0000-7000-8000-00000000c001/preview"),
    ("GET", "/facilitators", "/facilitators"),
    ("GET", "/affected", "/affected"),
    ("GET", "/holidays", "/holidays?year=2026"),
    ("POST", "/holidays/preview", "/holidays/preview"),
    ("POST", "/holidays/changes", "/holidays/changes"),
    ("GET", "/policies", "/policies"),
    ("POST", "/policies", "/policies"),
    ("POST", "/policies/lint", "/policies/lint"),
    ("POST", "/policies/replay", "/policies/replay"),
    ("POST", "/policies/{version}/withdrawal", "/policies/2/withdrawal"),
    ("GET", "/availability", "/availability?from_ms=0&to_ms=1"),
    ("POST", "/availability/search", "/availability/search"),
    ("POST", "/reservations/verdict", "/reservations/verdict"),
    ("POST", "/reservations/{id}/offer", "/reservations/019aa000-0000-7000-8000-000000000001/offer"),
    ("POST", "/reservations/{id}/copy", "/reservations/019aa000-0000-7000-8000-000000000001/copy"),
    ("GET", "/drafts", "/drafts"),
    ("POST", "/drafts", "/drafts"),
    ("GET", "/drafts/{id}", "/drafts/019aa000-0000-7000-8000-000000000001"),
    ("PUT", "/drafts/{id}", "/drafts/019aa000-0000-7000-8000-000000000001"),
    ("DELETE", "/drafts/{id}", "/drafts/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/series", "/series"),
    ("POST", "/series/verdict", "/series/verdict"),
    ("GET", "/series/{id}", "/series/019aa000-0000-7000-8000-000000000001"),
    ("PUT", "/reservations/{id}", "/reservations/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/reservations/{id}/amendment/verdict", "/reservations/019aa000-0000-7000-8000-000000000001/amendment/verdict"),
    ("POST", "/reservations", "/reservations"),
    ("GET", "/reservations", "/reservations?view=mine"),
    ("GET", "/reservations/{id}", "/reservations/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/reservations/{id}/decision", "/reservations/019aa000-0000-7000-8000-000000000001/decision"),
    ("POST", "/reservations/{id}/withdrawal", "/reservations/019aa000-0000-7000-8000-000000000001/withdrawal"),
    (
        "POST",
        "/reservations/{id}/sites/{site}/condition",
        "/reservations/019aa000-0000-7000-8000-000000000001/sites/019aa000-0000-7000-8000-00000000c001/condition",
    ),
    ("GET", "/decisions", "/decisions?view=waiting"),
    ("GET", "/reservations/{id}/dossier", "/reservations/019aa000-0000-7000-8000-000000000001/dossier"),
    ("GET", "/consents", "/consents"),
    (
        "POST",
        "/reservations/{id}/sites/{site}/consent",
        "/reservations/019aa000-0000-7000-8000-000000000001/sites/019aa000-0000-7000-8000-00000000c001/consent",
    ),
    ("GET", "/delegations", "/delegations"),
    ("POST", "/delegations", "/delegations"),
    ("POST", "/delegations/{id}/end", "/delegations/019aa000-0000-7000-8000-000000000001/end"),
    ("GET", "/overrides", "/overrides?view=open"),
    ("POST", "/overrides", "/overrides"),
    ("GET", "/overrides/{id}", "/overrides/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/overrides/{id}/decision", "/overrides/019aa000-0000-7000-8000-000000000001/decision"),
    ("GET", "/conditions", "/conditions"),
    ("GET", "/conditions/{id}", "/conditions/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/conditions/{id}/signature", "/conditions/019aa000-0000-7000-8000-000000000001/signature"),
    ("POST", "/faults", "/faults"),
    ("GET", "/faults", "/faults"),
    ("GET", "/equipment", "/equipment?site=019aa000-0000-7000-8000-00000000c001"),
    ("POST", "/equipment", "/equipment"),
    ("GET", "/equipment/labels.pdf", "/equipment/labels.pdf"),
    ("GET", "/equipment/{id}", "/equipment/019aa000-0000-7000-8000-00000000e101"),
    ("PUT", "/equipment/{id}", "/equipment/019aa000-0000-7000-8000-00000000e101"),
    ("POST", "/equipment/{id}/retirement", "/equipment/019aa000-0000-7000-8000-00000000e101/retirement"),
    ("DELETE", "/equipment/{id}/retirement", "/equipment/019aa000-0000-7000-8000-00000000e101/retirement"),
    ("POST", "/equipment/{id}/self-test", "/equipment/019aa000-0000-7000-8000-00000000e101/self-test"),
    ("GET", "/faults/open", "/faults/open?site=019aa000-0000-7000-8000-00000000c001"),
    ("GET", "/faults/targets", "/faults/targets"),
    ("PUT", "/faults/targets", "/faults/targets"),
    ("GET", "/faults/{id}", "/faults/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/faults/{id}/acts", "/faults/019aa000-0000-7000-8000-000000000001/acts"),
    ("POST", "/maintenance", "/maintenance"),
    ("GET", "/maintenance", "/maintenance?from_ms=0&to_ms=1"),
    ("POST", "/maintenance/preview", "/maintenance/preview"),
    ("GET", "/maintenance/{id}", "/maintenance/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/maintenance/{id}/acts", "/maintenance/019aa000-0000-7000-8000-000000000001/acts"),
    ("POST", "/blocks", "/blocks"),
    ("GET", "/blocks", "/blocks?site=019aa000-0000-7000-8000-00000000c001&from_ms=0&to_ms=1"),
    ("POST", "/blocks/preview", "/blocks/preview"),
    ("GET", "/blocks/{id}", "/blocks/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/blocks/{id}/end", "/blocks/019aa000-0000-7000-8000-000000000001/end"),
    (
        "POST",
        "/blocks/{id}/affected/{reservation}",
        "/blocks/019aa000-0000-7000-8000-000000000001/affected/019aa000-0000-7000-8000-000000000001",
    ),
    ("POST", "/photographs", "/photographs"),
    ("GET", "/photographs/{id}", "/photographs/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/meetings", "/meetings"),
    ("GET", "/meetings", "/meetings?from_ms=0&to_ms=1"),
    ("GET", "/meetings/{id}", "/meetings/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/meetings/{id}/grant", "/meetings/019aa000-0000-7000-8000-000000000001/grant"),
    ("GET", "/presence", "/presence?people=019aa000-0000-7000-8000-000000000001"),
    ("PUT", "/me/presence", "/me/presence"),
    ("GET", "/meetings/{id}/attendance", "/meetings/019aa000-0000-7000-8000-000000000001/attendance"),
    ("GET", "/meetings/{id}/attendance.csv", "/meetings/019aa000-0000-7000-8000-000000000001/attendance.csv"),
    ("POST", "/meetings/{id}/readmission", "/meetings/019aa000-0000-7000-8000-000000000001/readmission"),
    ("GET", "/meetings/{id}/invitation.ics", "/meetings/019aa000-0000-7000-8000-000000000001/invitation.ics"),
    ("GET", "/notices", "/notices"),
    ("POST", "/notices/read", "/notices/read"),
    ("GET", "/reports", "/reports"),
    ("GET", "/reports.csv", "/reports.csv"),
    ("GET", "/reports/use", "/reports/use"),
    ("PUT", "/reports/use/{agency}", "/reports/use/019aa000-0000-7000-8000-000000000001"),
    (
        "POST",
        "/reservations/{id}/sites/{site}/check-in",
        "/reservations/019aa000-0000-7000-8000-000000000001/sites/019aa000-0000-7000-8000-00000000c001/check-in",
    ),
    (
        "DELETE",
        "/reservations/{id}/sites/{site}/check-in",
        "/reservations/019aa000-0000-7000-8000-000000000001/sites/019aa000-0000-7000-8000-00000000c001/check-in",
    ),
    ("GET", "/reservations/{id}/extension", "/reservations/019aa000-0000-7000-8000-000000000001/extension"),
    ("POST", "/reservations/{id}/extension", "/reservations/019aa000-0000-7000-8000-000000000001/extension"),
    ("GET", "/changes", "/changes?about=019aa000-0000-7000-8000-000000000001"),
    ("GET", "/devices", "/devices"),
    ("POST", "/devices/enrolments", "/devices/enrolments"),
    ("POST", "/devices/enrolments/{id}/confirmation", "/devices/enrolments/019aa000-0000-7000-8000-000000000001/confirmation"),
    ("POST", "/devices/{id}/revocation", "/devices/019aa000-0000-7000-8000-000000000001/revocation"),
    ("GET", "/mail", "/mail"),
    ("GET", "/mail/{id}", "/mail/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/mail/{id}/resend", "/mail/019aa000-0000-7000-8000-000000000001/resend"),
    ("GET", "/calendar/feeds", "/calendar/feeds"),
    ("POST", "/calendar/feeds", "/calendar/feeds"),
    ("DELETE", "/calendar/feeds/{id}", "/calendar/feeds/019aa000-0000-7000-8000-000000000001"),
    ("GET", "/meetings/{id}/recordings", "/meetings/019aa000-0000-7000-8000-000000000001/recordings"),
    ("POST", "/recordings/{id}/view", "/recordings/019aa000-0000-7000-8000-000000000001/view"),
];

/// The routes of devices: no session opens them, and no cookie.
const DEVICE_ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/panel/enrolments", "/panel/enrolments"),
    ("GET", "/panel/enrolments/{id}", "/panel/enrolments/019aa000-0000-7000-8000-000000000001"),
    ("POST", "/panel/credential", "/panel/credential"),
    ("GET", "/panel/schedule", "/panel/schedule"),
    ("POST", "/panel/faults", "/panel/faults"),
    ("POST", "/panel/reservations/{id}/check-in", "/panel/reservations/019aa000-0000-7000-8000-000000000001/check-in"),
    ("POST", "/panel/reservations/{id}/extension", "/panel/reservations/019aa000-0000-7000-8000-000000000001/extension"),
    ("POST", "/panel/reservations/{id}/grant", "/panel/reservations/019aa000-0000-7000-8000-000000000001/grant"),
];

kernel::on_both! {
    async fn every_route_is_listed_and_refuses_a_stranger_and_a_foreign_page(db: Db) {
        let plane = Plane::new(db).await;
        let document = crate::router(plane.booking.clone(), plane.identity.clone()).split_for_parts().1;
        let document = serde_json::to_value(&document).unwrap();
        let documented: BTreeSet<(String, String)> = document["paths"].as_object().unwrap().iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())))
            .collect();
        let listed: BTreeSet<(String, String)> = ROUTES.iter().chain(DEVICE_ROUTES).map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        assert_eq!(documented, listed);

        let mut forger = cast::officer(&plane, "pegawai").await;
        forger.without_csrf = true;
        for (method, _, path) in ROUTES {
            let (method, path): (Method, _) = (method.parse().unwrap(), format!("/api/v1{path}"));
            let unsafe_method = method != Method::GET;
            let body = unsafe_method.then(|| json!({}));
            plane.send(method.clone(), None, &path, body.clone(), None).await.refused(401, "sign_in.required");
            if unsafe_method {
                plane.send(method, Some(&forger), &path, body, None).await.refused(403, "csrf.missing");
            }
        }
        let officer = cast::officer(&plane, "pegawai-dua").await;
        for (method, _, path) in DEVICE_ROUTES {
            let (method, path): (Method, _) = (method.parse().unwrap(), format!("/api/v1{path}"));
            for who in [None, Some(&officer)] {
                let body = (method == Method::POST).then(|| json!({}));
                plane.send(method.clone(), who, &path, body, None).await.refused(401, "device.unknown");
            }
        }
    }
}
