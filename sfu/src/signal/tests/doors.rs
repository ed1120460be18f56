//! Who gets a socket, and what ends one.

use super::stage::*;
use crate::signal::{DoorLimits, SocketTimes};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Message, http::StatusCode};
use wire::{
    Code,
    id::MeetingId,
    limits::SIGNAL_MESSAGE_BYTES_MAX,
    signal::{ClientMessage, ServerMessage},
};

#[tokio::test]
async fn abuse_15_a_foreign_page_is_refused_before_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    assert_eq!(stage.open_from(Some("https://evil.example")).await.err(), Some(StatusCode::FORBIDDEN));
    assert_eq!(stage.open_from(Some("null")).await.err(), Some(StatusCode::FORBIDDEN));
    assert!(stage.open_from(None).await.is_ok(), "no browser");
    assert!(stage.open_from(Some(ORIGIN)).await.is_ok());
}

#[tokio::test]
async fn abuse_46_the_caps_hold_and_a_silent_socket_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = DoorLimits { sockets_max: 10, sockets_per_address_max: 2 };
    let times = SocketTimes { first_message: Duration::from_millis(200), ..SocketTimes::default() };
    let stage = Stage::with(folder.path(), limits, times).await;
    let (mut a, _b) = (stage.open().await, stage.open().await);
    assert_eq!(stage.open_from(Some(ORIGIN)).await.err(), Some(StatusCode::TOO_MANY_REQUESTS));
    let code = a.hear_until(|it| if let ServerMessage::Refused { id: 0, refusal } = it { Some(refusal.code) } else { None }).await;
    assert_eq!(code, Code::RequestTimeout);
    assert_eq!(a.closed().await, 1008);
}

#[tokio::test]
async fn abuse_46_a_line_that_says_nothing_is_taken_for_dead() {
    let folder = tempfile::tempdir().unwrap();
    let times = SocketTimes { silence_max: Duration::from_millis(200), ping_every: Duration::from_secs(60), ..SocketTimes::default() };
    let stage = Stage::with(folder.path(), DoorLimits::default(), times).await;
    let (mut client, joined) = stage.join(&stage.grant(MeetingId::fresh())).await;
    assert_eq!(client.closed().await, 1008);
    // The session is kept for its ticket.
    assert!(stage.open().await.resume(&joined.ticket, None).await.is_ok());
}

#[tokio::test]
async fn pings_of_the_server_keep_a_quiet_line_open() {
    let folder = tempfile::tempdir().unwrap();
    let times = SocketTimes { silence_max: Duration::from_millis(600), ping_every: Duration::from_millis(100), ..SocketTimes::default() };
    let stage = Stage::with(folder.path(), DoorLimits::default(), times).await;
    let room = MeetingId::fresh();
    let (mut quiet, _) = stage.join(&stage.grant(room)).await;
    // A client's library answers pings while it reads; it reads until a second socket has been closed for silence.
    let (silent, _) = stage.join(&stage.grant(room)).await;
    let gone = |it: &ServerMessage| matches!(it, ServerMessage::ParticipantChanged { participant } if !participant.connected).then_some(());
    quiet.hear_until(gone).await;
    assert!(quiet.ask(ClientMessage::Ping).await.is_ok());
    drop(silent);
}

#[tokio::test]
async fn abuse_47_49_what_cannot_be_read_is_refused_and_too_much_of_it_closes() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut other, _) = stage.join(&stage.grant(room)).await;
    for (frames, code) in [
        (vec![Message::text("{".repeat(20)); 11], 1008),
        (vec![Message::text(" ".repeat(SIGNAL_MESSAGE_BYTES_MAX + 1))], 1009),
        (vec![Message::binary(vec![0, 1, 2])], 1003),
    ] {
        let (mut client, _) = stage.join(&stage.grant(room)).await;
        let few = frames.len() > 1;
        for frame in frames {
            client.raw(frame).await;
        }
        if few {
            client.hear_until(|it| matches!(it, ServerMessage::Refused { id: 0, .. }).then_some(())).await;
        }
        assert_eq!(client.closed().await, code);
    }
    assert!(other.ask(ClientMessage::Ping).await.is_ok(), "nobody else noticed");
}

#[tokio::test]
async fn abuse_48_a_flood_of_frames_closes_its_socket_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut other, _) = stage.join(&stage.grant(room)).await;
    let (mut flood, _) = stage.join(&stage.grant(room)).await;
    // After the close frame the server reads on for a moment, so that all of it can be sent.
    for _ in 0..10_000 {
        flood.raw(Message::text(r#"{"id":1,"message":{"type":"ping"}}"#)).await;
    }
    let code = flood.closed().await;
    // For the flood, for not reading the answers meanwhile, or torn down by the system before the frame that says why was read.
    assert!([1008, 1013, 1006].contains(&code), "{code}");
    assert!(other.ask(ClientMessage::Ping).await.is_ok());
}

#[tokio::test]
async fn a_node_that_stops_says_so_without_ending_anyone() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (mut client, _) = stage.join(&stage.grant(MeetingId::fresh())).await;
    let mut early = stage.open().await;
    stage.signal.stop();
    assert_eq!(client.hear().await, Heard::Closed(1012));
    assert_eq!(early.hear().await, Heard::Closed(1012));
    assert_eq!(stage.signal.sessions.len(), 1);
}
