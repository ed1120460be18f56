//! The inventory: what stands at each site, how much hangs on it, and what is known of it (TP-6).
//!
//! Its facilitator and the central agency keep it. A piece has a *tag* for good, which is on its label and in the address of its QR code, and a
//! name in words. Its state is not stored: open faults say whether it is in order, so that no two places can disagree.

pub mod http;
mod keep;
mod labels;
mod rules;
pub(crate) mod store;

use crate::{names::names, photographs::PhotographRef, reservations::view};
use chrono::NaiveDate;
use identity::{Actor, PersonRole};
use serde::{Deserialize, Serialize};
use wire::{
    UnixMs,
    id::{EquipmentId, PhotographId, RoomId, SiteId},
};

#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{by_id, by_tag, passed_self_test};

/// Pieces of one site that stand at one time.
pub const PER_SITE_MAX: usize = 64;

names! {
    /// What it is.
    EquipmentKind {
        Camera = "camera",
        Microphones = "microphones",
        Display = "display",
        Codec = "codec",
        Speakers = "speakers",
        TouchPanel = "touch_panel",
        Network = "network",
        Power = "power",
        Lighting = "lighting",
        AirConditioning = "air_conditioning",
        Furniture = "furniture",
        Other = "other",
    }
}

impl EquipmentKind {
    /// What stands for it in a tag.
    pub const fn letters(self) -> &'static str {
        match self {
            Self::Camera => "CAM",
            Self::Microphones => "MIC",
            Self::Display => "DSP",
            Self::Codec => "COD",
            Self::Speakers => "SPK",
            Self::TouchPanel => "PNL",
            Self::Network => "NET",
            Self::Power => "PWR",
            Self::Lighting => "LGT",
            Self::AirConditioning => "AIR",
            Self::Furniture => "FRN",
            Self::Other => "OTH",
        }
    }
}

names! {
    /// What its failure means.
    Criticality {
        /// The room cannot be used.
        Critical = "critical",
        /// It is used with difficulty.
        Degrades = "degrades",
        /// It only looks it.
        Cosmetic = "cosmetic",
    }
}

names! {
    /// How it stands.
    Standing {
        InOrder = "in_order",
        OutOfOrder = "out_of_order",
        InRepair = "in_repair",
        Retired = "retired",
    }
}

names! {
    /// What was done to it.
    Done {
        Add = "add",
        Amend = "amend",
        Test = "test",
        Retire = "retire",
        Restore = "restore",
    }
}

/// A piece as somebody writes it down. Blank words are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EquipmentDraft {
    pub name: String,
    pub kind: EquipmentKind,
    pub criticality: Criticality,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub room: Option<RoomId>,
    #[serde(default)]
    pub serial: Option<String>,
    #[serde(default)]
    pub supplier: Option<String>,
    #[serde(default)]
    pub firmware: Option<String>,
    /// `YYYY-MM-DD`
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub bought_on: Option<NaiveDate>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub warranty_until: Option<NaiveDate>,
    #[serde(default)]
    pub note: Option<String>,
    /// Sent before, to be added to those that it has.
    #[serde(default)]
    pub photographs: Vec<PhotographId>,
}

/// A piece as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: EquipmentId,
    pub site: SiteId,
    pub tag: String,
    pub details: EquipmentDraft,
    pub tested_at: Option<UnixMs>,
    pub retired_at: Option<UnixMs>,
    pub version: i64,
    pub condition: Standing,
}

/// A piece as it is shown to those who keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EquipmentItem {
    pub id: EquipmentId,
    pub site: SiteId,
    /// `CBJ-CAM-1`
    pub tag: String,
    /// What its QR code says.
    pub address: String,
    #[serde(flatten)]
    pub details: EquipmentDetails,
    #[schema(inline)]
    pub state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at_ms: Option<UnixMs>,
    /// To be sent back with an amendment.
    pub version: i64,
    pub photographs: Vec<PhotographRef>,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EquipmentDetails {
    pub name: String,
    pub kind: EquipmentKind,
    pub criticality: Criticality,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub room: Option<RoomId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub bought_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub warranty_until: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Whether the person writes the inventory of that site: its facilitator, or the central agency's approver or administrator.
pub fn keeps(actor: &Actor, site: SiteId) -> bool {
    actor.facilitates(site) || keeps_all(actor)
}

/// Of every site.
pub fn keeps_all(actor: &Actor) -> bool {
    view::approves(actor) || (actor.is_central() && actor.has(PersonRole::UcAdministrator))
}
