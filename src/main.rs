//! `sidang`: one executable, a subcommand for each role it can play.

mod admin;
mod app;
mod assets;
mod config;
mod data;
mod demo;
mod headers;
mod listen;
mod observe;

use clap::{Arg, ArgMatches, Command, value_parser};
use config::{SETTINGS, Settings, Sources, environment_name, flag_name};
use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    // One crypto provider for TLS, tokens and media, chosen before anything asks for one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let matches = command().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sidang: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let (name, of_command) = matches.subcommand().unwrap_or(("serve", matches));
    if name == "openapi" {
        println!("{}", app::openapi_document()?);
        return Ok(());
    }
    if name == "settings" {
        print!("{}", settings_text());
        return Ok(());
    }
    let settings = settings(matches, of_command)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match name {
            "serve" => app::serve(settings).await,
            "sfu" => app::sfu(settings).await,
            "booking" => app::booking(settings).await,
            "admin" => admin::run(settings, of_command).await,
            other => anyhow::bail!("no such command: {other}"),
        }
    })
}

/// File, environment, flags; flags may stand before or behind the subcommand.
fn settings(top: &ArgMatches, of_command: &ArgMatches) -> anyhow::Result<Settings> {
    let mut sources = Sources::defaults();
    let given =
        |name: &str| of_command.try_get_one::<String>(name).ok().flatten().or_else(|| top.try_get_one::<String>(name).ok().flatten());
    let file = top.get_one::<PathBuf>("config").cloned().or_else(|| std::env::var_os("SIDANG_CONFIG").map(PathBuf::from));
    if let Some(file) = file {
        let text = std::fs::read_to_string(&file).map_err(|error| anyhow::anyhow!("settings file {}: {error}", file.display()))?;
        sources.add_toml(&text, &file.display().to_string())?;
    }
    sources.add_environment(std::env::vars())?;
    sources.add_flags(SETTINGS.iter().filter_map(|it| Some((it.name, given(it.name)?.clone()))))?;
    Ok(Settings::read(&sources)?)
}

fn command() -> Command {
    let flags = || {
        SETTINGS.iter().map(|it| {
            let default = if it.default.is_empty() { String::new() } else { format!(" [default: {}]", it.default) };
            Arg::new(it.name).long(flag_name(it.name)).value_name("VALUE").global(true).help(format!("{}{default}", it.doc))
        })
    };
    Command::new("sidang")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Video meetings and telepresence booking for the public sector")
        .after_help("Every setting can stand in a TOML file (--config), in the environment (SIDANG_HTTP_LISTEN=…) or on the command line; the later of these wins.")
        .arg(Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf)).global(true).help("Settings file, TOML"))
        .args(flags())
        .subcommand(Command::new("serve").about("Everything in one process (the default)"))
        .subcommand(Command::new("sfu").about("A media node alone; it knows the booking node's address and public keys"))
        .subcommand(Command::new("booking").about("The booking node alone"))
        .subcommand(admin::command())
        .subcommand(Command::new("openapi").about("Print the OpenAPI document of the HTTP API"))
        .subcommand(Command::new("settings").about("Print every setting, its default and what is right for it, as a TOML file"))
}

/// The settings file with every default, each explained once.
fn settings_text() -> String {
    let mut text = String::new();
    let mut section = "";
    for it in SETTINGS {
        let (table, key) = it.name.split_once('.').unwrap_or(("", it.name));
        if table != section {
            text.push_str(&format!("\n[{table}]\n"));
            section = table;
        }
        text.push_str(&format!(
            "\n# {}\n# Expected: {}. Environment: {}\n# {key} = \"{}\"\n",
            it.doc,
            it.expected,
            environment_name(it.name),
            it.default
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_printed_settings_file_is_valid_and_names_every_setting() {
        let text = settings_text();
        text.parse::<toml::Table>().expect("valid TOML");
        for it in SETTINGS {
            assert!(text.contains(&environment_name(it.name)), "{}", it.name);
        }
    }
}
