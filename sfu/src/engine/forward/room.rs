//! What binds peers together: who hears whom, and whether it is recorded.

use super::speakers::Speakers;
use crate::engine::space::Space;
use wire::id::RecordingId;

#[derive(Debug)]
pub struct Room {
    pub id: Space,
    pub peers: Vec<u32>,
    pub recording: Option<RecordingId>,
    pub speakers: Speakers,
}

impl Room {
    pub fn new(id: Space) -> Self {
        Self { id, peers: Vec::new(), recording: None, speakers: Speakers::default() }
    }
}
