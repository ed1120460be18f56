//! The answer, written. Its shape is fixed: what a browser needs of each line, and what it silently does without, was measured line by
//! line (`a=ssrc` on slots, and both `a=rid` and `a=simulcast` on layers, are the ones without which media is dropped in silence).

use super::{
    StreamCandidate,
    negotiate::{Line, extension_lines, idle_payloads},
    offer::{MediaLine, Offer},
};
use crate::engine::{
    forward::CNAME,
    negotiated::{ExtensionIds, PayloadMap, SlotLine, TransportParameters},
    transport::{Fingerprint, fingerprint_text},
};
use std::fmt;

pub struct Answer<'a> {
    pub offer: &'a Offer<'a>,
    pub lines: &'a [Line],
    pub transport: &'a TransportParameters,
    pub fingerprint: Fingerprint,
    pub streams: &'a [StreamCandidate],
    /// The session's number (RFC 8866, section 5.2), the same in every answer on a connection, and a version that grows.
    pub session: u64,
    pub version: i64,
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "v=0\r\no=- {} {} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", self.session, self.version)?;
        out.write_str("a=group:BUNDLE")?;
        for (media, line) in self.pairs() {
            if let (Some(mid), false) = (media.mid, matches!(line, Line::Rejected)) {
                write!(out, " {mid}")?;
            }
        }
        out.write_str("\r\na=ice-lite\r\na=extmap-allow-mixed\r\na=msid-semantic:WMS *\r\n")?;
        let mut is_first = true;
        for (media, line) in self.pairs() {
            self.media(out, media, line, &mut is_first)?;
        }
        Ok(())
    }
}

impl Answer<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&MediaLine<'_>, &Line)> {
        self.offer.media.iter().zip(self.lines)
    }

    fn media(&self, out: &mut fmt::Formatter<'_>, media: &MediaLine<'_>, line: &Line, is_first: &mut bool) -> fmt::Result {
        match line {
            Line::Rejected => {
                write!(out, "m={} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\n", media.media, media.protocol, media.formats)?;
                if let Some(mid) = media.mid {
                    write!(out, "a=mid:{mid}\r\n")?;
                }
                out.write_str("a=inactive\r\n")
            }
            Line::Idle => {
                self.head(out, media, &idle_payloads(media), is_first)?;
                out.write_str("a=inactive\r\n")?;
                codecs(out, media, &idle_payloads(media))
            }
            Line::Receive(line) => {
                self.head(out, media, &line.payloads, is_first)?;
                extensions(out, &line.extensions)?;
                out.write_str("a=recvonly\r\n")?;
                codecs(out, media, &line.payloads)?;
                for rid in &line.rids {
                    write!(out, "a=rid:{rid} recv\r\n")?;
                }
                if !line.rids.is_empty() {
                    write!(out, "a=simulcast:recv {}\r\n", line.rids.join(";"))?;
                }
                Ok(())
            }
            Line::Slot(line) => {
                self.head(out, media, &line.payloads, is_first)?;
                extensions(out, &line.extensions)?;
                out.write_str("a=sendonly\r\n")?;
                codecs(out, media, &line.payloads)?;
                slot(out, line)
            }
        }
    }

    /// The m-line and everything about its transport. Candidates stand on the first, which carries all the others (RFC 9143).
    fn head(&self, out: &mut fmt::Formatter<'_>, media: &MediaLine<'_>, payloads: &[PayloadMap], is_first: &mut bool) -> fmt::Result {
        write!(out, "m={} 9 {}", media.media, media.protocol)?;
        for payload in payloads {
            write!(out, " {}", payload.payload_type)?;
            if let Some(rtx) = payload.rtx {
                write!(out, " {rtx}")?;
            }
        }
        if payloads.is_empty() {
            write!(out, " {}", media.formats)?;
        }
        out.write_str("\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n")?;
        if std::mem::take(is_first) {
            for (place, address) in self.transport.candidates.iter().enumerate() {
                // RFC 8445, section 5.1.2.1: host candidates, the first announced first.
                let priority = (126u32 << 24) + (65_535u32.saturating_sub(u32::try_from(place).unwrap_or(u32::MAX)) << 8) + 255;
                write!(out, "a=candidate:{} 1 udp {priority} {} {} typ host\r\n", place + 1, address.ip(), address.port())?;
            }
            self.stream_candidates(out)?;
            out.write_str("a=end-of-candidates\r\n")?;
        }
        write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", self.transport.local_ufrag, self.transport.local_pwd)?;
        write!(out, "a=fingerprint:sha-256 {}\r\na=setup:passive\r\n", fingerprint_text(&self.fingerprint))?;
        write!(out, "a=mid:{}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", media.mid.unwrap_or_default())
    }
}

