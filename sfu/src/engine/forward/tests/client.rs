//! A person with a browser: sends a microphone and a camera of three layers, answers NACKs and key frame requests, receives slots,
//! asks for what is missing.

mod encode;
mod inbox;

pub use inbox::{Inbox, Received};

use super::{session, *};
use crate::engine::{
    forward::{red, rtcp::ReportBlock, transport_cc::Recorder},
    negotiated::{Codec, ExtensionIds, Negotiated, PayloadMap, ReceiveLine, SlotLine},
};
use bytes::BufMut;
use std::collections::{BTreeMap, HashMap};
use wire::signal::SourceKind;

const VP8: u8 = 96;
const VP8_RTX: u8 = 97;
const OPUS: u8 = 111;
const RED: u8 = 63;
const MID: u8 = 1;
const RID: u8 = 2;
const REPAIRED_RID: u8 = 3;
const LEVEL: u8 = 4;
const TRANSPORT_CC: u8 = 5;
const DEPENDENCY: u8 = 6;
const LAYERS: [(&str, u16, u16, usize, usize); 3] = [("q", 320, 180, 1, 500), ("h", 640, 360, 2, 1_000), ("f", 1_280, 720, 6, 1_100)];

/// What a packet carries, to know it again on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    pub from: u32,
    /// 9: sound.
    pub layer: u8,
    pub frame: u32,
    pub index: u8,
    pub count: u8,
    pub key: bool,
    /// The codec's own layers.
    pub spatial: u8,
    pub temporal: u8,
    /// How many frames before it the one is that it leans on.
    pub leans: u8,
}

impl Tag {
    pub const BYTES: usize = 15;

    fn sound(from: u32, frame: u32) -> Self {
        Self { from, layer: 9, frame, index: 0, count: 1, key: true, spatial: 0, temporal: 0, leans: 0 }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.put_u32(self.from);
        out.put_slice(&[self.layer, self.index, self.count, u8::from(self.key)]);
        out.put_slice(&[self.spatial, self.temporal, self.leans]);
        out.put_u32(self.frame);
    }

    pub fn read(mut payload: &[u8]) -> Self {
        use bytes::Buf;
        payload = &payload[payload.len() - Self::BYTES..];
        let from = payload.get_u32();
        let (layer, index, count, key) = (payload.get_u8(), payload.get_u8(), payload.get_u8(), payload.get_u8() == 1);
        let (spatial, temporal, leans) = (payload.get_u8(), payload.get_u8(), payload.get_u8());
        Self { from, layer, frame: payload.get_u32(), index, count, key, spatial, temporal, leans }
    }
}

/// One sent stream.
struct Stream {
    ssrc: u32,
    rtx_ssrc: u32,
    sequence: u16,
    rtx_sequence: u16,
    timestamp_base: u32,
    picture: u16,
    tl0: u8,
    sent: HashMap<u16, Bytes>,
    packets: u32,
}

pub struct Client {
    pub session: SessionId,
    number: u32,
    pub negotiated: Negotiated,
    pub gone: bool,
    /// dBov below full scale.
    pub level: u8,
    pub layers: usize,
    pub layers_off: [bool; 3],
    /// Leaves out the layers that nobody watches.
    pub heeds: bool,
    pub audio_off: bool,
    pub repairs: bool,
    /// Knows no MID: the offer's SSRCs alone.
    pub plain: bool,
    /// Says everything twice (RFC 2198).
    pub twice: bool,
    /// How many times as many packets its pictures take.
    pub weight: usize,
    /// What its pictures are made of, and how many of the codec's own layers.
    pub codec: Codec,
    pub spatials: u8,
    pub temporals: u8,
    /// Between two packets of sound: longer in silence (DTX).
    pub pause: u32,
    pub rtt: Duration,
    last_sound: Option<(u32, Vec<u8>)>,
    resent: HashMap<u16, Instant>,
    start: Option<Instant>,
    frame: u32,
    /// The number of the last key frame.
    key_frame: u32,
    spoken: u32,
    camera: Vec<Stream>,
    microphone: Stream,
    transport: u16,
    key_wanted: bool,
    last_key: Option<Instant>,
    pub keyframes: u32,
    pub requests: Vec<Instant>,
    pub inboxes: BTreeMap<u32, Inbox>,
    recorder: Recorder,
    feedback_at: Option<Instant>,
    report_at: Option<Instant>,
    pub told_loss: Vec<(u32, u8)>,
    pub feedbacks: u32,
    outbox: Vec<(bool, Bytes)>,
}

