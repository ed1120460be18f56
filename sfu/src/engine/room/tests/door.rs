//! The door: who waits, who is let in, turned away, sent back or sent away for good; by whichever way they come.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::*,
    Rule,
    control::{DoorDecision, Fact},
    grant::{Act, GrantClaims, LobbyPolicy, Role, Role::*, RoomSystem},
    signal::{Identified, Waiting},
};

fn grant(scene: &Scene, role: Role, lobby: LobbyPolicy) -> GrantClaims {
    GrantClaims { lobby, ..scene.grant(role, Terbuka) }
}

fn again(grant: &GrantClaims, scene: &Scene) -> GrantClaims {
    GrantClaims { jti: GrantId::fresh(), iat: scene.now_ms().seconds() + 1, ..grant.clone() }
}

fn queue(scene: &Scene, keeper: SessionId) -> Vec<Waiting> {
    scene
        .told(keeper)
        .into_iter()
        .rev()
        .find_map(|it| if let ServerMessage::Lobby { waiting } = it { Some(waiting.clone()) } else { None })
        .unwrap_or_default()
}

#[test]
fn who_waits_is_seen_by_those_who_may_let_in_and_by_nobody_else() {
    let mut scene = Scene::new();
    // Earlier than anybody, and still not inside.
    let early = grant(&scene, Guest, LobbyPolicy::ForGuests);
    let early = scene.knock(early);
    let host = grant(&scene, Host, LobbyPolicy::ForGuests);
    let entry = scene.join(host);
    assert_eq!(
        entry.answer.unwrap().lobby.iter().map(|it| (it.session, it.identified)).collect::<Vec<_>>(),
        [(early, Identified::Invitation)]
    );
    let told =
        |scene: &Scene| scene.log.iter().filter(|it| matches!(it, Effect::Event(Event::Waiting { chair_present: true, .. }))).count();
    assert_eq!(told(&scene), 1, "that somebody is there now");
    let member = grant(&scene, Member, LobbyPolicy::ForGuests);
    let member = scene.join(member);
    assert!(member.answer.unwrap().lobby.is_empty());
    let other = grant(&scene, Guest, LobbyPolicy::ForGuests);
    let other = scene.knock(other);
    assert_eq!(queue(&scene, entry.session).len(), 2);
    assert!(!scene.told(member.session).iter().any(|it| matches!(it, ServerMessage::Lobby { .. })));
    assert_eq!(scene.roster().len(), 2, "who waits is not inside");
    for message in [ClientMessage::Admit { sessions: vec![] }, ClientMessage::Deny { session: other }] {
        assert_eq!(code(scene.ask(member.session, message)).unwrap().0, Code::ActForbidden);
    }
    scene.ask(entry.session, ClientMessage::Admit { sessions: vec![other] }).unwrap();
    assert!(scene.answered(other).unwrap().is_ok() && scene.answered(early).is_none());
    assert!(
        scene.log.iter().any(|it| matches!(it, Effect::AddPeer { session, media: Some(_), .. } if *session == other)),
        "with what was offered"
    );
    scene.ask(entry.session, ClientMessage::Admit { sessions: vec![] }).unwrap();
    assert!(scene.answered(early).unwrap().is_ok());
    assert!(queue(&scene, entry.session).is_empty());
    let admitted = |it: &&Fact| matches!(it, Fact::DoorDecided { decision: DoorDecision::Admitted, .. });
    assert_eq!(scene.facts().into_iter().filter(admitted).count(), 2);
}

