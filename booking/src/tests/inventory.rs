//! The inventory over HTTP: who writes it, what a piece is, how it stands by its faults, and the labels.

use super::cast::{Cast, text};
use crate::testing::{NOW, Plane, Someone};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use identity::PersonRole;
use serde_json::{Value, json};

fn camera(plane: &Plane, site: usize) -> Value {
    json!({ "site": plane.sites[site], "name": "Kamera meja", "kind": "camera", "criticality": "degrades", "serial": " SN-77 ", "warranty_until": "2027-01-31" })
}

async fn listed(plane: &Plane, who: &Someone, site: usize) -> Vec<Value> {
    let answered = plane.get(Some(who), &format!("/api/v1/equipment?site={}", plane.sites[site])).await.ok();
    answered["equipment"].as_array().unwrap().clone()
}

async fn put(plane: &Plane, who: &Someone, path: &str, body: Value) -> crate::testing::Answered {
    plane.send(Method::PUT, Some(who), path, Some(body), None).await
}

kernel::on_both! {
    async fn a_site_begins_with_what_stands_there_and_names_it_in_words(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let all = listed(&plane, &cast.facilitator, 0).await;
        let of = |tag: &str| all.iter().find(|it| it["tag"] == tag).unwrap().clone();
        assert_eq!(all.len(), 4);
        let first = of("CBJ-CAM-1");
        assert_eq!((text(&first["name"]), text(&first["criticality"]), text(&first["state"])), ("Kamera utama".into(), "critical".into(), "in_order".into()));
        assert_eq!(first["address"], "https://sidang.example/f/CBJ-CAM-1");
        assert_eq!(of("CBJ-DSP-1")["criticality"], "degrades");
        // What everyone sees of it still says whether the room can be used without it.
        let sites = plane.get(Some(&cast.stranger), "/api/v1/sites").await.ok();
        let seen: Vec<(String, bool)> =
            sites["sites"][0]["equipment"].as_array().unwrap().iter().map(|it| (text(&it["tag"]), it["critical"] == json!(true))).collect();
        assert_eq!(seen, [("CBJ-CAM-1".into(), true), ("CBJ-COD-1".into(), true), ("CBJ-DSP-1".into(), false), ("CBJ-MIC-1".into(), true)]);
    }

    async fn a_piece_is_added_amended_tested_and_retired_by_those_who_keep_it(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let keeper = &cast.facilitator;
        for (who, status) in [(&cast.stranger, 403), (&cast.applicant, 403), (&cast.auditor, 403)] {
            assert_eq!(plane.post(Some(who), "/api/v1/equipment", camera(&plane, 0)).await.status.as_u16(), status);
        }
        plane.post(Some(keeper), "/api/v1/equipment", camera(&plane, 1)).await.refused(403, "role.missing");
        let send = async || plane.send(Method::POST, Some(keeper), "/api/v1/equipment", Some(camera(&plane, 0)), Some("k")).await.ok();
        let added = send().await["equipment"].clone();
        assert_eq!((text(&added["tag"]), text(&added["serial"]), &added["version"]), ("CBJ-CAM-2".into(), "SN-77".into(), &json!(1)));
        assert_eq!(send().await["equipment"]["id"], added["id"], "sent twice, written once");
        let central = plane.post(Some(&cast.approver), "/api/v1/equipment", camera(&plane, 1)).await.ok();
        assert_eq!(central["equipment"]["tag"], "SWK-CAM-2");

        for (field, value) in [
            ("name", json!(" ")), ("kind", json!("toaster")), ("criticality", json!("some")), ("bought_on", json!("2028-01-01")),
            ("room", json!(wire::id::RoomId::fresh())), ("site", json!(wire::id::SiteId::fresh())), ("photographs", json!([wire::id::PhotographId::fresh()])),
        ] {
            let mut wrong = camera(&plane, 0);
            wrong[field] = value;
            let who = if field == "site" { &cast.approver } else { keeper };
            plane.post(Some(who), "/api/v1/equipment", wrong).await.refused(422, "request.malformed");
        }

        let path = format!("/api/v1/equipment/{}", text(&added["id"]));
        let sites = plane.get(Some(keeper), "/api/v1/sites").await.ok();
        let room = sites["sites"][0]["rooms"][0]["id"].clone();
        let mut amended = json!({ "version": 1, "name": "Kamera belakang", "kind": "camera", "criticality": "critical", "firmware": "4.2", "room": room });
        put(&plane, &cast.stranger, &path, amended.clone()).await.refused(403, "role.missing");
        let page = put(&plane, keeper, &path, amended.clone()).await.ok();
        assert_eq!((text(&page["equipment"]["name"]), page["equipment"].get("serial"), &page["equipment"]["version"]), ("Kamera belakang".into(), None, &json!(2)));
        put(&plane, keeper, &path, amended.clone()).await.refused(409, "conflict");
        amended["version"] = json!(2);
        put(&plane, keeper, &path, amended).await.ok();
        plane.post(Some(keeper), &format!("{path}/self-test"), json!({})).await.ok();
        let gone = plane.post(Some(keeper), &format!("{path}/retirement"), json!({})).await.ok();
        assert_eq!((&gone["equipment"]["state"], &gone["equipment"]["tested_at_ms"]), (&json!("retired"), &json!(NOW)));
        plane.post(Some(keeper), &format!("{path}/retirement"), json!({})).await.refused(409, "conflict");
        plane.post(Some(keeper), &format!("{path}/self-test"), json!({})).await.refused(409, "conflict");
        let seen = plane.get(Some(keeper), "/api/v1/sites").await.ok();
        assert_eq!(seen["sites"][0]["equipment"].as_array().unwrap().len(), 4, "what is retired is not offered for a fault");
        // Its tag stays its own.
        let next = plane.post(Some(keeper), "/api/v1/equipment", camera(&plane, 0)).await.ok();
        assert_eq!(next["equipment"]["tag"], "CBJ-CAM-3");
        plane.send(Method::DELETE, Some(keeper), &format!("{path}/retirement"), None, None).await.ok();

        let page = plane.get(Some(&cast.auditor), &path).await.ok();
        let acts: Vec<String> = page["history"].as_array().unwrap().iter().map(|it| text(&it["act"])).collect();
        assert_eq!(acts, ["restore", "retire", "test", "amend", "amend", "add"]);
        assert_eq!((&page["history"][4]["changed"], text(&page["history"][4]["by"])), (&json!(["name", "criticality", "room", "serial", "firmware", "warranty_until"]), "fasilitator".into()));
        plane.get(Some(&cast.stranger), &path).await.refused(404, "not_found");
        plane.get(Some(keeper), &format!("/api/v1/equipment/{}", wire::id::EquipmentId::fresh())).await.refused(404, "not_found");
        for who in [&cast.stranger, &cast.applicant] {
            plane.get(Some(who), &format!("/api/v1/equipment?site={}", plane.sites[0])).await.refused(403, "role.missing");
        }
    }

    async fn how_a_piece_stands_is_what_its_faults_say(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let microphone = listed(&plane, &cast.facilitator, 0).await.into_iter().find(|it| it["kind"] == "microphones").unwrap();
        let report = async |severity: &str| {
            let fault = json!({ "site": plane.sites[0], "equipment": microphone["id"], "severity": severity, "description": "Rosak" });
            plane.post(Some(&cast.facilitator), "/api/v1/faults", fault).await.ok();
            let all = listed(&plane, &cast.facilitator, 0).await;
            text(&all.iter().find(|it| it["id"] == microphone["id"]).unwrap()["state"])
        };
        assert_eq!(report("s4").await, "in_order");
        assert_eq!(report("s2").await, "out_of_order");
    }

    async fn labels_are_for_those_who_keep_the_site(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let labels = async |who: &Someone, query: &str| {
            let request = Request::get(format!("/api/v1/equipment/labels.pdf{query}")).body(Body::empty()).unwrap();
            let response = plane.answer(Some(who), request).await;
            let (status, kind) = (response.status(), response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned());
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            (status, kind, text.matches("-1)").count())
        };
        let of_site = |site: usize| format!("?site={}", plane.sites[site]);
        let pdf = "application/pdf".to_owned();
        assert_eq!(labels(&cast.facilitator, "").await, (StatusCode::OK, pdf.clone(), 4));
        assert_eq!(labels(&cast.approver, "").await, (StatusCode::OK, pdf.clone(), 12));
        assert_eq!(labels(&cast.facilitator, &format!("{}&tags=CBJ-CAM-1,CBJ-MIC-1&skip=23", of_site(0))).await, (StatusCode::OK, pdf, 2));
        for (who, query, status) in [
            (&cast.stranger, String::new(), 403), (&cast.facilitator, of_site(1), 403), (&cast.facilitator, "?tags=SWK-CAM-1".into(), 422),
            (&cast.facilitator, "?skip=-1".into(), 422), (&cast.stranger, of_site(0), 403),
        ] {
            assert_eq!(labels(who, &query).await.0.as_u16(), status, "{query}");
        }
    }
}

#[tokio::test]
async fn the_administrator_of_the_central_agency_keeps_every_site() {
    let (db, _folder) = kernel::testing::sqlite().await;
    let plane = Plane::new(db).await;
    let administrator = plane.someone("pentadbir.pusat", plane.central, &[PersonRole::UcAdministrator], &[]).await;
    assert_eq!(listed(&plane, &administrator, 2).await.len(), 4);
    let of_a_ministry = plane.someone("pentadbir.kkm", plane.ministry, &[PersonRole::UcAdministrator], &[]).await;
    plane.get(Some(&of_a_ministry), &format!("/api/v1/equipment?site={}", plane.sites[2])).await.refused(403, "role.missing");
}
