//! Lines that become narrow and wide again: who waits for whom.

use super::{client::Client, *};

/// How long bob's packets of alice's sound were on the way between two instants, the longest of 95 in 100.
fn way_p95(call: &Call, bob: usize, from: Instant, to: Instant) -> Duration {
    let speaker = &call.clients[0];
    let heard = &call.clients[bob].inbox(true, 0).unwrap().heard;
    let mut ways: Vec<Duration> =
        heard.iter().filter_map(|((_, frame), at)| Some(*at - speaker.spoken_at(*frame)?).filter(|_| (from..to).contains(at))).collect();
    ways.sort_unstable();
    assert!(ways.len() > 100, "{}", ways.len());
    ways[ways.len() * 95 / 100]
}

/// Profile P10 through a whole forwarder: three layers of 120, 480 and 1,600 kbit/s on a line of 4 → 1 → 4 Mbit/s.
#[test]
fn a_step_down_costs_the_picture_and_not_the_sound() {
    for seed in 101..104 {
        let mut call = Call::new(seed);
        let alice = call.join(Client::new(1, 0, 0).redundant());
        let bob = call.join(Client::viewer(2, 1, 1).redundant());
        call.look(bob, 0, Some(alice), 1_280);
        call.narrow = Some(4_000_000.0);
        call.seconds(15.0);
        let layer = |call: &Call| call.clients[bob].inbox(false, 0).unwrap().decode().frames.last().map(|frame| frame.1);
        assert_eq!(layer(&call), Some(2), "four megabits carry the whole picture");
        let wide = way_p95(&call, bob, call.now - Duration::from_secs(5), call.now);
        assert!(wide < Duration::from_millis(100), "{wide:?}");
        call.narrow = Some(1_000_000.0);
        call.seconds(2.0);
        let dropped = call.now;
        call.seconds(13.0);
        let waits = way_p95(&call, bob, dropped, call.now);
        println!("seed {seed}: sound is {waits:?} on the way");
        assert!(waits <= Duration::from_millis(400), "{waits:?}");
        assert_eq!(layer(&call), Some(1));
        call.narrow = Some(4_000_000.0);
        let mut took = 0.0;
        while layer(&call) != Some(2) {
            call.seconds(0.5);
            took += 0.5;
            assert!(took <= 10.0, "still the smaller picture");
        }
        println!("seed {seed}: the whole picture again after {took} s");
    }
}

/// A key frame of the largest layer, and sound that is spoken while it leaves.
#[test]
fn sound_does_not_wait_behind_a_key_frame() {
    let mut call = Call::new(105);
    let alice = call.join(Client::new(1, 0, 0).redundant());
    let bob = call.join(Client::viewer(2, 1, 1).redundant());
    call.narrow = Some(2_500_000.0);
    call.look(bob, 0, Some(alice), 1_280);
    call.seconds(8.0);
    let from = call.now;
    for _ in 0..12 {
        call.clients[alice].want_keyframe();
        call.seconds(0.5);
    }
    let way = way_p95(&call, bob, from, call.now);
    assert!(way <= Duration::from_millis(130), "{way:?}");
}

/// Loss that no rate would spare: the picture stays.
#[test]
fn a_bad_line_keeps_its_picture() {
    let mut call = Call::new(106);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 640);
    call.loss = (0.0, 0.2);
    call.seconds(20.0);
    let estimate = call.forwarder.stats(session(2)).unwrap().estimate_bps;
    assert!(estimate > 600_000, "{estimate}");
    let late = call.clients[bob].inbox(false, 0).unwrap().decode().frames.last().unwrap().1;
    assert_eq!(late, 1);
}

/// One picture that needs more than a line is thought to carry at first, and nothing else on it: the line is asked, and the picture comes.
#[test]
fn a_share_wider_than_the_first_guess_comes_where_the_line_carries_it() {
    for (seed, line, slots) in [(110, None, 0), (111, Some(6_000_000.0), 1), (112, Some(4_000_000.0), 0)] {
        let mut call = Call::new(seed);
        call.narrow = line;
        let alice = call.join(Client::sharer(1));
        call.seconds(3.0);
        let bob = call.join(Client::viewer(2, slots, 1));
        call.look(bob, 0, Some(alice), 1_280);
        let asked = call.now;
        call.seconds(4.0);
        let seen = call.clients[bob].inbox(false, 0).map(|inbox| inbox.decode().frames).unwrap_or_default();
        let first = seen.first().expect("the picture comes").3 - asked;
        println!("{line:?}: the first picture after {first:?}");
        assert!(first < Duration::from_millis(1_500), "{first:?}");
        assert_eq!(call.told(bob, "v100").unwrap().paused, None);
        assert!(call.now - seen.last().unwrap().3 < Duration::from_millis(150), "and stays");
    }
}

/// A line that does not carry it is asked ever more seldom, says why there is no picture, and keeps its sound.
#[test]
fn a_share_that_no_line_carries_costs_no_sound() {
    let mut call = Call::new(113);
    call.narrow = Some(1_200_000.0);
    let alice = call.join(Client::sharer(1));
    call.clients[alice].audio_off = false;
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 1_280);
    call.seconds(5.0);
    let from = call.now;
    call.seconds(20.0);
    assert_eq!(call.told(bob, "v100").unwrap().paused, Some(wire::signal::PauseReason::Bandwidth));
    let heard = &call.clients[bob].inbox(true, 0).unwrap().heard;
    let ways: Vec<Duration> = heard
        .iter()
        .filter(|(_, at)| **at > from)
        .filter_map(|((_, frame), at)| Some(*at - call.clients[alice].spoken_at(*frame)?))
        .collect();
    let late = ways.iter().filter(|way| **way > Duration::from_millis(150)).count();
    assert!(ways.len() > 950 && late * 20 < ways.len(), "{late} of {} late", ways.len());
}
