//! One client among many: what it sends, what it gets, and what it tells of it.

use super::{
    feedback::{self, Arrivals, Block},
    handshake::{Credentials, Handshake, Identity},
    keys::Keys,
    packet::{self, Head, OPUS, VP8, VP8_REPAIRS},
    publisher::{Publisher, Sends},
    tally::{Tally, Track},
};
use anyhow::Result;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// As browsers on a wide line.
const FEEDBACK_EVERY: Duration = Duration::from_millis(50);
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Streams of one client: slots with their repairs.
const TRACKS_MAX: usize = 256;
/// Samples of latency that one client keeps of a window: 20 s of 3,000 packets a second.
const SAMPLES_MAX: usize = 60_000;

/// How a client gets its keys.
pub enum Transport {
    Handshake(Arc<Identity>, Credentials),
    /// Both sides were told: see `floor`.
    Told(Box<Keys>),
}

/// A client to come.
pub struct Plan {
    pub client: usize,
    pub remote: SocketAddr,
    pub transport: Transport,
    /// What it publishes, under which SSRCs (sound, pictures).
    pub sends: Option<(Sends, (u32, u32))>,
    /// Decrypts what it gets, and knows how long each packet took. The others count.
    pub opens: bool,
    /// Told when keys exist.
    pub connected: Option<oneshot::Sender<Instant>>,
    /// Told when the first packet of media came.
    pub first_media: Option<oneshot::Sender<Instant>>,
}

pub struct Client {
    remote: SocketAddr,
    handshake: Option<Handshake>,
    keys: Option<Box<Keys>>,
    sends: Option<(Sends, (u32, u32))>,
    place: u32,
    publisher: Option<Publisher>,
    opens: bool,
    connected: Option<oneshot::Sender<Instant>>,
    first_media: Option<oneshot::Sender<Instant>>,
    tracks: Vec<Track>,
    arrivals: Arrivals,
    feedback_at: Instant,
    report_at: Instant,
    sent: (u64, u64),
    padding: u64,
    unreadable: u64,
    took_us: Vec<u32>,
    /// Kept for its memory.
    run: Vec<u8>,
}

impl Client {
    pub fn new(now: Instant, plan: Plan) -> Result<Self> {
        let (handshake, keys) = match plan.transport {
            Transport::Handshake(identity, credentials) => (Some(Handshake::new(now, identity, &credentials)?), None),
            Transport::Told(keys) => (None, Some(keys)),
        };
        let place = plan.client as u32;
        // Not all at once.
        let offset = Duration::from_millis(u64::from(place * 7 % 50));
        let mut client = Self {
            remote: plan.remote,
            handshake,
            keys: None,
            sends: plan.sends,
            place,
            publisher: None,
            opens: plan.opens,
            connected: plan.connected,
            first_media: plan.first_media,
            tracks: Vec::new(),
            arrivals: Arrivals::default(),
            feedback_at: now + offset,
            report_at: now + offset * 20,
            sent: (0, 0),
            padding: 0,
            unreadable: 0,
            took_us: Vec::new(),
            run: Vec::new(),
        };
        if let Some(keys) = keys {
            client.connect(now, keys);
        }
        Ok(client)
    }

    pub const fn remote(&self) -> SocketAddr {
        self.remote
    }

    fn connect(&mut self, now: Instant, keys: Box<Keys>) {
        self.keys = Some(keys);
        self.publisher = self.sends.map(|(sends, ssrcs)| Publisher::new(now, sends, ssrcs, self.place));
        if let Some(connected) = self.connected.take() {
            let _ = connected.send(now);
        }
    }

    /// What is due of its media, encrypted: datagrams of one size in a row, and the size.
    pub fn poll_media(&mut self, now: Instant) -> Option<(&[u8], usize)> {
        let (publisher, keys) = (self.publisher.as_mut()?, self.keys.as_mut()?);
        let (is_video, packets) = publisher.poll(now)?;
        self.run.clear();
        for packet in &packets {
            if let Ok(sealed) = keys.seal(packet) {
                self.run.extend_from_slice(&sealed);
            }
        }
        *(if is_video { &mut self.sent.0 } else { &mut self.sent.1 }) += packets.len() as u64;
        let size = self.run.len() / packets.len().max(1);
        Some((&self.run, size))
    }

