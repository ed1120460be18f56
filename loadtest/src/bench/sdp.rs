//! Descriptions as the generator writes and reads them: no more of SDP (RFC 8866) than its connections need.

use super::generator::{
    Local,
    handshake::Credentials,
    packet::{AUDIO_LEVEL, OPUS, TRANSPORT_CC, VP8, VP8_REPAIRS},
};
use anyhow::{Context, Result};
use std::{fmt::Write, net::SocketAddr};

const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Random characters of ICE (RFC 8839, section 5.4).
pub fn characters(count: usize) -> String {
    (0..count).map(|_| char::from(CHARACTERS[usize::from(rand::random::<u8>() & 63)])).collect()
}

/// One m-line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub is_audio: bool,
    /// The SSRC that is sent; none: received.
    pub sends: Option<u32>,
}

/// Our side of a connection.
#[derive(Clone, Debug)]
pub struct Ours<'a> {
    pub ufrag: String,
    pub pwd: String,
    pub fingerprint: &'a str,
}

impl<'a> Ours<'a> {
    pub fn draw(fingerprint: &'a str) -> Self {
        Self { ufrag: characters(8), pwd: characters(24), fingerprint }
    }
}

/// An offer of these lines, or an answer to one; their places are their MIDs.
pub fn write(ours: &Ours<'_>, setup: &str, lines: &[Line]) -> Result<String> {
    let mids: Vec<String> = (0..lines.len()).map(|it| it.to_string()).collect();
    let mut out =
        format!("v=0\r\no=- {} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n", rand::random::<u32>(), mids.join(" "));
    for (line, mid) in lines.iter().zip(&mids) {
        let (kind, types) = if line.is_audio { ("audio", format!("{OPUS}")) } else { ("video", format!("{VP8} {VP8_REPAIRS}")) };
        let direction = if line.sends.is_some() { "sendonly" } else { "recvonly" };
        write!(
            out,
            "m={kind} 9 UDP/TLS/RTP/SAVPF {types}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\n",
            ours.ufrag, ours.pwd
        )?;
        write!(out, "a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=mid:{mid}\r\na={direction}\r\n", ours.fingerprint)?;
        out.push_str("a=rtcp-mux\r\na=rtcp-rsize\r\n");
        write!(out, "a=extmap:{TRANSPORT_CC} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n")?;
        if line.is_audio {
            write!(out, "a=extmap:{AUDIO_LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n")?;
            write!(out, "a=rtpmap:{OPUS} opus/48000/2\r\na=rtcp-fb:{OPUS} transport-cc\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n")?;
        } else {
            write!(out, "a=rtpmap:{VP8} VP8/90000\r\n")?;
            for feedback in ["transport-cc", "ccm fir", "nack", "nack pli"] {
                write!(out, "a=rtcp-fb:{VP8} {feedback}\r\n")?;
            }
            write!(out, "a=rtpmap:{VP8_REPAIRS} rtx/90000\r\na=fmtp:{VP8_REPAIRS} apt={VP8}\r\n")?;
        }
        if let Some(ssrc) = line.sends {
            write!(out, "a=msid:- {mid}\r\na=ssrc:{ssrc} cname:loadtest\r\n")?;
        }
    }
    Ok(out)
}

/// An answer to an offer of receivable lines: all of them, without extensions.
pub fn answer(ours: &Ours<'_>, theirs: &Theirs) -> Result<String> {
    let lines: Vec<Line> = theirs.lines.iter().map(|it| Line { is_audio: it.is_audio, sends: None }).collect();
    let text = write(ours, "active", &lines)?;
    Ok(text.split_inclusive('\n').filter(|line| !line.starts_with("a=extmap:")).collect())
}

/// The same with the address of the one who wrote it, for who checks nothing before it knows one.
pub fn with_candidate(text: &str, local: Local) -> String {
    let Local { ip, port } = local;
    let candidate = format!("a=candidate:1 1 udp 2130706431 {ip} {port} typ host\r\na=end-of-candidates\r\n");
    let lines =
        text.split_inclusive('\n').map(|line| if line.starts_with("a=mid:") { format!("{line}{candidate}") } else { line.to_owned() });
    lines.collect()
}

/// What the other side's description says of its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theirs {
    pub ufrag: String,
    pub pwd: String,
    /// The first UDP candidate of IPv4.
    pub address: SocketAddr,
    /// In their order.
    pub lines: Vec<Described>,
}

/// One of their m-lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub is_audio: bool,
    pub mid: String,
    /// They send on it.
    pub sends: bool,
}

pub fn read(text: &str) -> Result<Theirs> {
    let attribute = |name: &str| text.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'));
    let candidate = |value: &str| {
        let mut words = value.split(' ').skip(2);
        words.next().filter(|it| it.eq_ignore_ascii_case("udp"))?;
        let (ip, port) = (words.nth(1)?.parse().ok()?, words.next()?.parse().ok()?);
        Some(SocketAddr::new(ip, port)).filter(SocketAddr::is_ipv4)
    };
    let mut candidates = text.lines().filter_map(|line| candidate(line.strip_prefix("a=candidate:")?));
    let mut lines: Vec<Described> = Vec::new();
    for line in text.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            lines.push(Described { is_audio: media.starts_with("audio"), mid: String::new(), sends: true });
        } else if let Some(described) = lines.last_mut() {
            match line.split_once(':') {
                Some(("a=mid", mid)) => mid.clone_into(&mut described.mid),
                _ if matches!(line, "a=recvonly" | "a=inactive") => described.sends = false,
                _ => {}
            }
        }
    }
    Ok(Theirs {
        ufrag: attribute("ice-ufrag").context("no a=ice-ufrag")?.to_owned(),
        pwd: attribute("ice-pwd").context("no a=ice-pwd")?.to_owned(),
        address: candidates.next().context("no candidate of UDP and IPv4")?,
        lines,
    })
}

impl Theirs {
    pub fn credentials(&self, ours: &Ours<'_>) -> Credentials {
        Credentials { local_ufrag: ours.ufrag.clone(), remote_ufrag: self.ufrag.clone(), remote_pwd: self.pwd.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_as_far_as_it_is_needed() {
        let ours = Ours::draw("AB:CD");
        let lines = [Line { is_audio: true, sends: Some(5) }, Line { is_audio: false, sends: None }];
        let text = write(&ours, "actpass", &lines).unwrap();
        assert!(read(&text).is_err(), "it has no candidate");
        let text = text + "a=candidate:1 1 tcp 9 10.0.0.1 9 typ host\r\na=candidate:2 1 UDP 9 10.0.0.2 7800 typ host\r\n";
        let theirs = read(&text).unwrap();
        assert_eq!((theirs.ufrag.as_str(), theirs.address), (ours.ufrag.as_str(), "10.0.0.2:7800".parse().unwrap()));
        let described = |is_audio, mid: &str, sends| Described { is_audio, mid: mid.into(), sends };
        assert_eq!(theirs.lines, [described(true, "0", true), described(false, "1", false)]);
    }
}
