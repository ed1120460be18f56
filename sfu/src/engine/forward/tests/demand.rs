//! What nobody watches is not sent.

use super::{client::Client, *};

/// What was told of alice's layers since, newest last.
fn told(call: &Call, since: usize) -> Vec<Vec<String>> {
    call.events[since..]
        .iter()
        .filter_map(|event| if let ForwardEvent::Layers { layers, .. } = event { Some(layers.rids.clone()) } else { None })
        .collect()
}

#[test]
fn layers_follow_the_largest_that_anyone_draws() {
    let mut call = Call::new(81);
    let alice = call.join(Client::new(1, 0, 0));
    call.clients[alice].heeds = true;
    let bob = call.join(Client::viewer(2, 0, 1));
    let carol = call.join(Client::viewer(3, 0, 1));
    call.look(bob, 0, Some(alice), 300);
    call.look(carol, 0, Some(alice), 600);
    call.seconds(4.0);
    assert!(told(&call, 0).is_empty(), "not yet");
    call.seconds(3.0);
    assert_eq!(told(&call, 0), [["q", "h"]], "nobody draws it larger");
    assert_eq!(call.clients[alice].layers_off, [false, false, true]);

    let (since, asked) = (call.events.len(), call.now);
    call.look(bob, 0, Some(alice), 1_280);
    assert_eq!(told(&call, since), [["q", "h", "f"]], "again at once");
    call.seconds(4.0);
    let seen = call.clients[bob].inbox(false, 0).unwrap().decode();
    let large = seen.frames.iter().find(|frame| frame.1 == 2).expect("the large layer").3 - asked;
    assert!(large < Duration::from_millis(700), "{large:?}");
    assert_eq!(seen.holes, 0);

    // Back and forth within the while costs nobody a layer.
    let since = call.events.len();
    for width in [300, 1_280, 300, 1_280] {
        call.look(bob, 0, Some(alice), width);
        call.seconds(3.0);
    }
    assert!(told(&call, since).is_empty());
    call.look(bob, 0, None, 0);
    call.look(carol, 0, None, 0);
    call.seconds(7.0);
    assert_eq!(told(&call, since), [["q"]], "the lowest goes on, so that a picture begins at once");
    assert_eq!(call.clients[carol].inbox(false, 0).unwrap().decode().holes, 0);
}

#[test]
fn a_recording_takes_every_layer_and_a_line_that_is_short_gives_none_up() {
    let mut call = Call::new(82);
    let alice = call.join(Client::new(1, 0, 0));
    call.clients[alice].heeds = true;
    call.seconds(7.0);
    assert_eq!(told(&call, 0), [["q"]]);
    let since = call.events.len();
    call.forwarder.set_recorder(call.now, room(), Some(RecordingId(Uuid::from_u128(7))));
    call.seconds(10.0);
    assert_eq!(told(&call, since), [["q", "h", "f"]]);
    call.forwarder.set_recorder(call.now, room(), None);
    call.narrow = Some(500_000.0);
    let bob = call.join(Client::viewer(2, 0, 1));
    call.look(bob, 0, Some(alice), 1_280);
    call.seconds(12.0);
    assert_eq!(told(&call, since).len(), 1, "it is drawn large, and would be shown so if the line carried it");
}

#[test]
fn one_layer_is_no_choice() {
    let mut call = Call::new(83);
    call.join(Client::plain(1));
    call.seconds(8.0);
    assert!(told(&call, 0).is_empty());
}
