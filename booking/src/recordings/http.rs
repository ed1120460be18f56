//! Routes of recordings: which there are, and a token that opens one.

use super::{RecordingState, Stored, store};
use crate::{
    Booking,
    meetings::{self, grant, rules},
    people::People,
};
use axum::extract::State;
use identity::{Actor, PersonRole};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    extract::{Json, Path},
    problem::Problem,
};
use serde::Serialize;
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule, UnixMs,
    control::RecordedTrack,
    grant::RECORDING_VIEW_TYP,
    id::{MeetingId, RecordingId},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Recordings {
    pub recordings: Vec<Recording>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Recording {
    pub id: RecordingId,
    pub started_at_ms: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The name of who started it.
    pub by: String,
    pub state: RecordingState,
    pub tracks: Vec<RecordedTrack>,
}

/// The recordings of a meeting (MEET-3), for its people and for the auditor.
#[utoipa::path(get, path = "/meetings/{id}/recordings", tag = "recordings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = Recordings), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Json<Recordings>> {
    let mut tx = booking.db.read().await?;
    of_meeting(&mut tx, &actor, id).await?;
    let found = store::of_meeting(&mut tx, id).await?;
    let people = People::of(&mut tx, found.iter().map(|it| it.started_by).collect()).await?;
    let shown = found.into_iter().map(|it| Recording {
        id: it.id,
        started_at_ms: it.started_at,
        duration_ms: it.duration_ms,
        by: people.name(it.started_by),
        state: it.state,
        // Who was heard in a sealed one is part of what is sealed.
        tracks: if it.state == RecordingState::Sealed { Vec::new() } else { it.tracks },
    });
    Ok(Json(Recordings { recordings: shown.collect() }))
}

/// The meeting, if the person may see its recordings.
async fn of_meeting(tx: &mut Tx, actor: &Actor, id: MeetingId) -> Result<meetings::Stored> {
    let meeting = meetings::store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    rules::may_view_recordings(&meeting, actor.person, actor.has(PersonRole::Auditor))?;
    Ok(meeting)
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ViewGrant {
    /// For `Authorization` of the request that opens the recording at the media plane, and for nothing else.
    pub token: String,
    /// What stands before `/media/recordings/…`.
    pub media_url: String,
}

/// Mints a token that opens one recording for this person. A sealed one opens for nobody (CLASS-6).
#[utoipa::path(post, path = "/recordings/{id}/view", tag = "recordings", params(("id" = RecordingId, Path)),
    responses((status = 200, body = ViewGrant), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn view(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<RecordingId>) -> Result<Json<ViewGrant>> {
    let row = || Entry::new(booking.clock.now(), "recording.view", "recording", id).by(actor.person).on_behalf_of(actor.agency.id);
    let outcome = mint(&booking, &actor, id, row()).await;
    let token = audit::record_refusal(&booking.db, outcome, row).await?;
    Ok(Json(ViewGrant { token, media_url: booking.settings.media_url.clone() }))
}

async fn mint(booking: &Booking, actor: &Actor, id: RecordingId, row: Entry) -> Result<String> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let recording = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        let meeting = of_meeting(tx, actor, recording.meeting).await?;
        openable(&recording)?;
        let claims = grant::view_claims(id, actor.person, &booking.settings, now);
        let signed = booking.keys.sign(RECORDING_VIEW_TYP, &claims)?;
        let minted = meetings::store::Minted {
            id: claims.jti,
            meeting: meeting.id,
            recording: Some(id),
            person: actor.person,
            epoch: meeting.epoch,
            key_id: &signed.key_id,
            issued_at: now,
            expires_at: UnixMs::from_seconds(claims.exp),
        };
        meetings::store::mint(tx, &minted).await?;
        audit::record(tx, row.clone().rule(Rule::Meet3).detail("meeting", meeting.id.to_string()));
        Ok(signed.token)
    })
}

fn openable(recording: &Stored) -> Result<(), Refusal> {
    match recording.state {
        RecordingState::Kept => Ok(()),
        RecordingState::Sealed => Err(Refusal::by(Code::RecordingForbidden, Rule::Class6)),
        RecordingState::Running => Err(Refusal::new(Code::RecordingRunning)),
        RecordingState::Failed => Err(Refusal::new(Code::NotFound)),
    }
}
