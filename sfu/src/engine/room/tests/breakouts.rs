//! Breakout rooms as a story: who is sent where, who may go by themselves, what is heard and read from where, and how everyone comes back.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::*,
    Rule,
    control::Fact,
    grant::{Act, GrantClaims, Role::*},
    limits::{BREAKOUT_NAME_BYTES_MAX, BREAKOUTS_MAX},
    signal::{BreakoutNumber, BreakoutPlan, Breakouts, Reaction, RoomState},
};

const ONE: Option<BreakoutNumber> = Some(BreakoutNumber(1));
const TWO: Option<BreakoutNumber> = Some(BreakoutNumber(2));

fn plan(name: &str, sessions: &[SessionId]) -> BreakoutPlan {
    BreakoutPlan { name: name.into(), sessions: sessions.to_vec() }
}

fn open(first: &[SessionId], second: &[SessionId]) -> ClientMessage {
    let rooms = vec![plan("Kewangan", first), plan("Logistik", second)];
    ClientMessage::OpenBreakouts { rooms, choose: false, may_return: false, seconds: None }
}

fn go(breakout: Option<BreakoutNumber>) -> ClientMessage {
    ClientMessage::EnterBreakout { breakout }
}

fn send(sessions: &[SessionId], breakout: Option<BreakoutNumber>) -> ClientMessage {
    ClientMessage::MoveTo { sessions: sessions.to_vec(), breakout }
}

fn say(text: &str, to: Option<SessionId>) -> ClientMessage {
    ClientMessage::Say { text: text.into(), to, mentions: Vec::new() }
}

fn at(scene: &Scene, session: SessionId) -> Option<BreakoutNumber> {
    scene.roster().iter().find(|it| it.session == session).unwrap().breakout
}

fn told_of_rooms(scene: &Scene, session: SessionId) -> Option<Option<&Breakouts>> {
    let rooms = |it: &&ServerMessage| matches!(it, ServerMessage::Breakouts { .. });
    match scene.told(session).into_iter().rfind(rooms) {
        Some(ServerMessage::Breakouts { breakouts, .. }) => Some(breakouts.as_ref()),
        _ => None,
    }
}

/// What the one who moved last was told.
fn moved(scene: &Scene, session: SessionId) -> Option<&RoomState> {
    scene.told(session).into_iter().rev().find_map(|it| if let ServerMessage::Moved { state } = it { Some(&**state) } else { None })
}

fn texts(scene: &Scene, session: SessionId) -> Vec<&str> {
    scene.told(session).into_iter().filter_map(|it| if let ServerMessage::Chat { line } = it { Some(&*line.text) } else { None }).collect()
}

fn again(scene: &Scene, grant: &GrantClaims) -> GrantClaims {
    GrantClaims { jti: GrantId::fresh(), iat: scene.now_ms().seconds(), ..grant.clone() }
}

