//! Routes of feeds: making, listing and taking back one's own, and the reading of one by a calendar.

use super::{
    FEEDS_MAX, FeedKind,
    content::{self, Service},
    store::{self, New},
};
use crate::{
    Booking,
    calendar::{file, host_of, writer::Document},
    reservations::view::named_site,
    sites::{self, SiteRef},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::{Actor, PersonRole};
use kernel::{
    Result,
    audit::{self, Entry},
    digest::sha256_hex,
    extract::{HashedJson, IdempotencyKey, Json, Path, malformed},
    idempotency::{self, Claim},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, UnixMs,
    id::{FeedId, SiteId},
};

/// A reading is noted again after so long: a calendar that asks all day is one that is in use.
const NOTED_AGAIN_MS: i64 = 10 * 60_000;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Feed {
    pub id: FeedId,
    pub kind: FeedKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteRef>,
    pub created_at_ms: UnixMs,
    /// When a calendar last read it, give or take ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at_ms: Option<UnixMs>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Feeds {
    pub feeds: Vec<Feed>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewFeed {
    pub kind: FeedKind,
    /// Of a feed of a site.
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// A new feed with its address, which is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreatedFeed {
    pub feed: Feed,
    pub address: String,
}

/// My calendar feeds.
#[utoipa::path(get, path = "/calendar/feeds", tag = "calendar",
    responses((status = 200, body = Feeds), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor) -> Result<Json<Feeds>> {
    let mut tx = booking.db.read().await?;
    let known = sites::all(&mut tx).await?;
    let feeds = store::of_person(&mut tx, actor.person).await?;
    Ok(Json(Feeds { feeds: feeds.iter().map(|it| shown(it, &known)).collect() }))
}

fn shown(it: &store::Stored, known: &[sites::Site]) -> Feed {
    Feed {
        id: it.id.0,
        kind: it.kind.0,
        site: it.site_id.map(|site| named_site(known, site.0)),
        created_at_ms: UnixMs(it.created_at_ms),
        last_used_at_ms: it.last_used_at_ms.map(UnixMs),
    }
}

/// Makes a feed: of my own meetings, of my agency (its UC administrator), or of a site.
#[utoipa::path(post, path = "/calendar/feeds", tag = "calendar", request_body = NewFeed,
    params(("idempotency-key" = Option<String>, Header, description = "The same request sent twice under one key is carried out once")),
    responses((status = 201, body = CreatedFeed), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Carried out under this key before, and revoked since", body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<NewFeed>,
) -> Result<(StatusCode, Json<CreatedFeed>)> {
    let (now, new) = (booking.clock.now(), body.value);
    if new.kind == FeedKind::Agency {
        actor.require(&[PersonRole::UcAdministrator])?;
    }
    if (new.kind == FeedKind::Site) != new.site.is_some() {
        return Err(malformed("site", "with a feed of a site, and with no other").into());
    }
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /calendar/feeds", key, body_hash: body.body_hash, at: now });
    let fresh = FeedId::fresh();
    let id = kernel::transact!(booking.db, tx => {
        if let Some(claim) = &claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        if let Some(site) = new.site
            && sites::by_id(tx, site).await?.is_none()
        {
            return Err(malformed("site", "known_site").into());
        }
        if store::count(tx, actor.person).await? >= FEEDS_MAX {
            return Err(Refusal::new(Code::FeedsTooMany).with("feeds_max", FEEDS_MAX).into());
        }
        let token_hash = sha256_hex(booking.feed_key.token(fresh).as_bytes());
        store::insert(tx, &New { id: fresh, person: actor.person, kind: new.kind, site: new.site, token_hash: &token_hash, at: now }).await?;
        audit::record(tx, Entry::new(now, "feed.create", "feed", fresh).by(actor.person).on_behalf_of(actor.agency.id)
            .detail("kind", new.kind.text()).detail("site", new.site.map(|it| it.to_string())));
        if let Some(claim) = &claim {
            idempotency::answer(tx, claim, &fresh).await?;
        }
        Ok(fresh)
    })?;
    let mut tx = booking.db.read().await?;
    let known = sites::all(&mut tx).await?;
    let feeds = store::of_person(&mut tx, actor.person).await?;
    let feed = feeds.iter().find(|it| it.id.0 == id).map(|it| shown(it, &known)).ok_or(Code::NotFound)?;
    let address = format!("{}/calendar/{}.ics", booking.settings.public_url, booking.feed_key.token(id));
    Ok((StatusCode::CREATED, Json(CreatedFeed { feed, address })))
}

/// Takes a feed back: from now on its address leads nowhere.
#[utoipa::path(delete, path = "/calendar/feeds/{id}", tag = "calendar", params(("id" = FeedId, Path)),
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<FeedId>) -> Result<StatusCode> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        if !store::revoke(tx, id, actor.person, now).await? {
            return Err(Code::NotFound.into());
        }
        audit::record(tx, Entry::new(now, "feed.revoke", "feed", id).by(actor.person).on_behalf_of(actor.agency.id));
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// The list, for a calendar: no session, the address is the key. What is not there, was taken back, or may not be had any more is the same
/// 404.
pub async fn read(State(booking): State<Arc<Booking>>, Path(name): Path<String>, headers: HeaderMap) -> Result<Response> {
    let token = name.strip_suffix(".ics").ok_or(Code::NotFound)?;
    let id = booking.feed_key.feed(token).ok_or(Code::NotFound)?;
    booking.feed_limits.check(id)?;
    let now = booking.clock.now();
    let (feed, document) = {
        let mut tx = booking.db.read().await?;
        let feed = store::by_token(&mut tx, &sha256_hex(token.as_bytes())).await?.ok_or(Code::NotFound)?;
        let owner = identity::standing(&mut tx, feed.person_id.0).await?.ok_or(Code::NotFound)?;
        let service = Service { host: host_of(&booking.settings.issuer), address: &booking.settings.public_url };
        let document = content::list(&mut tx, &feed, &owner, service, now).await?.ok_or(Code::NotFound)?;
        (feed, document)
    };
    let hash = sha256_hex(file(&document)?.as_bytes());
    let changed = hash != feed.content_hash;
    // Whole seconds, because that is what Last-Modified can say.
    let changed_at = UnixMs(if changed { now.0 - now.0.rem_euclid(1000) } else { feed.changed_at_ms });
    if changed || feed.last_used_at_ms.is_none_or(|at| now.0.saturating_sub(at) > NOTED_AGAIN_MS) {
        kernel::transact!(booking.db, tx => store::used(tx, feed.id.0, now, &hash, changed_at).await)?;
    }
    answer(document, &hash, changed_at, &headers)
}

fn answer(document: Document, hash: &str, changed_at: UnixMs, headers: &HeaderMap) -> Result<Response> {
    let etag = format!("\"{}-{:x}\"", hash.get(..32).unwrap_or(hash), changed_at.0);
    let modified = http_date(changed_at);
    let kept = [
        (header::ETAG, etag.clone()),
        (header::LAST_MODIFIED, modified.clone()),
        // Asked for each time: what was called off must not stand in a calendar for as long as a cache likes.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    if is_known(headers, &etag, &modified) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let events = document.events.into_iter().map(|it| crate::calendar::writer::Event { stamped_at: changed_at, ..it }).collect();
    let text = file(&Document { events, ..document })?;
    Ok((kept, [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

/// RFC 9110, sections 13.1.2 and 13.1.3: the tag decides where there is one; a date is the one that we sent, or it is none.
fn is_known(headers: &HeaderMap, etag: &str, modified: &str) -> bool {
    let text = |name| headers.get(name).and_then(|it: &axum::http::HeaderValue| it.to_str().ok());
    match text(header::IF_NONE_MATCH) {
        Some(tags) => tags.split(',').map(|it| it.trim().trim_start_matches("W/")).any(|it| it == etag || it == "*"),
        None => text(header::IF_MODIFIED_SINCE).is_some_and(|it| it == modified),
    }
}

/// RFC 9110, section 5.6.7.
fn http_date(at: UnixMs) -> String {
    let utc = chrono::DateTime::<chrono::Utc>::from_timestamp_millis(at.0).unwrap_or_default();
    utc.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
