//! An offer, read: what its lines say, borrowed from its text and checked for form (RFC 8866), not yet for what we want of it.

use super::refuse::Reason;
use wire::{
    Refusal,
    limits::{OFFER_MEDIA_LINES_MAX, SIGNAL_MESSAGE_BYTES_MAX},
};

/// 64 m-lines of a browser have about 8,000 lines.
const LINES_MAX: usize = 16_384;
/// Payload types are seven bits (RFC 3551).
const PAYLOADS_MAX: usize = 128;
/// Identifiers of two-byte header extensions are 1 to 255 (RFC 8285); browsers offer about fifteen.
const EXTENSIONS_MAX: usize = 32;
const RIDS_MAX: usize = 16;
const SSRCS_MAX: usize = 32;
const FEEDBACKS_MAX: usize = 16;

#[derive(Debug, Default)]
pub struct Offer<'a> {
    pub ice_lite: bool,
    /// By the form of a line that this library alone writes so: it knows `ssltcp` candidates.
    pub is_libwebrtc: bool,
    pub bundle: Vec<&'a str>,
    /// What holds for every m-line that does not say otherwise.
    pub transport: TransportLines<'a>,
    pub media: Vec<MediaLine<'a>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportLines<'a> {
    pub ufrag: Option<&'a str>,
    pub pwd: Option<&'a str>,
    /// The value of the last `a=fingerprint:sha-256`.
    pub fingerprint: Option<&'a str>,
    pub setup: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    SendReceive,
    Send,
    Receive,
    Inactive,
}

#[derive(Debug, Default)]
pub struct MediaLine<'a> {
    /// `audio`, `video`, `application`
    pub media: &'a str,
    pub port_zero: bool,
    pub bundle_only: bool,
    pub protocol: &'a str,
    /// The formats as they stand on the m-line.
    pub formats: &'a str,
    pub mid: Option<&'a str>,
    pub direction: Direction,
    pub rtcp_mux: bool,
    pub transport: TransportLines<'a>,
    pub payloads: Vec<Payload<'a>>,
    pub extensions: Vec<(u8, &'a str)>,
    /// `a=rid:… send`
    pub rids: Vec<&'a str>,
    /// The streams of `a=simulcast:send`, each by its first alternative.
    pub simulcast: Vec<&'a str>,
    pub ssrcs: Vec<u32>,
    /// `a=ssrc-group:FID`: media, retransmissions.
    pub pairs: Vec<(u32, u32)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payload<'a> {
    pub payload_type: u8,
    /// `opus/48000/2`
    pub map: &'a str,
    pub format: Option<&'a str>,
    pub feedback: Vec<&'a str>,
}

impl<'a> Payload<'a> {
    pub fn encoding(&self) -> &'a str {
        self.map.split('/').next().unwrap_or_default()
    }

    pub fn clock_rate(&self) -> Option<u32> {
        self.map.split('/').nth(1)?.parse().ok()
    }

    pub fn channels(&self) -> u8 {
        self.map.split('/').nth(2).and_then(|it| it.parse().ok()).unwrap_or(1)
    }

    /// A parameter of `a=fmtp`.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.format?.split(';').find_map(|it| it.trim().split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case(name))).map(|it| it.1)
    }

    pub fn has_feedback(&self, wanted: &str) -> bool {
        self.feedback.contains(&wanted)
    }
}

impl<'a> MediaLine<'a> {
    /// Refused by the offerer itself (RFC 8829, section 5.2.2).
    pub const fn is_rejected(&self) -> bool {
        self.port_zero && !self.bundle_only
    }

    fn payload_mut(&mut self, payload_type: &str) -> Option<&mut Payload<'a>> {
        let payload_type: u8 = payload_type.parse().ok()?;
        self.payloads.iter_mut().find(|it| it.payload_type == payload_type)
    }
}

