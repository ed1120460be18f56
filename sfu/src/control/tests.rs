//! The node's end of the link against a control plane that follows a script.

use super::{FactLog, Journal, Link};
use crate::{
    engine::api::{Command as EngineCommand, Media},
    sdp::Keep,
    signal::{
        plane::{Busy, MediaPlane},
        system_clock,
    },
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;
use wire::{
    Classification, Code, Refusal, UnixMs,
    control::{Command, Fact, NumberedCommand, ToControl, ToNode},
    id::{MeetingId, NodeId},
    signal::{LeaveReason, PublishIntent},
};

/// Takes commands, every second one only when it is said again.
#[derive(Default)]
pub struct Plane {
    taken: Mutex<Vec<Command>>,
    refused: Mutex<bool>,
}

impl Plane {
    pub fn taken(&self) -> Vec<Command> {
        self.taken.lock().unwrap().clone()
    }
}

impl MediaPlane for Plane {
    fn send(&self, command: EngineCommand) -> Result<(), Busy> {
        let mut refused = self.refused.lock().unwrap();
        *refused = !*refused;
        if *refused {
            return Err(Busy);
        }
        if let EngineCommand::Control { command, .. } = command {
            self.taken.lock().unwrap().push(command);
        }
        Ok(())
    }

    fn answer(&self, _: &str, _: &[PublishIntent], _: &Keep) -> Result<(Media, String), Refusal> {
        Err(Refusal::new(Code::OfferUnacceptable))
    }
}

pub struct Desk {
    pub link: Arc<Link>,
    pub plane: Arc<Plane>,
    pub facts: Arc<FactLog>,
}

pub fn desk(folder: &Path, node: NodeId) -> Desk {
    let plane = Arc::new(Plane::default());
    let facts = Arc::new(FactLog::new(node));
    let (journal, _) = Journal::open(&folder.join("memory.jsonl"), system_clock()).unwrap();
    let link = Arc::new(Link::new(facts.clone(), Arc::new(journal), plane.clone(), Arc::new(system_clock)));
    Desk { link, plane, facts }
}

/// The control plane's ends, and the node's end at work.
fn connect(link: &Arc<Link>, frames: usize) -> (mpsc::Receiver<ToControl>, mpsc::Sender<ToNode>, tokio::task::JoinHandle<()>) {
    let (to_control, from_node) = mpsc::channel(frames);
    let (to_node, mut from_control) = mpsc::channel(frames);
    let link = link.clone();
    (from_node, to_node, tokio::spawn(async move { link.serve(&to_control, &mut from_control).await }))
}

pub fn end(epoch: u32) -> Command {
    Command::EndRoom { room: MeetingId(uuid::Uuid::nil()), epoch, reason: LeaveReason::Revoked }
}

fn commands(numbers: std::ops::RangeInclusive<i64>) -> ToNode {
    ToNode::Commands { commands: numbers.map(|number| NumberedCommand { number, command: end(number as u32) }).collect() }
}

async fn numbers(from_node: &mut mpsc::Receiver<ToControl>) -> Vec<i64> {
    match from_node.recv().await {
        Some(ToControl::Facts { facts }) => facts.iter().map(|it| it.number).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn facts_are_said_again_after_a_reconnect_until_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let Desk { link, facts, .. } = desk(folder.path(), NodeId::fresh());
    let room = MeetingId::fresh();
    let opened = || Fact::RoomOpened { classification: Classification::Terbuka };
    facts.push(room, opened(), UnixMs(1));
    let (mut from_node, to_node, task) = connect(&link, 8);
    let Some(ToControl::Hello { node, incarnation, acknowledged: 0 }) = from_node.recv().await else { panic!("no hello") };
    assert_eq!((node, incarnation), (facts.node, facts.incarnation));
    assert!(from_node.try_recv().is_err(), "nothing before the control plane has answered");
    to_node.send(ToNode::Stored { number: 0 }).await.unwrap();
    assert_eq!(numbers(&mut from_node).await, [1]);
    assert!(link.is_linked());
    facts.push(room, opened(), UnixMs(2));
    drop((from_node, to_node));
    task.await.unwrap();
    assert!(!link.is_linked());

    facts.push(room, opened(), UnixMs(3));
    let (mut from_node, to_node, _task) = connect(&link, 8);
    assert!(matches!(from_node.recv().await, Some(ToControl::Hello { .. })));
    // The first was stored, though its answer was lost.
    to_node.send(ToNode::Stored { number: 1 }).await.unwrap();
    assert_eq!(numbers(&mut from_node).await, [2, 3]);
    to_node.send(ToNode::Stored { number: 3 }).await.unwrap();
    facts.push(room, opened(), UnixMs(4));
    assert_eq!(numbers(&mut from_node).await, [4]);
}

#[tokio::test]
async fn commands_are_carried_out_in_order_written_down_and_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let Desk { link, plane, .. } = desk(folder.path(), NodeId::fresh());
    let (mut from_node, to_node, _task) = connect(&link, 8);
    from_node.recv().await.unwrap();
    to_node.send(commands(3..=7)).await.unwrap();
    assert_eq!(from_node.recv().await, Some(ToControl::Acknowledge { number: 7 }));
    assert_eq!(plane.taken(), (3..=7).map(end).collect::<Vec<_>>());
    // Said again: done again, and not acknowledged backwards.
    to_node.send(commands(4..=5)).await.unwrap();
    assert_eq!(from_node.recv().await, Some(ToControl::Acknowledge { number: 7 }));
    assert_eq!(plane.taken().len(), 7);
    let (_, remembered) = Journal::open(&folder.path().join("memory.jsonl"), system_clock()).unwrap();
    assert_eq!(remembered.into_iter().map(|line| line.command).collect::<Vec<_>>(), (3..=7).map(end).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_written_down_is_done_and_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let Desk { plane, facts, .. } = desk(folder.path(), NodeId::fresh());
    // The disk says no: the file is written anew through a folder that is gone.
    let (journal, _) = Journal::open(&folder.path().join("gone/memory.jsonl"), UnixMs(0)).unwrap();
    journal.fill();
    std::fs::remove_dir_all(folder.path().join("gone")).unwrap();
    std::fs::write(folder.path().join("gone"), b"a file where the folder was").unwrap();
    let link = Arc::new(Link::new(facts, Arc::new(journal), plane.clone(), Arc::new(system_clock)));
    let (mut from_node, to_node, _task) = connect(&link, 8);
    from_node.recv().await.unwrap();
    to_node.send(ToNode::Stored { number: 0 }).await.unwrap();
    to_node.send(commands(1..=2)).await.unwrap();
    link.facts.push(MeetingId::fresh(), Fact::RoomClosed, UnixMs(1));
    assert_eq!(numbers(&mut from_node).await, [1], "a fact comes, no acknowledgement");
    to_node.send(ToNode::Stored { number: 1 }).await.unwrap();
    to_node.send(commands(3..=3)).await.unwrap();
    drop(to_node);
    assert_eq!(from_node.recv().await, None);
    assert_eq!(plane.taken().len(), 3);
}

#[tokio::test]
async fn narrow_channels_full_in_both_directions_come_through() {
    let folder = tempfile::tempdir().unwrap();
    let Desk { link, plane, facts } = desk(folder.path(), NodeId::fresh());
    for _ in 0..1000 {
        facts.push(MeetingId::fresh(), Fact::RoomClosed, UnixMs(1));
    }
    let (mut from_node, to_node, _task) = connect(&link, 1);
    let mut highest = 0;
    // A control plane that, like ours, sends all its commands before it reads again.
    for round in 0..20 {
        match from_node.recv().await.unwrap() {
            ToControl::Hello { .. } => {}
            ToControl::Facts { facts } => highest = facts.last().unwrap().number,
            ToControl::Acknowledge { .. } => {}
        }
        to_node.send(ToNode::Stored { number: highest }).await.unwrap();
        for at in 0..5 {
            let number = round * 5 + at + 1;
            to_node.send(commands(number..=number)).await.unwrap();
        }
    }
    let mut acknowledged = 0;
    while acknowledged < 100 || highest < 1000 {
        match from_node.recv().await.unwrap() {
            ToControl::Acknowledge { number } => acknowledged = number,
            ToControl::Facts { facts } => {
                highest = facts.last().unwrap().number;
                to_node.send(ToNode::Stored { number: highest }).await.unwrap();
            }
            ToControl::Hello { .. } => panic!("hello twice"),
        }
    }
    assert_eq!(plane.taken(), (1..=100).map(end).collect::<Vec<_>>());
}
