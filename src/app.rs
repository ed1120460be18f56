//! The service put together: which planes run in this process, every route, and the order of starting and stopping.

use crate::{
    assets::Assets,
    config::{self, Settings},
    data::{self, Claim},
    demo, headers,
    listen::Listener,
    observe,
};
use anyhow::{Context, Result};
use axum::{Router, extract::Request, http::header, middleware, routing::get};
use booking::Booking;
use identity::Identity;
use kernel::{Clock, Db, SharedClock, clock::SystemClock, db::skew::SKEW_MS_MAX};
use sfu::{
    control::Carrier,
    net::StreamDoor,
    node::{Node, NodeConfig, Unready},
    signal::keys::KeySource,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What time has ended is taken out of identity's tables this often.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

#[derive(OpenApi)]
#[openapi(info(
    title = "Sidang",
    description = "The HTTP API of the control plane. Instants are UTC milliseconds; every refusal is application/problem+json with a stable code and, where one applies, the rule."
))]
struct Document;

/// The control plane of this process.
pub struct Control {
    pub db: Db,
    pub identity: Identity,
    pub booking: Arc<Booking>,
}

impl Control {
    pub async fn open(settings: &Settings, public_url: &str) -> Result<Self> {
        let db = open_database(settings).await?;
        let clock: SharedClock = Arc::new(SystemClock);
        if let Some(ms) = db.clock_skew_ms(&SystemClock).await?.filter(|ms| ms.abs() > SKEW_MS_MAX) {
            // Whether an application came in time is decided by the clock (TP-2): none is better than a wrong one.
            anyhow::bail!("the database's clock is {ms} ms from this machine's: set both by NTP, then start again");
        }
        let origins = settings.public_url.iter().cloned().collect();
        let identity =
            Identity::new(db.clone(), clock.clone(), identity::Settings { origins, trusted_proxies: settings.trusted_proxies }).await?;
        let of_booking = booking::Settings {
            issuer: public_url.to_owned(),
            audience: settings.media_name.clone(),
            public_url: public_url.to_owned(),
            signal_url: settings.media_signal_url.clone(),
            media_url: media_url(&settings.media_signal_url),
            data_folder: settings.data_folder.clone(),
            classified_without_e2ee: settings.classified_without_e2ee,
            trusted_nodes: settings.media_nodes.clone(),
            mail: mail_settings(settings, public_url)?,
        };
        let booking =
            Booking::start(db.clone(), clock.clone(), of_booking, &data::sealing_key(&settings.data_folder)?).await.with_context(|| {
                let key = data::sealing_key_path(&settings.data_folder);
                format!(
                    "the signing keys, which {} opens (put it back from its backup; where it is lost: sidang admin rotate-key)",
                    key.display()
                )
            })?;
        Ok(Self { db, identity, booking })
    }

    /// Nothing is booked by other rules of the time zone than what stands is booked by.
    async fn keeps_wall_time(&self) -> Result<()> {
        if !booking::wall_time::is_kept(&self.db, SystemClock.now(), booking::wall_time::offset_s).await? {
            anyhow::bail!(
                "the clock of Malaysia was moved by an update of the time zone rules: run sidang admin zone-changed, then start again"
            );
        }
        Ok(())
    }

    fn api(&self) -> (Router, utoipa::openapi::OpenApi) {
        let routes = identity::router(self.identity.clone()).merge(booking::router(self.booking.clone(), self.identity.clone()));
        let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", routes).split_for_parts();
        kernel::openapi::name_operations(&mut document);
        kernel::openapi::name_common_refusals(&mut document);
        (router, document)
    }

    fn router(&self) -> Result<Router> {
        let (api, document) = self.api();
        let document = document.to_json()?;
        let document = get(async move || ([(header::CONTENT_TYPE, "application/json")], document));
        Ok(api
            .route("/api/v1/openapi.json", document)
            .method_not_allowed_fallback(kernel::problem::method_not_allowed)
            .layer(middleware::from_fn(kernel::problem::edge))
            .merge(booking::edge_router(self.booking.clone())))
    }

