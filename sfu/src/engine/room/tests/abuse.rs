//! What somebody would try.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::{self, *},
    Rule,
    control::Fact,
    grant::{Act, Role::*},
    signal::ParticipantKind,
};

#[test]
fn abuse_1_a_session_acts_in_its_own_room_alone() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let mut elsewhere = scene.grant(Member, Terbuka);
    elsewhere.room = MeetingId::fresh();
    let stranger = scene.join(elsewhere).session;
    for message in
        [ClientMessage::Remove { session: stranger }, ClientMessage::MuteOther { session: stranger, kind: SourceKind::Microphone }]
    {
        assert_eq!(code(scene.ask(host, message)), Some((Code::ParticipantUnknown, None)));
    }
    let foreign = scene.rooms.forwarded(stranger)[1].0;
    let slots = vec![SlotRequest { mid: "v0".into(), source: Some(foreign), width: 640, height: 360, priority: 0 }];
    scene.ask(host, ClientMessage::View { slots }).unwrap();
    let Some(Effect::View { slots, .. }) = scene.log.iter().rev().find(|it| matches!(it, Effect::View { .. })) else { panic!("no view") };
    assert_eq!(slots[0].source, None, "a source of another room is nothing");
    assert_eq!(scene.roster().len(), 1);
}

#[test]
fn abuse_6_one_live_session_for_each_person_and_the_newer_grant_wins() {
    let mut scene = Scene::new();
    let grant = scene.grant(Member, Terbuka);
    let first = scene.join(grant.clone()).session;
    let mut fresh = grant.clone();
    fresh.jti = GrantId::fresh();
    let second = scene.join(fresh.clone()).session;
    assert_eq!(scene.ended(first), Some(LeaveReason::Replaced));
    assert_eq!(scene.roster().iter().map(|row| row.session).collect::<Vec<_>>(), [second]);
    assert!(!scene.log.iter().any(|it| matches!(it, Effect::CloseRoom { .. })), "the meeting went on");
    // Neither the old session's place nor its ticket brings it back.
    assert_eq!(code(scene.resume(first, None).answer), Some((Code::ResumeUnknown, None)));
    assert_eq!(code(scene.join_as(first, grant.clone(), true, &media()).answer), Some((Code::ResumeUnknown, None)));
    // Nor after a restart, in whichever order the two come.
    for order in [[first, second], [second, first]] {
        let mut after = Scene::new();
        after.room = scene.room;
        for session in order {
            let grant = if session == first { grant.clone() } else { fresh.clone() };
            after.join_as(session, grant, true, &media());
        }
        assert_eq!(after.roster().iter().map(|row| row.session).collect::<Vec<_>>(), [second]);
    }
}

#[test]
fn abuse_6_the_same_ticket_twice_after_a_restart_makes_one_session() {
    let mut scene = Scene::new();
    let (session, grant) = (SessionId::fresh(), scene.grant(Member, Terbuka));
    assert!(scene.join_as(session, grant.clone(), true, &media()).answer.is_ok());
    assert_eq!(code(scene.join_as(session, grant, true, &media()).answer), Some((Code::Conflict, None)));
    assert_eq!(scene.roster().len(), 1);
}

#[test]
fn abuse_7_what_the_control_plane_voids_is_void_for_those_inside_and_those_to_come() {
    let mut scene = Scene::new();
    let (room, old) = (scene.room, scene.grant(Member, Terbuka));
    let inside = scene.join(old.clone()).session;
    let end = ControlCommand::EndRoom { room, epoch: 2, reason: LeaveReason::Revoked };
    scene.control(end.clone());
    assert_eq!(scene.ended(inside), Some(LeaveReason::Revoked));
    let mut late = old.clone();
    late.jti = GrantId::fresh();
    assert_eq!(code(scene.join(late).answer), Some((Code::GrantRevoked, Some(Rule::Meet8))));
    assert_eq!(code(scene.join_as(inside, old.clone(), true, &media()).answer), Some((Code::GrantRevoked, Some(Rule::Meet8))));
    let mut rebooked = old;
    rebooked.epoch = 2;
    let session = scene.join(rebooked).session;
    scene.control(end);
    assert_eq!(scene.ended(session), None, "repeating a command is harmless");
}

