//! What is made of an offer: for each of its m-lines, whether it is something sent to us, a slot, or nothing.

use super::{
    Draw, Keep,
    offer::{Direction, MediaLine, Offer, Payload, TransportLines},
    refuse::Reason,
};
use crate::engine::negotiated::{Codec, ExtensionIds, Negotiated, PayloadMap, ReceiveLine, SlotLine, TransportParameters};
use std::collections::HashSet;
use wire::{
    Refusal,
    id::SourceId,
    limits::{AUDIO_SLOTS_MAX, VIDEO_SLOTS_MAX},
    signal::PublishIntent,
};

/// Layers of one picture: a quarter, a half, the whole.
const LAYERS_MAX: usize = 3;
const PROTOCOL: &str = "UDP/TLS/RTP/SAVPF";

/// One m-line of the answer, beside the offer's.
#[derive(Debug)]
pub enum Line {
    Receive(ReceiveLine),
    Slot(SlotLine),
    /// Live, and nothing flows on it.
    Idle,
    Rejected,
}

/// The transport of the bundle, once for all its m-lines.
#[derive(Debug, PartialEq, Eq)]
pub struct RemoteTransport<'a> {
    pub ufrag: &'a str,
    pub pwd: &'a str,
    pub fingerprint: [u8; 32],
}

pub fn transport<'a>(offer: &Offer<'a>) -> Result<RemoteTransport<'a>, Refusal> {
    if offer.ice_lite {
        return Err(Reason::IceLite.refusal());
    }
    let mut mids = HashSet::new();
    let mut found: Option<(TransportLines<'a>, RemoteTransport<'a>)> = None;
    for media in offer.media.iter().filter(|it| !it.is_rejected()) {
        let mid = media.mid.ok_or_else(|| Reason::MidInvalid.refusal())?;
        if !mids.insert(mid) {
            return Err(Reason::MidRepeated.of_mid(mid));
        }
        // Data channels are rejected further on, whatever they run over.
        if !is_media(media) {
            continue;
        }
        if media.protocol != PROTOCOL {
            return Err(Reason::Protocol.of_mid(mid));
        }
        if !media.rtcp_mux {
            return Err(Reason::RtcpMuxMissing.of_mid(mid));
        }
        if !offer.bundle.contains(&mid) {
            return Err(Reason::BundleMissing.of_mid(mid));
        }
        let lines = TransportLines {
            ufrag: media.transport.ufrag.or(offer.transport.ufrag),
            pwd: media.transport.pwd.or(offer.transport.pwd),
            fingerprint: media.transport.fingerprint.or(offer.transport.fingerprint),
            setup: media.transport.setup.or(offer.transport.setup),
        };
        match &found {
            None => found = Some((lines, remote_transport(lines)?)),
            // A bundled m-line may leave it to the first one (RFC 9143, section 7.1.3).
            Some((first, _)) if lines != *first && lines != TransportLines::default() => {
                return Err(Reason::TransportDiffers.of_mid(mid));
            }
            Some(_) => {}
        }
    }
    found.map(|it| it.1).ok_or_else(|| Reason::MediaMissing.refusal())
}

fn remote_transport(lines: TransportLines<'_>) -> Result<RemoteTransport<'_>, Refusal> {
    // RFC 8839, section 5.4.
    let is_ice = |text: &&str, least| {
        (least..=256).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'+' || it == b'/')
    };
    let ufrag = lines.ufrag.filter(|it| is_ice(it, 4)).ok_or_else(|| Reason::IceInvalid.refusal())?;
    let pwd = lines.pwd.filter(|it| is_ice(it, 22)).ok_or_else(|| Reason::IceInvalid.refusal())?;
    let fingerprint = lines.fingerprint.and_then(read_fingerprint).ok_or_else(|| Reason::FingerprintInvalid.refusal())?;
    if !matches!(lines.setup, Some("actpass" | "active")) {
        return Err(Reason::Setup.refusal());
    }
    Ok(RemoteTransport { ufrag, pwd, fingerprint })
}

fn read_fingerprint(text: &str) -> Option<[u8; 32]> {
    let mut fingerprint = [0; 32];
    let mut pairs = text.split(':');
    for byte in &mut fingerprint {
        *byte = pairs.next().filter(|it| it.len() == 2).and_then(|it| u8::from_str_radix(it, 16).ok())?;
    }
    pairs.next().is_none().then_some(fingerprint)
}

fn is_media(media: &MediaLine<'_>) -> bool {
    matches!(media.media, "audio" | "video")
}

