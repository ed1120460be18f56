//! From a token to a seat, and every way in which it is refused.

use super::stage::*;
use crate::signal::testing::Signer;
use wire::{
    Classification, Code, Rule,
    control::Fact,
    grant::{Act, Role},
    id::{GrantId, MeetingId},
    limits::SIGNAL_VERSION,
    signal::{ClientMessage, LeaveReason, ServerMessage},
};

#[tokio::test]
async fn two_people_join_and_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let room = MeetingId::fresh();
    let (mut host, joined) = stage.join(&stage.grant(room)).await;
    assert_eq!((joined.resumed, joined.answer.as_deref()), (false, Some("answer")));
    assert_eq!(joined.state.participants.len(), 1);
    let (mut guest, second) = stage.join(&stage.grant(room)).await;
    assert_eq!(second.state.participants.len(), 2);
    let seen = host
        .hear_until(|it| if let ServerMessage::ParticipantJoined { participant } = it { Some(participant.session) } else { None })
        .await;
    assert_eq!(seen, second.session);
    guest.ask(ClientMessage::RaiseHand { raised: true }).await.unwrap();
    let raised =
        |it: &ServerMessage| if let ServerMessage::ParticipantChanged { participant } = it { participant.hand_raised_at_ms } else { None };
    host.hear_until(raised).await;
    guest.ask(ClientMessage::Ping).await.unwrap();
    guest.say(ClientMessage::Leave).await;
    let left = host
        .hear_until(|it| if let ServerMessage::ParticipantLeft { session, reason } = it { Some((*session, *reason)) } else { None })
        .await;
    assert_eq!(left, (second.session, LeaveReason::Left));
    guest.hear_until(|it| matches!(it, ServerMessage::Ended { reason: LeaveReason::Left }).then_some(())).await;
    assert_eq!(guest.closed().await, 1000);
}

#[tokio::test]
async fn abuse_1_3_5_a_token_that_is_not_in_order_is_refused_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (room, stranger) = (MeetingId::fresh(), Signer::new("k1"));
    let grant = stage.grant(room);
    let token = stage.signer.grant(&grant);
    let mut tampered = token.clone().into_bytes();
    let middle = token.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let mut expired = grant.clone();
    (expired.iat, expired.nbf, expired.exp) = (grant.iat - 100, grant.iat - 100, grant.iat - 10);
    let mut secret = grant.clone();
    secret.classification = Classification::Rahsia;
    let table = [
        ("another room", MeetingId::fresh(), token.clone(), Code::GrantRoom, Rule::Meet8),
        ("tampered", room, String::from_utf8(tampered).unwrap(), Code::GrantSignature, Rule::Meet8),
        ("another key", room, stranger.grant(&grant), Code::GrantSignature, Rule::Meet8),
        ("expired", room, stage.signer.grant(&expired), Code::GrantExpired, Rule::Meet8),
        ("no token", room, String::new(), Code::GrantMalformed, Rule::Meet8),
        ("RAHSIA", room, stage.signer.grant(&secret), Code::ClassificationTooHigh, Rule::Class2),
    ];
    for (name, room, token, code, rule) in table {
        let refusal = stage.open().await.join(room, &token, "good").await.expect_err(name);
        assert_eq!((refusal.code, refusal.rule), (code, Some(rule)), "{name}");
    }
    assert!(stage.signal.sessions.is_empty() && stage.facts().is_empty());
}

#[tokio::test]
async fn abuse_6_a_token_opens_one_session_however_many_show_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let stage = std::sync::Arc::new(Stage::new(folder.path()).await);
    let grant = stage.grant(MeetingId::fresh());
    let token = stage.signer.grant(&grant);
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (stage, token) = (stage.clone(), token.clone());
            tokio::spawn(async move {
                let mut client = stage.open().await;
                let answer = client.join(grant.room, &token, "good").await.map_err(|refusal| refusal.code);
                (client, answer)
            })
        })
        .collect();
    let mut won = Vec::new();
    for one in tries {
        match one.await.unwrap() {
            (client, Ok(joined)) => won.push((client, joined)),
            (_, Err(code)) => assert_eq!(code, Code::GrantUsed),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(stage.signal.sessions.len(), 1);
}

#[tokio::test]
async fn abuse_6_a_second_device_takes_over_with_a_fresh_grant() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let grant = stage.grant(MeetingId::fresh());
    let (mut first, joined) = stage.join(&grant).await;
    let mut fresh = grant.clone();
    fresh.jti = GrantId::fresh();
    let (_second, there) = stage.join(&fresh).await;
    first.hear_until(|it| matches!(it, ServerMessage::Ended { reason: LeaveReason::Replaced }).then_some(())).await;
    assert_eq!(first.closed().await, 1000);
    assert_eq!(there.state.participants.len(), 1, "one live session for each person");
    let back = stage.open().await.resume(&joined.ticket, Some("good")).await.unwrap_err();
    assert_eq!(back.code, Code::ResumeUnknown, "the ticket of the replaced session is void");
    assert_eq!(stage.signal.sessions.len(), 1);
}

