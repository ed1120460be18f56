//! Room systems: one row for a site, one endpoint for a site; and a window that is extended.

use super::super::*;
use super::scene::*;
use wire::{
    Classification::Terbuka,
    Rule,
    control::Fact,
    grant::{Confirmation, GrantClaims, Role::Member, RoomSystem},
    signal::ParticipantKind,
};

fn of(scene: &Scene, site: SiteId, device: DeviceId) -> GrantClaims {
    let mut grant = scene.grant(Member, Terbuka);
    grant.sub = PersonId(device.0);
    grant.jti = GrantId::fresh();
    grant.name = "MAMPU Cyberjaya".into();
    grant.room_system = Some(RoomSystem { device, site, site_name: "MAMPU Cyberjaya".into(), people_max: 6 });
    grant.cnf = Some(Confirmation { jkt: "k".into() });
    grant
}

#[test]
fn a_room_system_stands_in_the_roster_as_its_site() {
    let mut scene = Scene::new();
    let (site, device) = (SiteId::fresh(), DeviceId::fresh());
    let grant = of(&scene, site, device);
    scene.join(grant).answer.unwrap();
    let row = &scene.roster()[0];
    assert_eq!((row.kind, row.name.as_str()), (ParticipantKind::RoomSystem, "MAMPU Cyberjaya"));
    assert_eq!(row.room_system.as_ref().map(|it| (it.site, it.device)), Some((site, device)));
    let told = scene.facts().iter().any(|fact| matches!(fact, Fact::Joined { room_system: Some(it), .. } if it.site == site));
    assert!(told, "the control plane learns whose room it is");
}

#[test]
fn a_second_room_system_of_a_site_is_refused_and_the_same_one_comes_back() {
    let mut scene = Scene::new();
    let (site, other_site) = (SiteId::fresh(), SiteId::fresh());
    let (first, second) = (DeviceId::fresh(), DeviceId::fresh());
    let grant = of(&scene, site, first);
    let before = scene.join(grant).session;
    let grant = of(&scene, site, second);
    assert_eq!(code(scene.join(grant).answer), Some((Code::RoomSystemPresent, Some(Rule::Tp3))));
    let grant = of(&scene, site, first);
    scene.join(grant).answer.unwrap();
    assert_eq!(scene.ended(before), Some(LeaveReason::Replaced));
    let grant = of(&scene, other_site, second);
    scene.join(grant).answer.unwrap();
    assert_eq!(scene.roster().len(), 2);
    // A person who sits at the site is no room system.
    scene.enter(Member, Terbuka);
    assert_eq!(scene.roster().len(), 3);
}

#[test]
fn a_room_system_for_more_than_six_or_without_a_key_is_none() {
    let mut scene = Scene::new();
    let changes: [fn(&mut GrantClaims); 3] = [
        |it| it.room_system.as_mut().unwrap().people_max = 7,
        |it| it.cnf = None,
        |it| it.seat = Some(wire::grant::Seat { site: SiteId::fresh(), site_name: "S".into(), seat_no: 1 }),
    ];
    for change in changes {
        let mut grant = of(&scene, SiteId::fresh(), DeviceId::fresh());
        change(&mut grant);
        assert_eq!(code(scene.join(grant).answer), Some((Code::GrantMalformed, Some(Rule::Meet8))));
    }
}

#[test]
fn an_extended_window_ends_later_for_those_inside_and_those_who_come() {
    let mut scene = Scene::new();
    let grant = scene.grant(Member, Terbuka);
    let (closes, room) = (grant.closes_at, grant.room);
    let early = scene.join(grant.clone()).session;
    scene.control(ControlCommand::ExtendRoom { room, closes_at: closes + 900 });
    let window = |it: &&ServerMessage| matches!(it, ServerMessage::Window { closes_at_ms, .. } if closes_at_ms.seconds() == closes + 900);
    assert_eq!(scene.told(early).iter().filter(|it| window(it)).count(), 1);
    // Repeated, or shorter: nothing.
    scene.control(ControlCommand::ExtendRoom { room, closes_at: closes + 900 });
    scene.control(ControlCommand::ExtendRoom { room, closes_at: closes + 300 });
    assert_eq!(scene.told(early).iter().filter(|it| matches!(it, ServerMessage::Window { .. })).count(), 1);
    scene.pass(Duration::from_secs(3600));
    assert_eq!(scene.ended(early), None, "past the end that the grant says");
    let mut late = scene.grant(Member, Terbuka);
    late.closes_at = closes;
    let late = scene.join(late).session;
    scene.pass(Duration::from_secs(899));
    assert_eq!((scene.ended(early), scene.ended(late)), (None, None));
    scene.pass(Duration::from_secs(1));
    assert_eq!((scene.ended(early), scene.ended(late)), (Some(LeaveReason::WindowClosed), Some(LeaveReason::WindowClosed)));
}
