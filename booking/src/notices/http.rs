//! Routes of one's own notices.

use super::{Notice, store};
use crate::Booking;
use axum::{extract::State, http::StatusCode};
use identity::Actor;
use kernel::{
    Result,
    extract::{Json, Query, malformed},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{UnixMs, id::NoticeId};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Those older than this one.
    before: Option<NoticeId>,
}

/// My notices, the newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Notices {
    pub notices: Vec<Told>,
    /// How many I have not read, counted to 100.
    pub unread: i64,
    /// There are older ones: ask with `before` and this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NoticeId>,
}

/// Something that I was told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Told {
    pub id: NoticeId,
    pub at_ms: UnixMs,
    pub read: bool,
    /// The page that it leads to.
    pub path: String,
    pub notice: Notice,
}

/// What I was told.
#[utoipa::path(get, path = "/notices", tag = "notices", params(ListQuery),
    responses((status = 200, body = Notices), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<ListQuery>) -> Result<Json<Notices>> {
    let mut tx = booking.db.read().await?;
    let (found, next) = store::list(&mut tx, actor.person, query.before).await?;
    let unread = store::unread(&mut tx, actor.person).await?;
    let told = |it: store::Stored| Told { id: it.id, at_ms: it.at, read: it.read, path: it.notice.path(), notice: it.notice };
    Ok(Json(Notices { notices: found.into_iter().map(told).collect(), unread, next }))
}

/// Which notices were read: some by name, or all up to one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReadNotices {
    #[serde(default)]
    #[schema(max_items = 50)]
    pub notices: Vec<NoticeId>,
    #[serde(default)]
    pub up_to: Option<NoticeId>,
}

/// I have read these.
#[utoipa::path(post, path = "/notices/read", tag = "notices", request_body = ReadNotices,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Json(read): Json<ReadNotices>) -> Result<StatusCode> {
    if i64::try_from(read.notices.len()).is_ok_and(|it| it > store::PAGE_MAX) {
        return Err(malformed("notices", format!("at most {}", store::PAGE_MAX)).into());
    }
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        store::read(tx, actor.person, &read.notices, now).await?;
        if let Some(last) = read.up_to {
            store::read_up_to(tx, actor.person, last, now).await?;
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
