//! `GET`, `POST`, `DELETE /session`.

use super::world::{World, browser_of, own_page};
use crate::{
    PersonRole,
    sessions::{IDLE_MS_MAX, LIFE_MS_MAX, SESSIONS_PER_PERSON_MAX},
    testing::{self, PASSWORD},
};
use axum::http::{HeaderValue, Method, StatusCode, header};
use kernel::db::Kind;
use std::sync::Arc;

const OFFICER: &str = "officer@sidang.example";

kernel::on_both! {
    async fn signing_in_opens_a_session_and_signing_out_ends_it(db: Db) {
        let world = World::of(db).await;
        let answer = world.sign_in(" Officer@Sidang.example ", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let person = &answer.body["person"];
        assert_eq!((person["email"].as_str(), person["language"].as_str()), (Some(OFFICER), Some("ms")));
        assert_eq!(person["roles"], serde_json::json!(["officer"]));
        assert_eq!(person["agency"]["is_central"], false);
        assert_eq!(person["password_change_required"], false);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");

        let browser = browser_of(&answer);
        let read = world.get(&browser, "/session").await;
        assert_eq!(read.body, answer.body, "the same person and the same token");

        let out = world.send(browser.headers(), Method::DELETE, "/session", None).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT);
        assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(world.get(&browser, "/session").await.code(), "sign_in.required");
        assert_eq!(world.trail(2).await, [("session.close".into(), "done".into(), true), ("session.open".into(), "done".into(), true)]);
    }

    async fn one_answer_for_wrong_password_unknown_and_ended_account(db: Db) {
        let world = World::of(db).await;
        world.identity.db().execute_for_tests("UPDATE person SET state = 'disabled' WHERE email = 'auditor@sidang.example'").await.unwrap();
        let wrong = world.sign_in(OFFICER, "Kata-Laluan-2").await;
        let unknown = world.sign_in("nobody@sidang.example", PASSWORD).await;
        let ended = world.sign_in("auditor@sidang.example", PASSWORD).await;
        for answer in [&wrong, &unknown, &ended] {
            assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "sign_in.failed"));
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
            let mut body = answer.body.clone();
            body["request_id"].take();
            let mut other = wrong.body.clone();
            other["request_id"].take();
            assert_eq!(body, other);
        }
        assert_eq!(world.trail(3).await, vec![("session.open".to_owned(), "refused".to_owned(), false); 3]);
    }

    async fn an_account_that_ends_while_its_password_is_compared_stays_out(db: Db) {
        let world = World::of(db).await;
        let hasher = world.identity.hasher();
        let busy = hasher.occupied().await;
        let meanwhile = async {
            while hasher.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            world.identity.db().execute_for_tests("UPDATE person SET state = 'disabled' WHERE email = 'officer@sidang.example'").await.unwrap();
            drop(busy);
        };
        let (answer, ()) = tokio::join!(world.sign_in("officer@sidang.example", PASSWORD), meanwhile);
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "sign_in.failed"));
    }

    async fn the_database_holds_no_token(db: Db) {
        let world = World::of(db).await;
        let browser = browser_of(&world.sign_in(OFFICER, PASSWORD).await);
        let token = browser.cookie.split_once('=').unwrap().1.to_owned();
        let mut tx = world.identity.db().read().await.unwrap();
        let hashes: Vec<String> = kernel::on!(&mut tx, c => sqlx::query_scalar("SELECT token_hash FROM session").fetch_all(c).await).unwrap();
        assert_eq!(hashes, [kernel::digest::sha256_hex(token.as_bytes())]);
    }

    async fn signing_in_again_ends_the_session_that_the_browser_had(db: Db) {
        let world = World::of(db).await;
        let before = browser_of(&world.sign_in(OFFICER, PASSWORD).await);
        let mut headers = own_page();
        headers.insert(header::COOKIE, before.cookie.parse().unwrap());
        let body = serde_json::json!({ "email": OFFICER, "password": PASSWORD });
        let after = browser_of(&world.send(headers, Method::POST, "/session", Some(body)).await);
        assert_ne!(before.cookie, after.cookie);
        assert_eq!(world.get(&before, "/session").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.get(&after, "/session").await.status, StatusCode::OK);
    }

    async fn a_planted_cookie_is_not_taken_over(db: Db) {
        let world = World::of(db).await;
        let planted = format!("__Host-sidang_session={}", "A".repeat(43));
        let mut headers = own_page();
        headers.insert(header::COOKIE, planted.parse().unwrap());
        let body = serde_json::json!({ "email": OFFICER, "password": PASSWORD });
        let answer = world.send(headers, Method::POST, "/session", Some(body)).await;
        assert_ne!(browser_of(&answer).cookie, planted);
    }

    async fn a_session_ends_by_idleness_and_by_age(db: Db) {
        let world = World::of(db).await;
        let idle = world.browser(PersonRole::Officer).await;
        let used = world.browser(PersonRole::Officer).await;
        let step = IDLE_MS_MAX / 2;
        for _ in 0..3 {
            world.clock.advance_ms(step);
            assert_eq!(world.get(&used, "/session").await.status, StatusCode::OK);
        }
        assert_eq!(world.get(&idle, "/session").await.code(), "sign_in.required");
        for _ in 0..(LIFE_MS_MAX / step - 4) {
            world.clock.advance_ms(step);
            assert_eq!(world.get(&used, "/session").await.status, StatusCode::OK);
        }
        world.clock.advance_ms(step);
        assert_eq!(world.get(&used, "/session").await.code(), "sign_in.required", "twelve hours are over");
        world.identity.sweep().await.unwrap();
        let mut tx = world.identity.db().read().await.unwrap();
        let left: i64 = kernel::on!(&mut tx, c => sqlx::query_scalar("SELECT COUNT(*) FROM session").fetch_one(c).await).unwrap();
        assert_eq!(left, 0);
    }

    async fn one_person_has_a_bounded_number_of_sessions(db: Db) {
        let world = World::of(db).await;
        let mut browsers = Vec::new();
        for _ in 0..=SESSIONS_PER_PERSON_MAX {
            world.clock.advance_ms(1);
            browsers.push(world.browser(PersonRole::Officer).await);
        }
        assert_eq!(world.get(&browsers[0], "/session").await.status, StatusCode::UNAUTHORIZED, "the oldest ended");
        for browser in &browsers[1..] {
            assert_eq!(world.get(browser, "/session").await.status, StatusCode::OK);
        }
    }

    async fn a_disabled_account_is_out_at_once(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        world.identity.db().execute_for_tests("UPDATE person SET state = 'disabled' WHERE email = 'officer@sidang.example'").await.unwrap();
        assert_eq!(world.get(&browser, "/session").await.code(), "sign_in.required");
    }

    async fn a_foreign_page_cannot_sign_anybody_in(db: Db) {
        let world = World::of(db).await;
        let body = || Some(serde_json::json!({ "email": OFFICER, "password": PASSWORD }));
        let mut foreign = own_page();
        foreign.insert(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert_eq!(world.send(foreign, Method::POST, "/session", body()).await.code(), "origin.foreign");
        let mut silent = own_page();
        silent.remove(header::ORIGIN);
        assert_eq!(world.send(silent, Method::POST, "/session", body()).await.code(), "origin.foreign");
    }

    async fn too_many_tries_are_refused_with_the_time_to_wait(db: Db) {
        let world = World::of(db).await;
        for _ in 0..5 {
            assert_eq!(world.sign_in("nobody@sidang.example", "x").await.code(), "sign_in.failed");
        }
        let answer = world.sign_in("nobody@sidang.example", "x").await;
        assert_eq!((answer.status, answer.code()), (StatusCode::TOO_MANY_REQUESTS, "rate.limited"));
        assert_eq!(answer.body["values"]["retry_after_s"], 12);
        assert_eq!(answer.headers[header::RETRY_AFTER], "12");
        world.clock.advance_ms(12_000);
        assert_eq!(world.sign_in("nobody@sidang.example", "x").await.code(), "sign_in.failed");
    }

    async fn a_room_full_of_people_signs_in_at_once_behind_one_address(db: Db) {
        let world = Arc::new(World::of(db).await);
        for number in 0..20 {
            testing::person(&world.identity, &format!("p{number}"), world.ministry.id, &[PersonRole::Officer], &[]).await;
        }
        let people: Vec<_> = (0..20).map(|number| {
            let world = world.clone();
            tokio::spawn(async move { world.sign_in(&format!("p{number}@sidang.example"), PASSWORD).await.status })
        }).collect();
        for person in people {
            assert_eq!(person.await.unwrap(), StatusCode::OK);
        }
        assert!(kernel::audit::verify(world.identity.db()).await.unwrap().is_ok());
    }

    async fn reading_goes_on_where_nothing_can_be_written(db: Db) {
        let world = World::of(db).await;
        let browser = world.browser(PersonRole::Officer).await;
        let guard = match world.identity.db().kind() {
            Kind::Sqlite => "CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
            Kind::Postgres => "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
                CREATE TRIGGER full_disk BEFORE UPDATE ON session FOR EACH ROW EXECUTE FUNCTION full_disk()",
        };
        world.identity.db().execute_for_tests(guard).await.unwrap();
        world.clock.advance_ms(5 * 60_000);
        assert_eq!(world.get(&browser, "/agencies").await.status, StatusCode::OK);
    }

    async fn a_body_with_more_than_it_should_have_is_refused(db: Db) {
        let world = World::of(db).await;
        let body = serde_json::json!({ "email": OFFICER, "password": PASSWORD, "roles": ["system_administrator"] });
        let answer = world.send(own_page(), Method::POST, "/session", Some(body)).await;
        assert_eq!((answer.code(), answer.body["values"]["field"].as_str()), ("request.malformed", Some("roles")));
    }
}
