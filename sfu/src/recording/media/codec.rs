//! The codecs that are recorded. One that joins needs a depacketizer, its facts (key frame, size, duration) and a line in each of these
//! tables. H.264 is not: WebM holds none, and what holds it does not play in every browser. AV1 is not yet. A source that sends one of these is
//! recorded without its picture, and the log says so; the client sends VP8.

use super::{FrameFacts, opus, vp8, vp9};
use crate::engine::negotiated::Codec;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackCodec {
    Opus,
    Vp8,
    Vp9,
}

impl TrackCodec {
    /// None: it is not recorded.
    pub const fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Opus => Some(Self::Opus),
            Codec::Vp8 => Some(Self::Vp8),
            Codec::Vp9 => Some(Self::Vp9),
            Codec::Red | Codec::H264 | Codec::Av1 => None,
        }
    }

    pub const fn is_video(self) -> bool {
        match self {
            Self::Opus => false,
            Self::Vp8 | Self::Vp9 => true,
        }
    }

    /// `CodecID` (Matroska codec specifications).
    pub const fn matroska_id(self) -> &'static str {
        match self {
            Self::Opus => "A_OPUS",
            Self::Vp8 => "V_VP8",
            Self::Vp9 => "V_VP9",
        }
    }

    /// What a browser's `<video>` and `<audio>` are told.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Opus => "audio/webm; codecs=opus",
            Self::Vp8 => "video/webm; codecs=vp8",
            Self::Vp9 => "video/webm; codecs=vp9",
        }
    }

    /// Ticks a second of its RTP clock (RFC 7587, section 4.1; RFC 7741, section 4.1; RFC 9628, section 4.1).
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 | Self::Vp9 => 90_000,
        }
    }

    pub fn facts(self, frame: &[u8]) -> FrameFacts {
        match self {
            Self::Opus => FrameFacts { size: None, duration: opus::duration(frame), silent: opus::is_silence(frame) },
            Self::Vp8 => FrameFacts { size: vp8::key_frame_size(frame), duration: None, silent: false },
            Self::Vp9 => FrameFacts { size: vp9::key_frame_size(frame), duration: None, silent: false },
        }
    }
}
