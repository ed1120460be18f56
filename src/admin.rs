//! `sidang admin`: what is done on the host itself, without anybody signed in.

use crate::{
    app::{self, Control},
    config::Settings,
    data,
};
use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command};
use wire::Code;

pub fn command() -> Command {
    Command::new("admin")
        .about("What is done on the host itself")
        .subcommand_required(true)
        .subcommand(
            Command::new("create-administrator")
                .about("Create the first system administrator and print a temporary password, to be changed at the first sign-in (ID-2)")
                .arg(Arg::new("email").long("email").required(true).value_name("ADDRESS"))
                .arg(Arg::new("name").long("name").required(true).value_name("NAME")),
        )
        .subcommand(
            Command::new("rotate-key")
                .about("Sign join tokens with a fresh key from now on; the old one stays published until its tokens have run out"),
        )
        .subcommand(Command::new("migrate").about("Bring the database's schema up to date and end"))
        .subcommand(Command::new("restored").about(
            "After a backup was put back, and before the service starts: void every token, sign-in and device from before, and let go of what time has ended",
        ))
        .subcommand(
            Command::new("zone-changed")
                .about("After an update of the time zone rules that moves Malaysia's clock, and before the service starts: leave every booking to come at its hour, and print those that are moved")
                .arg(Arg::new("list").long("list").action(clap::ArgAction::SetTrue).help("Print them, and move nothing")),
        )
        .subcommand(Command::new("verify-audit").about("Check that the chain of the audit trail is whole"))
        .subcommand(Command::new("node-key").about("Print this media node's name and public key, for the booking node's media.nodes"))
}

pub async fn run(settings: Settings, matches: &ArgMatches) -> Result<()> {
    let (name, arguments) = matches.subcommand().context("a command of admin")?;
    if name == "node-key" {
        data::prepare(&settings.data_folder)?;
        let identity = sfu::control::Identity::open_or_create(&data::media(&settings.data_folder))?;
        println!("{}", app::node_key(&identity));
        return Ok(());
    }
    if name == "rotate-key" {
        // Without opening the old keys: it is also the way on where the key that opens them is lost.
        let db = app::open_database(&settings).await?;
        let clock: kernel::SharedClock = std::sync::Arc::new(kernel::clock::SystemClock);
        let id = booking::meetings::keys::rotate(&db, &clock, &data::sealing_key(&settings.data_folder)?).await?;
        db.close().await;
        println!("signing with key {id} from now on");
        return Ok(());
    }
    let control = Control::open(&settings, settings.public_url.as_deref().unwrap_or("http://localhost")).await?;
    let argument = |name: &str| arguments.get_one::<String>(name).cloned().unwrap_or_default();
    match name {
        "create-administrator" => {
            let created = identity::setup::create_first_administrator(&control.identity, &argument("email"), &argument("name")).await;
            match created {
                Ok(password) => println!("temporary password: {}", password.expose()),
                Err(error) if error.is_refused(Code::Conflict) => {
                    anyhow::bail!("there is a system administrator already; further accounts are made in the browser")
                }
                Err(kernel::Error::Refused(refusal)) => {
                    let value = |name: &str| refusal.values.get(name).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
                    anyhow::bail!("--{} is wrong: expected {}", value("field"), value("expected"))
                }
                Err(error) => return Err(error.into()),
            }
        }
        "verify-audit" => match kernel::audit::verify(&control.db).await? {
            Ok(rows) => println!("the chain is whole: {rows} rows"),
            Err(tampered) => anyhow::bail!("the chain is broken: {tampered:?}"),
        },
        "restored" => {
            let it = control.booking.restored().await?;
            println!(
                "void: tokens of {} meetings, {} devices (enrol them anew), {} sign-ins; applications let go: {}",
                it.meetings, it.devices, it.sessions, it.lapsed
            );
        }
        "zone-changed" => zone_changed(&control, !arguments.get_flag("list")).await?,
        // Opening has brought it up to date.
        "migrate" => println!("the schema is up to date"),
        other => anyhow::bail!("no such command: {other}"),
    }
    control.db.close().await;
    Ok(())
}

async fn zone_changed(control: &Control, carry_out: bool) -> Result<()> {
    let now = kernel::Clock::now(&kernel::clock::SystemClock);
    let moved = booking::wall_time::keep(&control.db, now, booking::wall_time::offset_s, carry_out).await?;
    for it in &moved {
        println!("{}: {} UTC -> {} UTC", it.reference, utc(it.from), utc(it.to));
    }
    println!("bookings {}: {}", if carry_out { "moved" } else { "that would be moved" }, moved.len());
    Ok(())
}

fn utc(at: wire::UnixMs) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).map_or_else(String::new, |it| it.format("%Y-%m-%d %H:%M").to_string())
}