/// Our side of the transport: what it was, while the peer's is what it was; new credentials where the peer restarts (RFC 8839, section 4.4.3).
pub fn local_transport(
    remote: &RemoteTransport<'_>,
    before: Option<&TransportParameters>,
    candidates: &[std::net::SocketAddr],
    draw: &mut Draw<'_>,
) -> Result<TransportParameters, Refusal> {
    if before.is_some_and(|it| it.remote_fingerprint != remote.fingerprint) {
        return Err(Reason::FingerprintChanged.refusal());
    }
    let living = before.filter(|it| it.remote_ufrag == remote.ufrag && it.remote_pwd == remote.pwd);
    let (local_ufrag, local_pwd) = living.map_or_else(|| (draw.ufrag(), draw.pwd()), |it| (it.local_ufrag.clone(), it.local_pwd.clone()));
    Ok(TransportParameters {
        local_ufrag,
        local_pwd,
        remote_ufrag: remote.ufrag.to_owned(),
        remote_pwd: remote.pwd.to_owned(),
        remote_fingerprint: remote.fingerprint,
        candidates: candidates.to_vec(),
    })
}

/// What each m-line becomes, in the offer's order. Lines that were there keep their source and their SSRCs as `keep` says.
pub fn lines(offer: &Offer<'_>, publish: &[PublishIntent], keep: &Keep, draw: &mut Draw<'_>) -> Result<Vec<Line>, Refusal> {
    for (place, intent) in publish.iter().enumerate() {
        if publish[..place].iter().any(|it| it.kind == intent.kind || it.mid == intent.mid) {
            return Err(Reason::PublishTwice.of_mid(&intent.mid));
        }
        let sends = |it: &&MediaLine<'_>| {
            it.mid == Some(&intent.mid) && !it.is_rejected() && matches!(it.direction, Direction::Send | Direction::SendReceive)
        };
        let line = offer.media.iter().find(sends).ok_or_else(|| Reason::PublishUnknown.of_mid(&intent.mid))?;
        if (line.media == "audio") != intent.kind.is_audio() {
            return Err(Reason::PublishKind.of_mid(&intent.mid));
        }
    }
    let before = keep.connection().map(|it| &it.negotiated);
    let (mut audio_slots, mut video_slots) = (0, 0);
    let mut ssrcs = Ssrcs::besides(before);
    offer
        .media
        .iter()
        .map(|media| {
            let Some(mid) = media.mid.filter(|_| is_media(media) && !media.is_rejected()) else { return Ok(Line::Rejected) };
            match media.direction {
                Direction::Inactive => Ok(Line::Idle),
                Direction::Send | Direction::SendReceive => {
                    let intent = publish.iter().find(|it| it.mid == mid).ok_or_else(|| Reason::PublishMissing.of_mid(mid))?;
                    receive(media, mid, intent, keep.source(mid, intent.kind), draw).map(Line::Receive)
                }
                Direction::Receive => {
                    let is_audio = media.media == "audio";
                    let (count, most, reason) = if is_audio {
                        (&mut audio_slots, AUDIO_SLOTS_MAX, Reason::TooManyAudioSlots)
                    } else {
                        (&mut video_slots, VIDEO_SLOTS_MAX, Reason::TooManyVideoSlots)
                    };
                    *count += 1;
                    if *count > most {
                        return Err(reason.refusal().with("slots_max", most));
                    }
                    let known = before.and_then(|it| {
                        let slots = if is_audio { &it.audio_slots } else { &it.video_slots };
                        slots.iter().find(|it| *it.mid == *mid)
                    });
                    slot(media, mid, is_audio, known, &mut ssrcs, draw).map(Line::Slot)
                }
            }
        })
        .collect()
}