impl Answer<'_> {
    /// Behind the datagrams in priority, in the order of [`StreamCandidate`]s: the client tries all at once and keeps the best that works.
    fn stream_candidates(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A description with a transport that a browser does not know is refused whole by some, so that only one that knows it is told.
        let streams = self.streams.iter().filter(|it| !it.greets || self.offer.is_libwebrtc);
        for (place, StreamCandidate { address, greets }) in streams.enumerate() {
            // RFC 6544, section 4.2: a type preference below that of datagrams, and passive direction.
            let (transport, preference) = if *greets { ("ssltcp", 80u32) } else { ("tcp", 90) };
            let other = 8_191u32.saturating_sub(u32::try_from(place).unwrap_or(u32::MAX));
            let priority = (preference << 24) + (((4 << 13) + other) << 8) + 255;
            let foundation = self.transport.candidates.len() + place + 1;
            write!(
                out,
                "a=candidate:{foundation} 1 {transport} {priority} {} {} typ host tcptype passive\r\n",
                address.ip(),
                address.port()
            )?;
        }
        Ok(())
    }
}

fn extensions(out: &mut fmt::Formatter<'_>, ids: &ExtensionIds) -> fmt::Result {
    extension_lines(ids).try_for_each(|(id, uri)| write!(out, "a=extmap:{id} {uri}\r\n"))
}

fn codecs(out: &mut fmt::Formatter<'_>, media: &MediaLine<'_>, payloads: &[PayloadMap]) -> fmt::Result {
    for payload in payloads {
        let payload_type = payload.payload_type;
        let Some(offered) = media.payloads.iter().find(|it| it.payload_type == payload_type) else { continue };
        write!(out, "a=rtpmap:{payload_type} {}\r\n", offered.map)?;
        for feedback in ["transport-cc", "ccm fir", "nack", "nack pli"] {
            if offered.has_feedback(feedback) || feedback == "nack" && payload.nack {
                write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n")?;
            }
        }
        if let Some(format) = offered.format {
            write!(out, "a=fmtp:{payload_type} {format}\r\n")?;
        }
        if let Some(rtx) = payload.rtx {
            write!(out, "a=rtpmap:{rtx} rtx/{}\r\na=fmtp:{rtx} apt={payload_type}\r\n", payload.clock_rate)?;
        }
    }
    Ok(())
}

/// Without `a=ssrc` a browser drops the media of a slot without a word; without the group it does not find the repairs.
fn slot(out: &mut fmt::Formatter<'_>, line: &SlotLine) -> fmt::Result {
    write!(out, "a=msid:{0} {0}\r\n", line.mid)?;
    if let Some(rtx) = line.rtx_ssrc {
        write!(out, "a=ssrc-group:FID {} {rtx}\r\n", line.ssrc)?;
    }
    write!(out, "a=ssrc:{} cname:{CNAME}\r\n", line.ssrc)?;
    line.rtx_ssrc.map_or(Ok(()), |rtx| write!(out, "a=ssrc:{rtx} cname:{CNAME}\r\n"))
}
