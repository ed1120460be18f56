//! One source as WebM (RFC 9559, RFC 8794): a head that is written when all is known, and a body of clusters that only grows. Head and body
//! after one another are the file that a player is given.
//!
//! The head is typed by `mkv-element`; clusters, and the sizes of the few elements that can become large, are written here: that crate
//! writes 16383 and 2097151 as sizes whose bits are all ones, which RFC 8794 (section 6.2) reserves for "unknown".

mod cluster;
mod head;
mod index;
mod vint;

pub use cluster::{Cluster, ClusterBuilder, MalformedCluster};
pub use head::write_head;
pub use index::{Span, TrackIndex};

/// Each file holds one track.
const TRACK: u8 = 1;
