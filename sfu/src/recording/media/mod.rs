//! From packets as received to frames with their place in time. Nothing here touches a file.

mod assemble;
mod codec;
mod opus;
mod reorder;
mod stream;
mod timeline;
mod vp8;
mod vp9;

pub use codec::TrackCodec;
pub use opus::silence;
pub use stream::{Output, Stream};
pub use timeline::Timeline;

use std::time::{Duration, Instant};

/// One frame's bytes at most. A key frame of a shared 4K screen is about 1 MB; what is larger is no frame.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024 - 4096;

/// One frame of video or one Opus packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub timestamp: u32,
    /// When its first packet came.
    pub arrived: Instant,
    /// It can be decoded without any before it.
    pub key: bool,
    pub data: Vec<u8>,
}

/// What can be read from the bytes of a frame alone, while recording as well as when a file is recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameFacts {
    /// Width and height, where the frame names them.
    pub size: Option<(u16, u16)>,
    /// How long it lasts, where the frame says so.
    pub duration: Option<Duration>,
    /// Nothing is heard of it.
    pub silent: bool,
}
