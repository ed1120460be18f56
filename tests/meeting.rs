//! Meetings of headless people against the whole executable, over the HTTP API, the signalling protocol and real media.

mod common;

use anyhow::{Context, Result};
use common::executable;
use loadtest::{
    api::Api,
    meeting::join_all,
    node::Node,
    participant::{Behaviour, JoinRefused, Participant, grant, open_socket, receive, send},
    people,
};
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use wire::{Code, Rule, id::MeetingId, signal::*};

/// Everything here is over long before; it only keeps a broken build from hanging.
const PATIENCE: Duration = Duration::from_secs(90);

fn now_ms() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

struct Service {
    node: Node,
    people: Vec<Api>,
    meeting: MeetingId,
    created: Value,
    _data: tempfile::TempDir,
}

async fn meeting_of(count: usize) -> Result<Service> {
    let data = tempfile::tempdir()?;
    let node = Node::start(&executable(), data.path(), &[("SIDANG_LOG_FILTER", "warn")]).await?;
    let administrator = people::first_administrator(&executable(), data.path(), &node).await?;
    let people = people::officers(&administrator, count, || ()).await?;
    let created = people::open_meeting(&people, now_ms()).await?;
    let meeting = created["id"].as_str().context("no meeting id")?.parse()?;
    Ok(Service { node, people, meeting, created, _data: data })
}