#[test]
fn every_way_in_goes_through_the_same_door() {
    let mut scene = Scene::new();
    let host = grant(&scene, Host, LobbyPolicy::ForEveryone);
    let host = scene.join(host).session;
    let mut system = grant(&scene, Member, LobbyPolicy::ForEveryone);
    let (device, site) = (DeviceId::fresh(), SiteId::fresh());
    system.room_system = Some(RoomSystem { device, site, site_name: "S".into(), people_max: 6 });
    system.cnf = Some(wire::grant::Confirmation { jkt: "k".into() });
    let waiting = scene.knock(system);
    assert_eq!(queue(&scene, host)[0].identified, Identified::Device);
    scene.ask(host, ClientMessage::Admit { sessions: vec![waiting] }).unwrap();
    // Once inside: a second device, a new token, a resume.
    let member = grant(&scene, Member, LobbyPolicy::ForEveryone);
    let session = scene.knock(member.clone());
    scene.ask(host, ClientMessage::Admit { sessions: vec![session] }).unwrap();
    let other_device = again(&member, &scene);
    let second = scene.join(other_device);
    assert!(second.answer.is_ok());
    assert_eq!(scene.ended(session), Some(LeaveReason::Replaced));
    scene.detach(second.session);
    assert!(scene.resume(second.session, None).answer.is_ok());
}

#[test]
fn who_is_turned_away_may_ask_again_after_a_minute() {
    let mut scene = Scene::new();
    let host = grant(&scene, Host, LobbyPolicy::ForGuests);
    let host = scene.join(host).session;
    let guest = grant(&scene, Guest, LobbyPolicy::ForGuests);
    let session = scene.knock(guest.clone());
    scene.ask(host, ClientMessage::Deny { session }).unwrap();
    assert_eq!(scene.answered(session).unwrap().unwrap_err().code, Code::LobbyDenied);
    let refused = again(&guest, &scene);
    assert_eq!(code(scene.join(refused).answer), Some((Code::LobbyDenied, None)));
    scene.pass(Duration::from_secs(60));
    let asks = again(&guest, &scene);
    scene.knock(asks);
}

#[test]
fn who_is_sent_back_waits_whatever_the_door_says_and_a_restart_does_not_help() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let member = scene.grant(Member, Terbuka);
    let session = scene.join(member.clone()).session;
    assert_eq!(code(scene.ask(session, ClientMessage::SendBack { session: host })).unwrap().0, Code::ActForbidden);
    assert_eq!(code(scene.ask(host, ClientMessage::SendBack { session: host })).unwrap().0, Code::ActForbidden);
    scene.ask(host, ClientMessage::SendBack { session }).unwrap();
    assert_eq!(scene.ended(session), Some(LeaveReason::SentBack));
    let mut after = Scene::new();
    scene.remembered_by(&mut after);
    let ticket = after.join_as(session, member.clone(), true, &media());
    assert_eq!(code(ticket.answer), Some((Code::GrantRevoked, Some(Rule::Meet8))));
    let fresh = again(&member, &after);
    after.knock(fresh);
    let fresh = again(&member, &scene);
    let waiting = scene.knock(fresh.clone());
    assert!(queue(&scene, host)[0].sent_back);
    scene.ask(host, ClientMessage::Admit { sessions: vec![waiting] }).unwrap();
    scene.ask(waiting, ClientMessage::Leave).unwrap();
    let back = again(&fresh, &scene);
    assert!(scene.join(back).answer.is_ok(), "let in again is let in");
}

#[test]
fn a_locked_door_keeps_those_inside_and_lets_them_and_the_chair_come_back() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let inside = scene.grant(Member, Terbuka);
    let session = scene.join(inside.clone()).session;
    assert_eq!(code(scene.ask(session, ClientMessage::Lock { locked: true })).unwrap().0, Code::ActForbidden);
    scene.ask(host, ClientMessage::Lock { locked: true }).unwrap();
    let stranger = scene.grant(Member, Terbuka);
    assert_eq!(code(scene.join(stranger.clone()).answer), Some((Code::MeetingLocked, None)));
    scene.ask(session, ClientMessage::Leave).unwrap();
    let back = again(&inside, &scene);
    assert!(scene.join(back).answer.unwrap().door.locked);
    assert!(scene.enter(CoHost, Terbuka) != host);
    let mut after = Scene::new();
    scene.remembered_by(&mut after);
    let other = GrantClaims { jti: GrantId::fresh(), ..stranger.clone() };
    assert_eq!(code(after.join(other).answer), Some((Code::MeetingLocked, None)), "over a restart too");
    scene.ask(host, ClientMessage::Lock { locked: false }).unwrap();
    let other = GrantClaims { jti: GrantId::fresh(), ..stranger };
    assert!(scene.join(other).answer.is_ok());
}