pub fn read(text: &str) -> Result<Offer<'_>, Refusal> {
    if text.len() > SIGNAL_MESSAGE_BYTES_MAX {
        return Err(Reason::TooLarge.refusal());
    }
    let mut offer = Offer::default();
    let mut lines = text.lines().enumerate().map(|(number, line)| (number + 1, line)).filter(|(_, line)| !line.is_empty());
    if lines.next().is_none_or(|(_, line)| line != "v=0") {
        return Err(Reason::LineMalformed.at_line(1));
    }
    for (number, line) in lines {
        if number > LINES_MAX {
            return Err(Reason::TooManyLines.refusal());
        }
        let malformed = || Reason::LineMalformed.at_line(number);
        let (kind, value) = line.split_once('=').filter(|(kind, _)| kind.len() == 1).ok_or_else(malformed)?;
        match kind {
            "m" => {
                if offer.media.len() == OFFER_MEDIA_LINES_MAX {
                    return Err(Reason::TooManyMediaLines.refusal());
                }
                offer.media.push(media_line(value).ok_or_else(malformed)?);
            }
            "a" => {
                let (name, value) = value.split_once(':').unwrap_or((value, ""));
                match offer.media.last_mut() {
                    Some(media) => media_attribute(media, name, value).map_err(|reason| reason.at_line(number))?,
                    None => session_attribute(&mut offer, name, value),
                }
            }
            // Names, times, bandwidth, keys, addresses: nothing that a bundled WebRTC session goes by.
            _ if kind.as_bytes()[0].is_ascii_lowercase() => {}
            _ => return Err(malformed()),
        }
    }
    if offer.media.is_empty() {
        return Err(Reason::MediaMissing.refusal());
    }
    Ok(offer)
}

/// `<media> <port> <proto> <fmt> ...`
fn media_line(value: &str) -> Option<MediaLine<'_>> {
    let mut parts = value.splitn(4, ' ');
    let media = parts.next().filter(|it| is_token(it))?;
    let port: u16 = parts.next()?.parse().ok()?;
    let protocol = parts.next()?;
    let formats = parts.next()?;
    let mut line = MediaLine { media, port_zero: port == 0, protocol, formats, ..MediaLine::default() };
    if matches!(media, "audio" | "video") {
        for format in formats.split(' ') {
            let payload_type = format.parse().ok().filter(|it| *it < 128)?;
            if line.payloads.len() == PAYLOADS_MAX || line.payloads.iter().any(|it| it.payload_type == payload_type) {
                return None;
            }
            line.payloads.push(Payload { payload_type, ..Payload::default() });
        }
    }
    Some(line)
}

fn session_attribute<'a>(offer: &mut Offer<'a>, name: &str, value: &'a str) {
    match name {
        "ice-lite" => offer.ice_lite = true,
        "msid-semantic" => offer.is_libwebrtc = value.starts_with(" WMS"),
        "group" => {
            if let Some(mids) = value.strip_prefix("BUNDLE ").filter(|_| offer.bundle.is_empty()) {
                offer.bundle = mids.split(' ').take(OFFER_MEDIA_LINES_MAX).collect();
            }
        }
        _ => transport_attribute(&mut offer.transport, name, value),
    }
}

fn transport_attribute<'a>(transport: &mut TransportLines<'a>, name: &str, value: &'a str) {
    match name {
        "ice-ufrag" => transport.ufrag = Some(value),
        "ice-pwd" => transport.pwd = Some(value),
        "setup" => transport.setup = Some(value),
        "fingerprint" => {
            if let Some((algorithm, digest)) = value.split_once(' ')
                && algorithm.eq_ignore_ascii_case("sha-256")
            {
                transport.fingerprint = Some(digest.trim());
            }
        }
        _ => {}
    }
}

