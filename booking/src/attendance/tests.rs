//! Attendance as a story: who came, who reads of it, what is kept and what is forgotten.

use crate::{
    media::facts,
    testing::{HOUR, NOW, Plane},
    tests::cast::{Cast, text},
};
use kernel::{Db, on};
use serde_json::json;
use uuid::Uuid;
use wire::{
    Classification,
    control::{Fact, NumberedFact},
    grant::{Role, RoomSystem},
    id::{DeviceId, MeetingId, NodeId, PersonId, SessionId, SiteId},
    signal::{LeaveReason, PollResult, PollSummary},
};

struct Node {
    id: NodeId,
    life: Uuid,
    meeting: MeetingId,
    number: i64,
}

impl Node {
    async fn tell(&mut self, db: &Db, after_ms: i64, fact: Fact) {
        self.number += 1;
        let at_ms = NOW.saturating_add_ms(after_ms);
        let fact = NumberedFact { node: self.id, incarnation: self.life, number: self.number, at_ms, room: self.meeting, fact };
        facts::store(db, NOW, self.id, self.life, &[fact]).await.unwrap();
    }
}

async fn meeting(plane: &Plane, cast: &Cast, db: &Db) -> Node {
    let draft = json!({ "title": "t", "classification": "TERBUKA", "starts_at_ms": NOW, "ends_at_ms": NOW.0 + HOUR,
        "people": [cast.officers[1].id, cast.officers[2].id], "lobby": "for_guests" });
    let made = plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft).await.ok();
    assert_eq!(made["lobby"], "for_guests");
    let node = Node { id: NodeId::fresh(), life: Uuid::now_v7(), meeting: text(&made["id"]).parse().unwrap(), number: 0 };
    facts::hello(db, NOW, node.id, node.life, 0).await.unwrap();
    node
}

fn joined(session: SessionId, person: PersonId) -> Fact {
    Fact::Joined { session, person, seat: None, room_system: None }
}

fn said(number: u32, person: PersonId, text: &str) -> Fact {
    Fact::Said { number, person, name: "Aminah".into(), text: text.into(), breakout: None }
}

