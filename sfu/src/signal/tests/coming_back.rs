//! Losing the line and coming back: on the same life of the node, and on its next.

use super::stage::*;
use std::sync::Arc;
use wire::{
    Classification, Code, Rule,
    id::MeetingId,
    signal::{ClientMessage, LeaveReason, ServerMessage},
};

/// The roster's row of another, as `connected` says.
fn connected(it: &ServerMessage) -> Option<bool> {
    if let ServerMessage::ParticipantChanged { participant } = it { Some(participant.connected) } else { None }
}

#[tokio::test]
async fn a_lost_socket_comes_back_by_its_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut watcher, _) = stage.join(&stage.grant(room)).await;
    let (lost, joined) = stage.join(&stage.grant(room)).await;
    drop(lost);
    assert!(!watcher.hear_until(connected).await);
    let mut back = stage.open().await;
    let resumed = back.resume(&joined.ticket, None).await.unwrap();
    assert_eq!((resumed.session, resumed.resumed, resumed.answer), (joined.session, true, None));
    assert_eq!(resumed.state.participants.len(), 2);
    assert!(watcher.hear_until(connected).await);
    assert!(back.ask(ClientMessage::Ping).await.is_ok());
}

#[tokio::test]
async fn a_newer_socket_supersedes_the_older_and_older_tickets_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (mut first, joined) = stage.join(&stage.grant(MeetingId::fresh())).await;
    let mut second = stage.open().await;
    let resumed = second.resume(&joined.ticket, None).await.unwrap();
    assert_eq!(first.closed().await, 4001, "without `ended`: the session goes on");
    // The client may never have got the second ticket: until it is heard on the second socket the first still counts.
    let mut third = stage.open().await;
    let again = third.resume(&joined.ticket, None).await.unwrap();
    assert_eq!(second.closed().await, 4001);
    third.ask(ClientMessage::Ping).await.unwrap();
    for old in [&joined.ticket, &resumed.ticket] {
        assert_eq!(stage.open().await.resume(old, Some("good")).await.unwrap_err().code, Code::ResumeUnknown);
    }
    assert!(third.ask(ClientMessage::Ping).await.is_ok());
    assert!(stage.open().await.resume(&again.ticket, None).await.is_ok());
    assert_eq!(stage.signal.sessions.len(), 1);
}

#[tokio::test]
async fn who_comes_back_with_a_new_offer_has_the_same_sources() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (lost, joined) = stage.join(&stage.grant(MeetingId::fresh())).await;
    drop(lost);
    let mut back = stage.open().await;
    let resumed = back.resume(&joined.ticket, Some("good")).await.unwrap();
    assert_eq!(resumed.answer.as_deref(), Some("answer"));
    assert!(!joined.state.participants[0].sources.is_empty());
    assert_eq!(resumed.state.participants[0].sources, joined.state.participants[0].sources);
}

#[tokio::test]
async fn after_a_restart_the_session_is_built_anew_from_its_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut a, a_joined) = before.join(&before.grant(room)).await;
    let (_b, b_joined) = before.join(&before.grant(room)).await;
    before.signal.stop();
    assert_eq!(a.closed().await, 1012);
    let after = Stage::new(folder.path()).await;
    for joined in [&a_joined, &b_joined] {
        let mut client = after.open().await;
        // The media transport is gone with the old life: the same socket is asked for an offer.
        assert_eq!(client.resume(&joined.ticket, None).await.unwrap_err().code, Code::OfferRequired);
        let resumed = client.resume(&joined.ticket, Some("good")).await.unwrap();
        assert_eq!((resumed.session, resumed.resumed, resumed.answer.as_deref()), (joined.session, true, Some("answer")));
        std::mem::forget(client);
    }
    assert_eq!(after.signal.sessions.len(), 2);
}

#[tokio::test]
async fn the_same_ticket_on_many_sockets_at_once_after_a_restart_makes_one_session() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::new(folder.path()).await;
    let (_client, joined) = before.join(&before.grant(MeetingId::fresh())).await;
    let after = Arc::new(Stage::new(folder.path()).await);
    let tries: Vec<_> = (0..10)
        .map(|_| {
            let (stage, ticket) = (after.clone(), joined.ticket.clone());
            tokio::spawn(async move {
                let mut client = stage.open().await;
                let answer = client.resume(&ticket, Some("good")).await.map(|it| it.session).map_err(|it| it.code);
                (client, answer)
            })
        })
        .collect();
    let mut seated = 0;
    for one in tries {
        match one.await.unwrap() {
            (_client, Ok(session)) => {
                assert_eq!(session, joined.session);
                seated += 1;
            }
            (_, Err(code)) => assert!(matches!(code, Code::Conflict | Code::ResumeUnknown), "{code:?}"),
        }
    }
    assert!(seated >= 1);
    assert_eq!(after.signal.sessions.len(), 1);
}

#[tokio::test]
async fn abuse_7_a_session_that_was_ended_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut host, _) = stage.join(&stage.grant(room)).await;
    let (mut removed, joined) = stage.join(&stage.grant(room)).await;
    host.ask(ClientMessage::Remove { session: joined.session }).await.unwrap();
    removed.hear_until(|it| matches!(it, ServerMessage::Ended { reason: LeaveReason::Removed }).then_some(())).await;
    let refusal = stage.open().await.resume(&joined.ticket, Some("good")).await.unwrap_err();
    assert_eq!((refusal.code, refusal.rule), (Code::GrantRevoked, Some(Rule::Meet8)));
    let (mut left, joined) = stage.join(&stage.grant(room)).await;
    left.ask(ClientMessage::Leave).await.unwrap();
    assert_eq!(left.closed().await, 1000);
    assert_eq!(stage.open().await.resume(&joined.ticket, Some("good")).await.unwrap_err().code, Code::ResumeUnknown);
}

#[tokio::test]
async fn abuse_19_a_raised_classification_comes_back_with_the_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::new(folder.path()).await;
    let (mut host, joined) = before.join(&before.grant(MeetingId::fresh())).await;
    host.ask(ClientMessage::RaiseClassification { to: Classification::Sulit }).await.unwrap();
    drop(host);
    // The next ticket is sealed at the next renewal or resume: after the raise it says SULIT.
    let mut again = before.open().await;
    let resumed = again.resume(&joined.ticket, None).await.unwrap();
    let after = Stage::new(folder.path()).await;
    let mut client = after.open().await;
    let back = client.resume(&resumed.ticket, Some("good")).await.unwrap();
    assert_eq!(back.state.classification, Classification::Sulit);
    let refusal = client.ask(ClientMessage::StartRecording).await.unwrap_err();
    assert_eq!(refusal.rule, Some(Rule::Class3));
}

#[tokio::test]
async fn tickets_of_nobody_are_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (stage, stranger) = (Stage::new(folder.path()).await, Stage::new(other.path()).await);
    let (_client, theirs) = stranger.join(&stranger.grant(MeetingId::fresh())).await;
    let (_client, ours) = stage.join(&stage.grant(MeetingId::fresh())).await;
    let mut changed = ours.ticket.clone().into_bytes();
    changed[40] ^= 1;
    for ticket in [theirs.ticket, String::from_utf8_lossy(&changed).into_owned(), String::new(), "x".repeat(20_000)] {
        assert_eq!(stage.open().await.resume(&ticket, Some("good")).await.unwrap_err().code, Code::ResumeUnknown);
    }
}
