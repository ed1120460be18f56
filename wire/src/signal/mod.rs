//! The signalling protocol: JSON text messages on one WebSocket, described for the writer of a second client in
//! `docs/signalling.md`. The client is always the offerer, the server always the answerer; who is seen in which slot changes by
//! [`ServerMessage::Slots`], never by SDP.
//!
//! ```text
//! client, server   the messages         roster   who is there, what they send
//! chat, poll       what people say      media    what is offered and carried
//! chair            what a chair decides for everyone: rules, the floor, the door
//! breakout         rooms of one meeting in which its people are apart
//! ```

mod breakout;
mod chair;
mod chat;
mod client;
mod media;
mod poll;
mod roster;
mod server;

pub use breakout::*;
pub use chair::*;
pub use chat::*;
pub use client::*;
pub use media::*;
pub use poll::*;
pub use roster::*;
pub use server::*;

/// A request's number, chosen by the client, growing; the answer carries it.
pub type RequestId = u32;