async fn within<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, what).await.context("it took too long")?
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_people_hear_and_see_each_other_in_one_room() -> Result<()> {
    within(async {
        let service = meeting_of(20).await?;
        let behaviour = Behaviour { video_frames_per_second: 5, ..Behaviour::default() };
        let mut inside = join_all(&service.people, service.meeting, &behaviour, || ()).await?;
        for participant in &mut inside {
            participant.until(|view| view.participants.len() == 20).await?;
        }
        for participant in &inside {
            // As many people as there are slots, and nobody gets his own sound or picture back.
            participant.until_received(|it| it.audio_by_person.len() >= 3 && it.frames_by_person.len() >= 4).await;
            let received = participant.received();
            assert!(
                !received.audio_by_person.contains_key(&participant.mark) && !received.frames_by_person.contains_key(&participant.mark)
            );
        }
        let first = inside.remove(0);
        let gone = first.session;
        first.leave().await;
        for participant in &mut inside {
            participant.until(|view| view.participants.iter().all(|it| it.session != gone)).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_dash_nine_and_a_start_everybody_is_back_and_no_booking_is_lost() -> Result<()> {
    within(async {
        let mut service = meeting_of(3).await?;
        let inside = join_all(&service.people, service.meeting, &Behaviour::default(), || ()).await?;
        for participant in &inside {
            participant.until_received(|it| it.audio_by_person.len() == 2 && it.frames_by_person.len() == 2).await;
        }
        let tickets: Vec<_> = inside.iter().map(|it| (it.mark, it.session, it.ticket())).collect();
        service.node.kill().await?;
        for participant in inside {
            participant.vanish().await;
        }
        service.node.start_again().await?;
        let mut back = Vec::new();
        for (mark, session, ticket) in tickets {
            let participant = Participant::resume(&service.node.origin, "/media/signal", ticket, mark, Behaviour::default()).await?;
            assert_eq!(participant.session, session, "the session is the same as before");
            back.push(participant);
        }
        for participant in &mut back {
            participant.until(|view| view.participants.len() == 3).await?;
            participant.until_received(|it| it.audio_by_person.len() == 2 && it.frames_by_person.len() == 2).await;
        }
        let again = service.people[0].get(&format!("/meetings/{}", service.meeting)).await?;
        assert_eq!(again["title"], service.created["title"]);
        Ok(())
    })
    .await
}

async fn refused_join(service: &Service, token: String, room: MeetingId) -> Result<wire::Refusal> {
    let mut socket = open_socket(&service.node.origin, "/media/signal").await?;
    let message = ClientMessage::Join { version: 1, room, token, offer: String::new(), publish: vec![], proof: None };
    send(&mut socket, 1, message).await?;
    match receive(&mut socket).await? {
        ServerMessage::Refused { refusal, .. } => Ok(refusal),
        other => anyhow::bail!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_own_room_once_and_nothing_else() -> Result<()> {
    within(async {
        let service = meeting_of(2).await?;
        let other = people::open_meeting(&service.people, now_ms()).await?["id"].as_str().context("no id")?.parse::<MeetingId>()?;

        let (token, _) = grant(&service.people[0], service.meeting).await?;
        let refusal = refused_join(&service, token.clone(), other).await?;
        assert_eq!((refusal.code, refusal.rule), (Code::GrantRoom, Some(Rule::Meet8)), "for another room");

        let mut tampered = token.clone();
        let middle = tampered.find('.').context("a token has dots")? + 12;
        let replacement = if tampered.as_bytes()[middle] == b'A' { "B" } else { "A" };
        tampered.replace_range(middle..=middle, replacement);
        let refusal = refused_join(&service, tampered, service.meeting).await?;
        assert!(matches!(refusal.code, Code::GrantSignature | Code::GrantMalformed), "tampered: {refusal}");
        assert_eq!(refusal.rule, Some(Rule::Meet8));

        // Used once, then worthless, although its time has not run out; the first use is not disturbed.
        let (token, signal_url) = grant(&service.people[1], service.meeting).await?;
        let join =
            |mark| Participant::join_with(&service.node.origin, &signal_url, service.meeting, token.clone(), mark, Behaviour::default());
        let inside = join(0).await?;
        let again = join(1).await.err().context("one token let two in")?;
        let refusal = &again.downcast_ref::<JoinRefused>().context("refused with a reason")?.0;
        assert_eq!((refusal.code, refusal.rule), (Code::GrantUsed, Some(Rule::Meet8)), "used");
        assert!(!inside.view.borrow().socket_closed);
        inside.leave().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_sent_out_comes_back_neither_by_the_same_token_nor_by_a_fresh_one() -> Result<()> {
    within(async {
        let service = meeting_of(2).await?;
        let mut inside = join_all(&service.people, service.meeting, &Behaviour::default(), || ()).await?;
        // Minted before, and not used yet.
        let (spare, signal_url) = grant(&service.people[1], service.meeting).await?;
        let session = inside[1].session;
        assert_eq!(inside[0].ask(ClientMessage::Remove { session }).await?, None);
        inside[1].until(|view| view.ended == Some(LeaveReason::Removed)).await?;
        let again = Participant::join_with(&service.node.origin, &signal_url, service.meeting, spare, 1, Behaviour::default()).await;
        let again = again.err().context("who was sent out came back")?;
        let refusal = &again.downcast_ref::<JoinRefused>().context("refused with a reason")?.0;
        assert_eq!((refusal.code, refusal.rule), (Code::GrantRevoked, Some(Rule::Meet8)));
        // The fact travels to the control plane: look until it is there. From then on there is no fresh one.
        let path = format!("/meetings/{}/grant", service.meeting);
        let refused = loop {
            let answer = service.people[1].post(&path, serde_json::json!({})).await?;
            if !answer.status.is_success() {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!((refused.refused_with(), refused.rule()), (Some("meeting.not_listed"), Some("MEET-8")));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_listed_gets_no_token() -> Result<()> {
    within(async {
        let service = meeting_of(3).await?;
        let outsiders = service.people[2..].to_vec();
        let small = people::open_meeting(&service.people[..2], now_ms()).await?;
        let answer =
            outsiders[0].post(&format!("/meetings/{}/grant", small["id"].as_str().unwrap_or_default()), serde_json::json!({})).await?;
        assert_eq!((answer.refused_with(), answer.rule()), (Some("meeting.not_listed"), Some("MEET-8")));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_meeting_is_recorded_before_all_eyes_and_the_file_can_be_fetched_by_those_who_may() -> Result<()> {
    within(async {
        let service = meeting_of(3).await?;
        let mut inside = join_all(&service.people[..2], service.meeting, &Behaviour::default(), || ()).await?;
        let refusal = inside[1].ask(ClientMessage::StartRecording).await?.context("a member started a recording")?;
        assert_eq!(refusal.code, Code::ActForbidden);
        assert_eq!(inside[0].ask(ClientMessage::StartRecording).await?, None);
        for participant in &mut inside {
            participant.until(|view| view.recording.is_some()).await?;
        }
        // Who joins later is told at once.
        let late = Participant::join(&service.people[2], service.meeting, 2, Behaviour::default()).await?;
        let ServerMessage::Joined { state, .. } = &late.joined else { anyhow::bail!("not joined") };
        assert!(state.recording.is_some());
        assert!(state.participants.iter().any(|it| it.kind == ParticipantKind::Recorder), "the recorder stands in the roster");
        late.until_received(|it| it.video_packets > 60).await;
        assert_eq!(inside[0].ask(ClientMessage::StopRecording).await?, None);
        for participant in &mut inside {
            participant.until(|view| view.recording.is_none()).await?;
        }
        // The index is filled by a fact that travels: look until it is there.
        let path = format!("/meetings/{}/recordings", service.meeting);
        let recording = loop {
            let list = service.people[1].get(&path).await?;
            if list["recordings"][0]["state"] == "kept" {
                break list["recordings"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let tracks = recording["tracks"].as_array().context("no tracks")?;
        assert!(tracks.len() >= 4, "two people's sound and pictures at least: {tracks:?}");
        let view = service.people[1]
            .post(&format!("/recordings/{}/view", recording["id"].as_str().unwrap_or_default()), serde_json::json!({}))
            .await?
            .ok()?;
        let base = format!("{}/media/recordings/{}", service.node.origin, recording["id"].as_str().unwrap_or_default());
        let http = loadtest::api::client()?;
        let track = format!("{base}/{}.webm", tracks[0]["source"].as_str().unwrap_or_default());
        assert_eq!(http.get(&track).send().await?.status(), 404, "without the cookie there is nothing");
        let session = http
            .request(Method::POST, format!("{base}/session"))
            .header("origin", &service.node.origin)
            .bearer_auth(view["token"].as_str().context("no token")?)
            .send()
            .await?;
        let cookie = session.headers().get("set-cookie").context("no cookie")?.to_str()?.split(';').next().unwrap_or_default().to_owned();
        let file = http.get(&track).header("cookie", cookie).send().await?;
        assert_eq!(file.status(), 200);
        assert!(file.bytes().await?.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]), "an EBML head (RFC 8794)");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classified_meeting_is_refused_recording_by_the_media_plane_itself() -> Result<()> {
    within(async {
        let data = tempfile::tempdir()?;
        let node = common::demonstration(data.path()).await?;
        let host = people::demonstration_person(&node, "uc_administrator").await?;
        let starts = now_ms() - now_ms().rem_euclid(900_000);
        let body = |classification: &str| {
            serde_json::json!({ "title": "Mesyuarat ujian", "classification": classification, "starts_at_ms": starts, "ends_at_ms": starts + 3_600_000, "people": [] })
        };
        let created = host.post("/meetings", body("SULIT")).await?.ok()?;
        assert_eq!(created["lacks"], serde_json::json!(["CLASS-4"]));
        let meeting = created["id"].as_str().context("no id")?.parse()?;
        let inside = Participant::join(&host, meeting, 0, Behaviour::default()).await?;
        let refusal = inside.ask(ClientMessage::StartRecording).await?.context("a SULIT meeting was recorded")?;
        assert_eq!((refusal.code, refusal.rule), (Code::RecordingForbidden, Some(Rule::Class3)));
        let ServerMessage::Joined { state, .. } = &inside.joined else { anyhow::bail!("not joined") };
        assert_eq!(state.lacks, vec![Rule::Class4]);

        let refused = host.post("/meetings", body("RAHSIA")).await?;
        assert_eq!((refused.refused_with(), refused.rule()), (Some("classification.too_high"), Some("CLASS-2")));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_a_classified_meeting_does_not_start() -> Result<()> {
    within(async {
        let service = meeting_of(1).await?;
        let starts = now_ms() - now_ms().rem_euclid(900_000);
        let body = serde_json::json!({ "title": "Mesyuarat ujian", "classification": "TERHAD", "starts_at_ms": starts, "ends_at_ms": starts + 3_600_000, "people": [] });
        let answer = service.people[0].post("/meetings", body).await?;
        let refused = match answer.status.is_success() {
            false => answer,
            true => {
                let id = answer.body["id"].as_str().context("no id")?.to_owned();
                service.people[0].post(&format!("/meetings/{id}/grant"), serde_json::json!({})).await?
            }
        };
        assert_eq!((refused.refused_with(), refused.rule()), (Some("classification.security_functions_missing"), Some("CLASS-4")));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_the_process_cleanly_with_people_inside() -> Result<()> {
    within(async {
        let service = meeting_of(2).await?;
        let inside = join_all(&service.people, service.meeting, &Behaviour::default(), || ()).await?;
        let status = service.node.stop().await?;
        assert!(status.success(), "{status}");
        for mut participant in inside {
            participant.until(|view| view.socket_closed).await?;
            assert_eq!(participant.view.borrow().ended, None, "nobody is told that the meeting ended");
        }
        Ok(())
    })
    .await
}

#[test]
fn a_refused_join_says_why() {
    let refusal = JoinRefused(wire::Refusal::by(Code::GrantExpired, Rule::Meet8));
    assert_eq!(refusal.to_string(), "join refused: grant.expired (MEET-8)");
}
