//! The recorder as the node uses it: taps in, events out, threads between.

use super::scene::{EPOCH_MS, Scene, Sender, opus_clip, probe, vp8_clip};
use crate::{
    engine::{
        api::{Tap, TapPacket},
        negotiated::Codec,
    },
    recording::{Recorder, RecorderEvent, RecordingConfig, seal::NodeKey, session::Recordable},
};
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender as Channel, channel},
    },
    time::{Duration, Instant},
};
use wire::{
    Classification,
    control::RecordingStop,
    id::{MeetingId, PersonId, RecordingId},
    signal::SourceKind,
};

/// Long enough for any machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

fn config(folder: &Path) -> RecordingConfig {
    RecordingConfig {
        folder: folder.join("recordings"),
        key_file: folder.join("key"),
        free_bytes_min: 1,
        ..RecordingConfig::in_folder(folder)
    }
}

fn recorder(config: RecordingConfig) -> (Recorder, Receiver<RecorderEvent>) {
    let (events, told) = channel();
    let events = Mutex::new(events);
    let recorder = Recorder::start(config, Arc::new(move |it| events.lock().unwrap().send(it).unwrap_or(()))).unwrap();
    (recorder, told)
}

fn started(recording: RecordingId, classification: Classification) -> Tap {
    Tap::Started { recording, room: MeetingId::fresh(), by: PersonId::fresh(), classification, now_ms: EPOCH_MS }
}

fn stopped(recording: RecordingId, reason: RecordingStop, after_ms: i64) -> Tap {
    Tap::Stopped { recording, room: MeetingId::fresh(), reason, now_ms: EPOCH_MS.saturating_add_ms(after_ms) }
}

fn track(recording: RecordingId, sender: &Sender) -> Tap {
    let new = sender.new_track();
    Tap::Track {
        recording,
        source: new.source,
        session: new.session,
        name: new.name,
        kind: new.kind,
        codec: new.codec,
        clock_rate: new.clock_rate,
    }
}

/// A frame that leans on one that never came, long after a key frame was due: the worker asks for one.
fn leaning(recording: RecordingId, sender: &Sender) -> TapPacket {
    TapPacket {
        recording,
        source: sender.source,
        ssrc: 1,
        sequence: 1,
        timestamp: 0,
        marker: true,
        arrived: Instant::now() + Duration::from_secs(5),
        payload: bytes::Bytes::from_static(&[0x10, 0x11]),
    }
}

fn end_of(told: &Receiver<RecorderEvent>, recording: RecordingId) -> RecorderEvent {
    loop {
        let event = told.recv_timeout(PATIENCE).unwrap();
        if matches!(event, RecorderEvent::Stopped { recording: of, .. } if of == recording) {
            return event;
        }
    }
}

fn give(recorder: &Recorder, packets: Vec<TapPacket>) {
    packets.into_iter().for_each(|it| recorder.tap(Tap::Packet(it)));
}

#[test]
fn a_recording_from_its_start_to_its_end() {
    let scene = Scene::new();
    let (recorder, told) = recorder(config(scene.folder.path()));
    let (mut camera, mut microphone) = (Sender::new(SourceKind::Camera), Sender::new(SourceKind::Microphone));
    recorder.tap(started(scene.recording, Classification::Terbuka));
    recorder.tap(track(scene.recording, &camera));
    recorder.tap(track(scene.recording, &microphone));
    give(&recorder, camera.send(&scene, scene.recording, &vp8_clip("320x180", 2), 0));
    give(&recorder, microphone.send(&scene, scene.recording, &opus_clip(2), 0));
    recorder.tap(Tap::TrackEnded { recording: scene.recording, source: camera.source });
    recorder.tap(stopped(scene.recording, RecordingStop::Requested, 2_000));

    let RecorderEvent::Stopped { reason, duration_ms, bytes, tracks, .. } = end_of(&told, scene.recording) else { unreachable!() };
    assert_eq!((reason, duration_ms, tracks.len()), (RecordingStop::Requested, 2_000, 2));
    assert_eq!(bytes, tracks.iter().map(|it| it.bytes).sum::<i64>());
    assert_eq!(tracks.iter().map(|it| it.mime.as_str()).collect::<Vec<_>>(), ["video/webm; codecs=vp8", "audio/webm; codecs=opus"]);
    assert!(tracks.iter().all(|it| it.name == "Aminah"));
    recorder.end();
    assert_eq!(probe(&scene.file(camera.source)).packets, 60);
    probe(&scene.file(microphone.source));
}

