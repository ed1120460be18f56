//! A service of one's own: the `sidang` executable, started on free ports with a data folder of its own and stopped when dropped.

use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub struct Node {
    role: &'static str,
    executable: PathBuf,
    data: PathBuf,
    environment: Vec<(String, String)>,
    child: Child,
    /// Where it listens, as it printed it.
    pub origin: String,
    /// What it printed before it was ready.
    pub printed: Vec<String>,
}

impl Node {
    /// Both planes in one process.
    pub async fn start(executable: &Path, data: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_as("serve", executable, data, environment).await
    }

    /// One role of the executable: `serve`, `sfu` or `booking`.
    pub async fn start_as(role: &'static str, executable: &Path, data: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        let environment: Vec<_> = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (child, origin, printed) = spawn(role, executable, data, &environment).await?;
        Ok(Self { role, executable: executable.to_owned(), data: data.to_owned(), environment, child, origin, printed })
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("killing the node")
    }

    /// Starts again on the same data and the same HTTP address.
    pub async fn start_again(&mut self) -> Result<()> {
        let address = self.origin.rsplit('/').next().unwrap_or_default().replace("localhost", "127.0.0.1");
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| name != "SIDANG_HTTP_LISTEN");
        environment.push(("SIDANG_HTTP_LISTEN".into(), address));
        let (child, origin, printed) = spawn(self.role, &self.executable, &self.data, &environment).await?;
        self.child = child;
        self.origin = origin;
        self.printed = printed;
        Ok(())
    }

    /// As [`Node::start_again`], with other variables than it had.
    pub async fn start_again_with(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        self.environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.start_again().await
    }

    /// Waits for it to end by itself.
    pub async fn ended(&mut self) -> Result<std::process::ExitStatus> {
        self.child.wait().await.context("waiting for the node's end")
    }

    /// SIGTERM, and what it ended with.
    pub async fn stop(mut self) -> Result<std::process::ExitStatus> {
        let id = self.child.id().context("already stopped")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        Ok(self.child.wait().await?)
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Runs `sidang admin …` on this node's data and gives what it printed.
    pub async fn admin(executable: &Path, data: &Path, arguments: &[&str]) -> Result<String> {
        let output = Command::new(executable).env("SIDANG_DATA_FOLDER", data).arg("admin").args(arguments).output().await?;
        if !output.status.success() {
            bail!("sidang admin {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

async fn spawn(role: &str, executable: &Path, data: &Path, environment: &[(String, String)]) -> Result<(Child, String, Vec<String>)> {
    let mut command = Command::new(executable);
    command
        .arg(role)
        .env("SIDANG_DATA_FOLDER", data)
        .env("SIDANG_HTTP_LISTEN", "127.0.0.1:0")
        .env("SIDANG_MEDIA_LISTEN", "127.0.0.1:0")
        .envs(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("starting {}", executable.display()))?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut printed = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if let Some(origin) = line.strip_prefix("Sidang: ") {
            let origin = origin.trim().to_owned();
            // Keep reading, so that the node never blocks on what it prints.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok((child, origin, printed));
        }
        printed.push(line);
    }
    bail!("the node ended before it was ready: {}", printed.join("\n"))
}
