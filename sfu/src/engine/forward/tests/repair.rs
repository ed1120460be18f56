//! Loss on the way up and down, seeded.

use super::{client::Client, *};

fn lossy(seed: u64, loss: f64) -> (Call, usize, usize) {
    let mut call = Call::new(seed);
    call.loss = (loss, loss);
    let alice = call.join(Client::new(1, 1, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 600);
    call.seconds(20.0);
    call.loss = (0.0, 0.0);
    call.seconds(2.0);
    (call, alice, bob)
}

#[test]
fn five_per_cent_lost_is_all_repaired() {
    for seed in 31..34 {
        let (call, alice, bob) = lossy(seed, 0.05);
        let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
        assert_eq!(seen.holes, 0);
        assert!(seen.frames.len() > 600, "{}", seen.frames.len());
        let (up, down) = (call.forwarder.stats(session(1)).unwrap(), call.forwarder.stats(session(2)).unwrap());
        assert!(up.repaired_packets > 50 && up.lost_packets == 0, "{up:?}");
        assert!(down.retransmitted_packets > 30, "{down:?}");
        // No storm: a lost packet is asked for little more than once.
        let lost = up.received_packets / 19;
        assert!(up.nacks_sent < lost * 2, "{} for about {lost}", up.nacks_sent);
        assert!(up.duplicate_packets < up.received_packets / 100);
        assert!(call.clients[alice].keyframes < 6, "{}", call.clients[alice].keyframes);
        assert!(down.rtt_ms.is_some_and(|rtt| (45..60).contains(&rtt)), "{down:?}");
    }
}

#[test]
fn thirty_per_cent_lost_is_nearly_all_repaired() {
    for seed in 41..43 {
        let (call, _, bob) = lossy(seed, 0.30);
        let inbox = call.clients[bob].inbox(false, 0).unwrap();
        let seen = inbox.decode();
        let packets = inbox.packets.len() as u64;
        assert!(packets > 400, "{packets}");
        assert!(seen.holes * 100 < packets, "{} of {packets}", seen.holes);
        let down = call.forwarder.stats(session(2)).unwrap();
        assert!(down.retransmitted_bytes < down.sent_bytes, "{down:?}");
    }
}

#[test]
fn key_frame_requests_are_merged_and_throttled() {
    let mut call = Call::new(51);
    let alice = call.join(Client::new(1, 0, 0));
    let viewers: Vec<usize> = (2..12).map(|n| call.join(Client::viewer(n, 0, 1))).collect();
    viewers.iter().for_each(|viewer| call.look(*viewer, 0, Some(alice), 300));
    call.seconds(2.0);
    let before = call.clients[alice].requests.len();
    for round in 0..200 {
        let viewer = viewers[round % viewers.len()];
        let mut loss = BytesMut::new();
        rtcp::write_picture_loss(&mut loss, 1, call.clients[viewer].slot_ssrc(false, 0));
        call.feedback(viewer, &loss);
        call.seconds(0.01);
    }
    call.seconds(1.0);
    let requests = &call.clients[alice].requests[before..];
    assert!((4..=8).contains(&requests.len()), "{}", requests.len());
    assert!(requests.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(299)));
}

#[test]
fn a_nack_is_answered_once_a_round_trip_and_within_the_budget() {
    let mut call = Call::new(52);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 0, 1));
    call.look(bob, 0, Some(alice), 300);
    call.seconds(3.0);
    let ssrc = call.clients[bob].slot_ssrc(false, 0);
    let last = *call.clients[bob].inbox(false, 0).unwrap().packets.keys().next_back().unwrap();
    let mut nack = BytesMut::new();
    rtcp::write_nack(&mut nack, 1, ssrc, &[last as u16]);
    (0..50).for_each(|_| call.feedback(bob, &nack));
    assert_eq!(call.forwarder.stats(session(2)).unwrap().retransmitted_packets, 1);
    // Someone who asks for everything again and again gets no more than his share.
    let numbers: Vec<u16> = (0..30).map(|back| (last - 29 + back) as u16).collect();
    let before = call.forwarder.stats(session(2)).unwrap();
    let mut all = BytesMut::new();
    rtcp::write_nack(&mut all, 1, ssrc, &numbers);
    for _ in 0..100 {
        call.feedback(bob, &all);
        call.seconds(0.05);
    }
    let after = call.forwarder.stats(session(2)).unwrap();
    let (again, sent) = (after.retransmitted_bytes - before.retransmitted_bytes, after.sent_bytes - before.sent_bytes);
    assert!(again <= 256 * 1_024 + (sent - again) * 3 / 4, "{again} of {sent}");
}
