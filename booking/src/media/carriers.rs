//! What carries a link's frames: a pair of channels where both planes are one process, a WebSocket where they are two.

use super::link::{self, Carrier};
use crate::{
    Booking,
    meetings::keys::{Keys, jwk},
    settings::{Settings, TrustedNode},
};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, header},
    response::Response,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kernel::{Error, SharedClock};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use wire::{
    Code, Refusal, UnixMs,
    control::{LINK_AUDIENCE, LINK_TOKEN_LIFE_S_MAX, NodeClaims, ToControl, ToNode, ToNodeClaims},
    grant::{COMMAND_TYP, NODE_TYP},
    id::NodeId,
    limits::CLOCK_LEEWAY_S,
};

/// Frames under way between the planes of one process: a burst of a room of 500 that closes is few frames of many facts.
pub const CHANNEL_FRAMES_MAX: usize = 64;
/// One message from a node: a thousand facts, most of which are below a kilobyte.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// How often this end pings, and how long it hears nothing before it takes the link for lost.
const PING_EVERY_S: u64 = 20;
const SILENCE_S_MAX: u64 = 60;

/// The control plane's end of a link within one process.
#[derive(Debug)]
pub struct Channel {
    pub from_node: mpsc::Receiver<ToControl>,
    pub to_node: mpsc::Sender<ToNode>,
}

/// The two ends: ours, and the node's sender and receiver.
pub fn channel() -> (Channel, mpsc::Sender<ToControl>, mpsc::Receiver<ToNode>) {
    let (to_control, from_node) = mpsc::channel(CHANNEL_FRAMES_MAX);
    let (to_node, from_control) = mpsc::channel(CHANNEL_FRAMES_MAX);
    (Channel { from_node, to_node }, to_control, from_control)
}

impl Carrier for Channel {
    async fn receive(&mut self) -> Option<ToControl> {
        self.from_node.recv().await
    }

    async fn send(&mut self, frame: ToNode) -> bool {
        self.to_node.send(frame).await.is_ok()
    }
}

/// `GET /internal/media`: a media node opens its link. Its token is its own, under a key that the settings trust.
pub async fn open(State(booking): State<Arc<Booking>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Result<Response, Error> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .ok_or(Refusal::new(Code::SignInRequired))?;
    let node = trusted(token, &booking.settings.trusted_nodes, booking.clock.now())?;
    Ok(upgrade.max_message_size(MESSAGE_BYTES_MAX).on_upgrade(move |socket| async move {
        let carrier = Socket::new(socket, node, booking.clone());
        match link::serve(&booking.db, &booking.clock, Some(node), carrier).await {
            Ok(()) => tracing::info!(node.id = %node, "the link to a media node ended"),
            Err(error) => tracing::warn!(node.id = %node, error = %error, "the link to a media node broke"),
        }
    }))
}

/// The node whose token this is: a trusted key, the right type and audience, and no older than a link token may be.
fn trusted(token: &str, nodes: &[TrustedNode], now: UnixMs) -> Result<NodeId, Error> {
    let refused = || Error::from(Code::GrantSignature);
    let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
    if header.typ.as_deref() != Some(NODE_TYP) {
        return Err(refused());
    }
    let named = |node: &&TrustedNode| jwk(&node.public_key).is_ok_and(|jwk| jwk.common.key_id == header.kid);
    let node = nodes.iter().find(named).ok_or_else(refused)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[LINK_AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    // Judged below, by our own clock.
    validation.validate_exp = false;
    let key = DecodingKey::from_ed_der(&node.public_key);
    let claims = jsonwebtoken::decode::<NodeClaims>(token, &key, &validation).map_err(|_| refused())?.claims;
    let now = now.seconds();
    let alive = claims.iat <= now.saturating_add(CLOCK_LEEWAY_S)
        && claims.exp > now.saturating_sub(CLOCK_LEEWAY_S)
        && claims.exp.saturating_sub(claims.iat) <= LINK_TOKEN_LIFE_S_MAX;
    match alive && claims.sub == node.node {
        true => Ok(node.node),
        false => Err(Code::GrantExpired.into()),
    }
}

/// The control plane's end of a link over a WebSocket. Every frame down is signed.
struct Socket {
    socket: WebSocket,
    node: NodeId,
    booking: Arc<Booking>,
    ping: Interval,
    heard: Instant,
}

impl Socket {
    fn new(socket: WebSocket, node: NodeId, booking: Arc<Booking>) -> Self {
        let every = Duration::from_secs(PING_EVERY_S);
        let mut ping = interval_at(Instant::now() + every, every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, node, booking, ping, heard: Instant::now() }
    }
}

impl Carrier for Socket {
    async fn receive(&mut self) -> Option<ToControl> {
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    let message = message?.ok()?;
                    self.heard = Instant::now();
                    match message {
                        Message::Text(text) => return serde_json::from_str(&text).inspect_err(|error| {
                            tracing::warn!(node.id = %self.node, error = %error, "a frame that is none");
                        }).ok(),
                        Message::Close(_) => return None,
                        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard.elapsed() > Duration::from_secs(SILENCE_S_MAX) {
                        return None;
                    }
                    self.socket.send(Message::Ping(Vec::new().into())).await.ok()?;
                }
            }
        }
    }

    async fn send(&mut self, frame: ToNode) -> bool {
        match signed(&self.booking.keys, &self.booking.settings, &self.booking.clock, self.node, frame) {
            Ok(token) => self.socket.send(Message::Text(token.into())).await.is_ok(),
            Err(error) => {
                tracing::error!(error = %error, "a command could not be signed");
                false
            }
        }
    }
}

