//! What a line does to packets, and what is then in the file.

use super::scene::{Probe, Scene, Sender, opus_clip, probe, samples, vp8_clip};
use crate::{engine::api::TapPacket, recording::manifest::TrackCondition};
use proptest::prelude::*;
use std::time::Duration;
use wire::signal::SourceKind;

#[test]
fn a_clean_line_gives_the_file_that_was_sent() {
    let scene = Scene::new();
    let (mut camera, mut microphone) = (Sender::new(SourceKind::Camera), Sender::new(SourceKind::Microphone));
    let (picture, sound) = (vp8_clip("640x360", 6), opus_clip(6));
    let mut packets = camera.send(&scene, scene.recording, &picture, 900);
    packets.extend(microphone.send(&scene, scene.recording, &sound, 400));
    let manifest = scene.record(&[&camera, &microphone], packets);

    let seen = probe(&scene.file(camera.source));
    let expected = Probe { codec: "vp8".to_owned(), packets: 180, start_ms: 900, duration_ms: 6899, width: 640, height: 360 };
    assert!((seen.duration_ms - expected.duration_ms).abs() <= 2, "{seen:?}");
    assert_eq!(Probe { duration_ms: expected.duration_ms, ..seen }, expected);
    let heard = probe(&scene.file(microphone.source));
    assert_eq!((heard.codec.as_str(), heard.packets, heard.start_ms), ("opus", sound.len(), 400));
    assert_eq!(heard.duration_ms, 400 + 20 * sound.len() as i64);

    let row = &manifest.tracks[0];
    assert_eq!((row.starts_after_ms, row.size, row.breaks, row.spans.len()), (900, Some((640, 360)), 0, 1));
    assert!(manifest.tracks.iter().all(|it| it.condition == TrackCondition::Whole));
    assert_eq!(row.bytes, scene.bytes(camera.source).len() as i64);
}

#[test]
fn what_comes_out_of_order_or_late_by_retransmission_is_in_its_place() {
    let scene = Scene::new();
    let mut camera = Sender::new(SourceKind::Camera);
    let picture = vp8_clip("320x180", 4);
    let mut packets = camera.send(&scene, scene.recording, &picture, 0);
    for (number, packet) in packets.iter_mut().enumerate() {
        match number % 7 {
            2 => packet.arrived += Duration::from_millis(70),
            5 => packet.arrived += Duration::from_millis(450),
            _ => {}
        }
    }
    let manifest = scene.record(&[&camera], packets);
    assert_eq!(manifest.tracks[0].breaks, 0);
    assert_eq!(probe(&scene.file(camera.source)).packets, picture.len());
}

#[test]
fn a_lost_packet_costs_the_pictures_to_the_next_key_frame_which_is_asked_for() {
    let scene = Scene::new();
    let mut camera = Sender::new(SourceKind::Camera);
    let picture = vp8_clip("320x180", 6);
    let packets = camera.send(&scene, scene.recording, &picture, 0);
    // A packet of the frame at 2.5 s is lost; the key frames are at 0, 2 and 4 s.
    let lost = packets.iter().position(|it| it.arrived >= scene.at(2_500)).unwrap();
    let packets = [&packets[..lost], &packets[lost + 1..]].concat();
    let mut session = scene.session();
    let asked = scene.play(&mut session, &[&camera], packets);
    let manifest = session.finish(&scene.store, wire::control::RecordingStop::Requested, 6_000);
    assert_eq!(manifest.tracks[0].breaks, 1);
    let (source, at_ms) = asked[0];
    assert!(source == camera.source && (3_100..=3_200).contains(&at_ms), "asked once the retransmission is given up: {asked:?}");
    let seen = probe(&scene.file(camera.source));
    assert_eq!(seen.packets, picture.iter().filter(|it| it.at_ms < 2_500 || it.at_ms >= 4_000).count());
}

#[test]
fn a_picture_that_begins_without_a_key_frame_is_asked_for_until_one_comes() {
    let scene = Scene::new();
    let mut camera = Sender::new(SourceKind::Camera);
    let picture = vp8_clip("320x180", 6);
    let late: Vec<_> = picture.into_iter().skip(1).collect();
    let packets = camera.send(&scene, scene.recording, &late[..], 0);
    let mut session = scene.session();
    let asked = scene.play(&mut session, &[&camera], packets);
    let manifest = session.finish(&scene.store, wire::control::RecordingStop::Requested, 6_000);
    assert_eq!(asked, [(camera.source, 1_000), (camera.source, 2_000)], "the engine asked at the start");
    assert_eq!(manifest.tracks[0].starts_after_ms, 2_000);
    assert_eq!(probe(&scene.file(camera.source)).packets, late.iter().filter(|it| it.at_ms >= 2_000).count());
}

