//! Devices over HTTP on both databases: enrolled by two people, known by their key, told little, gone at once.

use super::proof;
use crate::{
    media::commands,
    testing::{Answered, DAY, HOUR, NOW, Plane, Someone, USE, settings},
    tests::cast::{Cast, text},
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use identity::PersonRole::*;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use serde_json::{Value, json};
use wire::{
    UnixMs,
    control::Command,
    grant::{GrantClaims, PROOF_TYP, ProofClaims},
    id::DeviceId,
    limits::GRANT_LIFE_S_MAX,
};

/// A browser's key that cannot leave it.
struct Key {
    signing: EncodingKey,
    jwk: Jwk,
}

impl Key {
    fn fresh() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let signing = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256).unwrap();
        Self { signing, jwk }
    }

    fn jkt(&self) -> String {
        self.jwk.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    fn sign(&self, claims: &ProofClaims) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(PROOF_TYP.into());
        header.jwk = Some(self.jwk.clone());
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap()
    }
}

fn claims(plane: &Plane, method: &Method, path: &str, credential: Option<&str>) -> ProofClaims {
    ProofClaims {
        jti: uuid::Uuid::now_v7().to_string(),
        iat: kernel::Clock::now(&*plane.clock).seconds(),
        htm: method.to_string(),
        htu: format!("http://localhost{}", path.split('?').next().unwrap()),
        ath: credential.map(proof::hash),
    }
}

