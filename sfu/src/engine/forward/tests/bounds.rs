//! Hostile and strange input, and what an idle room costs.

use super::{client::Client, *};
use proptest::prelude::*;

fn packet(ssrc: u32, payload_type: u8, elements: &[(u8, &[u8])]) -> Bytes {
    let mut out = BytesMut::new();
    rtp::write(&mut out, rtp::Fields { marker: false, payload_type, sequence: 1, timestamp: 2, ssrc }, elements);
    out.extend_from_slice(&[0x10, 0x00, 0x00, 0x00]);
    out.freeze()
}

#[test]
fn a_flood_of_ssrcs_binds_no_more_than_the_lines_have_streams() {
    let mut call = Call::new(71);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 300);
    call.seconds(1.0);
    for ssrc in 0..2_000 {
        let cases: [&[(u8, &[u8])]; 5] = [&[], &[(1, b"0")], &[(1, b"1"), (2, b"q")], &[(1, b"1"), (2, b"z")], &[(1, b"7")]];
        for elements in cases {
            call.forwarder.handle_rtp(
                call.now,
                session(1),
                packet(0xf000_0000 + ssrc, if elements.len() == 1 { 111 } else { 96 }, elements),
            );
        }
    }
    let peer = call.forwarder.peers.get(0).unwrap();
    assert!(peer.up.bindings.len() <= 8, "{}", peer.up.bindings.len());
    assert_eq!(call.forwarder.stats(session(1)).unwrap().refused_packets, 10_000, "a stream that flows is not taken over");
    call.seconds(1.0);
    assert_eq!(call.clients[bob].inbox(false, 0).unwrap().decode().holes, 0);
    // A stream that fell silent may come back under another SSRC: one at a time.
    (call.clients[alice].layers, call.clients[alice].audio_off) = (0, true);
    call.seconds(2.0);
    for ssrc in 0..2_000 {
        call.forwarder.handle_rtp(call.now, session(1), packet(0xf000_0000 + ssrc, 96, &[(1, b"1"), (2, b"q")]));
    }
    assert!(call.forwarder.peers.get(0).unwrap().up.bindings.len() <= 8);
}

#[test]
fn a_peer_reaches_its_own_lines_only() {
    let mut call = Call::new(72);
    let alice = call.join(Client::new(1, 0, 0));
    let mallory = call.join(Client::new(2, 0, 0));
    call.clients[mallory].audio_off = true;
    call.clients[mallory].layers = 0;
    let bob = call.join(Client::viewer(3, 2, 1));
    call.look(bob, 0, Some(alice), 300);
    call.seconds(1.0);
    let received = call.forwarder.stats(session(1)).unwrap().received_packets;
    // Alice's SSRC and Alice's MID, from Mallory's connection: it is Mallory's own line that speaks.
    for _ in 0..100 {
        call.forwarder.handle_rtp(call.now, session(2), packet(1_001, 96, &[(1, b"1"), (2, b"q")]));
    }
    assert_eq!(call.forwarder.stats(session(1)).unwrap().received_packets, received);
    call.seconds(1.0);
    assert_eq!(call.clients[bob].inbox(false, 0).unwrap().decode().holes, 0);
    // Another room's source cannot be watched.
    let elsewhere = Client::new(8, 0, 0);
    call.forwarder.add_peer(call.now, MeetingId(Uuid::from_u128(0x200)), elsewhere.session, &elsewhere.negotiated);
    let request = SlotRequest { mid: "v100".into(), source: Some(elsewhere.camera_id()), width: 1, height: 1, priority: 0 };
    call.forwarder.set_view(call.now, session(3), &[request]);
    call.seconds(0.2);
    assert_eq!(call.told(bob, "v100").unwrap().session, None);
}

/// Sender reports that lie, streams that jump: the stream written stays one that a decoder takes.
#[test]
fn clocks_that_lie_and_numbers_that_jump() {
    let mut call = Call::new(76);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.forwarder.set_recorder(call.now, room(), Some(RecordingId(Uuid::from_u128(1))));
    for round in 0..60u64 {
        call.look(bob, 0, Some(alice), if round % 2 == 0 { 200 } else { 600 });
        let mut reports = BytesMut::new();
        for (ssrc, ntp) in
            (1_000..1_004).zip([0, u64::MAX, 1 << 63, round.wrapping_mul(0x9e37_79b9_7f4a_7c15)].into_iter().cycle().skip(round as usize))
        {
            let info = rtcp::SenderInfo { ssrc, ntp, rtp_timestamp: ntp as u32, packets: 0, octets: 0 };
            rtcp::write_sender_report(&mut reports, &info);
        }
        call.feedback(alice, &reports);
        if round % 10 == 9 {
            call.clients[alice].jump(20_000);
        }
        call.seconds(0.4);
    }
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    assert!(seen.frames.len() > 400, "{}", seen.frames.len());
    assert!(call.forwarder.stats(session(1)).unwrap().keyframe_requests_sent < 400);
}

