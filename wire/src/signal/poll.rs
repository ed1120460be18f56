//! Questions that a chair puts to everyone.

use crate::{id::*, time::UnixMs};
use serde::{Deserialize, Serialize};

/// A poll as one participant sees it. Results are there when it is closed, and for nobody before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Poll {
    /// Grows within a meeting.
    pub number: u32,
    pub question: String,
    pub choices: Vec<String>,
    /// Nobody, the server's own memory included, knows who chose what.
    pub anonymous: bool,
    pub by_name: String,
    pub opened_at_ms: UnixMs,
    /// People who have voted.
    pub votes: u32,
    /// This participant has.
    pub voted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub results: Option<Vec<PollResult>>,
}

/// What one choice got, in the order of the choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct PollResult {
    pub votes: u32,
    /// By whom; empty where the poll is anonymous.
    pub names: Vec<String>,
}

/// What is kept of a closed poll where the classification lets it be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollSummary {
    pub number: u32,
    pub question: String,
    pub choices: Vec<String>,
    pub anonymous: bool,
    pub by: PersonId,
    pub opened_at_ms: UnixMs,
    pub results: Vec<PollResult>,
}
