//! Polls: one vote each, results when it is closed, and nothing that says who chose what where it is anonymous.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::*,
    control::Fact,
    grant::Role::*,
    limits::POLLS_MAX,
    signal::{Poll, PollResult},
};

fn open(anonymous: bool) -> ClientMessage {
    ClientMessage::OpenPoll { question: "Setuju?".into(), choices: vec!["Ya".into(), "Tidak".into()], anonymous }
}

fn last(scene: &Scene, session: SessionId) -> &Poll {
    scene.told(session).into_iter().rev().find_map(|it| if let ServerMessage::Poll { poll } = it { Some(poll) } else { None }).unwrap()
}

#[test]
fn one_vote_each_and_the_results_to_all_at_the_end() {
    for anonymous in [false, true] {
        let mut scene = Scene::new();
        let (chair, b, c) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
        assert_eq!(code(scene.ask(b, open(anonymous))).unwrap().0, Code::ActForbidden);
        scene.ask(chair, open(anonymous)).unwrap();
        assert_eq!(code(scene.ask(chair, open(anonymous))), Some((Code::PollOpen, None)));
        scene.ask(b, ClientMessage::Vote { poll: 1, choice: 0 }).unwrap();
        for choice in [0, 1] {
            assert_eq!(code(scene.ask(b, ClientMessage::Vote { poll: 1, choice })), Some((Code::PollVoted, None)));
        }
        assert_eq!(code(scene.ask(c, ClientMessage::Vote { poll: 1, choice: 2 })).unwrap().0, Code::SignalMalformed);
        scene.ask(c, ClientMessage::Vote { poll: 1, choice: 1 }).unwrap();
        assert_eq!((last(&scene, chair).votes, &last(&scene, chair).results), (2, &None), "nobody sees results before the end");
        assert!(last(&scene, b).voted && scene.state_of(b).polls[0].voted);
        scene.ask(chair, ClientMessage::ClosePoll { poll: 1 }).unwrap();
        let name = |it: &str| if anonymous { Vec::new() } else { vec![it.to_owned()] };
        let expected =
            [PollResult { votes: 1, names: name("Aminah binti Yusof") }, PollResult { votes: 1, names: name("Aminah binti Yusof") }];
        for session in [chair, b, c] {
            assert_eq!(last(&scene, session).results.as_deref(), Some(&expected[..]));
        }
        for message in [ClientMessage::Vote { poll: 1, choice: 0 }, ClientMessage::Vote { poll: 9, choice: 0 }] {
            assert_eq!(code(scene.ask(chair, message)), Some((Code::PollClosed, None)));
        }
        assert!(scene.facts().iter().any(|it| matches!(it, Fact::PollClosed { poll } if poll.results == expected)));
    }
}

#[test]
fn a_person_who_comes_back_has_no_second_vote() {
    let mut scene = Scene::new();
    let chair = scene.enter(Host, Terbuka);
    let grant = scene.grant(Member, Terbuka);
    let first = scene.join(grant.clone()).session;
    scene.ask(chair, open(true)).unwrap();
    scene.ask(first, ClientMessage::Vote { poll: 1, choice: 0 }).unwrap();
    scene.ask(first, ClientMessage::Leave).unwrap();
    let again = scene.join(wire::grant::GrantClaims { jti: GrantId::fresh(), ..grant });
    assert!(again.answer.unwrap().polls[0].voted);
    assert_eq!(code(scene.ask(again.session, ClientMessage::Vote { poll: 1, choice: 1 })), Some((Code::PollVoted, None)));
}

#[test]
fn the_table_of_questions_and_the_bound_of_polls() {
    let mut scene = Scene::new();
    let chair = scene.enter(Host, Terbuka);
    let poll = |question: &str, choices: &[&str]| ClientMessage::OpenPoll {
        question: question.into(),
        choices: choices.iter().map(|it| (*it).to_owned()).collect(),
        anonymous: false,
    };
    let long = "x".repeat(301);
    for message in [
        poll("", &["a", "b"]),
        poll("q", &["a"]),
        poll("q", &["a", "a "]),
        poll("q", &["a", ""]),
        poll("q", &["a"; 11]),
        poll(&long, &["a", "b"]),
    ] {
        assert_eq!(code(scene.ask(chair, message.clone())).unwrap().0, Code::PollUnusable, "{message:?}");
    }
    for number in 1..=POLLS_MAX as u32 + 3 {
        scene.pass(Duration::from_secs(1));
        scene.ask(chair, open(true)).unwrap();
        scene.ask(chair, ClientMessage::ClosePoll { poll: number }).unwrap();
    }
    let held = scene.state_of(chair).polls;
    assert_eq!((held.len(), held[0].number), (POLLS_MAX, 4));
}

#[test]
fn class_5_a_classified_meeting_may_ask_and_keeps_nothing_of_it() {
    let mut scene = Scene::new();
    let chair = scene.enter(Host, Sulit);
    scene.ask(chair, open(false)).unwrap();
    scene.ask(chair, ClientMessage::ClosePoll { poll: 1 }).unwrap();
    assert!(!scene.facts().iter().any(|it| matches!(it, Fact::PollClosed { .. })));
}
