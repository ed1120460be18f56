//! What people write to each other, who reads it, and what is kept.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::*,
    Rule,
    control::Fact,
    grant::Role::*,
    limits::CHAT_TEXT_BYTES_MAX,
    signal::{ChatLine, Reaction},
};

fn say(text: &str, to: Option<SessionId>) -> ClientMessage {
    ClientMessage::Say { text: text.into(), to, mentions: Vec::new() }
}

fn lines(scene: &Scene, session: SessionId) -> Vec<&ChatLine> {
    scene.told(session).into_iter().filter_map(|it| if let ServerMessage::Chat { line } = it { Some(line) } else { None }).collect()
}

#[test]
fn everyone_reads_what_is_said_to_all_and_two_what_is_said_to_one() {
    let mut scene = Scene::new();
    let (a, b, c) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Guest, Terbuka));
    scene.ask(a, say("Selamat datang", None)).unwrap();
    scene.ask(b, say("rahsia kita", Some(c))).unwrap();
    let texts = |scene: &Scene, session| lines(scene, session).iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&scene, a), ["Selamat datang"], "a host reads nothing that is for another");
    assert_eq!(texts(&scene, b), ["Selamat datang", "rahsia kita"]);
    assert_eq!(texts(&scene, c), ["Selamat datang", "rahsia kita"]);
    let said: Vec<_> =
        scene.facts().into_iter().filter_map(|it| if let Fact::Said { text, .. } = it { Some(text.as_str()) } else { None }).collect();
    assert_eq!(said, ["Selamat datang"], "what is said to one is kept nowhere");
    let mistakes = [(say("x", Some(b)), b), (say("x", Some(SessionId::fresh())), a)];
    for (message, by) in mistakes {
        assert_eq!(code(scene.ask(by, message)), Some((Code::ParticipantUnknown, None)));
    }
}

#[test]
fn who_comes_late_or_comes_back_is_given_what_may_be_read() {
    let mut scene = Scene::new();
    let (a, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    scene.ask(a, say("satu", None)).unwrap();
    scene.ask(a, say("dua", Some(b))).unwrap();
    let late = scene.grant(Member, Terbuka);
    let late = scene.join(late).answer.unwrap();
    assert_eq!(late.chat.iter().map(|it| &*it.text).collect::<Vec<_>>(), ["satu"]);
    scene.detach(b);
    scene.ask(a, say("tiga", None)).unwrap();
    let back = scene.state_of(b);
    assert_eq!(back.chat.iter().map(|it| (it.number, &*it.text)).collect::<Vec<_>>(), [(1, "satu"), (2, "dua"), (3, "tiga")]);
}

#[test]
fn only_people_who_are_here_are_mentioned() {
    let mut scene = Scene::new();
    let grant = scene.grant(Member, Terbuka);
    let here = grant.sub;
    scene.join(grant);
    let a = scene.enter(Host, Terbuka);
    scene.ask(a, ClientMessage::Say { text: "@Aminah".into(), to: None, mentions: vec![here, PersonId::fresh()] }).unwrap();
    assert_eq!(lines(&scene, a)[0].mentions, [here]);
}

#[test]
fn abuse_47_a_flood_of_lines_and_what_is_no_text_are_refused() {
    let mut scene = Scene::new();
    let (a, b) = (scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    for text in [String::new(), "  ".into(), "x".repeat(CHAT_TEXT_BYTES_MAX + 1)] {
        assert_eq!(code(scene.ask(a, say(&text, None))), Some((Code::ChatText, None)));
    }
    let said = (0..30).filter(|_| scene.ask(a, say("hei", None)).is_ok()).count();
    assert_eq!(said, 8);
    assert_eq!(code(scene.ask(a, say("hei", None))), Some((Code::RateLimited, None)));
    assert!(scene.ask(b, say("saya", None)).is_ok(), "another's bucket is full");
    let signs = (0..30).filter(|_| scene.ask(b, ClientMessage::React { reaction: Reaction::Clap }).is_ok()).count();
    assert_eq!(signs, 4);
    assert_eq!(scene.told(a).iter().filter(|it| matches!(it, ServerMessage::Reaction { session, .. } if *session == b)).count(), 4);
}

#[test]
fn class_5_a_classified_meeting_has_no_chat_and_one_that_is_raised_keeps_none() {
    let mut scene = Scene::new();
    let a = scene.enter(Host, Sulit);
    assert_eq!(code(scene.ask(a, say("x", None))), Some((Code::ActForbidden, Some(Rule::Class5))));
    let mut scene = Scene::new();
    let a = scene.enter(Host, Terbuka);
    scene.ask(a, say("terbuka", None)).unwrap();
    scene.ask(a, ClientMessage::RaiseClassification { to: Terhad }).unwrap();
    assert!(scene.state_of(a).chat.is_empty());
    assert_eq!(code(scene.ask(a, say("x", None))), Some((Code::ActForbidden, Some(Rule::Class5))));
}
