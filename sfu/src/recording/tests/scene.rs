//! What the tests record: real VP8 and Opus, encoded by ffmpeg, in packets made by another's packetizer; and how they look at what came out.

use crate::{
    engine::{api::TapPacket, negotiated::Codec},
    recording::{
        library::Library,
        manifest::Manifest,
        session::{NewTrack, Recordable, Session, Start},
        store::Store,
    },
};
use bytes::Bytes;
use rtc_rtp::packetizer::Payloader;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use wire::{
    Classification, UnixMs,
    control::RecordingStop,
    id::{MeetingId, PersonId, RecordingId, SessionId, SourceId},
    signal::SourceKind,
};

pub const EPOCH_MS: UnixMs = UnixMs(1_800_000_000_000);
pub const FPS: u64 = 30;
const TICK_MS: u64 = 100;

/// One frame of a clip, in milliseconds from the clip's start.
#[derive(Clone, Debug)]
pub struct ClipFrame {
    pub at_ms: u64,
    pub ticks: u32,
    pub data: Vec<u8>,
}

/// A folder of recordings and one recording in it.
pub struct Scene {
    pub folder: tempfile::TempDir,
    pub store: Arc<Store>,
    pub recording: RecordingId,
    pub epoch: Instant,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(open(folder.path()));
        Self { folder, store, recording: RecordingId::fresh(), epoch: Instant::now() }
    }

    pub fn at(&self, ms: u64) -> Instant {
        self.epoch + Duration::from_millis(ms)
    }

    pub fn session(&self) -> Session {
        let start = Start {
            recording: self.recording,
            room: MeetingId::fresh(),
            by: PersonId::fresh(),
            recordable: Recordable::new(Classification::Terbuka).unwrap(),
            epoch_ms: EPOCH_MS,
            epoch: self.epoch,
        };
        Session::create(&self.store, &start, Duration::from_secs(3600)).unwrap()
    }

    /// Announces the senders and gives their packets in the order of arrival, with the worker's ticks between them. Returns the sources for
    /// which a key frame was asked, with the time.
    pub fn play(&self, session: &mut Session, senders: &[&Sender], mut packets: Vec<TapPacket>) -> Vec<(SourceId, u64)> {
        for sender in senders {
            session.track(sender.new_track(), self.epoch).unwrap();
        }
        packets.sort_by_key(|it| it.arrived);
        let (mut asked, mut tick_ms) = (Vec::new(), 0);
        for packet in packets {
            while self.at(tick_ms) <= packet.arrived {
                let needy = session.tick(&self.store, self.at(tick_ms)).unwrap();
                asked.extend(needy.into_iter().map(|it| (it, tick_ms)));
                tick_ms += TICK_MS;
            }
            let (source, now) = (packet.source, packet.arrived);
            if session.packet(&self.store, packet).unwrap() {
                asked.push((source, now.duration_since(self.epoch).as_millis() as u64));
            }
        }
        asked
    }

    /// Records packets from start to end.
    pub fn record(&self, senders: &[&Sender], packets: Vec<TapPacket>) -> Manifest {
        let mut session = self.session();
        self.play(&mut session, senders, packets);
        session.finish(&self.store, RecordingStop::Requested, 0)
    }

    /// The file that a player is given, unsealed onto the disk.
    pub fn file(&self, source: SourceId) -> PathBuf {
        let path = self.folder.path().join(format!("{source}.webm"));
        std::fs::write(&path, self.bytes(source)).unwrap();
        path
    }

    pub fn bytes(&self, source: SourceId) -> Vec<u8> {
        let file = Library::new(self.store.clone(), 1).track(self.recording, source).unwrap();
        let mut plain = Vec::new();
        while (plain.len() as u64) < file.bytes() {
            plain.extend_from_slice(&file.read(plain.len() as u64, u64::MAX).unwrap());
        }
        plain
    }
}

pub fn open(folder: &Path) -> Store {
    Store::open(&folder.join("recordings"), &folder.join("key")).unwrap()
}

/// A source that sends.
#[derive(Debug)]
pub struct Sender {
    pub source: SourceId,
    pub kind: SourceKind,
    pub ssrc: u32,
    sequence: u64,
    first_timestamp: u32,
}

impl Sender {
    pub fn new(kind: SourceKind) -> Self {
        // Both counts are about to wrap.
        Self { source: SourceId::fresh(), kind, ssrc: 7, sequence: 65_500, first_timestamp: u32::MAX - 50_000 }
    }

    pub fn new_track(&self) -> NewTrack {
        let (codec, clock_rate) = if self.kind.is_audio() { (Codec::Opus, 48_000) } else { (Codec::Vp8, 90_000) };
        NewTrack { source: self.source, session: SessionId::fresh(), name: "Aminah".to_owned(), kind: self.kind, codec, clock_rate }
    }

    /// The same source with another SSRC and other counts, as after a rejoin.
    pub fn restart(&mut self) {
        self.ssrc += 1;
        self.sequence = 12;
        self.first_timestamp = 3_000_000_000;
    }

