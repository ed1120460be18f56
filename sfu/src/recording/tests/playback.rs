//! The routes of playback.

use super::scene::{ClipFrame, EPOCH_MS, Scene, Sender};
use crate::recording::{
    library::Library,
    manifest::Manifest,
    playback::router,
    session::close,
    store::{Part, StoredFile},
};
use axum::{Router, body::Body, http::Request, http::Response};
use http_body_util::BodyExt;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tower::ServiceExt;
use wire::{
    Code, Refusal, UnixMs,
    control::RecordingStop,
    grant::RecordingViewClaims,
    id::{GrantId, PersonId, RecordingId, SourceId},
    signal::SourceKind,
};

struct Cinema {
    scene: Scene,
    router: Router,
    now_ms: Arc<AtomicI64>,
    camera: SourceId,
}

/// Frames of bytes that no decoder needs to like.
fn made_up(count: u64, bytes: usize, head: impl Fn(u64) -> Vec<u8>) -> Vec<ClipFrame> {
    let frame = |number: u64| {
        let mut data = head(number);
        data.extend((0..bytes as u64).map(|it| (it * number) as u8));
        ClipFrame { at_ms: 20 * number, ticks: (1800 * number) as u32, data }
    };
    (0..count).map(frame).collect()
}

/// A VP8 key frame of 320 by 180 once a second and a half, and frames that lean on it.
fn picture_head(number: u64) -> Vec<u8> {
    if number.is_multiple_of(75) { vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0] } else { vec![0x11] }
}

/// The token of a recording is its id.
fn verify(token: &str) -> Result<RecordingViewClaims, Refusal> {
    let recording = token.parse().map_err(|_| Refusal::new(Code::GrantSignature))?;
    let (iss, aud) = ("booking".to_owned(), "media".to_owned());
    Ok(RecordingViewClaims { iss, aud, sub: PersonId::fresh(), jti: GrantId::fresh(), iat: 0, nbf: 0, exp: 0, recording })
}

impl Cinema {
    fn new() -> Self {
        Self::with_readers(8)
    }

    fn with_readers(readers_max: usize) -> Self {
        let scene = Scene::new();
        let (mut camera, mut microphone) = (Sender::new(SourceKind::Camera), Sender::new(SourceKind::Microphone));
        let mut packets = camera.send(&scene, scene.recording, &made_up(200, 3_000, picture_head), 500);
        packets.extend(microphone.send(&scene, scene.recording, &made_up(300, 80, |_| vec![0xf8]), 0));
        scene.record(&[&camera, &microphone], packets);
        let now_ms = Arc::new(AtomicI64::new(EPOCH_MS.0));
        let clock = now_ms.clone();
        let library = Library::new(scene.store.clone(), readers_max);
        let router = router(library, Arc::new(verify), Arc::new(move || UnixMs(clock.load(Ordering::Relaxed))));
        Self { scene, router, now_ms, camera: camera.source }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(format!("/media/recordings/{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// The cookie of one who may watch.
    async fn cookie(&self) -> String {
        let id = self.scene.recording.to_string();
        let answer = self.ask("POST", &format!("{id}/session"), &[("authorization", &format!("Bearer {id}"))]).await;
        assert_eq!(answer.status(), 204);
        let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains(&format!("Path=/media/recordings/{id};")));
        set.split(';').next().unwrap().to_owned()
    }

    fn film(&self) -> String {
        format!("{}/{}.webm", self.scene.recording, self.camera)
    }
}

fn field<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |it| it.to_str().unwrap())
}