#[test]
fn class_3_no_other_classification_is_recorded() {
    for classification in Classification::ALL {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, told) = recorder(config(folder.path()));
        let recording = RecordingId::fresh();
        recorder.tap(started(recording, classification));
        recorder.tap(stopped(recording, RecordingStop::Requested, 10));
        let first = told.recv_timeout(PATIENCE).unwrap();
        recorder.end();
        let kept = std::fs::read_dir(folder.path().join("recordings")).unwrap().count();
        let open = classification == Classification::Terbuka;
        assert_eq!((first == RecorderEvent::Failed { recording }, kept), (!open, usize::from(open)), "{classification:?}");
        assert_eq!(Recordable::new(classification).is_ok(), open);
    }
}

#[test]
fn class_6_a_raised_classification_seals_what_was_recorded() {
    let scene = Scene::new();
    let (recorder, told) = recorder(config(scene.folder.path()));
    let mut microphone = Sender::new(SourceKind::Microphone);
    recorder.tap(started(scene.recording, Classification::Terbuka));
    recorder.tap(track(scene.recording, &microphone));
    give(&recorder, microphone.send(&scene, scene.recording, &opus_clip(2), 0));
    recorder.tap(stopped(scene.recording, RecordingStop::ClassificationRaised, 2_000));
    let RecorderEvent::Stopped { reason, .. } = end_of(&told, scene.recording) else { unreachable!() };
    assert_eq!(reason, RecordingStop::ClassificationRaised);
    assert!(recorder.library().shown(scene.recording).unwrap().is_none());
    recorder.end();
    assert!(!scene.bytes(microphone.source).is_empty(), "the media stays");
    let (recorder, told) = self::recorder(config(scene.folder.path()));
    assert!(recorder.library().shown(scene.recording).unwrap().is_none(), "after a start as well");
    recorder.end();
    assert!(told.try_recv().is_err());
}

#[test]
fn what_was_failing_is_sealed_too_where_the_classification_is_raised() {
    let scene = Scene::new();
    // Longer than it may be at the first look.
    let (recorder, told) = recorder(RecordingConfig { duration_max: Duration::ZERO, ..config(scene.folder.path()) });
    let mut microphone = Sender::new(SourceKind::Microphone);
    recorder.tap(started(scene.recording, Classification::Terbuka));
    recorder.tap(track(scene.recording, &microphone));
    give(&recorder, microphone.send(&scene, scene.recording, &opus_clip(1), 0));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RecorderEvent::Failed { recording: scene.recording });
    recorder.tap(stopped(scene.recording, RecordingStop::ClassificationRaised, 2_000));
    let RecorderEvent::Stopped { reason, .. } = end_of(&told, scene.recording) else { unreachable!() };
    assert_eq!(reason, RecordingStop::ClassificationRaised);
    assert!(recorder.library().shown(scene.recording).unwrap().is_none());
    recorder.end();
}

#[test]
fn without_room_on_the_disk_no_recording_begins() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, told) = recorder(RecordingConfig { free_bytes_min: u64::MAX, ..config(folder.path()) });
    let recording = RecordingId::fresh();
    recorder.tap(started(recording, Classification::Terbuka));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RecorderEvent::Failed { recording });
    recorder.tap(stopped(recording, RecordingStop::Failed, 10));
    let RecorderEvent::Stopped { reason, tracks, .. } = end_of(&told, recording) else { unreachable!() };
    assert_eq!((reason, tracks.len()), (RecordingStop::Failed, 0));
    recorder.end();
}