#[test]
fn a_chair_divides_people_and_all_return_when_the_chair_closes() {
    let mut scene = Scene::new();
    let (host, a, b, c) =
        (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka), scene.enter(Guest, Terbuka));
    assert_eq!(code(scene.ask(a, open(&[a], &[b]))), Some((Code::ActForbidden, Some(Rule::Sec3))));
    scene.ask(a, ClientMessage::RaiseHand { raised: true }).unwrap();
    scene.ask(host, open(&[a, SessionId::fresh()], &[b])).unwrap();
    assert_eq!([host, a, b, c].map(|it| at(&scene, it)), [None, ONE, TWO, None]);
    // The media goes before anybody is told, and who moved is told everything as it is seen from there.
    let place = |which: &dyn Fn(&Effect) -> bool| scene.log.iter().position(which).unwrap();
    let media = place(&|it| matches!(it, Effect::MovePeer { session, to } if *session == a && to.breakout == ONE));
    let word = place(&|it| matches!(it, Effect::Event(Event::Message { message: ServerMessage::Moved { .. }, .. })));
    assert!(media < word);
    assert!(
        scene.log.iter().any(|it| matches!(it, Effect::Event(Event::Placed { session, breakout }) if *session == a && *breakout == ONE))
    );
    let state = moved(&scene, a).unwrap();
    assert_eq!((state.participants.len(), state.breakouts.as_ref().unwrap().placed), (4, ONE), "nobody is hidden from anybody");
    assert!(moved(&scene, c).is_none());
    assert!(scene.roster().iter().all(|it| it.hand_raised_at_ms.is_none()), "a hand is raised where one stands");
    assert_eq!(code(scene.ask(host, open(&[], &[]))), Some((Code::BreakoutsOpen, None)));

    scene.ask(host, send(&[a, c], TWO)).unwrap();
    assert_eq!([a, b, c].map(|it| at(&scene, it)), [TWO, TWO, TWO]);
    for mistake in [send(&[a], Some(BreakoutNumber(3))), send(&[a], Some(BreakoutNumber(0)))] {
        assert_eq!(code(scene.ask(host, mistake)), Some((Code::BreakoutsClosed, None)));
    }
    assert_eq!(code(scene.ask(host, send(&[SessionId::fresh()], ONE))), Some((Code::ParticipantUnknown, None)));
    assert_eq!(code(scene.ask(b, send(&[a], ONE))), Some((Code::ActForbidden, Some(Rule::Sec3))));

    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 0 }).unwrap();
    assert_eq!([a, b, c].map(|it| at(&scene, it)), [None; 3]);
    assert_eq!(told_of_rooms(&scene, c), Some(None));
    assert_eq!(scene.state_of(c).breakouts, None);
    let went: Vec<_> = scene
        .facts()
        .into_iter()
        .filter_map(|it| if let Fact::WentTo { session, breakout, .. } = it { Some((*session, breakout.as_deref())) } else { None })
        .collect();
    let (one, two) = (Some("Kewangan"), Some("Logistik"));
    assert_eq!(went, [(a, one), (b, two), (a, two), (c, two), (a, None), (b, None), (c, None)], "attendance knows every room");
}

#[test]
fn what_cannot_be_opened_is_refused_and_changes_nothing() {
    let mut scene = Scene::new();
    let (host, a) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let asked = |rooms: Vec<BreakoutPlan>, seconds| ClientMessage::OpenBreakouts { rooms, choose: false, may_return: false, seconds };
    let many = (0..=BREAKOUTS_MAX).map(|it| plan(&it.to_string(), &[])).collect();
    for (rooms, field) in [
        (vec![], "rooms"),
        (many, "rooms"),
        (vec![plan(" ", &[])], "name"),
        (vec![plan("a\u{202e}b", &[])], "name"),
        (vec![plan(&"x".repeat(BREAKOUT_NAME_BYTES_MAX + 1), &[])], "name"),
        (vec![plan("a", &[]), plan(" a", &[])], "name"),
        (vec![plan("a", &[a]), plan("b", &[a])], "sessions"),
        (vec![plan("a", &[a, a])], "sessions"),
    ] {
        let refusal = scene.ask(host, asked(rooms, None)).unwrap_err();
        assert_eq!((refusal.code, &refusal.values["field"]), (Code::BreakoutUnusable, &field.into()));
    }
    for seconds in [0, 59, 14_401] {
        assert_eq!(code(scene.ask(host, asked(vec![plan("a", &[a])], Some(seconds)))), Some((Code::SignalMalformed, None)));
    }
    assert_eq!((at(&scene, a), scene.state_of(a).breakouts), (None, None));
    use ClientMessage::*;
    for message in [send(&[a], ONE), go(ONE), go(None), CallForHelp, CloseBreakouts { after_s: 0 }, Announce { text: "x".into() }] {
        assert_eq!(code(scene.ask(host, message.clone())), Some((Code::BreakoutsClosed, None)), "{message:?}");
    }
}