    fn checks(&self) -> Vec<(&'static str, observe::Check)> {
        let db = self.db.clone();
        let check: observe::Check = Arc::new(move || {
            let db = db.clone();
            Box::pin(async move { db.ping().await.map_err(|_| "does not answer") })
        });
        let db = self.db.clone();
        let clocks: observe::Check = Arc::new(move || {
            let db = db.clone();
            Box::pin(async move {
                match db.clock_skew_ms(&SystemClock).await {
                    Ok(Some(ms)) if ms.abs() > SKEW_MS_MAX => Err("differs from the database's by more than a second"),
                    Ok(_) => Ok(()),
                    Err(_) => Err("the database's cannot be read"),
                }
            })
        });
        vec![("database", check), ("clock", clocks)]
    }

    /// What goes on beside the requests, until it is dropped.
    fn housekeeping(&self) -> tokio::task::JoinSet<()> {
        let mut tasks = tokio::task::JoinSet::new();
        let (booking, identity, db) = (self.booking.clone(), self.identity.clone(), self.db.clone());
        let posting = self.booking.clone();
        tasks.spawn(async move { posting.deliver().await });
        tasks.spawn(async move { booking.run().await });
        tasks.spawn(async move {
            let mut every = tokio::time::interval(SWEEP_EVERY);
            loop {
                every.tick().await;
                let swept = async {
                    identity.sweep().await?;
                    kernel::housekeeping::sweep(&db, identity.clock().now()).await
                };
                if let Err(error) = swept.await {
                    tracing::warn!(error = %error, "sweeping failed and is tried again");
                }
            }
        });
        tasks
    }
}

/// The mail settings, tried as far as they can be without the mail server.
fn mail_settings(settings: &Settings, public_url: &str) -> Result<booking::mail::Settings> {
    let host =
        public_url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).filter(|it| it.contains(char::is_alphanumeric));
    let host = host.unwrap_or("localhost");
    let own = || booking::calendar::writer::Address { name: "Sidang".into(), email: format!("sidang@{host}") };
    if let Some(smtp) = &settings.mail.smtp {
        booking::mail::sender::Sender::new(smtp, host).context("the mail server (mail.smtp_authority: certificates in PEM)")?;
    }
    Ok(booking::mail::Settings {
        smtp: settings.mail.smtp.clone(),
        from: settings.mail.from.clone().unwrap_or_else(own),
        reply_to: settings.mail.reply_to.clone(),
    })
}

/// The database of the settings, its schema brought up to date.
pub async fn open_database(settings: &Settings) -> Result<Db> {
    data::prepare(&settings.data_folder)?;
    let named = || format!("database.url {}", config::without_password(&settings.database_url));
    let db = Db::connect(&settings.database_url).await.with_context(named)?;
    db.migrate().await.with_context(named)?;
    Ok(db)
}

