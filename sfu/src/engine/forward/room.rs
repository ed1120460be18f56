//! What binds peers together: who hears whom, and whether it is recorded.

use super::speakers::Speakers;
use wire::id::{MeetingId, RecordingId};

#[derive(Debug)]
pub struct Room {
    pub id: MeetingId,
    pub peers: Vec<u32>,
    pub recording: Option<RecordingId>,
    pub speakers: Speakers,
}

impl Room {
    pub fn new(id: MeetingId) -> Self {
        Self { id, peers: Vec::new(), recording: None, speakers: Speakers::default() }
    }
}
