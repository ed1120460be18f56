//! Routes of photographs: one is sent on its own and named afterwards in what it belongs to.

use super::{
    BYTES_MAX, PER_DAY_MAX, PhotographRef, Subject, Uploader,
    decode::{self, Picture},
    shelf::{self, Size},
    store,
};
use crate::{Booking, conditions, faults};
use axum::{
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::Actor;
use kernel::{
    Error, Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date, start_of_day},
    digest::sha256_hex,
    extract::{IdempotencyKey, Json, Path, Query, malformed},
    idempotency::{self, Claim},
    problem::Problem,
};
use serde::Deserialize;
use std::sync::Arc;
use wire::{Code, Refusal, UnixMs, id::PhotographId};

/// The file itself.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
pub struct ImageFile(Vec<u8>);

const KINDS: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];
/// When the store of those on their way is full, the next moment is soon.
const BUSY_RETRY_AFTER_S: u64 = 2;

/// Sends one photograph, as the body: JPEG, PNG or WebP, at most 8 MiB and 25 million pixels. It is encoded anew, without what a camera writes
/// beside the picture, and is its sender's alone until a report names it; after a day without one it is taken out.
#[utoipa::path(post, path = "/photographs", tag = "telepresence",
    params(("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    request_body(content((ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"))),
    responses((status = 201, body = PhotographRef), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<(StatusCode, Json<PhotographRef>)> {
    let _place = booking.photographs.receiving.clone().try_acquire_owned().map_err(|_| busy())?;
    let bytes = body(request).await?;
    let now = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /photographs", key, body_hash: sha256_hex(&bytes), at: now });
    let row = |id| Entry::new(now, "photograph.send", "photograph", id).by(actor.person).on_behalf_of(actor.agency.id);
    let kept = keep(&booking, Uploader::Person(actor.person), bytes, claim.as_ref(), row).await?;
    Ok((StatusCode::CREATED, Json(kept)))
}

/// The bytes of an upload, within bounds; for the routes on which a panel sends one, too.
pub async fn body(request: Request) -> Result<Bytes> {
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).and_then(|it| it.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| KINDS.iter().any(|it| it.eq_ignore_ascii_case(kind))) {
        return Err(malformed("content-type", KINDS.join(", ")).into());
    }
    let too_large = || Error::from(Refusal::new(Code::RequestTooLarge).with("bytes_max", BYTES_MAX));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()).and_then(|it| it.parse().ok());
    if declared.is_some_and(|bytes: usize| bytes > BYTES_MAX) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), BYTES_MAX).await.map_err(|error| {
        // The limit is the one failure that is not the connection's.
        match std::error::Error::source(&error).is_some_and(|it| it.to_string().contains("length limit")) {
            true => too_large(),
            false => malformed("body", "a whole body").into(),
        }
    })
}

/// Keeps a photograph that somebody sent. `row` makes the audit row of it.
pub async fn keep(
    booking: &Booking,
    by: Uploader,
    bytes: Bytes,
    claim: Option<&Claim>,
    row: impl FnOnce(PhotographId) -> Entry,
) -> Result<PhotographRef> {
    let now = booking.clock.now();
    within_quota(&mut booking.db.read().await?, by, now).await?;
    let picture = Arc::new(decoded(booking, bytes).await?);
    let id = shelf::fresh_id(now);
    let new = store::New {
        id,
        by,
        at: now,
        width: picture.width,
        height: picture.height,
        bytes: picture.full.len(),
        digest: sha256_hex(&picture.full),
    };
    // The files first: a row without its picture would be shown, files without a row are swept.
    let shelved = booking.photographs.put(id, picture).await.map_err(|error| Error::Broken(error.into()));
    let kept = match shelved {
        Ok(()) => written(booking, &new, claim, row(id)).await,
        Err(error) => Err(error),
    };
    // Refused, failed, or carried out before under another id.
    if !matches!(&kept, Ok(kept) if kept.id == id)
        && let Err(error) = booking.photographs.remove(id).await
    {
        tracing::warn!(error = %error, "the files of a photograph that was not kept stay until the next start");
    }
    kept
}