#[tokio::test]
async fn an_offer_that_cannot_be_answered_leaves_the_token_unused() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let grant = stage.grant(MeetingId::fresh());
    let token = stage.signer.grant(&grant);
    let mut client = stage.open().await;
    assert_eq!(client.join(grant.room, &token, "bad").await.unwrap_err().code, Code::OfferUnacceptable);
    let joined = client.join(grant.room, &token, "good").await.unwrap();
    assert_eq!(joined.state.participants.len(), 1);
    let offered = client.say(ClientMessage::Offer { offer: "again".into(), publish: Vec::new() }).await;
    let answered =
        client.hear_until(|it| if let ServerMessage::Answer { id, answer } = it { Some((*id, answer.clone())) } else { None }).await;
    assert_eq!(answered, (offered, "answer again".into()));
    assert_eq!(
        client.ask(ClientMessage::Offer { offer: "bad".into(), publish: Vec::new() }).await.unwrap_err().code,
        Code::OfferUnacceptable
    );
    assert!(client.ask(ClientMessage::Ping).await.is_ok(), "the session survives it");
}

#[tokio::test]
async fn abuse_16_recording_is_refused_over_the_wire_by_its_rule() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let mut grant = stage.grant(MeetingId::fresh());
    (grant.classification, grant.role, grant.acts) = (Classification::Sulit, Role::Host, Role::Host.acts());
    let (mut host, joined) = stage.join(&grant).await;
    assert_eq!(joined.state.lacks, [Rule::Class4]);
    let refusal = host.ask(ClientMessage::StartRecording).await.unwrap_err();
    assert_eq!((refusal.code, refusal.rule), (Code::RecordingForbidden, Some(Rule::Class3)));
    assert!(stage.facts().iter().any(|it| matches!(it, Fact::RecordingRefused { rule: Rule::Class3, .. })));
}

#[tokio::test]
async fn the_version_is_checked_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let (version, room) = (SIGNAL_VERSION + 1, MeetingId::fresh());
    let join = ClientMessage::Join { version, room, token: String::new(), offer: String::new(), publish: Vec::new(), proof: None };
    let refusal = stage.open().await.begin(join).await.unwrap_err();
    assert_eq!((refusal.code, &refusal.values["version"]), (Code::SignalVersion, &SIGNAL_VERSION.into()));
}

#[tokio::test]
async fn whoever_is_not_in_yet_can_do_nothing_and_whoever_is_cannot_join_again() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let mut client = stage.open().await;
    assert_eq!(client.ask(ClientMessage::EndMeeting).await.unwrap_err().code, Code::SignalOutOfOrder);
    let grant = stage.grant(MeetingId::fresh());
    let token = stage.signer.grant(&grant);
    client.join(grant.room, &token, "good").await.unwrap();
    assert_eq!(client.join(grant.room, &token, "good").await.unwrap_err().code, Code::SignalOutOfOrder);
    let mut patient = stage.open().await;
    for _ in 0..4 {
        patient.ask(ClientMessage::Ping).await.unwrap_err();
    }
    assert_eq!(patient.closed().await, 1008);
}

#[tokio::test]
async fn a_control_command_reaches_the_socket() {
    use super::super::plane::MediaPlane;
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path()).await;
    let grant = stage.grant(MeetingId::fresh());
    let (mut client, _) = stage.join(&grant).await;
    let acts = [Act::PublishAudio].into();
    let replace = wire::control::Command::ReplaceGrant { room: grant.room, person: grant.sub, role: Role::Member, acts };
    stage.plane.send(crate::engine::api::Command::Control { command: replace, now_ms: now_ms() }).unwrap();
    client.hear_until(|it| if let ServerMessage::Acts { acts } = it { (acts.len() == 1).then_some(()) } else { None }).await;
    let end = wire::control::Command::EndRoom { room: grant.room, epoch: 2, reason: LeaveReason::MeetingEnded };
    stage.plane.send(crate::engine::api::Command::Control { command: end, now_ms: now_ms() }).unwrap();
    client.hear_until(|it| matches!(it, ServerMessage::Ended { reason: LeaveReason::MeetingEnded }).then_some(())).await;
    assert_eq!(client.closed().await, 1000);
}
