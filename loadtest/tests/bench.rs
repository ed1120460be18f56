//! The bench itself, with tiny counts: that it puts people into the floor and into a media node alone, and counts what comes of it. What it
//! finds here is no measurement: the build is not optimised, and tests share the machine.

use anyhow::{Context, Result};
use loadtest::bench::{
    bars::bars,
    contestants::{Name, Programs},
    html,
    plan::Settings,
    run::{self, Watcher},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The example of `sfu`, which is built with every test of the workspace.
fn node() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.parent().and_then(Path::parent).context("no folder")?.join("examples/node");
    anyhow::ensure!(program.is_file(), "cargo build -p sfu --example node");
    Ok(program)
}

struct Quiet;

impl Watcher for Quiet {
    fn begins(&self, _: &str) {}
    fn found(&self, _: &str) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn floor_and_node_are_measured_in_each_situation() -> Result<()> {
    let programs = Programs { node: node()?, floor: env!("CARGO_BIN_EXE_loadtest").into(), janus: None };
    let settings = Settings::tiny();
    let measured = run::run(&programs, &settings, &Quiet);
    let figures = tokio::time::timeout(Duration::from_secs(120), measured).await.context("it took too long")??;
    assert_eq!(figures.not_measured, Vec::<String>::new());
    for situation in ["1→3", "2×2"] {
        for name in [Name::Floor, Name::Node] {
            let cost = figures.cost(situation, name).context("a cost")?;
            // How many there are in so short a time is the machine's affair.
            assert!(cost.cpu_us_per_packet() > 0.0 && cost.packets_per_second() > 0.0, "{situation}: {cost:?}");
        }
    }
    assert_eq!(figures.joins_of(Name::Node).context("joins")?.count, 2);
    assert!(html::page(&figures, &bars(&figures), &[]).contains("2×2"));
    Ok(())
}
