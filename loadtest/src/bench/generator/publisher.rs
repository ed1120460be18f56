//! When one publisher sends what.

use super::packet::{OPUS, Part, Stream, VP8};
use std::time::{Duration, Instant};

/// What every publisher of a situation sends.
#[derive(Clone, Copy, Debug)]
pub struct Sends {
    pub packets_per_frame: usize,
    pub frame_every: Duration,
    /// Packets that leave together, and how long after them the next do: the steps of a browser's pacer.
    pub burst: usize,
    pub burst_every: Duration,
    pub video_bytes: usize,
    pub audio_bytes: usize,
}

impl Sends {
    /// 250 packets of pictures and 50 of sound a second, 2.4 Mbit/s: a camera of 720p. A forwarder's cost is measured with these.
    pub const CAMERA: Self = Self {
        packets_per_frame: 10,
        frame_every: Duration::from_millis(40),
        burst: 3,
        burst_every: Duration::from_millis(5),
        video_bytes: 1_150,
        audio_bytes: 100,
    };
    /// 50 and 50 a second, evenly: who joins never waits longer than 10 ms for somebody else's packet.
    pub const EVEN: Self = Self {
        packets_per_frame: 1,
        frame_every: Duration::from_millis(20),
        burst: 1,
        burst_every: Duration::from_millis(20),
        ..Self::CAMERA
    };

    pub fn packets_per_second(&self) -> f64 {
        self.packets_per_frame as f64 / self.frame_every.as_secs_f64() + 1.0 / SOUND_EVERY.as_secs_f64()
    }
}

const SOUND_EVERY: Duration = Duration::from_millis(20);
/// Publishers do not send at the same instants.
const SPREAD: Duration = Duration::from_micros(1_300);

pub struct Publisher {
    sends: Sends,
    pub sound: Stream,
    pub picture: Stream,
    sound_at: Instant,
    burst_at: Instant,
    frame_at: Instant,
    frame: u16,
    left: usize,
    key: bool,
    pub key_wanted: bool,
    transport: u16,
}

impl Publisher {
    pub fn new(now: Instant, sends: Sends, (audio_ssrc, video_ssrc): (u32, u32), place: u32) -> Self {
        let begin = now + SPREAD * (place % 16);
        Self {
            sends,
            sound: Stream::new(audio_ssrc, OPUS),
            picture: Stream::new(video_ssrc, VP8),
            sound_at: begin + SOUND_EVERY / 2,
            burst_at: begin,
            frame_at: begin,
            frame: 0,
            left: 0,
            key: true,
            key_wanted: true,
            transport: 0,
        }
    }

    /// The packets that are due, those of one burst of one size; false in front: sound.
    pub fn poll(&mut self, now: Instant) -> Option<(bool, Vec<Vec<u8>>)> {
        if now >= self.sound_at {
            self.sound_at = (self.sound_at + SOUND_EVERY).max(now - SOUND_EVERY);
            let number = self.number();
            return Some((false, vec![self.sound.sound(number, self.sends.audio_bytes)]));
        }
        if self.left == 0 && now >= self.frame_at {
            self.burst_at = self.frame_at.max(now - self.sends.frame_every);
            self.frame_at = self.burst_at + self.sends.frame_every;
            self.left = self.sends.packets_per_frame;
            self.key = std::mem::take(&mut self.key_wanted);
            self.frame = (self.frame + 1) & 0x7fff;
            let ticks = self.sends.frame_every.as_micros() as u32 * 90 / 1_000;
            self.picture.timestamp = self.picture.timestamp.wrapping_add(ticks);
        }
        if self.left == 0 || now < self.burst_at {
            return None;
        }
        self.burst_at += self.sends.burst_every;
        let count = self.left.min(self.sends.burst);
        let packets = (0..count).map(|_| {
            let part = Part { number: self.frame, key: self.key, first: self.left == self.sends.packets_per_frame, last: self.left == 1 };
            self.left -= 1;
            let number = self.transport;
            self.transport = self.transport.wrapping_add(1);
            self.picture.picture(number, part, self.sends.video_bytes)
        });
        Some((true, packets.collect()))
    }

    fn number(&mut self) -> u16 {
        let number = self.transport;
        self.transport = self.transport.wrapping_add(1);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_a_camera() {
        let begun = Instant::now();
        let mut publisher = Publisher::new(begun, Sends::CAMERA, (1, 2), 0);
        let (mut sound, mut pictures, mut bursts) = (0, 0, 0);
        for ms in 0..1_000 {
            while let Some((video, packets)) = publisher.poll(begun + Duration::from_millis(ms)) {
                assert!(packets.iter().all(|it| it.len() == packets[0].len()), "one size");
                if video {
                    (pictures, bursts) = (pictures + packets.len(), bursts + 1);
                } else {
                    sound += packets.len();
                }
            }
        }
        assert_eq!((sound, pictures, bursts), (50, 250, 100));
        assert!((Sends::CAMERA.packets_per_second() - 300.0).abs() < 1e-9);
    }
}
