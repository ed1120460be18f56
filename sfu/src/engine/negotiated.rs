//! What one offer and its answer agreed on, as plain data. Made on the signalling side (`sdp`), with everything random already drawn,
//! so that the engine draws nothing and parses no SDP.

use std::net::SocketAddr;
use wire::{id::SourceId, signal::SourceKind};

/// `a=mid` (RFC 5888), at most 16 bytes.
pub type Mid = Box<str>;
/// `a=rid` (RFC 8851), at most 16 bytes.
pub type Rid = Box<str>;

/// The connection below the media: ICE (RFC 8445, we are lite) and DTLS (RFC 8842, we are passive).
#[derive(Clone, Debug)]
pub struct TransportParameters {
    /// Ours; unique in the process: it is how the first packet of an address finds its peer.
    pub local_ufrag: String,
    pub local_pwd: String,
    pub remote_ufrag: String,
    pub remote_pwd: String,
    /// SHA-256 of the peer's certificate, from `a=fingerprint` (RFC 8122).
    pub remote_fingerprint: [u8; 32],
    /// The addresses announced in the answer.
    pub candidates: Vec<SocketAddr>,
}

/// What a peer sends and what it can be sent.
#[derive(Clone, Debug, Default)]
pub struct Negotiated {
    pub receives: Vec<ReceiveLine>,
    pub audio_slots: Vec<SlotLine>,
    pub video_slots: Vec<SlotLine>,
}

/// An m-line on which the peer sends.
#[derive(Clone, Debug)]
pub struct ReceiveLine {
    pub mid: Mid,
    pub kind: SourceKind,
    pub source: SourceId,
    pub muted: bool,
    pub payloads: Vec<PayloadMap>,
    /// Simulcast layers in the offer's order, lowest first; empty: one layer.
    pub rids: Vec<Rid>,
    /// Media SSRCs that the offer names, with their RTX SSRC (RFC 5576, FID). Browsers bind by MID and RID instead.
    pub ssrcs: Vec<(u32, Option<u32>)>,
    pub extensions: ExtensionIds,
}

/// A receive-only m-line of the peer: a slot that shows one source at a time.
#[derive(Clone, Debug)]
pub struct SlotLine {
    pub mid: Mid,
    /// Ours, for the slot's life.
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    /// Below 2^15 (RFC 3711, section 3.3.1: an index that wraps early confuses a receiver that missed the start).
    pub first_sequence: u16,
    pub first_rtx_sequence: u16,
    pub first_timestamp: u32,
    pub payloads: Vec<PayloadMap>,
    pub extensions: ExtensionIds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    Opus,
    /// RFC 2198 around Opus.
    Red,
    Vp8,
    Vp9,
    H264,
    Av1,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadMap {
    pub codec: Codec,
    pub payload_type: u8,
    /// Payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    pub clock_rate: u32,
    pub nack: bool,
    pub transport_cc: bool,
}

/// Ids of the RTP header extensions (RFC 8285) that offer and answer agreed on for one m-line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    pub mid: Option<u8>,
    pub rid: Option<u8>,
    pub repaired_rid: Option<u8>,
    pub audio_level: Option<u8>,
    pub transport_cc: Option<u8>,
    pub abs_send_time: Option<u8>,
    pub abs_capture_time: Option<u8>,
    pub dependency_descriptor: Option<u8>,
    pub video_orientation: Option<u8>,
}