async fn signed(plane: &Plane, method: Method, path: &str, proof: &str, credential: Option<&str>, body: Option<Value>) -> Answered {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost").header("dpop", proof);
    if let Some(credential) = credential {
        request = request.header(header::AUTHORIZATION, format!("DPoP {credential}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    plane.raw(request.body(body).unwrap()).await
}

async fn send(plane: &Plane, key: &Key, method: Method, path: &str, credential: Option<&str>, body: Option<Value>) -> Answered {
    let proof = key.sign(&claims(plane, &method, path, credential));
    signed(plane, method, path, &proof, credential, body).await
}

/// A device that stands at a site.
struct Panel {
    key: Key,
    id: DeviceId,
    credential: String,
}

impl Panel {
    async fn at(plane: &Plane, cast: &Cast, kind: &str) -> Self {
        let key = Key::fresh();
        let shown = send(plane, &key, Method::POST, "/api/v1/panel/enrolments", None, None).await.ok();
        let entered = plane.post(Some(&cast.facilitator), "/api/v1/devices/enrolments", entering(plane, &shown, kind)).await.ok();
        let waiting = text(&entered["waiting"].as_array().unwrap().last().unwrap()["id"]);
        confirm(plane, &cast.approver, &waiting).await.ok();
        let answer = send(plane, &key, Method::POST, "/api/v1/panel/credential", None, None).await.ok();
        Self { key, id: text(&answer["device"]["id"]).parse().unwrap(), credential: text(&answer["credential"]) }
    }

    async fn get(&self, plane: &Plane, path: &str) -> Answered {
        send(plane, &self.key, Method::GET, path, Some(&self.credential), None).await
    }

    async fn post(&self, plane: &Plane, path: &str, body: Value) -> Answered {
        send(plane, &self.key, Method::POST, path, Some(&self.credential), Some(body)).await
    }

    async fn renew(&mut self, plane: &Plane) {
        let answer = send(plane, &self.key, Method::POST, "/api/v1/panel/credential", None, None).await.ok();
        self.credential = text(&answer["credential"]);
    }
}

const SCHEDULE: &str = "/api/v1/panel/schedule";

fn entering(plane: &Plane, shown: &Value, kind: &str) -> Value {
    json!({ "code": shown["code"], "site": plane.sites[0], "kind": kind, "name": "Kodek" })
}

async fn confirm(plane: &Plane, who: &Someone, id: &str) -> Answered {
    plane.post(Some(who), &format!("/api/v1/devices/enrolments/{id}/confirmation"), json!({ "confirm": true })).await
}

async fn sent(plane: &Plane) -> Vec<Command> {
    let mut tx = plane.booking.db.read().await.unwrap();
    commands::after(&mut tx, 0).await.unwrap().into_iter().map(|it| it.command).collect()
}

fn claims_of(grant: &Value) -> GrantClaims {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let token = text(&grant["token"]);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

kernel::on_both! {
    async fn a_device_is_enrolled_by_its_code_and_two_people(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let key = Key::fresh();
        let shown = send(&plane, &key, Method::POST, "/api/v1/panel/enrolments", None, None).await.ok();
        assert_eq!((text(&shown["code"]).len(), &shown["expires_at_ms"]), (8, &json!(NOW.0 + 600_000)));
        let standing = format!("/api/v1/panel/enrolments/{}", text(&shown["id"]));
        let state = async |key: &Key| send(&plane, key, Method::GET, &standing, None, None).await;
        assert_eq!(state(&key).await.ok()["state"], "waiting");
        state(&Key::fresh()).await.refused(404, "not_found");
        // Not enrolled yet: nothing.
        send(&plane, &key, Method::POST, "/api/v1/panel/credential", None, None).await.refused(401, "device.unknown");

        let body = entering(&plane, &shown, "room_system");
        for wrong in [&cast.stranger, &cast.approver, &cast.applicant, &cast.auditor] {
            plane.post(Some(wrong), "/api/v1/devices/enrolments", body.clone()).await.refused(403, "role.missing");
        }
        let mut elsewhere = body.clone();
        elsewhere["site"] = json!(plane.sites[1]);
        plane.post(Some(&cast.facilitator), "/api/v1/devices/enrolments", elsewhere).await.refused(403, "role.missing");
        let list = plane.post(Some(&cast.facilitator), "/api/v1/devices/enrolments", body.clone()).await.ok();
        let waiting = &list["waiting"][0];
        assert_eq!((&waiting["fingerprint"], &waiting["may_confirm"]), (&shown["fingerprint"], &json!(false)));
        let standing_now = state(&key).await.ok();
        assert_eq!((&standing_now["state"], &standing_now["site"]["short_name"]), (&json!("entered"), &json!("CBJ")));
        plane.post(Some(&cast.facilitator), "/api/v1/devices/enrolments", body).await.refused(422, "device.code");

        let id = text(&waiting["id"]);
        let own = confirm(&plane, &cast.facilitator, &id).await;
        assert_eq!(own.refused(403, "device.second_person")["rule"], "SEC-3");
        for wrong in [&cast.stranger, &cast.applicant, &cast.auditor] {
            confirm(&plane, wrong, &id).await.refused(403, "role.missing");
        }
        let elsewhere = plane.someone("fasilitator-dua", plane.central, &[Officer, Facilitator], &plane.sites[1..2]).await;
        confirm(&plane, &elsewhere, &id).await.refused(403, "role.missing");
        let beside = plane.someone("fasilitator-tiga", plane.central, &[Officer, Facilitator], &plane.sites[..1]).await;
        let list = confirm(&plane, &beside, &id).await.ok();
        assert_eq!((&list["devices"][0]["confirmed_by"]["name"], list["waiting"].as_array().unwrap().len()), (&json!("fasilitator-tiga"), 0));
        confirm(&plane, &cast.approver, &id).await.refused(409, "device.enrolment_state");
        assert_eq!(state(&key).await.ok()["state"], "confirmed");

        let given = send(&plane, &key, Method::POST, "/api/v1/panel/credential", None, None).await.ok();
        assert_eq!((&given["expires_at_ms"], &given["device"]["kind"]), (&json!(NOW.0 + DAY), &json!("room_system")));
        let schedule = send(&plane, &key, Method::GET, SCHEDULE, Some(&text(&given["credential"])), None).await.ok();
        assert_eq!((&schedule["site"]["short_name"], schedule["items"].as_array().unwrap().len()), (&json!("CBJ"), 0));
    }

    async fn a_code_lives_ten_minutes_and_bears_five_tries(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let ask = async || send(&plane, &Key::fresh(), Method::POST, "/api/v1/panel/enrolments", None, None).await.ok();
        let enter = async |body: Value| plane.post(Some(&cast.facilitator), "/api/v1/devices/enrolments", body).await;
        let late = entering(&plane, &ask().await, "panel");
        plane.clock.set(UnixMs(NOW.0 + 600_000 - 1));
        let intime = entering(&plane, &ask().await, "panel");
        plane.clock.set(UnixMs(NOW.0 + 600_000));
        enter(late).await.refused(422, "device.code");
        let list = enter(intime).await.ok();
        // Entered in time, confirmed too late.
        plane.clock.set(UnixMs(NOW.0 + 600_000 - 1 + 600_000));
        confirm(&plane, &cast.approver, &text(&list["waiting"][0]["id"])).await.refused(409, "device.enrolment_state");

        plane.clock.set(UnixMs(NOW.0 + HOUR));
        let shown = ask().await;
        let mut wrong = entering(&plane, &shown, "panel");
        for left in (0..5).rev() {
            wrong["code"] = json!("22222222");
            assert_eq!(enter(wrong.clone()).await.refused(422, "device.code")["values"]["tries_left"], left);
        }
        enter(entering(&plane, &shown, "panel")).await.refused(429, "rate.limited");
        let beside = plane.someone("fasilitator-tiga", plane.central, &[Officer, Facilitator], &plane.sites[..1]).await;
        plane.post(Some(&beside), "/api/v1/devices/enrolments", entering(&plane, &shown, "panel")).await.ok();
        plane.clock.set(UnixMs(NOW.0 + HOUR + 600_000));
        enter(entering(&plane, &ask().await, "panel")).await.ok();
    }

    async fn what_is_copied_or_shown_twice_opens_nothing(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let mut panel = Panel::at(&plane, &cast, "panel").await;
        let get = Method::GET;
        // The same proof twice.
        let proof = panel.key.sign(&claims(&plane, &get, SCHEDULE, Some(&panel.credential)));
        signed(&plane, get.clone(), SCHEDULE, &proof, Some(&panel.credential), None).await.ok();
        signed(&plane, get.clone(), SCHEDULE, &proof, Some(&panel.credential), None).await.refused(401, "device.proof");
        // The credential on another machine, which has another key.
        send(&plane, &Key::fresh(), Method::GET, SCHEDULE, Some(&panel.credential), None).await.refused(401, "device.unknown");
        // A proof that was made for another request, credential, time.
        let right = claims(&plane, &get, SCHEDULE, Some(&panel.credential));
        let seconds = right.iat;
        let fresh = || uuid::Uuid::now_v7().to_string();
        let table = [
            ("another method", ProofClaims { htm: "POST".into(), jti: fresh(), ..right.clone() }),
            ("another path", ProofClaims { htu: "http://localhost/api/v1/panel/credential".into(), jti: fresh(), ..right.clone() }),
            ("another host", ProofClaims { htu: format!("https://evil.example{SCHEDULE}"), jti: fresh(), ..right.clone() }),
            ("another credential", ProofClaims { ath: Some(proof::hash("x")), jti: fresh(), ..right.clone() }),
            ("no credential", ProofClaims { ath: None, jti: fresh(), ..right.clone() }),
            ("too old", ProofClaims { iat: seconds - 91, jti: fresh(), ..right.clone() }),
            ("of the future", ProofClaims { iat: seconds + 91, jti: fresh(), ..right.clone() }),
            ("without a name", ProofClaims { jti: String::new(), ..right.clone() }),
        ];
        for (name, wrong) in table {
            let answer = signed(&plane, get.clone(), SCHEDULE, &panel.key.sign(&wrong), Some(&panel.credential), None).await;
            assert_eq!(answer.body["code"], "device.proof", "{name}");
        }
        let public = ProofClaims { htu: format!("https://sidang.example{SCHEDULE}"), jti: fresh(), ..right.clone() };
        signed(&plane, get.clone(), SCHEDULE, &panel.key.sign(&public), Some(&panel.credential), None).await.ok();
        signed(&plane, get.clone(), SCHEDULE, "a.b.c", Some(&panel.credential), None).await.refused(401, "device.proof");
        // As a bearer's it is nothing.
        let bearer = Request::get(SCHEDULE).header(header::HOST, "localhost").header(header::AUTHORIZATION, format!("Bearer {}", panel.credential));
        plane.raw(bearer.body(Body::empty()).unwrap()).await.refused(401, "device.unknown");
        // The one before the last, and the last after a day.
        let before = panel.credential.clone();
        panel.renew(&plane).await;
        send(&plane, &panel.key, Method::GET, SCHEDULE, Some(&before), None).await.refused(401, "device.credential");
        plane.clock.set(UnixMs(NOW.0 + DAY - 1));
        panel.get(&plane, SCHEDULE).await.ok();
        plane.clock.set(UnixMs(NOW.0 + DAY));
        panel.get(&plane, SCHEDULE).await.refused(401, "device.credential");
        panel.renew(&plane).await;
        panel.get(&plane, SCHEDULE).await.ok();
        let stored = plane.booking.db.clone();
        let kept: i64 = kernel::on!(&mut stored.read().await.unwrap(), c => sqlx::query_scalar("SELECT COUNT(*) FROM device WHERE credential_hash LIKE '%-%'").fetch_one(c).await).unwrap();
        assert_eq!(kept, 0, "the credential itself is kept nowhere");
    }

    async fn a_device_is_told_its_own_site_s_day_and_never_the_people(db: Db) {
        let plane = Plane::with(db, crate::Settings { classified_without_e2ee: true, ..settings() }).await;
        let cast = Cast::new(&plane).await;
        let mut panel = Panel::at(&plane, &cast, "panel").await;
        let approve = async |change: &dyn Fn(&mut Value)| {
            let mut draft = cast.draft(&plane);
            change(&mut draft);
            let id = text(&plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await.ok()["id"]);
            plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
            id
        };
        let open = approve(&|_| {}).await;
        approve(&|it| {
            it["classification"] = json!("SULIT");
            it["title"] = json!("Perkara sulit");
            it["starts_at_ms"] = json!(USE.0 + 2 * HOUR);
            it["ends_at_ms"] = json!(USE.0 + 3 * HOUR);
        }).await;
        // Of other sites, and beyond a day: nothing.
        approve(&|it| {
            it["title"] = json!("Di tempat lain");
            it["sites"] = json!([{ "site": plane.sites[1], "people": [cast.officers[0].id] }, { "site": plane.sites[2], "people": [cast.officers[2].id] }]);
            it["starts_at_ms"] = json!(USE.0 + 4 * HOUR);
            it["ends_at_ms"] = json!(USE.0 + 5 * HOUR);
        }).await;
        plane.clock.set(UnixMs(USE.0 - DAY - 1));
        panel.renew(&plane).await;
        let early = panel.get(&plane, SCHEDULE).await.ok();
        assert_eq!(early["items"].as_array().unwrap().len(), 0);
        plane.clock.set(UnixMs(USE.0 - HOUR));
        panel.renew(&plane).await;
        let answer = panel.get(&plane, SCHEDULE).await;
        for hidden in ["satu", "dua", "tiga", "Perkara sulit", "Di tempat lain", "Penyelarasan projek", "agensi.example", "KKM"] {
            assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
        }
        let schedule = answer.ok();
        let items = schedule["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["title"], items[1].get("title")), (2, &json!("Mesyuarat penyelarasan"), None));
        assert_eq!((&items[0]["reservation"], &items[0]["checked_in"], &items[0]["extension_minutes"]), (&json!(open), &json!(false), &json!(0)));

        // Check-in at the panel, not before its door opens and not of another site's session.
        let path = format!("/api/v1/panel/reservations/{open}/check-in");
        panel.post(&plane, &path, json!({})).await.refused(409, "check_in.time");
        plane.clock.set(UnixMs(USE.0 - 15 * 60_000));
        let after = panel.post(&plane, &path, json!({})).await.ok();
        assert_eq!(after["items"][0]["checked_in"], true);
        assert_ne!(after["version"], schedule["version"]);
        panel.post(&plane, &format!("/api/v1/panel/reservations/{}/check-in", DeviceId::fresh()), json!({})).await.refused(404, "not_found");
        // A door panel does not join.
        panel.post(&plane, &format!("/api/v1/panel/reservations/{open}/grant"), json!({})).await.refused(403, "device.forbidden");
        // More time, while it runs: the next one begins at its end.
        plane.clock.set(USE);
        let extension = format!("/api/v1/panel/reservations/{open}/extension");
        let taken = panel.post(&plane, &extension, json!({ "minutes": 15 })).await;
        assert_eq!(taken.refused(409, "extension.taken")["values"]["free_until_ms"], json!(USE.0 + 2 * HOUR));
    }

    async fn a_room_system_joins_as_its_site_inside_the_window_alone(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let mut room = Panel::at(&plane, &cast, "room_system").await;
        let id = text(&cast.approved(&plane).await["id"]);
        let path = format!("/api/v1/panel/reservations/{id}/grant");
        let quarter = 15 * 60_000;
        for (now, open) in [(USE.0 - quarter - 1000, false), (USE.0 - quarter, true), (USE.0 + 2 * HOUR + quarter - 1000, true), (USE.0 + 2 * HOUR + quarter, false)] {
            plane.clock.set(UnixMs(now));
            room.renew(&plane).await;
            let answer = room.post(&plane, &path, json!({})).await;
            match open {
                true => {
                    let claims = claims_of(&answer.ok());
                    let system = claims.room_system.unwrap();
                    assert_eq!((system.device, system.site, system.people_max), (room.id, plane.sites[0], 6));
                    assert_eq!((claims.sub.0, claims.name.as_str()), (room.id.0, "MAMPU Cyberjaya"));
                    assert_eq!((claims.cnf.unwrap().jkt, claims.exp - claims.iat), (room.key.jkt(), GRANT_LIFE_S_MAX));
                    assert!(claims.seat.is_none() && !claims.acts.contains(&wire::grant::Act::EndMeeting));
                }
                false => {
                    answer.refused(403, "meeting.window_closed");
                }
            }
        }
        // Withdrawn while it is on its way.
        plane.clock.set(USE);
        room.renew(&plane).await;
        plane.post(Some(&cast.applicant), &format!("/api/v1/reservations/{id}/withdrawal"), json!({})).await.ok();
        room.post(&plane, &path, json!({})).await.refused(410, "meeting.ended");
        room.post(&plane, &format!("/api/v1/panel/reservations/{}/grant", DeviceId::fresh()), json!({})).await.refused(404, "not_found");
    }

    async fn a_revoked_device_is_gone_at_its_next_word_and_out_of_the_meeting(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let mut room = Panel::at(&plane, &cast, "room_system").await;
        let id = text(&cast.approved(&plane).await["id"]);
        plane.clock.set(USE);
        room.renew(&plane).await;
        let version = text(&room.get(&plane, SCHEDULE).await.ok()["version"]);
        let grant = claims_of(&room.post(&plane, &format!("/api/v1/panel/reservations/{id}/grant"), json!({})).await.ok());
        let path = format!("/api/v1/devices/{}/revocation", room.id);
        for wrong in [&cast.stranger, &cast.applicant] {
            plane.post(Some(wrong), &path, json!({})).await.refused(403, "role.missing");
        }
        // A question that is held open hears of it too: it has been asked before, and is answered after.
        let question = format!("{SCHEDULE}?after={version}");
        let held = room.get(&plane, &question);
        let revoke = async {
            tokio::task::yield_now().await;
            plane.post(Some(&cast.facilitator), &path, json!({})).await.ok()
        };
        let (held, list) = tokio::join!(held, revoke);
        held.refused(401, "device.unknown");
        assert_eq!(list["devices"].as_array().unwrap().len(), 0);
        room.get(&plane, SCHEDULE).await.refused(401, "device.unknown");
        send(&plane, &room.key, Method::POST, "/api/v1/panel/credential", None, None).await.refused(401, "device.unknown");
        send(&plane, &room.key, Method::POST, "/api/v1/panel/enrolments", None, None).await.refused(409, "conflict");
        let sent = sent(&plane).await;
        let out = sent.iter().any(|it| matches!(it, Command::RemovePerson { room: of, person, not_before, .. } if *of == grant.room && *person == grant.sub && *not_before > grant.iat));
        assert!(out, "{sent:?}");
    }

    async fn what_is_withdrawn_is_off_the_panel_with_the_commit(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let mut panel = Panel::at(&plane, &cast, "panel").await;
        let id = text(&cast.approved(&plane).await["id"]);
        plane.clock.set(USE);
        panel.renew(&plane).await;
        let shown = panel.get(&plane, SCHEDULE).await.ok();
        assert_eq!(shown["items"][0]["reservation"], json!(id));
        let page = plane.get(Some(&cast.officers[0]), &format!("/api/v1/changes?about={id}")).await.ok();
        let (question, page) = (format!("{SCHEDULE}?after={}", text(&shown["version"])), format!("/api/v1/changes?about={id}&after={}", page["number"]));
        let (held, page, ()) = tokio::join!(panel.get(&plane, &question), plane.get(Some(&cast.officers[0]), &page), async {
            tokio::task::yield_now().await;
            plane.post(Some(&cast.applicant), &format!("/api/v1/reservations/{id}/withdrawal"), json!({})).await.ok();
        });
        assert_eq!(held.ok()["items"].as_array().unwrap().len(), 0);
        assert_eq!(page.ok()["changed"], true);
        assert!(sent(&plane).await.iter().any(|it| matches!(it, Command::EndRoom { .. })));
    }
}
