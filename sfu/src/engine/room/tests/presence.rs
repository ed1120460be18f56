//! Coming, going, coming back, and what of it the others see.

use super::super::*;
use super::scene::*;
use wire::{Classification::*, Rule, control::Fact, grant::Role::*, signal::ParticipantKind};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_late_joiner_is_given_all_there_is_to_know() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    scene.ask(host, ClientMessage::RaiseHand { raised: true }).unwrap();
    scene.ask(host, ClientMessage::Mute { kind: SourceKind::Camera, muted: true }).unwrap();
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    scene.rooms.handle_speakers(scene.room.into(), vec![host, SessionId::fresh()]);
    let grant = scene.grant(Member, Terbuka);
    let closes_at = grant.closes_at;
    let entry = scene.join(grant);
    let state = entry.answer.unwrap();
    assert_eq!(state.classification, Terbuka);
    assert_eq!(state.speakers, [host], "nobody who is not in the roster speaks");
    assert_eq!(state.closes_at_ms, UnixMs::from_seconds(closes_at));
    assert_eq!(state.slots.iter().map(|slot| &*slot.mid).collect::<Vec<_>>(), ["a0", "a1", "v0", "v1"]);
    assert_eq!(state.recording.as_ref().unwrap().by, host);
    assert_eq!(state.participants.len(), 3, "host, newcomer, recorder");
    let row = state.participants.iter().find(|row| row.session == host).unwrap();
    assert!(row.hand_raised_at_ms.is_some() && row.connected);
    assert_eq!(row.sources.iter().map(|it| it.muted).collect::<Vec<_>>(), [false, true, false, false]);
    assert!(state.participants.iter().any(|row| row.kind == ParticipantKind::Recorder));
    assert!(
        scene
            .told(host)
            .iter()
            .any(|it| matches!(it, ServerMessage::ParticipantJoined { participant } if participant.session == entry.session))
    );
}

#[test]
fn the_peer_is_made_before_the_newcomer_is_told() {
    let mut scene = Scene::new();
    let session = scene.enter(Member, Terbuka);
    let at = |wanted: &dyn Fn(&Effect) -> bool| scene.log.iter().position(wanted).unwrap();
    let add = at(&|it| matches!(it, Effect::AddPeer { .. }));
    let forward = at(&|it| matches!(it, Effect::Forward { on: true, .. }));
    let joined = at(&|it| matches!(it, Effect::Event(Event::Joined { .. })));
    assert!(add < forward && forward < joined);
    assert_eq!(scene.rooms.forwarded(session).len(), 4);
    assert_eq!(scene.rooms.room_of(session), Some(scene.room));
}

