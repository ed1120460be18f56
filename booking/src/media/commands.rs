//! Commands to the media nodes: pushed with the change that they follow from, sent in the order of the commits.

use kernel::{Result, Tx, outbox};
use wire::{
    UnixMs,
    control::{Command, NumberedCommand},
};

/// The topic of the outbox that holds them.
pub const TOPIC: &str = "media.command";

/// Sends `command` to every media node once the transaction has committed.
pub fn push(tx: &mut Tx, at: UnixMs, command: &Command) -> Result<()> {
    outbox::push(tx, at, TOPIC, command)
}

/// The commands after `number` that not every node has carried out; one batch.
pub async fn after(tx: &mut Tx, number: i64) -> Result<Vec<NumberedCommand>> {
    let mut commands = Vec::new();
    for message in outbox::open_after(tx, TOPIC, number).await? {
        commands.push(NumberedCommand { number: message.number, command: serde_json::from_str(&message.payload)? });
    }
    Ok(commands)
}
