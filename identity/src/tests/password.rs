//! `PUT /me/password`, and what a temporary password opens.

use super::world::{World, browser_of};
use crate::{
    PersonRole,
    people::NewPerson,
    setup,
    testing::{Browser, PASSWORD},
};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;

async fn change(world: &World, browser: &Browser, current: &str, new: &str) -> super::world::Answer {
    let body = json!({ "current_password": current, "new_password": new });
    world.send(browser.headers(), Method::PUT, "/me/password", Some(body)).await
}

async fn with_temporary_password(world: &World) -> String {
    let new = NewPerson {
        name: "Baharu".into(),
        email: "baharu@sidang.example".into(),
        position: String::new(),
        agency: world.ministry.id,
        roles: BTreeSet::from([PersonRole::Officer, PersonRole::Auditor]),
        sites: BTreeSet::new(),
    };
    let created = setup::create_person(&world.identity, new, None).await.expect("a person");
    created.temporary_password.expect("a temporary password").expose().to_owned()
}

kernel::on_both! {
    async fn a_temporary_password_opens_only_its_own_change(db: Db) {
        let world = World::of(db).await;
        let temporary = with_temporary_password(&world).await;
        let answer = world.sign_in("baharu@sidang.example", &temporary).await;
        assert_eq!(answer.body["person"]["password_change_required"], true);
        let browser = browser_of(&answer);
        for path in ["/people?q=of", "/agencies", "/audit"] {
            let refused = world.get(&browser, path).await;
            assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "password.change_required"), "{path}");
            assert_eq!(refused.body["rule"], "ID-2");
        }
        let same = change(&world, &browser, &temporary, &temporary).await;
        assert_eq!((same.code(), &same.body["values"]["missing"]), ("password.weak", &json!(["change"])));

        assert_eq!(change(&world, &browser, &temporary, "Kata-Laluan-9").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.get(&browser, "/session").await.body["person"]["password_change_required"], false);
        assert_eq!(world.get(&browser, "/audit").await.status, StatusCode::OK);
        assert_eq!(world.sign_in("baharu@sidang.example", &temporary).await.code(), "sign_in.failed");
        assert_eq!(world.sign_in("baharu@sidang.example", "Kata-Laluan-9").await.status, StatusCode::OK);
    }

    async fn changing_it_ends_every_other_session_and_is_recorded(db: Db) {
        let world = World::of(db).await;
        let (here, there) = (world.browser(PersonRole::Officer).await, world.browser(PersonRole::Officer).await);
        let stranger = world.browser(PersonRole::Auditor).await;
        assert_eq!(change(&world, &here, PASSWORD, "Kata-Laluan-9").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.get(&here, "/session").await.status, StatusCode::OK);
        assert_eq!(world.get(&there, "/session").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.get(&stranger, "/session").await.status, StatusCode::OK);
        assert_eq!(world.trail(1).await, [("password.change".into(), "done".into(), true)]);
    }

    async fn what_does_not_keep_the_rule_changes_nothing(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        let weak = change(&world, &browser, PASSWORD, "katalaluan").await;
        assert_eq!((weak.status, weak.code()), (StatusCode::UNPROCESSABLE_ENTITY, "password.weak"));
        assert_eq!((&weak.body["rule"], &weak.body["values"]["missing"]), (&json!("ID-2"), &json!(["length", "digit", "capital", "symbol"])));
        assert_eq!(change(&world, &browser, "Kata-Laluan-2", "Kata-Laluan-9").await.code(), "sign_in.failed");
        assert_eq!(world.sign_in("officer@sidang.example", PASSWORD).await.status, StatusCode::OK);
    }

    async fn guessing_the_current_one_from_an_open_session_is_slowed(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        for _ in 0..5 {
            assert_eq!(change(&world, &browser, "Kata-Laluan-2", "Kata-Laluan-9").await.code(), "sign_in.failed");
        }
        assert_eq!(change(&world, &browser, PASSWORD, "Kata-Laluan-9").await.code(), "rate.limited");
    }
}
