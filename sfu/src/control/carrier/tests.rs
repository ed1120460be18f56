use super::{
    super::tests::{desk, end},
    *,
};
use crate::signal::{
    system_clock,
    testing::{ISSUER, Published, Signer},
};
use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws},
    http::HeaderMap,
    routing::get,
};
use wire::{
    UnixMs,
    control::{Fact, NumberedCommand},
    id::{MeetingId, NodeId},
};

/// One link as the control plane has it: what the node proved itself with, and its socket.
struct Linked {
    authorization: String,
    socket: ws::WebSocket,
}

async fn accept(State(links): State<mpsc::Sender<Linked>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> axum::response::Response {
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    upgrade.on_upgrade(move |socket| async move { drop(links.send(Linked { authorization, socket }).await) })
}

async fn control_plane() -> (String, mpsc::Receiver<Linked>) {
    let (links, accepted) = mpsc::channel(4);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new().route("/internal/media", get(accept)).with_state(links);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, accepted)
}

fn claims(node: NodeId, frame: ToNode) -> ToNodeClaims {
    let iat = system_clock().seconds();
    ToNodeClaims { iss: ISSUER.into(), aud: LINK_AUDIENCE.into(), sub: node, iat, exp: iat + LINK_TOKEN_LIFE_S_MAX, frame }
}

async fn hear(socket: &mut ws::WebSocket) -> Option<ToControl> {
    loop {
        match socket.recv().await?.ok()? {
            ws::Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
            ws::Message::Close(_) => return None,
            _ => {}
        }
    }
}

#[test]
fn addresses_of_the_link() {
    assert_eq!(address("https://booking.example"), "wss://booking.example/internal/media");
    assert_eq!(address("http://127.0.0.1:8080/"), "ws://127.0.0.1:8080/internal/media");
}

#[tokio::test]
async fn frames_cross_a_network_under_both_sides_keys() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::new("k1");
    let identity = Arc::new(Identity::open_or_create(folder.path()).unwrap());
    let node = identity.node;
    let desk = desk(folder.path(), node);
    let (booking_url, mut accepted) = control_plane().await;
    let trust = Trust { identity, keys: Published::new(&[&signer]).keys(), issuer: ISSUER.into(), clock: Arc::new(system_clock) };
    desk.facts.push(MeetingId::fresh(), Fact::RoomClosed, UnixMs(1));
    let task = tokio::spawn(run(desk.link.clone(), Carrier::WebSocket { booking_url }, trust));

    let Linked { authorization, mut socket } = accepted.recv().await.unwrap();
    assert!(authorization.starts_with("Bearer ey"));
    assert!(matches!(hear(&mut socket).await, Some(ToControl::Hello { node: it, .. }) if it == node));
    let say = |frame| ws::Message::Text(signer.sign(COMMAND_TYP, &claims(node, frame)).into());
    socket.send(say(ToNode::Stored { number: 0 })).await.unwrap();
    assert!(matches!(hear(&mut socket).await, Some(ToControl::Facts { facts }) if facts.len() == 1));
    let command = |number| ToNode::Commands { commands: vec![NumberedCommand { number, command: end(number as u32) }] };
    socket.send(say(command(5))).await.unwrap();
    assert_eq!(hear(&mut socket).await, Some(ToControl::Acknowledge { number: 5 }));

    // A frame that the control plane did not sign for this node ends the link, undone; the node comes back by itself.
    socket.send(ws::Message::Text(Signer::new("k1").sign(COMMAND_TYP, &claims(node, command(6))).into())).await.unwrap();
    assert_eq!(hear(&mut socket).await, None);
    let Linked { mut socket, .. } = accepted.recv().await.unwrap();
    assert!(matches!(hear(&mut socket).await, Some(ToControl::Hello { acknowledged: 5, .. })));
    assert_eq!(desk.plane.taken(), [end(5)]);
    task.abort();
}

#[tokio::test]
async fn a_frame_is_taken_from_the_control_plane_to_this_node_now_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, stranger) = (Signer::new("k1"), Signer::new("k1"));
    let identity = Arc::new(Identity::open_or_create(folder.path()).unwrap());
    let node = identity.node;
    let trust = Trust { identity, keys: Published::new(&[&signer]).keys(), issuer: ISSUER.into(), clock: Arc::new(system_clock) };
    let good = claims(node, ToNode::Stored { number: 1 });
    type Change = fn(&mut ToNodeClaims);
    let table: [(&str, Change, bool); 6] = [
        ("in order", |_| {}, true),
        ("another node", |it| it.sub = NodeId::fresh(), false),
        ("another audience", |it| it.aud = "sidang-media".into(), false),
        ("another issuer", |it| it.iss = "https://other.example".into(), false),
        ("long ago", |it| (it.iat, it.exp) = (it.iat - 3600, it.exp - 3600), false),
        ("for ever", |it| it.exp += 3600, false),
    ];
    for (name, change, taken) in table {
        let mut claims = good.clone();
        change(&mut claims);
        assert_eq!(believe(&signer.sign(COMMAND_TYP, &claims), &trust).await.is_ok(), taken, "{name}");
    }
    assert!(believe(&signer.sign("sidang-grant+jwt", &good), &trust).await.is_err());
    assert!(believe(&stranger.sign(COMMAND_TYP, &good), &trust).await.is_err());
    assert!(believe(r#"{"type":"stored","number":1}"#, &trust).await.is_err(), "plain text is nobody's");
}