async fn body(answer: Response<Body>) -> Vec<u8> {
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn the_table_of_ranges_gives_the_bytes_of_the_file() {
    let cinema = Cinema::new();
    let whole = cinema.scene.bytes(cinema.camera);
    let bytes = whole.len();
    let cookie = cinema.cookie().await;
    let middle = bytes / 2;
    for (range, status, from, to) in [
        (None, 200, 0, bytes),
        (Some("bytes=0-".to_owned()), 206, 0, bytes),
        (Some("bytes=0-0".to_owned()), 206, 0, 1),
        (Some(format!("bytes={middle}-")), 206, middle, bytes),
        (Some(format!("bytes={middle}-{}", middle + 70_000)), 206, middle, bytes.min(middle + 70_001)),
        (Some("bytes=-100".to_owned()), 206, bytes - 100, bytes),
        (Some(format!("bytes={}-", bytes - 1)), 206, bytes - 1, bytes),
        (Some(format!("bytes={bytes}-")), 416, 0, 0),
        (Some("bytes=0-1,5-9".to_owned()), 200, 0, bytes),
    ] {
        for method in ["GET", "HEAD"] {
            let mut headers = vec![("cookie", cookie.as_str())];
            headers.extend(range.as_deref().map(|it| ("range", it)));
            let answer = cinema.ask(method, &cinema.film(), &headers).await;
            assert_eq!(answer.status().as_u16(), status, "{method} {range:?}");
            assert_eq!(field(&answer, "content-length"), (to - from).to_string(), "{method} {range:?}");
            let content_range = match status {
                206 => format!("bytes {from}-{}/{bytes}", to - 1),
                416 => format!("bytes */{bytes}"),
                _ => String::new(),
            };
            assert_eq!(field(&answer, "content-range"), content_range);
            assert_eq!(field(&answer, "accept-ranges"), "bytes");
            assert_eq!(field(&answer, "content-type"), "video/webm; codecs=vp8");
            assert_eq!(field(&answer, "cache-control"), "private, no-store");
            assert_eq!(field(&answer, "x-content-type-options"), "nosniff");
            let expected = if method == "GET" { &whole[from..to] } else { &[] };
            assert!(body(answer).await == expected, "{method} {range:?}");
        }
    }
}

#[tokio::test]
async fn a_range_of_a_file_that_is_another_now_is_answered_whole() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    let first = cinema.ask("HEAD", &cinema.film(), &[("cookie", &cookie)]).await;
    let tag = field(&first, "etag").to_owned();
    for (tag, status) in [(tag.as_str(), 206), ("\"another\"", 200)] {
        let answer = cinema.ask("HEAD", &cinema.film(), &[("cookie", &cookie), ("range", "bytes=5-9"), ("if-range", tag)]).await;
        assert_eq!(answer.status().as_u16(), status);
    }
}

#[tokio::test]
async fn the_manifest_tells_a_player_what_there_is() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    let answer = cinema.ask("GET", &format!("{}/manifest.json", cinema.scene.recording), &[("cookie", &cookie)]).await;
    assert_eq!((answer.status().as_u16(), field(&answer, "content-type")), (200, "application/json"));
    let view: serde_json::Value = serde_json::from_slice(&body(answer).await).unwrap();
    assert_eq!(view["started_at_ms"], EPOCH_MS.0);
    let camera = &view["tracks"][0];
    assert_eq!(camera["source"], cinema.camera.to_string());
    assert_eq!(camera["file"], format!("{}.webm", cinema.camera));
    assert_eq!((&camera["kind"], &camera["starts_after_ms"]), (&"camera".into(), &500.into()));
    assert_eq!(camera["size"], serde_json::json!([320, 180]));
    assert_eq!(camera["spans"][0]["from_ms"], 500);
    assert_eq!(camera["bytes"], cinema.scene.bytes(cinema.camera).len());
}

#[tokio::test]
async fn nobody_learns_what_there_is() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    let (id, film) = (cinema.scene.recording, cinema.film());
    let forged = format!("{}A", &cookie[..cookie.len() - 1]);
    let other = RecordingId::fresh();
    for (path, cookie) in [
        (film.clone(), None),
        (format!("{id}/manifest.json"), None),
        (film.clone(), Some("__Secure-sidang_recording=".to_owned())),
        (film.clone(), Some(if forged == cookie { format!("{}Q", &cookie[..cookie.len() - 1]) } else { forged })),
        (format!("{other}/manifest.json"), Some(cookie.clone())),
        (format!("{other}/{}.webm", cinema.camera), Some(cookie.clone())),
        (format!("{id}/{}.webm", SourceId::fresh()), Some(cookie.clone())),
        (format!("{id}/{}.head", cinema.camera), Some(cookie.clone())),
        (format!("{id}/manifest"), Some(cookie.clone())),
        (format!("{id}/..%2f..%2fkey"), Some(cookie.clone())),
        ("nonsense/manifest.json".to_owned(), Some(cookie.clone())),
    ] {
        let headers: Vec<_> = cookie.as_deref().map(|it| ("cookie", it)).into_iter().collect();
        let answer = cinema.ask("GET", &path, &headers).await;
        assert_eq!(answer.status(), 404, "{path}");
        let problem: serde_json::Value = serde_json::from_slice(&body(answer).await).unwrap();
        assert_eq!(problem, serde_json::json!({ "type": "about:blank", "status": 404, "code": "not_found", "values": {} }), "{path}");
    }
}

