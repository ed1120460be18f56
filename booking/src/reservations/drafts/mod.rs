//! Applications that are not yet sent, kept on the server: a laptop that was closed goes on where it was left, and so does another one.
//! A draft is its writer's alone. Nothing in it is judged before it is sent.

pub mod http;
mod store;

use super::{DraftSite, Stored};
use crate::policy::Slot;
use identity::PersonRef;
use kernel::{
    Db, Result,
    audit::{self, Entry},
    idempotency::{self, Claim},
};
use serde::{Deserialize, Serialize};
use wire::{
    Classification, Code, Refusal, UnixMs,
    id::{DraftId, PersonId, ReservationId},
};

#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{by_id, list, remove};

/// Drafts that one person keeps: more than anybody works on at a time.
pub const DRAFTS_MAX: i64 = 20;
/// Bytes of one draft: every field full, in two-byte letters.
const CONTENT_BYTES_MAX: usize = 64 * 1024;

/// What has been filled in so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct DraftContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub official: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<DraftSite>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chair: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<Vec<PersonId>>,
    /// The dates of a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrences: Option<Vec<DraftOccurrence>>,
    /// The page's own: where in the form it was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DraftOccurrence {
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

/// A draft as it is kept and shown.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SavedDraft {
    pub id: DraftId,
    /// Counts its changes.
    pub version: i64,
    pub content: DraftContent,
    /// Everybody whom it names: a draft that goes on elsewhere shows names, not ids.
    pub people: Vec<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<ReservationId>,
    pub created_at_ms: UnixMs,
    pub updated_at_ms: UnixMs,
}

/// Who keeps a draft, and the request's claim to be carried out once.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    pub person: PersonId,
    pub claim: Option<&'a Claim>,
}

/// Keeps a new draft.
pub async fn keep(db: &Db, now: UnixMs, by: Keeping<'_>, content: &DraftContent) -> Result<DraftId> {
    put(db, now, by, content, None).await
}

/// A draft of the same as a reservation that there is, without its time: what it asked for once, it may ask for again.
pub async fn copy(db: &Db, now: UnixMs, by: Keeping<'_>, of: &Stored) -> Result<DraftId> {
    let was = of.as_draft();
    let content = DraftContent {
        title: Some(was.title),
        purpose: Some(was.purpose),
        // Declared anew each time (TP-5).
        official: None,
        classification: Some(was.classification),
        sites: Some(was.sites),
        starts_at_ms: None,
        ends_at_ms: None,
        chair: Some(was.chair),
        contact: was.contact,
        needs: was.needs,
        online: Some(was.online),
        occurrences: None,
        step: None,
    };
    put(db, now, by, &content, Some(of.id)).await
}

async fn put(db: &Db, now: UnixMs, by: Keeping<'_>, content: &DraftContent, copied_from: Option<ReservationId>) -> Result<DraftId> {
    let content = text_of(content)?;
    let id = DraftId::fresh();
    kernel::transact!(db, tx => {
        if let Some(claim) = by.claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let new = store::New { id, person: by.person, content: &content, copied_from, at: now };
        if !store::insert(tx, &new, DRAFTS_MAX).await? {
            return Err(Refusal::new(Code::DraftsTooMany).with("drafts_max", DRAFTS_MAX).into());
        }
        audit::record(tx, Entry::new(now, "draft.keep", "draft", id).by(by.person));
        if let Some(claim) = by.claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// Writes a draft anew, if it is still the version that was read. It leaves no row in the trail: it is written at each pause of a hand, and
/// it binds nobody.
pub async fn rewrite(db: &Db, now: UnixMs, person: PersonId, id: DraftId, version: i64, content: &DraftContent) -> Result<()> {
    let content = text_of(content)?;
    kernel::transact!(db, tx => {
        let held = store::by_id(tx, person, id).await?.ok_or(Code::NotFound)?;
        if held.version != version || !store::rewrite(tx, id, version, &content, now).await? {
            return Err(Refusal::new(Code::Conflict).with("version", held.version).into());
        }
        Ok(())
    })
}

/// Throws a draft away.
pub async fn discard(db: &Db, now: UnixMs, person: PersonId, id: DraftId) -> Result<()> {
    kernel::transact!(db, tx => {
        if !store::remove(tx, person, id).await? {
            return Err(Code::NotFound.into());
        }
        audit::record(tx, Entry::new(now, "draft.discard", "draft", id).by(person));
        Ok(())
    })
}

fn text_of(content: &DraftContent) -> Result<String> {
    let text = serde_json::to_string(content)?;
    let too_much = text.len() > CONTENT_BYTES_MAX || content.step.as_ref().is_some_and(|it| it.len() > 40);
    match too_much {
        true => Err(Refusal::new(Code::RequestTooLarge).with("bytes_max", CONTENT_BYTES_MAX).into()),
        false => Ok(text),
    }
}

impl DraftContent {
    /// Everybody whom it names, bounded.
    pub fn named(&self) -> std::collections::BTreeSet<PersonId> {
        let seated = self.sites.iter().flatten().flat_map(|site| site.people.iter().copied());
        seated.chain(self.online.iter().flatten().copied()).chain(self.chair).take(1_000).collect()
    }
}

impl DraftOccurrence {
    pub const fn slot(self) -> Slot {
        Slot { starts_at: self.starts_at_ms, ends_at: self.ends_at_ms }
    }
}

#[cfg(test)]
mod tests;
