//! A whole node: real threads, real sockets, a real browser's offer; the control plane is a pair of channels.

use super::*;
use crate::signal::testing::{self, AUDIENCE, ISSUER, Published, Signer};
use futures_util::{SinkExt, StreamExt};
use std::{net::SocketAddr, path::Path};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};
use wire::{
    Code,
    control::{NumberedCommand, ToControl, ToNode},
    grant::GrantClaims,
    id::MeetingId,
    limits::SIGNAL_VERSION,
    signal::{ClientEnvelope, ClientMessage, LeaveReason, ServerMessage, SourceKind},
};

const OFFER: &str = include_str!("../sdp/testdata/chromium.sdp");
const PATIENCE: Duration = Duration::from_secs(20);

struct Life {
    node: Node,
    address: SocketAddr,
    from_node: mpsc::Receiver<ToControl>,
    to_node: mpsc::Sender<ToNode>,
}

async fn live(folder: &Path, signer: &Signer) -> Life {
    let (to_control, from_node) = mpsc::channel(64);
    let (to_node, from_control) = mpsc::channel(64);
    let media = net::Settings::at("127.0.0.1:0".parse().unwrap());
    let config = NodeConfig::new(ISSUER.into(), AUDIENCE.into(), media, folder.to_owned(), Vec::new());
    let node = Node::start(config, Published::new(&[signer]).source(), Carrier::InProcess { to_control, from_control }).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = node.router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Life { node, address, from_node, to_node }
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn say(socket: &mut Socket, id: u32, message: ClientMessage) {
    let text = serde_json::to_string(&ClientEnvelope { id, message }).unwrap();
    socket.send(Message::text(text)).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Result<ServerMessage, u16> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("the node says something") {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(1006),
        }
    }
}

fn publish() -> Vec<PublishIntent> {
    use SourceKind::*;
    [("0", Microphone), ("1", Camera), ("2", ShareVideo), ("3", ShareAudio)]
        .map(|(mid, kind)| PublishIntent { mid: mid.into(), kind, muted: false })
        .into()
}

fn join(grant: &GrantClaims, signer: &Signer) -> ClientMessage {
    ClientMessage::Join {
        version: SIGNAL_VERSION,
        room: grant.room,
        token: signer.grant(grant),
        offer: OFFER.into(),
        publish: publish(),
        proof: None,
    }
}

async fn socket(address: SocketAddr) -> Socket {
    connect_async(format!("ws://{address}/media/signal")).await.unwrap().0
}

/// The facts that come until `enough` of them are there; each batch is stored.
async fn facts(life: &mut Life, enough: usize) -> Vec<Fact> {
    let mut all = Vec::new();
    while all.len() < enough {
        match tokio::time::timeout(PATIENCE, life.from_node.recv()).await.expect("a fact") {
            Some(ToControl::Hello { .. }) => life.to_node.send(ToNode::Stored { number: 0 }).await.unwrap(),
            Some(ToControl::Facts { facts }) => {
                let number = facts.last().unwrap().number;
                all.extend(facts.into_iter().map(|it| it.fact));
                life.to_node.send(ToNode::Stored { number }).await.unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browsers_offer_is_answered_and_the_session_outlives_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::new("k1");
    let mut first = live(folder.path(), &signer).await;
    assert_eq!(first.node.unready(), []);
    let grant = GrantClaims { room: MeetingId::fresh(), ..testing::grant(system_clock()) };
    let mut client = socket(first.address).await;
    say(&mut client, 1, join(&grant, &signer)).await;
    let Ok(ServerMessage::Joined { id: 1, session, resumed: false, ticket, answer: Some(answer), state, .. }) = hear(&mut client).await
    else {
        panic!("not joined")
    };
    assert!(answer.contains("a=ice-lite") && answer.contains("a=fingerprint:sha-256"));
    assert_eq!(state.participants[0].sources.len(), 4);
    let opened = facts(&mut first, 2).await;
    assert!(matches!(opened[..], [Fact::RoomOpened { .. }, Fact::Joined { .. }]), "{opened:?}");

    let name = first.node.identity().node;
    first.node.stop().await;
    let ended = loop {
        match hear(&mut client).await {
            Ok(ServerMessage::Ended { .. }) => panic!("ended"),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(ended, 1012);

    let mut second = live(folder.path(), &signer).await;
    assert_eq!(second.node.identity().node, name);
    let mut client = socket(second.address).await;
    let resume = |offer| ClientMessage::Resume { version: SIGNAL_VERSION, ticket: ticket.clone(), offer, publish: publish() };
    say(&mut client, 1, resume(None)).await;
    let refused = hear(&mut client).await;
    assert!(matches!(&refused, Ok(ServerMessage::Refused { id: 1, refusal }) if refusal.code == Code::OfferRequired), "{refused:?}");
    say(&mut client, 2, resume(Some(OFFER.into()))).await;
    let joined = hear(&mut client).await;
    assert!(matches!(&joined, Ok(ServerMessage::Joined { id: 2, session: it, resumed: true, .. }) if *it == session), "{joined:?}");
    assert_eq!(facts(&mut second, 2).await.len(), 2);

    // The control plane ends the meeting, and the end outlives the node too.
    let command = wire::control::Command::EndRoom { room: grant.room, epoch: grant.epoch + 1, reason: LeaveReason::Revoked };
    second.to_node.send(ToNode::Commands { commands: vec![NumberedCommand { number: 1, command }] }).await.unwrap();
    while !matches!(hear(&mut client).await, Ok(ServerMessage::Ended { reason: LeaveReason::Revoked })) {}
    second.node.stop().await;
    let third = live(folder.path(), &signer).await;
    let mut client = socket(third.address).await;
    say(&mut client, 1, resume(Some(OFFER.into()))).await;
    let refused = hear(&mut client).await;
    assert!(matches!(&refused, Ok(ServerMessage::Refused { refusal, .. }) if refusal.code == Code::GrantRevoked), "{refused:?}");
    third.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_goes_on_while_the_control_plane_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::new("k1");
    let Life { node, address, from_node, to_node } = live(folder.path(), &signer).await;
    drop((from_node, to_node));
    let grant = testing::grant(system_clock());
    let mut client = socket(address).await;
    say(&mut client, 1, join(&grant, &signer)).await;
    assert!(matches!(hear(&mut client).await, Ok(ServerMessage::Joined { .. })));
    say(&mut client, 2, ClientMessage::RaiseHand { raised: true }).await;
    while !matches!(hear(&mut client).await.unwrap(), ServerMessage::Done { id: 2 }) {}
    assert_eq!(node.facts.len(), 2, "facts wait");
    node.stop().await;
}
