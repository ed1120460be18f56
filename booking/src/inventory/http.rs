//! Routes of the inventory.

use super::{
    Done, EquipmentDetails, EquipmentDraft, EquipmentItem, Stored, keep, keeps, keeps_all,
    labels::{self, Label},
    store,
};
use crate::{
    Booking,
    people::People,
    photographs::{self, Subject},
    sites,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::{Actor, PersonRole};
use kernel::{
    Error, Result, Tx,
    extract::{HashedJson, IdempotencyKey, Json, Path, Query, malformed},
    idempotency::Claim,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{EquipmentId, SiteId},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Inventory {
    /// By tag.
    pub equipment: Vec<EquipmentItem>,
}

/// One piece and what was done to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EquipmentPage {
    pub equipment: EquipmentItem,
    /// The latest first.
    pub history: Vec<EquipmentHistoryRow>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EquipmentHistoryRow {
    pub at_ms: UnixMs,
    #[schema(inline)]
    pub act: Done,
    /// A name; none where the equipment told of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The fields that changed.
    pub changed: Vec<String>,
}

/// A piece that is written down.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewEquipment {
    pub site: SiteId,
    #[serde(flatten)]
    pub draft: EquipmentDraft,
}

/// What a piece is from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AmendedEquipment {
    /// As it was read.
    pub version: i64,
    #[serde(flatten)]
    pub draft: EquipmentDraft,
}

fn sees(actor: &Actor, site: SiteId) -> bool {
    keeps(actor, site) || actor.has(PersonRole::Auditor)
}

fn refused() -> Error {
    Refusal::by(Code::RoleMissing, Rule::Sec3).with("role", PersonRole::Facilitator.text()).into()
}

async fn shown(booking: &Booking, tx: &mut Tx, it: Stored) -> Result<EquipmentItem> {
    let details = it.details;
    Ok(EquipmentItem {
        photographs: photographs::of(tx, Subject::Equipment(it.id)).await?,
        address: address(booking, &it.tag),
        id: it.id,
        site: it.site,
        tag: it.tag,
        state: it.condition,
        tested_at_ms: it.tested_at,
        retired_at_ms: it.retired_at,
        version: it.version,
        details: EquipmentDetails {
            name: details.name,
            kind: details.kind,
            criticality: details.criticality,
            room: details.room,
            serial: details.serial,
            supplier: details.supplier,
            firmware: details.firmware,
            bought_on: details.bought_on,
            warranty_until: details.warranty_until,
            note: details.note,
        },
    })
}

/// Where its QR code leads.
fn address(booking: &Booking, tag: &str) -> String {
    format!("{}/f/{tag}", booking.settings.public_url)
}

