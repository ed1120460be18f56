//! The numbered cases of abuse of the media plane, each on a whole engine in virtual time: what strangers and members send at it, and that the call goes on.
//! `docs/abuse.md` says where the others of the list are tested, and which do not apply.

use super::*;
use crate::engine::forward::PeerStats;

/// Two who hear and see each other, each watching the other.
fn pair() -> World {
    let mut world = World::new();
    world.join("alya");
    world.join("badrul");
    world.view("badrul", "alya");
    world.picture("alya", true, b"a face");
    assert!(ends_with(&world.people["badrul"].received(7003), b"a face"));
    world
}

/// A picture still comes through, whole.
fn assert_goes_on(world: &mut World) {
    world.pass(Duration::from_millis(400));
    world.picture("alya", true, b"still here");
    assert!(ends_with(&world.people["badrul"].received(7003), b"still here"), "the call goes on");
    assert!(world.people.values().all(|it| it.ended.is_none()));
}

fn stranger(number: u32) -> Path {
    let [_, b, c, d] = number.to_be_bytes();
    Path::udp(([198, b, c, d], 2_000).into())
}

/// What is on the wire of alya's next picture, without sending it.
fn sealed_picture(world: &mut World, ssrc: u32) -> Bytes {
    let alya = world.people.get_mut("alya").unwrap();
    alya.seal([0x80, 0x80 | VP8], ssrc, 9_000, &[], &[0x90, 0x80, 0x80, 9, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1])
}

fn stats(world: &World, name: &str) -> PeerStats {
    world.engine.stats(world.people[name].session).expect("a connection")
}

/// Everything that waits to be sent, unread.
fn writes(world: &mut World) -> Vec<Transmit> {
    std::iter::from_fn(|| world.engine.poll_write()).collect()
}

#[test]
fn case_28_a_flood_of_checks_leaves_no_state_and_gets_no_answer() {
    let mut world = pair();
    let before = world.engine.counters().transport;
    let of_alya = Check::of("of-alya", "theirs");
    let kinds = [
        Check { pwd: "guessed".into(), nominates: true, ..of_alya.clone() },
        Check { integrity: false, ..of_alya },
        Check::of("nobody", "theirs"),
    ]
    .map(|it| it.bytes());
    for number in 0..20_000u32 {
        world.engine.handle_read(world.now, stranger(number), &kinds[number as usize % 3]);
    }
    assert_eq!(writes(&mut world), []);
    let after = world.engine.counters();
    assert_eq!(after.transport.refused_checks - before.refused_checks, 20_000);
    assert_eq!(after.peers, 2);
    assert_goes_on(&mut world);
}

#[test]
fn case_29_a_hello_from_elsewhere_does_not_stand_in_the_way_of_a_handshake() {
    for round in 0..20u32 {
        let mut world = World::new();
        world.join("alya");
        world.let_in("badrul");
        let person = world.people.get_mut("badrul").unwrap();
        person.checks = true;
        person.client.begin(world.now);
        let hello = person.client.poll_transmit().unwrap();
        let own = person.path;
        // No cipher suite that anybody takes, before and after the genuine one.
        let mut bad = hello.to_vec();
        let end = bad.len() - 20;
        bad[60..end].fill(0xff);
        world.engine.handle_read(world.now, stranger(round), &bad);
        world.check("badrul");
        world.engine.handle_read(world.now, stranger(round), &bad);
        world.engine.handle_read(world.now, own, &hello);
        world.engine.handle_read(world.now, stranger(round), &bad);
        world.settle();
        assert!(world.people["badrul"].client.srtp.is_some(), "round {round}");
        assert_eq!(world.engine.counters().transport.refused_address, 3);
    }
}

#[test]
fn case_31_a_flood_of_junk_from_a_members_address_ends_nothing() {
    let mut world = pair();
    world.say("alya", ClientMessage::StartRecording);
    let before = world.engine.counters().transport.refused_media;
    let mut junk = sealed_picture(&mut world, 50_001).to_vec();
    let (path, last) = (world.people["alya"].path, junk.len() - 1);
    for number in 0..50_000u32 {
        junk[2..4].copy_from_slice(&(number as u16).to_be_bytes());
        junk[last] ^= number as u8 | 1;
        world.engine.handle_read(world.now, path, &junk);
    }
    assert_eq!(world.engine.counters().transport.refused_media - before, 50_000);
    assert_goes_on(&mut world);
    assert!(world.taps.iter().any(|it| matches!(it, Tap::Packet(it) if it.payload.ends_with(b"still here"))), "the recording goes on");
}

