//! A media node alone, put together as `sidang sfu` does it, without the rest of the executable: it is built in a fraction of the time, for whoever
//! measures or profiles (`loadtest bench --node target/release/examples/node`). It reads the settings that the load generator gives:
//! `SIDANG_BOOKING_URL`, `SIDANG_DATA_FOLDER`, `SIDANG_HTTP_LISTEN`, `SIDANG_MEDIA_LISTEN`.

use anyhow::{Context, Result};
use sfu::{
    control::Carrier,
    net,
    node::{Node, NodeConfig},
    signal::keys::KeySource,
};
use std::net::SocketAddr;
use tokio::net::TcpListener;

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

#[tokio::main]
async fn main() -> Result<()> {
    let booking_url = variable("SIDANG_BOOKING_URL")?;
    let listener = TcpListener::bind(variable("SIDANG_HTTP_LISTEN")?).await?;
    let origin = format!("http://localhost:{}", listener.local_addr()?.port());
    let media = net::Settings::at(variable("SIDANG_MEDIA_LISTEN")?.parse()?);
    let folder = variable("SIDANG_DATA_FOLDER")?.into();
    let config = NodeConfig::new(booking_url.clone(), "sfu:main".to_owned(), media, folder, vec![origin.clone()]);
    let source = KeySource::Fetched { booking_url: booking_url.clone() };
    let node = Node::start(config, source, Carrier::WebSocket { booking_url }).await?;
    println!("Sidang: {origin}");
    let service = node.router().into_make_service_with_connect_info::<SocketAddr>();
    let mut ends = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            ends.recv().await;
        })
        .await?;
    node.stop().await;
    Ok(())
}
