//! Who may call what: every route has a case here, or this test fails.

use super::world::{World, own_page};
use crate::{PersonRole, testing};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::path::Operation;

/// Whom a route lets in.
enum Who {
    /// Everybody: there is no session yet.
    Anyone,
    /// Whoever is signed in, also with a temporary password.
    SignedIn,
    /// Whoever has one of these roles.
    Roles(&'static [PersonRole]),
}

struct Case {
    method: Method,
    path: &'static str,
    query: &'static str,
    who: Who,
    /// A lawful body.
    body: fn(&World) -> Option<Value>,
    success: StatusCode,
}

const NONE: fn(&World) -> Option<Value> = |_| None;

fn cases() -> Vec<Case> {
    use PersonRole::*;
    let case = |method, path, query, who, body, success| Case { method, path, query, who, body, success };
    vec![
        case(Method::GET, "/session", "", Who::SignedIn, NONE, StatusCode::OK),
        case(
            Method::POST,
            "/session",
            "",
            Who::Anyone,
            |_| Some(json!({ "email": "officer@sidang.example", "password": testing::PASSWORD })),
            StatusCode::OK,
        ),
        case(Method::DELETE, "/session", "", Who::SignedIn, NONE, StatusCode::NO_CONTENT),
        case(
            Method::PUT,
            "/me/password",
            "",
            Who::SignedIn,
            |_| Some(json!({ "current_password": testing::PASSWORD, "new_password": "Kata-Laluan-9" })),
            StatusCode::NO_CONTENT,
        ),
        case(Method::GET, "/people", "?q=officer", Who::Roles(&PersonRole::ALL), NONE, StatusCode::OK),
        case(
            Method::POST,
            "/people",
            "",
            Who::Roles(&[UcAdministrator, SystemAdministrator]),
            |world| {
                // A fresh address each time: the case is run once for each role.
                let email = format!("{}@kkm.example", uuid::Uuid::now_v7().simple());
                Some(json!({ "name": "A", "email": email, "position": "", "agency": world.ministry.id, "roles": ["officer"] }))
            },
            StatusCode::CREATED,
        ),
        case(Method::GET, "/agencies", "", Who::Roles(&PersonRole::ALL), NONE, StatusCode::OK),
        case(Method::GET, "/audit", "", Who::Roles(&[Auditor, SystemAdministrator]), NONE, StatusCode::OK),
    ]
}

async fn routes() -> BTreeSet<(String, String)> {
    let (db, _folder) = kernel::testing::sqlite().await;
    let identity = testing::identity(db, kernel::clock::ManualClock::at(kernel::testing::NOON)).await;
    let document = crate::router(identity).into_openapi();
    let mut routes = BTreeSet::new();
    for (path, item) in document.paths.paths {
        let operations: [(&str, Option<Operation>); 6] = [
            ("GET", item.get),
            ("POST", item.post),
            ("PUT", item.put),
            ("PATCH", item.patch),
            ("DELETE", item.delete),
            ("HEAD", item.head),
        ];
        routes.extend(
            operations.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| (method.to_owned(), path.clone())),
        );
    }
    routes
}

#[tokio::test]
async fn every_route_has_a_case_and_every_case_a_route() {
    let routes = routes().await;
    assert!(!routes.is_empty());
    let covered: BTreeSet<_> = cases().iter().map(|case| (case.method.to_string(), case.path.to_owned())).collect();
    assert_eq!(routes, covered);
}

#[tokio::test]
async fn no_route_is_served_that_the_document_does_not_name() {
    let (db, _folder) = kernel::testing::sqlite().await;
    let world = World::of(db).await;
    let documented: BTreeSet<_> = routes().await.into_iter().map(|(_, path)| path).collect();
    let router = format!("{:?}", crate::router(world.identity.clone()).split_for_parts().0);
    // The paths of axum's own table, as its Debug form prints them.
    let own_fallback = |path: &str| path == "/" || path.contains("__private__axum_fallback");
    let served: BTreeSet<String> =
        router.split('"').filter(|piece| piece.starts_with('/') && !own_fallback(piece)).map(str::to_owned).collect();
    assert!(!served.is_empty(), "the form of the printed router has changed: {router}");
    assert_eq!(served, documented);
}

kernel::on_both! {
    async fn each_route_lets_in_whom_it_should_and_nobody_else(db: Db) {
        let world = World::of(db).await;
        let temporary = with_temporary_password(&world).await;
        for case in cases() {
            let at = format!("{} {}", case.method, case.path);
            let path = format!("{}{}", case.path, case.query);
            let send = |headers| world.send(headers, case.method.clone(), &path, (case.body)(&world));

            let anonymous = send(own_page()).await;
            match case.who {
                Who::Anyone => assert_eq!(anonymous.status, case.success, "{at}"),
                _ => assert_eq!((anonymous.status, anonymous.code()), (StatusCode::UNAUTHORIZED, "sign_in.required"), "{at}"),
            }
            for role in PersonRole::ALL {
                if matches!(case.who, Who::Anyone) {
                    continue;
                }
                if case.path == "/me/password" {
                    // Each has a password of their own to change; one is enough here.
                    if role != PersonRole::Auditor { continue; }
                }
                let answer = send(world.browser(role).await.headers()).await;
                let lawful = match &case.who {
                    Who::Anyone | Who::SignedIn => true,
                    Who::Roles(roles) => roles.contains(&role),
                };
                match lawful {
                    true => assert_eq!(answer.status, case.success, "{at} by {role}: {answer:?}"),
                    false => assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "role.missing"), "{at} by {role}"),
                }
            }
            if let Who::Roles(_) = case.who {
                let answer = send(testing::browser(&world.identity, temporary).await.headers()).await;
                assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "password.change_required"), "{at}");
            }
        }
    }

    async fn each_unsafe_route_wants_our_page_and_its_token(db: Db) {
        let world = World::of(db).await;
        for case in cases().into_iter().filter(|case| case.method != Method::GET && !matches!(case.who, Who::Anyone)) {
            let at = format!("{} {}", case.method, case.path);
            let own = world.browser(PersonRole::SystemAdministrator).await.headers();
            let other = world.browser(PersonRole::SystemAdministrator).await;

            let mut foreign = own.clone();
            foreign.insert(header::ORIGIN, "https://evil.example".parse().unwrap());
            let mut silent = own.clone();
            silent.remove(header::ORIGIN);
            let mut bare = own.clone();
            bare.remove("x-csrf-token");
            let mut borrowed = own.clone();
            borrowed.insert("x-csrf-token", other.csrf_token.parse().unwrap());
            for (headers, code) in [(foreign, "origin.foreign"), (silent, "origin.foreign"), (bare, "csrf.missing"), (borrowed, "csrf.missing")] {
                let answer = world.send(headers, case.method.clone(), case.path, (case.body)(&world)).await;
                assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, code), "{at}");
            }
        }
    }
}

async fn with_temporary_password(world: &World) -> wire::id::PersonId {
    let new = crate::people::NewPerson {
        name: "Baharu".into(),
        email: "baharu@sidang.example".into(),
        position: String::new(),
        agency: world.central.id,
        roles: PersonRole::ALL.into_iter().filter(|role| *role != PersonRole::Facilitator).collect(),
        sites: BTreeSet::new(),
    };
    crate::setup::create_person(&world.identity, new, None).await.expect("a person").person.id
}