/// `sidang serve`: both planes in one process.
pub async fn serve(settings: Settings) -> Result<()> {
    let (listener, public_url) = begin(&settings).await?;
    let _claims = [Claim::take(&settings.data_folder, "booking")?, Claim::take(&settings.data_folder, "media")?];
    let control = Control::open(&settings, &public_url).await?;
    control.keeps_wall_time().await?;
    let mut tasks = control.housekeeping();
    let keys = {
        let booking = control.booking.clone();
        KeySource::Handed(Arc::new(move || {
            let set = booking.jwks();
            Box::pin(async move { Ok(jsonwebtoken::jwk::JwkSet::clone(&set)) })
        }))
    };
    let (channel, to_control, from_control) = booking::media::carriers::channel();
    let link_broke = Arc::new(AtomicBool::new(false));
    {
        let (booking, link_broke) = (control.booking.clone(), link_broke.clone());
        tasks.spawn(async move {
            if let Err(error) = booking.serve_media(channel).await {
                link_broke.store(true, Ordering::Relaxed);
                tracing::error!(error = %error, "the link between the planes broke");
            }
        });
    }
    let node = Node::start(
        node_config(&settings, listener.shared_port(), &public_url, vec![public_url.clone()]),
        keys,
        Carrier::InProcess { to_control, from_control },
    )
    .await
    .context("the media node (media.listen, data.folder)")?;
    let introduction = if settings.demo { demo::seed(&control, &public_url).await? } else { first_steps(&control).await? };
    let node = Arc::new(node);
    let mut checks = control.checks();
    checks.push(media_check(&node));
    checks.push(link_check(link_broke));
    let router = control.router()?.merge(node.router()).merge(observed(checks)?);
    run(&settings, listener, with_client(router), Some(node.streams()), introduction).await?;
    node.stop().await;
    drop(tasks);
    control.db.close().await;
    Ok(())
}

/// `sidang booking`: the control plane alone.
pub async fn booking(settings: Settings) -> Result<()> {
    let (listener, public_url) = begin(&settings).await?;
    let _claim = Claim::take(&settings.data_folder, "booking")?;
    let control = Control::open(&settings, &public_url).await?;
    control.keeps_wall_time().await?;
    let tasks = control.housekeeping();
    let introduction = if settings.demo { demo::seed(&control, &public_url).await? } else { first_steps(&control).await? };
    let router = control.router()?.merge(observed(control.checks())?);
    run(&settings, listener, with_client(router), None, introduction + media_steps(&settings)).await?;
    drop(tasks);
    control.db.close().await;
    Ok(())
}

/// `sidang sfu`: the media plane alone.
pub async fn sfu(settings: Settings) -> Result<()> {
    anyhow::ensure!(
        !settings.booking_url.is_empty(),
        "setting booking.url is missing: a media node alone needs the booking node's address"
    );
    let (listener, public_url) = begin(&settings).await?;
    let _claim = Claim::take(&settings.data_folder, "media")?;
    let booking_url = settings.booking_url.clone();
    // Pages come from the booking node; it also signs what this node believes.
    let config = node_config(&settings, listener.shared_port(), &booking_url, vec![booking_url.clone(), public_url.clone()]);
    let source = KeySource::Fetched { booking_url: booking_url.clone() };
    let node = Arc::new(
        Node::start(config, source, Carrier::WebSocket { booking_url }).await.context("the media node (media.listen, data.folder)")?,
    );
    let introduction = format!("This media node, for the booking node's media.nodes: {}\n", node_key(node.identity()));
    let router = node.router().merge(observed(vec![media_check(&node)])?).fallback(kernel::problem::route_unknown);
    run(&settings, listener, router, Some(node.streams()), introduction).await?;
    node.stop().await;
    Ok(())
}

pub fn openapi_document() -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The document does not depend on data; its routes want a service behind them all the same.
        let folder = std::env::temp_dir().join(format!("sidang-openapi-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder)?;
        let mut sources = crate::config::Sources::defaults();
        sources.add_flags(std::iter::once(("data.folder", folder.display().to_string())))?;
        let control = Control::open(&Settings::read(&sources)?, "http://localhost").await?;
        let (_, document) = control.api();
        control.db.close().await;
        std::fs::remove_dir_all(&folder)?;
        Ok(document.to_pretty_json()?)
    })
}

/// As `media.nodes` takes it.
pub fn node_key(identity: &sfu::control::Identity) -> String {
    format!("{}:{}", identity.node, identity.public_key())
}

