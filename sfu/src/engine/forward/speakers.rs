//! Who is loud in a room: from the levels that clients put into their audio packets (RFC 6464).

use std::time::{Duration, Instant};
use wire::id::SessionId;

/// How often loudness is judged: five packets of 20 ms.
pub const TICK: Duration = Duration::from_millis(100);
/// Speakers named at most: more at a time is noise.
pub const SPEAKERS_MAX: usize = 5;
/// Speech begins and ends here, in decibels above the quietest (127 is full scale).
const SPEECH_ON: f32 = 77.0;
const SPEECH_OFF: f32 = 67.0;
/// Ticks above the threshold until one speaks (a cough is shorter), below it until one is silent (a breath is shorter).
const TICKS_ON: u8 = 2;
const TICKS_OFF: u8 = 10;
/// Whoever holds a place keeps it against someone less than this louder.
const MARGIN: f32 = 6.0;
/// Sound rises fast in the judgement and falls slowly.
const ATTACK: f32 = 0.6;
const RELEASE: f32 = 0.12;
/// A client that sends no level is taken for this where it sends anything: it is heard, and never pushes a speaker out.
const UNKNOWN: f32 = 60.0;

/// The loudness of one audio source.
#[derive(Debug)]
pub struct Voice {
    pub source: u32,
    pub session: SessionId,
    /// A shared screen's sound: not a person, and always heard.
    pub share: bool,
    sum: f32,
    count: u16,
    level: f32,
    ticks: u8,
    speaking: bool,
}

#[derive(Debug, Default)]
pub struct Speakers {
    voices: Vec<Voice>,
    /// Where each source's voice stands, by the source's place in the shard.
    places: Vec<Option<u32>>,
    /// Kept for its memory: each source's rank of this tick, by the source's place.
    ranks: Vec<(bool, f32)>,
    /// Sources, the loudest first, with hysteresis.
    order: Vec<u32>,
    speaking: Vec<SessionId>,
    pub alarm: Option<Instant>,
}

impl Speakers {
    pub fn add(&mut self, source: u32, session: SessionId, share: bool) {
        self.remove(source);
        self.voices.push(Voice { source, session, share, sum: 0.0, count: 0, level: 0.0, ticks: 0, speaking: false });
        self.order.push(source);
        self.place();
    }

    pub fn remove(&mut self, source: u32) {
        self.voices.retain(|voice| voice.source != source);
        self.order.retain(|other| *other != source);
        self.place();
    }

    fn place(&mut self) {
        self.places.clear();
        for (at, voice) in self.voices.iter().enumerate() {
            let source = voice.source as usize;
            if self.places.len() <= source {
                self.places.resize(source + 1, None);
            }
            self.places[source] = Some(at as u32);
        }
    }

    fn voice(&mut self, source: u32) -> Option<&mut Voice> {
        let at = self.places.get(source as usize).copied().flatten()?;
        self.voices.get_mut(at as usize)
    }

    pub fn current(&self) -> &[SessionId] {
        &self.speaking
    }

