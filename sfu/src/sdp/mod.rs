//! Session descriptions (RFC 8866, RFC 9429): the client offers, we answer, and this is the only place that reads or writes one. It runs on
//! the signalling side: reading a large offer costs a good part of a millisecond, and everything random is drawn here, so that the
//! engine gets plain data.
//!
//! [`answer`] takes an offer with what the client means to publish and gives what was agreed on with the answer's text, or a refusal that
//! says why.

mod negotiate;
mod offer;
mod refuse;
#[cfg(test)]
mod tests;
mod write;

pub use refuse::Reason;

use crate::engine::{api::Media, transport::Fingerprint};
use std::net::SocketAddr;
use wire::{
    Refusal, UnixMs,
    id::SourceId,
    signal::{PublishIntent, SourceKind},
};

/// What an answer says of this node.
#[derive(Clone, Debug)]
pub struct AnswerParameters {
    /// Of the process's certificate.
    pub fingerprint: Fingerprint,
    /// Where a client can reach the node's socket. The first is preferred.
    pub candidates: Vec<SocketAddr>,
    /// Where it can reach the node by a stream instead.
    pub streams: Vec<StreamCandidate>,
}

/// An address at which streams are taken (RFC 6544, passive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamCandidate {
    pub address: SocketAddr,
    /// The client greets first, so that it looks like the beginning of TLS (`ssltcp`, which libwebrtc alone knows).
    pub greets: bool,
}

/// Where everything random comes from, with the time that goes into identifiers.
pub struct Draw<'a> {
    pub random: &'a mut dyn rand::RngCore,
    pub now_ms: UnixMs,
}

/// RFC 8839, section 5.4: `ice-char`.
const ICE_CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// 72 bits: no two of a process's peers are the same, and none can be guessed.
const UFRAG_CHARACTERS: usize = 12;
/// 144 bits; RFC 8839 asks for 128.
const PWD_CHARACTERS: usize = 24;

impl Draw<'_> {
    fn characters(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.random.fill_bytes(&mut bytes);
        bytes.iter().map(|it| char::from(ICE_CHARACTERS[usize::from(it & 63)])).collect()
    }

    fn ufrag(&mut self) -> String {
        self.characters(UFRAG_CHARACTERS)
    }

    fn pwd(&mut self) -> String {
        self.characters(PWD_CHARACTERS)
    }

    fn number(&mut self) -> u32 {
        self.random.next_u32()
    }

    /// Below 2^15 (RFC 3711, section 3.3.1).
    fn sequence(&mut self) -> u16 {
        (self.random.next_u32() & 0x7fff) as u16
    }

    /// RFC 9562, version 7.
    fn source(&mut self) -> SourceId {
        let mut bytes = [0; 10];
        self.random.fill_bytes(&mut bytes);
        SourceId(uuid::Builder::from_unix_timestamp_millis(u64::try_from(self.now_ms.0).unwrap_or(0), &bytes).into_uuid())
    }
}

/// What an answer keeps of what was agreed on before.
#[derive(Clone, Debug)]
pub enum Keep {
    Nothing,
    /// The session comes back on a new connection: each of its sources keeps its id, by kind, so that those who watch it go on without
    /// asking anew. The connection's own (credentials, SSRCs) is all new.
    Sources(Box<Media>),
    /// A further offer on a connection that lives on: its credentials, SSRCs and sources stay, line by line (by MID); where the client
    /// restarts ICE the credentials are new.
    Connection(Box<Media>),
}

impl Keep {
    fn connection(&self) -> Option<&Media> {
        if let Self::Connection(media) = self { Some(media) } else { None }
    }

    fn source(&self, mid: &str, kind: SourceKind) -> Option<SourceId> {
        let (media, by_mid) = match self {
            Self::Nothing => return None,
            Self::Sources(media) => (media, false),
            Self::Connection(media) => (media, true),
        };
        media.negotiated.receives.iter().find(|it| it.kind == kind && (!by_mid || *it.mid == *mid)).map(|it| it.source)
    }
}

/// Answers an offer.
pub fn answer(
    offer: &str,
    publish: &[PublishIntent],
    keep: &Keep,
    parameters: &AnswerParameters,
    mut draw: Draw<'_>,
) -> Result<(Media, String), Refusal> {
    let offer = offer::read(offer)?;
    let remote = negotiate::transport(&offer)?;
    let transport = negotiate::local_transport(&remote, keep.connection().map(|it| &it.transport), &parameters.candidates, &mut draw)?;
    let lines = negotiate::lines(&offer, publish, keep, &mut draw)?;
    // The peer's certificate is the one thing that every description of a connection shares.
    let session = u64::from_be_bytes(remote.fingerprint[..8].try_into().unwrap_or_default()) >> 2;
    let text = write::Answer {
        offer: &offer,
        lines: &lines,
        transport: &transport,
        fingerprint: parameters.fingerprint,
        streams: &parameters.streams,
        session,
        version: draw.now_ms.0.max(0),
    }
    .to_string();
    Ok((Media { transport, negotiated: negotiate::negotiated(&lines) }, text))
}
