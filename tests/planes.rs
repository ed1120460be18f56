//! The two planes as two processes: each goes on without the other, and what happened meanwhile is told afterwards.

mod common;

use anyhow::{Context, Result};
use common::executable;
use loadtest::{
    meeting::join_all,
    node::Node,
    participant::{Behaviour, Participant},
    people,
};
use std::time::{Duration, SystemTime};

/// Everything here is over long before; it only keeps a broken build from hanging.
const PATIENCE: Duration = Duration::from_secs(120);

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Looks until the meeting has so many people: the fact travels from one process to the other.
async fn until_present(api: &loadtest::api::Api, meeting: &str, count: u64) -> Result<()> {
    while api.get(&format!("/meetings/{meeting}")).await?["present"] != count {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plane_goes_on_without_the_other() -> Result<()> {
    tokio::time::timeout(PATIENCE, story()).await.context("it took too long")?
}

async fn story() -> Result<()> {
    let (booking_data, media_data) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (booking_port, media_port) = (free_port()?, free_port()?);
    let booking_url = format!("http://localhost:{booking_port}");
    let key = Node::admin(&executable(), media_data.path(), &["node-key"]).await?;
    let booking_environment = [
        ("SIDANG_HTTP_LISTEN", format!("127.0.0.1:{booking_port}")),
        ("SIDANG_MEDIA_NODES", key.trim().to_owned()),
        ("SIDANG_MEDIA_SIGNAL_URL", format!("ws://localhost:{media_port}/media/signal")),
        ("SIDANG_LOG_FILTER", "warn".to_owned()),
    ];
    let booking_environment: Vec<_> = booking_environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut booking = Node::start_as("booking", &executable(), booking_data.path(), &booking_environment).await?;
    let listen = format!("127.0.0.1:{media_port}");
    let media_environment =
        [("SIDANG_HTTP_LISTEN", listen.as_str()), ("SIDANG_BOOKING_URL", booking_url.as_str()), ("SIDANG_LOG_FILTER", "warn")];
    let mut media = Node::start_as("sfu", &executable(), media_data.path(), &media_environment).await?;

    let administrator = people::first_administrator(&executable(), booking_data.path(), &booking).await?;
    let apis = people::officers(&administrator, 3, || ()).await?;
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as i64;
    let created = people::open_meeting(&apis, now_ms).await?;
    let meeting = created["id"].as_str().context("no id")?.to_owned();
    let mut inside = join_all(&apis[..2], meeting.parse()?, &Behaviour::default(), || ()).await?;
    until_present(&apis[0], &meeting, 2).await?;

    // Booking goes away: the call goes on.
    booking.kill().await?;
    let before = inside[0].received().packets;
    inside[0].until_received(|it| it.packets > before + 200).await;
    inside.pop().context("two are inside")?.leave().await;
    inside[0].until(|view| view.participants.len() == 1).await?;

    // It comes back and is told what happened meanwhile; who is inside stays inside.
    booking.start_again().await?;
    until_present(&apis[0], &meeting, 1).await?;
    let third = Participant::join(&apis[2], meeting.parse()?, 2, Behaviour::default()).await?;
    inside[0].until_received(|it| it.audio_by_person.contains_key(&2)).await;
    third.leave().await;

    // The media node goes away: bookings go on.
    media.kill().await?;
    let another = people::open_meeting(&apis, now_ms).await?;
    assert_eq!(another["state"], "open");
    media.start_again().await?;
    let again = Participant::join(&apis[2], meeting.parse()?, 2, Behaviour::default()).await?;
    again.leave().await;
    Ok(())
}
