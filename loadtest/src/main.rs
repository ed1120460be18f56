//! `loadtest`: headless people in situations with names.

mod command;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loadtest::{
    link::{Bursts, Conditions},
    meeting,
    node::Node,
    participant::Behaviour,
    people, relay,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

#[derive(Parser)]
#[command(about = "Headless people that join meetings as browsers do, in situations with names.")]
struct Arguments {
    /// The executable under load; a service of one's own is started from it on free ports.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/sidang"))]
    executable: PathBuf,
    #[command(subcommand)]
    situation: Situation,
}

#[derive(Subcommand)]
enum Situation {
    /// Everybody sends sound and a picture, everybody receives the loudest and four tiles.
    Meeting {
        #[arg(long, default_value_t = 20)]
        people: usize,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// What forwarding costs beside the floor and beside Janus: the media node alone, pinned to one core, and every figure as a ratio.
    Bench(command::Bench),
    /// The floor of `bench`: decrypts once, encrypts for each receiver, sends, and nothing else. Told on its input who is there.
    Floor,
    /// A bad line in front of a media node that listens at 127.0.0.1:P and announces 127.0.0.2: relays 127.0.0.2:P until it is ended.
    Line {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        node: SocketAddr,
        /// Share lost towards the node, in percent.
        #[arg(long, default_value_t = 0.0)]
        loss_up: f64,
        /// Share lost from the node, in percent.
        #[arg(long, default_value_t = 0.0)]
        loss_down: f64,
        /// Share lost in runs, each way, in percent, and how many datagrams a run has on average.
        #[arg(long, default_value_t = 0.0)]
        burst: f64,
        #[arg(long, default_value_t = 8.0)]
        burst_run: f64,
        /// Each way.
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
        /// On top of the delay, up to this.
        #[arg(long, default_value_t = 0)]
        jitter_ms: u64,
        /// Share of datagrams that others overtake, in percent.
        #[arg(long, default_value_t = 0.0)]
        reordered: f64,
        /// Share of datagrams that come twice, in percent.
        #[arg(long, default_value_t = 0.0)]
        duplicated: f64,
        /// What the line carries from the node to each client, kbit/s; 0: anything.
        #[arg(long, default_value_t = 0)]
        down_kbps: u64,
        /// What would wait longer is dropped.
        #[arg(long, default_value_t = 300)]
        queue_ms: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if matches!(arguments.situation, Situation::Floor) {
        return loadtest::bench::floor::run();
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<()> {
    match arguments.situation {
        Situation::Floor => Ok(()),
        Situation::Bench(it) => command::bench(&arguments.executable, it).await,
        Situation::Meeting { people, seconds } => meet(&arguments.executable, people, seconds).await,
        Situation::Line {
            listen,
            node,
            loss_up,
            loss_down,
            burst,
            burst_run,
            delay_ms,
            jitter_ms,
            reordered,
            duplicated,
            down_kbps,
            queue_ms,
            seed,
        } => {
            let (delay, queue) = (Duration::from_millis(delay_ms), Duration::from_millis(queue_ms));
            let bursts = (burst > 0.0).then_some(Bursts { share: burst / 100.0, run: burst_run });
            let (reordered, duplicated) = (reordered / 100.0, duplicated / 100.0);
            let common =
                Conditions { delay, bursts, jitter: Duration::from_millis(jitter_ms), reordered, duplicated, queue, ..Conditions::CLEAN };
            let up = Conditions { loss: loss_up / 100.0, ..common };
            let down = Conditions { loss: loss_down / 100.0, bits_per_second: (down_kbps > 0).then_some(down_kbps * 1_000), ..common };
            line(listen, node, up, down, seed).await
        }
    }
}

/// Says what was carried when it is ended by an interrupt.
async fn line(listen: SocketAddr, node: SocketAddr, up: Conditions, down: Conditions, seed: u64) -> Result<()> {
    let socket = tokio::net::UdpSocket::bind(listen).await.with_context(|| format!("listening at {listen}"))?;
    println!("line: {listen}");
    let counters = Arc::new(relay::Counters::default());
    tokio::select! {
        ended = relay::run(socket, node, up, down, seed, Arc::clone(&counters)) => ended,
        interrupted = tokio::signal::ctrl_c() => {
            let of = |way: &[std::sync::atomic::AtomicU64; 2]| way.each_ref().map(|it| it.load(Ordering::Relaxed));
            println!("carried and lost: up {:?}, down {:?}", of(&counters.up), of(&counters.down));
            Ok(interrupted?)
        }
    }
}

async fn meet(executable: &Path, count: usize, seconds: u64) -> Result<()> {
    let data = std::env::temp_dir().join(format!("sidang-loadtest-{}", std::process::id()));
    std::fs::create_dir_all(&data)?;
    let node = Node::start(executable, &data, &[("SIDANG_LOG_FILTER", "warn")]).await?;
    let administrator = people::first_administrator(executable, &data, &node).await?;
    let bar = progress(count, "creating people");
    let apis = people::officers(&administrator, count, || bar.inc(1)).await?;
    bar.finish();
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as i64;
    let created = people::open_meeting(&apis, now_ms).await?;
    let id = created["id"].as_str().context("no meeting id")?.parse()?;
    let bar = progress(count, "joining");
    let inside = meeting::join_all(&apis, id, &Behaviour::default(), || bar.inc(1)).await?;
    bar.finish();
    let cpu_before = cpu_seconds(node.pid());
    let report = meeting::run(&inside, seconds).await;
    let cpu = cpu_seconds(node.pid()) - cpu_before;
    println!("{}", serde_json::to_string_pretty(&report)?);
    if report.packets_received > 0 {
        println!("CPU of the node per packet forwarded: {:.1} µs (whole process, both planes)", cpu * 1e6 / report.packets_received as f64);
    }
    for participant in inside {
        participant.leave().await;
    }
    node.stop().await?;
    std::fs::remove_dir_all(&data)?;
    Ok(())
}

fn progress(count: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:16} {bar:40} {pos}/{len} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count as u64).with_style(style).with_message(what)
}

/// User and system time of a process so far, from `/proc/PID/stat` (fields 14 and 15, in ticks of 10 ms).
fn cpu_seconds(pid: Option<u32>) -> f64 {
    let Some(text) = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()) else { return 0.0 };
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = |index: usize| after_name.split_whitespace().nth(index).and_then(|it| it.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}