#[test]
fn only_so_many_recordings_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, told) = recorder(RecordingConfig { running_max: 1, ..config(folder.path()) });
    let (first, second, third) = (RecordingId::fresh(), RecordingId::fresh(), RecordingId::fresh());
    recorder.tap(started(first, Classification::Terbuka));
    recorder.tap(started(second, Classification::Terbuka));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RecorderEvent::Failed { recording: second });
    recorder.tap(stopped(first, RecordingStop::Requested, 10));
    end_of(&told, first);
    recorder.tap(started(third, Classification::Terbuka));
    recorder.end();
    let RecorderEvent::Stopped { reason, .. } = end_of(&told, third) else { unreachable!() };
    assert_eq!(reason, RecordingStop::RoomClosed, "what runs when the node ends is closed");
}

#[test]
fn a_disk_that_fails_fails_the_recording_and_says_so() {
    let scene = Scene::new();
    let (recorder, told) = recorder(config(scene.folder.path()));
    let mut microphone = Sender::new(SourceKind::Microphone);
    recorder.tap(started(scene.recording, Classification::Terbuka));
    recorder.tap(track(scene.recording, &microphone));
    let mut camera = Sender::new(SourceKind::Camera);
    recorder.tap(track(scene.recording, &camera));
    recorder.tap(Tap::Packet(leaning(scene.recording, &camera)));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RecorderEvent::NeedsKeyframe { source: camera.source });
    let recordings = scene.folder.path().join("recordings");
    std::fs::rename(recordings.join(scene.recording.to_string()), scene.folder.path().join("away")).unwrap();
    give(&recorder, microphone.send(&scene, scene.recording, &opus_clip(3), 0));
    give(&recorder, camera.send(&scene, scene.recording, &vp8_clip("320x180", 3), 0));
    loop {
        match told.recv_timeout(PATIENCE).unwrap() {
            RecorderEvent::Failed { recording } => break assert_eq!(recording, scene.recording),
            RecorderEvent::NeedsKeyframe { .. } => {}
            other @ RecorderEvent::Stopped { .. } => panic!("{other:?}"),
        }
    }
    recorder.tap(stopped(scene.recording, RecordingStop::Failed, 3_000));
    end_of(&told, scene.recording);
    recorder.end();
}

/// A recorder whose worker stands still in the middle of an event until it is let go.
fn standing() -> (tempfile::TempDir, Recorder, Receiver<RecorderEvent>, Channel<()>) {
    let folder = tempfile::tempdir().unwrap();
    let (events, told) = channel();
    let (go, gate) = channel();
    let state = Mutex::new((events, gate, false));
    let recorder = Recorder::start(
        config(folder.path()),
        Arc::new(move |it| {
            let mut state = state.lock().unwrap();
            let stands = matches!(it, RecorderEvent::NeedsKeyframe { .. }) && !std::mem::replace(&mut state.2, true);
            state.0.send(it).unwrap_or(());
            if stands {
                state.1.recv().unwrap_or(());
            }
        }),
    )
    .unwrap();
    (folder, recorder, told, go)
}

