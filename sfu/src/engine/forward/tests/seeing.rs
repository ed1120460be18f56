//! Slots, layers, sizes and lines.

use super::{client::Client, *};
use wire::signal::PauseReason;

fn layers(call: &Call, viewer: usize, slot: usize, since: Instant) -> Vec<u8> {
    let mut seen: Vec<u8> = call.clients[viewer]
        .inbox(false, slot)
        .unwrap()
        .decode()
        .frames
        .iter()
        .filter(|frame| frame.3 > since)
        .map(|frame| frame.1)
        .collect();
    seen.dedup();
    seen
}

#[test]
fn a_viewer_sees_within_a_key_frame_and_hears() {
    let mut call = Call::new(1);
    let alice = call.join(Client::new(1, 2, 1));
    let bob = call.join(Client::new(2, 2, 1));
    call.look(bob, 0, Some(alice), 300);
    let asked = call.now;
    call.seconds(3.0);
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    assert_eq!(seen.holes, 0);
    assert!(seen.frames[0].3 - asked < Duration::from_millis(120), "the first key frame is not missed");
    assert!(seen.frames.len() > 85);
    assert_eq!(call.clients[alice].keyframes, 1, "nothing asked for a second one");
    let heard = call.clients[bob].inbox(true, 0).unwrap();
    assert!(heard.packets.len() > 140);
    assert_eq!(heard.packets.keys().next_back().unwrap() - heard.packets.keys().next().unwrap() + 1, heard.packets.len() as u64);
    assert_eq!(call.told(bob, "v100").unwrap().session, Some(session(1)));
    assert_eq!(call.told(bob, "v100").unwrap().paused, None);
    assert_eq!(call.told(bob, "a0").unwrap().source, Some(call.clients[alice].microphone_id()));
    let started = call.events.iter().filter(|event| matches!(event, ForwardEvent::SourceStarted { .. })).count();
    assert_eq!(started, 4);
}

#[test]
fn a_late_viewer_is_served_from_the_ring_or_with_one_request() {
    let mut call = Call::new(2);
    let alice = call.join(Client::new(1, 0, 0));
    call.seconds(0.2);
    let early = call.join(Client::viewer(2, 0, 1));
    call.look(early, 0, Some(alice), 300);
    call.seconds(0.1);
    assert!(!call.clients[early].inbox(false, 0).unwrap().decode().frames.is_empty(), "a key frame of 200 ms ago serves");
    assert_eq!(call.clients[alice].keyframes, 1);
    call.seconds(3.0);
    let late = call.join(Client::viewer(3, 0, 1));
    let asked = call.now;
    call.look(late, 0, Some(alice), 300);
    call.seconds(1.0);
    let first = call.clients[late].inbox(false, 0).unwrap().decode().frames[0].3;
    assert!(first - asked < Duration::from_millis(150), "{:?}", first - asked);
    assert_eq!(call.clients[alice].keyframes, 2);
}

#[test]
fn the_drawn_size_chooses_the_layer_and_every_change_is_seamless() {
    let mut call = Call::new(3);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 0, 1));
    for (width, expected) in [(200, 0), (600, 1), (1_280, 2), (320, 0), (1_000, 2), (640, 1)] {
        call.look(bob, 0, Some(alice), width);
        call.seconds(6.0);
        let settled = call.now - Duration::from_secs(1);
        assert_eq!(layers(&call, bob, 0, settled), [expected], "{width} wide");
    }
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    assert_eq!(seen.holes, 0);
    assert!(seen.cuts >= 5);
}

