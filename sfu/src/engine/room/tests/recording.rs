//! MEET-3, CLASS-3 and CLASS-6: who may record what, who knows of it, and when it stops.

use super::super::*;
use super::scene::*;
use crate::engine::api::Tap;
use wire::{
    Classification::*,
    Rule,
    control::Fact,
    grant::{Act, Role::*},
    signal::ParticipantKind,
};

#[test]
fn everyone_is_told_before_the_recorder_is_given_anything() {
    let mut scene = Scene::new();
    let (host, member) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    let at = |wanted: &dyn Fn(&Effect) -> bool| scene.log.iter().position(wanted).unwrap();
    let tap = at(&|it| matches!(it, Effect::StartTap { .. }));
    for session in [host, member] {
        let told = at(
            &|it| matches!(it, Effect::Event(Event::Message { session: to, message: ServerMessage::Recording { recording: Some(_) } }) if *to == session),
        );
        let row = at(&|it| {
            matches!(it, Effect::Event(Event::Message { session: to, message: ServerMessage::ParticipantJoined { participant } })
            if *to == session && participant.kind == ParticipantKind::Recorder)
        });
        assert!(row < tap && told < tap);
    }
    assert!(matches!(scene.taps()[..], [Tap::Started { classification: Terbuka, .. }]));
    assert_eq!(code(scene.ask(host, ClientMessage::StartRecording)), Some((Code::RecordingRunning, None)));
}

#[test]
fn a_recording_stops_for_each_of_its_reasons_once() {
    type Stop = (&'static str, RecordingStop, fn(&mut Scene, SessionId));
    let table: [Stop; 4] = [
        ("asked", RecordingStop::Requested, |scene, host| scene.ask(host, ClientMessage::StopRecording).unwrap()),
        ("last one leaves", RecordingStop::RoomClosed, |scene, host| scene.ask(host, ClientMessage::Leave).unwrap()),
        ("raised", RecordingStop::ClassificationRaised, |scene, host| {
            scene.ask(host, ClientMessage::RaiseClassification { to: Terhad }).unwrap();
        }),
        ("disk full", RecordingStop::Failed, |scene, _| {
            let Tap::Started { recording, .. } = scene.taps()[0] else { panic!("no recording") };
            let (recording, now_ms) = (*recording, scene.now_ms());
            scene.rooms.handle_recorder_failed(recording, now_ms);
            scene.mark();
        }),
    ];
    for (name, reason, stop) in table {
        let mut scene = Scene::new();
        let host = scene.enter(Host, Terbuka);
        scene.ask(host, ClientMessage::StartRecording).unwrap();
        stop(&mut scene, host);
        let stopped: Vec<_> =
            scene.taps().into_iter().filter_map(|tap| if let Tap::Stopped { reason, .. } = tap { Some(*reason) } else { None }).collect();
        assert_eq!(stopped, [reason], "{name}");
        let at = |wanted: &dyn Fn(&Effect) -> bool| scene.log.iter().position(wanted).unwrap();
        assert!(
            at(&|it| matches!(it, Effect::StopTap { .. })) < at(&|it| matches!(it, Effect::Event(Event::Tap(Tap::Stopped { .. })))),
            "{name}"
        );
        assert!(!scene.roster().iter().any(|row| row.kind == ParticipantKind::Recorder), "{name}");
    }
}

#[test]
fn a_recording_outlives_the_one_who_started_it() {
    let mut scene = Scene::new();
    let (host, other) = (scene.enter(Host, Terbuka), scene.enter(CoHost, Terbuka));
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    scene.ask(host, ClientMessage::Leave).unwrap();
    assert!(scene.roster().iter().any(|row| row.kind == ParticipantKind::Recorder));
    scene.ask(other, ClientMessage::StopRecording).unwrap();
    assert_eq!(code(scene.ask(other, ClientMessage::StopRecording)), Some((Code::RecordingNotRunning, None)));
}

#[test]
fn abuse_16_no_path_records_an_official_secret() {
    for classification in [Terhad, Sulit] {
        let mut scene = Scene::new();
        // The grant lies: it permits what the classification forbids.
        let mut grant = scene.grant(Host, classification);
        grant.acts.insert(Act::Record);
        let person = grant.sub;
        let entry = scene.join(grant);
        assert!(!entry.acts.contains(&Act::Record), "the act is not even shown");
        for _ in 0..3 {
            let refusal = scene.ask(entry.session, ClientMessage::StartRecording).unwrap_err();
            assert_eq!((refusal.code, refusal.rule), (Code::RecordingForbidden, Some(Rule::Class3)));
            assert_eq!(refusal.values["classification"], classification.name());
        }
        let refused = Fact::RecordingRefused { person, rule: Rule::Class3, classification };
        assert_eq!(scene.facts().into_iter().filter(|fact| **fact == refused).count(), 3, "each try is a fact");
        assert!(scene.taps().is_empty() && !scene.log.iter().any(|it| matches!(it, Effect::StartTap { .. })));
        // The control plane cannot permit it either.
        scene.control(ControlCommand::ReplaceGrant { room: scene.room, person, role: Host, acts: [Act::Record].into() });
        assert_eq!(code(scene.ask(entry.session, ClientMessage::StartRecording)), Some((Code::RecordingForbidden, Some(Rule::Class3))));
    }
}

#[test]
fn abuse_16_recording_needs_the_act_in_an_open_meeting_too() {
    let mut scene = Scene::new();
    let member = scene.enter(Member, Terbuka);
    assert_eq!(code(scene.ask(member, ClientMessage::StartRecording)), Some((Code::ActForbidden, Some(Rule::Sec3))));
    let host = scene.enter(Host, Terbuka);
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    assert_eq!(code(scene.ask(member, ClientMessage::StopRecording)), Some((Code::ActForbidden, Some(Rule::Sec3))));
}

#[test]
fn abuse_18_a_raise_stops_the_recorder_before_anything_else_changes() {
    type Raise = (&'static str, fn(&mut Scene, SessionId));
    let table: [Raise; 3] = [
        ("by the host", |scene, host| scene.ask(host, ClientMessage::RaiseClassification { to: Sulit }).unwrap()),
        ("by the control plane", |scene, _| scene.control(ControlCommand::RaiseClassification { room: scene.room, to: Sulit })),
        ("by a newer grant", |scene, _| {
            scene.enter(Member, Sulit);
        }),
    ];
    for (name, raise) in table {
        let mut scene = Scene::new();
        let host = scene.enter(Host, Terbuka);
        scene.ask(host, ClientMessage::StartRecording).unwrap();
        let from = scene.mark();
        raise(&mut scene, host);
        let first = scene.log[from..].iter().find(|it| !matches!(it, Effect::Event(Event::Remember { .. }))).unwrap();
        assert!(matches!(first, Effect::StopTap { .. }), "{name}: {first:?}");
        assert!(scene.taps().iter().any(|tap| matches!(tap, Tap::Stopped { reason: RecordingStop::ClassificationRaised, .. })), "{name}");
        assert!(scene.facts().iter().any(|fact| matches!(fact, Fact::ClassificationRaised { from: Terbuka, to: Sulit, .. })), "{name}");
        assert!(scene.told(host).iter().any(|it| matches!(it, ServerMessage::Acts { acts } if !acts.contains(&Act::Record))), "{name}");
        assert_eq!(code(scene.ask(host, ClientMessage::StartRecording)), Some((Code::RecordingForbidden, Some(Rule::Class3))), "{name}");
        assert_eq!(scene.log.iter().filter(|it| matches!(it, Effect::StartTap { .. })).count(), 1, "{name}");
    }
}