#[test]
fn nobody_is_shown_or_told_what_belongs_to_another_room() {
    let mut scene = Scene::new();
    let (host, a, b, c) =
        (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    let camera = |scene: &Scene, of| scene.rooms.forwarded(of)[1].0;
    let look = |source| ClientMessage::View { slots: vec![SlotRequest { mid: "v0".into(), source, width: 640, height: 360, priority: 0 }] };
    let shown = |scene: &Scene| match scene.log.iter().rfind(|it| matches!(it, Effect::View { .. })) {
        Some(Effect::View { slots, .. }) => slots[0].source,
        _ => panic!("no view"),
    };
    scene.ask(host, open(&[a, b], &[c])).unwrap();
    let (of_b, of_c) = (camera(&scene, b), camera(&scene, c));
    for (source, expected) in [(of_b, Some(of_b)), (of_c, None)] {
        scene.ask(a, look(Some(source))).unwrap();
        assert_eq!(shown(&scene), expected);
    }
    scene.ask(host, look(Some(of_c))).unwrap();
    assert_eq!(shown(&scene), None, "also not to a chair who is elsewhere");
    scene.rooms.handle_speakers(Space { meeting: scene.room, breakout: ONE }, vec![b, c]);
    scene.mark();
    let heard = |scene: &Scene, of| scene.told(of).into_iter().any(|it| matches!(it, ServerMessage::Speakers { .. }));
    assert_eq!([a, b, c, host].map(|it| heard(&scene, it)), [true, true, false, false]);
    assert_eq!((scene.state_of(a).speakers.clone(), scene.state_of(c).speakers.clone()), (vec![b], vec![]));

    scene.ask(a, say("dalam bilik satu", None)).unwrap();
    scene.ask(c, ClientMessage::React { reaction: Reaction::Clap }).unwrap();
    assert_eq!([a, b, c, host].map(|it| texts(&scene, it).len()), [1, 1, 0, 0]);
    assert!(!scene.told(a).iter().any(|it| matches!(it, ServerMessage::Reaction { .. })));
    assert_eq!(code(scene.ask(a, say("hei", Some(c)))), Some((Code::BreakoutElsewhere, None)));
    let said = scene.facts().into_iter().any(|it| matches!(it, Fact::Said { breakout: Some(name), .. } if name == "Kewangan"));
    assert!(said, "it is kept with the room in which it was said");

    // Who comes into the room reads what was said there; who leaves it no longer does.
    scene.ask(host, go(ONE)).unwrap();
    assert_eq!(moved(&scene, host).unwrap().chat.len(), 1);
    scene.ask(host, go(None)).unwrap();
    assert_eq!(moved(&scene, host).unwrap().chat.len(), 0);
    scene.ask(host, ClientMessage::Announce { text: "Lima minit lagi".into() }).unwrap();
    assert_eq!([a, b, c, host].map(|it| texts(&scene, it).last().copied()), [Some("Lima minit lagi"); 4]);
    assert_eq!(code(scene.ask(a, ClientMessage::Announce { text: "x".into() })), Some((Code::ActForbidden, Some(Rule::Sec3))));

    // The next rooms have the same numbers, and nothing of what was said in these.
    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 0 }).unwrap();
    scene.ask(host, open(&[c], &[])).unwrap();
    assert_eq!(moved(&scene, c).unwrap().chat.iter().map(|it| &*it.text).collect::<Vec<_>>(), ["Lima minit lagi"]);
    // A mute for all is for the chair's own room.
    scene.ask(host, ClientMessage::MuteAll { kind: SourceKind::Microphone }).unwrap();
    assert_eq!((scene.rooms.forwarded(a)[0].1, scene.rooms.forwarded(c)[0].1), (false, true));
}

#[test]
fn the_table_of_who_goes_where_by_themselves() {
    for (choose, may_return, to_own, to_other, back) in [
        (false, false, false, false, false),
        (false, true, true, false, true),
        (true, false, true, true, false),
        (true, true, true, true, true),
    ] {
        let mut scene = Scene::new();
        let (host, a) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
        let rooms = vec![plan("Satu", &[a]), plan("Dua", &[])];
        scene.ask(host, ClientMessage::OpenBreakouts { rooms, choose, may_return, seconds: None }).unwrap();
        for (to, permitted) in [(None, back), (ONE, to_own), (TWO, to_other), (None, back)] {
            let before = at(&scene, a);
            let answer = code(scene.ask(a, go(to)));
            assert_eq!(answer, (!permitted).then_some((Code::BreakoutAssigned, None)), "{choose} {may_return} {to:?}");
            assert_eq!(at(&scene, a), if permitted { to } else { before });
        }
        assert_eq!(code(scene.ask(a, go(Some(BreakoutNumber(9))))), Some((Code::BreakoutsClosed, None)));
        for to in [TWO, ONE, None] {
            scene.ask(host, go(to)).unwrap();
            assert_eq!(at(&scene, host), to, "a chair visits every room");
        }
    }
}