    /// Sources that may be heard, the most worth hearing first.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// `level` as in the extension: a flag and -dBov.
    pub fn heard(&mut self, source: u32, level: Option<u8>) {
        if let Some(voice) = self.voice(source) {
            voice.sum += level.map_or(UNKNOWN, |level| f32::from(127 - (level & 0x7f)));
            voice.count = voice.count.saturating_add(1);
        }
    }

    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(|voice| voice.count == 0 && voice.level < 1.0 && !voice.speaking)
    }

    /// Judges the last tick. Returns whether the order changed, and whether the speakers did.
    pub fn tick(&mut self) -> (bool, bool) {
        for voice in &mut self.voices {
            let heard = if voice.count == 0 { 0.0 } else { voice.sum / f32::from(voice.count) };
            let weight = if heard > voice.level { ATTACK } else { RELEASE };
            voice.level += weight * (heard - voice.level);
            (voice.sum, voice.count) = (0.0, 0);
            let changes = if voice.speaking { voice.level < SPEECH_OFF } else { voice.level > SPEECH_ON };
            voice.ticks = if changes { voice.ticks + 1 } else { 0 };
            if voice.ticks >= if voice.speaking { TICKS_OFF } else { TICKS_ON } {
                voice.speaking = !voice.speaking;
                voice.ticks = 0;
            }
        }
        self.ranks.clear();
        self.ranks.resize(self.places.len(), (false, 0.0));
        for voice in &self.voices {
            self.ranks[voice.source as usize] = (voice.share, voice.level);
        }
        let ranks = &self.ranks;
        let moved = settle(&mut self.order, |later, earlier| {
            let (later, earlier) = (ranks[later as usize], ranks[earlier as usize]);
            later.0 && !earlier.0 || later.0 == earlier.0 && later.1 > earlier.1 + MARGIN
        });
        let mut speaking: Vec<SessionId> = Vec::new();
        for source in &self.order {
            let voice = self.places[*source as usize].map(|at| &self.voices[at as usize]);
            if let Some(voice) = voice.filter(|voice| voice.speaking && !voice.share)
                && !speaking.contains(&voice.session)
                && speaking.len() < SPEAKERS_MAX
            {
                speaking.push(voice.session);
            }
        }
        let changed = (moved, speaking != self.speaking);
        self.speaking = speaking;
        changed
    }
}

/// Moves each forward past those it beats by the margin, and no further: insertion, stable. Returns whether any moved.
fn settle(order: &mut [u32], beats: impl Fn(u32, u32) -> bool) -> bool {
    let mut moved = false;
    for at in 1..order.len() {
        let mut place = at;
        while place > 0 && beats(order[place], order[place - 1]) {
            order.swap(place, place - 1);
            place -= 1;
            moved = true;
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn session(number: u128) -> SessionId {
        SessionId(Uuid::from_u128(number))
    }

    fn ticks(speakers: &mut Speakers, count: usize, levels: &[(u32, u8)]) -> usize {
        (0..count)
            .filter(|_| {
                for (source, level) in levels {
                    (0..5).for_each(|_| speakers.heard(*source, Some(*level)));
                }
                speakers.tick().1
            })
            .count()
    }

    #[test]
    fn one_speaks_another_takes_over_and_a_cough_changes_nothing() {
        let mut speakers = Speakers::default();
        (1..=3).for_each(|n| speakers.add(n, session(u128::from(n)), false));
        ticks(&mut speakers, 10, &[(1, 30), (2, 110), (3, 127)]);
        assert_eq!(speakers.current(), [session(1)]);
        assert_eq!(ticks(&mut speakers, 1, &[(1, 30), (2, 20), (3, 127)]), 0, "a cough");
        assert_eq!(ticks(&mut speakers, 20, &[(1, 30), (2, 110), (3, 127)]), 0);
        assert_eq!(ticks(&mut speakers, 30, &[(1, 30), (2, 29), (3, 127)]), 1, "joins once, and does not flap around the same loudness");
        assert_eq!(speakers.current(), [session(1), session(2)]);
        ticks(&mut speakers, 60, &[(1, 127), (2, 29), (3, 127)]);
        assert_eq!((speakers.current(), speakers.order()[0]), (&[session(2)][..], 2));
        ticks(&mut speakers, 60, &[]);
        assert!(speakers.current().is_empty());
    }

    #[test]
    fn a_new_speaker_is_near_the_front_within_three_ticks() {
        let mut speakers = Speakers::default();
        (1..=50).for_each(|n| speakers.add(n, session(u128::from(n)), false));
        ticks(&mut speakers, 20, &[(1, 35), (2, 40)]);
        ticks(&mut speakers, 3, &[(1, 35), (2, 40), (50, 30)]);
        assert!(speakers.order()[..3].contains(&50), "{:?}", speakers.order());
    }

    #[test]
    fn shared_sound_is_first_and_no_speaker() {
        let mut speakers = Speakers::default();
        speakers.add(1, session(1), false);
        speakers.add(2, session(2), true);
        ticks(&mut speakers, 10, &[(1, 20), (2, 90)]);
        assert_eq!((speakers.order(), speakers.current()), (&[2, 1][..], &[session(1)][..]));
    }
}