fn ids(rtx: bool) -> ExtensionIds {
    ExtensionIds {
        mid: Some(MID),
        rid: rtx.then_some(RID),
        repaired_rid: rtx.then_some(REPAIRED_RID),
        audio_level: Some(LEVEL),
        transport_cc: Some(TRANSPORT_CC),
        ..ExtensionIds::default()
    }
}

pub fn vp8() -> PayloadMap {
    PayloadMap { codec: Codec::Vp8, payload_type: VP8, rtx: Some(VP8_RTX), clock_rate: 90_000, nack: true, transport_cc: true }
}

/// The payload types of each codec of pictures.
pub fn types(codec: Codec) -> PayloadMap {
    let payload_type = match codec {
        Codec::Vp9 => 98,
        Codec::H264 => 100,
        Codec::Av1 => 102,
        _ => VP8,
    };
    PayloadMap { codec, payload_type, rtx: Some(payload_type + 1), ..vp8() }
}

pub fn opus() -> PayloadMap {
    PayloadMap { codec: Codec::Opus, payload_type: OPUS, rtx: None, clock_rate: 48_000, nack: false, transport_cc: true }
}

pub fn red() -> PayloadMap {
    PayloadMap { codec: Codec::Red, payload_type: RED, ..opus() }
}

fn slot(number: u32, at: u32, audio: bool) -> SlotLine {
    let ssrc = 0x5107_0000 + number * 256 + at * 2;
    SlotLine {
        mid: if audio { format!("a{at}") } else { format!("v{at}") }.into(),
        ssrc,
        rtx_ssrc: (!audio).then_some(ssrc + 1),
        first_sequence: (number * 997 + at * 31) as u16 & 0x7fff,
        first_rtx_sequence: 5,
        first_timestamp: number * 1_000_003,
        payloads: vec![if audio { opus() } else { vp8() }],
        extensions: ids(false),
    }
}

impl Client {
    pub fn new(number: u32, audio_slots: u32, video_slots: u32) -> Self {
        let stream = |n: u32| Stream {
            ssrc: number * 1_000 + n,
            rtx_ssrc: number * 1_000 + 100 + n,
            sequence: (number * 7_919 + n * 30_011) as u16,
            rtx_sequence: 1,
            timestamp_base: (number * 77 + n).wrapping_mul(0x1357_9bdf),
            picture: (number * 5_003) as u16 & 0x7fff,
            tl0: number as u8,
            sent: HashMap::new(),
            packets: 0,
        };
        let line = |mid: &str, kind, payload| ReceiveLine {
            mid: mid.into(),
            kind,
            source: SourceId(Uuid::from_u128(u128::from(number) << 32 | u128::from(mid.as_bytes()[0]))),
            muted: false,
            payloads: vec![payload],
            rids: Vec::new(),
            ssrcs: Vec::new(),
            extensions: ids(true),
        };
        let mut camera = line("1", SourceKind::Camera, vp8());
        camera.rids = LAYERS.iter().map(|layer| layer.0.into()).collect();
        let negotiated = Negotiated {
            receives: vec![line("0", SourceKind::Microphone, opus()), camera],
            audio_slots: (0..audio_slots).map(|at| slot(number, at, true)).collect(),
            video_slots: (0..video_slots).map(|at| slot(number, 100 + at, false)).collect(),
        };
        Self {
            session: session(number),
            number,
            negotiated,
            gone: false,
            level: 40,
            layers: 3,
            layers_off: [false; 3],
            heeds: false,
            audio_off: false,
            repairs: true,
            plain: false,
            twice: false,
            weight: 1,
            codec: Codec::Vp8,
            spatials: 1,
            temporals: 1,
            key_frame: 0,
            pause: 1,
            rtt: DELAY * 2,
            last_sound: None,
            resent: HashMap::new(),
            start: None,
            frame: 0,
            spoken: 0,
            camera: (0..3).map(|n| stream(n + 1)).collect(),
            microphone: stream(0),
            transport: (number as u16).wrapping_mul(999),
            key_wanted: true,
            last_key: None,
            keyframes: 0,
            requests: Vec::new(),
            inboxes: BTreeMap::new(),
            recorder: Recorder::default(),
            feedback_at: None,
            report_at: None,
            told_loss: Vec::new(),
            feedbacks: 0,
            outbox: Vec::new(),
        }
    }