#[test]
fn a_seat_is_kept_while_the_line_is_lost_and_then_given_up() {
    let mut scene = Scene::new();
    let (a, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    scene.detach(b);
    assert!(!scene.roster().iter().find(|row| row.session == b).unwrap().connected);
    assert!(
        scene.told(a).iter().any(
            |it| matches!(it, ServerMessage::ParticipantChanged { participant } if participant.session == b && !participant.connected)
        )
    );
    scene.pass(Duration::from_millis(29_999));
    assert_eq!(scene.ended(b), None);
    scene.pass(Duration::from_millis(1));
    assert_eq!(scene.ended(b), Some(LeaveReason::Lost));
    assert!(scene.facts().iter().any(|it| matches!(it, Fact::Left { session, reason: LeaveReason::Lost, .. } if *session == b)));
    assert_eq!(scene.roster().len(), 1);
}

#[test]
fn a_resume_in_time_changes_nothing_but_the_row() {
    let mut scene = Scene::new();
    let (a, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let before = scene.roster();
    scene.detach(b);
    scene.pass(29 * SECOND);
    let from = scene.mark();
    let entry = scene.resume(b, None);
    assert_eq!(entry.answer.unwrap().participants, before);
    assert!(!scene.log[from..].iter().any(|it| matches!(it, Effect::AddPeer { .. } | Effect::ReplacePeer { .. })), "the media went on");
    scene.pass(60 * SECOND);
    assert_eq!(scene.ended(b), None);
    assert_eq!(scene.told(a).iter().filter(|it| matches!(it, ServerMessage::ParticipantChanged { .. })).count(), 2);
}

#[test]
fn lost_media_needs_an_offer_to_come_back() {
    let mut scene = Scene::new();
    let session = scene.enter(Member, Terbuka);
    scene.media(session, MediaState::Connected);
    scene.media(session, MediaState::Lost);
    scene.detach(session);
    assert_eq!(code(scene.resume(session, None).answer), Some((Code::OfferRequired, None)));
    let offered = media();
    let from = scene.mark();
    assert!(scene.resume(session, Some(&offered)).answer.is_ok());
    assert!(scene.log[from..].iter().any(|it| matches!(it, Effect::ReplacePeer { .. })));
    assert_eq!(scene.rooms.source(offered.receives[0].source).unwrap().session, session);
    scene.pass(60 * SECOND);
    assert_eq!(scene.ended(session), None);
}

#[test]
fn lost_media_alone_gives_the_seat_up_after_the_same_time() {
    let mut scene = Scene::new();
    let session = scene.enter(Member, Terbuka);
    scene.media(session, MediaState::Lost);
    scene.pass(10 * SECOND);
    scene.detach(session);
    scene.pass(20 * SECOND);
    assert_eq!(scene.ended(session), Some(LeaveReason::Lost), "counted from the first loss");
}

#[test]
fn the_window_ends_the_stay_to_the_millisecond() {
    let mut scene = Scene::new();
    let a = scene.enter(Host, Terbuka);
    let mut longer = scene.grant(Member, Terbuka);
    longer.closes_at += 60;
    let b = scene.join(longer).session;
    scene.pass(3600 * SECOND - Duration::from_millis(1));
    assert_eq!((scene.ended(a), scene.ended(b)), (None, None));
    scene.pass(Duration::from_millis(1));
    assert_eq!((scene.ended(a), scene.ended(b)), (Some(LeaveReason::WindowClosed), None));
    scene.pass(60 * SECOND);
    assert_eq!(scene.ended(b), Some(LeaveReason::WindowClosed));
    assert!(scene.facts().iter().any(|it| matches!(it, Fact::RoomClosed)));
}

#[test]
fn a_window_of_days_is_reached_too() {
    let mut scene = Scene::new();
    let mut grant = scene.grant(Host, Terbuka);
    grant.closes_at += 3 * 24 * 3600;
    let session = scene.join(grant).session;
    scene.pass(73 * 3600 * SECOND - SECOND);
    assert_eq!(scene.ended(session), None);
    scene.pass(SECOND);
    assert_eq!(scene.ended(session), Some(LeaveReason::WindowClosed));
}

#[test]
fn the_window_opens_and_closes_for_joining() {
    for (opens_in, closes_in, allowed) in [(0, 1, true), (5, 60, true), (6, 60, false), (-60, 0, false), (-60, 1, true)] {
        let mut scene = Scene::new();
        let mut grant = scene.grant(Member, Terbuka);
        grant.opens_at = grant.iat + opens_in;
        grant.closes_at = grant.iat + closes_in;
        let refused = code(scene.join(grant).answer);
        assert_eq!(refused, (!allowed).then_some((Code::WindowClosed, Some(Rule::Meet8))), "{opens_in} {closes_in}");
    }
}

#[test]
fn a_restarted_node_takes_its_sessions_back() {
    let mut before = Scene::new();
    let grant = before.grant(Host, Terbuka);
    let session = before.join(grant.clone()).session;
    let mut after = Scene::new();
    after.room = before.room;
    assert_eq!(code(after.resume(session, Some(&media())).answer), Some((Code::ResumeUnknown, None)));
    let entry = after.join_as(session, grant, true, &media());
    assert_eq!(entry.answer.unwrap().participants[0].session, session);
    assert!(after.log.iter().any(|it| matches!(it, Effect::Event(Event::Joined { resumed: true, .. }))));
    assert!(after.facts().iter().any(|it| matches!(it, Fact::RoomOpened { .. })));
}

#[test]
fn a_drain_lets_nobody_in_and_ends_at_its_deadline() {
    let mut scene = Scene::new();
    let session = scene.enter(Host, Terbuka);
    scene.rooms.handle_drain(scene.now + 10 * SECOND);
    let grant = scene.grant(Member, Terbuka);
    assert_eq!(code(scene.join(grant).answer), Some((Code::NodeDraining, None)));
    scene.pass(10 * SECOND - Duration::from_millis(1));
    assert_eq!(scene.ended(session), None);
    scene.pass(Duration::from_millis(1));
    assert_eq!(scene.ended(session), Some(LeaveReason::NodeStopped));
    assert_eq!(scene.rooms.poll_timeout(), None);
}

#[test]
fn a_full_room_says_so_and_a_second_device_takes_no_second_place() {
    let mut scene = Scene::with(Settings { participants_max: 2, ..Settings::default() });
    let grant = scene.grant(Host, Terbuka);
    scene.join(grant.clone());
    scene.enter(Member, Terbuka);
    let third = scene.grant(Member, Terbuka);
    assert_eq!(code(scene.join(third).answer), Some((Code::RoomFull, None)));
    let mut again = grant;
    again.jti = GrantId::fresh();
    assert!(scene.join(again).answer.is_ok());
    assert_eq!(scene.roster().len(), 2);
}

#[test]
fn a_further_offer_keeps_what_it_names_and_ends_what_it_does_not() {
    let mut scene = Scene::new();
    let first = media();
    let grant = scene.grant(Member, Terbuka);
    let session = scene.join_as(SessionId::fresh(), grant, false, &first).session;
    scene.rooms.handle_slots(session, vec![SlotState { mid: "v0".into(), source: Some(SourceId::fresh()), session: None, paused: None }]);
    let mut second = first.clone();
    second.receives.truncate(2);
    second.video_slots.push(slot("v2"));
    let now = scene.now;
    scene.rooms.handle_reoffer(7, session, &second, now);
    scene.mark();
    assert!(scene.log.iter().any(|it| matches!(it, Effect::Event(Event::Reoffered { request: 7, .. }))));
    assert_eq!(scene.roster()[0].sources.len(), 2);
    assert!(scene.rooms.source(first.receives[0].source).is_some() && scene.rooms.source(first.receives[3].source).is_none());
    let slots = &scene.rooms.member(session).unwrap().slots;
    assert!(slots.iter().find(|it| it.mid == "v0").unwrap().source.is_some(), "known slots keep what they show");
    assert!(slots.iter().any(|it| it.mid == "v2"));
}

#[test]
fn every_end_empties_every_table() {
    let mut scene = Scene::new();
    for at in 0..20 {
        let session = scene.enter(Member, Terbuka);
        match at % 4 {
            0 => scene.ask(session, ClientMessage::Leave).unwrap(),
            1 => scene.detach(session),
            2 => scene.media(session, MediaState::Lost),
            _ => {}
        }
    }
    scene.pass(4000 * SECOND);
    assert!(scene.rooms.meetings.is_empty() && scene.rooms.rooms_of.is_empty() && scene.rooms.sources.is_empty());
    assert_eq!(scene.rooms.poll_timeout(), None);
    let count = |wanted: fn(&&Fact) -> bool| scene.facts().into_iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, Fact::Joined { .. })), 20);
    assert_eq!(count(|it| matches!(it, Fact::Left { .. })), 20);
    assert_eq!(count(|it| matches!(it, Fact::RoomOpened { .. })), count(|it| matches!(it, Fact::RoomClosed)));
}
