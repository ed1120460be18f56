//! Signalling: the WebSocket on which a participant joins, speaks and comes back. Tokens come in messages, never in addresses.
//!
//! ```text
//! doors     who may open a socket            auth, keys, used   the join token
//! socket    one task for each                ticket             coming back
//! proof     that a room system holds its key
//! opening   token or ticket -> session       sessions           which session is on which socket
//! message   text <-> messages                plane              the face of the media threads
//! ```

pub mod auth;
mod doors;
pub mod keys;
mod message;
mod opening;
pub mod plane;
mod proof;
mod sessions;
mod socket;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod ticket;
mod used;

pub use doors::{DoorLimits, Doors};
pub use sessions::{Sessions, system_clock};
pub use socket::SocketTimes;

use auth::Grants;
use axum::{
    Router,
    extract::{ConnectInfo, Request, State, WebSocketUpgrade},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use plane::MediaPlane;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;
use used::UsedGrants;
use wire::{Refusal, UnixMs, limits::SIGNAL_MESSAGE_BYTES_MAX};

pub const PATH: &str = "/media/signal";

/// The time of day.
pub type Clock = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// All that the sockets of a node share.
pub struct Signal {
    pub doors: Arc<Doors>,
    pub grants: Grants,
    used: Mutex<UsedGrants>,
    pub sessions: Sessions,
    plane: Arc<dyn MediaPlane>,
    clock: Clock,
    times: SocketTimes,
    /// The node stops: sockets close, sessions stay to be resumed.
    stopping: CancellationToken,
}

impl Signal {
    pub fn new(
        doors: Doors,
        grants: Grants,
        sessions: Sessions,
        plane: Arc<dyn MediaPlane>,
        clock: Clock,
        times: SocketTimes,
    ) -> Arc<Self> {
        Arc::new(Self {
            doors: Arc::new(doors),
            grants,
            used: Mutex::default(),
            sessions,
            plane,
            clock,
            times,
            stopping: CancellationToken::new(),
        })
    }

    /// Closes every socket with 1012; the sessions can be resumed in the node's next life.
    pub fn stop(&self) {
        self.stopping.cancel();
    }
}

pub fn router(signal: Arc<Signal>) -> Router {
    Router::new().route(PATH, get(open)).with_state(signal)
}

/// Judged before the upgrade: the origin, then the number of sockets.
async fn open(State(signal): State<Arc<Signal>>, upgrade: WebSocketUpgrade, request: Request) -> Response {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let place = match signal.doors.admits(request.headers()).and_then(|()| signal.doors.enter(address)) {
        Ok(place) => place,
        Err(refusal) => return problem(&refusal),
    };
    upgrade
        .max_message_size(SIGNAL_MESSAGE_BYTES_MAX)
        .max_frame_size(SIGNAL_MESSAGE_BYTES_MAX)
        // One large message more than the socket takes at once: what waits, waits in the bounded queue before it.
        .max_write_buffer_size(2 * SIGNAL_MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| socket::run(socket, signal, place))
}

/// RFC 9457, as everywhere in the service.
fn problem(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::FORBIDDEN);
    let body = serde_json::json!({
        "type": "about:blank",
        "status": status.as_u16(),
        "code": refusal.code,
        "rule": refusal.rule,
        "values": refusal.values,
    });
    (status, [(axum::http::header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
