//! What a chair decides for others, and that the node itself holds everyone to it.

use super::super::*;
use super::scene::*;
use std::collections::BTreeSet;
use wire::{
    Classification::*,
    control::Fact,
    grant::{Act, Role::*},
    signal::{Debrief, RoleRules, SourceKind::*},
};

fn hears(scene: &Scene, session: SessionId) -> bool {
    scene.rooms.forwarded(session)[0].1
}

fn muted(scene: &Scene, session: SessionId) -> bool {
    scene.roster().iter().find(|it| it.session == session).unwrap().sources[0].muted
}

#[test]
fn a_mute_for_all_spares_those_who_chair_and_each_unmutes_alone() {
    let mut scene = Scene::new();
    let (host, b, c) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Guest, Terbuka));
    assert_eq!(code(scene.ask(b, ClientMessage::MuteAll { kind: Microphone })).unwrap().0, Code::ActForbidden);
    let from = scene.mark();
    scene.ask(host, ClientMessage::MuteAll { kind: Microphone }).unwrap();
    assert_eq!([host, b, c].map(|it| hears(&scene, it)), [true, false, false]);
    let rows = |it: &&Effect| matches!(it, Effect::Event(Event::Message { message: ServerMessage::ParticipantsChanged { participants }, .. }) if participants.len() == 2);
    assert_eq!(scene.log[from..].iter().filter(rows).count(), 3, "one message to each");
    scene.ask(b, ClientMessage::Mute { kind: Microphone, muted: false }).unwrap();
    assert_eq!([b, c].map(|it| hears(&scene, it)), [true, false]);
}

#[test]
fn what_a_role_may_not_do_the_node_does_not_forward_and_nobody_is_unmuted_when_it_may_again() {
    let mut scene = Scene::new();
    let (host, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let guest = scene.enter(Guest, Terbuka);
    let rules = |members: &[Act], guests: &[Act]| ClientMessage::SetRules {
        rules: RoleRules { members: members.iter().copied().collect(), guests: guests.iter().copied().collect() },
    };
    assert_eq!(code(scene.ask(b, rules(&[], &[]))).unwrap().0, Code::ActForbidden);
    assert_eq!(code(scene.ask(host, rules(&[Act::Record], &[]))).unwrap().0, Code::SignalMalformed);
    scene.ask(host, rules(&[Act::PublishVideo], &[])).unwrap();
    assert_eq!([host, b, guest].map(|it| hears(&scene, it)), [true, false, false]);
    assert!(scene.rooms.forwarded(b)[1].1 && !scene.rooms.forwarded(guest)[1].1);
    assert_eq!(scene.roster().iter().map(|it| it.sources.len()).collect::<Vec<_>>(), [4, 4, 4], "seen as muted");
    for message in
        [ClientMessage::Mute { kind: Microphone, muted: false }, ClientMessage::Say { text: "x".into(), to: None, mentions: vec![] }]
    {
        assert_eq!(code(scene.ask(b, message)).unwrap().0, Code::ActForbidden);
    }
    // One person may more than the role.
    scene.ask(host, ClientMessage::Allow { session: guest, acts: [Act::PublishAudio].into() }).unwrap();
    assert!(!hears(&scene, guest), "that one may speak unmutes nobody");
    scene.ask(guest, ClientMessage::Mute { kind: Microphone, muted: false }).unwrap();
    assert!(hears(&scene, guest));
    scene.ask(host, ClientMessage::SetRules { rules: RoleRules::default() }).unwrap();
    assert!(!hears(&scene, b) && muted(&scene, b));
    scene.ask(b, ClientMessage::Mute { kind: Microphone, muted: false }).unwrap();
    assert!(hears(&scene, b));
    assert!(scene.told(b).iter().any(|it| matches!(it, ServerMessage::Acts { acts } if acts.contains(&Act::PublishAudio))));
}

#[test]
fn rules_hold_for_who_comes_later_and_over_a_restart() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    scene.ask(host, ClientMessage::SetRules { rules: RoleRules { members: BTreeSet::new(), guests: BTreeSet::new() } }).unwrap();
    let late = scene.enter(Member, Terbuka);
    assert!(!hears(&scene, late) && muted(&scene, late));
    let mut after = Scene::new();
    scene.remembered_by(&mut after);
    let again = after.enter(Member, Terbuka);
    assert!(!hears(&after, again));
}

#[test]
fn the_floor_is_given_and_its_time_ends_in_silence() {
    let mut scene = Scene::new();
    let (host, b, c) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka));
    let give = |session| ClientMessage::GiveFloor { session };
    assert_eq!(code(scene.ask(host, give(Some(b)))), Some((Code::FloorOpen, None)));
    for seconds in [4, 3601] {
        assert_eq!(
            code(scene.ask(host, ClientMessage::ControlFloor { on: true, seconds: Some(seconds) })).unwrap().0,
            Code::SignalMalformed
        );
    }
    scene.ask(host, ClientMessage::ControlFloor { on: true, seconds: Some(30) }).unwrap();
    assert_eq!([host, b, c].map(|it| hears(&scene, it)), [true, false, false]);
    scene.ask(b, ClientMessage::RaiseHand { raised: true }).unwrap();
    scene.ask(host, give(Some(b))).unwrap();
    assert!(scene.roster()[1].hand_raised_at_ms.is_none());
    assert!(!hears(&scene, b), "nobody is unmuted by another");
    scene.ask(b, ClientMessage::Mute { kind: Microphone, muted: false }).unwrap();
    assert_eq!(code(scene.ask(c, ClientMessage::Mute { kind: Microphone, muted: false })).unwrap().0, Code::ActForbidden);
    scene.pass(Duration::from_millis(29_999));
    assert!(hears(&scene, b));
    scene.pass(Duration::from_millis(1));
    assert!(!hears(&scene, b) && muted(&scene, b));
    let state = scene.state_of(c);
    assert_eq!(state.floor.map(|it| (it.holder, it.seconds, it.ends_at_ms)), Some((None, Some(30), None)));
    // It is given back, or goes with its holder.
    scene.ask(host, give(Some(c))).unwrap();
    assert_eq!(code(scene.ask(b, ClientMessage::YieldFloor)).unwrap().0, Code::ActForbidden);
    scene.ask(c, ClientMessage::YieldFloor).unwrap();
    scene.ask(host, give(Some(c))).unwrap();
    scene.ask(c, ClientMessage::Leave).unwrap();
    assert!(scene.state_of(b).floor.unwrap().holder.is_none());
    scene.pass(Duration::from_secs(60));
    scene.ask(host, ClientMessage::ControlFloor { on: false, seconds: None }).unwrap();
    scene.ask(b, ClientMessage::Mute { kind: Microphone, muted: false }).unwrap();
    assert!(hears(&scene, b));
}