    /// Watches and listens, sends nothing.
    pub fn viewer(number: u32, audio_slots: u32, video_slots: u32) -> Self {
        let mut client = Self::new(number, audio_slots, video_slots);
        client.negotiated.receives.clear();
        client.layers = 0;
        client.audio_off = true;
        client
    }

    /// As Chromium: redundant sound and repairs of it, both ways.
    pub fn redundant(mut self) -> Self {
        self.twice = true;
        let both = vec![PayloadMap { nack: true, ..red() }, PayloadMap { nack: true, ..opus() }];
        for slot in &mut self.negotiated.audio_slots {
            slot.payloads = both.clone();
        }
        for line in self.negotiated.receives.iter_mut().filter(|line| line.kind.is_audio()) {
            line.payloads = both.clone();
        }
        self
    }

    /// The layers of the camera that somebody watches; one that begins again begins with a key frame, as browsers' encoders do.
    pub fn heed(&mut self, rids: &[String]) {
        for (at, (rid, ..)) in LAYERS.iter().enumerate() {
            let off = !rids.iter().any(|it| it == rid);
            self.key_wanted |= std::mem::replace(&mut self.layers_off[at], off) && !off;
        }
    }

    pub fn want_keyframe(&mut self) {
        self.key_wanted = true;
    }

    /// When a packet of sound was spoken.
    pub fn spoken_at(&self, frame: u32) -> Option<Instant> {
        self.start.map(|start| start + Duration::from_millis(20 * u64::from(frame)))
    }

    pub fn spoken(&self) -> u32 {
        self.spoken
    }

    /// A client without MID and simulcast: its offer names its SSRCs.
    pub fn plain(number: u32) -> Self {
        let mut client = Self::new(number, 0, 0);
        client.plain = true;
        client.layers = 1;
        let (microphone, camera) = (client.microphone.ssrc, (client.camera[0].ssrc, Some(client.camera[0].rtx_ssrc)));
        client.negotiated.receives[0].ssrcs = vec![(microphone, None)];
        client.negotiated.receives[1].ssrcs = vec![camera];
        client.negotiated.receives[1].rids.clear();
        client
    }

    /// Films in one stream of another codec, with so many of its own layers.
    pub fn films(number: u32, codec: Codec, spatials: u8, temporals: u8) -> Self {
        let mut client = Self::plain(number);
        (client.codec, client.spatials, client.temporals) = (codec, spatials, temporals);
        client.negotiated.receives[1].payloads = vec![types(codec)];
        client.negotiated.receives[1].extensions.dependency_descriptor = Some(DEPENDENCY);
        client
    }

