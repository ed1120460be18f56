//! Recordings over HTTP: who is told of them, and for whom they open.

use super::cast::{Cast, text};
use crate::{
    media::facts,
    testing::{HOUR, NOW, Plane},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kernel::Db;
use serde_json::json;
use uuid::Uuid;
use wire::{
    Classification,
    control::{Fact, NumberedFact, RecordingStop},
    grant::{RECORDING_VIEW_TYP, RecordingViewClaims},
    id::{MeetingId, NodeId, PersonId, RecordingId},
};

struct Node {
    id: NodeId,
    life: Uuid,
    meeting: MeetingId,
    number: i64,
}

impl Node {
    async fn tell(&mut self, db: &Db, fact: Fact) {
        self.number += 1;
        let fact = NumberedFact { node: self.id, incarnation: self.life, number: self.number, at_ms: NOW, room: self.meeting, fact };
        facts::store(db, NOW, self.id, self.life, &[fact]).await.unwrap();
    }

    async fn record(&mut self, db: &Db, person: PersonId, stop: Option<RecordingStop>) -> RecordingId {
        let recording = RecordingId::fresh();
        self.tell(db, Fact::RecordingStarted { recording, person }).await;
        if let Some(reason) = stop {
            self.tell(db, Fact::RecordingStopped { recording, reason, duration_ms: 5, bytes: 7, tracks: vec![] }).await;
        }
        recording
    }
}

kernel::on_both! {
    async fn a_kept_recording_opens_for_its_people_and_the_auditor(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let draft = json!({ "title": "t", "classification": "TERBUKA", "starts_at_ms": NOW, "ends_at_ms": NOW.0 + HOUR, "people": [cast.officers[1].id] });
        let meeting = text(&plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft).await.ok()["id"]);
        let mut node = Node { id: NodeId::fresh(), life: Uuid::now_v7(), meeting: meeting.parse().unwrap(), number: 0 };
        facts::hello(&db, NOW, node.id, node.life, 0).await.unwrap();
        let host = cast.officers[0].id;
        let kept = node.record(&db, host, Some(RecordingStop::Requested)).await;
        let running = node.record(&db, host, None).await;
        let sealed = node.record(&db, host, Some(RecordingStop::ClassificationRaised)).await;
        let failed = node.record(&db, host, Some(RecordingStop::Failed)).await;

        let path = format!("/api/v1/meetings/{meeting}/recordings");
        let listed = plane.get(Some(&cast.officers[1]), &path).await.ok();
        let mut states: Vec<String> = listed["recordings"].as_array().unwrap().iter().map(|it| text(&it["state"])).collect();
        states.sort();
        assert_eq!(states, ["failed", "kept", "running", "sealed"]);
        assert_eq!(listed["recordings"][0]["by"], "satu");
        plane.get(Some(&cast.stranger), &path).await.refused(404, "not_found");

        let view = |id: RecordingId| format!("/api/v1/recordings/{id}/view");
        for seer in [&cast.officers[0], &cast.officers[1], &cast.auditor] {
            let opened = plane.post(Some(seer), &view(kept), json!({})).await.ok();
            let token = text(&opened["token"]);
            let header = jsonwebtoken::decode_header(&token).unwrap();
            assert_eq!(header.typ.as_deref(), Some(RECORDING_VIEW_TYP));
            let set = plane.booking.jwks();
            let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
            let mut validation = Validation::new(Algorithm::EdDSA);
            validation.set_audience(&["sfu:main"]);
            validation.validate_exp = false;
            let claims = jsonwebtoken::decode::<RecordingViewClaims>(&token, &key, &validation).unwrap().claims;
            assert_eq!((claims.recording, claims.sub, claims.exp), (kept, seer.id, NOW.seconds() + 90));
        }
        plane.post(Some(&cast.stranger), &view(kept), json!({})).await.refused(404, "not_found");
        plane.post(Some(&cast.officers[0]), &view(RecordingId::fresh()), json!({})).await.refused(404, "not_found");
        plane.post(Some(&cast.officers[0]), &view(running), json!({})).await.refused(409, "recording.running");
        plane.post(Some(&cast.officers[0]), &view(failed), json!({})).await.refused(404, "not_found");
        assert_eq!(plane.post(Some(&cast.officers[0]), &view(sealed), json!({})).await.refused(403, "recording.forbidden")["rule"], "CLASS-6");

        node.tell(&db, Fact::ClassificationRaised { person: Some(host), from: Classification::Terbuka, to: Classification::Sulit }).await;
        assert_eq!(plane.post(Some(&cast.auditor), &view(kept), json!({})).await.refused(403, "recording.forbidden")["rule"], "CLASS-3");
    }
}