#[test]
fn abuse_7_a_person_taken_off_the_list_needs_a_grant_issued_after_the_removal() {
    let mut scene = Scene::new();
    let (room, grant) = (scene.room, scene.grant(Member, Terbuka));
    let session = scene.join(grant.clone()).session;
    let remove = ControlCommand::RemovePerson { room, person: grant.sub, not_before: grant.iat + 10, reason: LeaveReason::Revoked };
    scene.control(remove.clone());
    assert_eq!(scene.ended(session), Some(LeaveReason::Revoked));
    for (issued_after, allowed) in [(0, false), (9, false), (10, true)] {
        let mut again = grant.clone();
        (again.jti, again.iat) = (GrantId::fresh(), grant.iat + issued_after);
        assert_eq!(scene.join(again).answer.is_ok(), allowed, "{issued_after}");
    }
    let session = scene.roster()[0].session;
    scene.control(remove);
    assert_eq!(scene.ended(session), None);
}

#[test]
fn abuse_7_the_hosts_removal_and_end_hold_over_a_restart() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let grant = scene.grant(Member, Terbuka);
    let member = scene.join(grant.clone()).session;
    scene.ask(host, ClientMessage::Remove { session: member }).unwrap();
    assert_eq!(scene.ended(member), Some(LeaveReason::Removed));
    assert!(scene.facts().iter().any(|it| matches!(it, Fact::PersonRemoved { person, .. } if *person == grant.sub)));
    let rejoin = |scene: &mut Scene| {
        let mut again = grant.clone();
        again.jti = GrantId::fresh();
        code(scene.join(again).answer)
    };
    assert_eq!(rejoin(&mut scene), Some((Code::GrantRevoked, Some(Rule::Meet8))));
    scene.ask(host, ClientMessage::EndMeeting).unwrap();
    assert_eq!(scene.ended(host), Some(LeaveReason::MeetingEnded));
    assert_eq!(rejoin(&mut scene), Some((Code::MeetingEnded, None)));

    let mut after = Scene::new();
    after.room = scene.room;
    let remembered: Vec<_> = scene
        .log
        .iter()
        .filter_map(|it| if let Effect::Event(Event::Remember { command, .. }) = it { Some(command.clone()) } else { None })
        .collect();
    assert_eq!(remembered.len(), 2);
    for command in remembered {
        after.control(command);
    }
    assert_eq!(rejoin(&mut after), Some((Code::MeetingEnded, None)));
}

#[test]
fn abuse_10_nobody_sends_or_does_what_the_grant_does_not_permit() {
    let mut scene = Scene::new();
    let mut grant = scene.grant(Member, Terbuka);
    grant.acts = [Act::PublishAudio].into();
    let session = scene.join(grant.clone()).session;
    let other = scene.enter(Member, Terbuka);
    assert_eq!(scene.roster()[0].sources.iter().map(|it| it.kind).collect::<Vec<_>>(), [SourceKind::Microphone]);
    assert_eq!(scene.rooms.forwarded(session).iter().map(|it| it.1).collect::<Vec<_>>(), [true, false, false, false]);
    use ClientMessage::*;
    for message in [
        Mute { kind: SourceKind::Camera, muted: false },
        Mute { kind: SourceKind::ShareVideo, muted: false },
        RaiseHand { raised: true },
        StartRecording,
        StopRecording,
        MuteOther { session: other, kind: SourceKind::Microphone },
        Remove { session: other },
        RaiseClassification { to: Sulit },
        EndMeeting,
    ] {
        let refusal = scene.ask(session, message.clone()).unwrap_err();
        let expected = if message == StopRecording { Code::RecordingNotRunning } else { Code::ActForbidden };
        assert_eq!(refusal.code, expected, "{message:?}");
    }
    assert_eq!(scene.roster().len(), 2);
    // The control plane takes away and gives at once.
    scene.control(ControlCommand::ReplaceGrant { room: scene.room, person: grant.sub, role: Member, acts: [Act::PublishVideo].into() });
    assert_eq!(scene.rooms.forwarded(session).iter().map(|it| it.1).collect::<Vec<_>>(), [false, true, false, false]);
    assert!(scene.told(session).iter().any(|it| matches!(it, ServerMessage::Acts { acts } if *acts == [Act::PublishVideo].into())));
    // An older grant that is still in date does not bring the old acts back.
    let mut again = grant;
    again.jti = GrantId::fresh();
    assert_eq!(scene.join(again).acts, [Act::PublishVideo].into());
}