#[test]
fn publishers_take_turns_in_one_slot_without_a_seam() {
    let mut call = Call::new(4);
    let people: Vec<usize> = (1..=3).map(|n| call.join(Client::new(n, 0, 0))).collect();
    let viewer = call.join(Client::viewer(9, 0, 1));
    for turn in 0..24usize {
        call.look(viewer, 0, Some(people[turn % 3]), if turn % 2 == 0 { 300 } else { 600 });
        call.seconds(0.7);
        let told = call.told(viewer, "v100").unwrap();
        assert_eq!(told.session, Some(call.clients[people[turn % 3]].session), "turn {turn}");
    }
    let seen = call.clients[viewer].inbox(false, 0).unwrap().decode();
    assert_eq!(seen.holes, 0);
    assert!(seen.cuts >= 23, "{}", seen.cuts);
    let gap = seen.frames.windows(2).map(|pair| pair[1].3 - pair[0].3).max().unwrap();
    assert!(gap < Duration::from_millis(200), "the old one flows until the cut: {gap:?}");
    call.look(viewer, 0, None, 0);
    call.seconds(0.1);
    let freed = call.now;
    call.seconds(1.0);
    assert_eq!((1..=3).map(|n| call.clients[viewer].heard_from(n, freed)).sum::<usize>(), 0);
    assert_eq!(call.told(viewer, "v100").unwrap().source, None);
}

#[test]
fn a_layer_that_stops_is_left_for_a_lower_one_and_taken_again() {
    let mut call = Call::new(5);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 0, 1));
    call.look(bob, 0, Some(alice), 1_280);
    call.seconds(6.0);
    assert_eq!(layers(&call, bob, 0, call.now - Duration::from_secs(1)), [2]);
    call.clients[alice].layers_off = [false, true, true];
    call.seconds(3.0);
    assert_eq!(layers(&call, bob, 0, call.now - Duration::from_secs(1)), [0]);
    call.clients[alice].layers_off = [false; 3];
    call.seconds(4.0);
    assert_eq!(layers(&call, bob, 0, call.now - Duration::from_secs(1)), [2]);
    call.clients[bob].inbox(false, 0).unwrap().decode();
}

#[test]
fn a_muted_source_yields_no_byte_and_comes_back() {
    let mut call = Call::new(6);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 2, 1));
    call.look(bob, 0, Some(alice), 600);
    call.seconds(3.0);
    let (camera, microphone) = (call.clients[alice].camera_id(), call.clients[alice].microphone_id());
    for _ in 0..2 {
        call.enable(camera, false);
        call.enable(microphone, false);
        let muted = call.now + DELAY;
        assert_eq!(call.told(bob, "v100").unwrap().paused, Some(PauseReason::Muted));
        assert_eq!(call.told(bob, "a0").unwrap().source, None);
        call.seconds(2.0);
        assert_eq!(call.clients[bob].heard_from(1, muted), 0);
        call.enable(camera, true);
        call.enable(microphone, true);
        let back = call.now;
        call.seconds(2.0);
        assert!(call.clients[bob].heard_from(1, back) > 100);
        assert_eq!(call.told(bob, "v100").unwrap().paused, None);
    }
    assert_eq!(call.clients[bob].inbox(false, 0).unwrap().decode().holes, 0);
}

#[test]
fn a_source_asked_for_before_it_comes_is_shown_when_it_comes_and_told_when_it_goes() {
    let mut call = Call::new(7);
    let viewer = call.join(Client::viewer(9, 1, 1));
    let alice = Client::new(1, 0, 0);
    let request = SlotRequest { mid: "v100".into(), source: Some(alice.camera_id()), width: 300, height: 170, priority: 0 };
    call.forwarder.set_view(call.now, session(9), &[request]);
    call.seconds(0.2);
    assert_eq!(call.told(viewer, "v100").unwrap().paused, Some(PauseReason::Waiting));
    let alice = call.join(alice);
    call.seconds(1.0);
    assert!(call.clients[viewer].inbox(false, 0).unwrap().decode().frames.len() > 20);
    call.leave(alice);
    assert_eq!(call.told(viewer, "v100").unwrap().paused, Some(PauseReason::Disconnected));
    assert_eq!(call.told(viewer, "a0").unwrap().source, None);
    call.seconds(0.5);
    let again = call.join(Client::new(1, 0, 0));
    call.seconds(1.0);
    assert_eq!(call.told(viewer, "v100").unwrap().session, Some(call.clients[again].session));
    assert_eq!(call.clients[viewer].inbox(false, 0).unwrap().decode().holes, 0);
}

