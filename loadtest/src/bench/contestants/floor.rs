//! The floor as a contestant: nobody signals, both sides are told their keys.

use super::{Entered, Person};
use crate::bench::{
    floor::Entry,
    generator::{
        Generator, Plan, Transport,
        keys::{KEY_BYTES, Keys, MATERIAL_BYTES, SALT_BYTES, crypto},
    },
};
use anyhow::{Context, Result};
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Instant,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::oneshot,
};

pub struct Floor {
    child: Child,
    input: ChildStdin,
    address: SocketAddr,
}

impl Floor {
    pub async fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("floor").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let input = child.stdin.take().context("no input")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let line = lines.next_line().await?.context("the floor ended at once")?;
        let address = line.strip_prefix("floor: ").context("the floor said something else")?.parse()?;
        Ok(Self { child, input, address })
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub async fn enter(&mut self, generator: &mut Generator, person: &Person, opens: bool) -> Result<Entered> {
        let (client, local) = generator.take_local()?;
        let material: [u8; MATERIAL_BYTES] = rand::random();
        let (keys, salts) = material.split_at(2 * KEY_BYTES);
        let master = |side: usize| [&keys[side * KEY_BYTES..][..KEY_BYTES], &salts[side * SALT_BYTES..][..SALT_BYTES]].concat();
        let address = SocketAddr::new(IpAddr::V4(local.ip), local.port);
        let sends = person.sends.map(|_| master(0));
        let entry = Entry { room: person.room, address, sends, receives: person.receives().then(|| master(1)) };
        let asked = Instant::now();
        self.input.write_all((serde_json::to_string(&entry)? + "\n").as_bytes()).await?;
        self.input.flush().await?;
        let keys = Keys::of_client(&material, crypto().as_ref())?;
        let (connected_sender, connected) = oneshot::channel();
        let (first_sender, first_media) = oneshot::channel();
        // It rewrites nothing, so that the SSRCs of one room must differ.
        let ssrcs = (2 * client as u32 + 1_000, 2 * client as u32 + 1_001);
        generator.add(Plan {
            client,
            remote: self.address,
            transport: Transport::Told(Box::new(keys)),
            sends: person.sends.map(|sends| (sends, ssrcs)),
            opens,
            connected: Some(connected_sender),
            first_media: Some(first_sender),
        })?;
        Ok(Entered { asked, connected, first_media })
    }

    pub async fn stop(mut self) {
        drop(self.input);
        let _ = self.child.kill().await;
    }
}