#[test]
fn a_key_frame_is_asked_for_when_the_last_is_old() {
    let scene = Scene::new();
    let mut camera = Sender::new(SourceKind::Camera);
    let mut picture = vp8_clip("320x180", 14);
    picture.retain(|it| it.at_ms < 2_000 || it.data[0] & 1 == 1);
    let packets = camera.send(&scene, scene.recording, &picture, 0);
    let asked = scene.play(&mut scene.session(), &[&camera], packets);
    let times: Vec<u64> = asked.iter().map(|it| it.1 / 100).collect();
    assert_eq!(times, [100, 110, 120, 130]);
}

#[test]
fn a_source_that_comes_back_with_another_ssrc_and_size_goes_on_in_its_file() {
    let scene = Scene::new();
    let mut camera = Sender::new(SourceKind::Camera);
    let (small, large) = (vp8_clip("320x180", 3), vp8_clip("640x360", 3));
    let mut packets = camera.send(&scene, scene.recording, &small, 0);
    // One of the old SSRC comes late, amid the new ones.
    let mut straggler = packets[packets.len() - 3].clone();
    straggler.arrived = scene.at(4_700);
    camera.restart();
    packets.extend(camera.send(&scene, scene.recording, &large, 4_600));
    packets.push(straggler);
    let manifest = scene.record(&[&camera], packets);
    let seen = probe(&scene.file(camera.source));
    assert_eq!((seen.packets, seen.width, seen.start_ms), (180, 320, 0), "the head names the first size");
    assert!((seen.duration_ms - 7_599).abs() <= 35, "{seen:?}");
    assert_eq!(manifest.tracks[0].breaks, 0, "a splice is no break");
}

#[test]
fn a_muted_source_leaves_a_pause_and_two_spans() {
    let scene = Scene::new();
    let mut microphone = Sender::new(SourceKind::Microphone);
    let sound: Vec<_> = opus_clip(12).into_iter().filter(|it| !(3_000..9_000).contains(&it.at_ms)).collect();
    let packets = microphone.send(&scene, scene.recording, &sound, 100);
    let manifest = scene.record(&[&microphone], packets);
    let spans: Vec<_> = manifest.tracks[0].spans.iter().map(|it| (it.from_ms, it.to_ms)).collect();
    let end = sound.last().unwrap().at_ms as i64 + 120;
    assert_eq!(spans, [(100, 3_100), (9_100, end)]);
    let heard = probe(&scene.file(microphone.source));
    assert_eq!(heard.duration_ms, end);
    assert_eq!(heard.packets, sound.len() + 6_000 / 120, "silence in packets of 120 ms");
    assert_eq!(
        samples(&scene.file(microphone.source)),
        (end - 100) as usize * 48,
        "not a sample is missing, so all that follows is in its place"
    );
}

#[test]
fn sound_that_is_lost_leaves_its_time() {
    let scene = Scene::new();
    let mut microphone = Sender::new(SourceKind::Microphone);
    let sound = opus_clip(6);
    let packets = microphone.send(&scene, scene.recording, &sound, 0);
    let kept = packets.into_iter().enumerate().filter(|(number, _)| *number == 0 || number % 9 > 1).map(|it| it.1).collect();
    scene.record(&[&microphone], kept);
    let path = scene.file(microphone.source);
    assert_eq!((probe(&path).packets, samples(&path)), (sound.len(), sound.len() * 960));
}

#[test]
fn sound_that_overlaps_at_a_splice_is_left_out() {
    let scene = Scene::new();
    let mut microphone = Sender::new(SourceKind::Microphone);
    let sound = opus_clip(2);
    let mut packets = microphone.send(&scene, scene.recording, &sound, 0);
    let end_ms = 20 * sound.len() as u64;
    microphone.restart();
    packets.extend(microphone.send(&scene, scene.recording, &sound, end_ms - 100));
    packets.sort_by_key(|it| it.ssrc);
    scene.record(&[&microphone], packets);
    let path = scene.file(microphone.source);
    // The two streams come at once for a while: each change between them is a splice.
    let length_ms = 2 * end_ms as i64 - 100;
    assert!((samples(&path) as i64 / 48 - length_ms).abs() <= 20, "{} of {length_ms}", samples(&path) / 48);
    assert_eq!(probe(&path).duration_ms, length_ms);
}