#[tokio::test]
async fn a_session_is_opened_by_a_good_token_for_this_recording_alone() {
    let cinema = Cinema::new();
    let (id, other) = (cinema.scene.recording.to_string(), RecordingId::fresh().to_string());
    let long = "x".repeat(5_000);
    for (path, token, status, code) in [
        (&id, None, 401, "grant.malformed"),
        (&id, Some("Basic abc"), 401, "grant.malformed"),
        (&id, Some("Bearer forged"), 401, "grant.signature"),
        (&id, Some(&*format!("Bearer {long}")), 401, "grant.malformed"),
        (&id, Some(&*format!("Bearer {other}")), 404, "not_found"),
        (&other, Some(&*format!("Bearer {id}")), 404, "not_found"),
        (&other, Some(&*format!("Bearer {other}")), 404, "not_found"),
    ] {
        let headers: Vec<_> = token.map(|it| ("authorization", it)).into_iter().collect();
        let answer = cinema.ask("POST", &format!("{path}/session"), &headers).await;
        assert_eq!((answer.status().as_u16(), field(&answer, "set-cookie")), (status, ""), "{token:?}");
        let problem: serde_json::Value = serde_json::from_slice(&body(answer).await).unwrap();
        assert_eq!(problem["code"], code);
    }
}

#[tokio::test]
async fn a_cookie_ages_is_renewed_and_ends() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    let at = async |minutes: i64, cookie: &str| {
        cinema.now_ms.store(EPOCH_MS.0 + minutes * 60_000, Ordering::Relaxed);
        let answer = cinema.ask("HEAD", &cinema.film(), &[("cookie", cookie)]).await;
        (answer.status().as_u16(), field(&answer, "set-cookie").to_owned())
    };
    assert_eq!(at(4, &cookie).await, (200, String::new()));
    let (status, renewed) = at(9, &cookie).await;
    assert_eq!(status, 200);
    let renewed = renewed.split(';').next().unwrap();
    assert_eq!(at(18, renewed).await.0, 200);
    assert_eq!(at(10, &cookie).await.0, 404);
}

#[tokio::test]
async fn a_sealed_recording_is_gone_for_those_who_watch_it() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    assert_eq!(cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await.status(), 200);
    let mut manifest = Manifest::read(&cinema.scene.store, cinema.scene.recording).unwrap();
    close(&cinema.scene.store, &mut manifest, RecordingStop::ClassificationRaised);
    assert_eq!(cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await.status(), 404);
    close(&cinema.scene.store, &mut manifest, RecordingStop::Requested);
    assert_eq!(cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await.status(), 404, "sealed stays sealed");
}

#[tokio::test]
async fn a_recording_that_runs_is_not_shown() {
    let cinema = Cinema::new();
    let scene = Scene { recording: RecordingId::fresh(), ..Scene::new() };
    let _session = scene.session();
    let library = Library::new(scene.store.clone(), 8);
    assert!(library.shown(scene.recording).unwrap().is_none());
    assert!(Library::new(cinema.scene.store.clone(), 8).shown(cinema.scene.recording).unwrap().is_some());
}

#[tokio::test]
async fn readers_are_bounded() {
    let cinema = Cinema::with_readers(1);
    let cookie = cinema.cookie().await;
    let first = cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await;
    let second = cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await;
    assert_eq!((second.status().as_u16(), field(&second, "retry-after")), (503, "2"));
    drop(first);
    assert_eq!(cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await.status(), 200);
}

#[tokio::test]
async fn forged_media_is_never_served() {
    let cinema = Cinema::new();
    let cookie = cinema.cookie().await;
    let good = cinema.scene.bytes(cinema.camera);
    let path = cinema.scene.store.path(cinema.scene.recording, StoredFile::Track(cinema.camera, Part::Body));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    // From the front: what stands before the forged record comes, and the answer breaks off.
    let answer = cinema.ask("GET", &cinema.film(), &[("cookie", &cookie)]).await;
    let mut body = answer.into_body();
    let mut came = Vec::new();
    let broke = loop {
        match body.frame().await {
            Some(Ok(frame)) => came.extend_from_slice(frame.data_ref().unwrap()),
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(broke && !came.is_empty() && good.starts_with(&came), "{} of {}", came.len(), good.len());
    // Within it: nothing.
    let range = format!("bytes={}-", came.len());
    let answer = cinema.ask("GET", &cinema.film(), &[("cookie", &cookie), ("range", &range)]).await;
    assert_eq!(answer.status(), 500);
    assert_eq!(field(&answer, "content-type"), "application/problem+json");
}