#[test]
fn case_32_datagrams_of_every_length_and_kind_are_dropped() {
    let mut world = pair();
    let inside = world.people["alya"].path;
    let bytes = vec![0x5a; 2_001];
    for first in 0..=u8::MAX {
        let lengths = (0..=80).chain((81..=2_000).step_by(if first % 16 == 0 { 7 } else { 211 }));
        for length in lengths {
            let mut datagram = bytes[..length].to_vec();
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            // RTCP by its second byte (RFC 5761).
            if length > 1 && length % 2 == 0 {
                datagram[1] = 200;
            }
            for path in [inside, stranger(7)] {
                world.engine.handle_read(world.now, path, &datagram);
            }
        }
    }
    assert_eq!(writes(&mut world), []);
    assert_goes_on(&mut world);
}

#[test]
fn case_33_a_packet_that_comes_twice_is_forwarded_once_and_a_leap_does_no_harm() {
    let mut world = pair();
    let path = world.people["alya"].path;
    let ssrc = world.people["alya"].camera_ssrc();
    let sealed = sealed_picture(&mut world, ssrc);
    for _ in 0..10 {
        world.engine.handle_read(world.now, path, &sealed);
    }
    world.settle();
    let numbers: Vec<_> =
        world.people["badrul"].rtp.iter().filter(|it| it[8..12] == 7003u32.to_be_bytes()).map(|it| it[2..4].to_vec()).collect();
    let mut unique = numbers.clone();
    unique.dedup();
    assert_eq!(numbers, unique, "each number once");
    // Half a wrap ahead, then a whole one: the index that the cipher guesses is wrong, and the packet is refused, or it is right.
    for leap in [20_000, 40_000] {
        world.people.get_mut("alya").unwrap().sequence += leap;
        let sealed = sealed_picture(&mut world, ssrc);
        world.engine.handle_read(world.now, path, &sealed);
        world.engine.handle_read(world.now, path, &sealed);
        world.settle();
    }
    assert_eq!(world.engine.counters().peers, 2);
}

#[test]
fn case_34_media_from_elsewhere_is_ignored_until_an_authentic_check_comes_from_there() {
    let mut world = pair();
    // The SSRCs of these clients are made of their ports.
    let elsewhere = Path::udp(([198, 51, 100, 34], world.people["alya"].path.remote.port()).into());
    let ssrc = world.people["alya"].camera_ssrc();
    let sealed = sealed_picture(&mut world, ssrc);
    let before = world.people["badrul"].rtp.len();
    world.engine.handle_read(world.now, elsewhere, &sealed);
    world.settle();
    assert_eq!(world.people["badrul"].rtp.len(), before);
    let check = Check { nominates: true, ..Check::of("of-alya", "theirs") };
    world.engine.handle_read(world.now, elsewhere, &check.bytes());
    world.people.get_mut("alya").unwrap().path = elsewhere;
    assert_goes_on(&mut world);
}

#[test]
fn case_35_somebody_elses_ssrc_is_a_stream_of_ones_own() {
    let mut world = pair();
    let (alyas, path) = (world.people["alya"].camera_ssrc(), world.people["badrul"].path);
    world.view("alya", "badrul");
    for number in 0..400u32 {
        let person = world.people.get_mut("badrul").unwrap();
        let ssrc = if number % 2 == 0 { alyas } else { 90_000 + number };
        let sealed = person.seal([0x80, 0x80 | VP8], ssrc, 9_000, &[], &[0x90, 0x80, 0x80, 9, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]);
        world.engine.handle_read(world.now, path, &sealed);
    }
    world.settle();
    assert_eq!(world.people["badrul"].rtp.iter().filter(|it| it[8..12] == 7003u32.to_be_bytes()).count(), 1, "nothing came out as alya's");
    assert!(world.engine.counters().transport.refused_media >= 100, "an authentic sender has so many SSRCs and no more");
    assert_goes_on(&mut world);
}

