//! Breakout rooms on a whole engine, and a client that asks for what is not its own: the server gives nothing across.

use super::*;
use wire::signal::{BreakoutNumber, BreakoutPlan};

fn newest<'a>(world: &'a World, name: &str, prefix: &[u8]) -> Option<&'a [u8]> {
    [7002, 7003].into_iter().flat_map(|ssrc| world.people[name].received(ssrc)).rfind(|it| it.windows(prefix.len()).any(|at| at == prefix))
}

#[test]
fn a_client_that_asks_for_another_room_is_given_nothing_of_it() {
    let mut world = World::new();
    for name in ["alya", "badrul", "chandra"] {
        world.join(name);
    }
    world.view("chandra", "alya");
    world.picture("alya", true, b"to all");
    assert!(newest(&world, "chandra", b"to all").is_some());
    let sessions = vec![world.people["alya"].session, world.people["badrul"].session];
    let rooms = vec![BreakoutPlan { name: "Satu".into(), sessions }];
    world.say("alya", ClientMessage::OpenBreakouts { rooms, choose: false, may_return: false, seconds: None });

    // Chandra goes on asking, by the name that she knows from before; alya and badrul see each other.
    world.view("chandra", "alya");
    world.view("badrul", "alya");
    world.picture("alya", true, b"apart");
    for _ in 0..25 {
        world.speak("alya", b"a whisper");
        world.speak("chandra", b"a call");
        world.pass(Duration::from_millis(20));
    }
    assert!(newest(&world, "badrul", b"apart").is_some() && newest(&world, "badrul", b"a whisper").is_some());
    assert!(newest(&world, "chandra", b"apart").is_none() && newest(&world, "chandra", b"a whisper").is_none());
    assert!(newest(&world, "alya", b"a call").is_none() && newest(&world, "badrul", b"a call").is_none());

    // Nor by asking for another of them.
    world.view("chandra", "badrul");
    world.pass(Duration::from_secs(1));
    world.picture("alya", true, b"still apart");
    assert!(newest(&world, "chandra", b"still apart").is_none());

    // A chair visits: only then.
    world.say("chandra", ClientMessage::EnterBreakout { breakout: Some(BreakoutNumber(1)) });
    world.view("chandra", "alya");
    world.picture("alya", true, b"a visit");
    assert!(newest(&world, "chandra", b"a visit").is_some());
    world.say("alya", ClientMessage::CloseBreakouts { after_s: 0 });
    world.view("badrul", "alya");
    world.picture("alya", true, b"together");
    assert!(newest(&world, "badrul", b"together").is_some());
}
