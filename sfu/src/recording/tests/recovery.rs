//! A node that was killed: what is there is closed at the next start.

use super::scene::{ClipFrame, Scene, Sender, open, opus_clip, probe, vp8_clip};
use crate::recording::{
    manifest::{Manifest, RecordingState, TrackCondition},
    session::recover_all,
    store::{Part, StoredFile},
};
use std::fs::OpenOptions;
use wire::{control::RecordingStop, signal::SourceKind};

/// Records until `killed_ms` and is killed there: nothing is closed.
fn killed(scene: &Scene, killed_ms: u64) -> (Sender, Sender) {
    let seconds = killed_ms.div_ceil(1000);
    killed_in(scene, killed_ms, &vp8_clip("320x180", seconds), &opus_clip(seconds))
}

fn killed_in(scene: &Scene, killed_ms: u64, picture: &[ClipFrame], sound: &[ClipFrame]) -> (Sender, Sender) {
    let (mut camera, mut microphone) = (Sender::new(SourceKind::Camera), Sender::new(SourceKind::Microphone));
    let mut packets = camera.send(scene, scene.recording, picture, 0);
    packets.extend(microphone.send(scene, scene.recording, sound, 0));
    packets.retain(|it| it.arrived < scene.at(killed_ms));
    let mut session = scene.session();
    scene.play(&mut session, &[&camera, &microphone], packets);
    drop(session);
    (camera, microphone)
}

#[test]
fn a_kill_costs_a_second_at_most() {
    let (picture, sound) = (vp8_clip("320x180", 10), opus_clip(10));
    for killed_ms in [2_040, 5_230, 6_999, 9_290] {
        let scene = Scene::new();
        let (camera, microphone) = killed_in(&scene, killed_ms, &picture, &sound);
        assert!(!Manifest::read(&scene.store, scene.recording).unwrap().may_be_shown());

        let closed = recover_all(&open(scene.folder.path())).unwrap();
        assert_eq!(closed.len(), 1);
        assert_eq!(closed[0].state, RecordingState::Stopped { reason: RecordingStop::Failed });
        assert!(closed[0].duration_ms > killed_ms as i64 - 1_000, "{killed_ms}: {}", closed[0].duration_ms);
        for source in [camera.source, microphone.source] {
            let seen = probe(&scene.file(source));
            assert!(seen.duration_ms > killed_ms as i64 - 1_000 && seen.duration_ms <= killed_ms as i64 + 40, "{killed_ms}: {seen:?}");
        }
        assert!(closed[0].tracks.iter().all(|it| it.condition == TrackCondition::Recovered));
        assert!(recover_all(&scene.store).unwrap().is_empty(), "once");
    }
}

#[test]
fn a_torn_tail_is_cut() {
    let scene = Scene::new();
    let (camera, microphone) = killed(&scene, 7_500);
    for source in [camera.source, microphone.source] {
        let path = scene.store.path(scene.recording, StoredFile::Track(source, Part::Body));
        let bytes = path.metadata().unwrap().len();
        OpenOptions::new().write(true).open(path).unwrap().set_len(bytes - 7).unwrap();
    }
    let closed = recover_all(&scene.store).unwrap();
    for row in &closed[0].tracks {
        assert_eq!(row.condition, TrackCondition::Recovered);
        let seen = probe(&scene.file(row.source));
        assert!((5_400..7_500).contains(&seen.duration_ms), "one record more is lost: {seen:?}");
    }
}

#[test]
fn a_damaged_track_is_not_shown_and_the_others_are() {
    let scene = Scene::new();
    let (camera, microphone) = killed(&scene, 4_000);
    let path = scene.store.path(scene.recording, StoredFile::Track(camera.source, Part::Body));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let closed = recover_all(&scene.store).unwrap();
    let condition = |source| closed[0].tracks.iter().find(|it| it.source == source).unwrap().condition;
    assert_eq!((condition(camera.source), condition(microphone.source)), (TrackCondition::Damaged, TrackCondition::Recovered));
    assert_eq!(closed[0].recorded_tracks().iter().map(|it| it.source).collect::<Vec<_>>(), [microphone.source]);
}

#[test]
fn a_kill_while_closing_is_closed_again() {
    let scene = Scene::new();
    let (camera, _) = killed(&scene, 3_000);
    // All was closed but the manifest.
    let before = Manifest::read(&scene.store, scene.recording).unwrap();
    recover_all(&scene.store).unwrap();
    before.write(&scene.store).unwrap();
    assert_eq!(recover_all(&scene.store).unwrap().len(), 1);
    probe(&scene.file(camera.source));
}

#[test]
fn a_kill_before_the_first_manifest_leaves_nothing() {
    let scene = Scene::new();
    scene.store.create(scene.recording).unwrap();
    std::fs::write(scene.store.folder().join(scene.recording.to_string()).join("manifest.draft"), b"half").unwrap();
    assert!(recover_all(&scene.store).unwrap().is_empty());
    assert!(scene.store.recordings().unwrap().is_empty());
}

#[test]
fn a_forged_manifest_is_left_alone_and_does_not_stop_the_start() {
    let scene = Scene::new();
    killed(&scene, 1_500);
    let path = scene.store.path(scene.recording, StoredFile::Manifest);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(recover_all(&scene.store).unwrap().is_empty());
    assert_eq!(std::fs::read(path).unwrap(), bytes);
}