#[test]
fn more_slots_leave_the_running_one_alone() {
    let mut call = Call::new(8);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 300);
    call.seconds(2.0);
    let wider = Client::viewer(2, 3, 4).negotiated;
    call.clients[bob].negotiated = wider.clone();
    call.forwarder.update_peer(call.now, session(2), &wider);
    call.seconds(1.0);
    call.look(bob, 3, Some(alice), 300);
    call.seconds(2.0);
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    assert_eq!((seen.holes, seen.frames.len() > 140), (0, true));
    assert!(call.clients[bob].inbox(false, 3).unwrap().decode().frames.len() > 50);
    assert!(call.clients[bob].inbox(true, 0).unwrap().packets.len() > 230);
}

#[test]
fn a_narrow_line_gets_what_it_carries() {
    let mut call = Call::new(9);
    call.narrow = Some(700_000.0);
    let people: Vec<usize> = (1..=3).map(|n| call.join(Client::new(n, 0, 0))).collect();
    let viewer = call.join(Client::viewer(9, 3, 3));
    for (slot, person) in people.iter().enumerate() {
        call.look(viewer, slot, Some(*person), 1_280);
    }
    call.seconds(10.0);
    let (since, before) = (call.now, call.sent[viewer]);
    call.seconds(10.0);
    let rate = (call.sent[viewer] - before) * 8 / 10;
    assert!((150_000..760_000).contains(&rate), "{rate}");
    let estimate = call.forwarder.stats(session(9)).unwrap().estimate_bps;
    assert!((300_000..950_000).contains(&estimate), "{estimate}");
    let shown = (0..3).filter(|slot| call.told(viewer, &format!("v{}", 100 + slot)).unwrap().paused.is_none()).count();
    assert!(shown >= 1, "someone is seen");
    assert!(people.iter().all(|person| call.clients[viewer].heard_from(*person as u32 + 1, since) > 400), "everyone is heard");
    call.narrow = None;
    call.seconds(20.0);
    for slot in 0..3 {
        assert_eq!(call.told(viewer, &format!("v{}", 100 + slot)).unwrap().paused, None, "a wide line carries all");
    }
    assert!(call.forwarder.stats(session(9)).unwrap().estimate_bps > 3_000_000);
}

#[test]
fn sound_and_picture_share_the_publishers_clock() {
    let mut call = Call::new(10);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 300);
    call.seconds(6.0);
    let capture = |audio: bool, khz: f64| {
        let inbox = call.clients[bob].inbox(audio, 0).unwrap();
        let (_, ntp, rtp_timestamp) = *inbox.sender_reports.last().unwrap();
        let packet = inbox.packets.values().next_back().unwrap();
        let passed = f64::from(packet.timestamp.wrapping_sub(rtp_timestamp) as i32) / khz / 1_000.0;
        let sent_after = f64::from(packet.tag.frame) * if audio { 0.020 } else { 0.033 };
        (ntp as f64 / 4_294_967_296.0 + passed) - sent_after
    };
    let apart = capture(true, 48.0) - capture(false, 90.0);
    assert!(apart.abs() < 0.005, "{apart} s apart");
}

#[test]
fn a_client_without_mid_is_bound_by_its_offer() {
    let mut call = Call::new(11);
    let plain = call.join(Client::plain(1));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(plain), 1_280);
    call.loss = (0.05, 0.0);
    call.seconds(5.0);
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    assert!(seen.frames.len() > 130 && seen.holes < 3, "{} frames, {} holes", seen.frames.len(), seen.holes);
    assert!(call.clients[bob].inbox(true, 0).unwrap().packets.len() > 200);
    assert!(call.clients[plain].feedbacks > 50);
}