/// Farther back than anything that was late on its way, and not so far that the first packet tells.
#[test]
fn a_sender_that_begins_anew_a_little_way_back_is_heard_and_seen_again() {
    let mut call = Call::new(79);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    call.look(bob, 0, Some(alice), 200);
    for back in [1_100, 3_000, 8_000] {
        call.seconds(2.0);
        call.clients[alice].jump(0u16.wrapping_sub(back));
        call.seconds(0.5);
        let since = call.now;
        call.seconds(1.0);
        let heard = call.clients[bob].heard_from(1, since);
        assert!(heard > 40, "{back} back: {heard}");
        let inbox = call.clients[bob].inbox(false, 0).unwrap();
        assert!(inbox.decode().frames.iter().any(|(.., whole)| *whole > since), "{back} back: no picture");
    }
}

/// What claims to be sound, at 100 Mbit/s: those who listen are sent no more of it than sound can be.
#[test]
fn a_publisher_that_floods_is_policed() {
    let mut call = Call::new(77);
    let alice = call.join(Client::new(1, 0, 0));
    let bob = call.join(Client::viewer(2, 1, 1));
    (call.clients[alice].layers, call.clients[alice].audio_off) = (0, true);
    call.seconds(1.0);
    let before = (call.sent[bob], call.forwarder.stats(session(1)).unwrap().refused_packets);
    let mut sequence = 0u16;
    for _ in 0..200 {
        for _ in 0..125 {
            sequence = sequence.wrapping_add(1);
            let mut out = BytesMut::new();
            let fields = rtp::Fields { marker: false, payload_type: 111, sequence, timestamp: u32::from(sequence) * 960, ssrc: 1_000 };
            rtp::write(&mut out, fields, &[(1, b"0"), (4, &[20])]);
            out.extend_from_slice(&[0; 980]);
            call.forwarder.handle_rtp(call.now, session(1), out.freeze());
        }
        call.run(Duration::from_millis(10));
    }
    let sent = call.sent[bob] - before.0;
    assert!((200_000..450_000).contains(&sent), "{sent} bytes in two seconds");
    assert!(call.forwarder.stats(session(1)).unwrap().refused_packets - before.1 > 24_000);
}

#[test]
fn an_idle_room_wakes_seldom() {
    let mut call = Call::new(73);
    for n in 1..=20 {
        let mut client = Client::new(n, 2, 2);
        (client.layers, client.audio_off) = (0, true);
        call.join(client);
    }
    call.seconds(3.0);
    call.wakes = 0;
    call.seconds(10.0);
    assert!(call.wakes <= 10 * 20, "{} in ten seconds", call.wakes);
    for who in 0..20 {
        call.leave(who);
    }
    call.seconds(5.0);
    assert_eq!(call.forwarder.poll_timeout(), None, "nobody, nothing to do");
    assert!(call.forwarder.rooms_by_id.is_empty() && call.forwarder.sources_by_id.is_empty());
}

#[test]
fn people_who_come_and_go_leave_nothing_behind() {
    let mut call = Call::new(74);
    let viewer = call.join(Client::viewer(9, 3, 2));
    for round in 0..10 {
        let who = call.join(Client::new(1 + round % 3, 1, 1));
        call.look(viewer, round as usize % 2, Some(who), 600);
        call.look(who, 0, Some(viewer).filter(|_| false), 0);
        call.seconds(0.5);
        call.leave(who);
    }
    assert_eq!(call.forwarder.sources_by_id.len(), 0);
    assert!((0..10).all(|index| call.forwarder.sources.get(index).is_none()));
    for inbox in call.clients[viewer].inboxes.values() {
        assert!(inbox.packets.len() > 20);
    }
    call.clients[viewer].inbox(false, 0).unwrap().decode();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_comes_the_call_goes_on(
        packets in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..120)), 0..60),
        mutations in proptest::collection::vec((any::<u16>(), any::<u8>(), any::<u16>()), 0..60),
    ) {
        let mut call = Call::new(75);
        let alice = call.join(Client::new(1, 1, 1));
        let bob = call.join(Client::new(2, 1, 1));
        call.look(bob, 0, Some(alice), 300);
        call.seconds(0.3);
        for (rtp, bytes) in packets {
            if rtp {
                call.forwarder.handle_rtp(call.now, session(1), Bytes::from(bytes));
            } else {
                call.forwarder.handle_rtcp(call.now, session(2), &bytes);
            }
        }
        let mut out = Vec::new();
        call.clients[alice].step(call.now + Duration::from_millis(40), &mut out);
        for (at, byte, cut) in mutations {
            for (rtp, bytes) in &out {
                let mut bytes = bytes.to_vec();
                let length = bytes.len();
                bytes[usize::from(at) % length.min(60)] = byte;
                bytes.truncate(length - usize::from(cut) % length.min(40));
                if *rtp {
                    call.forwarder.handle_rtp(call.now, session(1), Bytes::from(bytes));
                } else {
                    call.forwarder.handle_rtcp(call.now, session(1), &bytes);
                }
            }
        }
        while call.forwarder.poll_write().is_some() {}
        while call.forwarder.poll_event().is_some() {}
        call.forwarder.handle_timeout(call.now + Duration::from_secs(5));
    }
}
