//! The engine: bytes, commands and `now` go in; bytes, events and the next deadline come out.

pub mod api;
pub mod forward;
pub mod negotiated;
pub mod room;
pub mod transport;
