//! The media plane: a selective forwarding unit. It knows packets and grants; it opens no database and knows no accounts.
//!
//! Arrows: [`engine`] <- [`sdp`], [`signal`], [`control`], [`net`], [`recording`] <- this file. The engine names no tokio, socket, clock
//! or random source.

pub mod control;
pub mod engine;
pub mod net;
pub mod recording;
pub mod sdp;
pub mod signal;