#[test]
fn a_room_calls_for_help_once_a_minute_until_a_chair_comes() {
    let mut scene = Scene::new();
    let (host, a, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    scene.ask(host, open(&[a, b], &[])).unwrap();
    let call = |scene: &Scene, of| told_of_rooms(scene, of).flatten().and_then(|it| it.rooms[0].help.clone());
    scene.ask(a, ClientMessage::CallForHelp).unwrap();
    assert_eq!(call(&scene, host).map(|it| it.session), Some(a));
    assert_eq!(call(&scene, b), None, "the others are not told");
    assert_eq!(
        (scene.state_of(b).breakouts.unwrap().rooms[0].help.clone(), scene.state_of(host).breakouts.unwrap().rooms[0].help.is_some()),
        (None, true)
    );
    let refusal = scene.ask(b, ClientMessage::CallForHelp).unwrap_err();
    assert_eq!((refusal.code, &refusal.values["retry_after_s"]), (Code::RateLimited, &60.into()));
    scene.ask(host, go(ONE)).unwrap();
    assert_eq!(call(&scene, host), None, "a chair has come");
    assert_eq!(code(scene.ask(a, ClientMessage::CallForHelp)), Some((Code::RateLimited, None)), "coming does not shorten the minute");
    scene.pass(Duration::from_secs(60));
    scene.ask(b, ClientMessage::CallForHelp).unwrap();
    scene.ask(host, go(None)).unwrap();
    assert_eq!(code(scene.ask(host, ClientMessage::CallForHelp)), Some((Code::BreakoutsClosed, None)), "the main room has its chair");
}

#[test]
fn time_warns_a_minute_before_and_then_brings_everyone_back() {
    let mut scene = Scene::new();
    let (host, a) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let rooms = vec![plan("Satu", &[a])];
    scene.ask(host, ClientMessage::OpenBreakouts { rooms, choose: false, may_return: false, seconds: Some(300) }).unwrap();
    let warnings = |scene: &Scene| scene.told(a).into_iter().filter(|it| matches!(it, ServerMessage::BreakoutsEnding { .. })).count();
    scene.pass(Duration::from_secs(239));
    assert_eq!((warnings(&scene), at(&scene, a)), (0, ONE));
    scene.pass(Duration::from_secs(1));
    assert_eq!((warnings(&scene), at(&scene, a)), (1, ONE));
    // The chair gives them longer, and they are warned anew; then shorter.
    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 200 }).unwrap();
    scene.pass(Duration::from_secs(140));
    assert_eq!((warnings(&scene), at(&scene, a)), (2, ONE));
    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 30 }).unwrap();
    scene.pass(Duration::from_secs(29));
    assert_eq!((warnings(&scene), at(&scene, a)), (3, ONE));
    scene.pass(Duration::from_secs(1));
    assert_eq!((warnings(&scene), at(&scene, a)), (3, None));
    assert!(scene.facts().iter().any(|it| matches!(it, Fact::BreakoutsClosed { by: None })));
    assert!(moved(&scene, a).unwrap().breakouts.is_none());
    scene.pass(Duration::from_secs(600));
    assert_eq!(warnings(&scene), 3, "nothing is left to be done");
}