async fn page(booking: &Booking, tx: &mut Tx, id: EquipmentId) -> Result<EquipmentPage> {
    let found = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
    let history = store::history(tx, id).await?;
    let people = People::of(tx, history.iter().filter_map(|it| it.by).collect()).await?;
    let row = |it: store::Remembered| EquipmentHistoryRow {
        at_ms: it.at,
        act: it.done,
        by: it.by.map(|by| people.name(by)),
        changed: it.changed,
    };
    Ok(EquipmentPage { history: history.into_iter().map(row).collect(), equipment: shown(booking, tx, found).await? })
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InventoryQuery {
    #[param(value_type = String, format = Uuid)]
    site: SiteId,
}

/// The inventory of a site, with what was retired: for its facilitator, the central agency and the auditor.
#[utoipa::path(get, path = "/equipment", tag = "telepresence", params(InventoryQuery),
    responses((status = 200, body = Inventory), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<InventoryQuery>) -> Result<Json<Inventory>> {
    if !sees(&actor, query.site) {
        return Err(refused());
    }
    let mut tx = booking.db.read().await?;
    let mut equipment = Vec::new();
    for it in store::at_site(&mut tx, query.site).await? {
        equipment.push(shown(&booking, &mut tx, it).await?);
    }
    Ok(Json(Inventory { equipment }))
}

/// Writes a new piece down. Its tag is given out by the service.
#[utoipa::path(post, path = "/equipment", tag = "telepresence", request_body = NewEquipment,
    params(("idempotency-key" = Option<String>, Header, description = "The sender's own name for this request: sent twice, it is carried out once")),
    responses((status = 201, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    key: Option<IdempotencyKey>,
    body: HashedJson<NewEquipment>,
) -> Result<(StatusCode, Json<EquipmentPage>)> {
    let at = booking.clock.now();
    let claim = key.map(|key| Claim { person: actor.person, route: "POST /equipment", key, body_hash: body.body_hash, at });
    let id = keep::add(&booking, &actor, body.value.site, &body.value.draft, claim.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(page(&booking, &mut booking.db.read().await?, id).await?)))
}

/// One piece with its history.
#[utoipa::path(get, path = "/equipment/{id}", tag = "telepresence", params(("id" = EquipmentId, Path)),
    responses((status = 200, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<EquipmentId>) -> Result<Json<EquipmentPage>> {
    let mut tx = booking.db.read().await?;
    let page = page(&booking, &mut tx, id).await?;
    match sees(&actor, page.equipment.site) {
        true => Ok(Json(page)),
        false => Err(Code::NotFound.into()),
    }
}

/// Amends what is known of it. Photographs that are named are added.
#[utoipa::path(put, path = "/equipment/{id}", tag = "telepresence", params(("id" = EquipmentId, Path)), request_body = AmendedEquipment,
    responses((status = 200, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn amend(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<EquipmentId>,
    Json(body): Json<AmendedEquipment>,
) -> Result<Json<EquipmentPage>> {
    keep::amend(&booking, &actor, id, body.version, &body.draft).await?;
    Ok(Json(page(&booking, &mut booking.db.read().await?, id).await?))
}

/// Takes it out of the inventory; its tag is not given out again.
#[utoipa::path(post, path = "/equipment/{id}/retirement", tag = "telepresence", params(("id" = EquipmentId, Path)),
    responses((status = 200, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn retire(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<EquipmentId>) -> Result<Json<EquipmentPage>> {
    keep::retire(&booking, &actor, id, true).await?;
    Ok(Json(page(&booking, &mut booking.db.read().await?, id).await?))
}

/// Puts it back into the inventory.
#[utoipa::path(delete, path = "/equipment/{id}/retirement", tag = "telepresence", params(("id" = EquipmentId, Path)),
    responses((status = 200, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn restore(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<EquipmentId>) -> Result<Json<EquipmentPage>> {
    keep::retire(&booking, &actor, id, false).await?;
    Ok(Json(page(&booking, &mut booking.db.read().await?, id).await?))
}

/// Somebody tried it, and it passed.
#[utoipa::path(post, path = "/equipment/{id}/self-test", tag = "telepresence", params(("id" = EquipmentId, Path)),
    responses((status = 200, body = EquipmentPage), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn self_test(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<EquipmentId>) -> Result<Json<EquipmentPage>> {
    keep::tested(&booking, &actor, id).await?;
    Ok(Json(page(&booking, &mut booking.db.read().await?, id).await?))
}

/// A PDF file.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
pub struct PdfFile(Vec<u8>);

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LabelsQuery {
    /// Without it: every site that I keep.
    #[param(value_type = Option<String>, format = Uuid)]
    site: Option<SiteId>,
    /// Tags, separated by commas. Without them: every piece that stands there.
    tags: Option<String>,
    /// Labels at the start of the first sheet that were used before, 0 to 23.
    #[param(value_type = Option<u32>)]
    skip: Option<usize>,
}

/// Labels to print: a QR code that leads to the fault report of its piece, its tag, its name and its site, 24 on a sheet of A4.
#[utoipa::path(get, path = "/equipment/labels.pdf", tag = "telepresence", params(LabelsQuery),
    responses((status = 200, body = PdfFile, content_type = "application/pdf"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn labels(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<LabelsQuery>) -> Result<Response> {
    let mut tx = booking.db.read().await?;
    let all = sites::all(&mut tx).await?;
    let of: Vec<_> = match query.site {
        Some(site) if !keeps(&actor, site) => return Err(refused()),
        Some(site) => all.iter().filter(|it| it.id == site).collect(),
        None => all.iter().filter(|it| keeps(&actor, it.id)).collect(),
    };
    if of.is_empty() && !keeps_all(&actor) {
        return Err(refused());
    }
    let tags: Option<Vec<&str>> = query.tags.as_deref().map(|it| it.split(',').map(str::trim).filter(|it| !it.is_empty()).collect());
    let mut found = Vec::new();
    for site in of {
        for it in store::at_site(&mut tx, site.id).await? {
            let asked = tags.as_ref().map_or(it.retired_at.is_none(), |tags| tags.contains(&it.tag.as_str()));
            if asked {
                let address = address(&booking, &it.tag);
                found.push(Label { tag: it.tag, name: it.details.name, site: site.name.clone(), address });
            }
        }
    }
    if tags.is_some_and(|tags| tags.len() != found.len()) {
        return Err(malformed("tags", "tags of equipment there, each once").into());
    }
    let skip = query.skip.unwrap_or_default();
    let work = tokio::task::spawn_blocking(move || labels::sheets(&found, skip));
    let sheets = work.await.map_err(|error| Error::Broken(error.into()))?.map_err(|error| Error::Broken(error.into()))?;
    let fixed = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, "attachment; filename=\"labels.pdf\"")];
    Ok((fixed, sheets).into_response())
}