#[test]
fn abuse_10_a_second_source_of_a_kind_goes_nowhere() {
    let mut scene = Scene::new();
    let mut offered = media();
    offered.receives.push(sends(SourceKind::Camera));
    let grant = scene.grant(Member, Terbuka);
    let session = scene.join_as(SessionId::fresh(), grant, false, &offered).session;
    assert_eq!(scene.roster()[0].sources.len(), 4);
    assert!(!scene.rooms.forwarded(session)[4].1);
}

#[test]
fn abuse_17_a_meeting_of_the_highest_classifications_is_not_held() {
    for (classification, waived, refused) in [
        (Terbuka, false, None),
        (Terhad, false, Some((Code::SecurityFunctionsMissing, Some(Rule::Class4)))),
        (Sulit, false, Some((Code::SecurityFunctionsMissing, Some(Rule::Class4)))),
        (Terhad, true, None),
        (Sulit, true, None),
        (Rahsia, true, Some((Code::ClassificationTooHigh, Some(Rule::Class2)))),
        (RahsiaBesar, true, Some((Code::ClassificationTooHigh, Some(Rule::Class2)))),
        (Classification::from_name("TERBUKА"), true, Some((Code::ClassificationTooHigh, Some(Rule::Class2)))),
    ] {
        let mut scene = Scene::with(Settings { classified_without_e2ee: waived, ..Settings::default() });
        let mut grant = scene.grant(Host, Terbuka);
        grant.classification = classification;
        let entry = scene.join(grant);
        let lacks = entry.answer.as_ref().ok().map(|state| state.lacks.clone());
        assert_eq!(code(entry.answer), refused, "{classification:?} {waived}");
        let expected = if classification == Terbuka { vec![] } else { vec![Rule::Class4] };
        assert_eq!(lacks, refused.is_none().then_some(expected), "{classification:?} {waived}");
        assert_eq!(scene.facts().is_empty(), refused.is_some(), "a refused room was never opened");
    }
}

#[test]
fn abuse_17_a_raise_beyond_what_may_be_held_is_refused_to_a_host_and_ends_the_meeting_for_the_control_plane() {
    for (waived, to, refused) in [
        (true, Rahsia, (Code::ClassificationTooHigh, Some(Rule::Class2))),
        (false, Sulit, (Code::SecurityFunctionsMissing, Some(Rule::Class4))),
    ] {
        let mut scene = Scene::with(Settings { classified_without_e2ee: waived, ..Settings::default() });
        let host = scene.enter(Host, Terbuka);
        assert_eq!(code(scene.ask(host, ClientMessage::RaiseClassification { to })), Some(refused));
        assert_eq!(scene.ended(host), None);
        scene.control(ControlCommand::RaiseClassification { room: scene.room, to });
        assert_eq!(scene.ended(host), Some(LeaveReason::Revoked));
        let grant = scene.grant(Host, Terbuka);
        assert_eq!(code(scene.join(grant).answer), Some(refused), "an older grant does not lower it");
    }
}

#[test]
fn abuse_19_the_classification_is_never_lowered() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Sulit);
    for to in [Terhad, Terbuka] {
        assert_eq!(
            code(scene.ask(host, ClientMessage::RaiseClassification { to })),
            Some((Code::ClassificationLowered, Some(Rule::Class6)))
        );
        scene.control(ControlCommand::RaiseClassification { room: scene.room, to });
    }
    assert_eq!(scene.ended(host), None);
    // Neither by a grant that says less, nor by everyone leaving a meeting that was raised.
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    scene.ask(host, ClientMessage::RaiseClassification { to: Terhad }).unwrap();
    let low = scene.grant(Host, Terbuka);
    let entry = scene.join(low.clone());
    assert_eq!(entry.answer.unwrap().classification, Terhad);
    assert!(!entry.acts.contains(&Act::Record));
    for session in [host, entry.session] {
        scene.ask(session, ClientMessage::Leave).unwrap();
    }
    assert!(scene.roster().is_empty());
    let mut again = low;
    again.jti = GrantId::fresh();
    let entry = scene.join(again);
    assert_eq!(entry.answer.unwrap().classification, Terhad);
    assert_eq!(code(scene.ask(entry.session, ClientMessage::StartRecording)), Some((Code::RecordingForbidden, Some(Rule::Class3))));
}

