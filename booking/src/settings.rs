//! What the one who runs the service decides about booking.

use crate::mail;
use std::path::PathBuf;
use wire::id::NodeId;

/// Settings of the booking plane. None of them is read from the environment here: the executable hands them in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `iss` of every token: the service's own name.
    pub issuer: String,
    /// `aud` of join grants and recording tokens: the media plane.
    pub audience: String,
    /// The address at which people reach the service, without a slash at its end: links in invitations begin with it.
    pub public_url: String,
    /// Where the browser opens signalling: absolute, or a path where both planes are one executable.
    pub signal_url: String,
    /// What stands before `/media/recordings/…`: empty where both planes are one executable.
    pub media_url: String,
    /// Where photographs are kept, sealed. Several booking nodes on one database share this folder.
    pub data_folder: PathBuf,
    /// Lets TERHAD and SULIT meetings start although there is no end-to-end encryption yet (CLASS-4). Off unless said otherwise.
    pub classified_without_e2ee: bool,
    /// The media nodes that may open the link over the network.
    pub trusted_nodes: Vec<TrustedNode>,
    pub mail: mail::Settings,
}

/// A media node by its public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedNode {
    pub node: NodeId,
    /// Ed25519, 32 bytes.
    pub public_key: [u8; 32],
}
