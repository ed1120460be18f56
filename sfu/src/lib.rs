//! The media plane: a selective forwarding unit. It knows packets and grants; it opens no database and knows no accounts.
//!
//! Arrows: [`engine`] <- [`sdp`], [`net`], [`signal`], [`control`], [`recording`] <- [`node`], which puts them together. The engine names no
//! tokio, socket, clock or random source.

pub mod control;
pub mod engine;
pub mod net;
pub mod node;
pub mod recording;
pub mod sdp;
pub mod secret;
pub mod signal;