fn media_attribute<'a>(media: &mut MediaLine<'a>, name: &str, value: &'a str) -> Result<(), Reason> {
    match name {
        "mid" => {
            if media.mid.is_some() || !is_token(value) || value.len() > 16 {
                return Err(Reason::MidInvalid);
            }
            media.mid = Some(value);
        }
        "sendrecv" => media.direction = Direction::SendReceive,
        "sendonly" => media.direction = Direction::Send,
        "recvonly" => media.direction = Direction::Receive,
        "inactive" => media.direction = Direction::Inactive,
        "rtcp-mux" => media.rtcp_mux = true,
        "bundle-only" => media.bundle_only = true,
        "rtpmap" => {
            let (payload_type, map) = value.split_once(' ').ok_or(Reason::LineMalformed)?;
            if let Some(payload) = media.payload_mut(payload_type) {
                payload.map = map;
            }
        }
        "fmtp" => {
            let (payload_type, format) = value.split_once(' ').ok_or(Reason::LineMalformed)?;
            if let Some(payload) = media.payload_mut(payload_type) {
                payload.format = Some(format);
            }
        }
        "rtcp-fb" => feedback(media, value)?,
        "extmap" => {
            let (id, uri) = value.split_once(' ').ok_or(Reason::LineMalformed)?;
            // `<id>/<direction>`: ours is the mirrored one, which every extension that we use has.
            let id = id.split('/').next().unwrap_or_default().parse().map_err(|_| Reason::LineMalformed)?;
            push(&mut media.extensions, (id, uri.split(' ').next().unwrap_or_default()), EXTENSIONS_MAX)?;
        }
        "rid" => {
            let mut parts = value.split(' ');
            let id = parts.next().filter(|it| is_rid(it)).ok_or(Reason::LineMalformed)?;
            if parts.next() == Some("send") {
                push(&mut media.rids, id, RIDS_MAX)?;
            }
        }
        "simulcast" => simulcast(media, value)?,
        "ssrc" => {
            let ssrc = value.split(' ').next().and_then(|it| it.parse().ok()).ok_or(Reason::LineMalformed)?;
            if !media.ssrcs.contains(&ssrc) {
                push(&mut media.ssrcs, ssrc, SSRCS_MAX)?;
            }
        }
        "ssrc-group" => {
            if let Some(pair) = value.strip_prefix("FID ") {
                let (first, second) = pair.split_once(' ').ok_or(Reason::LineMalformed)?;
                let number = |it: &str| it.parse().map_err(|_| Reason::LineMalformed);
                push(&mut media.pairs, (number(first)?, number(second)?), SSRCS_MAX)?;
            }
        }
        _ => transport_attribute(&mut media.transport, name, value),
    }
    Ok(())
}

fn feedback<'a>(media: &mut MediaLine<'a>, value: &'a str) -> Result<(), Reason> {
    let (payload_type, feedback) = value.split_once(' ').ok_or(Reason::LineMalformed)?;
    if payload_type == "*" {
        media.payloads.iter_mut().try_for_each(|it| push(&mut it.feedback, feedback, FEEDBACKS_MAX))
    } else if let Some(payload) = media.payload_mut(payload_type) {
        push(&mut payload.feedback, feedback, FEEDBACKS_MAX)
    } else {
        Ok(())
    }
}

/// `send q;h;f`, maybe with `recv …` before or behind; `~` marks a layer that starts paused, commas alternatives (RFC 8853).
fn simulcast<'a>(media: &mut MediaLine<'a>, value: &'a str) -> Result<(), Reason> {
    let mut parts = value.split(' ');
    while let (Some(direction), Some(streams)) = (parts.next(), parts.next()) {
        if direction != "send" {
            continue;
        }
        for stream in streams.split(';') {
            let first = stream.split(',').next().unwrap_or_default().trim_start_matches('~');
            push(&mut media.simulcast, first, RIDS_MAX)?;
        }
    }
    Ok(())
}

fn push<T>(list: &mut Vec<T>, item: T, most: usize) -> Result<(), Reason> {
    if list.len() == most {
        return Err(Reason::TooManyAttributes);
    }
    list.push(item);
    Ok(())
}

/// RFC 8866, section 9.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&it))
}

/// RFC 8852, section 3.3, with the underscore and hyphen that RFC 8851 allows; at most what a header extension holds.
fn is_rid(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}
