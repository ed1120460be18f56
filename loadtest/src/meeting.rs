//! The situation "a meeting of N": everybody joins, everybody sends, everybody is checked for hearing the others.

use crate::{
    api::Api,
    participant::{Behaviour, Participant, Received},
};
use anyhow::{Context, Result};
use serde::Serialize;
use std::time::Duration;
use wire::id::MeetingId;

#[derive(Debug, Serialize)]
pub struct Report {
    pub people: usize,
    pub seconds: u64,
    pub packets_received: u64,
    pub packets_per_second: f64,
    /// From the press on Join to the first media packet, milliseconds.
    pub join_ms_p50: u128,
    pub join_ms_max: u128,
    /// People whose sound reached everybody who listened, and the fewest others anybody saw.
    pub fewest_heard: usize,
    pub fewest_seen: usize,
}

/// Joins all, one after another, as people come.
pub async fn join_all(people: &[Api], meeting: MeetingId, behaviour: &Behaviour, mut joined: impl FnMut()) -> Result<Vec<Participant>> {
    let mut inside = Vec::with_capacity(people.len());
    for (mark, api) in people.iter().enumerate() {
        let participant = Participant::join(api, meeting, mark as u32, behaviour.clone()).await;
        inside.push(participant.with_context(|| format!("person {mark}"))?);
        joined();
    }
    Ok(inside)
}

/// Lets the meeting run and counts what arrives meanwhile.
pub async fn run(inside: &[Participant], seconds: u64) -> Report {
    let before: Vec<Received> = inside.iter().map(Participant::received).collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after: Vec<Received> = inside.iter().map(Participant::received).collect();
    let packets_received = before.iter().zip(&after).map(|(a, b)| b.packets - a.packets).sum::<u64>();
    let mut joins: Vec<_> = after.iter().filter_map(|it| it.first_media_after).map(|it| it.as_millis()).collect();
    joins.sort_unstable();
    Report {
        people: inside.len(),
        seconds,
        packets_received,
        packets_per_second: packets_received as f64 / seconds.max(1) as f64,
        join_ms_p50: joins.get(joins.len() / 2).copied().unwrap_or_default(),
        join_ms_max: joins.last().copied().unwrap_or_default(),
        fewest_heard: after.iter().map(|it| it.audio_by_person.len()).min().unwrap_or_default(),
        fewest_seen: after.iter().map(|it| it.frames_by_person.len()).min().unwrap_or_default(),
    }
}