fn receive(
    media: &MediaLine<'_>,
    mid: &str,
    intent: &PublishIntent,
    known: Option<SourceId>,
    draw: &mut Draw<'_>,
) -> Result<ReceiveLine, Refusal> {
    let is_audio = intent.kind.is_audio();
    // Layers count only where both lines name them (RFC 8853, section 5.1).
    let rids: Vec<Box<str>> = media.simulcast.iter().filter(|it| media.rids.contains(it)).map(|it| (*it).into()).collect();
    if rids.len() > LAYERS_MAX {
        return Err(Reason::TooManyLayers.of_mid(mid).with("layers_max", LAYERS_MAX));
    }
    let payloads = payloads(media, mid, is_audio)?;
    // What is sent is the first that was agreed on. Of AV1 only the descriptor says which packets belong together; of VP8 it would take the
    // picture ids away, by which those who read no descriptors are served.
    let describes = payloads.first().is_some_and(|it| it.codec == Codec::Av1);
    let wanted: &[_] = match (is_audio, describes) {
        (true, _) => &[MID, AUDIO_LEVEL, TRANSPORT_CC],
        (false, false) => &[MID, RID, REPAIRED_RID, TRANSPORT_CC],
        (false, true) => &[MID, RID, REPAIRED_RID, TRANSPORT_CC, DEPENDENCY_DESCRIPTOR],
    };
    let repairs = |ssrc: u32| media.pairs.iter().find(|it| it.0 == ssrc).map(|it| it.1);
    let is_repair = |ssrc: u32| media.pairs.iter().any(|it| it.1 == ssrc);
    Ok(ReceiveLine {
        mid: mid.into(),
        kind: intent.kind,
        source: known.unwrap_or_else(|| draw.source()),
        muted: intent.muted,
        payloads,
        rids,
        ssrcs: media.ssrcs.iter().filter(|it| !is_repair(**it)).map(|it| (*it, repairs(*it))).collect(),
        extensions: extensions(media, wanted),
    })
}

fn slot(
    media: &MediaLine<'_>,
    mid: &str,
    is_audio: bool,
    known: Option<&SlotLine>,
    ssrcs: &mut Ssrcs,
    draw: &mut Draw<'_>,
) -> Result<SlotLine, Refusal> {
    let payloads = payloads(media, mid, is_audio)?;
    let wanted: &[_] = match (is_audio, payloads.iter().any(|it| it.codec == Codec::Av1)) {
        (true, _) => &[MID, AUDIO_LEVEL, TRANSPORT_CC],
        (false, false) => &[MID, TRANSPORT_CC],
        (false, true) => &[MID, TRANSPORT_CC, DEPENDENCY_DESCRIPTOR],
    };
    let extensions = extensions(media, wanted);
    if let Some(known) = known {
        return Ok(SlotLine { payloads, extensions, ..known.clone() });
    }
    let repairs = payloads.iter().any(|it| it.rtx.is_some());
    Ok(SlotLine {
        mid: mid.into(),
        ssrc: ssrcs.fresh(draw),
        rtx_ssrc: repairs.then(|| ssrcs.fresh(draw)),
        first_sequence: draw.sequence(),
        first_rtx_sequence: draw.sequence(),
        first_timestamp: draw.number(),
        payloads,
        extensions,
    })
}

/// What we take, in the client's order, but redundant sound first: a sender takes what the answer names first.
fn payloads(media: &MediaLine<'_>, mid: &str, is_audio: bool) -> Result<Vec<PayloadMap>, Refusal> {
    let mut taken: Vec<_> = media
        .payloads
        .iter()
        .filter_map(|payload| {
            let codec = codec(media, payload, is_audio)?;
            Some(PayloadMap {
                codec,
                payload_type: payload.payload_type,
                rtx: if is_audio { None } else { retransmission(media, payload) },
                clock_rate: payload.clock_rate()?,
                // Browsers answer for sound that is asked for again, though they do not offer to.
                nack: is_audio || payload.has_feedback("nack"),
                transport_cc: payload.has_feedback("transport-cc"),
            })
        })
        .collect();
    // Of a codec in several profiles the client's first: a slot is one decoder.
    let mut codecs = HashSet::new();
    taken.retain(|it| codecs.insert(it.codec));
    taken.sort_by_key(|it| it.codec != Codec::Red);
    if taken.iter().all(|it| it.codec == Codec::Red) { Err(Reason::CodecMissing.of_mid(mid)) } else { Ok(taken) }
}

fn codec(media: &MediaLine<'_>, payload: &Payload<'_>, is_audio: bool) -> Option<Codec> {
    let is = |payload: &Payload<'_>, name: &str, clock_rate| {
        payload.encoding().eq_ignore_ascii_case(name) && payload.clock_rate() == Some(clock_rate)
    };
    let is_opus = |payload: &Payload<'_>| is(payload, "opus", 48_000) && payload.channels() == 2;
    match is_audio {
        true if is_opus(payload) => Some(Codec::Opus),
        // Around Opus and nothing else (RFC 2198, section 5).
        true if is(payload, "red", 48_000) => {
            let opus = media.payloads.iter().find(|it| is_opus(it))?.payload_type;
            let is_around = payload.format?.split('/').all(|it| it.trim().parse() == Ok(opus));
            is_around.then_some(Codec::Red)
        }
        true => None,
        false if is(payload, "VP8", 90_000) => Some(Codec::Vp8),
        // RFC 9628, section 6: profile 0 where none is named.
        false if is(payload, "VP9", 90_000) => matches!(payload.parameter("profile-id"), None | Some("0")).then_some(Codec::Vp9),
        false if is(payload, "H264", 90_000) => is_constrained_baseline(payload).then_some(Codec::H264),
        // AV1 RTP, section 7.2.1: the main profile where none is named.
        false if is(payload, "AV1", 90_000) => matches!(payload.parameter("profile"), None | Some("0")).then_some(Codec::Av1),
        false => None,
    }
}