#[test]
fn case_36_header_extensions_of_any_shape_do_no_harm() {
    let mut world = pair();
    let path = world.people["alya"].path;
    let one_byte = |elements: &[u8]| {
        let mut block = vec![0xbe, 0xde];
        let words = elements.len().div_ceil(4);
        block.extend(u16::try_from(words).unwrap().to_be_bytes());
        block.extend(elements);
        block.resize(4 + 4 * words, 0);
        block
    };
    let shapes = [
        one_byte(&[0x10; 255]),
        one_byte(&[0xf0, 1, 0xff, 2]),
        one_byte(&[0x1f, 1, 2, 3]),
        one_byte(&[&[0x90, b'0', 0x90, b'1'][..], &[0; 4]].concat()),
        [&[0x10, 0, 0, 1][..], &[1, 255, 7, 7]].concat(),
        [&[0x10, 0, 0, 2][..], &[13, 200, 7, 7, 7, 7, 7, 7]].concat(),
        [&[0x77, 0x77, 0, 1][..], &[1, 2, 3, 4]].concat(),
        vec![0xbe, 0xde, 0, 0],
    ];
    for shape in shapes {
        for ssrc in [world.people["alya"].microphone_ssrc(), 66_000] {
            let person = world.people.get_mut("alya").unwrap();
            let sealed = person.seal([0x90, OPUS], ssrc, 960, &shape, b"sound");
            world.engine.handle_read(world.now, path, &sealed);
        }
    }
    // A block that says it is longer than the packet.
    let mut lying = vec![0x90, OPUS, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0x40, 0];
    lying.resize(100, 1);
    world.engine.handle_read(world.now, path, &lying);
    world.settle();
    assert_goes_on(&mut world);
}

#[test]
fn case_37_feedback_of_any_shape_is_bounded_work_and_bounded_repair() {
    let mut world = pair();
    let camera = world.people["alya"].camera_ssrc();
    let slot = 7003u32.to_be_bytes();
    let packet = |count: u8, kind: u8, body: &[u8]| {
        let mut packet = vec![0x80 | count, kind];
        packet.extend(u16::try_from(body.len() / 4).unwrap().to_be_bytes());
        packet.extend(body);
        packet
    };
    let about = |tail: &[u8]| [&[0, 0, 0, 1][..], &slot, tail].concat();
    // Every number there is; a REMB that names 255 SSRCs and has none; deltas beyond any clock; requests for key frames without end.
    let every: Vec<u8> = (0..=0xffffu16).step_by(17).flat_map(|it| [it.to_be_bytes(), [0xff, 0xff]].concat()).collect();
    let mut hostile: Vec<Vec<u8>> = every.chunks(1_000).map(|chunk| packet(1, 205, &about(chunk))).collect();
    hostile.push(packet(15, 206, &about(&[b'R', b'E', b'M', b'B', 255, 0xff, 0xff, 0xff])));
    hostile.push(packet(
        15,
        205,
        &about(&[&[0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 1, 0x3f, 0xff][..], &[0x80, 0, 0x7f, 0xff, 0x80, 0]].concat()),
    ));
    hostile.push(packet(31, 201, &[0; 4]));
    hostile.push(vec![0x81, 205, 0xff, 0xff, 0, 0, 0, 1]);
    hostile.extend((0..500).map(|_| packet(1, 206, &about(&[]))));
    let asked_before = world.people["alya"].rtcp.len();
    let path = world.people["badrul"].path;
    for compound in hostile {
        let sealed = world.people.get_mut("badrul").unwrap().client.srtp.as_mut().unwrap().protect_rtcp(&compound).unwrap();
        world.engine.handle_read(world.now, path, &sealed);
    }
    world.settle();
    world.pass(Duration::from_secs(1));
    let asked = world.people["alya"].rtcp[asked_before..].iter();
    let requests =
        asked.filter(|it| it.windows(2).any(|pair| pair == [0x81, 206]) && it.windows(4).any(|ssrc| ssrc == camera.to_be_bytes())).count();
    assert!(requests <= 5, "{requests} requests for key frames in a second");
    assert!(stats(&world, "badrul").retransmitted_packets <= 8, "{:?}", stats(&world, "badrul"));
    assert_goes_on(&mut world);
}

#[test]
fn case_42_nobody_gets_more_than_three_times_what_they_sent() {
    let mut world = World::new();
    world.let_in("alya");
    let (mut received, mut sent) = (0, 0);
    let hello = {
        let alya = world.people.get_mut("alya").unwrap();
        alya.client.begin(world.now);
        alya.client.poll_transmit().unwrap()
    };
    let forged = Check { pwd: "guessed".into(), ..Check::of("of-alya", "theirs") }.bytes();
    for number in 0..100 {
        for datagram in [&forged[..], &hello, &[0x80; 40], &[0xff; 900]] {
            received += datagram.len();
            world.engine.handle_read(world.now, stranger(number), datagram);
        }
        world.now += Duration::from_millis(200);
        world.engine.handle_timeout(world.now);
        sent += writes(&mut world).iter().map(|it| it.payload.len()).sum::<usize>();
    }
    assert!(received > 10_000);
    assert_eq!(sent, 0);
}
