//! Sound on bad lines: what of it comes in time.

use super::{client::Client, *};

/// What of alice's sound bob had to do without, in percent: not there `patience` after it was spoken and carried.
fn missed(call: &Call, alice: usize, bob: usize, patience: Duration) -> f64 {
    let (speaker, listener) = (&call.clients[alice], &call.clients[bob]);
    let heard = &listener.inbox(true, 0).unwrap().heard;
    let (first, last) = (heard.keys().next().unwrap().1 + 100, speaker.spoken() - 50);
    let in_time = |frame: &u32| {
        let due = speaker.spoken_at(*frame).unwrap() + call.delay * 2 + patience;
        heard.get(&(1, *frame)).is_some_and(|at| *at <= due)
    };
    let frames = (first..last).step_by(speaker.pause as usize);
    let all = frames.clone().count();
    100.0 * (all - frames.filter(in_time).count()) as f64 / all as f64
}

fn call(seed: u64, loss: (f64, f64), speaker: Client, listener: Client) -> (Call, usize, usize) {
    let mut call = Call::new(seed);
    (call.loss, call.delay) = (loss, Duration::from_millis(50));
    let mut join = |mut client: Client| {
        (client.layers, client.rtt) = (0, Duration::from_millis(100));
        call.join(client)
    };
    let (alice, bob) = (join(speaker), join(listener));
    call.seconds(60.0);
    (call, alice, bob)
}

#[test]
fn thirty_per_cent_lost_on_each_leg_keeps_talking() {
    for (seed, loss, most) in
        [(81, (0.3, 0.0), 2.0), (82, (0.0, 0.3), 2.0), (83, (0.3, 0.3), 4.0), (84, (0.1, 0.1), 0.5), (85, (0.0, 0.0), 0.0)]
    {
        let (call, alice, bob) = call(seed, loss, Client::new(1, 0, 0).redundant(), Client::viewer(2, 1, 0).redundant());
        let missed = missed(&call, alice, bob, Duration::from_millis(250));
        println!("{loss:?} lost: {missed:.2} % not in time");
        assert!(missed <= most, "{loss:?} lost: {missed} % not in time");
    }
}

#[test]
fn without_repetition_far_more_is_missed() {
    let (call, alice, bob) = call(86, (0.3, 0.3), Client::new(1, 0, 0), Client::viewer(2, 1, 0));
    assert!(missed(&call, alice, bob, Duration::from_millis(250)) > 40.0);
}

/// One who takes redundant sound listens to one who sends none, and the other way round.
#[test]
fn each_is_sent_what_it_takes() {
    let (call_, alice, bob) = call(87, (0.0, 0.3), Client::new(1, 0, 0), Client::viewer(2, 1, 0).redundant());
    assert!(missed(&call_, alice, bob, Duration::from_millis(250)) < 2.0, "made here");
    let (call_, alice, bob) = call(88, (0.3, 0.0), Client::new(1, 0, 0).redundant(), Client::viewer(2, 1, 0));
    assert!(missed(&call_, alice, bob, Duration::from_millis(250)) < 2.0, "unwrapped, and what it repeated put in its place");
    let packets = &call_.clients[bob].inbox(true, 0).unwrap().packets;
    let stamps: Vec<u32> = packets.values().map(|packet| packet.timestamp).collect();
    assert!(stamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]).is_multiple_of(960) && pair[1] != pair[0]));
}

/// Silence is sent once in 400 ms (RFC 7587, section 3.1.3): nothing is repeated behind a pause, nothing is taken for lost.
#[test]
fn silence_costs_what_silence_costs() {
    let mut quiet = Client::new(1, 0, 0).redundant();
    quiet.pause = 20;
    let (call, alice, bob) = call(89, (0.0, 0.0), quiet, Client::viewer(2, 1, 0).redundant());
    assert_eq!(missed(&call, alice, bob, Duration::from_millis(250)), 0.0);
    let up = call.forwarder.stats(session(1)).unwrap();
    assert_eq!((up.nacks_sent, up.repaired_packets), (0, 0));
    assert!(call.sent[bob] < 60 * 900, "{} bytes in a minute", call.sent[bob]);
}

#[test]
fn sound_is_asked_for_once_a_round_trip_and_sent_again_within_a_budget() {
    let (mut call, _, bob) = call(90, (0.3, 0.3), Client::new(1, 0, 0).redundant(), Client::viewer(2, 1, 0).redundant());
    let (up, down) = (call.forwarder.stats(session(1)).unwrap(), call.forwarder.stats(session(2)).unwrap());
    // Of 3 000, 900 are lost and a third of those is not brought along by the next; each is asked for a few times.
    assert!((150..1_500).contains(&up.nacks_sent), "{up:?}");
    assert!(down.retransmitted_packets > 500 && down.retransmitted_packets < 2_500, "{down:?}");
    call.loss = (0.0, 0.0);
    call.seconds(1.0);
    let ssrc = call.clients[bob].slot_ssrc(true, 0);
    let last = *call.clients[bob].inbox(true, 0).unwrap().packets.keys().next_back().unwrap();
    let numbers: Vec<u16> = (0..30).map(|back| (last - 29 + back) as u16).collect();
    let mut all = BytesMut::new();
    rtcp::write_nack(&mut all, 1, ssrc, &numbers);
    let before = call.forwarder.stats(session(2)).unwrap().retransmitted_packets;
    (0..50).for_each(|_| call.feedback(bob, &all));
    assert!(call.forwarder.stats(session(2)).unwrap().retransmitted_packets - before <= 30);
}

/// What the engine can tell of a line: nobody hears well on a bad one, and each way is told apart.
/// What a speaker's line lost is missing to the listener too, and may count there.
#[test]
fn the_quality_of_each_way_is_told() {
    for (seed, up, down, expected) in
        [(71, 0.0, 0.0, (420..450, 420..450)), (72, 0.3, 0.0, (100..330, 100..450)), (73, 0.0, 0.25, (360..450, 100..330))]
    {
        let mut call = Call::new(seed);
        call.loss = (up, down);
        let alice = call.join(Client::new(1, 1, 1));
        let bob = call.join(Client::new(2, 1, 1));
        call.look(alice, 0, Some(bob), 300);
        call.look(bob, 0, Some(alice), 300);
        assert_eq!(call.forwarder.stats(session(1)).unwrap().quality, None, "nothing is known yet");
        call.seconds(12.0);
        let stats = call.forwarder.stats(session(1)).unwrap();
        let quality = stats.quality.expect("reports came");
        println!("{up} up, {down} down: {quality:?}");
        assert!(expected.0.contains(&quality.up.0) && expected.1.contains(&quality.down.0), "{up} up, {down} down: {quality:?}");
        assert_eq!((stats.pictures_wanted, stats.pictures_starved), (1, 0));
    }
}
