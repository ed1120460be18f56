//! One node's end of the link, whatever carries its frames: hello, then facts up and commands down until the carrier ends.

use super::{facts::FactLog, journal::Journal};
use crate::{engine::api, signal::Clock, signal::plane::MediaPlane};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use wire::control::{Command, NumberedCommand, ToControl, ToNode};

/// Between two tries to give a command to media threads that are busy.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

pub struct Link {
    pub facts: Arc<FactLog>,
    journal: Arc<Journal>,
    plane: Arc<dyn MediaPlane>,
    clock: Clock,
    /// The highest command carried out in this life. A new life begins at none and is told again what every node has not acknowledged:
    /// repeating is harmless.
    acknowledged: AtomicI64,
    /// Commands are carried out but not written down: they are not acknowledged either, so that the next life is told again.
    unwritten: AtomicBool,
    linked: AtomicBool,
}

impl Link {
    pub fn new(facts: Arc<FactLog>, journal: Arc<Journal>, plane: Arc<dyn MediaPlane>, clock: Clock) -> Self {
        Self {
            facts,
            journal,
            plane,
            clock,
            acknowledged: AtomicI64::new(0),
            unwritten: AtomicBool::new(false),
            linked: AtomicBool::new(false),
        }
    }

    pub fn is_linked(&self) -> bool {
        self.linked.load(Ordering::Relaxed)
    }

    /// Until either end of the carrier is gone. Never waits for the one while the other has something, so that two full channels
    /// cannot wait for each other.
    pub async fn serve(&self, to_control: &mpsc::Sender<ToControl>, from_control: &mut mpsc::Receiver<ToNode>) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        let hello = ToControl::Hello { node: self.facts.node, incarnation: self.facts.incarnation, acknowledged };
        if to_control.send(hello).await.is_err() {
            return;
        }
        self.linked.store(true, Ordering::Relaxed);
        self.exchange(to_control, from_control).await;
        self.linked.store(false, Ordering::Relaxed);
    }

    async fn exchange(&self, to_control: &mpsc::Sender<ToControl>, from_control: &mut mpsc::Receiver<ToNode>) {
        // The control plane answers hello, and each batch, by what it has stored; only then the next batch goes.
        let mut waiting_for_stored = true;
        let mut acknowledge = None;
        loop {
            let batch = if waiting_for_stored { Vec::new() } else { self.facts.after(0) };
            let due = acknowledge.is_some() || !batch.is_empty();
            tokio::select! {
                permit = to_control.reserve(), if due => {
                    let Ok(permit) = permit else { return };
                    if let Some(number) = acknowledge.take() {
                        permit.send(ToControl::Acknowledge { number });
                    } else {
                        permit.send(ToControl::Facts { facts: batch });
                        waiting_for_stored = true;
                    }
                }
                frame = from_control.recv() => match frame {
                    None => return,
                    Some(ToNode::Stored { number }) => {
                        self.facts.stored(number);
                        waiting_for_stored = false;
                    }
                    Some(ToNode::Commands { commands }) => {
                        for command in commands {
                            acknowledge = self.carry_out(command).await.or(acknowledge);
                        }
                    }
                },
                () = self.facts.changed.notified(), if !due => {}
            }
        }
    }

    /// Written down, then done. Answers with what may be acknowledged.
    async fn carry_out(&self, NumberedCommand { number, command }: NumberedCommand) -> Option<i64> {
        let now_ms = (self.clock)();
        self.remember(command.clone()).await;
        while self.plane.send(api::Command::Control { command: command.clone(), now_ms }).is_err() {
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        if self.unwritten.load(Ordering::Relaxed) {
            return None;
        }
        Some(self.acknowledged.fetch_max(number, Ordering::Relaxed).max(number))
    }

    /// Writes down what a restart must not forget. Meetings go on where the disk does not.
    pub async fn remember(&self, command: Command) {
        let (journal, now_ms) = (self.journal.clone(), (self.clock)());
        let written = tokio::task::spawn_blocking(move || journal.append(&command, now_ms)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.unwritten.store(true, Ordering::Relaxed);
                tracing::error!(%error, "a decision could not be written down; it holds until the node stops");
            }
            Err(error) => {
                self.unwritten.store(true, Ordering::Relaxed);
                tracing::error!(%error, "writing down a decision broke off");
            }
        }
    }
}