#[test]
fn a_lobby_that_is_turned_off_lets_in_who_waits() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    scene.ask(host, ClientMessage::SetLobby { lobby: LobbyPolicy::ForEveryone }).unwrap();
    let member = scene.grant(Member, Terbuka);
    let session = scene.knock(member);
    scene.ask(host, ClientMessage::SetLobby { lobby: LobbyPolicy::ForGuests }).unwrap();
    assert!(scene.answered(session).unwrap().is_ok());
}

#[test]
fn who_is_removed_stays_out_with_a_newer_token_until_readmitted() {
    let mut scene = Scene::new();
    let host = scene.enter(Host, Terbuka);
    let member = scene.grant(Member, Terbuka);
    let session = scene.join(member.clone()).session;
    scene.ask(host, ClientMessage::Remove { session }).unwrap();
    scene.pass(Duration::from_secs(5));
    let newer = again(&member, &scene);
    assert_eq!(code(scene.join(newer).answer), Some((Code::GrantRevoked, Some(Rule::Meet8))));
    scene.control(ControlCommand::ReadmitPerson { room: scene.room, person: member.sub, at_ms: scene.now_ms() });
    let newer = again(&member, &scene);
    assert!(scene.join(newer).answer.is_ok());
}

#[test]
fn a_wait_ends_with_the_socket_the_window_the_meeting_or_the_node() {
    let mut scene = Scene::new();
    let host = grant(&scene, Host, LobbyPolicy::ForEveryone);
    let host = scene.join(host).session;
    let wait = |scene: &mut Scene| {
        let member = grant(scene, Member, LobbyPolicy::ForEveryone);
        scene.knock(member)
    };
    let gone = wait(&mut scene);
    scene.detach(gone);
    assert!(queue(&scene, host).is_empty() && scene.rooms.lobbies.is_empty());
    let ended = wait(&mut scene);
    scene.ask(host, ClientMessage::EndMeeting).unwrap();
    assert_eq!(scene.answered(ended).unwrap().unwrap_err().code, Code::MeetingEnded);
    let mut scene = Scene::new();
    let closed = wait(&mut scene);
    scene.pass(Duration::from_secs(3600));
    assert_eq!(scene.answered(closed).unwrap().unwrap_err().code, Code::WindowClosed);
    let mut scene = Scene::new();
    let drained = wait(&mut scene);
    scene.rooms.handle_drain(scene.now);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.answered(drained).unwrap().unwrap_err().code, Code::NodeDraining);
    assert_eq!(scene.rooms.poll_timeout(), None);
}

#[test]
fn a_lobby_has_a_bound_and_a_person_one_place() {
    let mut scene = Scene::new();
    let member = grant(&scene, Member, LobbyPolicy::ForEveryone);
    let first = scene.knock(member.clone());
    for _ in 1..limits::LOBBY_MAX {
        scene.pass(Duration::from_millis(1));
        let other = grant(&scene, Member, LobbyPolicy::ForEveryone);
        scene.knock(other);
    }
    let late = grant(&scene, Member, LobbyPolicy::ForEveryone);
    assert_eq!(code(scene.join(late).answer), Some((Code::LobbyFull, None)));
    let reloaded = again(&member, &scene);
    let reloaded = scene.knock(reloaded);
    assert_eq!(scene.answered(first).unwrap().unwrap_err().code, Code::Conflict);
    let host = grant(&scene, Host, LobbyPolicy::ForEveryone);
    let lobby = scene.join(host).answer.unwrap().lobby;
    assert_eq!((lobby.len(), lobby[0].session), (limits::LOBBY_MAX, reloaded), "and keeps its place");
}

#[test]
fn class_4_no_guest_comes_into_a_classified_meeting() {
    let mut scene = Scene::new();
    let guest = scene.grant(Guest, Sulit);
    assert_eq!(code(scene.join(guest).answer), Some((Code::GuestsForbidden, Some(Rule::Class4))));
    let host = scene.enter(Host, Sulit);
    assert!(scene.rooms.member(host).unwrap().acts.contains(&Act::AdmitOthers));
}
