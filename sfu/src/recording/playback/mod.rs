//! Playback over HTTP: `/media/recordings/{recording}/...` of the media node.
//!
//! | | |
//! |---|---|
//! | `POST session` | a recording-view token (`Authorization: Bearer`) becomes a cookie that opens this recording alone |
//! | `GET manifest.json` | the tracks, with their place in time |
//! | `GET {source}.webm` | one track, by ranges (RFC 9110, section 14) |
//!
//! Whoever has no cookie for a recording, and whoever asks for one that is sealed, running or unknown, gets the same 404: nothing is learnt of
//! what there is.

mod cookie;
mod media;
mod range;

use self::cookie::CookieSealer;
use super::{library::Library, manifest::Manifest, webm::Span};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
    routing::{MethodFilter, on, post},
};
use serde::Serialize;
use std::sync::Arc;
use wire::{Code, Refusal, UnixMs, control::RecordedTrack, grant::RecordingViewClaims, id::RecordingId};

/// Says what a recording-view token says, once its signature, type, audience and times hold.
pub type VerifyView = Arc<dyn Fn(&str) -> Result<RecordingViewClaims, Refusal> + Send + Sync>;
/// The time of day.
pub type Now = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// A token is a few hundred bytes.
const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// Seconds after which an answer that found every place taken may be tried again.
const RETRY_AFTER_S: u64 = 2;

#[derive(Clone)]
struct Playback {
    library: Library,
    cookies: Arc<CookieSealer>,
    verify: VerifyView,
    now: Now,
}

/// The routes, for the media node's router.
pub fn router(library: Library, verify: VerifyView, now: Now) -> Router {
    let cookies = Arc::new(CookieSealer::new(library.store().key()));
    let read = MethodFilter::GET.or(MethodFilter::HEAD);
    Router::new()
        .route("/media/recordings/{recording}/session", post(open_session))
        .route("/media/recordings/{recording}/{file}", on(read, read_file))
        .with_state(Playback { library, cookies, verify, now })
}

/// What a player is told of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct RecordingView {
    recording: RecordingId,
    started_at_ms: UnixMs,
    duration_ms: i64,
    tracks: Vec<TrackView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct TrackView {
    #[serde(flatten)]
    track: RecordedTrack,
    /// Beside the manifest.
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<(u16, u16)>,
    /// When something came of it, counted from the start of the recording.
    spans: Vec<Span>,
    /// Its writer was cut short: the last second may be missing.
    recovered: bool,
}

async fn open_session(State(it): State<Playback>, Path(recording): Path<String>, headers: HeaderMap) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()).and_then(|it| it.strip_prefix("Bearer "));
    let Some(token) = bearer.filter(|it| it.len() <= TOKEN_BYTES_MAX) else {
        return refused(&Refusal::new(Code::GrantMalformed));
    };
    let claims = match (it.verify)(token) {
        Ok(claims) => claims,
        Err(refusal) => return refused(&refusal),
    };
    let asked: Option<RecordingId> = recording.parse().ok();
    if asked != Some(claims.recording) || it.manifest(claims.recording).await.is_none() {
        return not_found();
    }
    let cookie = it.cookies.fresh(claims.recording, claims.sub, (it.now)());
    private((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

async fn read_file(
    State(it): State<Playback>,
    Path((recording, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Ok(recording) = recording.parse::<RecordingId>() else { return not_found() };
    let Some(seen) = it.cookies.read(&headers, recording, (it.now)()) else { return not_found() };
    let Some(manifest) = it.manifest(recording).await else { return not_found() };
    let answer = match file.as_str() {
        "manifest.json" => Json(view(&manifest)).into_response(),
        file => media::serve(&it.library, &manifest, file, seen.person, &method, &headers).await,
    };
    let mut answer = private(answer);
    if let Some(cookie) = seen.renewed {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

impl Playback {
    /// None where there is nothing to show, or it cannot be read, which is logged.
    async fn manifest(&self, recording: RecordingId) -> Option<Manifest> {
        let library = self.library.clone();
        let read = tokio::task::spawn_blocking(move || library.shown(recording)).await;
        match read {
            Ok(Ok(manifest)) => manifest,
            Ok(Err(error)) => {
                tracing::error!(recording.id = %recording, %error, "a recording cannot be read");
                None
            }
            Err(error) => {
                tracing::error!(recording.id = %recording, %error, "reading a recording panicked");
                None
            }
        }
    }
}

fn view(manifest: &Manifest) -> RecordingView {
    let tracks = manifest.tracks.iter().filter(|it| it.condition.can_be_played()).map(|it| TrackView {
        track: it.recorded(),
        file: format!("{}.webm", it.source),
        size: it.size,
        spans: it.spans.clone(),
        recovered: it.condition == super::manifest::TrackCondition::Recovered,
    });
    RecordingView {
        recording: manifest.recording,
        started_at_ms: manifest.epoch_ms,
        duration_ms: manifest.duration_ms,
        tracks: tracks.collect(),
    }
}

/// For this person's browser alone, to be kept nowhere and taken for nothing else.
fn private(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-site"));
    answer
}

fn not_found() -> Response {
    refused(&Refusal::new(Code::NotFound))
}

fn busy() -> Response {
    let mut answer = refused(&Refusal::new(Code::Unavailable).with("retry_after_s", RETRY_AFTER_S));
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    answer
}

/// RFC 9457, as the control plane answers.
fn refused(refusal: &Refusal) -> Response {
    #[derive(Serialize)]
    struct Problem<'a> {
        r#type: &'static str,
        status: u16,
        #[serde(flatten)]
        refusal: &'a Refusal,
    }
    let status = refusal.code.status();
    let body = serde_json::to_vec(&Problem { r#type: "about:blank", status, refusal }).unwrap_or_default();
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    private(answer)
}