#[test]
fn a_recorder_that_does_not_keep_up_fails_the_recording_and_never_waits() {
    let (_folder, recorder, told, go) = standing();
    let (scene, mut microphone, camera) = (Scene::new(), Sender::new(SourceKind::Microphone), Sender::new(SourceKind::Camera));
    let (recording, late) = (RecordingId::fresh(), RecordingId::fresh());
    recorder.tap(started(recording, Classification::Terbuka));
    recorder.tap(track(recording, &microphone));
    recorder.tap(track(recording, &camera));
    recorder.tap(Tap::Packet(leaning(recording, &camera)));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RecorderEvent::NeedsKeyframe { source: camera.source });
    let packets = microphone.send(&scene, recording, &opus_clip(1), 0);
    recorder.tap(started(late, Classification::Terbuka));
    for number in 0..20_000u64 {
        let sequence = packets[0].sequence + number;
        recorder.tap(Tap::Packet(TapPacket { sequence, ..packets[0].clone() }));
    }
    // Neither end fits in any more; the second overtakes its start.
    recorder.tap(stopped(recording, RecordingStop::ClassificationRaised, 400_000));
    recorder.tap(stopped(late, RecordingStop::ClassificationRaised, 400_000));
    go.send(()).unwrap();
    let events: Vec<_> = [(); 3].map(|()| told.recv_timeout(PATIENCE).unwrap()).into();
    assert!(events.contains(&RecorderEvent::Failed { recording }), "{events:?}");
    for recording in [recording, late] {
        let reason = events.iter().find_map(|it| match it {
            RecorderEvent::Stopped { recording: of, reason, .. } if *of == recording => Some(*reason),
            _ => None,
        });
        assert_eq!(reason, Some(RecordingStop::ClassificationRaised), "{events:?}");
        assert!(recorder.library().shown(recording).unwrap().is_none());
    }
    recorder.end();
    assert!(told.try_recv().is_err(), "nothing of it is left running");
}

#[test]
fn after_its_end_a_recorder_refuses_and_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, told) = recorder(config(folder.path()));
    recorder.end();
    recorder.end();
    let recording = RecordingId::fresh();
    recorder.tap(started(recording, Classification::Terbuka));
    recorder.tap(stopped(recording, RecordingStop::Requested, 0));
    assert_eq!(told.try_recv(), Ok(RecorderEvent::Failed { recording }));
    assert!(matches!(told.try_recv(), Ok(RecorderEvent::Stopped { duration_ms: 0, .. })));
}

#[test]
fn a_recorder_does_not_start_where_the_key_of_its_recordings_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, told) = recorder(config(folder.path()));
    let recording = RecordingId::fresh();
    recorder.tap(started(recording, Classification::Terbuka));
    recorder.tap(stopped(recording, RecordingStop::Requested, 0));
    end_of(&told, recording);
    recorder.end();
    std::fs::remove_file(folder.path().join("key")).unwrap();
    assert!(Recorder::start(config(folder.path()), Arc::new(|_| {})).is_err());
    assert!(NodeKey::load_or_create(&folder.path().join("key"), true).is_err(), "and makes no other");
}

#[test]
fn what_an_earlier_life_left_open_is_told_at_the_start() {
    let scene = Scene::new();
    let mut microphone = Sender::new(SourceKind::Microphone);
    let packets = microphone.send(&scene, scene.recording, &opus_clip(3), 0);
    let mut session = scene.session();
    scene.play(&mut session, &[&microphone], packets);
    drop(session);
    let (recorder, told) = recorder(config(scene.folder.path()));
    let RecorderEvent::Stopped { recording, reason, tracks, .. } = told.try_recv().unwrap() else { panic!() };
    assert_eq!((recording, reason, tracks.len()), (scene.recording, RecordingStop::Failed, 1));
    assert!(recorder.library().shown(recording).unwrap().is_some());
    recorder.end();
}

#[test]
fn a_codec_that_is_not_recorded_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, told) = recorder(config(folder.path()));
    let recording = RecordingId::fresh();
    recorder.tap(started(recording, Classification::Terbuka));
    let Tap::Track { recording, source, session, name, kind, clock_rate, .. } = track(recording, &Sender::new(SourceKind::Camera)) else {
        unreachable!()
    };
    recorder.tap(Tap::Track { recording, source, session, name, kind, clock_rate, codec: Codec::Av1 });
    recorder.tap(stopped(recording, RecordingStop::Requested, 5));
    let RecorderEvent::Stopped { tracks, .. } = end_of(&told, recording) else { unreachable!() };
    assert!(tracks.is_empty());
    recorder.end();
}