#[test]
fn abuse_20_whoever_is_given_a_peer_or_a_tap_stands_in_the_roster() {
    let mut scene = Scene::new();
    // One who sends nothing is seen all the same.
    let grant = scene.grant(Member, Terbuka);
    let ghost = scene.join_as(SessionId::fresh(), grant, false, &Negotiated { receives: Vec::new(), ..media() }).session;
    let host = scene.enter(Host, Terbuka);
    scene.detach(ghost);
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    scene.enter(Guest, Terbuka);
    let (mut peers, mut taps) = (0, 0);
    for effect in &scene.log {
        match effect {
            Effect::AddPeer { .. } => peers += 1,
            Effect::RemovePeer { .. } => peers -= 1,
            Effect::StartTap { .. } => taps += 1,
            Effect::StopTap { .. } => taps -= 1,
            _ => {}
        }
    }
    let rows = scene.roster();
    assert!(rows.iter().any(|row| row.session == ghost));
    assert_eq!(rows.iter().filter(|row| row.kind == ParticipantKind::Person).count(), peers);
    assert_eq!(rows.iter().filter(|row| row.kind == ParticipantKind::Recorder).count(), taps);
}

#[test]
fn abuse_48_a_flood_of_messages_is_refused_to_its_sender_and_the_session_lives() {
    let mut scene = Scene::new();
    let session = scene.enter(Member, Terbuka);
    let answers: Vec<_> = (0..1000).map(|_| scene.ask(session, ClientMessage::Ping)).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 60);
    assert_eq!(code(answers[999].clone()), Some((Code::RateLimited, None)));
    scene.pass(Duration::from_secs(1));
    assert_eq!((0..1000).filter(|_| scene.ask(session, ClientMessage::Ping).is_ok()).count(), 20);
    assert_eq!(scene.ended(session), None);
}

#[test]
fn abuse_49_a_view_of_slots_that_are_not_ones_own_is_refused() {
    let mut scene = Scene::new();
    let (session, other) = (scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    let source = scene.rooms.forwarded(other)[1].0;
    let request = |mid: &str| SlotRequest { mid: mid.into(), source: Some(source), width: 1, height: 1, priority: 0 };
    let table = [
        (vec![request("v0")], true),
        (vec![request("v0"), request("v1")], true),
        (vec![], true),
        (vec![request("a0")], false),
        (vec![request("nowhere")], false),
        (vec![request("v0"), request("v0")], false),
        (vec![request("v0"); 51], false),
    ];
    for (slots, allowed) in table {
        assert_eq!(scene.ask(session, ClientMessage::View { slots: slots.clone() }).is_ok(), allowed, "{slots:?}");
    }
    assert_eq!(scene.rooms.view(session).len(), 2);
}

#[test]
fn a_source_that_the_host_muted_is_unmuted_by_its_owner_alone() {
    let mut scene = Scene::new();
    let (host, member) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let kind = SourceKind::Microphone;
    scene.ask(host, ClientMessage::MuteOther { session: member, kind }).unwrap();
    assert!(!scene.rooms.forwarded(member)[0].1);
    assert!(scene.log.iter().any(|it| matches!(it, Effect::Forward { session, on: false, .. } if *session == member)));
    scene.ask(member, ClientMessage::Mute { kind, muted: false }).unwrap();
    assert!(scene.rooms.forwarded(member)[0].1);
}

#[test]
fn names_have_a_bound() {
    for (length, allowed) in [(1, true), (256, true), (257, false), (0, false)] {
        let mut scene = Scene::new();
        let mut grant = scene.grant(Member, Terbuka);
        grant.name = "a".repeat(length);
        assert_eq!(scene.join(grant).answer.is_ok(), allowed, "{length}");
    }
}
