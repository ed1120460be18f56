//! Abuse case 8: what is written down of a meeting names no token, person or address.

use super::stage::*;
use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use wire::{id::MeetingId, signal::ClientMessage};

/// Everything that is logged in this process, as one text.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<String>>);

impl Visit for Ear {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Ear {
    /// All that is ours, and of the libraries what a node in service would write.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sfu") || *metadata.level() <= Level::INFO
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn abuse_8_no_token_ticket_or_name_is_logged() {
    let ear = Ear::default();
    // On this thread alone, and the test's whole runtime is on it.
    let _guard = tracing::subscriber::set_default(ear.clone());
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let grant = stage.grant(room);
    let token = stage.signer.grant(&grant);
    let (client, joined) = stage.join(&grant).await;
    stage.open().await.join(room, &token, "good").await.unwrap_err();
    stage.open().await.join(MeetingId::fresh(), &token, "good").await.unwrap_err();
    drop(client);
    let mut back = stage.open().await;
    back.resume(&joined.ticket, None).await.unwrap();
    stage.open().await.resume("nonsense", None).await.unwrap_err();
    back.ask(ClientMessage::StartRecording).await.unwrap();
    back.ask(ClientMessage::Leave).await.unwrap();
    back.closed().await;
    let log = ear.0.lock().unwrap().clone();
    assert!(log.contains("grant.used"), "the log is heard: {log}");
    for secret in [&*token, &*joined.ticket, "eyJ", &*grant.name, &*grant.agency, &grant.sub.to_string(), "127.0.0.1"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
