//! Recording: one WebM file per source, written as received, sealed at rest, and given back by ranges.
//!
//! ```text
//! recorder   the sink for taps and the threads behind it     session    one recording while it runs, and recovery
//! track      one source: packets in, files out               media/     packets to frames with their place in time
//! webm/      clusters and heads                              seal/      encryption at rest
//! store      which file stands where                         manifest   what is in a recording
//! library    reading what was recorded                       playback/  the routes for it
//! ```
//!
//! CLASS-3 is enforced here once more, behind the control plane and the engine: [`session::Recordable`] is needed to open a file. A recording
//! whose meeting's classification was raised is sealed and shown to nobody (CLASS-6).

mod config;
mod library;
mod manifest;
mod media;
pub mod playback;
mod readers;
mod recorder;
mod seal;
mod session;
mod store;
mod track;
mod webm;

#[cfg(test)]
mod tests;

pub use config::RecordingConfig;
pub use library::Library;
pub use recorder::{Recorder, RecorderError, RecorderEvent, RecorderEvents};
pub use seal::KeyError;
