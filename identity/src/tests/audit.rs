//! `GET /audit`.

use super::world::World;
use crate::PersonRole;
use axum::http::StatusCode;
use kernel::{
    audit::{Entry, record, verify},
    testing::NOON,
    transact,
};
use serde_json::json;
use wire::Rule;

kernel::on_both! {
    async fn the_trail_is_paged_filtered_and_names_people(db: Db) {
        let world = World::of(db).await;
        let officer = world.person(PersonRole::Officer).clone();
        transact!(world.identity.db(), tx => {
            for number in 0..5 {
                let entry = Entry::new(NOON, "site.amend", "thing", number).by(officer.id).on_behalf_of(officer.agency.id);
                record(tx, entry.rule(Rule::Tp2).detail("number", number));
            }
            Ok(())
        }).unwrap();
        let browser = world.browser(PersonRole::Auditor).await;
        let first = world.get(&browser, "/audit?limit=3&rule=TP-2").await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        let rows = first.body["rows"].as_array().unwrap();
        assert_eq!(rows.iter().map(|row| row["object_id"].as_str().unwrap()).collect::<Vec<_>>(), ["4", "3", "2"]);
        assert_eq!(rows[0]["person"]["name"], "officer");
        assert_eq!(rows[0]["on_behalf_of"]["short_name"], "KKM");
        assert_eq!((&rows[0]["rule"], &rows[0]["outcome"], &rows[0]["details"]), (&json!("TP-2"), &json!("done"), &json!({ "number": 4 })));
        let next = first.body["next"].as_i64().unwrap();
        let rest = world.get(&browser, &format!("/audit?limit=3&rule=TP-2&before={next}")).await;
        assert_eq!(rest.body["rows"].as_array().unwrap().len(), 2);
        assert!(rest.body.get("next").is_none());
        let of_person = world.get(&browser, &format!("/audit?person={}&act=site.amend", officer.id)).await;
        assert_eq!(of_person.body["rows"].as_array().unwrap().len(), 5);
        assert!(verify(world.identity.db()).await.unwrap().is_ok());
    }

    async fn what_is_asked_for_is_bounded(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Auditor).await;
        for (query, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("before=x", "before"), ("rule=TP-99", "rule"), ("person=7", "person")] {
            let answer = world.get(&browser, &format!("/audit?{query}")).await;
            assert_eq!((answer.code(), answer.body["values"]["field"].as_str()), ("request.malformed", Some(field)), "{query}");
        }
    }
}