/// The one H.264 that every browser speaks (RFC 7742, section 6.2), in packets that need not hold whole NAL units (RFC 6184, section 8.1).
fn is_constrained_baseline(payload: &Payload<'_>) -> bool {
    let profile = payload.parameter("profile-level-id").and_then(|it| u32::from_str_radix(it, 16).ok());
    // profile_idc 66 with constraint_set1.
    let constrained = profile.is_some_and(|it| it >> 16 == 0x42 && it >> 8 & 0x40 != 0);
    constrained && payload.parameter("packetization-mode") == Some("1")
}

/// The payload type that repairs this one (RFC 4588, section 8.6).
pub fn retransmission(media: &MediaLine<'_>, of: &Payload<'_>) -> Option<u8> {
    media
        .payloads
        .iter()
        .find(|it| it.encoding().eq_ignore_ascii_case("rtx") && it.parameter("apt").and_then(|it| it.parse().ok()) == Some(of.payload_type))
        .map(|it| it.payload_type)
}

type Extension = (&'static str, fn(&mut ExtensionIds) -> &mut Option<u8>);

const MID: Extension = ("urn:ietf:params:rtp-hdrext:sdes:mid", |it| &mut it.mid);
const RID: Extension = ("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", |it| &mut it.rid);
const REPAIRED_RID: Extension = ("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", |it| &mut it.repaired_rid);
const AUDIO_LEVEL: Extension = ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", |it| &mut it.audio_level);
const TRANSPORT_CC: Extension = ("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", |it| &mut it.transport_cc);

const DEPENDENCY_DESCRIPTOR: Extension =
    ("https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension", |it| &mut it.dependency_descriptor);

/// The extensions of the offer that are taken. Those not among `wanted` are not: a picture's orientation, because a sender that may not signal it
/// turns the picture itself, and so it is right in a recording too.
fn extensions(media: &MediaLine<'_>, wanted: &[Extension]) -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    for (uri, place) in wanted {
        // One byte has room for 1 to 14 (RFC 8285, section 4.2).
        *place(&mut ids) = media.extensions.iter().find(|it| it.1 == *uri && (1..=14).contains(&it.0)).map(|it| it.0);
    }
    ids
}

/// The name of each extension that was taken, with its id.
pub fn extension_lines(ids: &ExtensionIds) -> impl Iterator<Item = (u8, &'static str)> {
    let mut ids = *ids;
    [AUDIO_LEVEL, TRANSPORT_CC, MID, RID, REPAIRED_RID, DEPENDENCY_DESCRIPTOR]
        .into_iter()
        .filter_map(move |(uri, place)| place(&mut ids).map(|id| (id, uri)))
}

/// SSRCs are drawn; within one connection no two are the same.
struct Ssrcs(HashSet<u32>);

impl Ssrcs {
    fn besides(before: Option<&Negotiated>) -> Self {
        let slots = before.into_iter().flat_map(|it| it.audio_slots.iter().chain(&it.video_slots));
        Self(slots.flat_map(|it| [Some(it.ssrc), it.rtx_ssrc]).flatten().chain([0]).collect())
    }

    fn fresh(&mut self, draw: &mut Draw<'_>) -> u32 {
        // At most 116 of 2^32 are taken.
        loop {
            let ssrc = draw.number();
            if self.0.insert(ssrc) {
                return ssrc;
            }
        }
    }
}

pub fn negotiated(lines: &[Line]) -> Negotiated {
    let mut negotiated = Negotiated::default();
    for line in lines {
        match line {
            Line::Receive(line) => negotiated.receives.push(line.clone()),
            Line::Slot(line) if line.payloads.iter().any(|it| it.codec == Codec::Opus) => negotiated.audio_slots.push(line.clone()),
            Line::Slot(line) => negotiated.video_slots.push(line.clone()),
            Line::Idle | Line::Rejected => {}
        }
    }
    negotiated
}

/// What an m-line of sound or pictures that is idle is said to carry.
pub fn idle_payloads(media: &MediaLine<'_>) -> Vec<PayloadMap> {
    payloads(media, "", media.media == "audio").unwrap_or_default()
}
