//! How well a participant hears and is heard, as one number: the E-model (ITU-T G.107) cut down to what a packet line changes, delay and loss, on the scale
//! of a mean opinion score, and what is not shown of what the participant asks to see taken off it. A figure to find lines by, not a judgement of one
//! call: it was not fitted to listeners.

use super::{Forwarder, estimate::BandwidthEstimator, loss::Share, red};
use crate::engine::negotiated::{Codec, PayloadMap};
use std::time::Duration;

/// The rating of a clean line (G.107, table 3: everything at its default).
const RATING: f64 = 93.2;
/// Delay beyond which people begin to talk over each other (G.107, annex B: the simplified formula), milliseconds.
const DELAY_MS: f64 = 177.3;
/// Robustness of Opus with its concealment against random loss: between G.711 with concealment (25.1) and G.729A (19; G.113, appendix I).
const ROBUSTNESS: f64 = 20.0;
/// What encoding and a jitter buffer add to the way, milliseconds; the buffer twice the jitter.
const CODING_MS: f64 = 40.0;
/// Off the score where nothing of what is asked for is shown.
const UNSEEN: f64 = 1.0;

/// One way of a line, as sound takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Way {
    /// Before anything is made good.
    pub lost: Share,
    /// How often each packet of sound is repeated in later ones.
    pub repeats: usize,
    pub jitter: Duration,
}

/// The mean opinion score, 1 (bad) to 4.4 (as good as it gets), in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub u16);

/// Both ways of one participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// How the participant is heard.
    pub up: Score,
    /// How the participant hears and sees.
    pub down: Score,
}

impl Way {
    pub fn score(&self, round_trip: Duration) -> Score {
        Score((opinion(self.rating(round_trip)) * 100.0).round() as u16)
    }

    fn rating(&self, round_trip: Duration) -> f64 {
        let delay = round_trip.as_secs_f64() * 500.0 + 2.0 * self.jitter.as_secs_f64() * 1_000.0 + CODING_MS;
        let late = 0.024 * delay + 0.11 * (delay - DELAY_MS).max(0.0);
        // What is lost is lost where every packet that repeats it is lost too.
        let gone = 100.0 * self.lost.share().powi(1 + self.repeats as i32);
        RATING - late - 95.0 * gone / (gone + ROBUSTNESS)
    }
}

impl Score {
    /// Of so many pictures that are asked for, so many are not shown because the line is short.
    pub fn less_unseen(self, wanted: usize, starved: usize) -> Self {
        let share = starved as f64 / wanted.max(1) as f64;
        Self(self.0.saturating_sub((UNSEEN * share * 100.0).round() as u16).max(100))
    }
}

/// From rating to opinion (G.107, annex B).
fn opinion(rating: f64) -> f64 {
    match rating {
        ..0.0 => 1.0,
        100.0.. => 4.5,
        _ => (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0),
    }
}

impl Forwarder {
    /// Of the peer's line, by what it and its reports told lately.
    pub(super) fn quality(&self, index: u32, wanted: usize, starved: usize) -> Option<Quality> {
        let peer = self.peers.get(index)?;
        let (stats, round_trip) = (&peer.down.stats, Duration::from_millis(u64::from(peer.down.stats.rtt_ms?)));
        let repeated = |payloads: &[PayloadMap]| payloads.first().is_some_and(|map| map.codec == Codec::Red);
        let own = peer.up.sources.iter().filter_map(|source| self.sources.get(*source)).find(|source| source.is_audio());
        let up = Way {
            lost: Share::new(f64::from(stats.own_loss_256) / 256.0),
            // Browsers say everything once again.
            repeats: usize::from(own.is_some_and(|source| repeated(&source.payloads))),
            jitter: Duration::from_millis(u64::from(stats.own_jitter_ms)),
        };
        let lost = peer.down.estimator.lost().max(Share::new(f64::from(stats.loss_256) / 256.0));
        let hears = peer.slots.iter().find(|slot| slot.audio).is_some_and(|slot| repeated(&slot.line.payloads));
        let down = Way {
            lost,
            repeats: if hears { red::repeats(lost, peer.down.estimator.bits_per_second()) } else { 0 },
            jitter: Duration::from_millis(u64::from(stats.jitter_ms)),
        };
        Some(Quality { up: up.score(round_trip), down: down.score(round_trip).less_unseen(wanted, starved) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn score(lost: f64, repeats: usize, round_trip_ms: u64, jitter_ms: u64) -> u16 {
        let way = Way { lost: Share::new(lost), repeats, jitter: Duration::from_millis(jitter_ms) };
        way.score(Duration::from_millis(round_trip_ms)).0
    }

    #[test]
    fn the_table() {
        for (name, found, expected) in [
            ("a line across the country", score(0.0, 0, 30, 2), 435..445),
            ("a satellite", score(0.0, 0, 600, 10), 320..350),
            ("five lost of a hundred", score(0.05, 0, 50, 5), 355..400),
            ("and each said twice", score(0.05, 1, 50, 5), 425..445),
            ("thirty lost of a hundred", score(0.3, 0, 100, 10), 100..210),
            ("and each said four times", score(0.3, 3, 100, 10), 410..440),
            ("all lost", score(1.0, 3, 100, 10), 100..130),
        ] {
            assert!(expected.contains(&found), "{name}: {found}");
        }
        assert_eq!(Score(440).less_unseen(4, 1), Score(415));
        assert_eq!(Score(440).less_unseen(0, 0), Score(440));
        assert_eq!(Score(150).less_unseen(1, 1), Score(100));
    }

    proptest! {
        /// Worse is never better, and a score is a score.
        #[test]
        fn grows_with_nothing_but_better_lines(lost in 0.0f64..1.0, more in 0.0f64..1.0, repeats in 0usize..4, ms in 0u64..2_000, later in 0u64..2_000) {
            let better = score(lost, repeats, ms, 5);
            prop_assert!((100..=450).contains(&better));
            prop_assert!(score((lost + more).min(1.0), repeats, ms, 5) <= better);
            prop_assert!(score(lost, repeats, ms + later, 5) <= better);
            prop_assert!(score(lost, repeats + 1, ms, 5) >= better);
        }
    }
}
