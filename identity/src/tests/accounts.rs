//! `GET /people`, `POST /people`, `GET /agencies`, and what other rooms ask of people.

use super::world::{CYBERJAYA, World};
use crate::{PersonRole, inactive_among, people_by_ids, testing};
use axum::http::StatusCode;
use serde_json::{Value, json};
use wire::id::{AgencyId, PersonId, SiteId};

fn new_person(email: &str, agency: AgencyId, roles: &[&str]) -> Value {
    json!({ "name": "Siti Aminah", "email": email, "position": "Penolong Pengarah", "agency": agency, "roles": roles, "sites": [] })
}

async fn names(world: &World, q: &str) -> Vec<String> {
    let browser = world.browser(PersonRole::Officer).await;
    let answer = world.get(&browser, &format!("/people?q={q}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["people"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect()
}

kernel::on_both! {
    async fn people_are_found_by_part_of_name_or_address_in_any_case(db: Db) {
        let world = World::of(db).await;
        testing::person(&world.identity, "Ahmad Ñandu 100%", world.ministry.id, &[PersonRole::Officer], &[]).await;
        assert_eq!(names(&world, "audit").await, ["auditor"]);
        assert_eq!(names(&world, "OFFICER%40SIDANG").await, ["officer"]);
        assert_eq!(names(&world, "%C3%91ANDU").await, ["Ahmad Ñandu 100%"]);
        assert_eq!(names(&world, "0%25").await, ["Ahmad Ñandu 100%"], "a sign of LIKE is a letter here");
        assert_eq!(names(&world, "%25%25").await, Vec::<String>::new());
        assert_eq!(names(&world, "%5F%5F").await, Vec::<String>::new());
        world.identity.db().execute_for_tests("UPDATE person SET state = 'terminated' WHERE email = 'auditor@sidang.example'").await.unwrap();
        assert_eq!(names(&world, "auditor").await, Vec::<String>::new());
    }

    async fn a_search_is_bounded(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        for (query, field) in [("q=a", "q"), ("q=%20%20a%20", "q"), ("", "q"), ("q=ab&limit=0", "limit"), ("q=ab&limit=51", "limit"), ("q=ab&limit=x", "limit"), ("q=ab&all=1", "all")] {
            let answer = world.get(&browser, &format!("/people?{query}")).await;
            assert_eq!((answer.code(), answer.body["values"]["field"].as_str()), ("request.malformed", Some(field)), "{query}");
        }
        let one = world.get(&browser, "/people?q=sidang.example&limit=1").await;
        let people = one.body["people"].as_array().unwrap();
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["agency", "id", "name", "position"], "no address is shown");
    }

    async fn a_system_administrator_makes_any_account_and_it_signs_in(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::SystemAdministrator).await;
        let made = world.post(&browser, "/people", new_person("Siti@JDN.example", world.central.id, &["approver", "officer"])).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        assert_eq!((&made.body["person"]["name"], &made.body["person"]["agency"]["short_name"]), (&json!("Siti Aminah"), &json!("JDN")));
        let password = made.body["temporary_password"].as_str().unwrap();
        let session = world.sign_in("siti@jdn.example", password).await;
        assert_eq!(session.body["person"]["roles"], json!(["officer", "approver"]));
        assert_eq!(world.trail(2).await[1], ("person.create".into(), "done".into(), true));

        let again = world.post(&browser, "/people", new_person("siti@jdn.example", world.central.id, &["officer"])).await;
        assert_eq!((again.status, again.code(), &again.body["rule"]), (StatusCode::CONFLICT, "person.exists", &json!("ID-1")));
        let nowhere = world.post(&browser, "/people", new_person("x@jdn.example", AgencyId::fresh(), &["officer"])).await;
        assert_eq!(nowhere.code(), "not_found");
        let elsewhere = world.post(&browser, "/people", new_person("x@kkm.example", world.ministry.id, &["approver"])).await;
        assert_eq!((elsewhere.code(), &elsewhere.body["rule"]), ("request.malformed", &json!("TP-4")));
    }

    async fn a_uc_administrator_makes_officers_of_the_own_agency_only(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::UcAdministrator).await;
        assert_eq!(world.post(&browser, "/people", new_person("a@kkm.example", world.ministry.id, &["officer"])).await.status, StatusCode::CREATED);
        for (agency, roles) in [(world.central.id, ["officer"]), (world.ministry.id, ["uc_administrator"]), (world.ministry.id, ["auditor"])] {
            let answer = world.post(&browser, "/people", new_person("b@kkm.example", agency, &roles)).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "role.missing"), "{roles:?}");
            assert_eq!(world.trail(1).await, [("person.create".into(), "refused".into(), true)]);
        }
    }

    async fn what_is_wrong_with_an_account_is_named(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::SystemAdministrator).await;
        let good = || new_person("a@kkm.example", world.ministry.id, &["officer"]);
        let table = [
            ("name", json!("")), ("name", json!("a\u{202e}b")), ("email", json!("a")), ("position", json!("a\nb")), ("agency", json!("7")),
            ("roles", json!([])), ("roles[0]", json!(["owner"])), ("sites", json!([PersonId::fresh()])), ("state", json!("active")),
        ];
        for (field, value) in table {
            let mut body = good();
            body[field.trim_end_matches("[0]")] = value.clone();
            let answer = world.post(&browser, "/people", body).await;
            assert_eq!((answer.code(), answer.body["values"]["field"].as_str()), ("request.malformed", Some(field)), "{field} {value}");
        }
    }

    async fn a_facilitator_looks_after_sites_that_there_are(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::SystemAdministrator).await;
        for (site, expected) in [(SiteId::fresh(), StatusCode::UNPROCESSABLE_ENTITY), (CYBERJAYA, StatusCode::CREATED)] {
            let mut body = new_person("f@kkm.example", world.ministry.id, &["facilitator"]);
            body["sites"] = json!([site]);
            let answer = world.post(&browser, "/people", body).await;
            assert_eq!(answer.status, expected, "{answer:?}");
            assert!(expected == StatusCode::CREATED || answer.body["values"]["field"] == "sites");
        }
    }

    async fn people_are_named_in_the_order_asked_for(db: Db) {
        let world = World::of(db).await;
        let mut ids = Vec::new();
        for number in 0..45 {
            ids.push(testing::person(&world.identity, &format!("p{number}"), world.ministry.id, &[PersonRole::Officer], &[]).await.id);
        }
        ids.reverse();
        let mut asked = ids.clone();
        asked.insert(7, PersonId::fresh());
        asked.push(ids[0]);
        let mut tx = world.identity.db().read().await.unwrap();
        let people = people_by_ids(&mut tx, &asked).await.unwrap();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [ids.clone(), vec![ids[0]]].concat());
        assert_eq!(people_by_ids(&mut tx, &[]).await.unwrap(), []);
        assert_eq!(inactive_among(&mut tx, &asked).await.unwrap(), [asked[7]]);
        drop(tx);
        world.identity.db().execute_for_tests("UPDATE person SET state = 'disabled' WHERE email = 'p3@sidang.example'").await.unwrap();
        let mut tx = world.identity.db().read().await.unwrap();
        assert_eq!(inactive_among(&mut tx, &ids).await.unwrap().len(), 1);
        assert_eq!(people_by_ids(&mut tx, &ids).await.unwrap().len(), 45, "history still names them");
    }

    async fn agencies_are_listed_by_name(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        let answer = world.get(&browser, "/agencies").await;
        let seen: Vec<_> = answer.body["agencies"].as_array().unwrap().iter().map(|agency| (agency["short_name"].as_str().unwrap(), agency["is_central"].as_bool().unwrap())).collect();
        assert_eq!(seen, [("JDN", true), ("KKM", false)]);
        let mut tx = world.identity.db().read().await.unwrap();
        assert_eq!(crate::agency(&mut tx, world.ministry.id).await.unwrap(), Some(world.ministry.clone()));
        assert_eq!(crate::agency(&mut tx, AgencyId::fresh()).await.unwrap(), None);
    }
}
