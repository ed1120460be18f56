//! One node's link, whatever carries its frames: hello first, then facts up and commands down until the carrier ends.

use super::{commands, facts};
use kernel::{
    Db, Error, Result, SharedClock,
    crash::{self, point},
    outbox,
};
use std::time::Duration;
use uuid::Uuid;
use wire::{
    UnixMs,
    control::{ToControl, ToNode},
    id::NodeId,
};

/// Before the store is asked again: a failover takes seconds.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What moves frames between this end and the node's.
#[allow(async_fn_in_trait)]
pub trait Carrier {
    /// The next frame; nothing once the link is over. Dropping the future loses no frame.
    async fn receive(&mut self) -> Option<ToControl>;
    /// False once the link is over.
    async fn send(&mut self, frame: ToNode) -> bool;
}

/// The node at the other end, once it has said hello.
#[derive(Clone, Copy, Debug)]
struct Node {
    id: NodeId,
    incarnation: Uuid,
    /// The highest command sent on this link, or acknowledged before it.
    sent: i64,
    /// When the store was last told that this link stands.
    seen_at: UnixMs,
}

/// A link that stands is written down this often, well within the time after which a silent node is not waited for: else a command that
/// the others have carried out would be settled before this node was sent it.
const SEEN_EACH_MS: i64 = facts::NODE_FORGOTTEN_MS / 24;

/// Serves one link until its carrier ends. `expected` is the node that the carrier has proved itself to be; in one process there is no
/// such proof and none is needed.
pub async fn serve(db: &Db, clock: &SharedClock, expected: Option<NodeId>, mut carrier: impl Carrier) -> Result<()> {
    let mut node: Option<Node> = None;
    loop {
        tokio::select! {
            frame = carrier.receive() => {
                let Some(frame) = frame else { return Ok(()) };
                let answer = loop {
                    match take(db, clock, expected, &mut node, &frame).await {
                        Err(error) => wait_for_the_store(error).await?,
                        Ok(answer) => break answer,
                    }
                };
                if let Some(answer) = answer
                    && !carrier.send(answer).await
                {
                    return Ok(());
                }
            }
            () = outbox::changed(db), if node.is_some() => {}
        }
        while let Some(linked) = &mut node {
            match keep_up(db, clock, linked, &mut carrier).await {
                Err(error) => wait_for_the_store(error).await?,
                Ok(true) => break,
                Ok(false) => return Ok(()),
            }
        }
    }
}

/// A store that is away for a while does not end the link: facts wait in the node, which is told nothing until they are stored. What
/// waiting does not mend is handed back.
async fn wait_for_the_store(error: Error) -> Result<()> {
    match error {
        Error::Busy(_) | Error::Unavailable(_) => {
            tracing::warn!(error = %error, "the store is away and the link waits for it");
            tokio::time::sleep(STORE_PAUSE).await;
            Ok(())
        }
        Error::Refused(_) | Error::Broken(_) => Err(error),
    }
}

/// Carries one frame out and answers it.
async fn take(
    db: &Db,
    clock: &SharedClock,
    expected: Option<NodeId>,
    node: &mut Option<Node>,
    frame: &ToControl,
) -> Result<Option<ToNode>> {
    let now = clock.now();
    match (frame, *node) {
        (&ToControl::Hello { node: id, incarnation, acknowledged }, _) => {
            if expected.is_some_and(|expected| expected != id) {
                return Err(Error::broken("a node said hello under another's name"));
            }
            let number = facts::hello(db, now, id, incarnation, acknowledged).await?;
            *node = Some(Node { id, incarnation, sent: acknowledged, seen_at: now });
            tracing::info!(node.id = %id, "a media node is linked");
            Ok(Some(ToNode::Stored { number }))
        }
        (ToControl::Facts { facts }, Some(it)) => {
            let number = facts::store(db, now, it.id, it.incarnation, facts).await?;
            Ok(Some(ToNode::Stored { number }))
        }
        (&ToControl::Acknowledge { number }, Some(it)) => {
            facts::acknowledged(db, now, it.id, number).await?;
            Ok(None)
        }
        (_, None) => Err(Error::broken("a node did not say hello first")),
    }
}

/// Sends what is new, batch after batch, and writes down that the link stands wherever it is time: after a batch is read and before it is
/// sent, so that no command is on its way to a node that another's answer could count as gone. False once the carrier has ended.
async fn keep_up(db: &Db, clock: &SharedClock, node: &mut Node, carrier: &mut impl Carrier) -> Result<bool> {
    loop {
        let commands = {
            let mut tx = db.read().await?;
            commands::after(&mut tx, node.sent).await?
        };
        let now = clock.now();
        if now.saturating_since_ms(node.seen_at) >= SEEN_EACH_MS {
            facts::linked(db, now, node.id).await?;
            node.seen_at = now;
        }
        let Some(last) = commands.last().map(|it| it.number) else { return Ok(true) };
        node.sent = last;
        point(crash::COMMANDS_TAKEN, &[]);
        if !carrier.send(ToNode::Commands { commands }).await {
            return Ok(false);
        }
        point(crash::COMMANDS_SENT, &[]);
    }
}
