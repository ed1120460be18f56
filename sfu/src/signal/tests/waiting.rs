//! Before the door, over real sockets: the line is kept alive, somebody inside decides, and a closed socket gives up the place.

use super::stage::*;
use wire::{
    Code,
    grant::{GrantClaims, LobbyPolicy, Role},
    id::{MeetingId, SessionId},
    limits::SIGNAL_VERSION,
    signal::{ClientMessage, RequestId, ServerMessage},
};

async fn knock(stage: &Stage, grant: &GrantClaims) -> (Client, RequestId) {
    let mut client = stage.open().await;
    let join = ClientMessage::Join {
        version: SIGNAL_VERSION,
        room: grant.room,
        token: stage.signer.grant(grant),
        offer: "good".into(),
        publish: Vec::new(),
        proof: None,
    };
    let id = client.say(join).await;
    (client, id)
}

fn waiting(it: &ServerMessage) -> Option<(RequestId, bool)> {
    if let ServerMessage::Waiting { id, chair_present, .. } = it { Some((*id, *chair_present)) } else { None }
}

fn queue(it: &ServerMessage) -> Option<Vec<SessionId>> {
    if let ServerMessage::Lobby { waiting } = it { Some(waiting.iter().map(|it| it.session).collect()) } else { None }
}

fn grants(stage: &Stage) -> (GrantClaims, GrantClaims) {
    let room = MeetingId::fresh();
    let grant = |role: Role| GrantClaims { role, acts: role.acts(), lobby: LobbyPolicy::ForGuests, ..stage.grant(room) };
    (grant(Role::Host), grant(Role::Guest))
}

#[tokio::test]
async fn who_waits_is_told_so_is_answered_pings_and_comes_in_on_the_same_line() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (host, guest) = grants(&stage);
    let (mut outside, id) = knock(&stage, &guest).await;
    assert_eq!(outside.hear_until(waiting).await, (id, false));
    let (mut inside, joined) = stage.join(&host).await;
    assert_eq!(joined.state.lobby.len(), 1);
    assert_eq!(outside.hear_until(waiting).await, (id, true), "somebody is there who may let them in");
    outside.ask(ClientMessage::Ping).await.unwrap();
    let early = outside.ask(ClientMessage::RaiseHand { raised: true }).await.unwrap_err();
    assert_eq!(early.code, Code::SignalOutOfOrder);
    inside.ask(ClientMessage::Admit { sessions: vec![] }).await.unwrap();
    let people = outside
        .hear_until(|it| {
            if let ServerMessage::Joined { id: of, state, .. } = it { (*of == id).then_some(state.participants.len()) } else { None }
        })
        .await;
    assert_eq!(people, 2);
    outside.ask(ClientMessage::RaiseHand { raised: true }).await.unwrap();
}

#[tokio::test]
async fn a_closed_socket_gives_up_the_place_and_a_denial_leaves_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (host, guest) = grants(&stage);
    let (mut inside, _) = stage.join(&host).await;
    let (mut gone, _) = knock(&stage, &guest).await;
    gone.hear_until(waiting).await;
    assert_eq!(inside.hear_until(queue).await.len(), 1);
    drop(gone);
    assert!(inside.hear_until(queue).await.is_empty());
    let other = GrantClaims { jti: wire::id::GrantId::fresh(), ..guest };
    let (mut denied, id) = knock(&stage, &other).await;
    denied.hear_until(waiting).await;
    let session = inside.hear_until(queue).await[0];
    inside.ask(ClientMessage::Deny { session }).await.unwrap();
    let refused =
        |it: &ServerMessage| if let ServerMessage::Refused { id: of, refusal } = it { (*of == id).then(|| refusal.code) } else { None };
    assert_eq!(denied.hear_until(refused).await, Code::LobbyDenied);
    denied.ask(ClientMessage::Ping).await.unwrap_err();
}