    /// One datagram. `stamped`: when the kernel got it, nanoseconds since 1970.
    pub fn read(&mut self, begun: Instant, datagram: &[u8], stamped: Option<u64>, out: &mut Vec<Vec<u8>>) {
        if datagram.first().is_some_and(|first| first >> 6 != 2) {
            let now = Instant::now();
            match self.handshake.as_mut().map(|it| it.read(now, datagram, out)) {
                Some(Ok(Some(keys))) => self.connect(now, Box::new(keys)),
                Some(Err(error)) => tracing::warn!(%error, "a handshake broke off"),
                Some(Ok(None)) | None => {}
            }
            return;
        }
        let Some(head) = Head::read(datagram) else {
            self.read_rtcp(datagram);
            return;
        };
        if let Some(number) = head.transport {
            self.arrivals.record(number, begun.elapsed().as_micros() as u64);
        }
        if !matches!(head.payload_type, OPUS | VP8) {
            self.padding += u64::from(head.payload_type == VP8_REPAIRS);
            return;
        }
        if !self.track(head) {
            return;
        }
        if let Some(first) = self.first_media.take() {
            let _ = first.send(Instant::now());
        }
        if self.opens {
            let sent = self.keys.as_mut().and_then(|it| it.open(datagram)).and_then(|plain| packet::sent_ns(&plain));
            match sent {
                Some(sent) if self.took_us.len() < SAMPLES_MAX => {
                    let arrived = stamped.unwrap_or_else(packet::wall_ns);
                    self.took_us.push(u32::try_from(arrived.saturating_sub(sent) / 1_000).unwrap_or(u32::MAX));
                }
                Some(_) => {}
                None => self.unreadable += 1,
            }
        }
    }

    /// False: it came before.
    fn track(&mut self, head: Head) -> bool {
        let place = match self.tracks.iter().position(|it| it.ssrc == head.ssrc) {
            Some(place) => place,
            None if self.tracks.len() < TRACKS_MAX => {
                self.tracks.push(Track::new(head.ssrc, head.payload_type, head.sequence));
                self.tracks.len() - 1
            }
            None => return false,
        };
        self.tracks[place].arrive(head.sequence)
    }

    /// Publishers alone have something to learn from it.
    fn read_rtcp(&mut self, datagram: &[u8]) {
        let Some(publisher) = &mut self.publisher else { return };
        if let Some(compound) = self.keys.as_mut().and_then(|it| it.open_rtcp(datagram)) {
            publisher.key_wanted |= feedback::wants_key_frame(&compound);
        }
    }

    /// Handshake, consent and feedback, as far as they are due.
    pub fn on_time(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        // Who was told its keys talks to a program that listens to media alone.
        let Some(handshake) = &mut self.handshake else { return };
        if handshake.deadline() <= now
            && let Err(error) = handshake.on_deadline(now, out)
        {
            tracing::warn!(%error, "a handshake broke off");
        }
        let Some(keys) = self.keys.as_mut().filter(|_| now >= self.feedback_at) else { return };
        self.feedback_at = now + FEEDBACK_EVERY;
        let sender = 0x5e00_0000 + self.place;
        let mut compound = Vec::new();
        if now >= self.report_at && !self.tracks.is_empty() {
            self.report_at = now + REPORT_EVERY;
            let blocks: Vec<_> = self.tracks.iter().map(|it| Block { ssrc: it.ssrc, highest: it.highest() }).collect();
            feedback::receiver_report(&mut compound, sender, &blocks);
        }
        let media = self.tracks.first().map_or(0, |it| it.ssrc);
        self.arrivals.write(&mut compound, sender, media);
        if let Some(sealed) = (!compound.is_empty()).then(|| keys.seal_rtcp(&compound).ok()).flatten() {
            out.push(sealed.to_vec());
        }
    }

    /// A window begins.
    pub fn begin(&mut self) {
        self.tracks.iter_mut().for_each(Track::begin);
        self.took_us.clear();
        (self.sent, self.padding, self.unreadable) = ((0, 0), 0, 0);
    }

    pub fn tell(&self, tally: &mut Tally) {
        tally.sent_video += self.sent.0;
        tally.sent_audio += self.sent.1;
        tally.padding += self.padding;
        tally.unreadable += self.unreadable;
        tally.took_us.extend_from_slice(&self.took_us);
        for track in &self.tracks {
            let (expected, came) = track.window();
            tally.expected += expected;
            tally.came += came;
            *(if track.payload_type == OPUS { &mut tally.audio } else { &mut tally.video }) += came;
        }
    }
}