#[test]
fn whoever_comes_back_stands_where_they_stood() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let grant = scene.grant(Member, Terbuka);
    let a = scene.join(grant.clone()).session;
    scene.ask(host, open(&[a], &[])).unwrap();
    // The line broke: the session is where it was, and a chair may move it while it is away.
    scene.detach(a);
    let row = |state: &RoomState, of| state.participants.iter().find(|it| it.session == of).unwrap().breakout;
    assert_eq!(row(&scene.state_of(a), a), ONE);
    scene.detach(a);
    scene.ask(host, send(&[a], TWO)).unwrap();
    assert_eq!(row(&scene.state_of(a), a), TWO);
    // The person left, and comes by a new token.
    scene.ask(a, ClientMessage::Leave).unwrap();
    let entry = scene.join(again(&scene, &grant));
    let back = entry.session;
    assert_eq!(row(&entry.answer.unwrap(), back), TWO);
    assert!(scene.log.iter().any(|it| matches!(it, Effect::AddPeer { space, session, .. } if *session == back && space.breakout == TWO)));
    let fact = |it: &&Fact| matches!(it, Fact::WentTo { session, breakout: Some(name), .. } if *session == back && name == "Logistik");
    assert!(scene.facts().iter().any(fact));
    // The node was started again: the rooms are open still, and the ticket says where one stood.
    let mut after = Scene::new();
    scene.remembered_by(&mut after);
    after.enter(Host, Terbuka);
    let state = after.join_in(back, again(&after, &grant), TWO).answer.unwrap();
    assert_eq!((row(&state, back), state.breakouts.as_ref().unwrap().rooms.len()), (TWO, 2));
    // A room that is not there any more leads to the main room.
    let mut after = Scene::new();
    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 0 }).unwrap();
    scene.remembered_by(&mut after);
    after.enter(Host, Terbuka);
    let state = after.join_in(back, again(&after, &grant), TWO).answer.unwrap();
    assert_eq!((row(&state, back), state.breakouts), (None, None));
}

#[test]
fn the_floor_the_rules_removal_and_classification_hold_across_rooms() {
    let mut scene = Scene::new();
    let (host, a, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    let speaks = |scene: &Scene, of| scene.rooms.forwarded(of)[0].1;
    scene.ask(host, ClientMessage::ControlFloor { on: true, seconds: None }).unwrap();
    scene.ask(host, ClientMessage::GiveFloor { session: Some(a) }).unwrap();
    scene.ask(host, open(&[a, b], &[])).unwrap();
    assert_eq!(scene.state_of(host).floor.unwrap().holder, None, "the floor is the main room's");
    scene.ask(b, ClientMessage::Mute { kind: SourceKind::Microphone, muted: false }).unwrap();
    assert!(speaks(&scene, b), "in a breakout room everyone may speak");
    assert_eq!(code(scene.ask(host, ClientMessage::GiveFloor { session: Some(b) })), Some((Code::BreakoutElsewhere, None)));
    scene.ask(host, ClientMessage::SetRules { rules: wire::signal::RoleRules { members: [Act::Chat].into(), guests: [].into() } }).unwrap();
    assert!(!speaks(&scene, b), "rules hold everywhere");
    scene.ask(host, ClientMessage::SetRules { rules: wire::signal::RoleRules::default() }).unwrap();
    scene.ask(b, ClientMessage::Mute { kind: SourceKind::Microphone, muted: false }).unwrap();
    scene.ask(host, ClientMessage::StartRecording).unwrap();
    let notice = |scene: &Scene, of| scene.told(of).into_iter().any(|it| matches!(it, ServerMessage::Recording { recording: Some(_) }));
    assert!(notice(&scene, a) && notice(&scene, b), "everyone knows that the main room is recorded");
    scene.ask(host, ClientMessage::RaiseClassification { to: Terhad }).unwrap();
    assert_eq!(code(scene.ask(a, say("x", None))), Some((Code::ActForbidden, Some(Rule::Class5))));
    assert_eq!(code(scene.ask(host, ClientMessage::Announce { text: "x".into() })), Some((Code::ActForbidden, Some(Rule::Class5))));
    scene.ask(host, ClientMessage::Remove { session: a }).unwrap();
    assert_eq!(scene.ended(a), Some(LeaveReason::Removed));
    scene.ask(host, ClientMessage::CloseBreakouts { after_s: 0 }).unwrap();
    assert!(!speaks(&scene, b), "back in the main room the floor binds");
}