#[test]
fn hands_are_lowered_one_or_all() {
    let mut scene = Scene::new();
    let people = [scene.enter(Host, Terbuka), scene.enter(Member, Terbuka), scene.enter(Member, Terbuka)];
    for (at, session) in people.into_iter().enumerate().rev() {
        scene.ask(session, ClientMessage::RaiseHand { raised: true }).unwrap();
        scene.pass(Duration::from_millis(10 * at as u64));
    }
    let hands = |scene: &Scene| scene.roster().iter().filter(|it| it.hand_raised_at_ms.is_some()).count();
    assert_eq!(code(scene.ask(people[1], ClientMessage::LowerHand { session: None })).unwrap().0, Code::ActForbidden);
    scene.ask(people[0], ClientMessage::LowerHand { session: Some(people[2]) }).unwrap();
    assert_eq!(hands(&scene), 2);
    scene.ask(people[0], ClientMessage::LowerHand { session: None }).unwrap();
    assert_eq!(hands(&scene), 0);
}

#[test]
fn a_co_host_chairs_with_later_tokens_too_and_a_guest_never() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let grant = scene.grant(Member, Terbuka);
    let member = scene.join(grant.clone()).session;
    let guest = scene.enter(Guest, Terbuka);
    let name = |session, co_host| ClientMessage::SetCoHost { session, co_host };
    for session in [guest, host] {
        assert_eq!(code(scene.ask(host, name(session, true))), Some((Code::CoHostUnfit, None)));
    }
    scene.ask(host, name(member, true)).unwrap();
    assert_eq!(scene.roster()[1].role, CoHost);
    assert!(scene.facts().iter().any(|it| matches!(it, Fact::RoleChanged { role: CoHost, .. })));
    scene.ask(member, ClientMessage::MuteAll { kind: Microphone }).unwrap();
    scene.ask(member, ClientMessage::Leave).unwrap();
    let again = scene.join(wire::grant::GrantClaims { jti: GrantId::fresh(), ..grant });
    assert!(again.acts.contains(&Act::Chair));
    scene.ask(host, name(again.session, false)).unwrap();
    assert_eq!(code(scene.ask(again.session, ClientMessage::MuteAll { kind: Microphone })).unwrap().0, Code::ActForbidden);
}

#[test]
fn who_stands_in_front_is_told_to_all_and_leaves_the_front_on_leaving() {
    let mut scene = Scene::new();
    let (host, b) = (scene.enter(Host, Terbuka), scene.enter(Member, Terbuka));
    let front = |sessions: &[SessionId]| ClientMessage::Spotlight { sessions: sessions.to_vec() };
    assert_eq!(code(scene.ask(b, front(&[b]))).unwrap().0, Code::ActForbidden);
    assert_eq!(code(scene.ask(host, front(&[b, b]))).unwrap().0, Code::SignalMalformed);
    assert_eq!(code(scene.ask(host, front(&[SessionId::fresh()]))).unwrap().0, Code::ParticipantUnknown);
    scene.ask(host, front(&[b, host])).unwrap();
    assert_eq!(scene.state_of(b).spotlight, [b, host]);
    scene.ask(b, ClientMessage::Leave).unwrap();
    assert!(scene.told(host).iter().any(|it| matches!(it, ServerMessage::Spotlight { sessions } if *sessions == [host])));
}

#[test]
fn after_a_debrief_only_those_who_were_kept_are_inside_and_come_back() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let grant = scene.grant(Guest, Terbuka);
    let guest = scene.join(grant.clone()).session;
    let member = scene.enter(Member, Terbuka);
    assert_eq!(code(scene.ask(member, ClientMessage::Debrief { keep: Debrief::Officers })).unwrap().0, Code::ActForbidden);
    scene.ask(host, ClientMessage::Debrief { keep: Debrief::Officers }).unwrap();
    assert_eq!([host, guest, member].map(|it| scene.ended(it)), [None, Some(LeaveReason::MeetingEnded), None]);
    let again = wire::grant::GrantClaims { jti: GrantId::fresh(), ..grant.clone() };
    assert_eq!(code(scene.join(again).answer), Some((Code::MeetingEnded, None)));
    let mut after = Scene::new();
    scene.remembered_by(&mut after);
    let ticket = after.join_as(guest, grant, true, &media());
    assert_eq!(code(ticket.answer), Some((Code::MeetingEnded, None)), "a ticket opens no other way");
}
