//! Photographs: of what was found after use, of a fault, of a room and its equipment (TP-6, TP-7).
//!
//! ```text
//! bytes --decode--> a picture of its own making --seal--> the data folder        nobody's picture for a day
//!                                                          --attach--> of a subject, seen by whoever may see that
//! ```
//!
//! What is kept is never what came: a picture is decoded within bounds and encoded anew, so that a place, a name or anything else that a
//! telephone writes into it is gone. A picture that nothing shows is taken out after a day.

mod decode;
pub mod http;
mod shelf;
pub(crate) mod store;
mod sweep;

use crate::names::names;
use kernel::{Result, Tx, extract::malformed};
use serde::Serialize;
use uuid::Uuid;
use wire::{
    UnixMs,
    id::{ConditionId, EquipmentId, FaultId, PersonId, PhotographId, SiteId},
};

pub use http::keep;
pub(crate) use shelf::Shelf;
#[cfg(test)]
pub(crate) use store::SQL;
pub use sweep::{sweep_due, sweep_strays};
#[cfg(test)]
pub(crate) use {decode::tests::photographed, shelf::fresh_id as id_at};

/// Photographs of one subject: more tell the reader less.
pub const PER_SUBJECT_MAX: usize = 12;
/// Photographs that one uploader sends in a day: a facilitator's worst day, ten reports of six.
pub const PER_DAY_MAX: i64 = 60;
/// One upload. A telephone's own picture of twelve million pixels is 3 to 6 MiB.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Who sends one: a person, or a room's own panel, where nobody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploader {
    Person(PersonId),
    Device(Uuid),
}

impl Uploader {
    const fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Device(_) => "device",
        }
    }

    fn id(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Device(id) => id.to_string(),
        }
    }
}

names! {
    /// What a photograph can be of.
    SubjectKind {
        Condition = "condition",
        Fault = "fault",
        Site = "site",
        Equipment = "equipment",
    }
}

/// What a photograph is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Condition(ConditionId),
    Fault(FaultId),
    Site(SiteId),
    Equipment(EquipmentId),
}

impl Subject {
    pub const fn kind(self) -> SubjectKind {
        match self {
            Self::Condition(_) => SubjectKind::Condition,
            Self::Fault(_) => SubjectKind::Fault,
            Self::Site(_) => SubjectKind::Site,
            Self::Equipment(_) => SubjectKind::Equipment,
        }
    }

    const fn uuid(self) -> Uuid {
        match self {
            Self::Condition(id) => id.0,
            Self::Fault(id) => id.0,
            Self::Site(id) => id.0,
            Self::Equipment(id) => id.0,
        }
    }

    const fn of(kind: SubjectKind, id: Uuid) -> Self {
        match kind {
            SubjectKind::Condition => Self::Condition(ConditionId(id)),
            SubjectKind::Fault => Self::Fault(FaultId(id)),
            SubjectKind::Site => Self::Site(SiteId(id)),
            SubjectKind::Equipment => Self::Equipment(EquipmentId(id)),
        }
    }
}

/// A photograph where it is named: the picture itself is at `/photographs/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct PhotographRef {
    pub id: PhotographId,
    /// Pixels of the larger size.
    pub width: u32,
    pub height: u32,
    pub uploaded_at_ms: UnixMs,
}

/// Makes these, which the uploader sent and nothing shows yet, the subject's, in this order and after those it has.
pub async fn attach(tx: &mut Tx, by: Uploader, ids: &[PhotographId], subject: Subject) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let before = of(tx, subject).await?.len();
    if before + ids.len() > PER_SUBJECT_MAX {
        return Err(malformed("photographs", format!("at most {PER_SUBJECT_MAX}")).into());
    }
    let first = store::next_place(tx, subject).await?;
    for (place, id) in (first..).zip(ids) {
        if !store::attach(tx, by, *id, subject, place).await? {
            return Err(malformed("photographs", "photographs that you sent and did not use yet").into());
        }
    }
    Ok(())
}

/// Takes one away from its subject; it is gone a day later. Whether it was there.
pub async fn detach(tx: &mut Tx, now: UnixMs, id: PhotographId, subject: Subject) -> Result<bool> {
    store::detach(tx, id, subject, now).await
}

/// The photographs of a subject, in their order.
pub async fn of(tx: &mut Tx, subject: Subject) -> Result<Vec<PhotographRef>> {
    store::of(tx, subject).await
}