fn signed(keys: &Keys, settings: &Settings, clock: &SharedClock, node: NodeId, frame: ToNode) -> Result<String, Error> {
    let iat = clock.now().seconds();
    let claims = ToNodeClaims {
        iss: settings.issuer.clone(),
        aud: LINK_AUDIENCE.to_owned(),
        sub: node,
        iat,
        exp: iat.saturating_add(LINK_TOKEN_LIFE_S_MAX),
        frame,
    };
    Ok(keys.sign(COMMAND_TYP, &claims)?.token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use jsonwebtoken::{EncodingKey, Header};

    struct Node {
        pair: Ed25519KeyPair,
        trusted: TrustedNode,
    }

    fn node() -> Node {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public_key = pair.public_key().as_ref().try_into().unwrap();
        Node { pair, trusted: TrustedNode { node: NodeId::fresh(), public_key } }
    }

    fn token(node: &Node, change: impl FnOnce(&mut Header, &mut NodeClaims)) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(NODE_TYP.into());
        header.kid = jwk(&node.trusted.public_key).unwrap().common.key_id;
        let mut claims = NodeClaims { aud: LINK_AUDIENCE.into(), sub: node.trusted.node, iat: 1_000, exp: 1_060 };
        change(&mut header, &mut claims);
        let key = EncodingKey::from_ed_der(node.pair.to_pkcs8v1().unwrap().as_ref());
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    #[test]
    fn the_table_of_node_tokens() {
        let (ours, foreign) = (node(), node());
        let nodes = [ours.trusted.clone()];
        let at = |token: &str, seconds: i64| trusted(token, &nodes, UnixMs::from_seconds(seconds)).ok();
        let own = Some(ours.trusted.node);
        assert_eq!(at(&token(&ours, |_, _| {}), 1_000), own);
        assert_eq!(at(&token(&ours, |_, _| {}), 1_064), own, "the leeway of clocks");
        assert_eq!(at(&token(&ours, |_, _| {}), 1_065), None, "expired");
        assert_eq!(at(&token(&ours, |_, _| {}), 994), None, "from the future");
        assert_eq!(at(&token(&ours, |_, claims| claims.exp = 1_061), 1_000), None, "longer than a link token lives");
        assert_eq!(at(&token(&ours, |_, claims| claims.aud = "sidang-media".into()), 1_000), None);
        assert_eq!(at(&token(&ours, |_, claims| claims.sub = NodeId::fresh()), 1_000), None, "another's name");
        assert_eq!(at(&token(&ours, |header, _| header.typ = Some("JWT".into())), 1_000), None);
        assert_eq!(at(&token(&ours, |header, _| header.kid = None), 1_000), None);
        assert_eq!(at(&token(&foreign, |_, _| {}), 1_000), None, "a key that is not trusted");
        let borrowed = jwk(&ours.trusted.public_key).unwrap().common.key_id;
        assert_eq!(
            at(&token(&foreign, |header, _| header.kid = borrowed.clone()), 1_000),
            None,
            "a trusted key's name over another's signature"
        );
        assert_eq!(at("a.b.c", 1_000), None);
    }
}
