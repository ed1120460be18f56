//! Signalling over real sockets on loopback, in front of the real room rules; only the media below them is a script.

mod coming_back;
mod documented;
mod doors;
mod joining;
mod quiet;
mod stage;
mod waiting;