    /// Can show every codec.
    pub fn shows_all(mut self) -> Self {
        for slot in &mut self.negotiated.video_slots {
            slot.payloads = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1].map(types).to_vec();
            slot.extensions.dependency_descriptor = Some(DEPENDENCY);
        }
        self
    }

    /// Shares a screen in one layer of 2.6 Mbit/s, without a word.
    pub fn sharer(number: u32) -> Self {
        let mut client = Self::plain(number);
        (client.weight, client.audio_off) = (22, true);
        client.negotiated.receives[1].kind = SourceKind::ShareVideo;
        client
    }

    pub fn microphone_id(&self) -> SourceId {
        self.negotiated.receives[0].source
    }

    pub fn camera_id(&self) -> SourceId {
        self.negotiated.receives[1].source
    }

    pub fn slot_ssrc(&self, audio: bool, at: usize) -> u32 {
        if audio { self.negotiated.audio_slots[at].ssrc } else { self.negotiated.video_slots[at].ssrc }
    }

    pub fn inbox(&self, audio: bool, at: usize) -> Option<&Inbox> {
        self.inboxes.get(&self.slot_ssrc(audio, at))
    }

    /// What was received of all slots.
    pub fn heard_from(&self, from: u32, since: Instant) -> usize {
        self.inboxes.values().flat_map(|inbox| inbox.packets.values()).filter(|packet| packet.tag.from == from && packet.at > since).count()
    }

    /// Every stream goes on at another number, as after a fault.
    pub fn jump(&mut self, by: u16) {
        for stream in self.camera.iter_mut().chain([&mut self.microphone]) {
            stream.sequence = stream.sequence.wrapping_add(by);
            stream.sent.clear();
        }
        self.key_wanted = true;
    }

    /// The packet at hand, written as the wire has it.
    fn packet(
        &mut self,
        ssrc: u32,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        marker: bool,
        rid: Option<(u8, &str)>,
        mid: &str,
        level: Option<u8>,
        dependency: Option<Vec<u8>>,
        payload: &[u8],
    ) -> Bytes {
        let number = self.transport.to_be_bytes();
        self.transport = self.transport.wrapping_add(1);
        let level = level.map(|level| [0x80 | level]);
        let mut elements: Vec<(u8, &[u8])> = vec![(TRANSPORT_CC, &number)];
        if let Some(level) = &level {
            elements.push((LEVEL, level));
        }
        if let Some(descriptor) = &dependency {
            elements.push((DEPENDENCY, descriptor));
        }
        if !self.plain {
            elements.push((MID, mid.as_bytes()));
            elements.extend(rid.map(|(id, rid)| (id, rid.as_bytes())));
        }
        let mut out = BytesMut::new();
        rtp::write(&mut out, rtp::Fields { marker, payload_type, sequence, timestamp, ssrc }, &elements);
        out.put_slice(payload);
        out.freeze()
    }

    pub fn step(&mut self, now: Instant, out: &mut Vec<(bool, Bytes)>) {
        out.append(&mut self.outbox);
        let start = *self.start.get_or_insert(now);
        let passed_ms = (now - start).as_millis() as u64;
        if !self.audio_off && passed_ms >= u64::from(self.spoken) * 20 {
            self.speak(out);
        }
        if self.layers > 0 && passed_ms >= u64::from(self.frame) * 33 {
            self.film(now, out);
        }
        if self.report_at.is_none_or(|at| at <= now) {
            self.report_at = Some(now + Duration::from_millis(1_000));
            self.report(now, start, out);
        }
        if self.feedback_at.is_none_or(|at| at <= now) {
            self.feedback_at = Some(now + Duration::from_millis(60));
            let mut feedback = BytesMut::new();
            while self.recorder.write(&mut feedback, 1, 2) {}
            if !feedback.is_empty() {
                out.push((false, feedback.freeze()));
            }
        }
        if self.repairs {
            self.ask(now, out);
        }
    }

    fn speak(&mut self, out: &mut Vec<(bool, Bytes)>) {
        let mut payload = vec![0x78; 60];
        Tag::sound(self.number, self.spoken).write(&mut payload);
        let (ssrc, sequence) = (self.microphone.ssrc, self.microphone.sequence);
        let timestamp = self.microphone.timestamp_base.wrapping_add(self.spoken.wrapping_mul(960));
        let mut written = BytesMut::new();
        if self.twice {
            let repeated: Vec<(u32, &[u8])> =
                self.last_sound.iter().map(|(last, sound)| (timestamp.wrapping_sub(*last), sound.as_slice())).collect();
            red::write(&mut written, OPUS, &repeated, &payload);
        } else {
            written.extend_from_slice(&payload);
        }
        let payload_type = if self.twice { RED } else { OPUS };
        let packet = self.packet(ssrc, payload_type, sequence, timestamp, false, None, "0", Some(self.level), None, &written);
        self.last_sound = Some((timestamp, payload)).filter(|_| self.pause < 10);
        self.microphone.sequence = sequence.wrapping_add(1);
        self.microphone.packets += 1;
        self.microphone.sent.insert(sequence, packet.clone());
        self.spoken += self.pause;
        out.push((true, packet));
    }

    fn film(&mut self, now: Instant, out: &mut Vec<(bool, Bytes)>) {
        let limited = self.last_key.is_some_and(|last| now - last < Duration::from_millis(300));
        let key = self.key_wanted && !limited;
        if key {
            (self.key_wanted, self.last_key, self.key_frame) = (false, Some(now), self.frame);
            self.keyframes += 1;
        }
        // Groups of four: 0 2 1 2, or 0 1 0 1.
        let place = (self.frame - self.key_frame) % 4;
        let (temporal, leans) = match (self.temporals, place) {
            _ if key => (0, 0),
            (1, _) => (0, 1),
            (2, place) => ((place % 2) as u8, 2 - (place % 2) as u8),
            (_, 0) => (0, 4),
            (_, 2) => (1, 2),
            _ => (2, 1),
        };
        for layer in 0..self.layers {
            if self.layers_off[layer] {
                continue;
            }
            for spatial in 0..self.spatials {
                let (rid, width, height, packets, size) = LAYERS[layer.max(usize::from(spatial))];
                let count = self.weight * if key { packets * 3 } else { packets };
                for index in 0..count {
                    let tag = Tag {
                        from: self.number,
                        layer: layer as u8,
                        frame: self.frame,
                        index: index as u8,
                        count: count as u8,
                        key,
                        spatial,
                        temporal,
                        leans,
                    };
                    // What leans on what it need not does not say that it could begin there.
                    let switches = self.temporals == 1 || place == 1 || place == 2;
                    let picture = encode::Picture {
                        tag,
                        switches,
                        size: (width, height),
                        id: self.camera[layer].picture,
                        tl0: self.camera[layer].tl0,
                        spatials: self.spatials,
                        temporals: self.temporals,
                    };
                    let (mut payload, dependency) = picture.encode(self.codec);
                    payload.resize(size, 0x55);
                    tag.write(&mut payload);
                    let stream = &self.camera[layer];
                    let (ssrc, sequence) = (stream.ssrc, stream.sequence);
                    let timestamp = stream.timestamp_base.wrapping_add(self.frame.wrapping_mul(2_970));
                    let marker = index + 1 == count && spatial + 1 == self.spatials;
                    let rid = Some((RID, rid)).filter(|_| !self.plain);
                    let types = types(self.codec);
                    let packet = self.packet(ssrc, types.payload_type, sequence, timestamp, marker, rid, "1", None, dependency, &payload);
                    let stream = &mut self.camera[layer];
                    stream.sequence = sequence.wrapping_add(1);
                    stream.packets += 1;
                    stream.sent.insert(sequence, packet.clone());
                    stream.sent.remove(&sequence.wrapping_sub(2_000));
                    out.push((true, packet));
                }
            }
            let stream = &mut self.camera[layer];
            stream.picture = (stream.picture + 1) & 0x7fff;
            let next_is_base = self.temporals == 1 || self.temporals == 2 && place % 2 == 1 || place == 3;
            stream.tl0 = stream.tl0.wrapping_add(u8::from(next_is_base));
        }
        self.frame += 1;
    }

    fn repair(&mut self, now: Instant, ssrc: u32, number: u16) {
        if ssrc == self.microphone.ssrc {
            // Sound has no retransmission stream: it is sent again as it was.
            // As browsers do, once in a round trip.
            if self.resent.get(&number).is_none_or(|last| now - *last >= self.rtt) {
                self.resent.insert(number, now);
                self.outbox.extend(self.microphone.sent.get(&number).map(|packet| (true, packet.clone())));
            }
            return;
        }
        let Some(layer) = self.camera.iter().position(|stream| stream.ssrc == ssrc) else { return };
        let Some(sent) = self.camera[layer].sent.get(&number).cloned() else { return };
        let header = rtp::Header::parse(&sent).unwrap();
        let payload = [&number.to_be_bytes()[..], &sent[header.payload.clone()]].concat();
        let (rtx_ssrc, sequence) = (self.camera[layer].rtx_ssrc, self.camera[layer].rtx_sequence);
        self.camera[layer].rtx_sequence += 1;
        let dependency = header.extensions(&sent).find(|(id, _)| *id == DEPENDENCY).map(|(_, descriptor)| descriptor.to_vec());
        let (payload_type, rid) = (types(self.codec).rtx.unwrap(), Some((REPAIRED_RID, LAYERS[layer].0)));
        let packet = self.packet(rtx_ssrc, payload_type, sequence, header.timestamp, header.marker, rid, "1", None, dependency, &payload);
        self.outbox.push((true, packet));
    }

    /// NTP of the client's own clock: its number, and the time it lives.
    fn ntp(&self, passed: Duration) -> u64 {
        (u64::from(self.number) << 40) + ((passed.as_nanos() << 32) / 1_000_000_000) as u64
    }

    fn report(&mut self, now: Instant, start: Instant, out: &mut Vec<(bool, Bytes)>) {
        let passed = now - start;
        let ntp = self.ntp(passed);
        let mut compound = BytesMut::new();
        let streams =
            self.camera.iter().take(self.layers).map(|stream| (stream, 90)).chain((!self.audio_off).then_some((&self.microphone, 48)));
        for (stream, khz) in streams.filter(|(stream, _)| stream.packets > 0) {
            let rtp_timestamp = stream.timestamp_base.wrapping_add((passed.as_micros() * khz / 1_000) as u32);
            rtcp::write_sender_report(
                &mut compound,
                &rtcp::SenderInfo { ssrc: stream.ssrc, ntp, rtp_timestamp, packets: stream.packets, octets: 0 },
            );
        }
        let mut blocks = Vec::new();
        for (ssrc, inbox) in &mut self.inboxes {
            let (highest, count) = (inbox.highest, inbox.packets.values().filter(|packet| !packet.repaired).count());
            let expected = highest.saturating_sub(inbox.reported.0);
            let lost = expected.saturating_sub((count - inbox.reported.1) as u64);
            inbox.reported = (highest, count);
            let (last_report, delay) = inbox
                .sender_reports
                .last()
                .map_or((0, 0), |(at, ntp, _)| ((ntp >> 16) as u32, ((now - *at).as_micros() * 65_536 / 1_000_000) as u32));
            let fraction_lost = if expected == 0 { 0 } else { (lost * 256 / expected).min(255) as u8 };
            blocks.push(ReportBlock { ssrc: *ssrc, fraction_lost, last_report, delay, ..ReportBlock::default() });
        }
        rtcp::write_receiver_report(&mut compound, 1, &blocks);
        out.push((false, compound.freeze()));
    }

    fn ask(&mut self, now: Instant, out: &mut Vec<(bool, Bytes)>) {
        let mut compound = BytesMut::new();
        for (ssrc, inbox) in &mut self.inboxes {
            let mut asked = Vec::new();
            if inbox.nack.poll(now, self.rtt * 5 / 4, &mut asked) > 0 {
                rtcp::write_picture_loss(&mut compound, 1, *ssrc);
            }
            rtcp::write_nack(&mut compound, 1, *ssrc, &asked);
        }
        if !compound.is_empty() {
            out.push((false, compound.freeze()));
        }
    }

    pub fn receive(&mut self, now: Instant, is_rtp: bool, bytes: &Bytes) {
        if is_rtp {
            return self.receive_rtp(now, bytes);
        }
        for packet in rtcp::packets(bytes) {
            match packet {
                rtcp::Packet::Nack { media_ssrc, pairs } => {
                    let numbers: Vec<u16> = rtcp::nacked(pairs).collect();
                    numbers.into_iter().for_each(|number| self.repair(now, media_ssrc, number));
                }
                rtcp::Packet::PictureLoss { media_ssrc } => {
                    assert!(self.camera.iter().any(|stream| stream.ssrc == media_ssrc));
                    self.key_wanted = true;
                    if self.requests.last() != Some(&now) {
                        self.requests.push(now);
                    }
                }
                rtcp::Packet::TransportFeedback { .. } => self.feedbacks += 1,
                rtcp::Packet::ReceiverReport { blocks } => {
                    self.told_loss.extend(rtcp::report_blocks(blocks).map(|block| (block.ssrc, block.fraction_lost)));
                }
                rtcp::Packet::SenderReport { ssrc, ntp, rtp_timestamp, .. } => {
                    self.inboxes.entry(ssrc).or_default().sender_reports.push((now, ntp, rtp_timestamp));
                }
                _ => {}
            }
        }
    }

    fn receive_rtp(&mut self, now: Instant, bytes: &Bytes) {
        let header = rtp::Header::parse(bytes).expect("what we send is RTP");
        for (id, value) in header.extensions(bytes) {
            if id == TRANSPORT_CC {
                let start = self.start.unwrap_or(now);
                self.recorder.record(u16::from_be_bytes(value.try_into().unwrap()), now - start);
            }
        }
        let mut payload = bytes.slice(header.payload.clone());
        let slots = self.negotiated.video_slots.iter().chain(&self.negotiated.audio_slots);
        let slot = slots.clone().find(|slot| slot.ssrc == header.ssrc || slot.rtx_ssrc == Some(header.ssrc)).expect("a slot's SSRC");
        let repaired = slot.rtx_ssrc == Some(header.ssrc);
        let mut number = header.sequence;
        if repaired {
            assert!(slot.payloads.iter().any(|map| map.rtx == Some(header.payload_type)));
            if payload.is_empty() {
                return; // Padding.
            }
            number = u16::from_be_bytes([payload[0], payload[1]]);
            payload = payload.slice(2..);
        }
        let (is_audio, is_red) = (slot.rtx_ssrc.is_none(), header.payload_type == RED);
        let inbox = self.inboxes.entry(slot.ssrc).or_default();
        if is_audio {
            let takes = |codec| slot.payloads.iter().any(|map| map.codec == codec);
            assert!(takes(if is_red { Codec::Red } else { Codec::Opus }), "a payload type that was agreed on");
            let mut sounds: Vec<Bytes> = vec![payload.clone()];
            if is_red {
                sounds = red::read(&payload).expect("what we write is read").into_iter().map(|block| block.payload).collect();
                payload = sounds.last().unwrap().clone();
            }
            for tag in sounds.iter().map(|sound| Tag::read(sound)) {
                inbox.heard.entry((tag.from, tag.frame)).or_insert(now);
            }
        }
        let number = inbox.unwrapper.unwrap(number);
        if payload.is_empty() {
            inbox.filled.insert(number);
            inbox.nack.arrived(now, number);
            return;
        }
        assert!(!inbox.filled.contains(&number), "one number, one packet");
        let map = slot.payloads.iter().find(|map| map.payload_type == header.payload_type || map.rtx == Some(header.payload_type));
        let codec = map.expect("a payload type that was agreed on").codec;
        let dependency = header.extensions(bytes).find(|(id, _)| *id == DEPENDENCY).map(|(_, descriptor)| bytes.slice_ref(descriptor));
        let ids = picture::read(codec, &payload, dependency, &mut inbox.structure).1;
        let tag = Tag::read(&payload);
        let received = Received {
            timestamp: header.timestamp,
            picture: ids.picture(),
            tl0: ids.tl0(),
            codec,
            marker: header.marker,
            tag,
            at: now,
            repaired,
        };
        if let Some(before) = inbox.packets.get(&number) {
            assert_eq!(
                (before.tag, before.timestamp, before.picture),
                (tag, received.timestamp, received.picture),
                "one number, one packet"
            );
            inbox.duplicates += 1;
            assert!(repaired || before.repaired || is_audio, "only a repair comes twice");
            assert!(!is_audio || inbox.raw[&number] == *bytes, "sound comes again byte for byte");
            return;
        }
        if is_audio {
            inbox.raw.insert(number, bytes.clone());
        }
        inbox.packets.insert(number, received);
        if inbox.highest == 0 {
            inbox.highest = number;
            inbox.reported.0 = number - 1;
        } else if number > inbox.highest {
            if !inbox.nack.advance(now, inbox.highest, number) {
                inbox.nack.clear();
            }
            inbox.highest = number;
        } else {
            inbox.nack.arrived(now, number);
        }
    }
}
