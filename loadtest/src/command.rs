//! `loadtest bench`: what is asked for on the command line, progress in the terminal, and where the result goes.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use loadtest::bench::{
    bars::bars,
    compare::{self, Change},
    contestants::{Name, Programs},
    html,
    plan::Settings,
    run::{self, Watcher},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Args)]
pub struct Bench {
    /// The program whose `sfu` role is measured; `--executable` where none is named.
    #[arg(long)]
    node: Option<PathBuf>,
    /// Windows of each contestant in each situation; medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a window is.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Only these contestants.
    #[arg(long, value_delimiter = ',')]
    contestants: Vec<Contestant>,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Only these situations of the costs, such as 1→100.
    #[arg(long, value_delimiter = ',')]
    situations: Vec<String>,
    /// Where the result goes: `figures.json` and `report.html`.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"))]
    out: PathBuf,
    /// A stored run to compare with.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.json"))]
    baseline: PathBuf,
    /// Stores this run in its place.
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Contestant {
    Floor,
    Node,
    Janus,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Costs,
    Capacity,
    Joins,
    Memory,
    Rush,
}

impl Bench {
    fn settings(&self) -> Result<Settings> {
        let mut settings = Settings { rounds: self.rounds, window: Duration::try_from_secs_f64(self.seconds)?, ..Settings::whole() };
        let wanted = |part| self.parts.is_empty() || self.parts.contains(&part);
        if !self.contestants.is_empty() {
            let name = |it: &Contestant| match it {
                Contestant::Floor => Name::Floor,
                Contestant::Node => Name::Node,
                Contestant::Janus => Name::Janus,
            };
            settings.contestants = self.contestants.iter().map(name).collect();
        }
        settings.situations.retain(|it| wanted(Part::Costs) && (self.situations.is_empty() || self.situations.contains(&it.name())));
        if !wanted(Part::Capacity) {
            settings.steps.clear();
        }
        settings.joins *= usize::from(wanted(Part::Joins));
        settings.rush *= usize::from(wanted(Part::Rush));
        settings.memory = wanted(Part::Memory);
        Ok(settings)
    }
}

/// A line that moves, and lines that stay.
struct Terminal(ProgressBar);

impl Watcher for Terminal {
    fn begins(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    fn found(&self, what: &str) {
        self.0.suspend(|| println!("{what}"));
    }
}

pub async fn bench(executable: &Path, asked: Bench) -> Result<()> {
    let settings = asked.settings()?;
    let node = asked.node.clone().unwrap_or_else(|| executable.to_owned());
    let programs = Programs { node, floor: std::env::current_exe()?, janus: janus() };
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let terminal = Terminal(ProgressBar::new_spinner().with_style(style));
    terminal.0.enable_steady_tick(Duration::from_millis(500));
    let figures = run::run(&programs, &settings, &terminal).await?;
    terminal.0.finish_and_clear();
    let bars = bars(&figures);
    println!("\nload average {:.1} before, {:.1} after", figures.machine.load_before, figures.machine.load_after);
    bars.iter().for_each(|it| println!("{}", it.line()));
    let changes = match compare::read(&asked.baseline) {
        Ok(before) => compare::changes(&before, &figures),
        Err(error) => {
            println!("{error:#}");
            Vec::<Change>::new()
        }
    };
    changes.iter().for_each(|it| println!("{}", it.line()));
    std::fs::create_dir_all(&asked.out)?;
    let text = serde_json::to_string_pretty(&figures)? + "\n";
    let (stored, report) = (asked.out.join("figures.json"), asked.out.join("report.html"));
    std::fs::write(&stored, &text).with_context(|| stored.display().to_string())?;
    std::fs::write(&report, html::page(&figures, &bars, &changes)).with_context(|| report.display().to_string())?;
    if asked.keep {
        std::fs::write(&asked.baseline, &text).with_context(|| asked.baseline.display().to_string())?;
    }
    println!("{}\n{}", stored.display(), report.display());
    Ok(())
}

/// As Debian installs it.
fn janus() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|it| it.join("janus")).find(|it| it.is_file())
}
