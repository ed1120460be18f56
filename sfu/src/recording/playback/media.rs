//! One track as an answer: the whole file or a range of it, decrypted record by record as the receiver takes it.

use super::{
    busy, not_found,
    range::{Asked, read_range},
    refused,
};
use crate::recording::{
    library::{Library, LibraryError, TrackFile},
    manifest::Manifest,
    readers::Place,
    seal::SealError,
};
use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE},
    },
    response::Response,
};
use bytes::Bytes;
use std::{io, sync::Arc};
use wire::{
    Code, Refusal,
    id::{PersonId, SourceId},
};

pub async fn serve(library: &Library, manifest: &Manifest, file: &str, person: PersonId, method: &Method, headers: &HeaderMap) -> Response {
    let source: Option<SourceId> = file.strip_suffix(".webm").and_then(|it| it.parse().ok());
    let Some(row) = manifest.tracks.iter().find(|it| Some(it.source) == source && it.condition.can_be_played()) else {
        return not_found();
    };
    let Some(place) = library.reader(person) else { return busy() };
    let (recording, source) = (manifest.recording, row.source);
    let opened = {
        let library = library.clone();
        blocking(move || library.track(recording, source)).await
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) => return broken(manifest, source, &error),
    };
    let bytes = file.bytes();
    // A file never changes once it is shown; a head made anew is of another length or the same.
    let tag = format!("\"{source}-{bytes}\"");
    let same = headers.get(IF_RANGE).is_none_or(|it| it.as_bytes() == tag.as_bytes());
    let field = headers.get(RANGE).filter(|_| same).and_then(|it| it.to_str().ok());
    let (status, first, end) = match read_range(field, bytes) {
        Asked::Whole => (StatusCode::OK, 0, bytes),
        Asked::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Asked::Outside => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = match (method, end) {
        (&Method::HEAD, _) | (_, 0) => Ok(Body::empty()),
        _ => stream(file, first, end, place).await,
    };
    let mut answer = match body {
        Ok(body) => Response::new(body),
        Err(error) => return broken(manifest, source, &error),
    };
    *answer.status_mut() = status;
    let out = answer.headers_mut();
    out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(CONTENT_LENGTH, HeaderValue::from(end - first));
    out.insert(CONTENT_TYPE, HeaderValue::from_static(row.codec.mime()));
    let range = match status {
        StatusCode::PARTIAL_CONTENT => Some(format!("bytes {first}-{}/{bytes}", end - 1)),
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{bytes}")),
        _ => None,
    };
    for (name, text) in [(ETAG, Some(tag)), (CONTENT_RANGE, range)] {
        if let Some(value) = text.and_then(|it| HeaderValue::try_from(it).ok()) {
            out.insert(name, value);
        }
    }
    answer
}

/// The first piece is read before the answer begins, so that one that does not open is an error and no empty file. A later one that does not
/// open breaks the answer off: its length was promised, so the receiver knows.
async fn stream(file: Arc<TrackFile>, first: u64, end: u64, place: Place) -> Result<Body, LibraryError> {
    let piece = piece(file.clone(), first, end).await?;
    let state = Some((file, first, Some(piece), place));
    Ok(Body::from_stream(futures_util::stream::try_unfold(state, move |state| async move {
        let Some((file, at, ready, place)) = state.filter(|it| it.1 < end) else { return Ok(None) };
        let bytes = match ready {
            Some(bytes) => bytes,
            None => piece_or_break(file.clone(), at, end).await?,
        };
        let next = at + bytes.len() as u64;
        Ok::<_, io::Error>(Some((bytes, Some((file, next, None, place)))))
    })))
}

async fn piece_or_break(file: Arc<TrackFile>, at: u64, end: u64) -> io::Result<Bytes> {
    piece(file, at, end).await.map_err(|error| {
        tracing::error!(%error, "a recording breaks off");
        io::Error::other(error)
    })
}

/// Never empty.
async fn piece(file: Arc<TrackFile>, at: u64, end: u64) -> Result<Bytes, LibraryError> {
    let bytes = blocking(move || Ok(file.read(at, end)?)).await?;
    if bytes.is_empty() { Err(SealError::Unfinished { records: 0 }.into()) } else { Ok(bytes) }
}

/// Reads and decrypts on a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T, LibraryError> + Send + 'static) -> Result<T, LibraryError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(error) => Err(SealError::Io(io::Error::other(error)).into()),
    }
}

fn broken(manifest: &Manifest, source: SourceId, error: &LibraryError) -> Response {
    tracing::error!(recording.id = %manifest.recording, source.id = %source, %error, "a recording cannot be read");
    refused(&Refusal::new(Code::Internal))
}
