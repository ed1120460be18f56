//! From one room of a meeting to another, on the same connection.

use super::{client::Client, *};
use wire::signal::BreakoutNumber;

fn breakout(number: u8) -> Space {
    Space { meeting: room(), breakout: Some(BreakoutNumber(number)) }
}

/// What is on its way when somebody moves has come by then.
fn settle(call: &mut Call) -> Instant {
    call.seconds(0.2);
    call.now
}

#[test]
fn who_moves_is_heard_and_seen_there_and_nowhere_else() {
    let mut call = Call::new(81);
    let [a, b, c, d] = [1, 2, 3, 4].map(|number| call.join(Client::new(number, 3, 2)));
    for (viewer, publisher) in [(a, b), (b, a), (c, a), (d, c)] {
        call.look(viewer, 0, Some(publisher), 300);
    }
    call.seconds(3.0);
    assert!([b, c, d].iter().all(|it| call.clients[*it].heard_from(1, call.now - Duration::from_secs(1)) > 40));
    call.move_to(a, breakout(1));
    call.move_to(b, breakout(1));
    let told = |call: &Call, mids: &[&str]| mids.iter().filter_map(|mid| call.told(c, mid)?.session).collect::<Vec<_>>();
    assert_eq!((told(&call, &["v100"]), told(&call, &["a0", "a1", "a2"])), (vec![], vec![session(4)]));
    // Asked for from the other room: nothing comes of it.
    call.look(c, 0, Some(a), 300);
    call.look(a, 1, Some(c), 300);
    call.look(a, 0, Some(b), 300);
    let frames = |call: &Call, of: usize, slot| call.clients[of].inbox(false, slot).map_or(0, |it| it.decode().frames.len());
    let since = settle(&mut call);
    let before = (frames(&call, c, 0), frames(&call, a, 1), frames(&call, a, 0));
    call.seconds(2.0);
    let heard = |of: usize| (1..=4).filter(|from| call.clients[of].heard_from(*from, since) > 0).collect::<Vec<_>>();
    assert_eq!([a, b, c, d].map(heard), [vec![2], vec![1], vec![4], vec![3]]);
    assert_eq!((frames(&call, c, 0), frames(&call, a, 1)), (before.0, before.1));
    assert!(frames(&call, a, 0) > before.2 + 40, "in the new room pictures flow");
    assert_eq!(call.told(a, "v101").unwrap().session, None);

    // Back again: the same slots go on, and no decoder sees a seam.
    call.move_to(a, room());
    call.move_to(b, room());
    call.look(c, 0, Some(a), 300);
    let since = settle(&mut call);
    call.seconds(2.0);
    assert!((1..=4).filter(|from| *from != 3).all(|from| call.clients[c].heard_from(from, since) > 80));
    assert!(frames(&call, c, 0) > before.0 + 40);
    for inbox in call.clients.iter().flat_map(|it| (0..3).filter_map(|slot| it.inbox(true, slot))) {
        let numbers: Vec<u64> = inbox.packets.keys().copied().collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no number is skipped or used twice");
        let stamps: Vec<u32> = inbox.packets.values().map(|packet| packet.timestamp).collect();
        assert!(stamps.windows(2).all(|pair| (pair[1].wrapping_sub(pair[0]) as i32) > 0), "timestamps grow");
    }
    for who in [a, b, c, d] {
        call.leave(who);
    }
    assert!(call.forwarder.rooms_by_id.is_empty() && call.forwarder.sources_by_id.is_empty());
}

#[test]
fn redundancy_carries_nothing_out_of_the_room_that_was_left() {
    let mut call = Call::new(82);
    call.loss = (0.0, 0.1);
    let a = call.join(Client::new(1, 2, 0).redundant());
    let b = call.join(Client::new(2, 2, 0).redundant());
    let c = call.join(Client::new(3, 2, 0).redundant());
    call.move_to(c, breakout(1));
    call.seconds(4.0);
    assert!(call.clients[b].heard_from(1, call.now - Duration::from_secs(1)) > 30);
    let moved = call.now;
    call.move_to(a, breakout(1));
    call.seconds(2.0);
    // What was on its way when a moved, and what a's own packets repeat of the moment before: no more than 100 ms.
    let heard = call.clients[c].inboxes.values().flat_map(|it| it.heard.keys()).filter(|(from, _)| *from == 1);
    let earliest = heard.map(|(_, frame)| call.clients[a].spoken_at(*frame).expect("it was spoken")).min().expect("c hears a");
    assert!(earliest + Duration::from_millis(100) >= moved, "{:?} before", moved - earliest);
}

#[test]
fn the_recorder_is_given_the_main_room_alone_and_goes_on_with_its_count() {
    let mut call = Call::new(83);
    let a = call.join(Client::new(1, 2, 0));
    call.join(Client::new(2, 2, 0));
    let microphone = call.clients[a].microphone_id();
    call.seconds(1.0);
    call.forwarder.set_recorder(call.now, room(), Some(RecordingId(Uuid::from_u128(0x4ec))));
    call.seconds(1.0);
    let numbers = |call: &Call| -> Vec<u64> {
        let of_a = |event: &ForwardEvent| match event {
            ForwardEvent::Tap(Tap::Packet(packet)) if packet.source == microphone => Some(packet.sequence),
            _ => None,
        };
        call.events.iter().filter_map(of_a).collect()
    };
    call.move_to(a, breakout(1));
    let (_, before) = (settle(&mut call), numbers(&call));
    call.seconds(1.0);
    assert_eq!(numbers(&call), before, "nothing of a breakout room is recorded");
    assert!(before.len() > 40);
    call.move_to(a, room());
    call.seconds(1.0);
    let after = numbers(&call);
    assert!(after.len() > before.len() + 40 && after.windows(2).all(|pair| pair[1] > pair[0]), "one count");
}
