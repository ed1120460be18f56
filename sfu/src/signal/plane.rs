//! What signalling asks of the media threads, as one narrow face: the threads stand behind it in a node, a script in a test.

use crate::{
    engine::api::{Command, Media},
    sdp::Keep,
};
use wire::{Code, Refusal, signal::PublishIntent};

/// The queue to the media threads is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl From<Busy> for Refusal {
    fn from(_: Busy) -> Self {
        Refusal::new(Code::Unavailable).with("retry_after_s", 1)
    }
}

pub trait MediaPlane: Send + Sync + 'static {
    /// Never waits. Commands of one caller arrive in order.
    fn send(&self, command: Command) -> Result<(), Busy>;

    /// Reads an offer and writes its answer, keeping what `keep` says. Takes milliseconds for a large one: called on a thread that may
    /// block.
    fn answer(&self, offer: &str, publish: &[PublishIntent], keep: &Keep) -> Result<(Media, String), Refusal>;
}
