//! Who plays in the tests over HTTP, and what they apply for.

use crate::testing::{HOUR, Plane, Someone, USE};
use identity::PersonRole::*;
use serde_json::{Value, json};

pub struct Cast {
    pub applicant: Someone,
    pub approver: Someone,
    pub officers: Vec<Someone>,
    /// Of the first site.
    pub facilitator: Someone,
    pub auditor: Someone,
    /// In the ministry, in nothing.
    pub stranger: Someone,
}

pub async fn officer(plane: &Plane, name: &str) -> Someone {
    plane.someone(name, plane.ministry, &[Officer], &[]).await
}

impl Cast {
    pub async fn new(plane: &Plane) -> Self {
        Self {
            applicant: plane.someone("pentadbir", plane.ministry, &[Officer, UcAdministrator], &[]).await,
            approver: plane.someone("pelulus", plane.central, &[Officer, Approver, UcAdministrator], &[]).await,
            officers: vec![officer(plane, "satu").await, officer(plane, "dua").await, officer(plane, "tiga").await],
            facilitator: plane.someone("fasilitator", plane.central, &[Officer, Facilitator], &plane.sites[..1]).await,
            auditor: plane.someone("juruaudit", plane.central, &[Auditor], &[]).await,
            stranger: officer(plane, "lain").await,
        }
    }

    pub fn draft(&self, plane: &Plane) -> Value {
        json!({
            "title": "Mesyuarat penyelarasan", "purpose": "Penyelarasan projek", "official": true, "classification": "TERBUKA",
            "sites": [
                { "site": plane.sites[0], "people": [self.officers[0].id, self.officers[1].id] },
                { "site": plane.sites[1], "people": [self.officers[2].id] },
            ],
            "starts_at_ms": USE, "ends_at_ms": USE.0 + 2 * HOUR, "chair": self.officers[0].id,
        })
    }

    pub async fn applied(&self, plane: &Plane) -> Value {
        plane.post(Some(&self.applicant), "/api/v1/reservations", self.draft(plane)).await.ok()
    }

    pub async fn approved(&self, plane: &Plane) -> Value {
        let id = self.applied(plane).await["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/reservations/{id}/decision");
        plane.post(Some(&self.approver), &path, json!({ "decision": "approve" })).await.ok()
    }
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no string: {value}")).to_owned()
}