async fn written(booking: &Booking, new: &store::New, claim: Option<&Claim>, row: Entry) -> Result<PhotographRef> {
    kernel::transact!(booking.db, tx => {
        if let Some(claim) = claim
            && let Some(before) = idempotency::claim::<PhotographRef>(tx, claim).await?
        {
            return Ok(before);
        }
        within_quota(tx, new.by, new.at).await?;
        store::insert(tx, new).await?;
        audit::record(tx, row.clone().detail("bytes", new.bytes));
        let kept = PhotographRef { id: new.id, width: new.width, height: new.height, uploaded_at_ms: new.at };
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &kept).await?;
        }
        Ok(kept)
    })
}

async fn within_quota(tx: &mut Tx, by: Uploader, now: UnixMs) -> Result<()> {
    let day = start_of_day(civil_date(now, MALAYSIA), MALAYSIA).unwrap_or(now);
    match store::sent_since(tx, by, day).await? < PER_DAY_MAX {
        true => Ok(()),
        false => Err(Refusal::new(Code::PhotographQuota).with("photographs_max", PER_DAY_MAX).into()),
    }
}

async fn decoded(booking: &Booking, bytes: Bytes) -> Result<Picture> {
    let place = booking.photographs.decoding.clone().acquire_owned().await.map_err(|_| busy())?;
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        decode::picture(&bytes)
    });
    Ok(work.await.map_err(|error| Error::Broken(error.into()))??)
}

fn busy() -> Error {
    Refusal::new(Code::Unavailable).with("retry_after_s", BUSY_RETRY_AFTER_S).into()
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SizeQuery {
    /// `full` (1,600 pixels at most, the default) or `thumb` (320).
    #[param(value_type = Option<String>)]
    size: Option<Size>,
}

/// A photograph, for those who may see what it is of.
#[utoipa::path(get, path = "/photographs/{id}", tag = "telepresence", params(("id" = PhotographId, Path), SizeQuery),
    responses((status = 200, body = ImageFile, content_type = "image/jpeg"), (status = 304, description = "As it was"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn read(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<PhotographId>,
    Query(query): Query<SizeQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut tx = booking.db.read().await?;
    let found = store::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?;
    if !may_see(&mut tx, &actor, &found).await? {
        return Err(Code::NotFound.into());
    }
    drop(tx);
    shown(&booking, &found, query.size.unwrap_or(Size::Full), &headers).await
}

async fn may_see(tx: &mut Tx, actor: &Actor, found: &store::Stored) -> Result<bool> {
    match found.subject {
        None => Ok(found.by == Uploader::Person(actor.person)),
        Some(Subject::Condition(id)) => conditions::may_see(tx, actor, id).await,
        Some(Subject::Fault(id)) => faults::may_see(tx, actor, id).await,
        // As the sites and their equipment themselves.
        Some(Subject::Site(_) | Subject::Equipment(_)) => Ok(true),
    }
}

async fn shown(booking: &Booking, found: &store::Stored, size: Size, headers: &HeaderMap) -> Result<Response> {
    let tag = format!("\"{}-{size}\"", &found.digest[..found.digest.len().min(32)]);
    // Asked for again each time, so that a permission that ended ends here too; the picture itself travels once.
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|it| it.to_str().ok());
    if known.flat_map(|it| it.split(',')).any(|it| it.trim().trim_start_matches("W/") == tag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let file = booking.photographs.get(found.shown.id, size).await.map_err(|error| Error::Broken(error.into()))?;
    let file = file.ok_or_else(|| Error::broken("a photograph's file is missing"))?;
    let fixed = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"photograph.jpg\""),
    ];
    Ok((kept, fixed, file).into_response())
}
