//! Who is measured: the floor, our media node, and Janus. The same generator puts the same people into each.

pub mod floor;
pub mod janus;
pub mod node;

use super::generator::{Generator, publisher::Sends};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Instant};
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    Floor,
    Node,
    Janus,
}

impl Name {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Node => "node",
            Self::Janus => "janus",
        }
    }
}

/// The programs.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `sidang`, of which the media node alone is started (`sidang sfu`).
    pub node: PathBuf,
    /// This program, for `loadtest floor`.
    pub floor: PathBuf,
    /// None: not installed.
    pub janus: Option<PathBuf>,
}

/// Somebody who enters a room.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub room: u32,
    pub sends: Option<Sends>,
    /// How many others are heard and seen at once.
    pub hears: usize,
    pub sees: usize,
}

impl Person {
    pub const fn receives(&self) -> bool {
        self.hears + self.sees > 0
    }
}

/// What comes of an entry. Where a person receives, `first_media` is of that.
pub struct Entered {
    /// The offer, or the request for one, was sent.
    pub asked: Instant,
    pub connected: oneshot::Receiver<Instant>,
    pub first_media: oneshot::Receiver<Instant>,
}

/// A program under load.
pub enum Contestant {
    Floor(floor::Floor),
    Node(Box<node::Node>),
    Janus(Box<janus::Janus>),
}

impl Contestant {
    pub async fn start(name: Name, programs: &Programs) -> Result<Self> {
        Ok(match name {
            Name::Floor => Self::Floor(floor::Floor::start(&programs.floor).await?),
            Name::Node => Self::Node(Box::new(node::Node::start(&programs.node).await?)),
            Name::Janus => {
                let program = programs.janus.as_deref().context("Janus is not installed")?;
                Self::Janus(Box::new(janus::Janus::start(program).await?))
            }
        })
    }

    pub fn pid(&self) -> Result<u32> {
        let pid = match self {
            Self::Floor(it) => it.pid(),
            Self::Node(it) => it.pid(),
            Self::Janus(it) => it.pid(),
        };
        pid.context("the contestant has ended")
    }

    /// Puts a person in. `opens`: see [`Plan`](super::generator::Plan).
    pub async fn enter(&mut self, generator: &mut Generator, person: &Person, opens: bool) -> Result<Entered> {
        match self {
            Self::Floor(it) => it.enter(generator, person, opens).await,
            Self::Node(it) => it.enter(generator, person, opens).await,
            Self::Janus(it) => it.enter(generator, person, opens).await,
        }
    }

    /// All are in: whoever sends and receives now receives those who came later too.
    pub async fn settle(&mut self, generator: &mut Generator, opens: bool) -> Result<Vec<Entered>> {
        match self {
            Self::Floor(_) | Self::Node(_) => Ok(Vec::new()),
            Self::Janus(it) => it.settle(generator, opens).await,
        }
    }

    pub async fn stop(self) {
        match self {
            Self::Floor(it) => it.stop().await,
            Self::Node(it) => it.stop().await,
            Self::Janus(it) => it.stop().await,
        }
    }
}