kernel::on_both! {
    async fn the_host_and_the_auditor_read_who_was_there_and_what_was_kept(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let mut node = meeting(&plane, &cast, &db).await;
        let (host, member, session) = (cast.officers[0].id, cast.officers[1].id, SessionId::fresh());
        node.tell(&db, 0, joined(SessionId::fresh(), host)).await;
        node.tell(&db, 1_000, joined(session, member)).await;
        let device = DeviceId::fresh();
        let room_system = Some(RoomSystem { device, site: SiteId::fresh(), site_name: "S".into(), people_max: 6 });
        node.tell(&db, 2_000, Fact::Joined { session: SessionId::fresh(), person: PersonId(device.0), seat: None, room_system }).await;
        node.tell(&db, 2_500, Fact::WentTo { session, person: member, breakout: Some("Kumpulan 1".into()) }).await;
        node.tell(&db, 2_900, Fact::WentTo { session, person: member, breakout: None }).await;
        node.tell(&db, 3_000, said(1, host, "=salam")).await;
        let results = vec![PollResult { votes: 2, names: vec![] }, PollResult { votes: 0, names: vec![] }];
        let poll = PollSummary { number: 1, question: "Setuju?".into(), choices: vec!["Ya".into(), "Tidak".into()], anonymous: true, by: host, opened_at_ms: NOW, results };
        node.tell(&db, 4_000, Fact::PollClosed { poll }).await;
        node.tell(&db, 121_000, Fact::Left { session, person: member, reason: LeaveReason::Left }).await;

        let path = format!("/api/v1/meetings/{}/attendance", node.meeting);
        plane.get(Some(&cast.officers[1]), &path).await.refused(403, "role.missing");
        plane.get(Some(&cast.stranger), &path).await.refused(404, "not_found");
        for reader in [&cast.officers[0], &cast.auditor] {
            let found = plane.get(Some(reader), &path).await.ok();
            let stays = found["stays"].as_array().unwrap();
            assert_eq!(stays.len(), 3);
            assert_eq!((&stays[1]["person"]["id"], &stays[1]["reason"]), (&json!(member), &json!("left")));
            let rooms = json!([{ "breakout": "Kumpulan 1", "from_ms": NOW.0 + 2_500 }, { "from_ms": NOW.0 + 2_900 }]);
            assert_eq!((&stays[0]["rooms"], &stays[1]["rooms"]), (&json!([]), &rooms));
            assert_eq!((&stays[2]["room_system"], &stays[2]["person"]), (&json!(true), &json!(null)));
            assert_eq!(found["absent"][0]["id"], json!(cast.officers[2].id));
            assert_eq!((&found["lines"][0]["text"], &found["polls"][0]["choices"][0]["votes"]), (&json!("=salam"), &json!(2)));
        }
        let file = plane.get(Some(&cast.auditor), &format!("{path}.csv")).await;
        assert!(file.status.is_success() && file.text.starts_with('\u{feff}'), "{}", file.text);
        let row = file.text.lines().nth(2).unwrap();
        assert!(row.contains(",Kumpulan 1,") && row.contains("+08:00") && row.ends_with(",2,left"), "{row}");
    }

    async fn class_5_a_meeting_that_is_raised_keeps_nothing_that_was_said(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let mut node = meeting(&plane, &cast, &db).await;
        let host = cast.officers[0].id;
        node.tell(&db, 0, said(1, host, "kata-pertama")).await;
        let raised = Fact::ClassificationRaised { person: Some(host), from: Classification::Terbuka, to: Classification::Terhad };
        node.tell(&db, 1, raised).await;
        node.tell(&db, 2, said(2, host, "kata-kedua")).await;
        let found = plane.get(Some(&cast.auditor), &format!("/api/v1/meetings/{}/attendance", node.meeting)).await.ok();
        assert_eq!(found["lines"], json!([]));
        let text = "SELECT COUNT(*) FROM media_fact WHERE fact LIKE '%kata-%'";
        let held: i64 = on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(text).fetch_one(c).await).unwrap();
        assert_eq!(held, 0, "the journal of facts holds no word of it");
    }

    async fn whom_the_host_removed_is_let_back_in_by_the_host_alone(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let mut node = meeting(&plane, &cast, &db).await;
        let (host, member) = (cast.officers[0].id, cast.officers[1].id);
        node.tell(&db, 0, Fact::PersonRemoved { by: host, person: member }).await;
        let grant = format!("/api/v1/meetings/{}/grant", node.meeting);
        plane.post(Some(&cast.officers[1]), &grant, json!({})).await.refused(403, "meeting.not_listed");
        let path = format!("/api/v1/meetings/{}/readmission", node.meeting);
        let body = json!({ "person": member });
        plane.post(Some(&cast.officers[2]), &path, body.clone()).await.refused(403, "role.missing");
        plane.post(Some(&cast.auditor), &path, body.clone()).await.refused(403, "role.missing");
        plane.post(Some(&cast.officers[0]), &path, json!({ "person": cast.officers[2].id })).await.refused(404, "not_found");
        assert!(plane.post(Some(&cast.officers[0]), &path, body).await.status.is_success());
        plane.post(Some(&cast.officers[1]), &grant, json!({})).await.ok();
    }

    async fn a_co_host_named_in_the_meeting_is_one_on_paper_too(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let mut node = meeting(&plane, &cast, &db).await;
        let (host, member) = (cast.officers[0].id, cast.officers[1].id);
        node.tell(&db, 0, Fact::RoleChanged { by: host, person: member, role: Role::CoHost }).await;
        node.tell(&db, 1, Fact::RoleChanged { by: host, person: host, role: Role::Member }).await;
        let shown = plane.get(Some(&cast.officers[1]), &format!("/api/v1/meetings/{}", node.meeting)).await.ok();
        let role = |of: PersonId| shown["people"].as_array().unwrap().iter().find(|it| it["person"]["id"] == json!(of)).map(|it| it["role"].clone());
        assert_eq!((role(member), role(host)), (Some(json!("co_host")), Some(json!("host"))));
    }
}
