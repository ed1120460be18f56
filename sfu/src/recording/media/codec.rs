//! The codecs that are recorded. One that joins needs a depacketizer, its facts (key frame, size, duration) and a line in each of these
//! tables; VP9, H.264 (in `matroska` rather than `webm`) and AV1 have their engine names already.

use super::{FrameFacts, opus, vp8};
use crate::engine::negotiated::Codec;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackCodec {
    Opus,
    Vp8,
}

impl TrackCodec {
    /// None: it is not recorded.
    pub const fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Opus => Some(Self::Opus),
            Codec::Vp8 => Some(Self::Vp8),
            Codec::Red | Codec::Vp9 | Codec::H264 | Codec::Av1 => None,
        }
    }

    pub const fn is_video(self) -> bool {
        match self {
            Self::Opus => false,
            Self::Vp8 => true,
        }
    }

    /// `CodecID` (Matroska codec specifications).
    pub const fn matroska_id(self) -> &'static str {
        match self {
            Self::Opus => "A_OPUS",
            Self::Vp8 => "V_VP8",
        }
    }

    /// What a browser's `<video>` and `<audio>` are told.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Opus => "audio/webm; codecs=opus",
            Self::Vp8 => "video/webm; codecs=vp8",
        }
    }

    /// Ticks a second of its RTP clock (RFC 7587, section 4.1; RFC 7741, section 4.1).
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 => 90_000,
        }
    }

    pub fn facts(self, frame: &[u8]) -> FrameFacts {
        match self {
            Self::Opus => FrameFacts { size: None, duration: opus::duration(frame), silent: opus::is_silence(frame) },
            Self::Vp8 => FrameFacts { size: vp8::key_frame_size(frame), duration: None, silent: false },
        }
    }
}
