//! Codecs, and the layers of their own, in one slot.

use super::{client::Client, *};
use crate::engine::negotiated::Codec;
use wire::signal::PauseReason;

const PICTURES: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

/// Spatial and temporal layers that were shown since.
fn depths(call: &Call, viewer: usize, since: Instant) -> (u8, u8) {
    let seen = call.clients[viewer].inbox(false, 0).unwrap().decode().depths;
    let seen = seen.iter().filter(|depth| depth.2 > since);
    seen.fold((0, 0), |(spatial, temporal), depth| (spatial.max(depth.0), temporal.max(depth.1)))
}

#[test]
fn a_slot_changes_its_codec_without_a_seam() {
    for (seed, loss) in [(91, 0.0), (92, 0.03)] {
        let mut call = Call::new(seed);
        call.loss = (0.0, loss);
        let people: Vec<usize> =
            PICTURES.iter().enumerate().map(|(at, codec)| call.join(Client::films(at as u32 + 1, *codec, 1, 1))).collect();
        let viewer = call.join(Client::viewer(9, 0, 1).shows_all());
        for turn in 0..20usize {
            let from = people[(turn * 3) % 4];
            call.look(viewer, 0, Some(from), 300);
            call.seconds(0.8);
            assert_eq!(call.told(viewer, "v100").unwrap().session, Some(call.clients[from].session), "turn {turn}");
        }
        call.seconds(1.0);
        let inbox = call.clients[viewer].inbox(false, 0).unwrap();
        let seen = inbox.decode();
        assert!(seen.cuts >= 18, "{}", seen.cuts);
        assert!(loss > 0.0 || seen.holes == 0, "{}", seen.holes);
        assert!(seen.frames.len() > 350, "{}", seen.frames.len());
        assert!(PICTURES.iter().all(|codec| inbox.packets.values().any(|packet| packet.codec == *codec)));
    }
}

/// Nobody is sent what was not agreed on.
#[test]
fn a_codec_that_a_receiver_does_not_take_is_not_sent() {
    let mut call = Call::new(93);
    let alice = call.join(Client::films(1, Codec::Av1, 1, 1));
    let bob = call.join(Client::viewer(2, 0, 1));
    let carol = call.join(Client::viewer(3, 0, 1).shows_all());
    for viewer in [bob, carol] {
        call.look(viewer, 0, Some(alice), 300);
    }
    call.seconds(2.0);
    assert_eq!(call.clients[bob].heard_from(1, call.now - Duration::from_secs(2)), 0);
    assert_eq!(call.told(bob, "v100").unwrap().paused, Some(PauseReason::Waiting));
    assert!(call.clients[carol].inbox(false, 0).unwrap().decode().frames.len() > 50);
}

#[test]
fn the_drawn_size_chooses_the_spatial_layer() {
    for codec in [Codec::Vp9, Codec::Av1] {
        let mut call = Call::new(94);
        let alice = call.join(Client::films(1, codec, 3, 3));
        let bob = call.join(Client::viewer(2, 0, 1).shows_all());
        for (width, expected) in [(1_280, 2), (300, 0), (600, 1), (1_280, 2), (600, 1)] {
            call.look(bob, 0, Some(alice), width);
            call.seconds(4.0);
            let (spatial, temporal) = depths(&call, bob, call.now - Duration::from_secs(1));
            assert_eq!((spatial, temporal), (expected, 2), "{codec:?} drawn {width} wide");
        }
        let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
        assert_eq!((seen.holes, seen.cuts), (0, 0));
        let gap = seen.frames.windows(2).map(|pair| pair[1].3 - pair[0].3).max().unwrap();
        assert!(gap < Duration::from_millis(200), "{codec:?}: {gap:?}");
    }
}

/// A line that does not carry the whole screen: its size stays, its pictures become fewer, and all come back.
#[test]
fn a_screen_becomes_slow_before_it_becomes_small_or_nothing() {
    for (codec, loss) in [(Codec::Vp8, 0.0), (Codec::Vp8, 0.05), (Codec::Vp9, 0.0), (Codec::Av1, 0.02)] {
        let mut call = Call::new(95);
        call.loss = (0.0, loss);
        call.narrow = Some(1_200_000.0);
        let mut sharer = Client::sharer(1);
        sharer.negotiated.receives[1].payloads = vec![client::types(codec)];
        sharer.negotiated.receives[1].extensions.dependency_descriptor = Some(6);
        (sharer.codec, sharer.temporals, sharer.weight) = (codec, 3, 15);
        let alice = call.join(sharer);
        let bob = call.join(Client::viewer(2, 0, 1).shows_all());
        call.look(bob, 0, Some(alice), 1_280);
        call.seconds(15.0);
        let since = call.now;
        call.seconds(10.0);
        let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
        let late: Vec<_> = seen.depths.iter().filter(|depth| depth.2 > since).collect();
        println!("{codec:?}, {loss} lost: {} pictures in ten seconds", late.len());
        assert!((60..220).contains(&late.len()), "{}", late.len());
        assert!(late.iter().all(|depth| depth.1 < 2), "the fastest layer is left out");
        assert_eq!(call.told(bob, "v100").unwrap().paused, None);
        call.narrow = None;
        call.seconds(25.0);
        assert_eq!(depths(&call, bob, call.now - Duration::from_secs(2)), (0, 2), "all of it again");
        if loss == 0.0 {
            assert_eq!(call.clients[bob].inbox(false, 0).unwrap().decode().holes, 0);
        }
    }
}
