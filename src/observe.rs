//! Logs, metrics and health: how the service shows what it does.

use crate::config::{LogFormat, Settings};
use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{net::SocketAddr, sync::Arc};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

pub fn start_logging(settings: &Settings) {
    let filter: EnvFilter = settings.log_filter.parse().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Text => registry.with(fmt::layer().with_writer(std::io::stderr)).init(),
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).init(),
    }
}

pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new().install_recorder()?)
}

/// `/metrics`, for a scraper on this host alone: the figures tell who meets when.
pub async fn metrics(State(handle): State<PrometheusHandle>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    if !peer.ip().is_loopback() || headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded") {
        return StatusCode::NOT_FOUND.into_response();
    }
    handle.run_upkeep();
    ([("content-type", "text/plain; version=0.0.4")], handle.render()).into_response()
}

/// `/healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// A part of the service that `/readyz` asks whether it can do its work.
pub type Check = Arc<dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send>> + Send + Sync>;

/// `/readyz`: every part can do its work; otherwise which one cannot.
pub async fn readyz(State(checks): State<Arc<Vec<(&'static str, Check)>>>) -> Response {
    let mut failed = Vec::new();
    for (name, check) in checks.iter() {
        if let Err(reason) = check().await {
            failed.push(format!("{name}: {reason}\n"));
        }
    }
    if failed.is_empty() { "ready\n".into_response() } else { (StatusCode::SERVICE_UNAVAILABLE, failed.concat()).into_response() }
}
