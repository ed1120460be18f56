//! Which of a stream's own layers a slot shows. What lies deeper is left out; the depth changes only where a decoder can follow: smaller from the next
//! picture on, larger in size at a key frame, and faster where a picture leans on nothing that was left out.

use super::{picture::Depth, ring::Stored};

#[derive(Clone, Copy, Debug)]
pub struct Filter {
    shown: Depth,
    aimed: Depth,
    /// The timestamp of the newest picture.
    newest: Option<u32>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { shown: Depth::ALL, aimed: Depth::ALL, newest: None }
    }
}

impl Filter {
    /// A key frame follows: it is shown like that.
    pub fn begin(&mut self, depth: Depth) {
        *self = Self { shown: depth, aimed: depth, newest: None };
    }

    /// What shall be shown as soon as a decoder can follow.
    pub fn aim(&mut self, depth: Depth) {
        self.aimed = depth;
    }

    pub const fn aimed(&self) -> Depth {
        self.aimed
    }

    /// Only a key frame leads to what is aimed at.
    pub const fn needs_keyframe(&self) -> bool {
        self.aimed.spatial > self.shown.spatial
    }

    /// Whether the packet is shown now; a packet that begins a picture may change what is.
    pub fn admits(&mut self, packet: &Stored) -> bool {
        let picture = &packet.picture;
        let newer = self.newest.is_none_or(|newest| (packet.timestamp.wrapping_sub(newest) as i32) > 0);
        if picture.begins && newer {
            self.newest = Some(packet.timestamp);
            if picture.keyframe {
                self.shown = self.aimed;
            }
            self.shown.spatial = self.shown.spatial.min(self.aimed.spatial);
            self.shown.temporal = self.shown.temporal.min(self.aimed.temporal);
        }
        let late = self.newest.is_some_and(|newest| (packet.timestamp.wrapping_sub(newest) as i32) < 0);
        if picture.begins && !late && picture.raises_to > self.shown.temporal && picture.depth.temporal <= picture.raises_to {
            self.shown.temporal = self.aimed.temporal.min(picture.raises_to).max(self.shown.temporal);
        }
        self.shown.holds(picture.depth)
    }

    /// The last packet of the largest layer shown ends the picture, though its sender sends more of it (RFC 9628, section 4.1; AV1 RTP, section 4.2).
    pub const fn ends_picture(&self, packet: &Stored) -> bool {
        packet.picture.ends && packet.picture.depth.spatial == self.shown.spatial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        forward::picture::{ALL, Ids, Picture},
        negotiated::Codec,
    };
    use bytes::Bytes;
    use std::time::Instant;

    fn packet(time: u32, spatial: u8, temporal: u8, keyframe: bool, raises_to: u8) -> Stored {
        Stored {
            sequence: 0,
            timestamp: time,
            marker: false,
            codec: Codec::Vp9,
            audio_level: None,
            orientation: None,
            picture: Picture { keyframe, begins: true, ends: true, depth: Depth { spatial, temporal }, raises_to, size: None },
            ids: Ids::None,
            arrived: Instant::now(),
            payload: Bytes::new(),
        }
    }

    const fn depth(spatial: u8, temporal: u8) -> Depth {
        Depth { spatial, temporal }
    }

    #[test]
    fn smaller_from_the_next_picture_and_larger_from_a_key_frame() {
        let mut filter = Filter::default();
        filter.begin(depth(2, ALL));
        for spatial in 0..4 {
            assert_eq!(filter.admits(&packet(0, spatial, 0, spatial == 0, 0)), spatial <= 2, "{spatial}");
        }
        filter.aim(depth(0, ALL));
        assert!(filter.admits(&packet(0, 2, 0, false, 0)), "the picture at hand stays whole");
        assert!(filter.admits(&packet(1, 0, 0, false, 0)) && !filter.admits(&packet(1, 1, 0, false, 0)));
        assert!(filter.ends_picture(&packet(1, 0, 0, false, 0)));
        filter.aim(depth(1, ALL));
        assert!(filter.needs_keyframe());
        assert!(filter.admits(&packet(2, 0, 0, false, 0)) && !filter.admits(&packet(2, 1, 0, false, 0)));
        assert!(filter.admits(&packet(3, 0, 0, true, 0)) && filter.admits(&packet(3, 1, 0, false, 0)));
        assert!(!filter.needs_keyframe() && !filter.ends_picture(&packet(3, 0, 0, false, 0)));
    }

    #[test]
    fn fewer_pictures_at_once_and_more_where_nothing_is_missed() {
        let mut filter = Filter::default();
        filter.begin(Depth::ALL);
        assert!(filter.admits(&packet(0, 0, 0, true, 0)) && filter.admits(&packet(1, 0, 2, false, 0)));
        filter.aim(depth(ALL, 0));
        assert!(!filter.admits(&packet(2, 0, 1, false, 0)) && !filter.admits(&packet(3, 0, 2, false, 0)));
        assert!(filter.admits(&packet(4, 0, 0, false, 0)));
        filter.aim(Depth::ALL);
        assert!(!filter.admits(&packet(5, 0, 2, false, 0)), "it may lean on what was left out");
        assert!(!filter.admits(&packet(6, 0, 1, false, 0)));
        assert!(filter.admits(&packet(7, 0, 1, false, 1)), "it does not");
        assert!(!filter.admits(&packet(8, 0, 2, false, 0)));
        assert!(filter.admits(&packet(9, 0, 0, false, 2)) && filter.admits(&packet(10, 0, 2, false, 0)));
        assert!(!filter.needs_keyframe());
    }
}
