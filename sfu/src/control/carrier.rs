//! What carries the link's frames: a pair of channels where both planes are one process, a WebSocket that the node opens where they are two.

use super::{
    identity::{Identity, IdentityError},
    link::Link,
};
use crate::signal::{
    Clock,
    auth::{self, Expected, TokenError},
    keys::Keys,
};
use futures_util::{SinkExt, StreamExt};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{self, Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, http, protocol::WebSocketConfig},
};
use wire::{
    control::{LINK_AUDIENCE, LINK_TOKEN_LIFE_S_MAX, ToControl, ToNode, ToNodeClaims},
    grant::COMMAND_TYP,
};

/// Frames on their way between socket and link.
const FRAMES_MAX: usize = 16;
/// A frame of commands, signed: a thousand of them are below it.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(20);
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Between two tries to open the link: doubled from the first to the last, and spread by half.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(30);

pub enum Carrier {
    /// Both planes in one process: the control plane has the other ends.
    InProcess { to_control: mpsc::Sender<ToControl>, from_control: mpsc::Receiver<ToNode> },
    /// The control plane's address, as `https://booking.example`; its end is at `/internal/media` below it.
    WebSocket { booking_url: String },
}

#[derive(Debug, thiserror::Error)]
enum CarrierError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the control plane's address is not one")]
    Address(#[from] http::header::InvalidHeaderValue),
    #[error("the control plane cannot be reached: {0}")]
    Socket(#[from] tungstenite::Error),
    #[error("the control plane did not answer in time")]
    Timeout,
    #[error("a frame of the control plane is not taken: {0}")]
    Token(#[from] TokenError),
    #[error("a frame is for another node")]
    OtherNode,
    #[error("a frame that is not text of ours")]
    Frame,
}

/// What the WebSocket carrier needs to prove itself and to believe the other side.
pub struct Trust {
    pub identity: Arc<Identity>,
    pub keys: Arc<Keys>,
    pub issuer: String,
    pub clock: Clock,
}

/// Serves the link until the carrier is gone for good; a WebSocket is opened again and again.
pub async fn run(link: Arc<Link>, carrier: Carrier, trust: Trust) {
    match carrier {
        Carrier::InProcess { to_control, mut from_control } => link.serve(&to_control, &mut from_control).await,
        Carrier::WebSocket { booking_url } => {
            let mut pause = RETRY_FIRST;
            loop {
                let began = Instant::now();
                if let Err(error) = over_socket(&link, &booking_url, &trust).await {
                    tracing::warn!(%error, "no link to the control plane; meetings go on without it");
                }
                if began.elapsed() > RETRY_LAST {
                    pause = RETRY_FIRST;
                }
                time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
                pause = (pause * 2).min(RETRY_LAST);
            }
        }
    }
}

/// `http` and `https` become `ws` and `wss`.
fn address(booking_url: &str) -> String {
    let base = booking_url.trim_end_matches('/');
    let base = base.strip_prefix("http").map_or_else(|| base.to_owned(), |rest| format!("ws{rest}"));
    format!("{base}/internal/media")
}

async fn over_socket(link: &Link, booking_url: &str, trust: &Trust) -> Result<(), CarrierError> {
    let mut request = address(booking_url).into_client_request()?;
    let token = trust.identity.token((trust.clock)())?;
    let mut bearer = http::HeaderValue::from_str(&format!("Bearer {token}"))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(http::header::AUTHORIZATION, bearer);
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX)).max_frame_size(Some(MESSAGE_BYTES_MAX));
    let connect = connect_async_with_config(request, Some(config), true);
    let (socket, _) = time::timeout(CONNECT_TIMEOUT, connect).await.map_err(|_| CarrierError::Timeout)??;
    tracing::info!("linked to the control plane");
    let (to_control, from_link) = mpsc::channel(FRAMES_MAX);
    let (to_link, mut from_control) = mpsc::channel(FRAMES_MAX);
    tokio::select! {
        () = link.serve(&to_control, &mut from_control) => Ok(()),
        ended = pump(socket, from_link, to_link, trust) => ended,
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn pump(
    mut socket: Socket,
    mut from_link: mpsc::Receiver<ToControl>,
    to_link: mpsc::Sender<ToNode>,
    trust: &Trust,
) -> Result<(), CarrierError> {
    let mut ping = time::interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            message = socket.next() => {
                let Some(message) = message else { return Ok(()) };
                heard = Instant::now();
                match message? {
                    Message::Text(token) => {
                        let frame = believe(&token, trust).await?;
                        // The link takes frames at once; only a command for busy media threads holds it up.
                        if to_link.send(frame).await.is_err() {
                            return Ok(());
                        }
                    }
                    Message::Close(_) => return Ok(()),
                    Message::Ping(_) | Message::Pong(_) => {}
                    Message::Binary(_) | Message::Frame(_) => return Err(CarrierError::Frame),
                }
            }
            frame = from_link.recv() => {
                let Some(frame) = frame else { return Ok(()) };
                let text = serde_json::to_string(&frame).map_err(|_| CarrierError::Frame)?;
                socket.send(Message::text(text)).await?;
            }
            _ = ping.tick() => socket.send(Message::Ping(bytes::Bytes::new())).await?,
            () = time::sleep_until(heard + SILENCE_MAX) => return Err(CarrierError::Timeout),
        }
    }
}

/// A frame is obeyed for the control plane's signature over it, not for the connection that brought it.
async fn believe(token: &str, trust: &Trust) -> Result<ToNode, CarrierError> {
    let expected = Expected {
        typ: COMMAND_TYP,
        issuer: &trust.issuer,
        audience: LINK_AUDIENCE,
        life_s_max: LINK_TOKEN_LIFE_S_MAX,
        bytes_max: MESSAGE_BYTES_MAX,
    };
    let claims: ToNodeClaims = auth::open(&trust.keys, token, &expected, (trust.clock)()).await?;
    if claims.sub != trust.identity.node {
        return Err(CarrierError::OtherNode);
    }
    Ok(claims.frame)
}

#[cfg(test)]
mod tests;