#[test]
fn seven_sources_line_up_on_one_time() {
    let scene = Scene::new();
    let (picture, sound) = (vp8_clip("320x180", 3), opus_clip(3));
    let kinds = [
        SourceKind::Camera,
        SourceKind::Microphone,
        SourceKind::Camera,
        SourceKind::Microphone,
        SourceKind::Camera,
        SourceKind::Microphone,
        SourceKind::ShareVideo,
    ];
    let (mut senders, mut packets) = (Vec::new(), Vec::new());
    for (number, kind) in kinds.into_iter().enumerate() {
        let mut sender = Sender::new(kind);
        let clip = if kind.is_audio() { &sound } else { &picture };
        packets.extend(sender.send(&scene, scene.recording, clip, 700 * number as u64));
        senders.push(sender);
    }
    let manifest = scene.record(&senders.iter().collect::<Vec<_>>(), packets);
    assert_eq!(manifest.recorded_tracks().len(), 7);
    for (number, (sender, track)) in senders.iter().zip(manifest.recorded_tracks()).enumerate() {
        assert_eq!((track.source, track.starts_after_ms), (sender.source, 700 * number as i64));
        assert_eq!(probe(&scene.file(sender.source)).start_ms, 700 * number as i64);
    }
}

#[test]
fn sender_reports_and_anchors_stand_beside_the_track() {
    use crate::recording::store::{Part, StoredFile};
    let scene = Scene::new();
    let mut microphone = Sender::new(SourceKind::Microphone);
    let packets = microphone.send(&scene, scene.recording, &opus_clip(1), 250);
    let first = packets[0].timestamp;
    let mut session = scene.session();
    scene.play(&mut session, &[&microphone], packets);
    session
        .report(&scene.store, microphone.source, microphone.ssrc, 0x0102_0304_0506_0708, first.wrapping_add(4_800), scene.at(380))
        .unwrap();
    session.finish(&scene.store, wire::control::RecordingStop::Requested, 1_000);
    let lines = scene.store.read(scene.recording, StoredFile::Track(microphone.source, Part::Sync)).unwrap();
    let lines: Vec<serde_json::Value> = lines.split(|it| *it == b'\n').filter_map(|it| serde_json::from_slice(it).ok()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], serde_json::json!({ "type": "anchor", "ssrc": 7, "timestamp": first, "at_ms": 250 }));
    assert_eq!(lines[1]["ntp"], 0x0102_0304_0506_0708_u64);
    assert_eq!(lines[1]["arrived_ms"], 380);
}

/// A VP8 key frame of 16 by 16 that says nothing, or a frame that leans on one.
fn small_frame(key: bool) -> Vec<u8> {
    if key { vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0, 0, 0] } else { vec![0x11, 0, 0, 0] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is lost, late, twice or garbled: nothing panics, the file reads, and its times grow.
    #[test]
    fn no_line_breaks_the_file(
        fates in proptest::collection::vec((0u8..12, 0u64..1500, any::<u32>(), any::<Vec<u8>>()), 1..150),
    ) {
        let scene = Scene::new();
        let mut camera = Sender::new(SourceKind::Camera);
        let clip: Vec<_> = (0..fates.len() as u64)
            .map(|it| super::scene::ClipFrame { at_ms: 33 * it, ticks: 2970 * it as u32, data: small_frame(it % 20 == 0) })
            .collect();
        let mut packets: Vec<TapPacket> = Vec::new();
        for (mut packet, (fate, late_ms, number, bytes)) in camera.send(&scene, scene.recording, &clip, 0).into_iter().zip(fates) {
            match fate {
                0 => continue,
                1 => packet.arrived += Duration::from_millis(late_ms),
                2 => packet.payload = bytes.into(),
                3 => packet.timestamp = number,
                4 => packet.ssrc = number % 3,
                5 => packet.sequence = u64::from(number),
                6 => packets.push(packet.clone()),
                _ => {}
            }
            packets.push(packet);
        }
        let manifest = scene.record(&[&camera], packets);
        let row = &manifest.tracks[0];
        prop_assert!(matches!(row.condition, TrackCondition::Whole | TrackCondition::Empty), "{row:?}");
        if row.condition == TrackCondition::Whole {
            let body = scene.bytes(camera.source);
            prop_assert_eq!(body.len() as i64, row.bytes);
            prop_assert!(row.spans.iter().all(|it| it.from_ms < it.to_ms));
            prop_assert!(row.spans.is_sorted_by(|a, b| a.to_ms < b.from_ms));
            prop_assert!(row.starts_after_ms + row.duration_ms <= 33 * 150 + 1500 + 2_000 + 200);
        }
    }
}