    /// A clip that begins `from_ms` after the epoch, each packet arriving when it is sent.
    pub fn send(&mut self, scene: &Scene, recording: RecordingId, clip: &[ClipFrame], from_ms: u64) -> Vec<TapPacket> {
        let mut packets = Vec::new();
        let mut payloader = rtc_rtp::codec::vp8::Vp8Payloader::default();
        payloader.enable_picture_id = true;
        for frame in clip {
            let data = Bytes::copy_from_slice(&frame.data);
            let payloads = if self.kind.is_audio() { vec![data] } else { payloader.payload(1200, &data).unwrap() };
            let count = payloads.len();
            for (at, payload) in payloads.into_iter().enumerate() {
                packets.push(TapPacket {
                    recording,
                    source: self.source,
                    ssrc: self.ssrc,
                    sequence: self.sequence,
                    timestamp: self.first_timestamp.wrapping_add(frame.ticks),
                    marker: at + 1 == count,
                    arrived: scene.at(from_ms + frame.at_ms),
                    payload,
                });
                self.sequence += 1;
            }
        }
        packets
    }
}

/// Runs a program of the ffmpeg suite. Returns what it wrote to its output; what it complained of must be nothing.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed by this test (Debian: apt install ffmpeg): {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{program} {arguments:?}: {complaint}");
    output.stdout
}

/// Moving picture as VP8, with a key frame every two seconds.
pub fn vp8_clip(size: &str, seconds: u64) -> Vec<ClipFrame> {
    let source = format!("testsrc2=size={size}:rate={FPS}:duration={seconds}");
    let key_frames = (2 * FPS).to_string();
    let ivf = run(
        "ffmpeg",
        &[
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            &source,
            "-c:v",
            "libvpx",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-b:v",
            "400k",
            "-g",
            &key_frames,
            "-f",
            "ivf",
            "-",
        ],
    );
    // IVF: a head of 32 bytes, then frames of 12 bytes head (length, little endian, and time) and their bytes.
    let (mut rest, mut clip) = (&ivf[32..], Vec::new());
    while let Some((head, after)) = rest.split_first_chunk::<12>() {
        let bytes = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let number = clip.len() as u64;
        clip.push(ClipFrame { at_ms: number * 1000 / FPS, ticks: (number * 90_000 / FPS) as u32, data: after[..bytes].to_vec() });
        rest = &after[bytes..];
    }
    assert_eq!(clip.len() as u64, seconds * FPS);
    clip
}

/// A tone as Opus in packets of 20 ms.
pub fn opus_clip(seconds: u64) -> Vec<ClipFrame> {
    let source = format!("sine=frequency=440:duration={seconds}:sample_rate=48000");
    let ogg = run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", &source, "-c:a", "libopus", "-b:a", "32k", "-f", "ogg", "-"]);
    ogg_packets(&ogg)
        .into_iter()
        .skip(2)
        .enumerate()
        .map(|(number, data)| ClipFrame { at_ms: 20 * number as u64, ticks: 960 * number as u32, data })
        .collect()
}

/// RFC 3533, section 6.
fn ogg_packets(ogg: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut packets, mut packet) = (ogg, Vec::new(), Vec::new());
    while rest.len() >= 27 && rest.starts_with(b"OggS") {
        let segments = usize::from(rest[26]);
        let (lacing, mut body) = rest[27..].split_at(segments);
        for length in lacing {
            let (segment, after) = body.split_at(usize::from(*length));
            packet.extend_from_slice(segment);
            if *length < 255 {
                packets.push(std::mem::take(&mut packet));
            }
            body = after;
        }
        rest = body;
    }
    packets
}

/// How many samples a player gets out of a file that looks at no time.
pub fn samples(path: &Path) -> usize {
    run("ffmpeg", &["-v", "warning", "-i", path.to_str().unwrap(), "-f", "s16le", "-ac", "1", "-ar", "48000", "-"]).len() / 2
}

/// What ffprobe says of a file.
#[derive(Debug, PartialEq)]
pub struct Probe {
    pub codec: String,
    pub packets: usize,
    pub start_ms: i64,
    pub duration_ms: i64,
    pub width: u64,
    pub height: u64,
}

/// ffprobe and a full decode, both without a word of complaint.
pub fn probe(path: &Path) -> Probe {
    let path = path.to_str().unwrap();
    run("ffmpeg", &["-v", "warning", "-i", path, "-f", "null", "-"]);
    let entries = "stream=codec_name,nb_read_packets,width,height:format=start_time,duration,format_name";
    let json = run("ffprobe", &["-v", "warning", "-count_packets", "-show_entries", entries, "-of", "json", path]);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["format"]["format_name"], "matroska,webm");
    let ms = |it: &serde_json::Value| (it.as_str().unwrap().parse::<f64>().unwrap() * 1000.0).round() as i64;
    let stream = &json["streams"][0];
    Probe {
        codec: stream["codec_name"].as_str().unwrap().to_owned(),
        packets: stream["nb_read_packets"].as_str().unwrap().parse().unwrap(),
        start_ms: ms(&json["format"]["start_time"]),
        duration_ms: ms(&json["format"]["duration"]),
        width: stream["width"].as_u64().unwrap_or(0),
        height: stream["height"].as_u64().unwrap_or(0),
    }
}