fn node_config(settings: &Settings, https_port: Option<u16>, issuer: &str, allowed_origins: Vec<String>) -> NodeConfig {
    let shared_port = settings.media_https_port.or(https_port).filter(|it| *it != 0);
    let media = sfu::net::Settings { listen: settings.media_listen, announce: settings.media_announce.clone(), shared_port };
    let mut config =
        NodeConfig::new(issuer.to_owned(), settings.media_name.clone(), media, data::media(&settings.data_folder), allowed_origins);
    config.recording = sfu::recording::RecordingConfig::in_folder(&settings.data_folder);
    config.recording.free_bytes_min = settings.recording_free_space_min_bytes;
    config.classified_without_e2ee = settings.classified_without_e2ee;
    config
}

/// Recordings are played from where signalling is.
fn media_url(signal_url: &str) -> String {
    let origin = signal_url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split('/').next()?)));
    origin.map(|(scheme, host)| format!("{}://{host}", scheme.replacen("ws", "http", 1))).unwrap_or_default()
}

fn media_check(node: &Arc<Node>) -> (&'static str, observe::Check) {
    let node = node.clone();
    let check: observe::Check = Arc::new(move || {
        let unready = node.unready();
        Box::pin(async move {
            match unready.first() {
                None => Ok(()),
                Some(Unready::Media) => Err("the media threads have ended"),
                Some(Unready::Keys) => Err("the control plane's keys are not known yet"),
            }
        })
    });
    ("media", check)
}

/// Within one process nothing carries the link anew: who watches restarts it.
fn link_check(broke: Arc<AtomicBool>) -> (&'static str, observe::Check) {
    let check: observe::Check = Arc::new(move || {
        let broke = broke.load(Ordering::Relaxed);
        Box::pin(async move { if broke { Err("broke: calls go on, their facts are not stored; restart when it suits") } else { Ok(()) } })
    });
    ("link", check)
}

fn observed(checks: Vec<(&'static str, observe::Check)>) -> Result<Router> {
    let figures = Router::new().route("/metrics", get(observe::metrics)).with_state(observe::start_metrics()?);
    let ready = Router::new().route("/readyz", get(observe::readyz)).with_state(Arc::new(checks));
    Ok(figures.merge(ready).route("/healthz", get(observe::healthz)))
}

fn with_client(router: Router) -> Router {
    let assets = Assets::load();
    router.fallback(move |request: Request| assets.clone().serve(request))
}

/// Logs, and the socket with its certificate, before anything else: an address in use is the first thing said.
async fn begin(settings: &Settings) -> Result<(Listener, String)> {
    observe::start_logging(settings);
    let listener = Listener::bind(settings).await?;
    let public_url = listener.public_url.clone();
    Ok((listener, public_url))
}

/// Says where it is to be found, and serves until the process is told to stop.
async fn run(
    settings: &Settings,
    listener: Listener,
    router: Router,
    media_streams: Option<StreamDoor>,
    introduction: String,
) -> Result<()> {
    let public_url = listener.public_url.clone();
    print!("{introduction}");
    println!("Sidang: {public_url}");
    let media = media_url(&settings.media_signal_url);
    listener.serve(headers::secured(router, &public_url, &media, &settings.media_signal_url), media_streams).await
}

/// What a booking node without a media node lacks.
fn media_steps(settings: &Settings) -> &'static str {
    match settings.media_nodes.is_empty() {
        false => "",
        true => {
            "No media node is trusted yet, so nobody can join a meeting. On the media node: sidang admin node-key; here: media.nodes and media.signal_url.\n\n"
        }
    }
}

async fn first_steps(control: &Control) -> Result<String> {
    Ok(match identity::setup::has_administrator(&control.identity).await? {
        true => String::new(),
        false => "Nobody can sign in yet. Create the first administrator:\n  sidang admin create-administrator --email you@agency.example --name \"Your Name\"\nor look around with demonstration people: DEMO=1\n\n".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_played_from_where_signalling_is() {
        let table = [
            ("/media/signal", ""),
            ("wss://media.example/media/signal", "https://media.example"),
            ("ws://localhost:7/media/signal", "http://localhost:7"),
        ];
        for (signal, media) in table {
            assert_eq!(media_url(signal), media);
        }
    }
}
