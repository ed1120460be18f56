//! What the recorder is given.

use super::{client::Client, *};
use crate::engine::{api::TapPacket, negotiated::Codec};
use std::collections::HashMap;

fn recording() -> RecordingId {
    RecordingId(Uuid::from_u128(0x4ec))
}

fn taps(call: &Call) -> HashMap<SourceId, Vec<&Tap>> {
    let mut taps: HashMap<SourceId, Vec<&Tap>> = HashMap::new();
    for event in &call.events {
        let ForwardEvent::Tap(tap) = event else { continue };
        let source = match tap {
            Tap::Track { source, .. } | Tap::SenderReport { source, .. } | Tap::TrackEnded { source, .. } => *source,
            Tap::Packet(packet) => packet.source,
            other => panic!("{other:?}"),
        };
        taps.entry(source).or_default().push(tap);
    }
    taps
}

fn packets<'a>(taps: &[&'a Tap]) -> Vec<&'a TapPacket> {
    taps.iter().filter_map(|tap| if let Tap::Packet(packet) = tap { Some(packet) } else { None }).collect()
}

#[test]
fn every_source_comes_whole_in_one_count() {
    let mut call = Call::new(61);
    call.loss = (0.05, 0.0);
    let alice = call.join(Client::new(1, 0, 0));
    call.seconds(3.0);
    call.forwarder.set_recorder(call.now, room(), Some(recording()));
    let begun = call.now;
    call.seconds(5.0);
    let (camera, microphone) = (call.clients[alice].camera_id(), call.clients[alice].microphone_id());
    call.clients[alice].layers_off = [false, false, true];
    call.seconds(3.0);
    call.clients[alice].layers_off = [false; 3];
    call.seconds(3.0);
    let bob = call.join(Client::new(2, 0, 0));
    call.seconds(2.0);
    call.enable(camera, false);
    let muted = call.now;
    call.seconds(1.0);
    call.enable(camera, true);
    call.seconds(1.0);
    call.leave(bob);
    call.forwarder.set_recorder(call.now, room(), None);
    call.seconds(0.5);
    let taps = taps(&call);
    for source in [camera, microphone, call.clients[bob].camera_id(), call.clients[bob].microphone_id()] {
        let taps = &taps[&source];
        assert!(matches!(taps[0], Tap::Track { .. }), "announced first");
        assert!(matches!(taps.last().unwrap(), Tap::TrackEnded { .. }), "and ended");
        let packets = packets(taps);
        assert!(packets.iter().all(|packet| packet.ssrc == packets[0].ssrc));
        let mut numbers: Vec<u64> = packets.iter().map(|packet| packet.sequence).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[1] > pair[0]), "never twice");
        let video = matches!(taps[0], Tap::Track { codec: Codec::Vp8, .. });
        let holes = numbers[numbers.len() - 1] - numbers[0] + 1 - numbers.len() as u64;
        // A repair that was under way when the source was muted comes too late, and rightly so.
        assert!(if video { holes <= 6 } else { holes < numbers.len() as u64 / 10 }, "{holes} of {}", numbers.len());
        assert!(taps.iter().any(|tap| matches!(tap, Tap::SenderReport { .. })));
    }
    let video = packets(&taps[&camera]);
    assert!(video[0].arrived - begun < Duration::from_millis(400), "a key frame was asked for");
    assert!(
        video.iter().all(|packet| packet.arrived <= muted || packet.arrived > muted + Duration::from_secs(1)),
        "nothing of a muted source"
    );
    let ended = taps[&camera].iter().filter(|tap| matches!(tap, Tap::TrackEnded { .. })).count();
    let begun = taps[&camera].iter().filter(|tap| matches!(tap, Tap::Track { .. })).count();
    assert_eq!((begun, ended), (2, 2), "a mute ends the track, its end begins it anew");
    let mut sorted = video.clone();
    sorted.sort_by_key(|packet| packet.sequence);
    assert!(sorted.windows(2).all(|pair| (pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32) >= 0), "timestamps go on");
    assert!(sorted.iter().any(|packet| packet.payload.len() > 1_100), "the best layer");
}
