//! The link on both databases: facts once each, what they mean, a node's new life, commands until they are acknowledged.

use super::{carriers::channel, commands, facts, link};
use crate::{
    meetings::{self, EndReason, Kind, Listed, store},
    policy::Slot,
    recordings,
    testing::{HOUR, NOW},
};
use kernel::{Clock, Db, SharedClock, clock::ManualClock, on};
use uuid::Uuid;
use wire::{
    Classification, Rule, UnixMs,
    control::*,
    grant::Role,
    id::*,
    signal::{LeaveReason, SourceKind},
};

struct World {
    node: NodeId,
    life: Uuid,
    meeting: MeetingId,
    host: PersonId,
}

impl World {
    async fn new(db: &Db) -> Self {
        let world = Self { node: NodeId::fresh(), life: Uuid::now_v7(), meeting: MeetingId::fresh(), host: PersonId::fresh() };
        let new = store::New {
            id: world.meeting,
            kind: Kind::Online,
            reservation: None,
            title: "t",
            classification: Classification::Terbuka,
            lobby: wire::grant::LobbyPolicy::Off,
            host: world.host,
            slot: Slot { starts_at: NOW, ends_at: NOW.saturating_add_ms(HOUR) },
            created_at: NOW,
            people: vec![Listed { person: world.host, role: Role::Host, seat: None, removed: false }],
        };
        let mut tx = db.write().await.unwrap();
        store::insert(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(facts::hello(db, NOW, world.node, world.life, 0).await.unwrap(), 0);
        world
    }

    fn fact(&self, number: i64, fact: Fact) -> NumberedFact {
        let at_ms = UnixMs(NOW.0 + number);
        NumberedFact { node: self.node, incarnation: self.life, number, at_ms, room: self.meeting, fact }
    }

    fn joined(&self, number: i64, session: SessionId) -> NumberedFact {
        self.fact(number, Fact::Joined { session, person: self.host, seat: None, room_system: None })
    }

    async fn store(&self, db: &Db, of: &[NumberedFact]) -> i64 {
        facts::store(db, NOW, self.node, self.life, of).await.unwrap()
    }

    async fn stored(&self, db: &Db) -> meetings::Stored {
        store::by_id(&mut db.read().await.unwrap(), self.meeting).await.unwrap().unwrap()
    }

    async fn recordings(&self, db: &Db) -> Vec<recordings::Stored> {
        recordings::store::of_meeting(&mut db.read().await.unwrap(), self.meeting).await.unwrap()
    }
}

fn track() -> RecordedTrack {
    RecordedTrack {
        // Tests compare tracks as a whole.
        source: SourceId(Uuid::from_u128(1)),
        session: SessionId(Uuid::from_u128(2)),
        name: "n".into(),
        kind: SourceKind::Camera,
        mime: "video/webm; codecs=vp8".into(),
        starts_after_ms: 0,
        duration_ms: 9,
        bytes: 8,
    }
}

async fn audit(db: &Db) -> Vec<(String, String, Option<String>)> {
    let rows = kernel::audit::page(&mut db.read().await.unwrap(), &Default::default(), 200).await.unwrap();
    rows.into_iter().rev().map(|row| (row.act, row.outcome, row.rule)).collect()
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

kernel::on_both! {
    async fn a_fact_told_twice_is_stored_once(db: Db) {
        let world = World::new(&db).await;
        let (one, two) = (SessionId::fresh(), SessionId::fresh());
        let batch = [world.joined(1, one), world.joined(2, two)];
        assert_eq!(world.store(&db, &batch).await, 2);
        assert_eq!(world.store(&db, &batch).await, 2);
        let left = world.fact(3, Fact::Left { session: one, person: world.host, reason: LeaveReason::Left });
        assert_eq!(world.store(&db, &[batch[1].clone(), left]).await, 3);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM media_fact").await, 3);
        assert_eq!(world.stored(&db).await.present, 1);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM attendance WHERE left_at_ms IS NOT NULL AND reason = 'left'").await, 1);
    }

    async fn a_new_life_of_the_node_closes_what_the_old_left_open(db: Db) {
        let mut world = World::new(&db).await;
        let recording = RecordingId::fresh();
        world.store(&db, &[
            world.joined(1, SessionId::fresh()),
            world.fact(2, Fact::RecordingStarted { recording, person: world.host }),
        ]).await;
        assert_eq!(facts::hello(&db, NOW, world.node, world.life, 0).await.unwrap(), 2, "the same life goes on where it was");
        assert_eq!(world.stored(&db).await.present, 1);
        world.life = Uuid::now_v7();
        assert_eq!(facts::hello(&db, UnixMs(NOW.0 + 5_000), world.node, world.life, 0).await.unwrap(), 0);
        assert_eq!(world.stored(&db).await.present, 0);
        assert_eq!(world.recordings(&db).await[0].state, recordings::RecordingState::Failed);
        assert_eq!(world.store(&db, &[world.joined(1, SessionId::fresh())]).await, 1, "numbers begin anew");
        assert_eq!(world.stored(&db).await.present, 1);
    }

    async fn a_session_that_came_back_in_a_new_life_is_present_again(db: Db) {
        let mut world = World::new(&db).await;
        let session = SessionId::fresh();
        world.store(&db, &[world.joined(1, session)]).await;
        world.life = Uuid::now_v7();
        facts::hello(&db, UnixMs(NOW.0 + 5_000), world.node, world.life, 0).await.unwrap();
        assert_eq!(world.stored(&db).await.present, 0);
        world.store(&db, &[world.joined(1, session)]).await;
        assert_eq!(world.stored(&db).await.present, 1, "resumed under its old name");
        let left = world.fact(2, Fact::Left { session, person: world.host, reason: LeaveReason::Left });
        world.store(&db, &[left]).await;
        assert_eq!(world.stored(&db).await.present, 0);
    }

    async fn what_a_node_recovered_of_a_recording_is_kept(db: Db) {
        let mut world = World::new(&db).await;
        let (recovered, lost) = (RecordingId::fresh(), RecordingId::fresh());
        world.store(&db, &[
            world.fact(1, Fact::RecordingStarted { recording: recovered, person: world.host }),
            world.fact(2, Fact::RecordingStarted { recording: lost, person: world.host }),
        ]).await;
        world.life = Uuid::now_v7();
        facts::hello(&db, UnixMs(NOW.0 + 5_000), world.node, world.life, 0).await.unwrap();
        let stopped = |recording, tracks| Fact::RecordingStopped { recording, reason: RecordingStop::Failed, duration_ms: 9, bytes: 8, tracks };
        world.store(&db, &[world.fact(1, stopped(recovered, vec![track()])), world.fact(2, stopped(lost, vec![]))]).await;
        let state = async |id| world.recordings(&db).await.into_iter().find(|it| it.id == id).map(|it| (it.state, it.tracks.len()));
        assert_eq!(state(recovered).await, Some((recordings::RecordingState::Kept, 1)));
        assert_eq!(state(lost).await, Some((recordings::RecordingState::Failed, 0)));
    }

    async fn recordings_are_kept_sealed_or_failed(db: Db) {
        let world = World::new(&db).await;
        let table = [
            (RecordingStop::Requested, recordings::RecordingState::Kept),
            (RecordingStop::RoomClosed, recordings::RecordingState::Kept),
            (RecordingStop::ClassificationRaised, recordings::RecordingState::Sealed),
            (RecordingStop::Failed, recordings::RecordingState::Failed),
        ];
        for (number, (reason, state)) in (0i64..).zip(table) {
            let recording = RecordingId::fresh();
            let tracks = if reason == RecordingStop::Failed { vec![] } else { vec![track()] };
            let stopped = Fact::RecordingStopped { recording, reason, duration_ms: 9, bytes: 8, tracks: tracks.clone() };
            world.store(&db, &[
                world.fact(number * 2 + 1, Fact::RecordingStarted { recording, person: world.host }),
                world.fact(number * 2 + 2, stopped),
            ]).await;
            let found = world.recordings(&db).await.into_iter().find(|it| it.id == recording).unwrap();
            assert_eq!((found.state, found.duration_ms, found.tracks), (state, Some(9), tracks));
        }
    }

    async fn what_the_media_plane_refused_stands_in_the_trail(db: Db) {
        let world = World::new(&db).await;
        let refused = Fact::RecordingRefused { person: world.host, rule: Rule::Class3, classification: Classification::Sulit };
        world.store(&db, &[world.fact(1, refused)]).await;
        assert_eq!(audit(&db).await, [("recording.start".into(), "refused".into(), Some("CLASS-3".into()))]);
    }

    async fn a_classification_goes_up_and_never_down(db: Db) {
        let world = World::new(&db).await;
        let raised = |number, from, to| world.fact(number, Fact::ClassificationRaised { person: Some(world.host), from, to });
        use Classification::*;
        world.store(&db, &[raised(1, Terbuka, Sulit), raised(2, Sulit, Terhad)]).await;
        let it = world.stored(&db).await;
        assert_eq!((it.classification, it.ended_at), (Sulit, None));
        world.store(&db, &[raised(3, Sulit, Rahsia)]).await;
        let it = world.stored(&db).await;
        assert_eq!((it.classification, it.epoch), (Rahsia, 1));
        assert!(it.ended_at.is_some(), "CLASS-2: above SULIT nothing is held");
        let sent = commands::after(&mut db.read().await.unwrap(), 0).await.unwrap();
        assert!(matches!(sent[0].command, Command::EndRoom { room, epoch: 1, .. } if room == world.meeting));
        assert_eq!(audit(&db).await.iter().filter(|it| it.2.as_deref() == Some("CLASS-6")).count(), 2);
    }

    async fn a_person_removed_and_a_meeting_ended_stay_so(db: Db) {
        let world = World::new(&db).await;
        let other = PersonId::fresh();
        world.store(&db, &[world.fact(1, Fact::PersonRemoved { by: other, person: world.host }), world.fact(2, Fact::MeetingEnded { by: other })]).await;
        let it = world.stored(&db).await;
        assert!(it.listed(world.host).is_none());
        assert_eq!((it.ended_at, it.epoch), (Some(UnixMs(NOW.0 + 2)), 1));
    }

    async fn a_fact_of_an_unknown_meeting_is_stored_and_means_nothing(db: Db) {
        let mut world = World::new(&db).await;
        world.meeting = MeetingId::fresh();
        assert_eq!(world.store(&db, &[world.joined(1, SessionId::fresh())]).await, 1);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM attendance").await, 0);
    }

    async fn commands_go_down_until_every_node_has_carried_them_out(db: Db) {
        let world = World::new(&db).await;
        let other = NodeId::fresh();
        facts::hello(&db, NOW, other, Uuid::now_v7(), 0).await.unwrap();
        let mut tx = db.write().await.unwrap();
        store::end(&mut tx, world.meeting, NOW, EndReason::Withdrawn).await.unwrap();
        commands::push(&mut tx, NOW, &Command::EndRoom { room: world.meeting, epoch: 1, reason: LeaveReason::Revoked }).unwrap();
        tx.commit().await.unwrap();
        let open = async || commands::after(&mut db.read().await.unwrap(), 0).await.unwrap();
        let number = open().await[0].number;
        facts::acknowledged(&db, NOW, world.node, number).await.unwrap();
        assert_eq!(open().await.len(), 1, "the other node has not");
        facts::acknowledged(&db, NOW, other, number).await.unwrap();
        assert_eq!(open().await.len(), 0);
    }

    async fn a_linked_node_that_was_quiet_for_a_weekend_is_waited_for(db: Db) {
        let world = World::new(&db).await;
        let (other, quiet) = (NodeId::fresh(), world.node);
        facts::hello(&db, NOW, other, Uuid::now_v7(), 0).await.unwrap();
        let clock = ManualClock::at(NOW);
        let (ours, to_control, mut from_control) = channel();
        let serving = tokio::spawn({
            let (db, clock): (Db, SharedClock) = (db.clone(), clock.clone());
            async move { link::serve(&db, &clock, None, ours).await }
        });
        to_control.send(ToControl::Hello { node: quiet, incarnation: world.life, acknowledged: 0 }).await.unwrap();
        assert_eq!(from_control.recv().await, Some(ToNode::Stored { number: 0 }));
        clock.advance_ms(60 * HOUR);
        let mut tx = db.write().await.unwrap();
        commands::push(&mut tx, NOW, &Command::EndRoom { room: world.meeting, epoch: 1, reason: LeaveReason::Revoked }).unwrap();
        tx.commit().await.unwrap();
        let Some(ToNode::Commands { commands: sent }) = from_control.recv().await else { panic!("no command") };
        facts::acknowledged(&db, clock.now(), other, sent[0].number).await.unwrap();
        assert_eq!(commands::after(&mut db.read().await.unwrap(), 0).await.unwrap().len(), 1, "the quiet one has not carried it out");
        drop(to_control);
        serving.await.unwrap().unwrap();
    }

    async fn a_link_in_one_process_carries_facts_up_and_commands_down(db: Db) {
        let world = World::new(&db).await;
        let clock: SharedClock = ManualClock::at(NOW);
        let (ours, to_control, mut from_control) = channel();
        let serving = tokio::spawn({
            let (db, clock) = (db.clone(), clock.clone());
            async move { link::serve(&db, &clock, None, ours).await }
        });
        to_control.send(ToControl::Hello { node: world.node, incarnation: world.life, acknowledged: 0 }).await.unwrap();
        assert_eq!(from_control.recv().await, Some(ToNode::Stored { number: 0 }));
        to_control.send(ToControl::Facts { facts: vec![world.joined(1, SessionId::fresh())] }).await.unwrap();
        assert_eq!(from_control.recv().await, Some(ToNode::Stored { number: 1 }));
        assert_eq!(world.stored(&db).await.present, 1);

        let mut tx = db.write().await.unwrap();
        let command = Command::EndRoom { room: world.meeting, epoch: 1, reason: LeaveReason::Revoked };
        commands::push(&mut tx, NOW, &command).unwrap();
        tx.commit().await.unwrap();
        let Some(ToNode::Commands { commands: sent }) = from_control.recv().await else { panic!("no command") };
        assert_eq!(sent[0].command, command);
        to_control.send(ToControl::Acknowledge { number: sent[0].number }).await.unwrap();
        drop(to_control);
        serving.await.unwrap().unwrap();
        assert_eq!(commands::after(&mut db.read().await.unwrap(), 0).await.unwrap(), []);

        // The link of a node under another's name, and of one that says no hello, is refused.
        for first in [ToControl::Hello { node: NodeId::fresh(), incarnation: world.life, acknowledged: 0 }, ToControl::Acknowledge { number: 1 }] {
            let (ours, to_control, _from_control) = channel();
            to_control.send(first).await.unwrap();
            assert!(link::serve(&db, &clock, Some(world.node), ours).await.is_err());
        }
    }
}
