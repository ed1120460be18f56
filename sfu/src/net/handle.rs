//! The face of the media threads towards async code: a queue in, a queue out, and what an answer says of this node.

use super::stream::StreamDoor;
use crate::{
    engine::api::{Command, Event, Media},
    sdp::{self, AnswerParameters, Draw, Keep},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;
use wire::{Refusal, UnixMs, signal::PublishIntent};

/// Commands that wait for a shard. A turn takes milliseconds, and a room of 500 sends far fewer in one.
const COMMANDS_MAX: usize = 8192;
/// Events that wait for the signalling side.
const EVENTS_MAX: usize = 8192;

/// The queue is full, or the media threads have ended. The command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media threads take no more commands now")]
pub struct Busy;

/// Cheap to clone. One caller's commands arrive in their order.
#[derive(Clone)]
pub struct MediaHandle {
    commands: SyncSender<Command>,
    waker: Arc<mio::Waker>,
    parameters: Arc<AnswerParameters>,
    door: StreamDoor,
    stop: Arc<AtomicBool>,
}

/// The shard's ends of the queues.
pub struct Ends {
    pub commands: Receiver<Command>,
    pub events: mpsc::Sender<Event>,
    pub stop: Arc<AtomicBool>,
}

pub fn queues(waker: Arc<mio::Waker>, parameters: AnswerParameters, door: StreamDoor) -> (MediaHandle, mpsc::Receiver<Event>, Ends) {
    let (commands, commands_end) = sync_channel(COMMANDS_MAX);
    let (events_end, events) = mpsc::channel(EVENTS_MAX);
    let stop = Arc::new(AtomicBool::new(false));
    let handle = MediaHandle { commands, waker, parameters: Arc::new(parameters), door, stop: Arc::clone(&stop) };
    (handle, events, Ends { commands: commands_end, events: events_end, stop })
}

impl MediaHandle {
    /// Never waits.
    pub fn send(&self, command: Command) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|_| Busy)?;
        self.wake();
        Ok(())
    }

    /// Answers an offer for this node, with the process's own randomness and clock. Takes a good part of a millisecond for a large offer.
    pub fn answer(&self, offer: &str, publish: &[PublishIntent], keep: &Keep) -> Result<(Media, String), Refusal> {
        let now_ms = now_ms();
        sdp::answer(offer, publish, keep, &self.parameters, Draw { random: &mut rand::rng(), now_ms })
    }

    pub fn parameters(&self) -> &AnswerParameters {
        &self.parameters
    }

    /// Where connections that carry media are brought in.
    pub fn streams(&self) -> StreamDoor {
        self.door.clone()
    }

    /// Ends the media threads after the turn that they are in. Whoever wants the sessions to end in order sends `Command::Drain` first.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "a media thread cannot be woken");
        }
    }
}

pub fn now_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
