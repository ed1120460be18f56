//! Audio slots and speakers.

use super::{client::Client, *};

#[test]
fn the_loudest_are_heard_and_never_oneself() {
    let mut call = Call::new(21);
    let people: Vec<usize> = (1..=10)
        .map(|n| {
            let mut client = Client::new(n, 3, 0);
            client.layers = 0;
            client.level = 100;
            call.join(client)
        })
        .collect();
    for (loud, level) in [(2usize, 30), (5, 35), (7, 40)] {
        call.clients[people[loud]].level = level;
    }
    call.seconds(2.0);
    let since = call.now;
    call.seconds(2.0);
    for (at, person) in people.iter().enumerate() {
        let client = &call.clients[*person];
        assert_eq!(client.heard_from(at as u32 + 1, call.now - Duration::from_secs(10)), 0, "one's own sound");
        for loud in [2usize, 5, 7].into_iter().filter(|loud| *loud != at) {
            assert!(client.heard_from(loud as u32 + 1, since) > 90, "{at} hears {loud}");
        }
        for inbox in client.inboxes.values() {
            let numbers: Vec<u64> = inbox.packets.keys().copied().collect();
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no number is skipped");
            let stamps: Vec<u32> = inbox.packets.values().map(|packet| packet.timestamp).collect();
            assert!(stamps.windows(2).all(|pair| (pair[1].wrapping_sub(pair[0]) as i32) > 0), "timestamps grow");
        }
    }
    assert_eq!(call.forwarder.speakers(room()), [session(3), session(6), session(8)]);
    // Someone else begins to speak: heard within half a second.
    call.clients[people[0]].level = 25;
    call.clients[people[7]].level = 110;
    call.seconds(0.5);
    let since = call.now;
    call.seconds(1.5);
    assert!(call.clients[people[9]].heard_from(1, since) > 70);
    let speakers = call.forwarder.speakers(room());
    assert!(speakers.contains(&session(1)) && !speakers.contains(&session(8)), "{speakers:?}");
}

#[test]
fn all_are_heard_where_they_fit() {
    let mut call = Call::new(22);
    for n in 1..=4 {
        let mut client = Client::new(n, 3, 0);
        client.layers = 0;
        client.level = 120;
        call.join(client);
    }
    call.seconds(3.0);
    for (at, client) in call.clients.iter().enumerate() {
        for other in (1..=4u32).filter(|other| *other != at as u32 + 1) {
            assert!(client.heard_from(other, call.now - Duration::from_secs(1)) > 45);
        }
    }
}

#[test]
fn a_microphones_owner_is_told_of_the_worst_loss() {
    let mut call = Call::new(23);
    let alice = call.join(Client::new(1, 0, 0));
    call.join(Client::viewer(2, 1, 0));
    call.seconds(4.0);
    let microphone = 1_000;
    assert!(call.clients[alice].told_loss.iter().any(|(ssrc, _)| *ssrc == microphone));
    assert!(call.clients[alice].told_loss.iter().all(|(_, loss)| *loss == 0));
    call.loss = (0.0, 0.2);
    call.seconds(10.0);
    let (_, told) = call.clients[alice].told_loss.iter().rev().find(|(ssrc, _)| *ssrc == microphone).unwrap();
    assert!((25..=64).contains(told), "{told}");
}
