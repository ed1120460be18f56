//! Presence over HTTP: derived, said, and of people who are not here.

use crate::{
    testing::{Answered, HOUR, NOW, Plane},
    tests::cast::Cast,
};
use axum::http::Method;
use serde_json::{Value, json};
use wire::{UnixMs, id::PersonId};

async fn state(plane: &Plane, cast: &Cast, of: PersonId) -> Value {
    plane.get(Some(&cast.officers[1]), &format!("/api/v1/presence?people={of}")).await.ok()["presence"][0]["state"].clone()
}

async fn say(plane: &Plane, cast: &Cast, body: Value) -> Answered {
    plane.send(Method::PUT, Some(&cast.officers[0]), "/api/v1/me/presence", Some(body), None).await
}

kernel::on_both! {
    async fn a_meeting_makes_busy_and_ones_own_word_counts_before_it(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let me = cast.officers[0].id;
        let draft = json!({ "title": "t", "classification": "TERBUKA", "starts_at_ms": NOW, "ends_at_ms": NOW.0 + HOUR, "people": [] });
        assert_eq!(state(&plane, &cast, PersonId::fresh()).await, "away", "nobody is told who has an account");
        plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft).await.ok();
        assert_eq!(state(&plane, &cast, me).await, "busy");
        for (body, expected) in [(json!({ "state": "away", "minutes": 30 }), "away"), (json!({}), "busy")] {
            assert!(say(&plane, &cast, body).await.status.is_success());
            assert_eq!(state(&plane, &cast, me).await, expected);
        }
        say(&plane, &cast, json!({ "state": "busy", "minutes": 721 })).await.refused(422, "request.malformed");
        plane.get(Some(&cast.officers[0]), "/api/v1/presence?people=x").await.refused(422, "request.malformed");
        plane.get(None, &format!("/api/v1/presence?people={me}")).await.refused(401, "sign_in.required");
        plane.clock.set(UnixMs(NOW.0 + HOUR));
        assert_ne!(state(&plane, &cast, me).await, "busy", "the meeting's time is over");
    }
}
